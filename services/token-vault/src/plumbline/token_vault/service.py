"""The keeper: renews grants before they end or when they are refused, in single flight."""

import asyncio
import uuid
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import structlog

from plumbline.common.clock import Clock, pause
from plumbline.common.contracts.cloudevents import outgoing
from plumbline.common.contracts.operations import CredentialChanged
from plumbline.common.contracts.topics import CREDENTIALS_EVENTS
from plumbline.common.database import Connection
from plumbline.common.errors import NeedsHumanError
from plumbline.common.http import NotSentError
from plumbline.common.metrics import TOKEN_EXPIRES_AT, TOKEN_RENEWALS
from plumbline.common.outbox import put
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.verdicts import Done, Effect, Park, Verdict, Wait
from plumbline.common.secrets.grants import Grant, GrantDelayedError, GrantRefusedError
from plumbline.common.secrets.port import SecretStoreUnavailableError, StaleSecretError
from plumbline.token_vault.domain import (
    HeldGrant,
    Intent,
    Status,
    answered,
    dead,
    intending,
    not_called,
    renewal_at,
    renewal_due,
    waits_for_other,
)
from plumbline.token_vault.ports import Provider, Refusals, Shelf

SERVICE = "token-vault"
"""The service's name in events."""

LOOK_SOONEST = timedelta(seconds=1)
"""A grant is not looked at more often than this without news."""

EXPIRIES_TOLD_EVERY_S = 10.0
"""Between two readings of when tokens end."""

log = structlog.get_logger(__name__)


class NoGrantError(NeedsHumanError):
    """No grant was ever supplied for this account: import one."""


class NoAppError(NeedsHumanError):
    """The app of this grant is not registered: import its client id and secret."""


class Keeper:
    """Keeps accounts' tokens live. Safe to run in many replicas: the grant document decides."""

    def __init__(
        self, *, shelf: Shelf, providers: Mapping[str, Provider], refusals: Refusals, clock: Clock
    ) -> None:
        """Keep what is on `shelf`, with one provider per first word of an account."""
        self._shelf = shelf
        self._providers = providers
        self._refusals = refusals
        self._clock = clock

    async def converge(self, claim: Claim) -> Verdict:
        """Renew one account's token if it is due, and make the copy that services read."""
        held = await self._shelf.held(claim.key)
        if held is None:
            raise NoGrantError(f"No grant is stored for {claim.key}. Import one, then resume this record.")
        await self._lend(held)
        if held.status is Status.DEAD:
            return _reconnect(claim.key)
        refused = await self._refusals.newest(claim.key)
        if not renewal_due(held, refused_version=refused, now=self._clock.now()):
            return self._until_next(held)
        if (other := waits_for_other(held, now=self._clock.now())) is not None:
            return Wait(other, "another replica is renewing this grant")
        return await self._renew(held)

    async def _renew(self, held: HeldGrant) -> Verdict:
        provider = self._providers[held.provider]
        app = await self._shelf.app(held.app)
        if app is None:
            raise NoAppError(
                f"App {held.app} is not registered. Import its client id and secret, then resume."
            )
        # The intent is stored first: whoever sees it keeps away until the call must be over.
        until = self._clock.now() + timedelta(seconds=provider.deadline_s)
        asked = await self._shelf.put(intending(held, Intent(str(uuid.uuid4()), until)))
        outcome = "unknown"
        try:
            grant = await provider.renew(asked, app)
            outcome = "renewed"
        except GrantRefusedError as refusal:
            outcome = "refused"
            return await self._refused(asked, refusal)
        except (GrantDelayedError, NotSentError):
            outcome = "delayed"
            await self._shelf.put(not_called(asked))
            raise
        finally:
            TOKEN_RENEWALS.labels(held.provider, outcome).inc()
        return await self._answered(asked, grant)

    async def _answered(self, asked: HeldGrant, grant: Grant) -> Verdict:
        """Store the whole answer before anybody uses it; a lost race is run again on what is there now."""
        held = asked
        while True:
            renewed = answered(held, asked=asked, grant=grant)
            if renewed is None:
                return Wait(LOOK_SOONEST, "a newer grant was stored meanwhile")
            try:
                stored = await self._shelf.put(renewed)
                break
            except StaleSecretError:
                held = await self._shelf.held(asked.account) or asked
        await self._lend(stored)
        change = "recovered" if asked.status is not Status.LIVE else "renewed"
        return self._until_next(stored, store=self._telling(stored, change))

    async def _refused(self, asked: HeldGrant, refusal: GrantRefusedError) -> Verdict:
        """A refusal is final unless somebody else has rotated the grant meanwhile."""
        now_held = await self._shelf.held(asked.account)
        if now_held is not None and now_held.document_version != asked.document_version:
            return Wait(LOOK_SOONEST, "the grant was rotated meanwhile; looking again")
        if refusal.reason == "invalid_client":
            await self._shelf.put(not_called(asked))
            raise refusal
        stored = await self._shelf.put(dead(asked))
        parked = _reconnect(asked.account)
        return Park(parked.code, parked.reason, store=self._telling(stored, "dead"))

    async def _lend(self, held: HeldGrant) -> None:
        if held.live_token is not None:
            await self._shelf.lend(held.account, held.live_token)

    def _until_next(self, held: HeldGrant, store: Effect | None = None) -> Done:
        at = renewal_at(held) or self._clock.now()
        return Done(store=store, again_after=max(LOOK_SOONEST, at - self._clock.now()))

    def _telling(self, held: HeldGrant, change: str) -> Effect:
        now = self._clock.now()
        event = _event(held, change, now)

        async def tell(connection: Connection) -> None:
            await put(connection, [outgoing(CREDENTIALS_EVENTS, event.key, event, source=SERVICE, at=now)])

        return tell


class Expiries:
    """Tells when the accounts' tokens end, as the store has it: every replica knows of what another has renewed."""

    def __init__(self, *, shelf: Shelf, accounts: Collection[str]) -> None:
        """Tell of `accounts`."""
        self._shelf = shelf
        self._accounts = accounts

    async def run(self, stop: asyncio.Event) -> None:
        """Tell until `stop` is set."""
        while not stop.is_set():
            await self.tell()
            await pause(stop, EXPIRIES_TOLD_EVERY_S)

    async def tell(self) -> None:
        """Set the figure of every account; while the store is away they stay as they were, and draw near."""
        for account in self._accounts:
            try:
                held = await self._shelf.held(account)
            except SecretStoreUnavailableError as error:
                log.warning("expiries.not-read", account=account, **error.log_fields())
                return
            if held is not None and held.expires_at is not None:
                TOKEN_EXPIRES_AT.labels(account).set(held.expires_at.timestamp())


def _event(held: HeldGrant, change: str, now: datetime) -> CredentialChanged:
    return CredentialChanged.model_validate(
        {
            "account": held.account,
            "change": change,
            "version": held.version,
            "expires_at": held.expires_at,
            "at": now,
        }
    )


def _reconnect(account: str) -> Park:
    return Park(
        "grant-dead",
        f"The provider refused the grant of {account} for good. Connect the company again: import its new grant, "
        "then resume this record.",
    )
