"""The keeper: renews grants before they end or when they are refused, in single flight."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

import structlog

from plumbline.common.clock import Clock
from plumbline.common.errors import NeedsHumanError, SuiteError
from plumbline.common.metrics import TOKEN_RENEWALS
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.verdicts import Done, Effect, Park, Verdict, Wait
from plumbline.common.secrets.grants import Grant, GrantRefusedError, GrantUnknownError
from plumbline.common.secrets.port import SecretStoreUnavailableError, StaleSecretError
from plumbline.token_vault.domain import (
    COOLDOWN,
    App,
    Await,
    Cause,
    GiveUp,
    HeldGrant,
    Reconnect,
    Renew,
    Rest,
    answered,
    dead,
    intending,
    is_revoked,
    news,
    next_step,
    not_called,
    refused,
    revived,
    why_dead,
)
from plumbline.token_vault.policy import Policy
from plumbline.token_vault.ports import Notices, Provider, Refusals, Shelf

SERVICE = "token-vault"
"""The service's name in events."""

LOOK_SOONEST = timedelta(seconds=1)
"""A grant is not looked at more often than this without news."""

KEPT_FOR = timedelta(hours=1)
"""How long an answer that the store does not take is kept in memory: about as long as its token lives."""

STORE_PAUSE_S = 0.5
"""Between two attempts to store it."""

Change = Callable[[HeldGrant], HeldGrant | None]
"""What is to become of a document; None if nothing is."""

log = structlog.get_logger(__name__)


class NoGrantError(NeedsHumanError):
    """No grant was ever supplied for this account: connect it, or import one."""


class NoAppError(NeedsHumanError):
    """The app of this grant is not registered: import its client id and secret."""


class Keeper:
    """Keeps accounts' tokens live. Safe to run in many replicas: the grant document decides."""

    def __init__(
        self,
        *,
        shelf: Shelf,
        providers: Mapping[str, Provider],
        refusals: Refusals,
        notices: Notices,
        policy: Policy,
        clock: Clock,
        cooldown: timedelta = COOLDOWN,
    ) -> None:
        """Keep what is on `shelf`, with one provider per first word of an account.

        Args:
            shelf: where grants are.
            providers: who renews them.
            refusals: which versions partners have refused.
            notices: what the world was told.
            policy: when to renew and to remind.
            clock: one that all replicas share: they judge each other's intents by it.
            cooldown: how far apart tokens are asked for that a partner goes on refusing, as `PAUSES` counts it.
        """
        self._shelf = shelf
        self._providers = providers
        self._refusals = refusals
        self._notices = notices
        self._policy = policy
        self._clock = clock
        self._cooldown = cooldown

    async def converge(self, claim: Claim) -> Verdict:
        """Renew one account's token if it is due, and make the copy that services read."""
        held = await self._shelf.held(claim.key)
        if held is None:
            raise NoGrantError(
                f"No grant is stored for {claim.key}. Connect it, or import one and resume this record."
            )
        if claim.row.resumed_by_operator and (again := revived(held)) is not None:
            held = await self._shelf.put(again)
        refusal = await self._refusals.newest(claim.key)
        await self._shelf.lend(held, revoked=is_revoked(held, refusal))
        await self._tell_now(claim, held)
        now = self._clock.now()
        match next_step(held, refusal=refusal, policy=self._policy, now=now, cooldown=self._cooldown):
            case Rest(until):
                return Done(again_after=max(LOOK_SOONEST, until - now))
            case Await(until, why):
                return Wait(until - now, why)
            case Renew(in_vain):
                return await self._renew(held, in_vain)
            case GiveUp():
                return await self._parked(await self._shelf.put(dead(held, Cause.REFUSED_ANEW)))
            case Reconnect():
                return await self._parked(held)

    async def _renew(self, held: HeldGrant, in_vain: int) -> Verdict:
        provider = self._providers[held.provider]
        app = await self._shelf.app(held.app)
        if app is None:
            raise NoAppError(
                f"App {held.app} is not registered. Import its client id and secret, then resume."
            )
        # The intent is stored first: whoever sees it keeps away until the call must be over, and a store
        # that takes it will take the answer.
        until = self._clock.now() + timedelta(seconds=provider.deadline_s)
        asked = await self._shelf.put(intending(held, until=until, in_vain=in_vain))
        outcome = "unknown"
        try:
            grant = await self._called(provider, asked, app=app, within=until - self._clock.now())
            outcome = "renewed"
        except GrantUnknownError:
            raise
        except GrantRefusedError as refusal:
            outcome = "refused"
            return await self._refused(asked, refusal)
        except SuiteError:
            outcome = "delayed"
            await self._kept(asked, lambda held: not_called(held, asked=asked))
            raise
        finally:
            TOKEN_RENEWALS.labels(held.provider, outcome).inc()
        stored = await self._kept(asked, lambda held: answered(held, asked=asked, grant=grant))
        return await self._rested(stored)

    async def _called(self, provider: Provider, asked: HeldGrant, *, app: App, within: timedelta) -> Grant:
        """Call, and be over by the intent's end, which others take for the end of the call."""
        try:
            async with asyncio.timeout(within.total_seconds()):
                return await provider.renew(asked, app)
        except TimeoutError as error:
            raise GrantUnknownError(f"{asked.provider} did not answer before the call's deadline") from error

    async def _refused(self, asked: HeldGrant, refusal: GrantRefusedError) -> Verdict:
        """Only `invalid_grant` is about the grant, and final unless somebody else has renewed it meanwhile."""
        if refusal.reason != "invalid_grant":
            await self._kept(asked, lambda held: not_called(held, asked=asked))
            raise refusal
        now = self._clock.now()
        stored = await self._kept(asked, lambda held: refused(held, asked=asked, now=now))
        if stored.cause is None:
            return Wait(LOOK_SOONEST, "the grant was renewed meanwhile; looking again")
        return await self._parked(stored)

    async def _kept(self, asked: HeldGrant, change: Change) -> HeldGrant:
        """Store what became of a call, and return what is stored then.

        A lost race is run again on what is there by then. While the store is away it is kept and tried again:
        what a provider has answered cannot be asked for twice.
        """
        until = self._clock.now() + KEPT_FOR
        held: HeldGrant | None = asked
        while True:
            try:
                held = held or await self._shelf.held(asked.account) or asked
                changed = change(held)
                return held if changed is None else await self._shelf.put(changed)
            except StaleSecretError:
                held = None
            except SecretStoreUnavailableError as error:
                if self._clock.now() >= until:
                    raise
                log.warning("answer.not-stored", account=asked.account, **error.log_fields())
                held = None  # it may have been stored all the same
                await asyncio.sleep(STORE_PAUSE_S)

    async def _rested(self, held: HeldGrant) -> Verdict:
        refusal = await self._refusals.newest(held.account)
        await self._shelf.lend(held, revoked=is_revoked(held, refusal))
        now = self._clock.now()
        match next_step(held, refusal=refusal, policy=self._policy, now=now, cooldown=self._cooldown):
            case Rest(until):
                again_after = max(LOOK_SOONEST, until - now)
            case _:
                again_after = LOOK_SOONEST
        return Done(store=await self._telling(held), again_after=again_after)

    async def _parked(self, held: HeldGrant) -> Park:
        reason = f"{held.account}: {why_dead(held)}"
        return Park("grant-dead", reason, store=await self._telling(held))

    async def _tell_now(self, claim: Claim, held: HeldGrant) -> None:
        """Tell what is known before a call: it may take long, and fail."""
        if (tell := await self._telling(held)) is not None:
            async with claim.transaction() as connection:
                await tell(connection)

    async def _telling(self, held: HeldGrant) -> Effect | None:
        known = await self._notices.known(held.account)
        found = news(known, held, now=self._clock.now(), policy=self._policy.grants)
        return None if found is None else partial(self._notices.tell, held=held, news=found)
