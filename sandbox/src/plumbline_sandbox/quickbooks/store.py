"""Where entities live: versions per id, a lagging view for queries, indexes, and unique keys."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from plumbline_sandbox.quickbooks.wire import Body


def no_key(_body: Body) -> str | None:
    """Return None: entities of this family need no unique key."""
    return None


@dataclass(frozen=True, slots=True)
class Family:
    """What the store must know about one entity type."""

    name: str
    """Name of the entity, such as `Invoice`; also the key of its JSON element."""
    sequence: str
    """Ids come from this sequence of the realm; transactions share one, as names do."""
    register: str = ""
    """Register in which the unique key of `key` is claimed; families may share one."""
    key: Callable[[Body], str | None] = no_key
    """Return the value that is to be unique, or None."""
    indexed: tuple[str, ...] = ()
    """Properties with an index for equality (texts, or references by their value)."""


class Register:
    """Who holds which unique key; comparison ignores case. Several may hold one if the realm allows it."""

    def __init__(self) -> None:
        self._holders: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        self.newest = ""
        """The key that was claimed last."""

    def holder(self, key: str, *, but: str | None = None) -> tuple[str, str] | None:
        """Return family and id of the first holder of the key other than this id."""
        return next((held for held in self._holders.get(key.lower(), ()) if held[1] != but), None)

    def move(self, owner: tuple[str, str], old: str | None, new: str | None) -> None:
        """Give up the old key and claim the new one."""
        if old == new:
            return
        if old is not None:
            self._holders[old.lower()].remove(owner)
        if new is not None:
            self._holders[new.lower()].append(owner)
            self.newest = new


def text_of(body: Body, name: str) -> str | None:
    """Return a property as text: references by their value, nested ones by a dotted name."""
    value = body
    for part in name.split("."):
        inner = value.get(part)
        if not isinstance(inner, dict):
            return None if inner is None else str(inner)
        value = inner
    inner = value.get("value", value.get("Address"))
    return None if inner is None else str(inner)


@dataclass(slots=True)
class _Record:
    versions: list[tuple[float, Body | None]] = field(default_factory=list)
    """Moment in seconds and body, oldest first; None is a deleted entity."""

    @property
    def current(self) -> Body | None:
        return self.versions[-1][1]

    def as_of(self, moment_s: float) -> Body | None:
        shown = [body for at_s, body in self.versions if at_s <= moment_s]
        return shown[-1] if shown else None

    def forget(self, before_s: float) -> None:
        """Drop versions that no view can show any more."""
        while len(self.versions) > 1 and self.versions[1][0] <= before_s:
            del self.versions[0]


@dataclass(frozen=True, slots=True)
class Change:
    """The last change of an entity: when, and its body since; None if it was deleted."""

    entity_id: str
    at_s: float
    body: Body | None


class Store:
    """All entities of one family in one realm. Bodies are never changed in place: a change is a new body."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self._records: dict[str, _Record] = {}
        # Values are only ever added: an older version must be found too while queries lag.
        self._index: dict[str, defaultdict[str, dict[str, None]]] = {
            name.lower(): defaultdict(dict) for name in family.indexed
        }

    def get(self, entity_id: str) -> Body | None:
        """Return the present body, or None if there never was one or it was deleted."""
        record = self._records.get(entity_id)
        return record.current if record else None

    def put(self, entity_id: str, body: Body | None, *, at_s: float, lag_s: float) -> None:
        """Store a new version; None deletes."""
        record = self._records.setdefault(entity_id, _Record())
        record.versions.append((at_s, body))
        record.forget(at_s - lag_s)
        if body is not None:
            self._add_to_indexes(entity_id, body)

    def changed_since(self, since_s: float, as_of_s: float | None = None) -> Iterator[Change]:
        """Return the last change of each entity that changed at this moment or later, in no order.

        With `as_of_s` the changes are those that a view of that moment shows.
        """
        for entity_id, record in self._records.items():
            versions = [version for version in record.versions if as_of_s is None or version[0] <= as_of_s]
            if versions and versions[-1][0] >= since_s:
                yield Change(entity_id, *versions[-1])

    def all(self, as_of_s: float | None = None) -> Iterator[Body]:
        """Return the bodies by age, present ones or those of a moment."""
        return self._shown(self._records, as_of_s)

    def candidates(self, name: str, value: str, as_of_s: float | None = None) -> Iterator[Body] | None:
        """Return the bodies that may have this value (compare again), or None if there is no index."""
        if name.lower() == "id":
            return self._shown([value], as_of_s)
        index = self._index.get(name.lower())
        return None if index is None else self._shown(index.get(value.lower(), ()), as_of_s)

    def _shown(self, ids: Iterable[str], as_of_s: float | None) -> Iterator[Body]:
        for entity_id in ids:
            if record := self._records.get(entity_id):
                body = record.current if as_of_s is None else record.as_of(as_of_s)
                if body is not None:
                    yield body

    def _add_to_indexes(self, entity_id: str, body: Body) -> None:
        for name, index in zip(self.family.indexed, self._index.values(), strict=True):
            value = text_of(body, name)
            if value is not None:
                index[value.lower()][entity_id] = None
