"""Connecting an account, by a person's consent or by an app's own service account.

The person's browser brings a code back to the operator's command, which hands it in here: the app's secret never
leaves this service. What a code led to is remembered, so that a code is traded once and handed in as often as you like.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, SecretStr

from plumbline.common.connections import ConnectionConfig, Connections
from plumbline.common.errors import NeedsHumanError, PermanentError, SuiteError, TransientError
from plumbline.common.secrets.grants import Grant, GrantRefusedError, GrantUnknownError
from plumbline.common.secrets.port import SecretStoreUnavailableError
from plumbline.token_vault.domain import App, Consent, HeldGrant, connected
from plumbline.token_vault.ports import Provider, Shelf
from plumbline.token_vault.storing import PATIENCE_S, store_grant

ProviderName = Literal["procore", "quickbooks"]
"""The first word of an account."""

LOOK_S = 0.1
"""Between two looks at what became of a code that somebody else has handed in."""

Wake = Callable[[str], Awaitable[None]]
"""Has an account looked at anew, and resumed if it waits for a person."""


class UnknownConnectionError(NeedsHumanError):
    """No connection is called that; connections.yaml has them."""


class UnknownProviderError(NeedsHumanError):
    """A connection has two sides: `procore` and `quickbooks`."""


class AppNotRegisteredError(NeedsHumanError):
    """The app is not registered here: give its client id and secret."""


class MissingScopesError(PermanentError):
    """The partner lets the token in and refuses what it asks for: the consent does not go far enough."""


class TokenRefusedError(PermanentError):
    """The partner's API does not take the new access token."""


class Outcome(BaseModel):
    """What became of a consent: a stable code and a sentence for a person, with no secret in them."""

    model_config = ConfigDict(frozen=True)

    code: str
    detail: str
    account: str
    version: int | None = None
    """Of the access token that is stored now; None if nothing was stored."""

    @property
    def is_stored(self) -> bool:
        """Whether the account is connected."""
        return self.version is not None


class Codes(Protocol):
    """Remembers codes that were handed in, by their digests."""

    async def claim(self, digest: str, account: str) -> bool:
        """Claim a code; False if it was claimed before."""

    async def note(self, digest: str, outcome: Outcome) -> None:
        """Remember what became of it."""

    async def outcome(self, digest: str) -> Outcome | None:
        """Return what became of it; None while that is not known."""


class Proof(Protocol):
    """Proves an access token by one call to the partner's API."""

    async def prove(self, provider: ProviderName, connection: ConnectionConfig, grant: Grant) -> str:
        """Return whom the partner says the token speaks for, in words.

        Raises:
            MissingScopesError: permanent; refused with 403.
            TokenRefusedError: permanent; refused with 401, or it belongs to somebody else.
            TransientError: the partner is away; nothing is proven and nothing disproven.
        """


class Apps(Shelf, Protocol):
    """A shelf that takes apps, too."""

    async def register(self, name: str, app: App) -> None:
        """Store a client, replacing what was known of it."""


@dataclass(frozen=True, slots=True)
class Seat:
    """What is to be connected: a connection's account at one provider, and by which app."""

    provider: ProviderName
    connection: ConnectionConfig
    account: str
    app: str


class Connecting:
    """The use case. Safe in many replicas: a code is claimed before it is traded."""

    def __init__(
        self,
        *,
        shelf: Apps,
        providers: Mapping[str, Provider],
        proof: Proof,
        codes: Codes,
        connections: Connections,
        wake: Wake,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Connect the accounts of `connections`; a store that is away is waited for `patience_s`."""
        self._shelf = shelf
        self._providers = providers
        self._proof = proof
        self._codes = codes
        self._connections = connections
        self._wake = wake
        self._patience_s = patience_s

    async def seat(self, connection: str, provider: str, *, app: str | None = None) -> Seat:
        """Return what is to be connected; the app is the one named, else the grant's, else the connection's own.

        Raises:
            UnknownConnectionError, UnknownProviderError: needs a person.
        """
        found = self._connections.get(connection)
        if found is None:
            raise UnknownConnectionError(f"No connection is called {connection}; see connections.yaml.")
        match provider:
            case "procore":
                account = own = found.procore.account
            case "quickbooks":
                account = found.quickbooks.account
                own = f"quickbooks/{found.quickbooks.app or found.quickbooks.realm}"
            case _:
                raise UnknownProviderError(f"{provider} is no side of a connection: procore or quickbooks.")
        held = await self._shelf.held(account)
        return Seat(provider, found, account, app or (held.app if held else own))

    async def link(self, seat: Seat, consent: Consent, supplied: App | None) -> str:
        """Return where the person agrees. An app that is supplied is registered if there is none of its name.

        Raises:
            AppNotRegisteredError: needs a person.
        """
        return await self._provider(seat).consent_url(consent, await self._app(seat, supplied))

    async def complete(self, seat: Seat, consent: Consent, *, code: SecretStr, realm: str | None) -> Outcome:
        """Trade a code, prove the grant and store it; handed in again, a code is answered as the first time.

        Raises:
            AppNotRegisteredError: needs a person.
        """
        app = await self._app(seat, None)
        if seat.provider == "quickbooks" and realm != seat.connection.quickbooks.realm:
            return _ended(seat, "wrong-company", _other_company(seat, realm))
        digest = hashlib.sha256(f"{seat.account} {code.get_secret_value()}".encode()).hexdigest()
        if not await self._codes.claim(digest, seat.account):
            return await self._as_the_first(seat, digest)
        outcome = await self._granted(seat, partial(self._provider(seat).exchange, code, consent, app))
        await self._codes.note(digest, outcome)
        return outcome

    async def admit(self, seat: Seat, supplied: App | None) -> Outcome:
        """Connect an app's own service account (client credentials): nobody is asked to agree.

        The app is registered only once the provider has taken it. Raises what `link` raises.
        """
        app = supplied or await self._app(seat, None)
        unproven = HeldGrant(account=seat.account, app=seat.app)
        outcome = await self._granted(seat, partial(self._provider(seat).renew, unproven, app))
        if outcome.is_stored and supplied is not None:
            await self._shelf.register(seat.app, supplied)
        return outcome

    async def _granted(self, seat: Seat, ask: Callable[[], Awaitable[Grant]]) -> Outcome:
        try:
            grant = await ask()
        except GrantRefusedError as error:
            return _refused(seat, error.reason)
        except GrantUnknownError as error:
            return _ended(
                seat,
                "answer-lost",
                f"{seat.provider} gave no usable answer ({_bare(error)}). Nothing was stored: connect again.",
            )
        except TransientError as error:
            return _ended(
                seat, "provider-away", f"{_bare(error)}. Nothing was changed: connect again once it is back."
            )
        return await self._proven(seat, grant)

    async def _proven(self, seat: Seat, grant: Grant) -> Outcome:
        """Prove before storing: a grant that opens nothing must not take the place of one that does."""
        try:
            speaks_for = await self._proof.prove(seat.provider, seat.connection, grant)
        except (MissingScopesError, TokenRefusedError) as error:
            return _ended(seat, error.code, f"{error.detail} Nothing was stored.")
        except SuiteError as error:
            return await self._stored(
                seat,
                grant,
                "not-proven",
                f"connected; the call that was to prove it had no answer ({_bare(error)}). The services will tell.",
            )
        return await self._stored(
            seat, grant, "connected", f"connected, and proven by one call: {speaks_for}"
        )

    async def _stored(self, seat: Seat, grant: Grant, code: str, detail: str) -> Outcome:
        change = partial(connected, account=seat.account, app=seat.app, grant=grant)
        try:
            held = await store_grant(self._shelf, seat.account, change, patience_s=self._patience_s)
        except SecretStoreUnavailableError as error:
            return _ended(
                seat, "store-away", f"{_bare(error)}. The new grant could not be stored: connect again."
            )
        assert held is not None
        await self._wake(seat.account)
        return Outcome(code=code, detail=detail, account=seat.account, version=held.version)

    async def _as_the_first(self, seat: Seat, digest: str) -> Outcome:
        try:
            async with asyncio.timeout(self._provider(seat).deadline_s):
                while (outcome := await self._codes.outcome(digest)) is None:  # noqa: ASYNC110  another replica's
                    await asyncio.sleep(LOOK_S)
                return outcome
        except TimeoutError:
            return _ended(
                seat,
                "consent-interrupted",
                "This code was handed in before, and what became of it was not stored. Connect again.",
            )

    async def _app(self, seat: Seat, supplied: App | None) -> App:
        app = await self._shelf.app(seat.app)
        if app is None and supplied is not None:
            await self._shelf.register(seat.app, supplied)
        if (app := app or supplied) is None:
            raise AppNotRegisteredError(f"App {seat.app} is not registered: give its client id and secret.")
        return app

    def _provider(self, seat: Seat) -> Provider:
        return self._providers[seat.provider]


def _ended(seat: Seat, code: str, detail: str) -> Outcome:
    return Outcome(code=code, detail=detail, account=seat.account)


def _bare(error: SuiteError) -> str:
    """Return a sentence without its full stop, to go on after it."""
    return error.detail.removesuffix(".")


def _other_company(seat: Seat, realm: str | None) -> str:
    came = f"company {realm}" if realm else "no company"
    return (
        f"The person chose {came}, and {seat.connection.name} is company {seat.connection.quickbooks.realm}. "
        "Nothing was stored: connect again and choose that one."
    )


def _refused(seat: Seat, reason: str) -> Outcome:
    if reason in {"invalid_client", "unauthorized_client", "unauthorized"}:
        sentence = f"{seat.provider} does not know app {seat.app} by this client id and secret ({reason})."
        return _ended(seat, "app-refused", f"{sentence} Nothing was stored: give the right ones.")
    return _ended(
        seat,
        "code-refused",
        f"{seat.provider} refused the code ({reason}): it is older than ten minutes, was used before, or belongs to another "
        "redirect address than the one registered for the app. Nothing was stored: connect again.",
    )
