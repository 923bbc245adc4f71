"""How the grants fare, as the store has it: for the figures and for health, the same in every replica."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from plumbline.common.clock import Clock
from plumbline.common.metrics import (
    CREDENTIAL_CHANGED_AT,
    CREDENTIAL_ENDS_AT,
    GRANT_STATE,
    TOKEN_EXPIRES_AT,
)
from plumbline.common.repeating import repeat
from plumbline.common.secrets.port import SecretStoreUnavailableError
from plumbline.token_vault.domain import Cause, HeldGrant, State
from plumbline.token_vault.policy import Policy
from plumbline.token_vault.ports import Shelf

LOOK_EVERY_S = 10.0
"""Between two readings."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Fare:
    """How one grant fares; no secrets."""

    state: State
    version: int
    token_ends_at: datetime | None
    grant_ends_at: datetime | None
    refreshed_at: datetime | None
    cause: Cause | None


class Watch:
    """Reads the accounts' grants every few seconds, and remembers how they fare."""

    def __init__(self, *, shelf: Shelf, accounts: Collection[str], policy: Policy, clock: Clock) -> None:
        """Watch `accounts`."""
        self._shelf = shelf
        self._accounts = accounts
        self._policy = policy
        self._clock = clock
        self._fares: dict[str, Fare | None] = dict.fromkeys(accounts)
        self._read_at: datetime | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until `stop` is set."""
        await repeat("grant-watch", self.look, every=timedelta(seconds=LOOK_EVERY_S), stop=stop)

    async def look(self) -> None:
        """Read every grant; while the store is away the figures stay as they were, and ends draw near."""
        for account in self._accounts:
            try:
                held = await self._shelf.held(account)
            except SecretStoreUnavailableError as error:
                log.warning("grants.not-read", account=account, **error.log_fields())
                return
            if held is not None:
                self._fares[account] = fare = self._fare(held)
                _figure(account, fare)
        self._read_at = self._clock.now()

    def health(self) -> tuple[bool, dict[str, object]]:
        """Say whether every grant works, and tell of each what is known."""
        now = self._clock.now()
        fresh = self._read_at is not None and (now - self._read_at).total_seconds() < 3 * LOOK_EVERY_S
        accounts = {account: _told(fare) for account, fare in sorted(self._fares.items())}
        well = fresh and all(_works(fare, now) for fare in self._fares.values())
        told: dict[str, object] = {"status": "ok" if well else "degraded", "read_at": self._read_at}
        return well, told | {"secret_store": "answers" if fresh else "away", "accounts": accounts}

    def _fare(self, held: HeldGrant) -> Fare:
        state = held.state(self._clock.now(), near=self._policy.grants.near_its_end)
        return Fare(state, held.version, held.expires_at, held.ends_at, held.refreshed_at, held.cause)


def _works(fare: Fare | None, now: datetime) -> bool:
    if fare is None or fare.state in {State.DEAD, State.UNCERTAIN}:
        return False
    return fare.token_ends_at is not None and fare.token_ends_at > now


def _told(fare: Fare | None) -> dict[str, object]:
    if fare is None:
        return {"state": "no-grant"}
    return {
        "state": fare.state,
        "cause": fare.cause,
        "version": fare.version,
        "token_ends_at": fare.token_ends_at,
        "grant_ends_at": fare.grant_ends_at,
        "refreshed_at": fare.refreshed_at,
    }


def _figure(account: str, fare: Fare) -> None:
    for state in State:
        GRANT_STATE.labels(account, state).set(state is fare.state)
    moments = [(TOKEN_EXPIRES_AT.labels(account), fare.token_ends_at)]
    # What has no refresh token has no age of its own: its app's secret has.
    credential = f"grants/{account}"
    if fare.refreshed_at is not None:
        moments.append((CREDENTIAL_CHANGED_AT.labels(credential), fare.refreshed_at))
    if fare.grant_ends_at is not None:
        moments.append((CREDENTIAL_ENDS_AT.labels(credential), fare.grant_ends_at))
    for gauge, moment in moments:
        if moment is not None:
            gauge.set(moment.timestamp())
