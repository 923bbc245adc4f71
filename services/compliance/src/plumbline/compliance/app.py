"""Compliance, put together."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import httpx

from plumbline.common.clock import SystemClock
from plumbline.common.connections import Connections, load_connections
from plumbline.common.contracts.documents import DispatchAcknowledged
from plumbline.common.contracts.ledger import LedgerResult
from plumbline.common.contracts.procore import ProcoreChanged
from plumbline.common.contracts.topics import DISPATCH_ACKNOWLEDGED, LEDGER_RESULTS, PROCORE_EVENTS
from plumbline.common.database import COMMON_MIGRATIONS, migrate, open_pool, transaction
from plumbline.common.http import partner_client
from plumbline.common.kafka import KafkaPublisher
from plumbline.common.operator import Tell
from plumbline.common.process import Loop
from plumbline.common.reconciling.store import mark
from plumbline.common.secrets.access import AccountTokens, asking_over_kafka
from plumbline.common.secrets.opening import open_secret_store
from plumbline.common.secrets.port import SecretStore
from plumbline.common.service import Pace, RecordService, record_service, schema_of
from plumbline.compliance.adapters.desks import PostgresDesks
from plumbline.compliance.adapters.documents import PostgresDocuments, PostgresInbox
from plumbline.compliance.adapters.folder import WatchedFolder
from plumbline.compliance.adapters.gate.files import load_gate
from plumbline.compliance.adapters.gate.procore import ProcoreSubcontracts
from plumbline.compliance.adapters.paper_book import PostgresPaperBook
from plumbline.compliance.adapters.procore import Clients, ProcoreDirectory, ProcorePapers
from plumbline.compliance.adapters.reading.isolation import IsolatedReader
from plumbline.compliance.adapters.reading.media import check_name, media_type_of
from plumbline.compliance.adapters.rule_books import PostgresRuleBooks
from plumbline.compliance.adapters.rule_files import load_rule_set
from plumbline.compliance.adapters.safe.opening import open_safe
from plumbline.compliance.adapters.safe.settings import SafeSettings
from plumbline.compliance.adapters.sheets import digest_of, load_sheets
from plumbline.compliance.domain.recognising.recognition import recognise
from plumbline.compliance.handlers import acknowledging, by_prefix, recording
from plumbline.compliance.paying import put_together, recording_results
from plumbline.compliance.routes import PaperRoutes
from plumbline.compliance.service.documents import DocumentLoop, Parts
from plumbline.compliance.service.intake import Intake
from plumbline.compliance.service.reviewing import Replayed, Reviewing
from plumbline.compliance.service.surroundings import Surroundings
from plumbline.compliance.service.sweeping import Sweeping, first_sweeps
from plumbline.compliance.settings import Settings
from plumbline.procore import ProcoreClient

NAME = "compliance"
"""What the service is called in messages, metrics and logs."""

SCHEMA = schema_of(NAME)
"""Where its tables are."""

MIGRATIONS = (*COMMON_MIGRATIONS, "plumbline.compliance")
"""The packages whose tables it has."""


async def bring_up_to_date(settings: Settings) -> None:
    """Apply the migrations; safe to run at once from many places and again at any time."""
    await migrate(settings.database(), schema=SCHEMA, packages=MIGRATIONS)


async def run(settings: Settings) -> None:
    """Run compliance until SIGTERM."""
    connections = load_connections(settings.config_dir)
    rule_set = load_rule_set(settings.config_dir / "rules")
    sheets = load_sheets(settings.config_dir)
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(record_service(NAME, settings))
        store = await stack.enter_async_context(open_secret_store(settings))
        http = await stack.enter_async_context(partner_client(settings.procore_url))
        reader = await stack.enter_async_context(IsolatedReader(settings.reading_limits()))
        safe = await stack.enter_async_context(
            open_safe(
                SafeSettings(),
                config_dir=settings.config_dir,
                pool=service.pool,
                clock=service.clock,
                secrets=store,
            )
        )
        clients = _clients(connections, service, settings, store=store, http=http)
        inbox, documents = PostgresInbox(service.pool), PostgresDocuments(service.pool)
        books = PostgresRuleBooks(service.pool)
        gate = put_together(
            connections=connections,
            policy=load_gate(settings.config_dir, connections),
            subcontracts=ProcoreSubcontracts(clients, remembered_s=settings.remembered_s),
            papers=documents,
            pool=service.pool,
            clock=service.clock,
            sweep_every=timedelta(seconds=settings.payables_s),
        )
        digest = digest_of(rule_set.hash, sheets)
        remembered = timedelta(seconds=settings.remembered_s)
        intake = Intake(inspect=inspect, safe=safe.papers, inbox=inbox, clock=service.clock)
        papers = DocumentLoop(
            Parts(
                connections=connections,
                rule_set=rule_set,
                digest=digest,
                recognise=recognise,
                safe=safe.papers,
                scanner=settings.virus_scanner(),
                reader=reader,
                documents=documents,
                desks=PostgresDesks(service.pool),
                books=books,
                surroundings=Surroundings(
                    ProcoreDirectory(clients, remembered_s=settings.remembered_s),
                    sheets,
                    documents,
                    payables=gate.gate,
                ),
                clock=service.clock,
                acknowledged_within=timedelta(hours=settings.acknowledge_hours),
            )
        )
        sweeping = Sweeping(
            connections=connections,
            source=ProcorePapers(clients, folder=settings.procore_folder, clock=service.clock),
            inbox=inbox,
            intake=intake,
            clock=service.clock,
            every=timedelta(seconds=settings.sweep_s),
            remembered=remembered,
        )
        reviewing = Reviewing(
            connections=connections,
            rule_set=rule_set,
            book=PostgresPaperBook(service.pool),
            rule_books=books,
            clock=service.clock,
        )
        await books.begin(rule_set, digest, now=service.clock.now())
        async with transaction(service.pool) as database:
            await mark(database, first_sweeps(connections), now=service.clock.now())
        await gate.begin()
        service.edge.subscribe(
            PROCORE_EVENTS, ProcoreChanged, recording(connections, service.clock, remembered=remembered)
        )
        service.edge.subscribe(DISPATCH_ACKNOWLEDGED, DispatchAcknowledged, acknowledging(service.clock))
        service.edge.subscribe(LEDGER_RESULTS, LedgerResult, recording_results(service.clock))
        routes = PaperRoutes(connections=connections, intake=intake, reviewing=reviewing).routes()
        await service.run(
            handler=by_prefix({"document": papers.work, "sweep": sweeping.work, **gate.handlers}),
            tell=telling(reviewing.tell, gate.gate.tell),
            pace=Pace(settings.concurrency, settings.per_connection, settings.lease),
            routes=[*gate.routes, *routes],
            loops=[safe.rounds.run, *_folder(settings, connections, intake, service)],
        )


async def replay(settings: Settings, document: str) -> Sequence[Replayed]:
    """Make every decision about a document once more.

    Raises:
        UnknownPaperError: needs a person.
        DatabaseUnavailableError: transient; repeat the command.
    """
    async with open_pool(settings.database(), schema=SCHEMA, max_size=2) as pool:
        reviewing = Reviewing(
            connections=load_connections(settings.config_dir),
            rule_set=load_rule_set(settings.config_dir / "rules"),
            book=PostgresPaperBook(pool),
            rule_books=PostgresRuleBooks(pool),
            clock=SystemClock(),
        )
        return await reviewing.replayed(document)


def telling(*tells: Tell) -> Tell:
    """Return what asks one after the other for a record's story."""

    async def tell(key: str) -> Mapping[str, Any] | None:
        for one in tells:
            if (told := await one(key)) is not None:
                return told
        return None

    return tell


def inspect(file_name: str, content: bytes) -> str:
    """Return what a file is by what stands in it. See `ports.Inspect`."""
    check_name(file_name)
    return media_type_of(content)


def _folder(
    settings: Settings, connections: Connections, intake: Intake, service: RecordService
) -> Sequence[Loop]:
    if settings.inbox_dir is None:
        return ()
    every = timedelta(seconds=settings.inbox_s)
    watched = WatchedFolder(
        settings.inbox_dir, connections=connections, intake=intake, clock=service.clock, every=every
    )
    return (watched.run,)


def _clients(
    connections: Connections,
    service: RecordService,
    settings: Settings,
    *,
    store: SecretStore,
    http: httpx.AsyncClient,
) -> Clients:
    ask = asking_over_kafka(KafkaPublisher(service.broker), clock=service.clock)
    # One source per account: connections of one account share its token and its one renewal.
    tokens = {
        account: AccountTokens(store, account=account, asked_by=NAME, ask=ask, clock=service.clock)
        for account in {connection.procore.account for connection in connections}
    }
    return {
        connection.name: ProcoreClient(
            http,
            tokens[connection.procore.account],
            company_id=int(connection.procore.company_id),
            deadline_s=settings.procore_deadline_s,
            clock=service.clock,
        )
        for connection in connections
    }
