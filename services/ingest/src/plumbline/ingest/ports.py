"""What ingest needs of the world."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from pydantic import SecretStr

from plumbline.common.contracts.cloudevents import Outgoing
from plumbline.common.reconciling.verdicts import Effect
from plumbline.common.secrets.webhooks import WebhookSecret
from plumbline.ingest.domain.subscription import Subscription
from plumbline.procore.hooks import Delivery, Hook, Trigger


class Secrets(Protocol):
    """By which secrets a source is believed: `Authorization` values of Procore's, Intuit's verifier tokens."""

    async def secret(self, source: str, addressee: str) -> WebhookSecret | None:
        """Return the secret of a connection or an app; None if none is stored.

        Raises:
            SecretStoreUnavailableError: wait; the store is away and nothing was ever read.
        """

    async def looked_again(self, source: str, addressee: str) -> WebhookSecret | None:
        """Return the secret as the store has it now, for a caller that shows nothing of what is known.

        Raises:
            SecretStoreUnavailableError: wait; nobody can know who the caller is.
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


class Deliveries(Protocol):
    """What became of deliveries. All calls raise the Procore client's errors."""

    async def deliveries(self, project_id: str, hook_id: str, *, status: str, since: date) -> list[Delivery]:
        """Return a hook's deliveries of one fate, such as `discarded`, from a day on."""


class Subscriptions(Hooks, Triggers, Deliveries, Protocol):
    """Hooks, their triggers and what was delivered to them."""


class Looks(Protocol):
    """Keeps what the last look at each subscription found, and which events were recovered.

    Every method raises `DatabaseUnavailableError` (transient).
    """

    async def last(self, key: str) -> Subscription | None:
        """Return what the last look found; None if there was none."""

    async def not_recovered(self, key: str, event_ids: Sequence[str]) -> set[str]:
        """Return those of a subscription's events that were never recovered."""

    def keeping(self, found: Subscription, recovered: Sequence[Outgoing], report: Outgoing) -> Effect:
        """Return the effect that keeps a look, and publishes what it recovered and what it reports.

        Older changes stay known where the look made none. It must run under the fence of the
        subscription's record: that makes each event recovered once.
        """
