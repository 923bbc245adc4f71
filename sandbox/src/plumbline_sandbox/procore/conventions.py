"""What all Procore endpoints share: envelopes, error bodies, paging, filters, value formats.

Sources: Procore docs, REST API overview, new REST v2 version, pagination, filtering on list
actions, error reference.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import urlencode

from plumbline_sandbox.http import Answer, RefusedError, Request, json_answer
from plumbline_sandbox.procore.forms import is_form, read_form

V1_PAGE = 100
"""Rows of a v1 page when the caller does not say (inferred: the documentation gives none)."""

V1_PAGE_MAX = 2000
"""Most rows of a v1 page (the documentation recommends no more)."""

V2_PAGE = 10
"""Rows of a v2 page when the caller does not say."""

V2_PAGE_MAX = 100
"""Most rows of a v2 page."""

WRONG_PATH = b"<!DOCTYPE html><html><head><title>Not Found</title></head><body>The page you were looking for doesn't exist.</body></html>"
"""Body of a 404 for a path that is no endpoint; real Procore answers HTML there."""

FORBIDDEN = "You do not have permission to perform this action"
"""What a caller is told that lacks the level for a write (the wording is inferred)."""

SYNCED = "cannot be edited because it has been synced with ERP"
"""The complaint about a change to a record that has an origin_id."""

_REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    409: "Conflict",
    422: "Unprocessable Entity",
}

T = TypeVar("T")


def is_v2(path: str) -> bool:
    """Tell whether a path belongs to the v2 conventions."""
    return path.startswith("/rest/v2")


def not_found(path: str) -> RefusedError:
    """Return the refusal of what is absent or invisible to the caller."""
    if is_v2(path):
        return RefusedError(_v2_error(404, "Item not found", []))
    return RefusedError(json_answer(404, {"message": "Item not found"}))


def wrong_path() -> RefusedError:
    """Return the refusal of a path that is no endpoint."""
    return RefusedError(Answer(404, WRONG_PATH, {"content-type": "text/html; charset=utf-8"}))


def invalid(path: str, errors: dict[str, list[str]], status: int = 422) -> RefusedError:
    """Return the refusal of a request that breaks a rule, with messages per field."""
    if is_v2(path):
        details = [
            {"code": "invalid", "message": message, "source": field}
            for field, messages in errors.items()
            for message in messages
        ]
        return RefusedError(_v2_error(status, "Validation failed", details))
    return RefusedError(json_answer(status, {"errors": errors}))


def unauthorized(path: str, message: str) -> Answer:
    """Return the 401 of the default error schema (v1) or the standard error format (v2)."""
    if is_v2(path):
        return _v2_error(401, message, [])
    body = {"code": 401, "message": message, "fields": "", "reason": "invalid_token", "error": "Unauthorized"}
    return json_answer(401, body)


def forbidden(message: str = FORBIDDEN) -> RefusedError:
    """Return the 403 whose errors are a plain list of strings, in v1 and v2 alike."""
    return RefusedError(json_answer(403, {"errors": [message]}))


def _v2_error(status: int, message: str, details: list[dict[str, str]]) -> Answer:
    error = {"code": str(status), "message": message or _REASONS.get(status, ""), "details": details}
    return json_answer(status, {"error": error})


def read_object(request: Request) -> dict[str, Any]:
    """Return the request's JSON object, or the nested values of a form.

    Raises:
        RefusedError: 400, the body is neither.
    """
    if is_form(request):
        try:
            return read_form(request)
        except ValueError as broken:
            raise invalid(request.path, {"base": ["request body is not a valid form"]}, 400) from broken
    try:
        value = request.json() if request.body else {}
    except ValueError as broken:
        raise invalid(request.path, {"base": ["request body is not valid JSON"]}, 400) from broken
    if not isinstance(value, dict):
        raise invalid(request.path, {"base": ["request body must be an object"]}, 400)
    return value


def part(body: dict[str, Any], name: str, path: str) -> dict[str, Any]:
    """Return the nested object of this name; empty when it is absent.

    Raises:
        RefusedError: 400, it is no object.
    """
    value = body.get(name, {})
    if not isinstance(value, dict):
        raise invalid(path, {name: ["is not an object"]}, 400)
    return value


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for; both numbers are at least 1."""

    number: int
    size: int


def asked_page(request: Request, *, size: int, size_max: int) -> Page:
    """Read `page` and `per_page`; too large a page is cut to the maximum (inferred).

    Raises:
        RefusedError: 400, one of them is no positive number.
    """
    try:
        page = Page(int(request.query.get("page", "1")), int(request.query.get("per_page", size)))
    except ValueError as malformed:
        raise invalid(request.path, {"page": ["is not a number"]}, 400) from malformed
    if page.number < 1 or page.size < 1:
        raise invalid(request.path, {"page": ["must be greater than 0"]}, 400)
    return Page(page.number, min(page.size, size_max))


def list_v1(
    request: Request, rows: Sequence[T], *, size: int = V1_PAGE
) -> tuple[Sequence[T], dict[str, str]]:
    """Cut a v1 page out of all rows; return it with its headers."""
    return _cut(request, rows, asked_page(request, size=size, size_max=V1_PAGE_MAX))


def list_v2(request: Request, rows: Sequence[T]) -> tuple[Sequence[T], dict[str, str]]:
    """Cut a v2 page out of all rows; return it with its headers."""
    return _cut(request, rows, asked_page(request, size=V2_PAGE, size_max=V2_PAGE_MAX))


def _cut(request: Request, rows: Sequence[T], page: Page) -> tuple[Sequence[T], dict[str, str]]:
    start = (page.number - 1) * page.size
    headers = {"total": str(len(rows)), "per-page": str(page.size)}
    if link := _links(request, page, total=len(rows)):
        headers["link"] = link
    return rows[start : start + page.size], headers


def _links(request: Request, page: Page, *, total: int) -> str:
    last = max(1, -(-total // page.size))
    wanted: dict[str, int] = {}
    if page.number > 1:
        wanted |= {"first": 1, "prev": page.number - 1}
    if page.number < last:
        wanted |= {"last": last, "next": page.number + 1}
    base = f"http://{request.headers.get('host', 'localhost')}{request.path}"
    return ", ".join(
        f'<{base}?{_query(request, page, number)}>; rel="{rel}"' for rel, number in wanted.items()
    )


def _query(request: Request, page: Page, number: int) -> str:
    return urlencode({**request.query, "page": str(number), "per_page": str(page.size)})


def with_headers(answer: Answer, headers: dict[str, str]) -> Answer:
    """Add headers to an answer and return it."""
    answer.headers.update(headers)
    return answer


def of_list(path: str, rows: Sequence[Any], headers: dict[str, str]) -> Answer:
    """Return the answer of a list: bare in v1, under `data` in v2."""
    body = {"data": list(rows)} if is_v2(path) else list(rows)
    return with_headers(json_answer(200, body), headers)


def filter_ids(request: Request, name: str = "filters[id]") -> set[int] | None:
    """Return the ids a filter asks for (`7`, `7,8`, `[7,8]`, or repeated as `name[]`); None without it.

    Raises:
        RefusedError: 400, the filter is no list of numbers.
    """
    text = request.query.get(name, request.query.get(f"{name}[]"))
    if text is None:
        return None
    try:
        return {int(part) for part in text.strip("[]").split(",") if part.strip()}
    except ValueError as malformed:
        raise invalid(request.path, {name: ["is not a list of ids"]}, 400) from malformed


def asked_view(request: Request, *views: str) -> str:
    """Return the view a caller asks for, the first if it does not say.

    Raises:
        RefusedError: 400, there is no such view.
    """
    view = request.query.get("view", views[0])
    if view not in views:
        raise invalid(request.path, {"view": ["is not included in the list"]}, 400)
    return view


def filter_flag(request: Request, name: str) -> bool | None:
    """Return the true or false a filter asks for; None without it.

    Raises:
        RefusedError: 400, it is neither.
    """
    text = request.query.get(name)
    if text not in {None, "true", "false"}:
        raise invalid(request.path, {name: ["is not true or false"]}, 400)
    return None if text is None else text == "true"


def filter_moments(request: Request, name: str) -> tuple[datetime, datetime] | None:
    """Return the range a filter asks for (`from...to`, ISO 8601, quotes allowed); None without it.

    Times without an offset are UTC, and a last day is part of its range.

    Raises:
        RefusedError: 400, the filter is no range.
    """
    text = request.query.get(name)
    if text is None:
        return None
    try:
        first, last = text.strip('"').split("...")
        return _moment(first, time.min), _moment(last, time.max)
    except ValueError as malformed:
        raise invalid(request.path, {name: ["is not a range of date-times"]}, 400) from malformed


def _moment(text: str, time_of_day: time) -> datetime:
    if len(text) == len("2016-09-23"):
        return datetime.combine(date.fromisoformat(text), time_of_day, UTC)
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def string_ids(value: Any) -> Any:
    """Return the value with every id as a string, as v2 has them."""
    if isinstance(value, list):
        return [string_ids(item) for item in value]
    if isinstance(value, dict):
        return {name: _string_id(name, item) for name, item in value.items()}
    return value


def _string_id(name: str, value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool) and (name == "id" or name.endswith("_id")):
        return str(value)
    return string_ids(value)


def money(amount: Decimal) -> str:
    """Format an amount or percent as Procore does: a string with two decimals."""
    return f"{amount:.2f}"


def plain_number(value: Decimal) -> str:
    """Format a quantity, or a price of one: a string without zeros at its end."""
    return f"{value.normalize():f}"


def moment(at: datetime) -> str:
    """Format a timestamp in UTC with a `Z` and whole seconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_us(at: datetime) -> str:
    """Format a timestamp in UTC with a `Z` and microseconds, as webhooks carry it."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def day(value: date | None) -> str | None:
    """Format a date, or None."""
    return None if value is None else value.isoformat()


def dumps(value: Any) -> bytes:
    """Return compact JSON bytes."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


INTEGER = re.compile(r"\d{1,18}")
"""An id in a path or a query."""
