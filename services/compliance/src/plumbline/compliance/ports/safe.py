"""The safe, where papers are kept."""

from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr

from plumbline.common.errors import NeedsHumanError, WaitError


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


class UnknownConnectionError(NeedsHumanError):
    """There is no such connection in connections.yaml."""


class UnknownDocumentError(NeedsHumanError):
    """There is no such paper in the safe, or it was destroyed."""


class SpoiledDocumentError(NeedsHumanError):
    """What the store holds is not what was put there; restore it from a copy."""


class QuarantinedDocumentError(NeedsHumanError):
    """The paper is in quarantine: it is read for the reason `quarantine` alone, by who looks into it."""


class UnrecognisedDocumentError(WaitError):
    """Nobody knows yet what paper this is, and so whether it may be read; try again in some seconds."""


class EscrowedDocumentError(NeedsHumanError):
    """An unconditional waiver is in escrow until the bank says that its money has arrived; nobody reads it before."""


class HeldDocumentError(NeedsHumanError):
    """The paper is under a legal hold; lift that, with its reason, before anything destroys it."""


class MalformedTaxNumberError(NeedsHumanError):
    """A tax number has nine digits; let a person read it from the paper."""


class SafeUnavailableError(WaitError):
    """The store of papers, or the keeper of its keys, does not answer."""


QUARANTINE = "quarantine"
"""The one reason for which a paper in quarantine is read."""

NOT_SCANNED = "not scanned yet"
"""Why nobody may read a paper that has just come in."""


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
            UnrecognisedDocumentError: wait; it is being recognised.
        """

    async def read(self, connection: str, document: str, *, who: str, why: str) -> bytes:
        """Return a paper in clear to what scans and recognises it, before anybody may read it; written down like `get`.

        Raises:
            UnknownDocumentError, SpoiledDocumentError, QuarantinedDocumentError: need a person.
        """

    async def describe(self, connection: str, document: str, about: About) -> None:
        """Say anew what a paper is about, once its kind, vendor or period is known.

        Raises:
            UnknownDocumentError: needs a person.
        """

    async def quarantine(self, connection: str, document: str, *, reason: str | None, who: str) -> None:
        """Let nobody read a paper any more, but for the reason `quarantine`, as a person says; None ends that.

        Raises:
            UnknownDocumentError: needs a person.
        """

    async def scanned(self, connection: str, document: str, *, found: str | None, who: str) -> None:
        """Keep what a scan found: that is quarantine, and nothing found ends it, unless a person has said it.

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
