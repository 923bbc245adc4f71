"""Procore's webhook payloads: versions v2.0, v3.0 and v4.0 become one event.

Source: Procore docs, Webhooks, payload formats. v4.0 renames fields and makes every id a
string; v3.0 is v2.0 with related resources. Bodies carry ids only.
"""

import re
from typing import Any

from pydantic import TypeAdapter, ValidationError

from plumbline.common.contracts.procore import ProcoreChanged

_json: TypeAdapter[Any] = TypeAdapter(Any)

_STEM = {"created": "create", "updated": "update", "deleted": "delete"}


class UnreadableWebhookError(Exception):
    """A body that is no Procore event; `reason` is stable, the text says what is wrong with it."""

    def __init__(self, reason: str, detail: str) -> None:
        """Name the reason."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def read_webhook(body: bytes, *, connection: str, company_id: str) -> ProcoreChanged:
    """Return the event that a webhook tells of.

    Args:
        body: the raw request body.
        connection: whose webhook it is.
        company_id: the Procore company of that connection; no other may speak through it.

    Raises:
        UnreadableWebhookError: the body is empty, no JSON, no event, or another company's.
    """
    if not body:
        raise UnreadableWebhookError("empty", "the body is empty")
    try:
        said = _json.validate_json(body)
    except ValidationError as error:
        raise UnreadableWebhookError("not-json", "the body is not JSON") from error
    if not isinstance(said, dict):
        raise UnreadableWebhookError("not-a-webhook", "the body is not a JSON object")
    try:
        event = ProcoreChanged.model_validate({**_fields(said), "connection": connection})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        detail = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise UnreadableWebhookError("incomplete", detail) from error
    if event.company_id != company_id:
        raise UnreadableWebhookError("other-company", f"company {event.company_id} has another connection")
    return event


def _fields(said: dict[str, Any]) -> dict[str, Any]:
    common = {
        "company_id": _id(said.get("company_id")),
        "project_id": _id(said.get("project_id")),
        "resource_id": _id(said.get("resource_id")),
        "occurred_at": said.get("timestamp"),
        "user_id": _id(said.get("user_id")),
    }
    if "resource_type" in said:
        own = {
            "event_id": _id(said.get("id")),
            "resource": _kebab(said.get("resource_type")),
            "reason": _reason(said.get("reason")),
            "payload_version": "v4.0",
        }
    else:
        own = {
            "event_id": _id(said.get("ulid") or said.get("id")),
            "resource": _kebab(said.get("resource_name")),
            "reason": _reason(said.get("event_type")),
            "payload_version": _id(said.get("api_version")) or "v2.0",
        }
    return {**common, **own}


def _id(value: Any) -> str | None:
    """Return an id as text: v2.0 and v3.0 send numbers, v4.0 strings."""
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        return None
    return str(value)


def _kebab(value: Any) -> str | None:
    return re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-") if isinstance(value, str) else None


def _reason(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    lowered = value.lower()
    return _STEM.get(lowered, lowered)
