"""What a project's webhook subscription should be, and what the present one lacks."""

from collections.abc import Iterable
from dataclasses import dataclass

from plumbline.procore.hooks import Hook, Trigger

RESOURCES = ("Payment Applications", "Contract Payments", "Prime Contracts", "Change Order Packages")
"""Procore's resource names, exact, of everything that can change an owner invoice."""

EVENT_TYPES = ("create", "update", "delete")
"""What can happen to them."""

PAYLOAD_VERSION = "v4.0"
"""What new hooks ask for; hooks of older versions are adopted as they are (Procore docs, Webhooks)."""

VISIBLE_TAIL = 5
"""How much of the secret Procore shows: its last five characters."""


@dataclass(frozen=True, slots=True)
class Repair:
    """What to change about a hook; None leaves it as it is."""

    destination_url: str | None
    renew_secret: bool
    status: str | None

    @property
    def needed(self) -> bool:
        """Whether there is anything to change."""
        return self.renew_secret or self.destination_url is not None or self.status is not None


def repair_of(hook: Hook, *, destination_url: str, secret: str) -> Repair:
    """Return what makes a hook deliver to us again."""
    shown = (hook.destination_headers or {}).get("Authorization", "")
    return Repair(
        destination_url=None if hook.destination_url == destination_url else destination_url,
        renew_secret=not shown or shown[-VISIBLE_TAIL:] != secret[-VISIBLE_TAIL:],
        status=None if hook.status == "active" else "active",
    )


def missing_triggers(present: Iterable[Trigger]) -> list[tuple[str, str]]:
    """Return the resources and event types that a hook does not listen to yet."""
    known = {(t.resource_name, t.event_type) for t in present}
    return [(r, e) for r in RESOURCES for e in EVENT_TYPES if (r, e) not in known]
