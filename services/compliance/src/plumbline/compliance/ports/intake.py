"""Where papers come from, and the inbox that keeps them."""

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from plumbline.common.reconciling.verdicts import Effect
from plumbline.compliance.domain.document import Source


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

    async def missed(self, connection: str, shelf: str, seen: Collection[str]) -> Collection[str]:
        """Return the places that were found on a shelf before and were not seen there now."""

    def shelving(self, connection: str, shelf: str, seen: Collection[str], *, now: datetime) -> Effect:
        """Return the effect that forgets what stands on a shelf no more, after all that does was seen.

        Papers that were found nowhere else are withdrawn, and due. They count again once they come in again.
        """

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
