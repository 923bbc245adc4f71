"""Keeping the subscriptions: every project has one working hook with all its triggers, and misses no event."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from plumbline.common.clock import Clock
from plumbline.common.connections import ConnectionConfig, Connections
from plumbline.common.contracts.cloudevents import Outgoing
from plumbline.common.contracts.operations import SecretsReport
from plumbline.common.errors import NeedsHumanError
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.verdicts import Done, Verdict
from plumbline.common.secrets.webhooks import webhook_path
from plumbline.ingest.domain.messages import Arrival, reported, translate
from plumbline.ingest.domain.subscription import (
    PAYLOAD_VERSION,
    Subscription,
    Wanted,
    chosen,
    missing_triggers,
    repair_of,
    searched_from,
    twins,
)
from plumbline.ingest.ports import Looks, Secrets, Subscriptions
from plumbline.procore.hooks import Hook

DISCARDED = "discarded"
"""The fate of deliveries that Procore has given up (Procore docs, Webhooks: after twelve hours)."""

SOURCE = "procore"
"""The source of webhooks, in paths of routes and secrets."""


class NoWebhookSecretError(NeedsHumanError):
    """No webhook secret is stored for this connection: import one with its grants."""


class TriggersRefusedError(NeedsHumanError):
    """Procore does not let a hook listen to something that Plumbline has to hear of."""


def key_of(connection: ConnectionConfig, project_id: str) -> str:
    """Return the record key of a project's subscription."""
    return f"hooks/{connection.name}/{project_id}"


@dataclass(frozen=True, slots=True)
class _Visit:
    """One look at one project, and what it has changed so far."""

    claim: Claim
    procore: Subscriptions
    project_id: str
    namespace: str
    wanted: Wanted
    changes: list[str] = field(default_factory=list)

    async def hook(self, found: Sequence[Hook]) -> Hook:
        """Return the one hook to keep, made or repaired where that is needed."""
        hook = chosen(found, self.wanted)
        if hook is None:
            return await self._created()
        repair = repair_of(hook, self.wanted)
        if repair.needed:
            hook = await self.procore.update_hook(
                self.project_id,
                hook.id,
                destination_url=repair.destination_url,
                authorization=repair.authorization,
                status=repair.status,
            )
            self.changes.extend(repair.in_words())
        return hook

    async def complete(self, hook: Hook) -> None:
        """Set the triggers that the hook lacks."""
        missing = missing_triggers(await self.procore.triggers(self.project_id, hook.id))
        if not missing:
            return
        if not await self.procore.create_triggers(self.project_id, hook.id, missing):
            # Another replica may have set them a moment ago: what counts is what is there now.
            refused = missing_triggers(await self.procore.triggers(self.project_id, hook.id))
            if refused:
                names = ", ".join(f"{resource} {event_type}" for resource, event_type in refused)
                raise TriggersRefusedError(
                    f"Procore refuses to tell hook {hook.id} ({hook.payload_version}) of {names}. "
                    "Delete the hook in Procore if its payload version is too old, then resume."
                )
        self.changes.append(f"set {len(missing)} triggers")

    async def remove(self, hook: Hook) -> None:
        """Remove a hook that doubles every event of the one that is kept."""
        await self._still_ours()
        await self.procore.delete_hook(self.project_id, hook.id)
        self.changes.append(f"removed hook {hook.id}, which delivered the same")

    async def _created(self) -> Hook:
        await self._still_ours()
        hook = await self.procore.create_hook(
            self.project_id,
            namespace=self.namespace,
            destination_url=self.wanted.destination_url,
            authorization=self.wanted.authorization,
            payload_version=PAYLOAD_VERSION,
        )
        self.changes.append(f"subscribed the project with hook {hook.id}")
        return hook

    async def _still_ours(self) -> None:
        """Stop here if another replica has taken the project over: what comes next cannot be repeated."""
        async with self.claim.transaction():
            pass


class SubscriptionKeeper:
    """Creates and repairs hooks and triggers, and publishes what Procore could not deliver to them.

    Safe to repeat: it looks before it changes anything.

    It keeps one hook per project in its namespace. Others there that deliver to us too are removed:
    they are left from a creation whose answer was lost, and each doubles every event. Others that
    deliver elsewhere are another installation's, and left alone.
    """

    def __init__(
        self,
        *,
        connections: Connections,
        subscriptions: Callable[[ConnectionConfig], Subscriptions],
        secrets: Secrets,
        looks: Looks,
        clock: Clock,
        namespace: str,
        public_url: str,
        recheck: timedelta,
    ) -> None:
        """Keep hooks of `namespace` that deliver to `public_url`; look again every `recheck`."""
        self._connections = connections
        self._subscriptions = subscriptions
        self._secrets = secrets
        self._looks = looks
        self._clock = clock
        self._namespace = namespace
        self._public_url = public_url.rstrip("/")
        self._recheck = recheck

    async def converge(self, claim: Claim) -> Verdict:
        """Make one project's subscription what it should be."""
        _, name, project_id = claim.key.split("/", 2)
        connection = self._connections.get(name)
        if connection is None or project_id not in connection.procore.projects:
            return Done()  # it was taken out of the configuration
        procore, wanted = self._subscriptions(connection), await self._wanted(name)
        visit = _Visit(claim, procore, project_id, self._namespace, wanted)
        found = await procore.hooks(project_id, self._namespace)
        hook = await visit.hook(found)
        await visit.complete(hook)
        # Only now, so that no event falls between two hooks.
        for twin in twins(found, hook, wanted):
            await visit.remove(twin)
        # A hook that was made just now has missed nothing: the call is spared where many are made.
        is_new = hook.id not in {one.id for one in found}
        missed = [] if is_new else await self._missed(visit, connection, hook)
        report = self._report(claim.key, name, wanted)
        effect = self._looks.keeping(self._found(claim.key, hook, visit), missed, reported(report))
        return Done(store=effect, again_after=self._recheck)

    async def tell(self, key: str) -> Mapping[str, Any] | None:
        """Tell the story of a project's subscription; None if it was never looked at."""
        last = await self._looks.last(key)
        if last is None:
            return None
        return {"hook": last.hook_id, "payload_version": last.payload_version, "story": last.story()}

    async def _wanted(self, name: str) -> Wanted:
        secret = await self._secrets.secret(SOURCE, name)
        if secret is None:
            raise NoWebhookSecretError(
                f"No webhook secret is stored for {name}. Import its grants, then resume."
            )
        return Wanted(f"{self._public_url}/webhooks/{SOURCE}/{name}", secret.current, secret.number)

    def _report(self, key: str, name: str, wanted: Wanted) -> SecretsReport:
        """Say which value the hook shows from now on: token-vault drops the one before it some time after that."""
        versions = {webhook_path(SOURCE, name): wanted.version}
        return SecretsReport(reporter=key, says="shows", versions=versions, at=self._clock.now())

    async def _missed(self, visit: _Visit, connection: ConnectionConfig, hook: Hook) -> list[Outgoing]:
        """Return the events that Procore discarded after its last try, but for those recovered before."""
        key, now = visit.claim.key, self._clock.now()
        since = searched_from(await self._looks.last(key), now)
        discarded = await visit.procore.deliveries(visit.project_id, hook.id, status=DISCARDED, since=since)
        bodies = [json.dumps(delivery.payload).encode() for delivery in discarded]
        # An event that was delivered twice, and discarded twice, is one event.
        arrival = Arrival(key, now)
        found = {t.event_id: t for t in (translate(body, connection, arrival) for body in bodies)}
        missed = [found[event_id] for event_id in await self._looks.not_recovered(key, list(found))]
        if missed:
            visit.changes.append(f"recovered {len(missed)} events that Procore had discarded")
        return [one.message for one in sorted(missed, key=lambda one: one.message.headers["ce_time"])]

    def _found(self, key: str, hook: Hook, visit: _Visit) -> Subscription:
        now = self._clock.now()
        return Subscription(
            key=key,
            hook_id=hook.id,
            payload_version=hook.payload_version,
            destination_url=visit.wanted.destination_url,
            looked_at=now,
            changes=tuple(visit.changes),
            changed_at=now,
        )
