"""From a `Select` to rows: which entities a query shows, in which order.

Comparisons of text ignore case, as documented; callers who need more must compare again. With
`index_lag_s` set, rows are those of that long ago: a fresh create is not found, a fresh change is
shown as it was.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from plumbline_sandbox.quickbooks import errors, wire
from plumbline_sandbox.quickbooks.entities.base import Entity
from plumbline_sandbox.quickbooks.entities.registry import ENTITIES
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.query.parser import MOST_ROWS, Condition, Select, parse
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.store import text_of
from plumbline_sandbox.quickbooks.wire import Body

Test = Callable[[Body], bool]
"""Tells whether a body is shown."""

NULL = " "
"""A text of one space stands for "no value" in a statement."""


def run(realm: Realm, statement: str, most: int = MOST_ROWS) -> Body:
    """Return the `QueryResponse` of a statement, of so many rows at most.

    Raises:
        FaultError: 4000 or 4001.
    """
    select = parse(statement)
    entity = ENTITIES.get(select.entity.lower())
    if entity is None:
        raise FaultError(errors.query_invalid(f"Entity {select.entity} not found"))
    if not realm.settings.id_sortable and any(name.lower() == "id" for name, _ in select.order):
        raise FaultError(errors.query_invalid("Property Id is not sortable"))
    rows = _sorted(entity, list(_matching(realm, entity, select)), select)
    if select.counts:
        return {"QueryResponse": {"totalCount": len(rows)}}
    page = rows[select.start - 1 : select.start - 1 + min(select.rows, most)]
    if not page:
        return {"QueryResponse": {}}
    shape = {"startPosition": select.start, "maxResults": len(page)}
    return {"QueryResponse": {entity.name: page, **shape}}


def _matching(realm: Realm, entity: Entity, select: Select) -> Iterator[Body]:
    tests = [_test(realm, entity, condition) for condition in select.conditions]
    asks_active = any(condition.name.lower() == "active" for condition in select.conditions)
    if entity.lists_active_only and not asks_active:
        tests.append(lambda body: body.get("Active") is not False)
    for stored in _candidates(realm, entity, select.conditions):
        body = entity.render(realm, stored)
        if all(test(body) for test in tests):
            yield body


def _candidates(realm: Realm, entity: Entity, conditions: Iterable[Condition]) -> Iterator[Body]:
    store = realm.stores[entity.name]
    lag_s = realm.settings.index_lag_s
    as_of_s = realm.clock.time() - lag_s if lag_s else None
    for condition in conditions:
        if condition.operator == "=" and condition.values[0] != NULL:
            found = store.candidates(condition.name, condition.values[0], as_of_s)
            if found is not None:
                return found
    return store.all(as_of_s)


def _field(entity: Entity, name: str) -> Field:
    for known, field in entity.query_fields().items():
        if known.lower() == name.lower():
            return field
    raise FaultError(errors.query_invalid(f"Property {name} not found for Entity {entity.name}"))


def _test(realm: Realm, entity: Entity, condition: Condition) -> Test:
    field = _field(entity, condition.name)
    test = _test_of(realm, field, condition)
    if not field.within:
        return test
    return lambda body: any(test(entry) for entry in body.get(field.within, ()))


def _test_of(realm: Realm, field: Field, condition: Condition) -> Test:
    if field.kind == "id" and condition.operator not in {"=", "IN"}:
        raise FaultError(errors.query_invalid(f"Operator {condition.operator} is not supported for Id"))
    if condition.operator == "LIKE":
        pattern = _like(condition.values[0])
        return lambda body: pattern.fullmatch(text_of(body, field.path) or "") is not None
    wanted = [_typed(realm, field, value) for value in condition.values]
    compare = _COMPARISONS[condition.operator]
    return lambda body: compare(_value(body, field), wanted)


def _equal_to_any(value: Any, wanted: list[Any]) -> bool:
    return value in wanted


_COMPARISONS: dict[str, Callable[[Any, list[Any]], bool]] = {
    "=": _equal_to_any,
    "IN": _equal_to_any,
    "<": lambda value, wanted: value is not None and value < wanted[0],
    ">": lambda value, wanted: value is not None and value > wanted[0],
    "<=": lambda value, wanted: value is not None and value <= wanted[0],
    ">=": lambda value, wanted: value is not None and value >= wanted[0],
}


def _like(pattern: str) -> re.Pattern[str]:
    parts = (re.escape(part) for part in pattern.split("%"))
    return re.compile(".*".join(parts), re.IGNORECASE | re.DOTALL)


def _typed(realm: Realm, field: Field, text: str) -> Any:
    """Return the value of a literal for this property; None for null.

    Raises:
        FaultError: 4001 if the property cannot have such a value.
    """
    if text == NULL:
        return None
    if field.kind == "day" and text.upper() == "CURRENT_DATE":
        return wire.today(realm.clock.now()).isoformat()
    value = _READERS[field.kind](text)
    if value is None:
        raise FaultError(errors.query_invalid(f"Invalid value {text} for property {field.path}"))
    return value


def _value(body: Body, field: Field) -> Any:
    text = text_of(body, field.path)
    return None if text is None else _READERS[field.kind](text)


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _flag(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def _day(text: str) -> str | None:
    moment: datetime | None = wire.moment_of(text)
    return moment.date().isoformat() if moment else None


_READERS: dict[str, Callable[[str], Any]] = {
    "id": str,
    "text": str.lower,
    "number": _number,
    "flag": _flag,
    "day": _day,
    "moment": wire.moment_of,
}


def _sorted(entity: Entity, rows: list[Body], select: Select) -> list[Body]:
    # Sorting is stable: the last key first gives the order of all keys.
    for name, descending in reversed(select.order):
        field = _field(entity, name)
        if not field.sortable:
            raise FaultError(errors.query_invalid(f"Property {name} is not sortable"))
        rows.sort(key=lambda body: _sort_key(body, field), reverse=descending)
    return rows


def _sort_key(body: Body, field: Field) -> tuple[bool, Any]:
    value = _value(body, field)
    if field.kind == "id":
        # The pseudo tax codes TAX and NON are the only ids that are no numbers.
        return value.isdigit(), int(value) if value.isdigit() else value
    return value is not None, value if value is not None else ""
