"""Subscriptions: an app has one endpoint for all its companies, entered in Intuit's developer portal."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from plumbline_sandbox.quickbooks.webhooks.events import ENTITIES

Format = Literal["cloudevents", "legacy"]
"""The body: an array of CloudEvents, or the older `eventNotifications`."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where the changes of an app's companies are told, and in which manner."""

    client_id: str
    url: str
    verifier_token: str
    """Key of the signature; Intuit makes it, one per app."""
    format: Format = "cloudevents"
    entities: frozenset[str] = ENTITIES
    aggregate_s: float = 1.0
    """Sandbox seconds in which changes are gathered into one notification; Intuit promises no figure."""
    mixes_realms: bool = False
    """Whether one notification may tell of several companies: the best practices say it does not."""
    content_type: str = "application/json; charset=utf-8"
    """Intuit's migration notes warn of `application/cloudevents+json`."""

    def as_json(self) -> dict[str, Any]:
        """Return the subscription as the control API shows it."""
        return {
            "client_id": self.client_id,
            "url": self.url,
            "verifier_token": self.verifier_token,
            "format": self.format,
            "entities": sorted(self.entities),
            "aggregate_s": self.aggregate_s,
            "mixes_realms": self.mixes_realms,
            "content_type": self.content_type,
        }


def verifier_token_of(client_id: str) -> str:
    """Return the verifier token that an app is given; it follows from its client id, so that runs are alike."""
    return hashlib.sha256(f"verifier token of {client_id}".encode()).hexdigest()[:36]


def subscription(body: Mapping[str, Any], *, former: Subscription | None = None) -> Subscription:
    """Return the subscription that a body of the control API describes.

    Args:
        body: `client_id` and `url`; the rest as in `Subscription`, each with its default.
        former: The app's endpoint so far; its verifier token is kept unless the body names one.

    Raises:
        ValueError: A field is missing, unknown or malformed.
    """
    token = former.verifier_token if former else verifier_token_of(str(body.get("client_id")))
    given = {"verifier_token": token, **body}
    if "entities" in given:
        given["entities"] = frozenset(given["entities"])
    try:
        made = Subscription(**given)
    except TypeError as malformed:
        raise ValueError(f"malformed subscription: {malformed}") from malformed
    if made.format not in get_args(Format):
        raise ValueError(f"format must be one of {', '.join(get_args(Format))}")
    if unknown := made.entities - ENTITIES:
        raise ValueError(f"webhooks do not tell of {', '.join(sorted(unknown))}")
    return made
