"""Fields of webhooks, as both vendors send them: ids, times, and what is wrong with a body that has none."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, StringConstraints, TypeAdapter, ValidationError

from plumbline.common.contracts.base import as_utc

_JSON: TypeAdapter[Any] = TypeAdapter(Any)

_ISO_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")


class UnreadableWebhookError(Exception):
    """A body, or a part of one, that tells of no event; `reason` is stable, the text says what is wrong with it."""

    def __init__(self, reason: str, detail: str) -> None:
        """Name the reason."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def said_in(body: bytes) -> Any:
    """Return what a body says in JSON.

    Raises:
        UnreadableWebhookError: `empty` or `not-json`.
    """
    if not body.strip():
        raise UnreadableWebhookError("empty", "the body is empty")
    try:
        return _JSON.validate_json(body)
    except ValidationError as error:
        raise UnreadableWebhookError("not-json", "the body is not JSON") from error


def unreadable(error: ValidationError) -> UnreadableWebhookError:
    """Return what is wrong as `unknown-version`, `incomplete` or `bad-field`, without quoting the body."""
    problems = error.errors(include_input=False, include_url=False)
    # A version we do not know may lack any field: its name is what is wrong, not the first gap.
    first = next((problem for problem in problems if problem["type"] == "literal_error"), problems[0])
    code = {"literal_error": "unknown-version", "missing": "incomplete"}.get(first["type"], "bad-field")
    return UnreadableWebhookError(code, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")


def _text(value: Any) -> Any:
    """Return an id as text: some payloads send numbers, others strings."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _present(value: Any) -> Any:
    return None if value == "" else value


def _iso_time(value: Any) -> Any:
    # Left to itself, pydantic takes numbers, and texts of numbers, for seconds since 1970.
    if not isinstance(value, str) or not _ISO_TIME.match(value):
        raise ValueError("not an ISO 8601 time")
    return value


def _in_utc(moment: datetime) -> datetime:
    return as_utc(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


Id = Annotated[str, BeforeValidator(_text), StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
"""A number or a ULID. Anything else could break the keys that are made of ids with slashes between them."""

OptionalId = Annotated[Id | None, BeforeValidator(_present)]
"""An id that may be absent, null or empty."""

Time = Annotated[datetime, BeforeValidator(_iso_time), AfterValidator(_in_utc)]
"""In UTC, which the vendors' times are even where the zone is left out."""
