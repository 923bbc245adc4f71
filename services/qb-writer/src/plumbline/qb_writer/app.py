"""Wiring of qb-writer: the only place that knows every part."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from plumbline.common.connections import Connections, Policies, load_connections
from plumbline.common.contracts.ledger import LedgerCommand
from plumbline.common.contracts.quickbooks import QuickBooksChanged
from plumbline.common.contracts.topics import LEDGER_COMMANDS, QUICKBOOKS_EVENTS
from plumbline.common.http import partner_client
from plumbline.common.kafka import KafkaPublisher
from plumbline.common.reconciling.marks import Lane
from plumbline.common.secrets.access import AccountTokens, asking_over_kafka
from plumbline.common.secrets.opening import open_secret_store
from plumbline.common.service import Pace, record_service
from plumbline.qb_writer.adapters.books import RealmBooks
from plumbline.qb_writer.adapters.files import FileFolder
from plumbline.qb_writer.adapters.governor import Governor
from plumbline.qb_writer.adapters.ledger import Ledger
from plumbline.qb_writer.adapters.reads import Reads
from plumbline.qb_writer.handlers import LimitRoutes, hearing, recording
from plumbline.qb_writer.ports import Books
from plumbline.qb_writer.service import Writer
from plumbline.qb_writer.settings import Settings
from plumbline.qb_writer.telling import Storyteller
from plumbline.quickbooks.client import QuickBooksClient

SERVICE = "qb-writer"
"""The service's name, of which schema and consumer groups are made."""

CONNECTION_LIMIT = 8
"""Records of one realm in work at once: below the ten requests that QuickBooks takes at a time."""


async def run(settings: Settings) -> None:
    """Run qb-writer until SIGTERM."""
    connections = load_connections(settings.config_dir)
    async with (
        record_service(SERVICE, settings) as service,
        open_secret_store(settings) as store,
        partner_client(settings.quickbooks_url) as http,
    ):
        ledger = Ledger(service.pool)
        governor = Governor(service.pool)
        reads = Reads(pool=service.pool, app_of=connections.app_of, per_month=settings.reads_per_month)
        ask = asking_over_kafka(KafkaPublisher(service.broker), clock=service.clock)
        known: dict[str, Callable[..., Books]] = {}

        async def books(realm: str, lane: Lane) -> Books:
            if realm not in known:
                tokens = AccountTokens(
                    store,
                    account=f"quickbooks/{realm}",
                    asked_by=SERVICE,
                    ask=ask,
                    clock=service.clock,
                    patience_s=settings.token_wait_s,
                    cooldown=timedelta(seconds=settings.token_cooldown_s),
                )
                client = QuickBooksClient(
                    http,
                    tokens,
                    realm_id=realm,
                    deadline_s=settings.call_deadline_s,
                    turn=partial(governor.take_turn, realm, lane=Lane.LIVE, reads=0),
                    throttle_wait=timedelta(seconds=settings.gate_wait_s),
                )
                known[realm] = partial(
                    RealmBooks,
                    realm=realm,
                    client=client,
                    tokens=tokens,
                    governor=governor,
                    reads=reads,
                    clock=service.clock,
                    send_within=timedelta(seconds=settings.send_within_s),
                )
            return known[realm](lane=lane)

        writer = Writer(
            records=ledger,
            following=ledger,
            books=books,
            files=FileFolder(settings.files_dir),
            policies=_policies(connections),
            clock=service.clock,
            patience=settings.patience(),
        )
        service.edge.subscribe(LEDGER_COMMANDS, LedgerCommand, recording(ledger, service.clock))
        service.edge.subscribe(QUICKBOOKS_EVENTS, QuickBooksChanged, hearing(ledger, service.clock))
        # The lease outlasts a call and the steps around it.
        lease = timedelta(seconds=settings.call_deadline_s + settings.lease_margin_s)
        await service.run(
            handler=writer.converge,
            tell=Storyteller(ledger),
            pace=Pace(concurrency=48, per_connection=CONNECTION_LIMIT, lease=lease),
            routes=LimitRoutes(reads, connections).routes(),
            loops=[reads.run],
        )


def _policies(connections: Connections) -> Callable[[str], Policies]:
    def of(connection: str) -> Policies:
        found = connections.get(connection)
        return found.policies if found is not None else Policies()

    return of
