"""Live access tokens: what a partner client asks for before a call and after a refusal."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
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


class TriedTokens:
    """A source's tokens as one client tries them: it tells of each that is refused whether the partner took it before."""

    def __init__(self, source: TokenSource) -> None:
        """Try the tokens of `source`."""
        self._source = source
        self._good_version = 0

    async def live_token(self) -> LiveToken:
        """See `TokenSource`."""
        return await self._source.live_token()

    def answered(self, token: LiveToken, status: int) -> None:
        """Remember that the partner took a token, if an answer's status says so."""
        if status < HTTPStatus.BAD_REQUEST:
            self._good_version = max(self._good_version, token.version)

    async def replace(self, refused: LiveToken) -> LiveToken:
        """See `TokenSource`."""
        return await self._source.replace(refused, was_good=refused.version == self._good_version)
