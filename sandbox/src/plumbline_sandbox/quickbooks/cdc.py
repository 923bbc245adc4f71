"""Change data capture: what changed since a moment, deletions too.

Intuit, ChangeDataCapture: at most 30 days back and 1000 objects in all, without a mark when
there were more. Grouped by type, oldest change first; deleted ones come after those that live.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from plumbline_sandbox.quickbooks import errors, wire
from plumbline_sandbox.quickbooks.entities.base import Entity
from plumbline_sandbox.quickbooks.entities.registry import ENTITIES
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.wire import Body

LOOK_BACK = timedelta(days=30)
"""How far back a client may ask."""

MOST_OBJECTS = 1000
"""Objects of one answer, over all types."""

UNSUPPORTED = frozenset({"journalcode", "timeactivity", "taxagency", "taxcode", "taxrate"})
"""Types without change data, in lower case."""


def changes(realm: Realm, asked: dict[str, str], most: int = MOST_OBJECTS) -> Body:
    """Return the `CDCResponse` of `entities` and `changedSince`, of so many objects at most.

    Raises:
        FaultError: 2020 for an absent parameter; the other codes are inferred.
    """
    entities, since_s = _entities(asked.get("entities", "")), _since(realm, asked.get("changedSince", ""))
    left = most
    parts: list[Body] = []
    for entity in entities:
        living, dead = _changed(realm, entity, since_s)
        living = living[:left]
        dead = dead[: left - len(living)]
        left -= len(living) + len(dead)
        parts += _parts(entity.name, living, dead, apart=realm.settings.cdc_stubs_apart)
    return {"CDCResponse": [{"QueryResponse": parts or [{}]}]}


def _changed(realm: Realm, entity: Entity, since_s: float) -> tuple[list[Body], list[Body]]:
    """Return those that live and the stubs of those deleted, each by the time of their last change."""
    lag_s = realm.settings.index_lag_s
    as_of_s = realm.clock.time() - lag_s if lag_s else None
    found = sorted(realm.stores[entity.name].changed_since(since_s, as_of_s), key=lambda change: change.at_s)
    living = [entity.render(realm, change.body) for change in found if change.body is not None]
    dead = [
        {
            "domain": "QBO",
            "status": "Deleted",
            "Id": change.entity_id,
            "MetaData": {"LastUpdatedTime": wire.stamp(datetime.fromtimestamp(change.at_s, UTC))},
        }
        for change in found
        if change.body is None
    ]
    return living, dead


def _parts(name: str, living: list[Body], dead: list[Body], *, apart: bool) -> Iterable[Body]:
    """Stubs stand in an element of their own in captured answers, with the others in Intuit's sample."""
    groups = [living, dead] if apart else [living + dead]
    for group in groups:
        if group:
            yield {name: group, "startPosition": 1, "maxResults": len(group)}


def _entities(text: str) -> list[Entity]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise FaultError(errors.missing("entities"))
    found: dict[str, Entity] = {}
    for name in names:
        entity = ENTITIES.get(name.lower())
        if entity is None or name.lower() in UNSUPPORTED:
            raise FaultError(errors.bad_choice("entities", name))
        found[entity.name] = entity
    return list(found.values())


def _since(realm: Realm, text: str) -> float:
    if not text:
        raise FaultError(errors.missing("changedSince"))
    # An unescaped plus sign of the offset arrives as a space.
    moment = wire.moment_of(text.replace(" ", "+"))
    if moment is None:
        raise FaultError(errors.bad_date_format("changedSince", text))
    if moment < realm.clock.now() - LOOK_BACK:
        raise FaultError(errors.too_long_ago(text))
    return moment.timestamp()
