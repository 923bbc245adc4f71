"""Hooks and triggers as stored, with the log of what was delivered to each."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from plumbline_sandbox.clock import Clock
from plumbline_sandbox.procore.conventions import moment

LOG_LENGTH = 10_000
"""Deliveries a hook remembers; older ones are forgotten."""


def canonical_version(version: str) -> str:
    """Return `v4.0` for `v4`: reference examples and the resource list spell versions differently."""
    return version if "." in version else f"{version}.0"


@dataclass(frozen=True, slots=True)
class Trigger:
    """A wish to hear of one action on one resource."""

    id: int
    resource_name: str
    event_type: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a delivery; without an answer `status` is None and `body` tells why."""

    id: int
    started_at: datetime
    completed_at: datetime
    status: int | None
    body: str
    headers: dict[str, str]

    @property
    def success(self) -> bool:
        """Whether the endpoint answered any 2xx."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(slots=True)
class Delivery:
    """One event on its way to one hook.

    `status`: enqueued, retrying, delivered, discarded. `event` is the v2-shaped event that the
    log shows whatever version was sent; `body` is what is sent.
    """

    id: int
    hook: "Hook"
    event: dict[str, Any]
    body: bytes
    queued_at: datetime
    status: str = "enqueued"
    attempts: list[Attempt] = field(default_factory=list)


@dataclass(slots=True)
class Hook:
    """Where the events of a company or of one project go. `status` is active or disabled."""

    id: int
    company_id: int
    project_id: int | None
    payload_version: str
    namespace: str
    destination_url: str
    destination_headers: dict[str, str]
    created_at: datetime
    updated_at: datetime
    status: str = "active"
    owner_id: int | None = None
    triggers: dict[int, Trigger] = field(default_factory=dict)
    log: deque[Delivery] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))

    def wants(self, resource: str, action: str) -> bool:
        """Tell whether a trigger asks for this action on this resource."""
        return any(
            row.resource_name == resource and row.event_type == action for row in self.triggers.values()
        )

    def as_json(self) -> dict[str, Any]:
        """Return the hook as v2.0 shows it: the secret header masked but for five characters."""
        return {
            "id": str(self.id),
            "status": self.status,
            "payload_version": self.payload_version,
            "namespace": self.namespace,
            "destination_headers": {name: _masked(text) for name, text in self.destination_headers.items()},
            "destination_url": self.destination_url,
            "trigger_count": len(self.triggers),
            "company_id": str(self.company_id),
            "project_id": None if self.project_id is None else str(self.project_id),
            "hook_type": "classic",
            "created_at": moment(self.created_at),
            "updated_at": moment(self.updated_at),
        }

    def trigger_json(self, trigger: Trigger) -> dict[str, Any]:
        """Return a trigger as v2.0 shows it; the action is spelt otherwise than in the request."""
        return {
            "id": str(trigger.id),
            "webhook_hook_id": str(self.id),
            "resource_name": trigger.resource_name,
            "event_type": f"{trigger.event_type.upper()}D",
            "company_id": str(self.company_id),
            "project_id": None if self.project_id is None else str(self.project_id),
        }


def _masked(secret: str) -> str:
    return f"*****{secret[-5:]}"


class Hooks:
    """Every hook of every company, in order of creation."""

    def __init__(self, clock: Clock, new_id: Callable[[], int]) -> None:
        self._clock = clock
        self.new_id = new_id
        self._hooks: dict[int, Hook] = {}

    def add(
        self,
        *,
        company_id: int,
        project_id: int | None,
        payload_version: str,
        namespace: str,
        destination_url: str,
        destination_headers: dict[str, str],
    ) -> Hook:
        """Store a new, active hook without triggers."""
        now = self._clock.now()
        hook = Hook(
            id=self.new_id(),
            company_id=company_id,
            project_id=project_id,
            payload_version=payload_version,
            namespace=namespace,
            destination_url=destination_url,
            destination_headers=destination_headers,
            created_at=now,
            updated_at=now,
        )
        self._hooks[hook.id] = hook
        return hook

    def touch(self, hook: Hook) -> None:
        """Note that a hook was changed now."""
        hook.updated_at = self._clock.now()

    def remove(self, hook: Hook) -> None:
        """Forget a hook and its triggers; nothing more is delivered to it."""
        del self._hooks[hook.id]

    def add_trigger(self, hook: Hook, resource_name: str, event_type: str) -> Trigger:
        """Store a new trigger."""
        trigger = Trigger(self.new_id(), resource_name, event_type)
        hook.triggers[trigger.id] = trigger
        return trigger

    def alive(self, hook: Hook) -> bool:
        """Tell whether a hook still exists."""
        return hook.id in self._hooks

    def find(self, hook_id: int, *, company_id: int, project_id: int | None) -> Hook | None:
        """Return the hook of this id if it belongs to the scope."""
        hook = self._hooks.get(hook_id)
        return hook if hook and (hook.company_id, hook.project_id) == (company_id, project_id) else None

    def of_scope(self, *, company_id: int, project_id: int | None) -> list[Hook]:
        """Return the hooks of a company itself (project None) or of one project."""
        return [
            hook
            for hook in self._hooks.values()
            if (hook.company_id, hook.project_id) == (company_id, project_id)
        ]

    def __iter__(self) -> Iterator[Hook]:
        return iter(self._hooks.values())
