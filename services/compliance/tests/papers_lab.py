"""What tests of a paper's life share: compliance on a real PostgreSQL, with far sides that only remember."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from rules_lab import facts, rule_set
from typing_extensions import override

from plumbline.common.connections import ConnectionConfig, Connections
from plumbline.common.contracts.documents import DispatchHeld, DispatchTicket, DocumentDecided
from plumbline.common.database import Pool
from plumbline.common.listening import Bell
from plumbline.common.reconciling.loop import Reconciler
from plumbline.common.reconciling.store import WorkStore
from plumbline.common.secrets.data_keys import FileDataKeys
from plumbline.common.secrets.keyfile import KeyFile, make_key_file
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.database import rows, service_pool, work_row
from plumbline.compliance.adapters.desks import PostgresDesks
from plumbline.compliance.adapters.documents import PostgresDocuments
from plumbline.compliance.adapters.inbox import PostgresInbox
from plumbline.compliance.adapters.paper_book import PostgresPaperBook
from plumbline.compliance.adapters.rule_books import PostgresRuleBooks
from plumbline.compliance.adapters.safe.keys import ConnectionKeys
from plumbline.compliance.adapters.safe.objects import memory_objects
from plumbline.compliance.adapters.safe.papers import PaperSafe
from plumbline.compliance.app import MIGRATIONS, SCHEMA
from plumbline.compliance.domain.content import Page, PaperContent, Structure
from plumbline.compliance.domain.document import Document, key_of
from plumbline.compliance.domain.facts import DocumentFacts, Payable
from plumbline.compliance.domain.projects import ProjectSheet, Sheets, VendorSheet
from plumbline.compliance.domain.recognised import Recognised
from plumbline.compliance.domain.rules.rule_set import RuleSet
from plumbline.compliance.domain.statutory import Form
from plumbline.compliance.ports.intake import Arrival, Receipt
from plumbline.compliance.ports.reading import (
    Reader,
    RefusedPaperError,
    Scan,
    Scanner,
    ScannerUnavailableError,
)
from plumbline.compliance.ports.safe import About, SafeUnavailableError, Stored
from plumbline.compliance.ports.surroundings import Directory, Firm, Payables, Place
from plumbline.compliance.service.documents import DocumentLoop, Parts
from plumbline.compliance.service.intake import Intake
from plumbline.compliance.service.reviewing import Reviewing
from plumbline.compliance.service.surroundings import Surroundings

COMPANY, PROJECT, VENDOR, CONNECTION = "4001", "1001", "501", "texas"
PAYABLE = f"payable/{COMPANY}/{PROJECT}/requisition/7001"
WORKDAY = datetime(2026, 11, 5, 16, 0, tzinfo=UTC)
"""The day for which the shipped vectors are asked."""

CANARY = "123-45-6789"
"""A whole tax number that must not be seen anywhere."""


class FitfulSafe(PaperSafe):
    """The real safe over a store in memory; can be away."""

    is_away = False

    @override
    async def put(self, content: bytes, about: About, *, quarantine: str | None = None) -> Stored:
        self._answer()
        return await super().put(content, about, quarantine=quarantine)

    @override
    async def get(self, connection: str, document: str, *, who: str, why: str) -> bytes:
        self._answer()
        return await super().get(connection, document, who=who, why=why)

    @override
    async def read(self, connection: str, document: str, *, who: str, why: str) -> bytes:
        self._answer()
        return await super().read(connection, document, who=who, why=why)

    @override
    async def describe(self, connection: str, document: str, about: About) -> None:
        self._answer()
        await super().describe(connection, document, about)

    def _answer(self) -> None:
        if self.is_away:
            raise SafeUnavailableError


class FakeInspection:
    """Takes everything for a PDF but what is empty or says that it is a program."""

    def __call__(self, file_name: str, content: bytes) -> str:
        if not content:
            raise RefusedPaperError("empty", "The file is empty. Send it again.")
        if content.startswith(b"MZ"):
            raise RefusedPaperError("unknown-type", "The file is of no type that is taken.")
        return "application/pdf"


@dataclass
class FakeScanner(Scanner):
    """Finds what is called a virus, unless its signatures are wrong no more; can be away."""

    is_away: bool = False
    finds: bytes = b"virus"
    scans: int = 0

    @override
    async def scan(self, content: bytes) -> Scan:
        if self.is_away:
            raise ScannerUnavailableError
        self.scans += 1
        return Scan("Eicar-Test" if self.finds in content else None, "fake 1")


@dataclass
class FakeReader(Reader):
    """Takes a paper's bytes for its title; refuses those that say so."""

    reads: int = 0
    texts: dict[str, str] = field(default_factory=dict)
    """What stands in papers besides their titles."""

    @override
    async def read(self, content: bytes) -> PaperContent:
        self.reads += 1
        if content.startswith(b"refuse:"):
            raise RefusedPaperError(
                content.decode()[7:], "It cannot be read. Print it to a new PDF, and send that."
            )
        title = content.decode()
        return PaperContent(
            media_type="application/pdf",
            title=title,
            pages=(Page(number=1, text=self.texts.get(title, "")),),
            structure=Structure(page_count=1),
            read_by="pypdf",
        )


@dataclass
class FakeRecogniser:
    """Recognises titles that were taught."""

    known: dict[str, Recognised] = field(default_factory=dict)

    def __call__(self, content: PaperContent, forms: Iterable[Form]) -> Recognised:
        return self.known.get(content.title) or Recognised(
            kind=None, kind_confidence=0, why="Nothing tells its kind."
        )

    def teach(
        self, title: str, base: str, *, confidence: float = 1, tax_number: str = "", **change: Any
    ) -> None:
        """Have a title recognised as the paper of a vector's base."""
        known = facts(base, **{f"fields__{name}": value for name, value in change.items()})
        self.known[title] = Recognised(
            kind=known.kind,
            kind_confidence=confidence,
            why="Its title.",
            fields=known.fields,
            tax_number=SecretStr(tax_number) if tax_number else None,
        )


@dataclass
class FakeProcore(Directory):
    """A directory of one project and some vendors; what is None is not shown."""

    place: Place | None = None
    firms: dict[str, Firm] = field(default_factory=dict)

    @override
    async def project(self, connection: str, project_id: str) -> Place | None:
        return self.place if project_id == PROJECT else None

    @override
    async def vendor(self, connection: str, vendor_id: str) -> Firm | None:
        return self.firms.get(vendor_id)


@dataclass
class FakePayables(Payables):
    """Payables as tests set them."""

    known: dict[str, Payable] = field(default_factory=dict)

    @override
    async def facts(self, connection: str, payable: str) -> Payable | None:
        return self.known.get(payable)


@dataclass
class Bench:
    """One compliance service, with all that it talks to."""

    pool: Pool
    clock: FakeClock
    safe: FitfulSafe
    scanner: FakeScanner
    reader: FakeReader
    recogniser: FakeRecogniser
    procore: FakeProcore
    payables: FakePayables
    sheets: Sheets
    rules: RuleSet = field(default_factory=rule_set)
    digest: str = "rules 1"

    @property
    def documents(self) -> PostgresDocuments:
        return PostgresDocuments(self.pool)

    @property
    def books(self) -> PostgresRuleBooks:
        return PostgresRuleBooks(self.pool)

    @property
    def connections(self) -> Connections:
        config = ConnectionConfig.model_validate(
            {
                "name": CONNECTION,
                "procore": {"account": "procore/app", "company_id": COMPANY, "projects": [PROJECT]},
                "quickbooks": {"realm": "9130"},
                "hours": {"time_zone": "America/Chicago"},
            }
        )
        return Connections({CONNECTION: config})

    @property
    def intake(self) -> Intake:
        return Intake(
            inspect=FakeInspection(), safe=self.safe, inbox=PostgresInbox(self.pool), clock=self.clock
        )

    @property
    def reviewing(self) -> Reviewing:
        """People's side of the papers."""
        return Reviewing(
            connections=self.connections,
            rule_set=self.rules,
            book=PostgresPaperBook(self.pool),
            rule_books=self.books,
            clock=self.clock,
        )

    def loop(self, replica: str = "compliance-1") -> DocumentLoop:
        documents = self.documents
        surroundings = Surroundings(self.procore, self.sheets, documents, self.payables)
        return DocumentLoop(
            Parts(
                connections=self.connections,
                rule_set=self.rules,
                digest=self.digest,
                recognise=self.recogniser,
                safe=self.safe,
                scanner=self.scanner,
                reader=self.reader,
                documents=documents,
                desks=PostgresDesks(self.pool),
                books=self.books,
                surroundings=surroundings,
                clock=self.clock,
                acknowledged_within=timedelta(hours=24),
            )
        )

    def reconciler(self, replica: str = "compliance-1", handler: Any = None) -> Reconciler:
        store = WorkStore(self.pool, replica=replica, lease=timedelta(seconds=30), per_connection=8)
        return Reconciler(
            service="compliance",
            store=store,
            handler=handler or self.loop().work,
            clock=self.clock,
            bell=Bell(),
            concurrency=4,
        )

    async def begin(self) -> int:
        now = self.clock.now()
        await self.books.begin(self.rules, self.digest, now=now)
        return await self.books.go_through(self.digest, now=now)

    async def take(self, title: str, **change: Any) -> Receipt:
        """Let a paper of the vendor arrive by upload."""
        return await self.intake.take(arrival(title, **change))

    async def work(self, *, after: timedelta = timedelta(seconds=1)) -> int:
        """Let time pass, and work what is due."""
        self.clock.advance(after)
        return await self.reconciler().work_off()

    async def settle(self) -> None:
        """Work until only days would change anything."""
        await self.work()
        await self.work(after=timedelta(seconds=11))

    async def document(self, receipt: Receipt | str) -> Document:
        found = await self.documents.read(
            CONNECTION, receipt if isinstance(receipt, str) else receipt.document
        )
        assert found is not None
        return found

    async def row(self, receipt: Receipt) -> Any:
        return await work_row(self.pool, key_of(CONNECTION, receipt.document))

    async def told(self, topic: str) -> list[bytes]:
        found = await rows(self.pool, "SELECT value FROM outbox WHERE topic = $1 ORDER BY id", topic)
        return [row["value"] for row in found]

    async def states(self, receipt: Receipt) -> list[str]:
        """Return the states that were told of a paper, in order."""
        said = [DocumentDecided.model_validate_json(one) for one in await self.told("documents.decided.v1")]
        mine = [one for one in said if one.document == receipt.document]
        assert [one.version for one in mine] == list(range(1, len(mine) + 1))
        return [one.state for one in mine]

    async def tickets(self, region: str = "us-tx") -> list[DispatchTicket]:
        return [DispatchTicket.model_validate_json(one) for one in await self.told(f"dispatch.{region}.v1")]

    async def held(self) -> list[tuple[str, str]]:
        said = [DispatchHeld.model_validate_json(one) for one in await self.told("dispatch.held.v1")]
        return [(one.document, one.code) for one in said]


def arrival(title: str, **change: Any) -> Arrival:
    """Return a paper at the door."""
    standard: dict[str, Any] = {
        "connection": CONNECTION,
        "source": "upload",
        "source_record": f"uploads/{PROJECT}/{title}.pdf",
        "file_name": f"{title}.pdf",
        "content": title.encode(),
        "company_id": COMPANY,
        "project_id": PROJECT,
        "vendor_id": VENDOR,
    }
    return Arrival(**{**standard, **change})


@asynccontextmanager
async def bench(
    database_url: str, folder: Path, *, base: str = "tx-conditional-progress"
) -> AsyncIterator[Bench]:
    """Open a bench in the surroundings of a vector's base; the vendor's licence is not on file yet."""
    around: DocumentFacts = facts(base)
    project, vendor = around.project, around.vendor
    kept = project.model_dump(exclude={"state", "county", "city", "authorities", "trade"})
    sheets = Sheets(
        projects={PROJECT: ProjectSheet.model_validate(kept)},
        vendors={VENDOR: VendorSheet(trade=project.trade)},
    )
    procore = FakeProcore(Place("TX01", "Depot Lofts", project.state, project.county, project.city))
    procore.firms[VENDOR] = Firm(vendor.legal_name or "", ())
    make_key_file(folder / "safe-key")
    keys = FileDataKeys(KeyFile(folder / "safe-key"))
    clock = FakeClock(WORKDAY)
    async with service_pool(database_url, schema=SCHEMA, packages=MIGRATIONS) as pool:
        connection_keys = ConnectionKeys(pool, keys)
        objects = memory_objects()
        safe = FitfulSafe(objects=objects, keys=keys, connection_keys=connection_keys, pool=pool, clock=clock)
        made = Bench(
            pool,
            clock,
            safe,
            FakeScanner(),
            FakeReader(),
            FakeRecogniser(),
            procore,
            FakePayables({PAYABLE: around.payable} if around.payable else {}),
            sheets,
        )
        await made.begin()
        yield made
