"""What a body of Procore's becomes: an event, or a dead letter."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from plumbline.common.connections import ConnectionConfig
from plumbline.common.contracts.cloudevents import Outgoing, outgoing
from plumbline.common.contracts.operations import DeadLetter
from plumbline.common.contracts.topics import DEAD_LETTERS, PROCORE_EVENTS
from plumbline.ingest.domain.letters import kept_headers, letter_id
from plumbline.ingest.domain.payloads import UnreadableWebhookError, read_webhook

SERVICE = "ingest"
"""The service's name in events and metrics."""

EVENT = "event"
"""The code of a body that could be read."""


@dataclass(frozen=True, slots=True)
class Translated:
    """A body's message, ready for Kafka: an event, or a dead letter with the code of what is wrong."""

    code: str
    message: Outgoing

    @property
    def event_id(self) -> str:
        """The id of the event, or of the letter: stable, however often the body comes."""
        return self.message.headers["ce_id"]


def translate(
    body: bytes,
    connection: ConnectionConfig,
    *,
    origin: str,
    now: datetime,
    headers: Iterable[tuple[bytes, bytes]] = (),
) -> Translated:
    """Return what a body becomes, whatever it is.

    Args:
        body: as it came.
        connection: whose webhook it is.
        origin: where it came by, for a dead letter.
        now: the time of a dead letter; an event has Procore's own.
        headers: those of the request, for a dead letter.
    """
    try:
        event = read_webhook(body, connection=connection.name, company_id=connection.procore.company_id)
    except UnreadableWebhookError as error:
        letter = DeadLetter(
            service=SERVICE,
            reason=error.reason,
            detail=error.detail,
            origin=origin,
            headers=kept_headers(headers),
            body_base64=base64.b64encode(body).decode(),
            at=now,
        )
        return Translated(error.reason, _posted(letter, letter_id(connection.name, body), connection.name))
    message = outgoing(
        PROCORE_EVENTS, event.key, event, source=SERVICE, at=event.occurred_at, event_id=event.event_id
    )
    return Translated(EVENT, message)


def _posted(letter: DeadLetter, event_id: str, connection: str) -> Outgoing:
    # Both key and id are stable: what is delivered again, a reader of the topic sees as one letter.
    key = f"{connection}/{event_id}"
    return outgoing(DEAD_LETTERS, key, letter, source=SERVICE, at=letter.at, event_id=event_id)
