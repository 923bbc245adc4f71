"""Wiring of qb-writer: the only place that knows every part."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from plumbline.common.connections import Connections, Policies, load_connections
from plumbline.common.contracts.ledger import LedgerCommand
from plumbline.common.contracts.quickbooks import QuickBooksChanged
from plumbline.common.contracts.topics import LEDGER_COMMANDS, QUICKBOOKS_EVENTS
from plumbline.common.database import transaction
from plumbline.common.hours import Hours
from plumbline.common.http import partner_client
from plumbline.common.kafka import KafkaPublisher
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.marks import Lane, Mark
from plumbline.common.reconciling.store import mark
from plumbline.common.reconciling.verdicts import Verdict
from plumbline.common.secrets.access import AccountTokens, asking_over_kafka
from plumbline.common.secrets.opening import open_secret_store
from plumbline.common.service import Pace, RecordService, record_service
from plumbline.qb_writer.adapters.books import RealmBooks
from plumbline.qb_writer.adapters.differences import DriftTable
from plumbline.qb_writer.adapters.files import FileFolder
from plumbline.qb_writer.adapters.governor import Governor
from plumbline.qb_writer.adapters.holdings import HeldDocuments
from plumbline.qb_writer.adapters.ledger import Ledger
from plumbline.qb_writer.adapters.past import KnownPast
from plumbline.qb_writer.adapters.reads import Reads
from plumbline.qb_writer.drifting import DriftFigures, DriftRoutes
from plumbline.qb_writer.handlers import hearing, recording
from plumbline.qb_writer.routes import ConnectionRoutes, LimitRoutes, RecordTools
from plumbline.qb_writer.service import (
    Comparer,
    Foreseer,
    GoingLive,
    Reader,
    Viewer,
    Writer,
    comparing,
    reading,
)
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
        ledger, holdings = Ledger(service.pool), HeldDocuments(service.pool)
        governor = Governor(service.pool)
        reads = Reads(pool=service.pool, app_of=connections.app_of, per_month=settings.reads_per_month)
        ask = asking_over_kafka(KafkaPublisher(service.broker), clock=service.clock)
        known: dict[str, Callable[..., RealmBooks]] = {}

        async def books(realm: str, lane: Lane) -> RealmBooks:
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

        past = KnownPast(service.pool)
        viewer = Viewer(records=ledger, past=past, books=books, policies=_policies(connections))
        writer = Writer(
            records=ledger,
            following=ledger,
            viewer=viewer,
            files=FileFolder(settings.files_dir),
            clock=service.clock,
            patience=settings.patience(),
        )
        reader = Reader(
            holdings=holdings,
            books=books,
            realms={connection.quickbooks.realm for connection in connections},
            clock=service.clock,
            look=timedelta(seconds=settings.books_look_s),
        )

        table = DriftTable(service.pool)
        comparer = Comparer(
            differences=table,
            connections=connections.of_realm,
            clock=service.clock,
            grace=timedelta(seconds=settings.drift_grace_s),
            every=timedelta(seconds=settings.drift_every_s),
        )

        async def converge(claim: Claim) -> Verdict:
            if reading.is_reading(claim.key):
                return await reader.converge(claim)
            if comparing.is_comparing(claim.key):
                return await comparer.compare(claim)
            return await writer.converge(claim)

        hours = _hours(connections)
        drift = DriftRoutes(table=table, clock=service.clock, hours=hours)
        figures = DriftFigures(table=table, clock=service.clock, hours=hours)

        service.edge.subscribe(LEDGER_COMMANDS, LedgerCommand, recording(ledger, service.clock))
        service.edge.subscribe(QUICKBOOKS_EVENTS, QuickBooksChanged, hearing(ledger, service.clock))
        await _follow(service, connections)
        # The lease outlasts a call and the steps around it.
        lease = timedelta(seconds=settings.call_deadline_s + settings.lease_margin_s)
        await service.run(
            handler=converge,
            tell=Storyteller(ledger, holdings),
            routes=[
                *ConnectionRoutes(
                    GoingLive(connections=connections, past=past, clock=service.clock), clock=service.clock
                ).routes(),
                *RecordTools(
                    pool=service.pool,
                    ledger=ledger,
                    foreseer=Foreseer(records=ledger, viewer=viewer),
                    clock=service.clock,
                ).routes(),
                *LimitRoutes(reads, connections).routes(),
                *drift.routes(),
            ],
            pace=Pace(concurrency=48, per_connection=CONNECTION_LIMIT, lease=lease),
            loops=[reads.run, figures.run],
        )


async def _follow(service: RecordService, connections: Connections) -> None:
    """Have every company's books looked at and compared now; restarting costs no more than a look."""
    start = f"start {uuid.uuid4()}"
    marks = [
        Mark(key_of(c.quickbooks.realm), c.name, start, lane=Lane.SWEEP)
        for c in connections
        for key_of in (reading.key_of, comparing.key_of)
    ]
    async with transaction(service.pool) as connection:
        await mark(connection, marks, now=service.clock.now())


def _policies(connections: Connections) -> Callable[[str], Policies]:
    def of(connection: str) -> Policies:
        found = connections.get(connection)
        return found.policies if found is not None else Policies()

    return of


def _hours(connections: Connections) -> Callable[[str], Hours]:
    def of(connection: str) -> Hours:
        found = connections.get(connection)
        return found.hours if found is not None else Hours()

    return of
