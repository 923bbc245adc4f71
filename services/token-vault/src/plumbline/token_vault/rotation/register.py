"""All credentials there are: who handles each, what is known of it, and what a person asks of it."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from pydantic import SecretStr

from plumbline.common.clock import Clock
from plumbline.common.errors import NeedsHumanError
from plumbline.common.metrics import CREDENTIAL_CHANGED_AT
from plumbline.common.reconciling.loop import Claim, Handler
from plumbline.common.reconciling.verdicts import Verdict
from plumbline.common.repeating import repeat
from plumbline.token_vault.rotation.overlap import begun
from plumbline.token_vault.rotation.ports import AppShelf, Request, Rotations, WebhookShelf
from plumbline.token_vault.rotation.table import Row

LOOK_EVERY_S = 60.0
"""Between looks for credentials that have come into use."""

VALUE_CHARS_MIN, VALUE_CHARS_MAX = 16, 500
"""Whoever can guess a secret is believed; a longer one is no secret but a file."""

GRANTS = "grants"
"""The first word of grants, whose records are named as their accounts."""

Rows = Callable[[], Awaitable[list[Row]]]
"""Gives the rows of one kind of credential."""


class UnknownCredentialError(NeedsHumanError):
    """There is no such credential; `plumbline credentials` lists them all."""


class ValueWantedError(NeedsHumanError):
    """No API makes a new value of this credential: make one at the provider, and give it on standard input."""


class ValueUnwantedError(NeedsHumanError):
    """Plumbline makes the new value of this credential itself: give none."""


class UnfitValueError(NeedsHumanError):
    """This cannot be the new value."""


def record_of(name: str) -> str:
    """Return the key of the record that sees to a credential."""
    return name.removeprefix(f"{GRANTS}/")


class Register:
    """The credentials of all kinds, each with its handler, by the first word of its name."""

    def __init__(
        self,
        *,
        handlers: Mapping[str, Handler],
        grants: Handler,
        kinds: Sequence[Rows],
        apps: AppShelf,
        webhooks: WebhookShelf,
        rotations: Rotations,
        accounts_of: Callable[[str], Awaitable[list[str]]],
        clock: Clock,
    ) -> None:
        """Hold the credentials of `kinds`.

        Args:
            handlers: by first word; what has none is an account.
            grants: handles accounts.
            kinds: the rows of each kind.
            apps: where new client secrets go.
            webhooks: where new verifier tokens go.
            rotations: where requests go.
            accounts_of: the accounts that were connected by an app, by the name of its secret.
            clock: tells the time.
        """
        self._handlers = handlers
        self._grants = grants
        self._kinds = kinds
        self._apps = apps
        self._webhooks = webhooks
        self._rotations = rotations
        self._accounts_of = accounts_of
        self._clock = clock
        self._looked_at: set[str] = set()

    async def converge(self, claim: Claim) -> Verdict:
        """Hand a record to its handler."""
        return await self._handlers.get(claim.key.split("/")[0], self._grants)(claim)

    async def rows(self) -> list[Row]:
        """Return a row for every credential. Raises what the stores raise."""
        return [row for rows in self._kinds for row in await rows()]

    async def rotate(self, name: str, value: SecretStr | None) -> str:
        """Have a credential rotated, and return the request by which it is followed.

        Asking again while a rotation is open changes nothing; another value takes the place of one that is open.

        Raises:
            UnknownCredentialError, ValueWantedError, ValueUnwantedError, UnfitValueError: needs a person.
        """
        row = next((row for row in await self.rows() if row.name == name), None)
        if row is None:
            raise UnknownCredentialError(
                f"There is no credential {name}; `plumbline credentials` lists them all."
            )
        if row.rotates == "itself":
            if value is not None:
                raise ValueUnwantedError
            return await self._rotations.ask(name, row.version, records=[record_of(name)])
        if value is None:
            raise ValueWantedError
        return await self._supplied(row, _fit(value))

    async def request(self, name: str) -> Request | None:
        """Return the newest request to rotate a credential."""
        return await self._rotations.request(name)

    async def run(self, stop: asyncio.Event) -> None:
        """Have credentials looked at that have come into use, and tell their ages, until `stop` is set."""
        await repeat("credentials", self.look, every=timedelta(seconds=LOOK_EVERY_S), stop=stop)

    async def look(self) -> None:
        """Do so once. Raises what the stores raise."""
        rows = [row for row in await self.rows() if not row.name.startswith(f"{GRANTS}/")]
        for row in rows:
            if row.since is not None:
                CREDENTIAL_CHANGED_AT.labels(row.name).set(row.since.timestamp())
        new = {row.name for row in rows} - self._looked_at
        await self._rotations.look_at(sorted(new), cause=f"look {uuid.uuid4()}")
        await self._rotations.forget()
        self._looked_at |= new

    async def _supplied(self, row: Row, value: SecretStr) -> str:
        if row.name.startswith("apps/"):
            records = await self._offer_secret(row.name, value)
        else:
            records = await self._offer_token(row.name, value)
        return await self._rotations.ask(row.name, row.version, records=records, supersedes=True)

    async def _offer_secret(self, name: str, value: SecretStr) -> list[str]:
        app = await self._apps.held(name)
        if app is None:
            raise UnknownCredentialError(f"App {name} is not registered. Import its client id and secret.")
        if app.secret == value:
            raise UnfitValueError("This is the present value.")
        await self._apps.put(name, replace(app, candidate=value))
        return [name, *await self._accounts_of(name)]

    async def _offer_token(self, name: str, value: SecretStr) -> list[str]:
        held = await self._webhooks.held(name)
        if held is None:
            raise UnknownCredentialError(f"No token is stored for {name}. Import the first one.")
        if held.secret.current == value:
            raise UnfitValueError("This is the present value.")
        if held.secret.previous is not None:
            raise UnfitValueError(
                "The token before the present one is accepted still; give the new one once it was dropped "
                "(`plumbline credentials` tells when)."
            )
        await self._webhooks.put(name, held, begun(held.secret, value, now=self._clock.now()))
        return [name]


def _fit(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().strip()
    if not VALUE_CHARS_MIN <= len(text) <= VALUE_CHARS_MAX or not text.isascii() or not text.isprintable():
        raise UnfitValueError(
            f"A secret is one line of {VALUE_CHARS_MIN} to {VALUE_CHARS_MAX} characters; nothing was changed."
        )
    return SecretStr(text)
