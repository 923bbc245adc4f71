"""What a project's webhook subscription should be, and what the present one lacks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from pydantic import SecretStr

from plumbline.procore.hooks import Hook, Trigger

RESOURCES = (
    *("Payment Applications", "Contract Payments", "Prime Contracts", "Change Order Packages"),
    *("Project Files", "Project Insurances"),
)
"""Procore's resource names, exact, of everything that can change an owner invoice, or be a paper."""

EVENT_TYPES = ("create", "update", "delete")
"""What can happen to them."""

PAYLOAD_VERSION = "v4.0"
"""What new hooks ask for; hooks of older versions are adopted as they are (Procore docs, Webhooks)."""

VISIBLE_TAIL = 5
"""How much of the secret Procore shows: its last five characters."""


LOOK_BACK = timedelta(days=2)
"""How far before the last look discarded deliveries are searched: Procore gives an event up after twelve
hours, and filters by whole days."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where a hook has to deliver, and the whole `Authorization` header that it has to show there."""

    destination_url: str
    authorization: SecretStr
    version: int
    """The number of that value among all of the connection."""


@dataclass(frozen=True, slots=True)
class Repair:
    """What to change about a hook; None leaves it as it is."""

    destination_url: str | None
    authorization: SecretStr | None
    status: str | None

    @property
    def needed(self) -> bool:
        """Whether there is anything to change."""
        return bool(self.destination_url or self.authorization or self.status)

    def in_words(self) -> tuple[str, ...]:
        """Return what is done, for a story."""
        words = (
            (self.destination_url, f"pointed it to {self.destination_url}"),
            (self.authorization, "gave it the present secret"),
            (self.status, "switched it on again"),
        )
        return tuple(sentence for change, sentence in words if change is not None)


@dataclass(frozen=True, slots=True)
class Subscription:
    """What the last look at a project's hook found, and what was last changed about it, in words."""

    key: str
    hook_id: str
    payload_version: str
    destination_url: str
    looked_at: datetime
    changes: tuple[str, ...]
    changed_at: datetime

    def story(self) -> list[str]:
        """Tell it in sentences."""
        look = f"{_at(self.looked_at)}: looked at last; hook {self.hook_id} delivers payloads of "
        look += f"{self.payload_version} to {self.destination_url}."
        return [f"{_at(self.changed_at)}: {', '.join(self.changes)}.", look] if self.changes else [look]


def searched_from(last: Subscription | None, now: datetime) -> date:
    """Return the first day of which discarded deliveries may not have been recovered yet."""
    return ((now if last is None else last.looked_at) - LOOK_BACK).date()


def chosen(hooks: Iterable[Hook], wanted: Wanted) -> Hook | None:
    """Return the hook of our namespace to keep, if there is one.

    One that points to us comes before one that does not, one that works before one that needs
    repair, an older one before a newer: every replica chooses the same.
    """

    def rank(hook: Hook) -> tuple[bool, bool, int, str]:
        return not points_to_us(hook, wanted), repair_of(hook, wanted).needed, len(hook.id), hook.id

    return min(hooks, key=rank, default=None)


def twins(hooks: Sequence[Hook], kept: Hook, wanted: Wanted) -> list[Hook]:
    """Return the other hooks that deliver to us too: each of them doubles every event."""
    return [hook for hook in hooks if hook.id != kept.id and points_to_us(hook, wanted)]


def points_to_us(hook: Hook, wanted: Wanted) -> bool:
    """Say whether a hook delivers to us, however Procore spells the address."""
    return _place(hook.destination_url) == _place(wanted.destination_url)


def repair_of(hook: Hook, wanted: Wanted) -> Repair:
    """Return what makes a hook deliver to us again, and be believed."""
    return Repair(
        destination_url=None if points_to_us(hook, wanted) else wanted.destination_url,
        authorization=None if _shows(hook, wanted.authorization) else wanted.authorization,
        status=None if hook.status.casefold() == "active" else "active",
    )


def missing_triggers(present: Iterable[Trigger]) -> list[tuple[str, str]]:
    """Return the resources and event types that a hook does not listen to yet, as Procore spells them."""
    known = {(t.resource_name.casefold(), t.event_type) for t in present}
    return [(r, e) for r in RESOURCES for e in EVENT_TYPES if (r.casefold(), e) not in known]


def _shows(hook: Hook, authorization: SecretStr) -> bool:
    headers = {name.casefold(): value for name, value in (hook.destination_headers or {}).items()}
    tail = authorization.get_secret_value()[-VISIBLE_TAIL:]
    return headers.get("authorization", "").endswith(tail)


def _place(url: str) -> tuple[str, str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.casefold(), parts.path.rstrip("/")


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
