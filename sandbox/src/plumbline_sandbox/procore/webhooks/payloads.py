"""The bodies of deliveries: v2.0, v3.0 and v4.0 of one event (Procore docs, payload formats).

All are thin: they say what changed and never how.
"""

import random
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plumbline_sandbox.procore.conventions import moment_us

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

UNREADABLE = '{"id":"01JUNREADABLE","timestamp":"2025-02-25T16:04:43.619085Z","resource_type":'
"""What the `webhook-garbage` fault delivers: JSON that breaks off."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a record.

    `application_id` is the client id of the app that did it (None: a person), by which an
    integration can tell its own echo in v2 and v3. `related` are id and resource of the
    records it belongs to.
    """

    resource: str
    resource_id: int
    action: str
    company_id: int
    project_id: int | None
    user_id: int
    application_id: str | None
    at: datetime
    related: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """The ids one event has at one hook: repeated deliveries carry the same."""

    id: int
    ulid: str


def new_ulid(at: datetime, rng: random.Random) -> str:
    """Return a ULID: 10 characters of milliseconds and 16 of chance, so that it sorts by time."""
    number = int(at.timestamp() * 1000) << 80 | rng.getrandbits(80)
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def payload(event: Event, identity: Identity, version: str) -> dict[str, Any]:
    """Return the body of one event in `v2.0`, `v3.0` or `v4.0`."""
    if version == "v4.0":
        return _v4(event, identity)
    body = _v2(event, identity, version)
    if version == "v3.0":
        body["related_resources"] = [{"id": number, "name": name} for number, name in event.related]
    return body


def _v2(event: Event, identity: Identity, version: str) -> dict[str, Any]:
    return {
        "id": identity.id,
        "ulid": identity.ulid,
        "timestamp": moment_us(event.at),
        "metadata": {
            "source_user_id": event.user_id,
            "source_project_id": event.project_id,
            "source_operation_id": None,
            "source_company_id": event.company_id,
            "source_application_id": event.application_id,
        },
        "user_id": event.user_id,
        "company_id": event.company_id,
        "project_id": event.project_id,
        "api_version": version,
        "event_type": event.action,
        "resource_name": event.resource,
        "resource_id": event.resource_id,
    }


def _v4(event: Event, identity: Identity) -> dict[str, Any]:
    return {
        "id": identity.ulid,
        "timestamp": moment_us(event.at),
        "reason": event.action,
        "company_id": str(event.company_id),
        "project_id": None if event.project_id is None else str(event.project_id),
        "user_id": str(event.user_id),
        "resource_type": event.resource,
        "resource_id": str(event.resource_id),
    }
