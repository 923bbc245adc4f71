"""What changed in the books: answers to change data capture, and rows by the time of their last change.

Both tell QuickBooks' own time. Where the next look begins follows from it, never from a clock of ours: one
that runs ahead by a minute would leave out a minute of changes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from plumbline.quickbooks.answers import Document
from plumbline.quickbooks.errors import QuickBooksUnreadableError

LOOK_BACK = timedelta(days=30)
"""How far back changes can be asked for (Intuit, Change data capture)."""

CHANGES_MAX = 1000
"""Most objects of one answer, all entities together, without a word if there were more (Intuit, the same)."""


@dataclass(frozen=True, slots=True)
class Change:
    """An object as it is since its last change; of a deleted one only its `Id` and `MetaData` are told."""

    entity: str
    document: Document = field(repr=False)

    @property
    def is_deleted(self) -> bool:
        """Whether it was deleted. A void looks like an update."""
        return is_stub(self.document)


@dataclass(frozen=True, slots=True)
class Changes:
    """The answer to change data capture."""

    found: tuple[Change, ...]
    answered_at: datetime
    """By QuickBooks' clock."""

    @property
    def is_whole(self) -> bool:
        """Whether these are all; as many as fit may be all or not."""
        return len(self.found) < CHANGES_MAX


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one query."""

    documents: tuple[Document, ...]
    answered_at: datetime
    """By QuickBooks' clock."""


def is_stub(document: Document) -> bool:
    """Say whether this is what is left of a deleted object."""
    return document.get("status") == "Deleted"


def changed_at(document: Document) -> datetime:
    """Return when QuickBooks changed an object last, in UTC; it tells whole seconds.

    Raises:
        QuickBooksUnreadableError: permanent; it does not say.
    """
    return moment_in(document.get("MetaData"), "LastUpdatedTime")


def changes_in(said: Document, entities: Sequence[str]) -> Changes:
    """Return the changes of an answer; those of one entity may stand in several elements, deleted ones apart or not.

    Raises:
        QuickBooksUnreadableError: permanent; it is of another shape, and nothing must pass for "no changes".
    """
    names = {entity.lower(): entity for entity in entities}
    return Changes(tuple(_changes(said, names)), moment_in(said, "time"))


def _changes(said: Document, names: Mapping[str, str]) -> Iterator[Change]:
    for response in _objects(said.get("CDCResponse"), "CDCResponse"):
        for element in _objects(response.get("QueryResponse"), "QueryResponse"):
            for name, rows in element.items():
                if name.lower() in names:
                    for row in _objects(rows, name):
                        yield Change(names[name.lower()], row)


def rows_in(said: Document, entity: str) -> Rows:
    """Return the rows of an answer to a query.

    Raises:
        QuickBooksUnreadableError: permanent; it is of another shape.
    """
    answer = _object(said.get("QueryResponse"), "QueryResponse")
    return Rows(tuple(_objects(answer.get(entity, []), entity)), moment_in(said, "time"))


def count_in(said: Document) -> int:
    """Return the answer to a query that counts.

    Raises:
        QuickBooksUnreadableError: permanent; it is of another shape.
    """
    count = _object(said.get("QueryResponse"), "QueryResponse").get("totalCount")
    if not isinstance(count, int):
        raise QuickBooksUnreadableError("QuickBooks' answer has no totalCount")
    return count


def moment_in(said: Any, name: str) -> datetime:
    """Return a moment that QuickBooks tells, in UTC.

    Raises:
        QuickBooksUnreadableError: permanent; there is none, or one without an offset.
    """
    try:
        moment = datetime.fromisoformat(_object(said, name)[name])
    except (KeyError, TypeError, ValueError) as error:
        raise QuickBooksUnreadableError(f"QuickBooks' answer has no {name} that can be read") from error
    if moment.tzinfo is None:
        raise QuickBooksUnreadableError(f"QuickBooks' {name} has no offset")
    return moment.astimezone(UTC)


def _objects(said: Any, name: str) -> list[Document]:
    if not isinstance(said, list):
        raise QuickBooksUnreadableError(f"QuickBooks' answer has no list {name}")
    return [_object(one, name) for one in said]


def _object(said: Any, name: str) -> Document:
    if not isinstance(said, dict):
        raise QuickBooksUnreadableError(f"QuickBooks' answer has no object {name}")
    return said
