"""What an answer of QuickBooks says: of a write, a `Reply`; of a read, a document or an error."""

import json
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from pydantic import ValidationError

from plumbline.common.errors import SuiteError
from plumbline.common.http import PartnerAnswer
from plumbline.quickbooks.errors import (
    QuickBooksFaultError,
    QuickBooksForbiddenError,
    QuickBooksThrottledError,
    QuickBooksUnavailableError,
    QuickBooksUnreadableError,
)
from plumbline.quickbooks.faults import FAULTS, Fault, Reaction, read_fault
from plumbline.quickbooks.record import Record
from plumbline.quickbooks.replies import Confirmed, Gate, RefusedAtGate, Rejected, Reply, Unknown

R = TypeVar("R", bound=Record)

Document = dict[str, Any]
"""An object of QuickBooks as parsed JSON; its numbers are `Decimal` or `int`."""

THROTTLE_WAIT = timedelta(seconds=60)
"""How long to leave a realm alone after a 429 that names no time (Intuit, Limits and throttles)."""

LONGEST_WAIT = timedelta(hours=1)
"""Bounds a `Retry-After`, which Intuit does not document: after an hour it is worth asking again."""


_DIGITS_MAX = 9  # of a `Retry-After`: 31 years, and no more than a timedelta holds


def reply_to(entity: str, answer: PartnerAnswer, *, throttle_wait: timedelta = THROTTLE_WAIT) -> Reply:
    """Sort the answer to a write of an entity; a 401 never comes here.

    A final fault of the service counts whatever the HTTP status, 200 included; so does the gateway's
    refusal. Whatever is neither that nor the entity in a 2xx leaves the outcome unknown.
    """
    tid = answer.headers.get("intuit_tid")
    fault = read_fault(answer.body)
    if fault and _is_rejection(fault, answer.status):
        return Rejected(fault, tid)
    if kind := _gate(fault, answer.status):
        return RefusedAtGate(kind, _asked_wait(answer, throttle_wait) if kind == "throttled" else None, tid)
    document = None if fault else _entity(entity, answer)
    if document is None or not isinstance(document.get("Id"), str):
        return Unknown(
            str(fault) if fault else f"QuickBooks answered {answer.status} without the {entity}", tid
        )
    return Confirmed(document, tid)


def document_in(entity: str, answer: PartnerAnswer, *, throttle_wait: timedelta = THROTTLE_WAIT) -> Document:
    """Return the named object from the answer to a read.

    Raises:
        QuickBooksThrottledError: wait, holds the connection.
        QuickBooksForbiddenError: needs a person.
        QuickBooksFaultError: permanent.
        QuickBooksUnavailableError: transient; there is no such object in a whole answer.
    """
    _raise_read_error(answer, throttle_wait)
    if (document := _entity(entity, answer)) is not None:
        return document
    raise QuickBooksUnavailableError(
        f"QuickBooks answered {answer.status} without a {entity}", **_fields(answer)
    )


def said_in(answer: PartnerAnswer, *, throttle_wait: timedelta = THROTTLE_WAIT) -> Document:
    """Return all that the answer to a read says, around its objects too.

    Raises:
        QuickBooksThrottledError: wait, holds the connection.
        QuickBooksForbiddenError: needs a person.
        QuickBooksFaultError: permanent.
        QuickBooksUnavailableError: transient; it is no whole answer.
    """
    _raise_read_error(answer, throttle_wait)
    if (said := _said(answer)) is not None:
        return said
    raise QuickBooksUnavailableError(f"QuickBooks answered {answer.status} without JSON", **_fields(answer))


def record_of(model: type[R], document: Document) -> R:
    """Return a document as a record.

    Raises:
        QuickBooksUnreadableError: permanent; a needed field is missing or of another shape.
    """
    try:
        return model.model_validate(document)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False, include_context=False)
    places = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults[:3])
    raise QuickBooksUnreadableError(f"QuickBooks' {model.__name__} cannot be read: {places}")


def _is_rejection(fault: Fault, status: int) -> bool:
    """Tell a final refusal; with a 5xx only a code that we know is believed."""
    return fault.is_final and (status < 500 or fault.code in FAULTS)


def _gate(fault: Fault | None, status: int) -> Gate | None:
    code = fault.code if fault else 0
    # An older capture of the throttle fault says statusCode=403, so the code goes before the status.
    if code == 3001 or status == 429:
        return "throttled"
    if code == 3200:
        return "token"
    return "forbidden" if code == 3100 or status == 403 else None


def _asked_wait(answer: PartnerAnswer, otherwise: timedelta) -> timedelta:
    seconds = answer.headers.get("retry-after", "")
    if not seconds.isdecimal() or len(seconds) > _DIGITS_MAX:
        return otherwise
    return min(timedelta(seconds=int(seconds)), LONGEST_WAIT)


def _fields(answer: PartnerAnswer) -> dict[str, Any]:
    return {"http_status": answer.status, "intuit_tid": answer.headers.get("intuit_tid")}


def _raise_read_error(answer: PartnerAnswer, throttle_wait: timedelta) -> None:
    if error := _read_error(read_fault(answer.body), answer, throttle_wait):
        raise error


def _read_error(fault: Fault | None, answer: PartnerAnswer, throttle_wait: timedelta) -> SuiteError | None:
    fields = _fields(answer)
    gate = _gate(fault, answer.status)
    if gate == "throttled":
        wait = _asked_wait(answer, throttle_wait)
        return QuickBooksThrottledError(retry_after=wait, holds_connection=True, **fields)
    if gate == "forbidden" or (fault and fault.reaction is Reaction.RECONNECT):
        return QuickBooksForbiddenError(**fields)
    if fault is None:
        return None
    if _is_rejection(fault, answer.status) and fault.reaction is not Reaction.BACK_OFF:
        return QuickBooksFaultError(fault, **fields)
    return QuickBooksUnavailableError(str(fault), **fields)


def _entity(entity: str, answer: PartnerAnswer) -> Document | None:
    """Return the member of a successful answer that the entity's path names: `/invoice` is `Invoice`."""
    members = (_said(answer) or {}).items()
    return next((held for name, held in members if name.lower() == entity and isinstance(held, dict)), None)


def _said(answer: PartnerAnswer) -> Document | None:
    """Return the object that a successful answer is; None if it is none."""
    if not 200 <= answer.status < 300:
        return None
    try:
        said = json.loads(answer.body, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError, InvalidOperation):
        return None
    return said if isinstance(said, dict) else None


def _no_number(name: str) -> None:
    """Refuse NaN and the infinities, which are no JSON and no money."""
    raise ValueError(name)
