"""How papers are scanned and read."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Protocol

from plumbline.common.errors import NeedsHumanError, WaitError
from plumbline.compliance.domain.content import PaperContent
from plumbline.compliance.domain.recognised import Recognised
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


class Inspect(Protocol):
    """Tells what a file is by what stands in it; takes less than a millisecond."""

    def __call__(self, file_name: str, content: bytes) -> str:
        """Return the media type.

        Raises:
            RefusedPaperError: needs a person; it is of no type that is taken.
        """


class Recognise(Protocol):
    """Tells what a paper is, and what it says; pure, takes milliseconds."""

    def __call__(self, content: PaperContent, forms: Iterable[Form]) -> Recognised:
        """Return what was recognised, by the statutory forms among others."""
