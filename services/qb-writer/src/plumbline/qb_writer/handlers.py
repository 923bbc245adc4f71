"""The edge: commands become stored wishes and due records."""

from collections.abc import Sequence

from plumbline.common.clock import Clock
from plumbline.common.contracts.ledger import LedgerCommand
from plumbline.common.database import Connection
from plumbline.common.edge import Received, Record
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark
from plumbline.qb_writer.adapters.ledger import Ledger


def recording(ledger: Ledger, clock: Clock) -> Record[LedgerCommand]:
    """Return the edge of `ledger.commands.v1`."""

    async def on_commands(connection: Connection, batch: Sequence[Received[LedgerCommand]]) -> None:
        now = clock.now()
        await mark(connection, [_mark(received) for received in batch], now=now)
        await ledger.receive(connection, [received.message for received in batch], now=now)

    return on_commands


def _mark(received: Received[LedgerCommand]) -> Mark:
    command = received.message
    return Mark(
        key=command.key,
        connection=command.connection,
        cause=f"version {command.version}",
        provider_time=command.provider_time,
        traceparent=received.traceparent,
    )
