"""What bodies become: events, or dead letters."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from plumbline.common.connections import ConnectionConfig
from plumbline.common.contracts.cloudevents import Outgoing, outgoing
from plumbline.common.contracts.operations import DeadLetter, SecretsReport
from plumbline.common.contracts.quickbooks import QuickBooksChanged
from plumbline.common.contracts.topics import (
    CREDENTIALS_REPORTS,
    DEAD_LETTERS,
    PROCORE_EVENTS,
    QUICKBOOKS_EVENTS,
)
from plumbline.ingest.domain.fields import UnreadableWebhookError
from plumbline.ingest.domain.letters import MAX_KEPT_BYTES, kept_headers, letter_id
from plumbline.ingest.domain.notifications import Notification, Owner, read_notification
from plumbline.ingest.domain.payloads import read_webhook

SERVICE = "ingest"
"""The service's name in events and metrics."""

EVENT = "event"
"""The code of a body that could be read."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a body came, for its dead letter if it has to become one."""

    origin: str
    """Where it came by."""
    at: datetime
    headers: Iterable[tuple[bytes, bytes]] = ()


@dataclass(frozen=True, slots=True)
class Translated:
    """A body's message, ready for Kafka: an event, or a dead letter with the code of what is wrong."""

    code: str
    message: Outgoing

    @property
    def event_id(self) -> str:
        """The id of the event, or of the letter: stable, however often the body comes."""
        return self.message.headers["ce_id"]


@dataclass(frozen=True, slots=True)
class TranslatedNotification:
    """A notification's messages, ready for Kafka: its events, and a dead letter if not all could be read."""

    code: str
    """`event`, or what is wrong with the first part that could not be read."""
    events: tuple[Outgoing, ...]
    letter: Outgoing | None
    unreadable: int
    """How many of its events, or the whole of it, could not be read."""
    strangers: tuple[str, ...]
    """The company of each event that is left out because no connection names it."""


def translate(body: bytes, connection: ConnectionConfig, arrival: Arrival) -> Translated:
    """Return what a body of Procore's becomes, whatever it is.

    Args:
        body: as it came.
        connection: whose webhook it is.
        arrival: how it came.
    """
    try:
        event = read_webhook(body, connection=connection.name, company_id=connection.procore.company_id)
    except UnreadableWebhookError as problem:
        return Translated(problem.reason, _dead_letter(body, problem, connection.name, arrival))
    message = outgoing(
        PROCORE_EVENTS, event.key, event, source=SERVICE, at=event.occurred_at, event_id=event.event_id
    )
    return Translated(EVENT, message)


def translate_notification(
    body: bytes, addressee: str, owner: Owner, arrival: Arrival
) -> TranslatedNotification:
    """Return what a notification of QuickBooks' becomes, whatever it is.

    Args:
        body: as it came.
        addressee: the app that is told, as dead letters name it.
        owner: whose events these are.
        arrival: how it came.
    """
    try:
        found = read_notification(body, owner)
    except UnreadableWebhookError as error:
        found = Notification(unreadable=[error])
    code, letter = EVENT, None
    if found.unreadable:
        first = found.unreadable[0]
        code, letter = first.reason, _dead_letter(body, first, addressee, arrival)
    events = tuple(_told(event) for event in found.events)
    return TranslatedNotification(code, events, letter, len(found.unreadable), tuple(found.strangers))


def reported(report: SecretsReport) -> Outgoing:
    """Return the message of a report."""
    return outgoing(CREDENTIALS_REPORTS, report.key, report, source=SERVICE, at=report.at)


def _told(event: QuickBooksChanged) -> Outgoing:
    return outgoing(
        QUICKBOOKS_EVENTS, event.key, event, source=SERVICE, at=event.occurred_at, event_id=event.event_id
    )


def _dead_letter(body: bytes, problem: UnreadableWebhookError, addressee: str, arrival: Arrival) -> Outgoing:
    cut = f" ({MAX_KEPT_BYTES} of its {len(body)} bytes are kept)" if len(body) > MAX_KEPT_BYTES else ""
    letter = DeadLetter(
        service=SERVICE,
        reason=problem.reason,
        detail=problem.detail + cut,
        origin=arrival.origin,
        headers=kept_headers(arrival.headers),
        body_base64=base64.b64encode(body[:MAX_KEPT_BYTES]).decode(),
        at=arrival.at,
    )
    # Both key and id are stable: what is delivered again, a reader of the topic sees as one letter.
    event_id = letter_id(addressee, body)
    return outgoing(
        DEAD_LETTERS, f"{addressee}/{event_id}", letter, source=SERVICE, at=arrival.at, event_id=event_id
    )
