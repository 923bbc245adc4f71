"""QuickBooks' notifications: an array of CloudEvents, or the older `eventNotifications`, become events.

Source: Intuit docs, Webhooks, and "Upcoming change to webhooks payload structure" (November 2025). One
notification may tell of many changes and of several companies. Bodies carry ids only.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from plumbline.common.contracts.base import Identifier
from plumbline.common.contracts.quickbooks import QuickBooksChanged
from plumbline.ingest.domain.fields import (
    Id,
    OptionalId,
    Time,
    UnreadableWebhookError,
    said_in,
    unreadable,
)

_STEMS = {"created": "create", "updated": "update", "deleted": "delete", "merged": "merge", "voided": "void"}
"""The two forms' spellings of one thing; captured events of a void say `void`, some documents `voided`."""

Owner = Callable[[str], str | None]
"""Tells which connection a company (realm id) belongs to, if there is one."""


@dataclass(slots=True)
class Notification:
    """What a body tells of, event by event."""

    events: list[QuickBooksChanged] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    """The company of each event that is left out because no connection names it."""
    unreadable: list[UnreadableWebhookError] = field(default_factory=list)
    """What is wrong with each event that cannot be read: `unknown-version`, `incomplete` or `bad-field`."""


def read_notification(body: bytes, owner: Owner) -> Notification:
    """Return what a notification tells of; an event that cannot be read spoils no other.

    Args:
        body: the raw request body.
        owner: whose events these are.

    Raises:
        UnreadableWebhookError: the whole body is `empty`, `not-json` or `not-a-webhook` (of neither form).
    """
    found = Notification()
    for place, part in enumerate(_parts(said_in(body)), start=1):
        if isinstance(part, UnreadableWebhookError):
            found.unreadable.append(UnreadableWebhookError(part.reason, f"event {place}: {part.detail}"))
        elif (connection := owner(part.realm)) is None:
            found.strangers.append(part.realm)
        else:
            found.events.append(part.event(connection))
    return found


def _one_word(name: Any) -> Any:
    return re.sub(r"[^a-z0-9]+", "", name.lower()) if isinstance(name, str) else name


def _stem(operation: Any) -> Any:
    return _STEMS.get(operation.lower(), operation.lower()) if isinstance(operation, str) else operation


def _object(said: Any) -> Any:
    return said if isinstance(said, dict) else {}


_Name = Annotated[str, BeforeValidator(_one_word), StringConstraints(min_length=1, max_length=60)]
"""`BillPayment` and `billpayment` are one entity."""

_Operation = Annotated[str, BeforeValidator(_stem), StringConstraints(pattern=r"^[a-z]{1,60}$")]
"""What Intuit invents next is taken as it comes."""


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


S = TypeVar("S", bound=_Shape)


class _Data(_Shape):
    deleted_id: OptionalId = Field(default=None, alias="deletedId")


class _CloudEvent(_Shape):
    """One element of the array. Its `data` was empty wherever it was seen, but for merges."""

    specversion: Literal["1.0"]
    id: Identifier
    type: Annotated[str, StringConstraints(pattern=r"^qbo\.[A-Za-z][A-Za-z_-]{0,59}\.[A-Za-z]{1,60}\.v1$")]
    time: Time
    realm: Id = Field(alias="intuitaccountid")
    entity_id: Id = Field(alias="intuitentityid")
    data: Annotated[_Data, BeforeValidator(_object)] = _Data()

    def event(self, connection: str) -> QuickBooksChanged:
        """Return the event it tells of."""
        _, entity, operation, _ = self.type.split(".")
        return QuickBooksChanged(
            event_id=self.id,
            connection=connection,
            realm=self.realm,
            entity=_one_word(entity),
            entity_id=self.entity_id,
            operation=_stem(operation),
            occurred_at=self.time,
            deleted_id=self.data.deleted_id,
            payload_form="cloudevents",
        )


class _OlderEvent(_Shape):
    """One entity of the older form, with the realm of its notification."""

    realm: Id
    name: _Name
    id: Id
    operation: _Operation
    time: Time = Field(alias="lastUpdated")
    deleted_id: OptionalId = Field(default=None, alias="deletedId")

    def event(self, connection: str) -> QuickBooksChanged:
        """Return the event it tells of. The form has no event ids: what it says makes one."""
        said = (self.realm, self.name, self.id, self.operation, self.time.isoformat(), self.deleted_id or "")
        return QuickBooksChanged(
            event_id=hashlib.sha256("\x00".join(said).encode()).hexdigest()[:32],
            connection=connection,
            realm=self.realm,
            entity=self.name,
            entity_id=self.id,
            operation=self.operation,
            occurred_at=self.time,
            deleted_id=self.deleted_id,
            payload_form="legacy",
        )


class _Entities(_Shape):
    entities: list[Any]


class _OlderNotification(_Shape):
    """The changes of one company."""

    realm: Id = Field(alias="realmId")
    change: _Entities = Field(alias="dataChangeEvent")


_Part = _CloudEvent | _OlderEvent | UnreadableWebhookError


def _parts(said: Any) -> Iterator[_Part]:
    if isinstance(said, list):
        yield from (_read(_CloudEvent, element) for element in said)
    elif isinstance(said, dict) and isinstance(said.get("eventNotifications"), list):
        for notification in said["eventNotifications"]:
            yield from _older_parts(_read(_OlderNotification, notification))
    else:
        raise UnreadableWebhookError("not-a-webhook", "the body is of neither form of notifications")


def _older_parts(notification: _OlderNotification | UnreadableWebhookError) -> Iterator[_Part]:
    if isinstance(notification, UnreadableWebhookError):
        yield notification
    else:
        for entity in notification.change.entities:
            yield _read(_OlderEvent, {**_object(entity), "realm": notification.realm})


def _read(shape: type[S], said: Any) -> S | UnreadableWebhookError:
    try:
        return shape.model_validate(said)
    except ValidationError as error:
        return unreadable(error)
