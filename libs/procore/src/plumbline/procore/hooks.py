"""Procore's webhook subscriptions (API v2.0): hooks, their triggers, and what was delivered."""

from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator

from plumbline.procore.record import Record, UtcDatetime

R = TypeVar("R")


class Enveloped(Record, Generic[R]):
    """How API v2.0 wraps every answer."""

    data: R


def _stem(event_type: str) -> str:
    lowered = event_type.lower()
    return lowered.removesuffix("d") if lowered.endswith("ed") else lowered


class Hook(Record):
    """A subscription: where deliveries go, in which payload version.

    `destination_headers` comes back masked but for the last five characters of the secret, so it
    tells whether a hook still holds the secret we keep, not the secret itself.
    """

    id: str
    namespace: str
    destination_url: str
    payload_version: str
    status: str = "active"
    destination_headers: dict[str, str] | None = None
    trigger_count: int | None = None
    company_id: str | None = None
    project_id: str | None = None
    hook_type: str | None = None
    created_at: UtcDatetime | None = None
    updated_at: UtcDatetime | None = None


class Trigger(Record):
    """Which change of which resource a hook hears of.

    `event_type` is the stem in lower case (`create`, `update`, `delete`): Procore's answers spell it
    `CREATED` or `CREATE` where the request says `create`.
    """

    id: str
    resource_name: str
    event_type: Annotated[str, AfterValidator(_stem)]
    webhook_hook_id: str | None = None
    company_id: str | None = None
    project_id: str | None = None


class DeliveryAttempt(Record):
    """One try to deliver an event, and what our endpoint answered."""

    id: str
    success: bool | None = None
    response_status: int | None = None
    response_body: str | None = None
    response_headers: dict[str, Any] | None = None
    started_at: UtcDatetime | None = None
    completed_at: UtcDatetime | None = None


class Delivery(Record):
    """An event of a hook with its fate; `payload` has the shape of a v2.0 event whatever the hook's."""

    id: str
    status: str
    payload: dict[str, Any]
    delivery_attempts: tuple[DeliveryAttempt, ...] = ()
