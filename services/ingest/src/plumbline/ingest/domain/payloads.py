"""Procore's webhook payloads: versions v2.0, v3.0 and v4.0 become one event.

Source: Procore docs, Webhooks, payload formats. v4.0 renames fields and makes every id a
string; v3.0 is v2.0 with related resources. Bodies carry ids only.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
)

from plumbline.common.contracts.procore import ProcoreChanged
from plumbline.ingest.domain.fields import (
    Id,
    OptionalId,
    Time,
    UnreadableWebhookError,
    said_in,
    unreadable,
)

_STEMS = {"created": "create", "updated": "update", "deleted": "delete"}


def read_webhook(body: bytes, *, connection: str, company_id: str) -> ProcoreChanged:
    """Return the event that a webhook tells of.

    Args:
        body: the raw request body.
        connection: whose webhook it is.
        company_id: the Procore company of that connection; no other may speak through it.

    Raises:
        UnreadableWebhookError: `empty`, `not-json`, `not-a-webhook` (of no version's shape),
            `unknown-version`, `incomplete`, `bad-field` or `other-company`.
    """
    said = _object(body)
    try:
        event = _shape(said).model_validate(said).event(connection)
    except ValidationError as error:
        raise unreadable(error) from error
    if event.company_id != company_id:
        raise UnreadableWebhookError("other-company", f"company {event.company_id} has another connection")
    return event


def _object(body: bytes) -> dict[str, Any]:
    said = said_in(body)
    if not isinstance(said, dict):
        raise UnreadableWebhookError("not-a-webhook", "the body is not a JSON object")
    return said


def _kebab(value: Any) -> Any:
    return re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-") if isinstance(value, str) else value


def _version(value: Any) -> Any:
    """Return `v2.0` for `v2`: Procore's reference spells versions both ways."""
    return f"{value}.0" if isinstance(value, str) and "." not in value else value


_Resource = Annotated[str, BeforeValidator(_kebab), StringConstraints(min_length=1, max_length=60)]
"""`Payment Applications` becomes `payment-applications`."""

_Reason = Annotated[
    str, StringConstraints(to_lower=True), AfterValidator(lambda said: _STEMS.get(said, said))
]
"""Procore spells one action as `create` and as `CREATED`; what it invents next is taken as it comes."""


class _Payload(BaseModel):
    """What all versions share. Events of a company's directory carry no project."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: Id
    timestamp: Time
    company_id: Id
    project_id: OptionalId = None
    user_id: OptionalId = None
    resource_id: Id

    def _changed(
        self, connection: str, *, event_id: str, resource: str, reason: str, version: str
    ) -> ProcoreChanged:
        return ProcoreChanged(
            event_id=event_id,
            connection=connection,
            company_id=self.company_id,
            project_id=self.project_id,
            resource=resource,
            resource_id=self.resource_id,
            reason=reason,
            occurred_at=self.timestamp,
            user_id=self.user_id,
            payload_version=version,
        )


class _Classic(_Payload):
    """v2.0 and v3.0; the `ulid` is the same in every delivery of one event."""

    api_version: Annotated[Literal["v2.0", "v3.0"], BeforeValidator(_version)]
    ulid: OptionalId = None
    resource_name: _Resource
    event_type: _Reason

    def event(self, connection: str) -> ProcoreChanged:
        """Return the event it tells of."""
        return self._changed(
            connection,
            event_id=self.ulid or self.id,
            resource=self.resource_name,
            reason=self.event_type,
            version=self.api_version,
        )


class _V4(_Payload):
    """v4.0, which does not name itself; its `id` is a ULID."""

    api_version: Annotated[Literal["v4.0"], BeforeValidator(_version)] = "v4.0"
    resource_type: _Resource
    reason: _Reason

    def event(self, connection: str) -> ProcoreChanged:
        """Return the event it tells of."""
        return self._changed(
            connection,
            event_id=self.id,
            resource=self.resource_type,
            reason=self.reason,
            version=self.api_version,
        )


def _shape(said: Mapping[str, Any]) -> type[_Classic] | type[_V4]:
    """Tell versions apart by the names of fields that only one of them has."""
    if said.keys() & {"resource_type", "reason"}:
        return _V4
    if said.keys() & {"resource_name", "event_type", "api_version"}:
        return _Classic
    raise UnreadableWebhookError("not-a-webhook", "the body has the fields of no payload version")
