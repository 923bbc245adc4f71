"""What compliance needs of the world."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, Protocol

from plumbline.common.errors import NeedsHumanError, WaitError
from plumbline.compliance.domain.content import PaperContent


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


class UnknownDocumentError(NeedsHumanError):
    """There is no such paper in the safe, or it was destroyed."""


class SpoiledDocumentError(NeedsHumanError):
    """What the store holds is not what was put there; restore it from a copy."""


class Safe(Protocol):
    """Keeps papers encrypted, each under a key of its own.

    Every method raises `SafeUnavailableError` (wait) when the store or the keeper of keys is away.
    """

    async def put(self, content: bytes, about: About) -> Stored:
        """Keep a paper. Idempotent: the same content of one connection is one paper."""

    async def get(self, connection: str, document: str, *, who: str, why: str) -> bytes:
        """Return a paper in clear, and write down who read it and why.

        Raises:
            UnknownDocumentError, SpoiledDocumentError: need a person.
        """

    async def describe(self, connection: str, document: str, about: About) -> None:
        """Say anew what a paper is about, once its kind, vendor or period is known."""

    async def keep_tax_number(
        self, connection: str, document: str, *, vendor: str, number: str
    ) -> TaxNumberOnFile:
        """Keep a W-9's number apart, encrypted, to be looked up by keyed hash."""


class SafeUnavailableError(WaitError):
    """The store of papers, or the keeper of its keys, does not answer."""


State = Literal[
    "received",
    "scanned",
    "extracted",
    "needs_review",
    "validated",
    "invalid",
    "held",
    "dispatch_ready",
    "dispatched",
    "acknowledged",
    "expired",
    "superseded",
    "quarantined",
]
"""How far a document is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperOnFile:
    """One document as the gate sees it."""

    document: str
    kind: str | None
    state: State
    file_name: str
    received_at: datetime
    expires_on: str | None
    blocking: tuple[str, ...]
    """The sentences of its blocking decisions."""


class Papers(Protocol):
    """The documents of a vendor, a project or a payable."""

    async def of_vendor(self, connection: str, vendor_id: str) -> Sequence[PaperOnFile]:
        """Return the papers of a vendor on any project: W-9, certificates, licences."""

    async def of_payable(self, payable: str) -> Sequence[PaperOnFile]:
        """Return the papers that belong to one payable: waivers, payrolls, invoices."""
