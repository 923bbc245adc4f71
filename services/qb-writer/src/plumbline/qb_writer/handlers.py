"""The edge: commands become stored wishes, commands and events of the books become due records; operators' routes."""

from collections.abc import Sequence

from plumbline.common.clock import Clock
from plumbline.common.contracts.ledger import LedgerCommand
from plumbline.common.contracts.quickbooks import QuickBooksChanged
from plumbline.common.contracts.topics import QUICKBOOKS_EVENTS
from plumbline.common.database import Connection
from plumbline.common.edge import Received, Record
from plumbline.common.metrics import MESSAGES_READ
from plumbline.common.reconciling.marks import Lane, Mark
from plumbline.common.reconciling.store import mark
from plumbline.qb_writer.adapters.ledger import SERVICE, Ledger


def recording(ledger: Ledger, clock: Clock) -> Record[LedgerCommand]:
    """Return the edge of `ledger.commands.v1`."""

    async def on_commands(connection: Connection, batch: Sequence[Received[LedgerCommand]]) -> None:
        now = clock.now()
        await mark(connection, [_mark(received) for received in batch], now=now)
        await ledger.receive(connection, [received.message for received in batch], now=now)

    return on_commands


def hearing(ledger: Ledger, clock: Clock) -> Record[QuickBooksChanged]:
    """Return the edge of `quickbooks.events.v1`.

    An event says that a document changed, and not what it says now: its record is due, and the document
    is read once. Nothing tells the echo of an update of ours from somebody else's, so these looks
    give way to live work. Documents that no record owns are left to the drift comparison.
    """

    async def on_events(connection: Connection, batch: Sequence[Received[QuickBooksChanged]]) -> None:
        owned = await ledger.owners(connection, [received.message for received in batch])
        marks = [_hint(event, key, owner) for event, key, owner in owned]
        await ledger.hear(connection, await mark(connection, marks, now=clock.now()))
        MESSAGES_READ.labels(SERVICE, QUICKBOOKS_EVENTS.name, "ignored").inc(len(batch) - len(owned))

    return on_events


def _mark(received: Received[LedgerCommand]) -> Mark:
    command = received.message
    return Mark(
        key=command.key,
        connection=command.connection,
        cause=f"version {command.version}",
        provider_time=command.provider_time,
        traceparent=received.traceparent,
    )


def _hint(event: QuickBooksChanged, key: str, connection: str) -> Mark:
    return Mark(
        key=key,
        connection=connection,
        cause=f"quickbooks {event.operation} {event.event_id}",
        lane=Lane.REPAIR,
    )
