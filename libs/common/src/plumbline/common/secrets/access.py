"""Access tokens of one account, as the services that call its partner see them.

token-vault keeps `grants/<account>/access` up to date. `AccountTokens` reads it, caches it, and asks for
a renewal when the partner refuses what is in it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from plumbline.common.clock import Clock
from plumbline.common.contracts.cloudevents import outgoing
from plumbline.common.contracts.operations import RenewCredential
from plumbline.common.contracts.topics import CREDENTIALS_COMMANDS
from plumbline.common.errors import TransientError
from plumbline.common.metrics import TOKEN_WAIT_SECONDS
from plumbline.common.outbox import Publisher
from plumbline.common.secrets.port import SecretDocument, SecretStore, SecretStoreUnavailableError
from plumbline.common.secrets.tokens import LiveToken, NoLiveTokenError

LIFE_LEFT = timedelta(minutes=2)
"""A token is not handed out with less life than this: a call and its retries must fit in."""

PATIENCE_S = 10.0
"""How long callers wait for a newer token before the account is held."""

POLL_S = 0.1
"""How often the one waiter looks for a newer token."""

TRUST_AFTER = timedelta(seconds=5)
"""A replacement refused sooner than this was never good: the cause is not the token."""

COOLDOWN = timedelta(seconds=60)
"""How long the account rests after two refusals in a row, and between two requests for one version."""

LOOK_AGAIN_AFTER = timedelta(minutes=5)
"""A cached token is compared with the store this often, in the background.

A successor is there while a quarter of the token's life is left, so that the token is out of use before its
end whatever this machine's clock says; and what another service was refused is soon used by none.
"""

AskForRenewal = Callable[[RenewCredential], Awaitable[None]]
"""Tells token-vault that a version was refused; raises a `TransientError` if it could not."""

log = structlog.get_logger(__name__)


def access_path(account: str) -> str:
    """Return where the live access token of an account is kept."""
    return f"grants/{account}/access"


def access_values(token: LiveToken) -> dict[str, str]:
    """Return the document at `access_path`; the token is in clear in it."""
    return {
        "access_token": token.value.get_secret_value(),
        "version": str(token.version),
        "expires_at": token.expires_at.isoformat(),
    }


def revoked_values(version: int) -> dict[str, str]:
    """Return the document at `access_path` once a version was refused: its token is taken back."""
    return {"version": str(version), "revoked": "true"}


def lent_version(document: SecretDocument) -> tuple[int, bool]:
    """Return which version the document at `access_path` is about, and whether that was taken back."""
    return int(document.text("version")), "revoked" in document.values


def access_token(document: SecretDocument) -> LiveToken | None:
    """Return the token in the document at `access_path`; None if it was taken back."""
    version, revoked = lent_version(document)
    if revoked:
        return None
    return LiveToken(
        value=document.values["access_token"],
        version=version,
        expires_at=datetime.fromisoformat(document.text("expires_at")),
    )


def asking_over_kafka(publisher: Publisher, *, clock: Clock) -> AskForRenewal:
    """Return a way to ask that publishes to `credentials.commands.v1` directly, not by an outbox.

    Asking twice costs nothing, so nothing has to be remembered about it.
    """

    async def ask(request: RenewCredential) -> None:
        message = outgoing(
            CREDENTIALS_COMMANDS, request.key, request, source=request.asked_by, at=clock.now()
        )
        await publisher.publish([message])

    return ask


class AccountTokens:
    """The `TokenSource` of one account: cached, with one waiter per process for a newer token.

    While token-vault is down everything goes on until the cached token nears its end.
    """

    def __init__(
        self,
        store: SecretStore,
        *,
        account: str,
        asked_by: str,
        ask: AskForRenewal,
        clock: Clock,
        patience_s: float = PATIENCE_S,
        trust_after: timedelta = TRUST_AFTER,
        cooldown: timedelta = COOLDOWN,
    ) -> None:
        """Serve tokens of `account` (`procore/<app>` or `quickbooks/<realm>`).

        Args:
            store: where the token is read.
            account: whose token.
            asked_by: the service, named in requests for renewal.
            ask: how a renewal is requested.
            clock: what expiry and cooldown are measured by.
            patience_s: longest wait for a newer token.
            trust_after: a replacement refused sooner than this counts as a second refusal in a row.
            cooldown: how long the account is held after that.
        """
        self._store = store
        self._account = account
        self._asked_by = asked_by
        self._ask = ask
        self._clock = clock
        self._patience_s = patience_s
        self._trust_after = trust_after
        self._cooldown = cooldown
        self._cached: LiveToken | None = None
        self._refused_version = 0
        self._refused_was_good = False
        self._distrusted_until = clock.now()
        self._held_until = clock.now()
        self._asked = (0, clock.now())
        self._waiter: asyncio.Task[LiveToken] | None = None
        self._looked_at = clock.now()
        self._looking: asyncio.Task[LiveToken | None] | None = None

    async def live_token(self) -> LiveToken:
        """See `TokenSource`."""
        token = self._usable()
        if token is None:
            return await self._shared_wait()
        self._look_now_and_then()
        return token

    async def replace(self, refused: LiveToken, *, was_good: bool = False) -> LiveToken:
        """See `TokenSource`. After two refusals in a row no renewal is asked for during the cooldown."""
        self._refuse(refused, was_good=was_good)
        return self._usable() or await self._shared_wait()

    def _usable(self) -> LiveToken | None:
        token = self._cached
        if token is None or token.version <= self._refused_version:
            return None
        return token if token.expires_at - self._clock.now() > LIFE_LEFT else None

    def _refuse(self, refused: LiveToken, *, was_good: bool) -> None:
        if refused.version <= self._refused_version:
            return
        now = self._clock.now()
        self._refused_version, self._refused_was_good = refused.version, was_good
        if now < self._distrusted_until:
            self._held_until = now + self._cooldown
            log.warning("tokens.refused-twice", account=self._account, version=refused.version)

    def _look_now_and_then(self) -> None:
        if self._looking is None and abs(self._clock.now() - self._looked_at) >= LOOK_AGAIN_AFTER:
            self._looking = asyncio.create_task(self._look(), name=f"look at {self._account}")
            self._looking.add_done_callback(self._looked)

    def _looked(self, task: asyncio.Task[LiveToken | None]) -> None:
        self._looking = None
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("tokens.not-read", account=self._account, exc_info=error)

    async def _shared_wait(self) -> LiveToken:
        if self._waiter is None:
            self._waiter = asyncio.create_task(self._wait(), name=f"token of {self._account}")
            self._waiter.add_done_callback(self._waited)
        with TOKEN_WAIT_SECONDS.labels(self._account.partition("/")[0]).time():
            # Shielded: a caller that gives up must not end the wait of the others.
            return await asyncio.shield(self._waiter)

    def _waited(self, task: asyncio.Task[LiveToken]) -> None:
        self._waiter = None
        if not task.cancelled():
            task.exception()  # if every caller has given up, nobody else will look at it

    async def _wait(self) -> LiveToken:
        if token := await self._look():
            return token
        held_for = self._held_until - self._clock.now()
        if held_for > timedelta(0):
            raise self._none_live("the partner refused two tokens in a row", retry_after=held_for)
        await self._ask_once()
        try:
            async with asyncio.timeout(self._patience_s):
                return await self._poll()
        except TimeoutError as error:
            raise self._none_live("no live access token came in time") from error

    async def _poll(self) -> LiveToken:
        while True:
            if token := await self._look():
                return token
            await asyncio.sleep(POLL_S)

    async def _look(self) -> LiveToken | None:
        self._looked_at = self._clock.now()
        try:
            document = await self._store.read(access_path(self._account))
        except SecretStoreUnavailableError as error:
            log.warning("tokens.store-away", account=self._account, **error.log_fields())
            return None
        if document is not None:
            self._take(document)
        return self._usable()

    def _take(self, document: SecretDocument) -> None:
        token = access_token(document)
        if token is None:
            self._refused_version = max(self._refused_version, lent_version(document)[0])
            return
        held = self._cached
        if held is not None and token.version <= held.version:
            return
        if held is not None and held.version <= self._refused_version:
            self._distrusted_until = self._clock.now() + self._trust_after
        self._cached = token

    async def _ask_once(self) -> None:
        """Ask for what replaces the refused version, unless that was done a moment ago."""
        version, now = self._refused_version, self._clock.now()
        asked_version, asked_at = self._asked
        if version == 0 or (version == asked_version and now < asked_at + self._cooldown):
            return
        try:
            await self._ask(
                RenewCredential(
                    account=self._account,
                    refused_version=version,
                    was_good=self._refused_was_good,
                    asked_by=self._asked_by,
                )
            )
        except TransientError as error:
            log.warning("tokens.not-asked", account=self._account, **error.log_fields())
        else:
            self._asked = (version, now)

    def _none_live(self, why: str, *, retry_after: timedelta | None = None) -> NoLiveTokenError:
        return NoLiveTokenError(
            f"{self._account}: {why}", retry_after=retry_after, holds_connection=True, account=self._account
        )
