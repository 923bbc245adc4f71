"""What an answer of Procore says: a record, or one of our errors."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from plumbline.common.errors import SuiteError
from plumbline.common.http import PartnerAnswer
from plumbline.procore.errors import (
    ProcoreForbiddenError,
    ProcoreInvisibleError,
    ProcoreRefusedError,
    ProcoreThrottledError,
    ProcoreUnavailableError,
    ProcoreUnreadableError,
)
from plumbline.procore.rates import asked_wait

T = TypeVar("T")

MAX_WORDS_CHARS = 500
"""How much of Procore's own explanation is kept; a person reads it, nobody parses it."""

_WRAPPERS = frozenset({"errors", "error", "message", "reason", "details", "base", "fields"})
"""Keys that only wrap Procore's sentences; every other key names the field a sentence is about."""


_MEANINGS: dict[int, type[SuiteError]] = {403: ProcoreForbiddenError, 404: ProcoreInvisibleError}
"""Statuses with a meaning of their own (Procore docs, Error reference); others are plain refusals."""


def read(shape: type[T], answer: PartnerAnswer) -> T:
    """Return the answer's body as a record of the given shape.

    Raises:
        ProcoreUnavailableError: transient; the body is no whole JSON.
        ProcoreUnreadableError: permanent; it is JSON of another shape.
    """
    try:
        said = json.loads(answer.body, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError, InvalidOperation) as error:
        raise ProcoreUnavailableError("Procore's answer is no whole JSON", **_ids(answer)) from error
    try:
        record: T = _adapter(shape).validate_python(said)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False, include_context=False)
    else:
        return record
    places = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults[:3])
    raise ProcoreUnreadableError(f"Procore's answer cannot be read: {places}", **_ids(answer))


_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)
"""The reader of a shape; building one costs more than using it."""


def _no_number(name: str) -> None:
    """Refuse NaN and the infinities, which are no JSON and no money."""
    raise ValueError(name)


def refusal(answer: PartnerAnswer, now: datetime) -> SuiteError | None:
    """Return the error that an answer stands for; None for a success.

    An answer of 401 is not sorted here: the transport replaces the token first.
    """
    if 200 <= answer.status < 300:
        return None
    if answer.status == 429 or (answer.status == 503 and "retry-after" in answer.headers):
        wait = asked_wait(answer.headers, now)
        return ProcoreThrottledError(retry_after=wait, holds_connection=True, **_ids(answer))
    said = explanation(answer.body)
    if said is None or not 400 <= answer.status < 500 or answer.status == 408:
        return ProcoreUnavailableError(f"Procore answered {answer.status}", **_ids(answer))
    kind = _MEANINGS.get(answer.status, ProcoreRefusedError)
    return kind(f"Procore answered {answer.status}: {said}", **_ids(answer))


def explanation(body: bytes) -> str | None:
    """Return Procore's own words from an error body; None if it is no JSON (a web page, or nothing).

    Procore has several shapes: `errors` as a string, an array or a map of fields, `error` as a string
    or an object, and a bare `message`.
    """
    try:
        said = "; ".join(dict.fromkeys(_sentences(json.loads(body))))[:MAX_WORDS_CHARS]
    except (ValueError, RecursionError):
        return None
    # PostgreSQL, where the words are kept for a person, holds neither NUL nor half a surrogate pair.
    return "".join(char if char.isprintable() else " " for char in said).strip() or "no reason given"


def _sentences(said: Any, field: str = "") -> Iterator[str]:
    match said:
        case str() if said.strip() and not said.isdecimal():
            yield f"{field}: {said.strip()}" if field else said.strip()
        case list():
            for part in said:
                yield from _sentences(part, field)
        case {"message": message, "source": str(source)}:  # a detail of API v2.0
            yield from _sentences(message, source)
        case dict():
            for key, part in said.items():
                yield from _sentences(part, field if key in _WRAPPERS else key)
        case _:
            return  # Numbers such as a repeated status say nothing to a person.


def _ids(answer: PartnerAnswer) -> dict[str, Any]:
    """Return what Procore's support asks for, to be logged with the error."""
    return {"http_status": answer.status, "x_request_id": answer.headers.get("x-request-id")}
