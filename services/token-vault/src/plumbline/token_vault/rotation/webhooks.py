"""The handler of `webhooks/…`: bearer values of Procore's webhooks, verifier tokens of Intuit's.

The first are made here, given to every replica of ingest, and then shown by the hooks. The second are made by Intuit and
brought by a person; they count once a notification has come that is signed by them.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr

from plumbline.common.clock import Clock
from plumbline.common.connections import Connections
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.verdicts import Done, Verdict, Wait
from plumbline.common.secrets.webhooks import WebhookSecret, webhook_path
from plumbline.token_vault.policy import KindPolicy, Policy, SuppliedPolicy
from plumbline.token_vault.rotation.ages import next_reminder, rotation_at
from plumbline.token_vault.rotation.overlap import (
    Begin,
    Heard,
    Hold,
    Rest,
    Situation,
    Step,
    Store,
    Terms,
    begun,
    step_of_bearer,
    step_of_signature,
)
from plumbline.token_vault.rotation.ports import Request, Rotations, WebhookShelf
from plumbline.token_vault.rotation.table import Rotates, Row
from plumbline.token_vault.rotation.telling import Age, ending_with, fulfilled, telling

BEARER_BYTES = 32
"""Procore signs nothing: a random value is all that tells it from a stranger."""

LOOK_AGAIN = timedelta(days=1)
"""A credential is looked at this often, whatever is due."""

NextStep = Callable[[WebhookSecret, Situation, Terms], Step]


@dataclass(frozen=True, slots=True)
class _Manner:
    """How one source's secrets are rotated."""

    kind: str
    step: NextStep
    policy: KindPolicy
    would: str


class WebhookRotation:
    """Rotates webhook secrets. Safe to run in many replicas: each step is one check-and-set of the document."""

    def __init__(
        self,
        *,
        shelf: WebhookShelf,
        rotations: Rotations,
        connections: Connections,
        policy: Policy,
        terms: Terms,
        look: timedelta,
        clock: Clock,
    ) -> None:
        """Rotate the secrets of `connections` and their apps; look every `look` while a rotation is under way."""
        self._shelf = shelf
        self._rotations = rotations
        self._connections = connections
        self._terms = terms
        self._look = look
        self._clock = clock
        self._manners = {
            "procore": _Manner(
                "webhook value",
                step_of_bearer,
                policy.webhooks,
                "makes a new value, waits until every replica of ingest accepts it, lets the hooks show it, and drops "
                "the former one later",
            ),
            "quickbooks": _Manner(
                "verifier token",
                step_of_signature,
                policy.verifier_tokens,
                "takes the token that Intuit's developer portal shows, and drops the former one some time after a "
                "notification was signed by it",
            ),
        }

    def names(self) -> list[str]:
        """Return every secret that connections need."""
        apps = sorted({c.quickbooks.app for c in self._connections if c.quickbooks.app is not None})
        hooks = [webhook_path("procore", connection.name) for connection in self._connections]
        return [*hooks, *(webhook_path("quickbooks", app) for app in apps)]

    async def converge(self, claim: Claim) -> Verdict:
        """Take every step that can be taken now."""
        name, manner = claim.key, self._manner(claim.key)
        held = await self._shelf.held(name)
        if held is None:
            return Done(again_after=LOOK_AGAIN)  # ingest says what is missing, where it is missed
        while True:
            request = await self._rotations.request(name)
            situation = await self._situation(name, held.secret, request)
            match manner.step(held.secret, situation, self._terms):
                case Begin():
                    secret = begun(held.secret, _new_bearer(), now=situation.now)
                case Store(secret):
                    pass
                case Hold(why):
                    return await self._ended(name, held.secret, request, Wait(self._look, why))
                case Rest(until):
                    rested = Done(again_after=self._until_next(name, held.secret, until))
                    return await self._ended(name, held.secret, request, rested)
            held = await self._shelf.put(name, held, secret)

    async def rows(self) -> list[Row]:
        """Return a row for each. Raises what the stores raise."""
        return [await self._row(name) for name in self.names()]

    async def _row(self, name: str) -> Row:
        manner, held = self._manner(name), await self._shelf.held(name)
        rotates: Rotates = "a person" if isinstance(manner.policy, SuppliedPolicy) else "itself"
        if held is None:
            return Row(name, manner.kind, 0, None, None, "missing", "Import it.", rotates=rotates)
        secret = held.secret
        situation = await self._situation(name, secret, await self._rotations.request(name))
        step = manner.step(secret, situation, self._terms)
        return Row(
            name=name,
            kind=manner.kind,
            version=secret.number,
            since=secret.since,
            due_at=None if secret.since is None else self._age(name, secret).due_at,
            state=_state(secret),
            held_up=step.why if isinstance(step, Hold) else "",
            rotates=rotates,
            would=manner.would,
        )

    def _manner(self, name: str) -> _Manner:
        return self._manners[name.split("/")[1]]

    def _age(self, name: str, secret: WebhookSecret) -> Age:
        policy = self._manner(name).policy
        reminders = policy.remind_before_days if isinstance(policy, SuppliedPolicy) else ()
        # A value that a person has brought already needs no reminder.
        pending = secret.next is not None
        return Age(
            name,
            secret.number,
            secret.since or self._clock.now(),
            policy.maximum_age,
            () if pending else reminders,
        )

    async def _situation(self, name: str, secret: WebhookSecret, request: Request | None) -> Situation:
        now, reports = self._clock.now(), await self._rotations.reports(name)
        within_s = self._terms.heard_within.total_seconds()
        shown = {r.reporter: r.version for r in reports if r.says == "shows"}
        asked = request is not None and request.is_open and request.version >= secret.number
        return Situation(
            now=now,
            rotate=asked or (secret.since is not None and now >= self._rotation_at(name, secret)),
            replicas={
                r.reporter: Heard(r.version, r.trouble)
                for r in reports
                if r.says == "accepts" and r.age_s <= within_s
            },
            hooks={hook: shown.get(hook, 0) for hook in self._hooks(name)},
            signed=max((r.version for r in reports if r.says == "saw"), default=0),
        )

    def _hooks(self, name: str) -> list[str]:
        _, source, addressee = name.split("/", 2)
        connection = self._connections.get(addressee) if source == "procore" else None
        return [f"hooks/{addressee}/{p}" for p in connection.procore.projects] if connection else []

    def _rotation_at(self, name: str, secret: WebhookSecret) -> datetime:
        age = self._age(name, secret)
        return rotation_at(age.since, age.maximum, name=name, version=age.version)

    def _until_next(self, name: str, secret: WebhookSecret, until: datetime | None) -> timedelta:
        now, age = self._clock.now(), self._age(name, secret)
        moments = [until, self._rotation_at(name, secret), next_reminder(age.due_at, age.reminders, now=now)]
        coming = [moment - now for moment in moments if moment is not None and moment > now]
        return min([*coming, LOOK_AGAIN])

    async def _ended(
        self, name: str, secret: WebhookSecret, request: Request | None, verdict: Verdict
    ) -> Verdict:
        news = await telling(self._rotations, self._age(name, secret), now=self._clock.now())
        is_through = secret.previous is None or secret.previous_until is not None
        end = fulfilled(self._rotations, name, request, version=secret.number) if is_through else None
        return ending_with(verdict, news, end)


def _new_bearer() -> SecretStr:
    return SecretStr(f"Bearer {secrets.token_urlsafe(BEARER_BYTES)}")


def _state(secret: WebhookSecret) -> str:
    if secret.next is not None:
        return f"version {secret.number + 1} is accepted too"
    if secret.previous is None:
        return "live"
    until = secret.previous_until
    return (
        f"version {secret.number - 1} is shown still"
        if until is None
        else (f"version {secret.number - 1} is accepted until {until:%Y-%m-%d %H:%M:%S}")
    )
