"""`POST /batch`: up to thirty independent items in one request.

Intuit, Batch: nothing is atomic, no order is promised, and one item cannot build on another; a
refused item is a `Fault` in an answer with HTTP 200. Items are worked off in a shuffled order, so
that no client gets used to one.
"""

import hashlib
import random
from collections.abc import Awaitable, Callable
from typing import Any

from plumbline_sandbox.http import Answer, Request
from plumbline_sandbox.quickbooks import cdc, errors, gateway, wire
from plumbline_sandbox.quickbooks.entities.base import Entity
from plumbline_sandbox.quickbooks.entities.registry import ENTITIES
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.query.run import run
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.requestid import LONGEST
from plumbline_sandbox.quickbooks.wire import Body

MOST_OBJECTS = 1000
"""Objects of one answer (Intuit, Batch; that what is beyond is left out without a mark is inferred)."""

_READS = frozenset({"Query", "CDCQuery"})
_STEERING = frozenset({"bId", "operation", "optionsData", *_READS})


class _Room:
    """How many objects the answer to one batch may still hold; every write has one in any case."""

    def __init__(self, items: list[Body]) -> None:
        self.left = MOST_OBJECTS - sum(_READS.isdisjoint(item) for item in items)

    def take(self, content: Body) -> Body:
        """Count the objects that a query found."""
        parts = content.get("CDCResponse", [{"QueryResponse": [content.get("QueryResponse", {})]}])
        self.left -= sum(part.get("maxResults", 0) for part in parts[0]["QueryResponse"])
        return content


async def answer(realm: Realm, request: Request) -> Answer:
    """Work off a batch.

    Raises:
        FaultError: The batch as a whole is refused: no items (2020), too many (1040), no JSON (2010).
    """
    items = _items(request.body)
    if len(items) > (most := realm.settings.batch_most_items):
        raise FaultError(errors.too_many_items(len(items), most))
    requestid = request.query.get("requestid", "")
    # Seeded by the bytes, so that a run can be repeated.
    random.Random(hashlib.blake2b(request.body).digest()).shuffle(items)
    room = _Room(items)
    answers = [await _answer_item(realm, item, requestid, room) for item in items]
    bodies = b",".join(one.body for one in answers)
    end = wire.envelope({}, realm.clock.now())[1:]
    return Answer(
        200,
        b'{"BatchItemResponse":[' + bodies + b"]," + end,
        {"content-type": gateway.JSON},
        committed=any(one.committed for one in answers),
        replay=all(one.replay for one in answers),
    )


def count_items(raw: bytes) -> int:
    """Return how many items a batch has; 1 for one that cannot be read."""
    try:
        return max(len(_items(raw)), 1)
    except FaultError:
        return 1


def _items(raw: bytes) -> list[Body]:
    try:
        sent: Any = wire.parse(raw)
    except ValueError:
        sent = None
    if not isinstance(sent, dict):
        raise FaultError(errors.bad_property("failed to parse json object; a property specified"))
    items = sent.get("BatchItemRequest")
    if not items:
        raise FaultError(errors.missing("BatchItemRequest"))
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise FaultError(errors.bad_property("BatchItemRequest"))
    return list(items)


async def _answer_item(realm: Realm, item: Body, requestid: str, room: _Room) -> Answer:
    """Return one element of the answer as bytes."""
    b_id, writes = str(item.get("bId", "")), _READS.isdisjoint(item)
    key = requestid + b_id if requestid and writes else ""

    async def execute() -> Answer:
        if writes and realm.settings.work_s:
            await realm.clock.sleep(realm.settings.work_s)
        try:
            content = _write(realm, item, key) if writes else room.take(_read(realm, item, room.left))
            committed = writes
        except FaultError as fault:
            content, committed = fault.as_json(), False
        return Answer(200, wire.dump({"bId": b_id, **content}), committed=committed)

    if not key:
        return await execute()
    return await _once(realm, item, b_id, key, execute)


async def _once(
    realm: Realm, item: Body, b_id: str, key: str, execute: Callable[[], Awaitable[Answer]]
) -> Answer:
    """Execute an item, or answer as its request id and `bId` together were answered before."""
    try:
        if len(key) > LONGEST:
            raise FaultError(_too_long(key))
        if realm.settings.batch_replay == "unexpected" and realm.requests.knows(key, realm.settings):
            raise FaultError(errors.unexpected())
        fingerprint = hashlib.blake2b(wire.dump(item), digest_size=16).digest()
        return await realm.requests.once(key, fingerprint, execute, realm.settings)
    except FaultError as fault:
        return Answer(200, wire.dump({"bId": b_id, **fault.as_json()}))


def _read(realm: Realm, item: Body, most: int) -> Body:
    """Answer a query, or a question for what changed (XSD: `CDCQuery` with `Entities` and `ChangedSince`).

    Raises:
        FaultError: The service refuses.
    """
    if "Query" in item:
        return run(realm, str(item["Query"]), most)
    asked = item["CDCQuery"]
    if not isinstance(asked, dict):
        raise FaultError(errors.bad_property("CDCQuery"))
    named = {"entities": asked.get("Entities", ""), "changedSince": asked.get("ChangedSince", "")}
    return cdc.changes(realm, {name: str(value) for name, value in named.items()}, most)


def _write(realm: Realm, item: Body, key: str) -> Body:
    """Do what an item asks for; return what its element of the answer holds.

    Raises:
        FaultError: The service refuses.
    """
    entity, sent = _entity(item)
    include = _options(item)
    call = Call("api", key, include=include)
    operation = str(item.get("operation", "")).lower()
    if operation == "update" and "void" in include:
        operation = "void"
    match operation:
        case "create" | "update":
            return entity.element(realm, entity.write(realm, sent, call))
        case "delete":
            return entity.delete(realm, sent, call)
        case "void":
            return entity.element(realm, entity.void(realm, sent, call))
        case "send":
            return entity.element(realm, entity.send(realm, str(sent.get("Id", "")), call))
        case "":
            raise FaultError(errors.missing("operation"))
        case _:
            raise FaultError(errors.unsupported_operation(operation))


def _options(item: Body) -> frozenset[str]:
    """Return what `optionsData` holds; the PHP SDK spells the number's option longer than all others do."""
    options = frozenset(str(item.get("optionsData", "")).lower().split(","))
    return options | {"allowduplicatedocnum"} if "allowduplicatedocnumber" in options else options


def _entity(item: Body) -> tuple[Entity, Body]:
    names = [name for name in item if name not in _STEERING]
    if len(names) != 1 or not isinstance(item[names[0]], dict):
        raise FaultError(errors.bad_property(", ".join(names) or "BatchItemRequest"))
    entity = ENTITIES.get(names[0].lower())
    if entity is None:
        raise FaultError(errors.unsupported_operation(names[0]))
    return entity, item[names[0]]


def _too_long(key: str) -> errors.Trouble:
    """6000, in the captured words: the service joins request id and `bId`."""
    return errors.business(
        f"You cannot enter more than {LONGEST} characters in the request_id field. "
        f"You have entered {key} which is {len(key)} characters."
    )
