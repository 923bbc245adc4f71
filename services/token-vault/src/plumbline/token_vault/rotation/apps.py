"""The handler of `apps/…`: client secrets, which no API rotates.

A person makes a new one in the provider's developer portal and gives it to `plumbline rotate`. It is a candidate until
one call has shown that the provider knows it: at Procore a grant of client credentials, at QuickBooks an ordinary
renewal (`grants`). Until then the former one is in force, and a wrong one changes nothing.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from plumbline.common.clock import Clock
from plumbline.common.database import Connection
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark
from plumbline.common.reconciling.verdicts import Done, Effect, Verdict, Wait
from plumbline.common.secrets.grants import GrantRefusedError
from plumbline.token_vault.domain import slug
from plumbline.token_vault.policy import SuppliedPolicy
from plumbline.token_vault.ports import Shelf
from plumbline.token_vault.rotation.ages import next_reminder
from plumbline.token_vault.rotation.ports import AppShelf, HeldApp, Proof, Request, Rotations
from plumbline.token_vault.rotation.table import Row
from plumbline.token_vault.rotation.telling import Age, ending_with, fulfilled, telling

UNKNOWN_SECRET = frozenset({"invalid_client", "unauthorized"})
"""The refusals that say that the app's secret is wrong (RFC 6749 §5.2, and a 401 without a reason)."""

LOOK_AGAIN = timedelta(days=1)
"""A secret is looked at this often, whatever is due."""

_WRONG = "The provider does not know this secret; nothing was changed. Copy it from its developer portal once more."
_NO_GRANT = (
    "No grant of this app lives by whose renewal the secret could be proven. Connect an account first."
)
_WOULD = "takes the new secret from standard input, proves it by one call, and drops the former one"


def app_name(app: str) -> str:
    """Return what the secret of an app is called as a credential."""
    return f"apps/{app}"


def proven(app: HeldApp, *, now: datetime) -> HeldApp:
    """Return the document after a call has shown that the provider knows the candidate."""
    assert app.candidate is not None
    return replace(app, secret=app.candidate, number=app.number + 1, since=now, candidate=None)


def refused(app: HeldApp) -> HeldApp:
    """Return the document after the provider refused the candidate."""
    return replace(app, candidate=None)


class AppRotation:
    """Proves new secrets, and reminds of old ones."""

    def __init__(
        self,
        *,
        shelf: AppShelf,
        grants: Shelf,
        accounts: frozenset[str],
        rotations: Rotations,
        proofs: Mapping[str, Proof],
        policy: SuppliedPolicy,
        look: timedelta,
        clock: Clock,
    ) -> None:
        """Keep the secrets of the apps by which `accounts` were connected.

        Args:
            shelf: where they are.
            grants: tells the app of an account.
            accounts: every account.
            rotations: requests and news.
            proofs: how a provider is asked; one that is left out is asked by renewals alone.
            policy: how old a secret may become, and when to remind.
            look: between looks while a secret is being proven.
            clock: what ages are judged by.
        """
        self._shelf = shelf
        self._grants = grants
        self._accounts = accounts
        self._rotations = rotations
        self._proofs = proofs
        self._policy = policy
        self._look = look
        self._clock = clock

    async def names(self) -> list[str]:
        """Return the secret of every app that a grant was given to."""
        return sorted({app_name(app) for app in (await self._apps()).values()})

    async def accounts_of(self, name: str) -> list[str]:
        """Return the accounts that were connected by an app."""
        return sorted(account for account, app in (await self._apps()).items() if app_name(app) == name)

    async def converge(self, claim: Claim) -> Verdict:
        """Prove a candidate, or remind of the present one."""
        name, now = claim.key, self._clock.now()
        app = await self._shelf.held(name)
        if app is None:
            return Done(again_after=LOOK_AGAIN)
        if app.since is None:
            app = await self._shelf.put(name, replace(app, since=now))
        request = await self._rotations.request(name)
        why = _WRONG
        if app.candidate is not None:
            tried = await self._proved(name, app, request)
            if tried is None:
                return Wait(self._look, "the new secret is being proven by a renewal")
            app, why = tried
        return await self._ended(name, app, request, why)

    async def rows(self) -> list[Row]:
        """Return a row for each. Raises what the stores raise."""
        return [await self._row(name) for name in await self.names()]

    async def _proved(self, name: str, app: HeldApp, request: Request | None) -> tuple[HeldApp, str] | None:
        """Return the document after the proof, and why the candidate was refused if it was; None if it goes on."""
        if request is None or not request.is_open:
            return await self._shelf.put(name, refused(app)), ""  # nobody waits for it any more
        proof = self._proofs.get(name.split("/")[1])
        if proof is None:
            return None if await self._lives(name) else (await self._shelf.put(name, refused(app)), _NO_GRANT)
        assert app.offered is not None
        try:
            await proof(app.offered)
        except GrantRefusedError as refusal:
            if refusal.reason not in UNKNOWN_SECRET:
                raise
            return await self._shelf.put(name, refused(app)), _WRONG
        return await self._shelf.put(name, proven(app, now=self._clock.now())), ""

    async def _lives(self, name: str) -> bool:
        held = [await self._grants.held(account) for account in await self.accounts_of(name)]
        return any(grant is not None and grant.cause is None for grant in held)

    async def _ended(self, name: str, app: HeldApp, request: Request | None, why: str) -> Verdict:
        now, age = self._clock.now(), self._age(name, app)
        end = fulfilled(self._rotations, name, request, version=app.number)
        if end is None and request is not None and request.is_open:
            end = self._rotations.ending(name, request, "refused", why)
        news = await telling(self._rotations, age, now=now)
        coming = next_reminder(age.due_at, age.reminders, now=now)
        again_after = LOOK_AGAIN if coming is None else min(LOOK_AGAIN, coming - now)
        return ending_with(Done(again_after=again_after), news, end, await self._resuming(name, app, request))

    async def _resuming(self, name: str, app: HeldApp, request: Request | None) -> Effect | None:
        """Have the app's accounts looked at: some may have been refused while the former secret was in force."""
        if request is None or not request.is_open or app.number <= request.version:
            return None
        marks = [Mark(a, slug(a), f"{name} has version {app.number}") for a in await self.accounts_of(name)]

        async def resume(connection: Connection) -> None:
            await mark(connection, marks, now=self._clock.now())

        return resume

    async def _apps(self) -> dict[str, str]:
        held = [await self._grants.held(account) for account in sorted(self._accounts)]
        return {grant.account: grant.app for grant in held if grant is not None}

    async def _row(self, name: str) -> Row:
        app = await self._shelf.held(name)
        if app is None:
            return Row(name, "client secret", 0, None, None, "missing", "Import it.", rotates="a person")
        return Row(
            name=name,
            kind="client secret",
            version=app.number,
            since=app.since,
            due_at=None if app.since is None else self._age(name, app).due_at,
            state="live" if app.candidate is None else "a new one is being proven",
            rotates="a person",
            would=_WOULD,
        )

    def _age(self, name: str, app: HeldApp) -> Age:
        since = app.since or self._clock.now()
        return Age(name, app.number, since, self._policy.maximum_age, self._policy.remind_before_days)
