"""What ingest needs of the world."""

from collections.abc import Sequence
from typing import Protocol

from pydantic import SecretStr

from plumbline.common.reconciling.verdicts import Effect
from plumbline.ingest.domain.subscription import Subscription
from plumbline.procore.hooks import Hook, Trigger


class Secrets(Protocol):
    """Which `Authorization` values are accepted from a source."""

    async def accepted(self, source: str, connection: str) -> tuple[SecretStr, ...]:
        """Return the accepted header values, the one for new hooks first.

        Raises:
            SecretStoreUnavailableError: wait; the store is away and nothing was ever read.
        """


class Hooks(Protocol):
    """Procore's webhook subscriptions of one company. All calls raise the Procore client's errors."""

    async def hooks(self, project_id: str, namespace: str) -> list[Hook]:
        """Return the project's hooks in our namespace."""

    async def create_hook(
        self,
        project_id: str,
        *,
        namespace: str,
        destination_url: str,
        authorization: SecretStr,
        payload_version: str,
    ) -> Hook:
        """Subscribe the project. Not safe to repeat: Procore makes another hook each time."""

    async def update_hook(
        self,
        project_id: str,
        hook_id: str,
        *,
        destination_url: str | None = None,
        authorization: SecretStr | None = None,
        status: str | None = None,
    ) -> Hook:
        """Change what is given."""

    async def delete_hook(self, project_id: str, hook_id: str) -> None:
        """Remove a hook with its triggers; what waits to be delivered to it is lost."""


class Triggers(Protocol):
    """What hooks listen to. All calls raise the Procore client's errors."""

    async def triggers(self, project_id: str, hook_id: str) -> list[Trigger]:
        """Return what a hook listens to."""

    async def create_triggers(self, project_id: str, hook_id: str, wanted: Sequence[tuple[str, str]]) -> bool:
        """Make a hook listen to more, by one call; False if some were not set or were there already."""


class Subscriptions(Hooks, Triggers, Protocol):
    """Hooks and their triggers."""


class Looks(Protocol):
    """Keeps what the last look at each subscription found."""

    async def last(self, key: str) -> Subscription | None:
        """Return it; None if there was none. Raises `DatabaseUnavailableError` (transient)."""

    def keeping(self, found: Subscription) -> Effect:
        """Return the effect that keeps it; older changes stay known where it has none."""
