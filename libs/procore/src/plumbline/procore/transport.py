"""How one call to Procore is made: token, company header, a fresh token on 401, errors, pages."""

import re
from collections.abc import AsyncIterator, Mapping

import httpx

from plumbline.common.clock import Clock
from plumbline.common.http import NoAnswerError, NotSentError, PartnerAnswer, exchange
from plumbline.common.secrets.tokens import LiveToken, NoLiveTokenError, TokenSource
from plumbline.procore.answers import refusal
from plumbline.procore.errors import ProcoreUnavailableError
from plumbline.procore.rates import RateWindow, rate_window

MAX_PAGES = 1000
"""Where paging stops: a list that never ends is a fault of the far side."""

Params = Mapping[str, str | int]
"""Query parameters of one call."""

_NEXT_PAGE = re.compile(r'rel="?next"?')


class Transport:
    """Makes the calls of one company; safe to use from many tasks."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        tokens: TokenSource,
        *,
        company_id: int | str,
        deadline_s: float,
        clock: Clock,
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._company_id = company_id
        self._deadline_s = deadline_s
        self._clock = clock
        self.rate: RateWindow | None = None

    async def call(
        self, method: str, path: str, *, params: Params | None = None, json: object = None
    ) -> PartnerAnswer:
        """Make one call and return its successful answer.

        A refused token is replaced once, and the same request made again.

        Raises:
            NoLiveTokenError: wait; there is no token, or two in a row were refused.
            ProcoreThrottledError: wait; holds the connection.
            ProcoreUnavailableError: transient; no usable answer.
            ProcoreInvisibleError: transient; absent or invisible.
            ProcoreForbiddenError: needs a person.
            ProcoreRefusedError: permanent.
        """
        answer = await self._authorized(method, path, params, json)
        if error := refusal(answer, self._clock.now()):
            raise error
        return answer

    async def pages(self, path: str, params: Params, *, page_rows: int) -> AsyncIterator[PartnerAnswer]:
        """Read all pages of a list, one call each, as long as the `Link` header names a next one.

        Only the page number is taken from Procore's side: a link's host never gets our token. A list
        that changes while it is read may show a row twice or not at all, so that absence from it
        proves nothing.
        """
        for page in range(1, MAX_PAGES + 1):
            answer = await self.call("GET", path, params={**params, "page": page, "per_page": page_rows})
            yield answer
            if not _NEXT_PAGE.search(answer.headers.get("link", "")):
                return
        raise ProcoreUnavailableError(f"{path} has more than {MAX_PAGES} pages")

    async def _authorized(self, method: str, path: str, params: Params | None, json: object) -> PartnerAnswer:
        token = await self._tokens.live_token()
        answer = await self._send(method, path, params, json, token)
        if answer.status != 401:
            return answer
        token = await self._tokens.replace(token)
        answer = await self._send(method, path, params, json, token)
        if answer.status != 401:
            return answer
        # The source has to know of the second refusal: it holds the account instead of asking for a third grant.
        await self._tokens.replace(token)
        raise NoLiveTokenError("Procore refused two access tokens in a row", holds_connection=True)

    async def _send(
        self, method: str, path: str, params: Params | None, json: object, token: LiveToken
    ) -> PartnerAnswer:
        request = self._http.build_request(
            method,
            path,
            params=dict(params or {}),
            json=json,
            headers={
                "authorization": f"Bearer {token.value.get_secret_value()}",
                "procore-company-id": str(self._company_id),
                "accept": "application/json",
            },
        )
        try:
            answer = await exchange(self._http, request, deadline_s=self._deadline_s)
        except (NotSentError, NoAnswerError) as error:
            raise ProcoreUnavailableError(error.detail) from error
        self.rate = rate_window(answer.headers) or self.rate
        return answer
