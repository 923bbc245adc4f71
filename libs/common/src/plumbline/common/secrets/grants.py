"""Grants: what an authorization server gives (RFC 6749), and how its answers are sorted."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
from pydantic import BaseModel, SecretStr, ValidationError

from plumbline.common.errors import NeedsHumanError, TransientError, WaitError
from plumbline.common.http import NoAnswerError, PartnerAnswer, exchange

_OAUTH_ERRORS = frozenset(
    {
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)
"""The refusals of RFC 6749 §5.2."""


class GrantRefusedError(NeedsHumanError):
    """The authorization server refused the grant for good: a person must connect the account again.

    `reason` is the error name of RFC 6749 §5.2: `invalid_grant` (the grant is dead), `invalid_client`
    (the app's id or secret is wrong), or another.
    """

    def __init__(self, reason: str) -> None:
        """Name the refusal."""
        super().__init__(f"the authorization server refused the grant: {reason}", reason=reason)
        self.reason = reason


class GrantDelayedError(WaitError):
    """The authorization server asked for patience: it did not work on the request."""


class GrantUnknownError(TransientError):
    """The authorization server gave no usable answer: a refresh token that was sent may be spent."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token endpoint gave; secrets are masked in every `repr`.

    `created_at` is the moment before the request was sent, by our clock, so that `expires_at` is never
    late. What the partner's clock says is never read. The two ends of the refresh token are told by
    QuickBooks only: unless it is used, and whatever is done.
    """

    access_token: SecretStr
    expires_in_s: int
    refresh_token: SecretStr | None
    created_at: datetime
    refresh_expires_in_s: int | None = None
    refresh_hard_expires_in_s: int | None = None

    @property
    def expires_at(self) -> datetime:
        """When the access token ends."""
        return self.created_at + timedelta(seconds=self.expires_in_s)

    @property
    def ends_at(self) -> datetime | None:
        """When the refresh token ends if it is not used before; None if the partner tells no end."""
        lives_s = [s for s in (self.refresh_expires_in_s, self.refresh_hard_expires_in_s) if s is not None]
        return self.created_at + timedelta(seconds=min(lives_s)) if lives_s else None


class _Answer(BaseModel):
    """A success as RFC 6749 §5.1 has it, with Intuit's additions."""

    access_token: SecretStr
    expires_in: int
    refresh_token: SecretStr | None = None
    x_refresh_token_expires_in: int | None = None
    x_refresh_token_hard_expires_in: int | None = None


class _Refusal(BaseModel):
    """A refusal as RFC 6749 §5.2 has it."""

    error: str


async def request_grant(
    http: httpx.AsyncClient, request: httpx.Request, *, deadline_s: float, now: datetime
) -> Grant:
    """Send a prepared token request and return the grant.

    Args:
        http: any partner client; the request names the host.
        request: to a token endpoint, with the app's credentials and the grant type in it.
        deadline_s: absolute limit of the call, in seconds.
        now: the moment before the call, which becomes the grant's `created_at`.

    Raises:
        GrantRefusedError: needs a person; the answer is final.
        GrantDelayedError: wait; the request was turned away unread.
        GrantUnknownError: transient; a refresh token in the request may be spent or not.
        NotSentError: transient; nothing was sent.
    """
    answer = await _accepted(http, request, deadline_s=deadline_s)
    try:
        given = _Answer.model_validate_json(answer.body)
    except ValidationError:
        # Not chained: the validation error would carry the body, and so the tokens.
        raise GrantUnknownError("the authorization server's answer holds no grant") from None
    return Grant(
        access_token=given.access_token,
        expires_in_s=given.expires_in,
        refresh_token=given.refresh_token,
        created_at=now,
        refresh_expires_in_s=given.x_refresh_token_expires_in,
        refresh_hard_expires_in_s=given.x_refresh_token_hard_expires_in,
    )


async def request_revocation(http: httpx.AsyncClient, request: httpx.Request, *, deadline_s: float) -> None:
    """Send a prepared revocation (RFC 7009); it ends the whole grant, access tokens included.

    Safe to repeat. Raises what `request_grant` raises.
    """
    await _accepted(http, request, deadline_s=deadline_s)


async def _accepted(http: httpx.AsyncClient, request: httpx.Request, *, deadline_s: float) -> PartnerAnswer:
    try:
        answer = await exchange(http, request, deadline_s=deadline_s)
    except NoAnswerError as error:
        raise GrantUnknownError(error.detail) from error
    if answer.status != 200:
        raise _refusal(answer)
    return answer


def _refusal(answer: PartnerAnswer) -> GrantRefusedError | GrantDelayedError | GrantUnknownError:
    if answer.status == 429:
        seconds = answer.headers.get("retry-after", "")
        return GrantDelayedError(retry_after=timedelta(seconds=int(seconds)) if seconds.isdecimal() else None)
    reason = _reason(answer.body)
    if answer.status in {400, 401} and reason in _OAUTH_ERRORS:
        return GrantRefusedError(reason)
    if answer.status == 401:
        return GrantRefusedError("unauthorized")
    return GrantUnknownError(f"the authorization server answered {answer.status}", reason=reason)


def _reason(body: bytes) -> str:
    try:
        return _Refusal.model_validate_json(body).error
    except ValidationError:
        return "no reason given"
