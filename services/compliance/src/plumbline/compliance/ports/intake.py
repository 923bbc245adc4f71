"""Where papers come from, and the inbox that keeps them."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
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


@dataclass(frozen=True, slots=True)
class Reading:
    """All that stands on a shelf."""

    papers: Sequence[Found]
    is_awaited: bool = False
    """Whether it lacks something that somebody is about to give, such as a signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where papers of a project stand that Procore gives together: on a commitment, on a requisition, in the folder."""

    place: str
    """Below its project, such as `requisitions/88`."""
    version: str
    """What Procore's list says of it. Another one means that it changed; the same one proves nothing."""
    changed_at: datetime | None
    """When it changed last, by Procore's list."""
    read: Callable[[], Awaitable[Reading]] = field(repr=False, compare=False)
    """Reads it as a whole, by one call of Procore's or several."""


class PaperSource(Protocol):
    """Papers in Procore. Raises what its client raises."""

    async def around(self, connection: str, project_id: str) -> str:
        """Return a fingerprint of a project and its vendors, as far as papers are decided by them."""

    async def shelves(self, connection: str, project_id: str) -> Sequence[Shelf]:
        """List where papers of a project may stand, without looking through any."""

    async def content(self, connection: str, found: Found) -> bytes:
        """Return a paper's bytes.

        Raises:
            RefusedPaperError: needs a person; it is too large.
        """

    def pause(self, connection: str) -> timedelta:
        """Return how long to leave Procore's calls to others: payments go first; 0 while there are enough."""
