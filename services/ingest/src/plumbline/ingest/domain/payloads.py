"""Procore's webhook payloads: versions v2.0, v3.0 and v4.0 become one event.

Source: Procore docs, Webhooks, payload formats. v4.0 renames fields and makes every id a
string; v3.0 is v2.0 with related resources. Bodies carry ids only.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from plumbline.common.contracts.procore import ProcoreChanged

_JSON: TypeAdapter[Any] = TypeAdapter(Any)

_STEMS = {"created": "create", "updated": "update", "deleted": "delete"}

_ISO_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")


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
        UnreadableWebhookError: `empty`, `not-json`, `not-a-webhook` (of no version's shape),
            `unknown-version`, `incomplete`, `bad-field` or `other-company`.
    """
    said = _object(body)
    try:
        event = _shape(said).model_validate(said).event(connection)
    except ValidationError as error:
        raise _unreadable(error) from error
    if event.company_id != company_id:
        raise UnreadableWebhookError("other-company", f"company {event.company_id} has another connection")
    return event


def _object(body: bytes) -> dict[str, Any]:
    if not body.strip():
        raise UnreadableWebhookError("empty", "the body is empty")
    try:
        said = _JSON.validate_json(body)
    except ValidationError as error:
        raise UnreadableWebhookError("not-json", "the body is not JSON") from error
    if not isinstance(said, dict):
        raise UnreadableWebhookError("not-a-webhook", "the body is not a JSON object")
    return said


def _unreadable(error: ValidationError) -> UnreadableWebhookError:
    problems = error.errors(include_input=False, include_url=False)
    # A version we do not know may lack any field: its name is what is wrong, not the first gap.
    first = next((problem for problem in problems if problem["type"] == "literal_error"), problems[0])
    code = {"literal_error": "unknown-version", "missing": "incomplete"}.get(first["type"], "bad-field")
    return UnreadableWebhookError(code, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")


def _text(value: Any) -> Any:
    """Return an id as text: v2.0 and v3.0 send numbers, v4.0 strings."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _kebab(value: Any) -> Any:
    return re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-") if isinstance(value, str) else value


def _present(value: Any) -> Any:
    return None if value == "" else value


def _version(value: Any) -> Any:
    """Return `v2.0` for `v2`: Procore's reference spells versions both ways."""
    return f"{value}.0" if isinstance(value, str) and "." not in value else value


def _iso_time(value: Any) -> Any:
    # Left to itself, pydantic takes numbers, and texts of numbers, for seconds since 1970.
    if not isinstance(value, str) or not _ISO_TIME.match(value):
        raise ValueError("not an ISO 8601 time")
    return value


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_Id = Annotated[str, BeforeValidator(_text), StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
"""A number or a ULID. Anything else could break the keys that are made of ids with slashes between them."""

_OptionalId = Annotated[_Id | None, BeforeValidator(_present)]
"""An id that may be absent, null or empty."""

_Resource = Annotated[str, BeforeValidator(_kebab), StringConstraints(min_length=1, max_length=60)]
"""`Payment Applications` becomes `payment-applications`."""

_Reason = Annotated[
    str, StringConstraints(to_lower=True), AfterValidator(lambda said: _STEMS.get(said, said))
]
"""Procore spells one action as `create` and as `CREATED`; what it invents next is taken as it comes."""

_Time = Annotated[datetime, BeforeValidator(_iso_time), AfterValidator(_aware)]
"""Procore's times are UTC even where the zone is left out."""


class _Payload(BaseModel):
    """What all versions share. Events of a company's directory carry no project."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: _Id
    timestamp: _Time
    company_id: _Id
    project_id: _OptionalId = None
    user_id: _OptionalId = None
    resource_id: _Id

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
    ulid: _OptionalId = None
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
