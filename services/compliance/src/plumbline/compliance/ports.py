"""What compliance needs of the world."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar, Protocol

from pydantic import SecretStr

from plumbline.common.errors import NeedsHumanError, WaitError
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.verdicts import Effect
from plumbline.compliance.domain.content import PaperContent
from plumbline.compliance.domain.decision import Decision, Desk
from plumbline.compliance.domain.document import Document, Review, Source
from plumbline.compliance.domain.facts import DocumentFacts, Payable
from plumbline.compliance.domain.judging import Ticket
from plumbline.compliance.domain.on_file import PaperOnFile as PaperOnFile
from plumbline.compliance.domain.on_file import State as State
from plumbline.compliance.domain.recognised import Recognised
from plumbline.compliance.domain.rules.rule_set import RuleSet
from plumbline.compliance.domain.statutory import Form


class ScannerUnavailableError(WaitError):
    """The virus scanner does not answer; the paper stays in quarantine until it does."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What the scanner says."""

    found: str | None
    """The name of what it found; None: clean."""
    by: str
    """Engine and version of signatures, as it tells them."""


class Scanner(Protocol):
    """Looks for viruses."""

    async def scan(self, content: bytes) -> Scan:
        """Scan one file.

        Raises:
            ScannerUnavailableError: wait; it is not known to be clean.
        """


class RefusedPaperError(NeedsHumanError):
    """A file that is not taken, for a stable `reason` such as `too-large`, `encrypted` or `unreadable`."""

    code: ClassVar[str] = "paper-refused"

    def __init__(self, reason: str, detail: str) -> None:
        """Say which of the stable reasons it is, and in a sentence what its sender can do."""
        super().__init__(detail, reason=reason)
        self.reason = reason


class ReaderUnavailableError(WaitError):
    """The process that reads files cannot be started, or ended; the file was not to blame."""


class Reader(Protocol):
    """Reads one file in a process of its own, with limits on processor time, memory and output."""

    async def read(self, content: bytes) -> PaperContent:
        """Return what stands in a file.

        Raises:
            RefusedPaperError: needs a person; the file is of no type that is taken, or no reader survives it.
            ReaderUnavailableError: wait; nothing is known of the file.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a stored paper is about: by this it is found, and kept as long as it must be."""

    connection: str
    kind: str = "unknown"
    company_id: str | None = None
    project_id: str | None = None
    project: str = ""
    """The project's number and name, as people know it."""
    project_state: str | None = None
    """Two capital letters, as of `TX`; None: not known."""
    vendor: str = ""
    period: str = ""
    """The billing period or week, such as `2026-11`."""
    file_name: str = "paper.pdf"
    media_type: str = "application/pdf"


@dataclass(frozen=True, slots=True)
class Stored:
    """A paper in the safe."""

    document: str
    """HMAC-SHA-256 of the content under the connection's key: equal papers of two companies have nothing in common."""
    is_new: bool
    """False: the very same content was there already."""
    size_bytes: int


@dataclass(frozen=True, slots=True)
class TaxNumberOnFile:
    """What leaves the safe of a tax number."""

    last_four: str
    is_new: bool
    """False: this vendor's number was this one already."""
    also_of: tuple[str, ...] = ()
    """Other vendors of the connection whose number is this one."""


class UnknownDocumentError(NeedsHumanError):
    """There is no such paper in the safe, or it was destroyed."""


class SpoiledDocumentError(NeedsHumanError):
    """What the store holds is not what was put there; restore it from a copy."""


class QuarantinedDocumentError(NeedsHumanError):
    """The paper is in quarantine: it is read for the reason `quarantine` alone, by who looks into it."""


class EscrowedDocumentError(NeedsHumanError):
    """An unconditional waiver is in escrow until the bank says that its money has arrived; nobody reads it before."""


class HeldDocumentError(NeedsHumanError):
    """The paper is under a legal hold; lift that, with its reason, before anything destroys it."""


class MalformedTaxNumberError(NeedsHumanError):
    """A tax number has nine digits; let a person read it from the paper."""


QUARANTINE = "quarantine"
"""The one reason for which a paper in quarantine is read."""


class Safe(Protocol):
    """Keeps papers encrypted, each under a key of its own.

    Every method raises `SafeUnavailableError` (wait) when the store or the keeper of keys is away, and
    `DatabaseUnavailableError` (transient) when the index is. Reads, and whatever changes a paper's fate, are written down
    with who and why before they happen; that log only grows.
    """

    async def put(self, content: bytes, about: About, *, quarantine: str | None = None) -> Stored:
        """Keep a paper. Idempotent: the same content of one connection is one paper.

        What is there already stays as it is, with what it is about and its quarantine: see `describe`, `quarantine`.

        Args:
            content: its bytes.
            about: what is known of it so far.
            quarantine: why nobody may read it yet, such as that it was not scanned; None: it may be read.

        Raises:
            RefusedPaperError: needs a person; it is larger than the safe takes.
        """

    async def get(self, connection: str, document: str, *, who: str, why: str) -> bytes:
        """Return a paper in clear, and write down who read it and why.

        Raises:
            UnknownDocumentError, SpoiledDocumentError, QuarantinedDocumentError, EscrowedDocumentError: need a
                person.
        """

    async def describe(self, connection: str, document: str, about: About) -> None:
        """Say anew what a paper is about, once its kind, vendor or period is known.

        Raises:
            UnknownDocumentError: needs a person.
        """

    async def quarantine(self, connection: str, document: str, *, reason: str | None, who: str) -> None:
        """Let nobody read a paper any more, but for the reason `quarantine`; None ends that.

        Raises:
            UnknownDocumentError: needs a person.
        """

    async def hold(self, connection: str, document: str, *, who: str, why: str) -> None:
        """Put a paper under a legal hold: nothing destroys it until `release`, whatever its time.

        Raises:
            UnknownDocumentError: needs a person.
        """

    async def release(self, connection: str, document: str, *, who: str, why: str) -> None:
        """Lift a paper's legal hold. Raises what `hold` raises."""

    async def destroy(self, connection: str, document: str, *, who: str, why: str) -> None:
        """Destroy a paper's key, and so every copy of it, with the tax number that was kept from it. Idempotent.

        Raises:
            HeldDocumentError, UnknownDocumentError: need a person.
        """

    async def complete_project(self, connection: str, project_id: str, completed_on: date) -> None:
        """Say when a project was completed: from then on the time of its papers counts."""

    async def keep_tax_number(
        self, connection: str, document: str, *, vendor: str, number: str
    ) -> TaxNumberOnFile:
        """Keep a W-9's number apart, encrypted, to be looked up by keyed hash. Idempotent per paper.

        Raises:
            MalformedTaxNumberError, UnknownDocumentError: need a person.
        """

    async def tax_number(self, connection: str, document: str, *, who: str, why: str) -> SecretStr:
        """Return the whole number that was kept from a W-9, for what is filed with it.

        Raises:
            UnknownDocumentError, SpoiledDocumentError: need a person.
        """


class SafeUnavailableError(WaitError):
    """The store of papers, or the keeper of its keys, does not answer."""


class Papers(Protocol):
    """The documents of a vendor, a project or a payable."""

    async def of_vendor(self, connection: str, vendor_id: str) -> Sequence[PaperOnFile]:
        """Return the papers of a vendor on any project: W-9, certificates, licences."""

    async def of_payable(self, payable: str) -> Sequence[PaperOnFile]:
        """Return the papers that belong to one payable: waivers, payrolls, invoices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A paper at the door."""

    connection: str
    source: Source
    source_record: str
    """Which record, path or upload it came by: the same one twice is one arrival, repeated."""
    file_name: str
    content: bytes = field(repr=False)
    fingerprint: str = ""
    """What tells the record as it was from the record as it will be; only where a sweep finds it again."""
    company_id: str | None = None
    project_id: str | None = None
    vendor_id: str | None = None
    payable: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an arrival."""

    document: str
    is_new: bool
    earlier: str
    """Where the very same bytes came from first; this arrival's own place if it is new, or repeated."""


class Inbox(Protocol):
    """Papers as they come in."""

    async def receive(self, arrival: Arrival, document: str, *, now: datetime) -> Receipt:
        """Keep a stored paper, make it due and tell of it, all at once; the very same one is kept once."""

    async def refuse(self, arrival: Arrival, code: str, sentence: str, *, now: datetime) -> None:
        """Remember what was found at a place and not taken."""

    async def fingerprints(self, connection: str, prefix: str) -> Mapping[str, str]:
        """Return what was found below a prefix, by place."""

    async def project_changed(
        self,
        connection: str,
        project_id: str,
        *,
        place: str,
        fingerprint: str,
        now: datetime,
        due_at: datetime,
    ) -> None:
        """Remember what a project is like now, and make its documents due, at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one step changes about a document; all of it is stored, and told, at once."""

    before: Document
    after: Document
    at: datetime
    facts: DocumentFacts | None = None
    """What a new decision rests on."""
    issue: Ticket | None = None
    withdraw: Ticket | None = None
    why_held: str = ""
    """Told once for each code of `held`."""
    marks: Sequence[Mark] = ()
    """Other records that this is news to."""
    traceparent: str | None = None


class Documents(Protocol):
    """Documents, and what happens to them."""

    async def read(self, connection: str, document: str) -> Document | None:
        """Return a document; None if there is none."""

    async def in_order(self, connection: str, vendor_id: str, kind: str) -> Sequence[Document]:
        """Return a vendor's papers of a kind whose checks have passed, oldest first; none that is superseded."""

    async def newer(self, document: Document) -> str | None:
        """Return the newest paper in order that takes a document's place; None if none does."""

    async def near_duplicate(self, document: Document) -> str | None:
        """Return the newest other paper of its vendor and kind that says nearly the same, of the same occasion."""

    async def older(self, document: Document) -> Sequence[str]:
        """Return the keys of the papers whose place a document takes while it is in order."""

    async def living(
        self, *, connection: str | None = None, project_id: str | None = None, vendor_id: str | None = None
    ) -> Sequence[str]:
        """Return the keys of the documents that news around them may change."""

    def keeping(self, step: Step) -> Effect:
        """Return what stores a step, in the transaction that it is given."""


class Desks(Protocol):
    """The errands of desks."""

    async def live(self, document: Document, *, late_before: datetime) -> Ticket | None:
        """Return the errand of a document that is not withdrawn; late if it was given out before a time."""

    async def turn(self, document: Document, rule_set: str, desk: Desk) -> int:
        """Return how many errands of a document were withdrawn from a desk under some rules."""


class RuleBooks(Protocol):
    """Rule sets that have decided, and by which papers are decided now."""

    async def begin(self, rule_set: RuleSet, digest: str, *, now: datetime) -> int:
        """Decide by these rules from now on; what was decided by others is due again, and counted."""

    async def digest(self) -> str:
        """Return by what papers are decided now."""

    async def past(self, rule_set: str) -> RuleSet | None:
        """Return a rule set that decided once, by its hash."""


@dataclass(frozen=True, slots=True)
class Place:
    """A project as Procore has it."""

    number: str
    name: str
    state: str | None
    county: str | None
    city: str | None


@dataclass(frozen=True, slots=True)
class Firm:
    """A vendor as Procore has it."""

    name: str
    trades: tuple[str, ...]


class Directory(Protocol):
    """Procore's projects and vendors. Both are None where Procore shows none; raises what its client raises."""

    async def project(self, connection: str, project_id: str) -> Place | None:
        """Return a project."""

    async def vendor(self, connection: str, vendor_id: str) -> Firm | None:
        """Return a vendor."""


class Payables(Protocol):
    """What is owed, as papers are checked against it."""

    async def facts(self, connection: str, payable: str) -> Payable | None:
        """Return a payable's facts; None while it is not known."""


class Recognise(Protocol):
    """Tells what a paper is, and what it says; pure, takes milliseconds."""

    def __call__(self, content: PaperContent, forms: Iterable[Form]) -> Recognised:
        """Return what was recognised, by the statutory forms among others."""


class Authorities(Protocol):
    """The directory of authorities having jurisdiction."""

    def __call__(
        self, *, state: str | None, county: str | None, city: str | None, discipline: str | None, day: date
    ) -> tuple[str, ...]:
        """Return the ids of those that have jurisdiction; none if none is known."""


class Inspect(Protocol):
    """Tells what a file is by what stands in it; takes less than a millisecond."""

    def __call__(self, file_name: str, content: bytes) -> str:
        """Return the media type.

        Raises:
            RefusedPaperError: needs a person; it is of no type that is taken.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One decision about a document that said something new."""

    version: int
    at: datetime
    state: State
    rule_set: str
    inputs: str
    facts: DocumentFacts
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A ticket, with all that became of it."""

    ticket: str
    desk: Desk
    sentence: str
    issued_at: datetime
    withdrawn_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where a person says that a paper belongs; None leaves it as it is."""

    company_id: str | None = None
    project_id: str | None = None
    vendor_id: str | None = None
    payable: str | None = None


class PaperBook(Protocol):
    """Papers as people look at them, and what people do with them."""

    async def listed(
        self, *, state: str | None, connection: str | None, held: str | None, limit: int
    ) -> Sequence[Mapping[str, Any]]:
        """Return the newest papers, of a state, a connection, or held for a reason."""

    async def refused(self, *, connection: str | None, limit: int) -> Sequence[Mapping[str, Any]]:
        """Return what was found and not taken, newest first."""

    async def document(self, document: str) -> Document | None:
        """Return a document by its id alone."""

    async def decisions(self, document: Document) -> Sequence[Decided]:
        """Return every decision about a document, in order."""

    async def errands(self, document: Document) -> Sequence[Errand]:
        """Return every errand of a document, in order."""

    async def review(self, document: Document, review: Review, placed: Placed) -> None:
        """Keep what a person said, and make the document due, at once."""

    async def acknowledge(self, document: Document, ticket: str, *, by: str, at: datetime) -> None:
        """Keep that a desk has a ticket, and make the document due, at once; the first word counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A paper that was seen in Procore."""

    record: str
    """Its place below its project, such as `lien-waivers/88`."""
    fingerprint: str
    """Changes when the paper does."""
    file_name: str
    url: str = field(repr=False)
    vendor_id: str | None = None
    payable: str | None = None


class PaperSource(Protocol):
    """Papers in Procore. Raises what its client raises."""

    async def around(self, connection: str, project_id: str) -> str:
        """Return a fingerprint of a project and its vendors, as far as papers are decided by them."""

    def papers(self, connection: str, project_id: str) -> AsyncIterator[Found]:
        """Give every paper of a project, one after the other."""

    async def content(self, connection: str, found: Found) -> bytes:
        """Return a paper's bytes.

        Raises:
            RefusedPaperError: needs a person; it is too large.
        """
