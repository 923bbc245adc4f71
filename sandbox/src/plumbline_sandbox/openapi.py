"""What the sandbox serves, as OpenAPI 3.1: made from the tables that serve it, not written beside them.

It says no more than the tables know: paths, methods, properties, envelopes and shapes of errors.
The vendors' own references say what a property means.
"""

import inspect
import re
from collections.abc import Iterable
from typing import Any

from plumbline_sandbox.procore.conventions import is_v2
from plumbline_sandbox.procore.routes import Route, Routes
from plumbline_sandbox.quickbooks.entities.base import ALWAYS_IGNORED, Entity
from plumbline_sandbox.quickbooks.entities.registry import ENTITIES
from plumbline_sandbox.quickbooks.query.fields import Kind
from plumbline_sandbox.quickbooks.routes import COMPANY
from plumbline_sandbox.world import World

Schema = dict[str, Any]
"""A JSON Schema, or another part of the document."""

_KINDS: dict[Kind, Schema] = {
    "id": {"type": "string"},
    "number": {"type": "number"},
    "flag": {"type": "boolean"},
    "day": {"type": "string", "format": "date"},
    "moment": {"type": "string", "format": "date-time"},
    "text": {},
}

_REFERENCE: Schema = {
    "type": "object",
    "properties": {"value": {"type": "string"}, "name": {"type": "string"}},
    "required": ["value"],
}

_PLACE = re.compile(r"\{(\w+)\}")
_QUERY = re.compile(r"[?&](\w+)=")


def quickbooks(world: World) -> Schema:
    """Return the description of the accounting API, with this sandbox's companies in it."""
    realm = _path_parameter("realm", {"type": "string", "enum": [*world.quickbooks.company_names()]})
    base = f"{COMPANY}{{realm}}"
    paths: dict[str, Schema] = {}
    for entity in ENTITIES.values():
        paths |= _entity_paths(base, entity)
    paths |= _service_paths(base)
    for path in paths.values():
        path["parameters"] = [realm, *path.get("parameters", [])]
    schemas = {entity.name: _entity_schema(entity) for entity in ENTITIES.values()}
    return _document("QuickBooks Online Accounting API", paths, {**schemas, **_QUICKBOOKS_ERRORS})


def procore(world: World) -> Schema:
    """Return the description of Procore's API, with this sandbox's companies and projects in it."""
    ids = {
        "company": {"type": "integer", "enum": [*world.procore.companies]},
        "project": {"type": "integer", "enum": [row.id for row in world.procore.projects.living()]},
    }
    paths: dict[str, Schema] = {}
    for route in Routes(world.procore):
        path = paths.setdefault(route.template, {"parameters": _places(route, ids)})
        path[route.method.lower()] = _endpoint(route, ids)
    return _document("Procore API", paths, _PROCORE_ERRORS)


def _document(title: str, paths: dict[str, Schema], schemas: Schema) -> Schema:
    about = "As the sandbox serves it; where, and with which credentials, tells the line it prints at start."
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "sandbox", "description": about},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _entity_paths(base: str, entity: Entity) -> dict[str, Schema]:
    """Return the paths of one family: `/invoice`, `/invoice/{id}`, `/invoice/{id}/send`, `/invoice/{id}/pdf`."""
    word = entity.name.lower()
    one = {"parameters": [_path_parameter("id", {"type": "string"})]}
    answer = _quickbooks_answers(_answered(entity))
    paths: dict[str, Schema] = {
        f"{base}/{word}": {"post": _write(entity, answer)},
        f"{base}/{word}/{{id}}": {**one, "get": _operation(f"Read {entity.name}", answer)},
    }
    if _overrides(entity, "send"):
        to = _parameter("sendTo", {"type": "string"})
        paths[f"{base}/{word}/{{id}}/send"] = {**one, "post": _operation(f"Mail {entity.name}", answer, [to])}
    if entity.prints:
        printed = _quickbooks_answers({}, "application/pdf")
        paths[f"{base}/{word}/{{id}}/pdf"] = {**one, "get": _operation(f"Print {entity.name}", printed)}
    return paths


def _write(entity: Entity, answer: Schema) -> Schema:
    steps = [step for step in ("delete", "void") if _overrides(entity, step)]
    parameters = [
        _parameter("operation", {"enum": ["create", "update", *steps]}),
        _parameter("requestid", {"type": "string", "maxLength": 50}),
        _parameter("minorversion", {"type": "integer"}),
    ]
    body = _body({"$ref": f"#/components/schemas/{entity.name}"})
    summary = f"Create or change {entity.name}" + "".join(f", or {step} it" for step in steps)
    return _operation(summary, answer, parameters, body)


def _service_paths(base: str) -> dict[str, Schema]:
    query = _quickbooks_answers(_enveloped({"QueryResponse": {"type": "object"}}))
    batch = _enveloped({"BatchItemResponse": {"type": "array", "items": {"type": "object"}}})
    items = {"type": "array", "items": {"type": "object"}}
    asked = {"type": "object", "properties": {"BatchItemRequest": items}}
    cdc = _quickbooks_answers(_enveloped({"CDCResponse": {"type": "array"}}))
    since = [_parameter(name, {"type": "string"}) for name in ("entities", "changedSince")]
    statement = _parameter("query", {"type": "string"})
    return {
        f"{base}/query": {"get": _operation("Run a query", query, [statement])},
        f"{base}/batch": {
            "post": _operation("Do up to thirty things", _quickbooks_answers(batch), [], _body(asked))
        },
        f"{base}/cdc": {"get": _operation("Tell what changed", cdc, since)},
    }


def _entity_schema(entity: Entity) -> Schema:
    kinds = {name: _KINDS[field.kind] for name, field in entity.query_fields().items() if "." not in name}
    names = entity.writable | entity.ignored | ALWAYS_IGNORED
    own: Schema = {"Id": {"type": "string"}, "SyncToken": {"type": "string"}, "sparse": {"type": "boolean"}}
    return {
        "type": "object",
        "properties": {name: own.get(name) or kinds.get(name, {}) for name in sorted(names)},
    }


def _answered(entity: Entity) -> Schema:
    """Return the schema of an answer, unless the family answers in another way than most."""
    if _overrides(entity, "element"):
        return {"type": "object"}
    return _enveloped({entity.name: {"type": "object"}})


def _enveloped(content: Schema) -> Schema:
    time = {"type": "string", "format": "date-time"}
    return {"type": "object", "properties": {**content, "time": time}, "required": [*content, "time"]}


def _overrides(entity: Entity, step: str) -> bool:
    return getattr(type(entity), step) is not getattr(Entity, step)


def _quickbooks_answers(schema: Schema, media_type: str = "application/json") -> Schema:
    fault = {"$ref": "#/components/schemas/Fault"}
    refused = {"$ref": "#/components/schemas/GatewayFault"}
    return {
        "200": _answer("Done", schema, media_type),
        "400": _answer("Refused by the service", fault),
        "401": _answer("No good token", refused),
        "403": _answer("Another company's token", refused),
        "429": _answer("Too many requests", {}, "application/xml"),
    }


_QUICKBOOKS_ERRORS: Schema = {
    "Fault": _enveloped(
        {
            "Fault": {
                "type": "object",
                "required": ["Error", "type"],
                "properties": {
                    "type": {"type": "string"},
                    "Error": {
                        "type": "array",
                        "minItems": 1,
                        "items": {"type": "object", "required": ["Message", "Detail", "code", "element"]},
                    },
                },
            }
        }
    ),
    "GatewayFault": {"type": "object", "required": ["fault", "time"]},
}


def _endpoint(route: Route, ids: dict[str, Schema]) -> Schema:
    told = inspect.getdoc(route.handler) or ""
    paging = {"type": "integer", "minimum": 1}
    known = {"company_id": ids["company"], "project_id": ids["project"], "page": paging, "per_page": paging}
    parameters = [
        {**_parameter("Procore-Company-Id", ids["company"]), "in": "header"},
        *(_parameter(name, known.get(name, {})) for name in _queried(route, told)),
    ]
    body = _body({"type": "object"}) if route.method in {"POST", "PATCH", "PUT"} else None
    summary = told.partition("\n")[0].replace("`", "")
    return {**_operation(summary, _procore_answers(route, summary), parameters, body), "tags": [route.tool]}


def _queried(route: Route, told: str) -> Iterable[str]:
    """Return the names of query parameters: what the handler's first line tells, and those all have."""
    names = dict.fromkeys(_QUERY.findall(told.partition("\n")[0]))
    if route.method == "GET":
        names |= dict.fromkeys(("page", "per_page"))
    in_path = set(_PLACE.findall(route.template))
    names |= dict.fromkeys(f"{place}_id" for place in ("company", "project") if place not in in_path)
    return names


def _procore_answers(route: Route, summary: str) -> Schema:
    """Return what a route may answer; a handler whose first line says that it answers nothing has no body."""
    v2 = is_v2(route.template)
    # The standard format of v2; v1 has objects and lists.
    good: Schema = {"type": "object", "required": ["data"]} if v2 else {"type": ["object", "array", "string"]}
    error = {"$ref": f"#/components/schemas/{'V2Error' if v2 else 'V1Error'}"}
    forbidden = {"$ref": "#/components/schemas/Forbidden"}
    nothing: Schema = {"description": "Done"}
    silent = "answers nothing" in summary
    done = {"200": nothing if silent else _answer("Done", good), "201": _answer("Made", good), "204": nothing}
    refused = {str(status): _answer("Refused", error) for status in (400, 401, 404, 409, 422)}
    return {
        **done,
        **refused,
        "403": _answer("Not allowed", forbidden),
        "429": _answer("Too many requests", {}),
    }


_PROCORE_ERRORS: Schema = {
    "V1Error": {
        "type": "object",
        "anyOf": [{"required": ["errors"]}, {"required": ["message"]}, {"required": ["error"]}],
    },
    "V2Error": {
        "type": "object",
        "required": ["error"],
        "properties": {"error": {"type": "object", "required": ["code", "message", "details"]}},
    },
    "Forbidden": {
        "type": "object",
        "required": ["errors"],
        "properties": {"errors": {"type": "array", "items": {"type": "string"}}},
    },
}


def _places(route: Route, ids: dict[str, Schema]) -> list[Schema]:
    shapes = {**ids, "uuid": {"type": "string", "pattern": "^[0-9A-Z]{26}$"}}
    number = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}
    return [_path_parameter(name, shapes.get(name, number)) for name in _PLACE.findall(route.template)]


def _operation(
    summary: str, answers: Schema, parameters: list[Schema] | None = None, body: Schema | None = None
) -> Schema:
    described: Schema = {"summary": summary, "parameters": parameters or [], "responses": answers}
    return {**described, "requestBody": body} if body else described


def _parameter(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _path_parameter(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _body(schema: Schema) -> Schema:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _answer(description: str, schema: Schema, media_type: str = "application/json") -> Schema:
    return {"description": description, "content": {media_type: {"schema": schema}}}
