"""How one request to QuickBooks is made: token, a fresh token on 401, one absolute deadline."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import httpx

from plumbline.common.http import NoAnswerError, PartnerAnswer, exchange
from plumbline.common.secrets.tokens import LiveToken, NoLiveTokenError, TokenSource, TriedTokens

MINOR_VERSION = "75"
"""The lowest and the default version since 2025-08-01 (Intuit, Minor versions); sent to be explicit."""


Turn = Callable[[], Awaitable[None]]
"""Waits for the realm's next turn under its limits; raises a `WaitError` if that is too far away."""


class Transport:
    """Makes the requests of one realm; safe to use from many tasks."""

    def __init__(
        self, http: httpx.AsyncClient, tokens: TokenSource, *, realm_id: str, deadline_s: float, turn: Turn
    ) -> None:
        self._http = http
        self._tokens = TriedTokens(tokens)
        self._turn = turn
        self._root = f"/v3/company/{realm_id}"
        self._deadline_s = deadline_s

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str],
        body: bytes | None = None,
        content_type: str = "application/json",
        may_repeat: bool = True,
    ) -> PartnerAnswer:
        """Make one request and return its answer, whatever it says.

        A refused token is replaced, and the same bytes go out a second time. What has an effect each time
        it is sent must not be repeated: a 401 has been seen after the effect, too.

        The deadline runs from the first sending; it covers a replaced token and the second sending of
        the same bytes, so that nothing of this request is under way once this has returned.

        Raises:
            NoLiveTokenError: wait; there was no token, or two in a row were refused with 401.
            WaitError: wait; there was no turn for the second sending.
            NotSentError: transient; nothing was sent.
            NoAnswerError: transient; the request may or may not have had its effect.
        """
        request = self._http.build_request(
            method,
            f"{self._root}{path}",
            params={**params, "minorversion": MINOR_VERSION},
            content=body,
            headers={"accept": "application/json", "content-type": content_type},
        )
        token = await self._tokens.live_token()
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._authorized(request, token, may_repeat=may_repeat)
        except TimeoutError as error:
            raise NoAnswerError("QuickBooks gave no answer within the deadline") from error

    async def _authorized(
        self, request: httpx.Request, token: LiveToken, *, may_repeat: bool
    ) -> PartnerAnswer:
        answer = await self._with_token(request, token)
        if answer.status != 401:
            return answer
        token = await self._tokens.replace(token)
        if not may_repeat:
            raise NoAnswerError("QuickBooks refused the token; the next try has a newer one")
        await self._turn()  # the limits count a refused request and its repetition as two
        answer = await self._with_token(request, token)
        if answer.status != 401:
            return answer
        # The source has to know of the second refusal: it holds the account instead of asking for a third grant.
        await self._tokens.replace(token)
        raise NoLiveTokenError("QuickBooks refused two access tokens in a row", holds_connection=True)

    async def _with_token(self, request: httpx.Request, token: LiveToken) -> PartnerAnswer:
        request.headers["authorization"] = f"Bearer {token.value.get_secret_value()}"
        answer = await exchange(self._http, request, deadline_s=self._deadline_s)
        self._tokens.answered(token, answer.status)
        return answer
