"""Taking papers in: into the safe first, then into the table, once however often they come."""

from plumbline.common.clock import Clock
from plumbline.compliance.domain.document import clean_name
from plumbline.compliance.ports.intake import Arrival, Inbox, Receipt
from plumbline.compliance.ports.reading import Inspect, RefusedPaperError
from plumbline.compliance.ports.safe import NOT_SCANNED, About, Safe

MAX_PAPER_BYTES = 25 * 1024 * 1024
"""Largest paper that is taken."""


class Intake:
    """Takes papers in from anywhere."""

    def __init__(self, *, inspect: Inspect, safe: Safe, inbox: Inbox, clock: Clock) -> None:
        """Keep papers in `safe` and tell of them through `inbox`; `inspect` says which files are papers."""
        self._inspect = inspect
        self._safe = safe
        self._inbox = inbox
        self._clock = clock

    async def take(self, arrival: Arrival) -> Receipt:
        """Take a paper; safe to repeat after any failure, nothing is lost or doubled.

        Raises:
            RefusedPaperError: needs a person; it is empty, too large, or of no type that is taken. Nothing was kept.
            SafeUnavailableError: wait.
        """
        if len(arrival.content) > MAX_PAPER_BYTES:
            raise too_large(arrival.file_name)
        media_type = self._inspect(arrival.file_name, arrival.content)
        stored = await self._safe.put(
            arrival.content,
            About(
                connection=arrival.connection,
                company_id=arrival.company_id,
                project_id=arrival.project_id,
                vendor=arrival.vendor_id or "",
                file_name=clean_name(arrival.file_name),
                media_type=media_type,
            ),
            quarantine=NOT_SCANNED,
        )
        return await self._inbox.receive(arrival, stored.document, now=self._clock.now())

    async def refuse(self, arrival: Arrival, refused: RefusedPaperError) -> None:
        """Remember that what was found at a place is not taken, for people to see."""
        await self._inbox.refuse(arrival, refused.reason, refused.detail, now=self._clock.now())


def too_large(file_name: str) -> RefusedPaperError:
    """Return the refusal of a paper that is too large."""
    limit = MAX_PAPER_BYTES // (1024 * 1024)
    return RefusedPaperError(
        "too-large",
        f"{clean_name(file_name)} has more than {limit} MB; send it in parts, or as a smaller scan.",
    )
