"""Compliance, put together."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from starlette.routing import BaseRoute

from plumbline.common.clock import SystemClock
from plumbline.common.connections import Connections, load_connections
from plumbline.common.contracts.documents import DispatchAcknowledged
from plumbline.common.contracts.ledger import LedgerResult
from plumbline.common.contracts.procore import ProcoreChanged
from plumbline.common.contracts.topics import DISPATCH_ACKNOWLEDGED, LEDGER_RESULTS, PROCORE_EVENTS
from plumbline.common.database import COMMON_MIGRATIONS, migrate, open_pool, transaction
from plumbline.common.http import partner_client
from plumbline.common.kafka import KafkaPublisher
from plumbline.common.listening import Bell
from plumbline.common.process import Loop
from plumbline.common.reconciling.loop import Handler, Reconciler
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import HeldWork, mark
from plumbline.common.repeating import repeat
from plumbline.common.secrets.access import asking_over_kafka
from plumbline.common.secrets.opening import open_secret_store
from plumbline.common.service import Pace, RecordService, record_service, schema_of
from plumbline.compliance import safe_routes
from plumbline.compliance.adapters.authority_files import load_directory
from plumbline.compliance.adapters.desks import PostgresDesks
from plumbline.compliance.adapters.documents import PostgresDocuments
from plumbline.compliance.adapters.figures import PaperFigures
from plumbline.compliance.adapters.folder import WatchedFolder
from plumbline.compliance.adapters.gate.files import load_gate
from plumbline.compliance.adapters.gate.money import PostgresMoney
from plumbline.compliance.adapters.gate.payables import PostgresBills, PostgresEndings, PostgresPayables
from plumbline.compliance.adapters.gate.procore import ProcoreSubcontracts
from plumbline.compliance.adapters.inbox import PostgresInbox
from plumbline.compliance.adapters.looks import PostgresLooks
from plumbline.compliance.adapters.paper_book import PostgresPaperBook
from plumbline.compliance.adapters.printing import SheetPrinter
from plumbline.compliance.adapters.procore import ProcoreDirectory, ProcorePapers
from plumbline.compliance.adapters.reading.isolation import IsolatedReader
from plumbline.compliance.adapters.reading.media import check_name, media_type_of
from plumbline.compliance.adapters.rendering import Press
from plumbline.compliance.adapters.rule_books import PostgresRuleBooks
from plumbline.compliance.adapters.rule_files import load_rule_set
from plumbline.compliance.adapters.safe.opening import OpenSafe, open_safe
from plumbline.compliance.adapters.safe.settings import SafeSettings
from plumbline.compliance.adapters.sheets import load_sheets
from plumbline.compliance.domain.authorities import AuthorityDirectory
from plumbline.compliance.domain.document import PREFIX as PAPERS
from plumbline.compliance.domain.gate.payable import PREFIX as PAYABLES
from plumbline.compliance.domain.gate.policy import GatePolicy
from plumbline.compliance.domain.projects import Sheets
from plumbline.compliance.domain.recognising.recognition import recognise
from plumbline.compliance.domain.rules.rule_set import RuleSet
from plumbline.compliance.handlers import acknowledging, by_prefix, recording, telling
from plumbline.compliance.paying import GateRoutes, gate_work, held_work, let_go_on, recording_results
from plumbline.compliance.ports.reading import Reader
from plumbline.compliance.ports.surroundings import Directory
from plumbline.compliance.routes import SELF_BOUNDED, PaperRoutes
from plumbline.compliance.service.billing import Billing
from plumbline.compliance.service.documents import DocumentLoop, Parts
from plumbline.compliance.service.expiring import Expiring
from plumbline.compliance.service.gate import Gate
from plumbline.compliance.service.intake import Intake
from plumbline.compliance.service.invoice_search import InvoiceSearch
from plumbline.compliance.service.payable_words import PayableWords
from plumbline.compliance.service.reviewing import Replayed, Reviewing
from plumbline.compliance.service.surroundings import Surroundings
from plumbline.compliance.service.sweeping import PREFIX as SWEEPS
from plumbline.compliance.service.sweeping import Sweeping, first_sweeps
from plumbline.compliance.settings import Settings
from plumbline.compliance.sheet_routes import SheetRoutes
from plumbline.procore.connected import Clients, clients_of

NAME = "compliance"
"""What the service is called in messages, metrics and logs."""

SCHEMA = schema_of(NAME)
"""Where its tables are."""

MIGRATIONS = (*COMMON_MIGRATIONS, "plumbline.compliance")
"""The packages whose tables it has."""

GOING_THROUGH = timedelta(minutes=1)
"""How often it is looked whether papers are still to be gone through since the rules changed."""


async def bring_up_to_date(settings: Settings) -> None:
    """Apply the migrations; safe to run at once from many places and again at any time."""
    await migrate(settings.database(), schema=SCHEMA, packages=MIGRATIONS)


@dataclass(frozen=True, slots=True)
class Files:
    """What people have written down: read once, at the start."""

    connections: Connections
    rule_set: RuleSet
    sheets: Sheets
    authorities: AuthorityDirectory
    policy: GatePolicy

    @property
    def digest(self) -> str:
        """The hash of everything by which papers are decided."""
        said = f"{self.rule_set.hash} {self.sheets.model_dump_json()} {self.authorities.model_dump_json()}"
        return hashlib.sha256(said.encode()).hexdigest()


def load_files(config_dir: Path) -> Files:
    """Read the folder of configuration.

    Raises:
        ConfigurationError: needs a person; names the file, the place and what is wrong there.
    """
    connections = load_connections(config_dir)
    return Files(
        connections=connections,
        rule_set=load_rule_set(config_dir / "rules"),
        sheets=load_sheets(config_dir),
        authorities=load_directory(config_dir / "authorities.yaml"),
        policy=load_gate(config_dir, connections),
    )


async def run(settings: Settings) -> None:
    """Run compliance until SIGTERM."""
    files = load_files(settings.config_dir)
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(record_service(NAME, settings))
        store = await stack.enter_async_context(open_secret_store(settings))
        http = await stack.enter_async_context(partner_client(settings.procore_url))
        reader = await stack.enter_async_context(IsolatedReader(settings.reading_limits()))
        opening = open_safe(
            SafeSettings(),
            config_dir=settings.config_dir,
            pool=service.pool,
            clock=service.clock,
            secrets=store,
        )
        safe = await stack.enter_async_context(opening)
        press = await stack.enter_async_context(Press())
        clients = clients_of(
            files.connections,
            http,
            store,
            asked_by=NAME,
            ask=asking_over_kafka(KafkaPublisher(service.broker), clock=service.clock),
            clock=service.clock,
            deadline_s=settings.procore_deadline_s,
        )
        directory = ProcoreDirectory(clients, remembered_s=settings.remembered_s)
        paying = _paying(files, service, settings, clients, directory)
        papers = _papers(
            files,
            service,
            settings,
            clients,
            directory,
            safe=safe,
            reader=reader,
            press=press,
            paying=paying,
        )
        await _begin(files, service, [*first_sweeps(files.connections), *paying.search.sweeps()])
        _subscribe(files, service, settings)
        await service.run(
            handler=by_prefix({**papers.work, **paying.work}),
            tell=telling({PAPERS: papers.reviewing.tell, PAYABLES: paying.gate.tell}),
            pace=Pace(settings.concurrency, settings.per_connection, settings.lease),
            routes=[
                *papers.routes,
                *paying.routes,
                *safe_routes.routes(safe, {one.name for one in files.connections}),
            ],
            self_guarded=safe_routes.SELF_GUARDED,
            self_bounded=SELF_BOUNDED,
            loops=[safe.rounds.run, *papers.loops, *paying.loops],
        )


@dataclass(frozen=True, slots=True)
class _Paying:
    """The gate, put together."""

    search: InvoiceSearch
    gate: Gate
    work: Mapping[str, Handler]
    routes: Sequence[BaseRoute]
    loops: Sequence[Loop]


def _paying(
    files: Files, service: RecordService, settings: Settings, clients: Clients, directory: Directory
) -> _Paying:
    connections, policy, clock, pool = files.connections, files.policy, service.clock, service.pool
    book = PostgresPayables(pool)
    subcontracts = ProcoreSubcontracts(clients, remembered_s=settings.remembered_s)
    search = InvoiceSearch(
        connections=connections,
        policy=policy,
        sheets=files.sheets,
        subcontracts=subcontracts,
        book=book,
        clock=clock,
        every=timedelta(seconds=settings.requisitions_s),
    )
    gate = Gate(
        connections=connections,
        policy=policy,
        subcontracts=subcontracts,
        papers=PostgresDocuments(pool),
        book=book,
        directory=directory,
        sheets=files.sheets,
        clock=clock,
    )
    bills = Billing(connections=connections, policy=policy, book=book, bills=PostgresBills(pool), clock=clock)
    expiring = Expiring(connections=connections, endings=PostgresEndings(pool), clock=clock)
    words = PayableWords(
        connections=connections, policy=policy, book=book, money=PostgresMoney(pool, clock), clock=clock
    )
    routes = GateRoutes(connections=connections, gate=gate, words=words, pool=pool).routes()
    meanwhile = held_work(gate, bills, expiring)
    held = Reconciler(
        service=NAME,
        store=HeldWork(
            pool,
            replica=f"{settings.replica} while held",
            lease=settings.lease,
            kinds=[prefix.rstrip("/") for prefix in meanwhile],
        ),
        handler=by_prefix(meanwhile),
        clock=clock,
        bell=Bell(),
        concurrency=1,
    )
    return _Paying(search, gate, gate_work(search, gate, bills, expiring), routes, (held.run,))


@dataclass(frozen=True, slots=True)
class _Papers:
    """The life of papers, put together."""

    reviewing: Reviewing
    work: Mapping[str, Handler]
    routes: Sequence[BaseRoute]
    loops: Sequence[Loop]


def _papers(
    files: Files,
    service: RecordService,
    settings: Settings,
    clients: Clients,
    directory: Directory,
    *,
    safe: OpenSafe,
    reader: Reader,
    press: Press,
    paying: _Paying,
) -> _Papers:
    connections, clock, pool = files.connections, service.clock, service.pool
    inbox, documents, books = PostgresInbox(pool), PostgresDocuments(pool), PostgresRuleBooks(pool)
    intake = Intake(inspect=inspect, safe=safe.papers, inbox=inbox, clock=clock)
    loop = DocumentLoop(
        Parts(
            connections=connections,
            rule_set=files.rule_set,
            digest=files.digest,
            recognise=partial(recognise, authorities=files.authorities.by_name),
            safe=safe.papers,
            scanner=settings.virus_scanner(),
            reader=reader,
            documents=documents,
            desks=PostgresDesks(pool),
            books=books,
            surroundings=Surroundings(
                directory, files.sheets, documents, payables=paying.gate, authorities=files.authorities
            ),
            clock=clock,
            acknowledged_within=timedelta(hours=settings.acknowledge_hours),
        )
    )
    sweeping = Sweeping(
        connections=connections,
        source=ProcorePapers(clients, folder=settings.procore_folder, clock=clock),
        inbox=inbox,
        looks=PostgresLooks(pool),
        intake=intake,
        clock=clock,
        every=timedelta(seconds=settings.sweep_s),
        remembered=settings.remembered,
    )
    reviewing = Reviewing(
        connections=connections,
        rule_set=files.rule_set,
        book=PostgresPaperBook(pool),
        rule_books=books,
        clock=clock,
    )
    printer = SheetPrinter(settings.config_dir / "templates", press, files.rule_set.forms)
    sheets = SheetRoutes(connections=connections, printer=printer, intake=intake, safe=safe.papers)
    routes = [
        *PaperRoutes(connections=connections, intake=intake, reviewing=reviewing).routes(),
        *sheets.routes(),
    ]
    figures = PaperFigures(
        pool,
        connections=[one.name for one in connections],
        clock=clock,
        acknowledged_within=timedelta(hours=settings.acknowledge_hours),
    )
    watched = _watched(settings, connections, intake, service)
    loops = (figures.run, _going_through(files, service, books), *watched)
    return _Papers(reviewing, {PAPERS: loop.work, SWEEPS: sweeping.work}, routes, loops)


def _going_through(files: Files, service: RecordService, books: PostgresRuleBooks) -> Loop:
    """Return what makes papers due that other rules decided: beside all else, for there may be very many."""

    async def step() -> None:
        await books.go_through(files.digest, now=service.clock.now())

    return lambda stop: repeat("changed-rules", step, every=GOING_THROUGH, stop=stop)


async def _begin(files: Files, service: RecordService, sweeps: Sequence[Mark]) -> None:
    """Decide by these files from now on, and look for papers and payables."""
    now = service.clock.now()
    await PostgresRuleBooks(service.pool).begin(files.rule_set, files.digest, now=now)
    async with transaction(service.pool) as database:
        await mark(database, sweeps, now=now)
        await let_go_on(database, files.policy, now=now)


def _subscribe(files: Files, service: RecordService, settings: Settings) -> None:
    edge, clock = service.edge, service.clock
    following = recording(files.connections, clock, remembered=settings.remembered)
    edge.subscribe(PROCORE_EVENTS, ProcoreChanged, following)
    edge.subscribe(DISPATCH_ACKNOWLEDGED, DispatchAcknowledged, acknowledging(clock))
    edge.subscribe(LEDGER_RESULTS, LedgerResult, recording_results(clock))


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


def inspect(file_name: str, content: bytes) -> str:
    """Return what a file is by what stands in it. See `ports.Inspect`."""
    check_name(file_name)
    return media_type_of(content)


def _watched(
    settings: Settings, connections: Connections, intake: Intake, service: RecordService
) -> Sequence[Loop]:
    if settings.inbox_dir is None:
        return ()
    every = timedelta(seconds=settings.inbox_s)
    watched = WatchedFolder(
        settings.inbox_dir, connections=connections, intake=intake, clock=service.clock, every=every
    )
    return (watched.run,)
