"""CloudEvents 1.0 in Kafka's binary binding: attributes in `ce_` headers, JSON in the value."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from plumbline.common.contracts.base import Contract
from plumbline.common.contracts.topics import Topic

CONTENT_TYPE = "application/json"
"""Set by hand: FastStream sends an empty content type with bytes."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message ready for Kafka."""

    topic: str
    key: str
    headers: Mapping[str, str]
    value: bytes


def outgoing(
    topic: Topic,
    key: str,
    message: Contract,
    *,
    source: str,
    at: datetime,
    event_id: str | None = None,
    traceparent: str | None = None,
) -> Outgoing:
    """Wrap a message for its topic.

    Args:
        topic: where to; its model must be the message's type.
        key: the Kafka key, which is also the CloudEvents subject.
        message: the data.
        source: the service that speaks, such as `mapper`.
        at: the time of what happened.
        event_id: stable id if the message may be published again; a new one if left out.
        traceparent: W3C trace context to carry on.
    """
    if not isinstance(message, topic.model):
        raise TypeError(f"{topic.name} carries {topic.model.__name__}, not {type(message).__name__}")
    headers = {
        "ce_specversion": "1.0",
        "ce_id": event_id or str(uuid.uuid4()),
        "ce_type": topic.event_type,
        "ce_source": f"/plumbline/{source}",
        "ce_time": at.isoformat(),
        "ce_subject": key,
        "content-type": CONTENT_TYPE,
    }
    if traceparent:
        headers["traceparent"] = traceparent
    return Outgoing(topic.name, key, headers, message.model_dump_json().encode())
