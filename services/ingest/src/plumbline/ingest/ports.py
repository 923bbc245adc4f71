"""What ingest needs of the world."""

from typing import Protocol

from pydantic import SecretStr

from plumbline.procore.hooks import Hook, Trigger


class Secrets(Protocol):
    """Which `Authorization` values are accepted from a source."""

    async def accepted(self, source: str, connection: str) -> tuple[SecretStr, ...]:
        """Return the accepted header values, the one for new hooks first.

        Raises:
            SecretStoreUnavailableError: wait; the store is away and nothing was ever read.
        """


class Subscriptions(Protocol):
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
        """Subscribe the project."""

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

    async def triggers(self, project_id: str, hook_id: str) -> list[Trigger]:
        """Return what a hook listens to."""

    async def create_trigger(
        self, project_id: str, hook_id: str, *, resource_name: str, event_type: str
    ) -> Trigger:
        """Make a hook listen to one kind of change."""
