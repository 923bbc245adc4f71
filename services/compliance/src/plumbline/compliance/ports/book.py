"""Papers as people look at them, and what people say of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from plumbline.compliance.domain.decision import Decision, Desk
from plumbline.compliance.domain.document import Document, Review
from plumbline.compliance.domain.facts import DocumentFacts
from plumbline.compliance.domain.on_file import State


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
