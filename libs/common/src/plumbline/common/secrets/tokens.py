"""Live access tokens: what a partner client asks for before a call and after a refusal."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import SecretStr

from plumbline.common.errors import WaitError


class NoLiveTokenError(WaitError):
    """No live access token: the account waits until token-vault has renewed it."""


@dataclass(frozen=True, slots=True)
class LiveToken:
    """An access token and the number of the grant version it came from."""

    value: SecretStr
    version: int
    expires_at: datetime


class TokenSource(Protocol):
    """Gives live tokens of one account at one partner. Safe to call from many tasks."""

    async def live_token(self) -> LiveToken:
        """Return a token good for at least two more minutes.

        Raises:
            NoLiveTokenError: wait, holds the connection; none came within the bound.
        """

    async def replace(self, refused: LiveToken, *, was_good: bool = False) -> LiveToken:
        """Return a newer token than one that the partner has just refused.

        One renewal is asked for per refused version, however many tasks call; a token
        refused here is never handed out again by this process.

        Args:
            refused: the token that the partner answered with 401.
            was_good: whether the partner took this token before. One that it never took may be refused
                because a scope or the account is gone; one that it took was refused by a mishap of its own, or ended early.

        Raises:
            NoLiveTokenError: wait, holds the connection; none came within the bound, or the
                partner refused two versions in a row.
        """
