"""Taking papers in: into the safe first, then into the table, once however often they come."""

from plumbline.common.clock import Clock
from plumbline.compliance.domain.document import clean_name
from plumbline.compliance.ports import About, Arrival, Inbox, Receipt, RefusedPaperError, Safe

MAX_PAPER_BYTES = 25 * 1024 * 1024
"""Largest paper that is taken."""


class Intake:
    """Takes papers in from anywhere."""

    def __init__(self, *, safe: Safe, inbox: Inbox, clock: Clock) -> None:
        """Keep papers in `safe` and tell of them through `inbox`."""
        self._safe = safe
        self._inbox = inbox
        self._clock = clock

    async def take(self, arrival: Arrival) -> Receipt:
        """Take a paper; safe to repeat after any failure, nothing is lost or doubled.

        Raises:
            RefusedPaperError: needs a person; `empty` or `too-large`. Nothing was kept.
            SafeUnavailableError: wait.
        """
        if not arrival.content:
            raise RefusedPaperError("empty", f"{clean_name(arrival.file_name)} is empty; send it anew.")
        if len(arrival.content) > MAX_PAPER_BYTES:
            raise too_large(arrival.file_name)
        stored = await self._safe.put(
            arrival.content,
            About(
                connection=arrival.connection,
                company_id=arrival.company_id,
                project_id=arrival.project_id,
                vendor=arrival.vendor_id or "",
                file_name=clean_name(arrival.file_name),
            ),
        )
        return await self._inbox.receive(arrival, stored.document, now=self._clock.now())


def too_large(file_name: str) -> RefusedPaperError:
    """Return the refusal of a paper that is too large."""
    limit = MAX_PAPER_BYTES // (1024 * 1024)
    return RefusedPaperError(
        "too-large",
        f"{clean_name(file_name)} has more than {limit} MB; send it in parts, or as a smaller scan.",
    )
