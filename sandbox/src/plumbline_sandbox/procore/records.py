"""Tables of records with a memory of the version before (for reads that lag behind)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from plumbline_sandbox.clock import Clock

T = TypeVar("T")


@dataclass(slots=True)
class Record(Generic[T]):
    """One record. `value` is immutable and replaced as a whole at each change.

    Until `lagging_until_s` readers are shown `before` (None: nothing at all); a person and the
    validation always see `value`. `value` None means deleted.
    """

    id: int
    company_id: int
    project_id: int | None
    value: T | None
    created_at: datetime
    updated_at: datetime
    before: T | None = None
    before_at: datetime | None = None
    lagging_until_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Shown(Generic[T]):
    """A record as a reader of the API sees it at one moment."""

    id: int
    company_id: int
    project_id: int | None
    value: T
    created_at: datetime
    updated_at: datetime


def fresh(record: Record[T]) -> Shown[T]:
    """Return a living record as its author sees it: without any lag."""
    assert record.value is not None
    return Shown(
        record.id, record.company_id, record.project_id, record.value, record.created_at, record.updated_at
    )


class Table(Generic[T]):
    """All records of one kind, in order of creation."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._records: dict[int, Record[T]] = {}
        self._by_project: dict[int | None, list[Record[T]]] = {}

    def insert(
        self, record_id: int, value: T, *, company_id: int, project_id: int | None = None
    ) -> Record[T]:
        """Add a record under a new id."""
        now = self._clock.now()
        record = Record(record_id, company_id, project_id, value, now, now)
        self._records[record_id] = record
        self._by_project.setdefault(project_id, []).append(record)
        return record

    def change(self, record: Record[T], value: T | None) -> None:
        """Replace the value (None: delete) and remember the one before."""
        record.before, record.before_at = record.value, record.updated_at
        record.value, record.updated_at = value, self._clock.now()

    def truth(self, record_id: int) -> Record[T] | None:
        """Return the living record of this id, as it is and not as readers may still see it."""
        record = self._records.get(record_id)
        return record if record is not None and record.value is not None else None

    def shown(self, record_id: int) -> Shown[T] | None:
        """Return the record as readers see it now, or None."""
        record = self._records.get(record_id)
        return None if record is None else self._show(record)

    def shown_of_project(self, project_id: int | None) -> list[Shown[T]]:
        """Return a project's records as readers see them now, oldest first."""
        rows = (self._show(record) for record in self._by_project.get(project_id, ()))
        return [row for row in rows if row is not None]

    def deleted_of_project(self, project_id: int | None) -> list[Shown[T]]:
        """Return a project's records that readers no longer see, as they were; `updated_at` is their end."""
        return [
            Shown(
                record.id, record.company_id, project_id, record.before, record.created_at, record.updated_at
            )
            for record in self._by_project.get(project_id, ())
            if record.before is not None and record.value is None and self._show(record) is None
        ]

    def living(self) -> Iterator[Record[T]]:
        """Return every record that is not deleted, as it truly is."""
        return (record for record in self._records.values() if record.value is not None)

    def living_of_project(self, project_id: int | None) -> Iterator[Record[T]]:
        """Return a project's records that are not deleted, as they truly are."""
        return (record for record in self._by_project.get(project_id, ()) if record.value is not None)

    def _show(self, record: Record[T]) -> Shown[T] | None:
        value, at = record.value, record.updated_at
        if record.lagging_until_s and record.lagging_until_s > self._clock.time():
            value, at = record.before, record.before_at or record.created_at
        if value is None:
            return None
        return Shown(record.id, record.company_id, record.project_id, value, record.created_at, at)
