"""Keeping the subscriptions: every project has one working hook with all its triggers."""

from collections.abc import Callable
from datetime import timedelta

from plumbline.common.connections import ConnectionConfig, Connections
from plumbline.common.errors import NeedsHumanError
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.verdicts import Done, Verdict
from plumbline.ingest.domain.subscription import PAYLOAD_VERSION, missing_triggers, repair_of
from plumbline.ingest.ports import Secrets, Subscriptions
from plumbline.procore.hooks import Hook

SOURCE = "procore"
"""The source of webhooks, in paths of routes and secrets."""


class NoWebhookSecretError(NeedsHumanError):
    """No webhook secret is stored for this connection: import one with its grants."""


def key_of(connection: ConnectionConfig, project_id: str) -> str:
    """Return the record key of a project's subscription."""
    return f"hooks/{connection.name}/{project_id}"


class SubscriptionKeeper:
    """Creates and repairs hooks and triggers. Safe to repeat: it looks before it changes anything."""

    def __init__(
        self,
        *,
        connections: Connections,
        subscriptions: Callable[[ConnectionConfig], Subscriptions],
        secrets: Secrets,
        namespace: str,
        public_url: str,
        recheck: timedelta,
    ) -> None:
        """Keep hooks of `namespace` that deliver to `public_url`; look again every `recheck`."""
        self._connections = connections
        self._subscriptions = subscriptions
        self._secrets = secrets
        self._namespace = namespace
        self._public_url = public_url.rstrip("/")
        self._recheck = recheck

    async def converge(self, claim: Claim) -> Verdict:
        """Make one project's subscription what it should be."""
        _, name, project_id = claim.key.split("/")
        connection = self._connections.get(name)
        if connection is None:
            return Done()  # it was taken out of the configuration
        accepted = await self._secrets.accepted(SOURCE, name)
        if not accepted:
            raise NoWebhookSecretError(
                f"No webhook secret is stored for {name}. Import its grants, then resume."
            )
        procore = self._subscriptions(connection)
        destination = f"{self._public_url}/webhooks/{SOURCE}/{name}"
        found = await procore.hooks(project_id, self._namespace)
        if found:
            hook = found[0]
            repair = repair_of(hook, destination_url=destination, secret=accepted[0].get_secret_value())
            if repair.needed:
                await procore.update_hook(
                    project_id,
                    hook.id,
                    destination_url=repair.destination_url,
                    authorization=accepted[0] if repair.renew_secret else None,
                    status=repair.status,
                )
        else:
            hook = await procore.create_hook(
                project_id,
                namespace=self._namespace,
                destination_url=destination,
                authorization=accepted[0],
                payload_version=PAYLOAD_VERSION,
            )
        await self._complete(procore, project_id, hook)
        return Done(again_after=self._recheck)

    async def _complete(self, procore: Subscriptions, project_id: str, hook: Hook) -> None:
        for resource_name, event_type in missing_triggers(await procore.triggers(project_id, hook.id)):
            await procore.create_trigger(
                project_id, hook.id, resource_name=resource_name, event_type=event_type
            )
