"""The accounting API of one company: requests in, answers out, request ids in between."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from plumbline_sandbox.http import Answer, Request
from plumbline_sandbox.quickbooks import batch, cdc, errors, gateway, pdf, uploads, wire
from plumbline_sandbox.quickbooks.entities.base import Entity
from plumbline_sandbox.quickbooks.entities.registry import ENTITIES
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.query.run import run
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.routes import Target, includes
from plumbline_sandbox.quickbooks.wire import Body


async def answer(realm: Realm, target: Target, request: Request) -> Answer:
    """Return the answer to an admitted request; faults of the service are answers too."""
    try:
        _refuse_standing(realm)
        realm.files.host = request.headers.get("host", realm.files.host)
        match target.operation:
            case "write" | "delete" | "void" | "send" | "upload":
                return await _write_once(realm, target, request)
            case "batch":
                return await batch.answer(realm, request)
            case _:
                return _read(realm, target, request)
    except FaultError as fault:
        return _refusal(realm, fault)


def _read(realm: Realm, target: Target, request: Request) -> Answer:
    match target.operation:
        case "query":
            return _ok(realm, run(realm, _statement(request)))
        case "cdc":
            return _ok(realm, cdc.changes(realm, request.query))
        case "pdf":
            return _print(realm, _entity(target), target.entity_id)
        case "download":
            return _link(realm, target.entity_id)
        case "read":
            entity = _entity(target)
            return _ok(realm, entity.element(realm, entity.find(realm, target.entity_id, request.query)))
        case _:
            raise FaultError(errors.unsupported_operation(target.resource))


async def _write_once(realm: Realm, target: Target, request: Request) -> Answer:
    call = Call("api", request.query.get("requestid", ""), include=includes(request))
    entity = None if target.operation == "upload" else _entity(target)

    async def execute() -> Answer:
        if realm.settings.work_s:
            await realm.clock.sleep(realm.settings.work_s)
        try:
            if entity is None:
                kept = uploads.upload(realm, request, call)
                return _ok(realm, kept, committed=any("Attachable" in e for e in kept["AttachableResponse"]))
            content = _change(realm, entity, target, request, call)
            return _ok(realm, {**content, **_warnings(call)}, committed=True)
        except FaultError as fault:
            return _refusal(realm, fault)

    if not call.requestid or target.operation not in realm.settings.requestid_operations:
        return await execute()
    return await realm.requests.once(call.requestid, _fingerprint(target, request), execute, realm.settings)


def _change(realm: Realm, entity: Entity, target: Target, request: Request, call: Call) -> Body:
    if target.operation == "send":
        sender = Call(call.origin, call.requestid, send_to=request.query.get("sendTo", ""))
        return entity.element(realm, entity.send(realm, target.entity_id, sender))
    sent = _body(request, entity)
    if target.operation == "delete":
        return entity.delete(realm, sent, call)
    change: Callable[[Realm, Body, Call], Body] = entity.void if target.operation == "void" else entity.write
    return entity.element(realm, change(realm, sent, call))


def _entity(target: Target) -> Entity:
    entity = ENTITIES.get(target.resource)
    if entity is None:
        raise FaultError(errors.unsupported_operation(target.resource))
    return entity


def _print(realm: Realm, entity: Entity, entity_id: str) -> Answer:
    if not entity.prints:
        raise FaultError(errors.unsupported_operation("pdf"))
    content = pdf.form(realm.name, entity.name, entity.read(realm, entity_id))
    return Answer(200, content, {"content-type": pdf.CONTENT_TYPE})


def _link(realm: Realm, attachable_id: str) -> Answer:
    """Answer a link to the file as plain text; 610 for an attachable without a file (inferred)."""
    attachables = ENTITIES["attachable"]
    shown = attachables.render(realm, attachables.read(realm, attachable_id))
    if "TempDownloadUri" not in shown:
        raise FaultError(errors.not_found())
    return Answer(200, shown["TempDownloadUri"].encode(), {"content-type": "text/plain"})


def _body(request: Request, entity: Entity) -> Body:
    """Return the entity that was sent.

    Raises:
        FaultError: 2010, the code the service has for bodies it cannot read.
    """
    try:
        sent: Any = wire.parse(request.body)
    except ValueError:
        raise FaultError(errors.bad_property("failed to parse json object; a property specified")) from None
    if not isinstance(sent, dict):
        raise FaultError(errors.bad_property(entity.name))
    return sent


def _statement(request: Request) -> str:
    if request.method == "GET":
        return request.query.get("query", "")
    return request.body.decode("utf-8", "replace")


def _fingerprint(target: Target, request: Request) -> bytes:
    what = f"{target.operation} {target.resource} {target.entity_id} ".encode()
    return hashlib.blake2b(what + request.body, digest_size=16).digest()


def _refuse_standing(realm: Realm) -> None:
    refusal = _STANDINGS.get(realm.settings.standing)
    if refusal is not None:
        raise FaultError(refusal())


_STANDINGS: Mapping[str, Callable[[], errors.Trouble]] = {
    "lapsed": errors.lapsed,
    "forbidden": errors.permission_denied,
    "removed": errors.user_removed,
    "moved": errors.wrong_cluster,
    "locked": errors.locked,
    "maintenance": errors.maintained,
    "failing": errors.failing,
}
"""What a company of this standing answers to everything."""


def _warnings(call: Call) -> Body:
    return {"Warnings": {"Warning": [w.as_json() for w in call.warnings]}} if call.warnings else {}


def _ok(realm: Realm, content: Body, *, committed: bool = False) -> Answer:
    # HTTP 200 for creates too (published clients refuse any other status).
    body = wire.envelope(content, realm.clock.now())
    return Answer(200, body, {"content-type": gateway.JSON}, committed=committed)


def _refusal(realm: Realm, fault: FaultError) -> Answer:
    return Answer(realm.settings.fault_status, fault.body(realm.clock.now()), {"content-type": gateway.JSON})
