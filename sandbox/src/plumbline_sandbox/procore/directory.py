"""Companies and the caller itself, and what lists of simple families share."""

from collections.abc import Callable
from typing import Any, TypeVar

from plumbline_sandbox.http import Answer, Request, json_answer
from plumbline_sandbox.procore.call import Call
from plumbline_sandbox.procore.conventions import (
    filter_ids,
    filter_moments,
    invalid,
    list_v1,
    moment,
    with_headers,
)
from plumbline_sandbox.procore.records import Shown, Table
from plumbline_sandbox.procore.state import Procore, Row

T = TypeVar("T")


def as_json(shown: Shown[Row]) -> dict[str, Any]:
    """Return a record of a simple family as v1 shows it."""
    return {
        "id": shown.id,
        **shown.value,
        "created_at": moment(shown.created_at),
        "updated_at": moment(shown.updated_at),
    }


def filtered(call: Call, rows: list[Shown[Row]]) -> list[Shown[Row]]:
    """Keep the rows that the filters on id, created_at, updated_at and origin_id ask for, and sort them.

    `sort` is a field, with a minus for the other direction; one that the rows lack sorts nothing.
    """
    kept = in_filters(call.request, rows, lambda value: value.get("origin_id"))
    return _sorted(kept, call.request.query.get("sort", ""))


def in_filters(request: Request, rows: list[Shown[T]], origin_of: Callable[[T], object]) -> list[Shown[T]]:
    """Keep the rows that the filters on id, created_at, updated_at and origin_id ask for."""
    ids = filter_ids(request)
    created = filter_moments(request, "filters[created_at]")
    changed = filter_moments(request, "filters[updated_at]")
    origin_id = request.query.get("filters[origin_id]")
    return [
        row
        for row in rows
        if (ids is None or row.id in ids)
        and (created is None or created[0] <= row.created_at <= created[1])
        and (changed is None or changed[0] <= row.updated_at <= changed[1])
        and (origin_id is None or origin_of(row.value) == origin_id)
    ]


def asked_rows(request: Request, table: Table[T], project_id: int) -> list[Shown[T]]:
    """Return a project's records; `filters[include_deleted]` asks for deleted ones, `with` or `only`.

    Raises:
        RefusedError: 400, the filter is neither.
    """
    asked = request.query.get("filters[include_deleted]", "")
    if asked not in {"", "with", "only"}:
        raise invalid(request.path, {"filters[include_deleted]": ["is not included in the list"]}, 400)
    living = table.shown_of_project(project_id) if asked != "only" else []
    deleted = table.deleted_of_project(project_id) if asked else []
    return sorted([*living, *deleted], key=lambda row: row.id)


def _sorted(rows: list[Shown[Row]], sort: str) -> list[Shown[Row]]:
    field = sort.removeprefix("-")
    keys: dict[int, Any] = {row.id: as_json(row).get(field) for row in rows}
    if not all(isinstance(key, str | int) for key in keys.values()):
        return rows
    return sorted(rows, key=lambda row: keys[row.id], reverse=sort.startswith("-"))


class Directory:
    """The endpoints that tell a caller where it is and what there is."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore

    def me(self, call: Call) -> Answer:
        """`GET /rest/v1.0/me?company_id=&project_id=`: the name only with one of them (null is inferred)."""
        user, query = call.grant.user, call.request.query
        if "project_id" in query:
            company_id = call.project(self._procore).company_id
        elif "company_id" in query:
            company_id = call.company_id()
        else:
            return json_answer(200, {"id": user.id, "login": user.login, "name": None})
        entry = self._procore.users[company_id].shown(user.id)
        name = entry.value["name"] if entry else user.name
        return json_answer(200, {"id": user.id, "login": user.login, "name": name})

    def companies(self, call: Call) -> Answer:
        """`GET /rest/v1.0/companies`: those that installed the app."""
        rows = [
            {"id": company.id, "is_active": True, "name": company.name, "my_company": True}
            for company in self._procore.companies.values()
            if company.id in call.grant.app.installs
        ]
        page, headers = list_v1(call.request, rows)
        return with_headers(json_answer(200, page), headers)
