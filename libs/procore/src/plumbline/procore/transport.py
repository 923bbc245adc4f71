"""How one call to Procore is made: token, company header, a fresh token on 401, errors, pages."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial

import httpx

from plumbline.common.clock import Clock
from plumbline.common.http import (
    AnswerTooLargeError,
    NoAnswerError,
    NotSentError,
    PartnerAnswer,
    exchange,
)
from plumbline.common.secrets.tokens import LiveToken, NoLiveTokenError, TokenSource, TriedTokens
from plumbline.procore.answers import refusal
from plumbline.procore.errors import (
    ProcoreFileTooLargeError,
    ProcoreRefusedError,
    ProcoreUnavailableError,
)
from plumbline.procore.rates import RateWindow, rate_window

MAX_PAGES = 1000
"""Where paging stops: a list that never ends is a fault of the far side."""

Params = Mapping[str, str | int]
"""Query parameters of one call."""

MAX_REDIRECTS = 3
"""Hops from a file's address to its bytes; Procore makes one."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})

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
        self._tokens = TriedTokens(tokens)
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
        answer = await self._authorized(partial(self._send, method, path, params, json))
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

    async def download(self, url: str, *, max_bytes: int) -> PartnerAnswer:
        """Follow a file's address to its bytes; the token goes to Procore's origin alone.

        Raises what `call` raises, and ProcoreFileTooLargeError (permanent).
        """
        place = self._reachable(self._http.base_url, url)
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self._fetch(place, max_bytes)
            if answer.status not in _REDIRECTS:
                if error := refusal(answer, self._clock.now()):
                    raise error
                return answer
            place = self._reachable(place, answer.headers.get("location", ""))
        raise ProcoreRefusedError(f"{url.partition('?')[0]} redirects without end")

    async def _fetch(self, place: httpx.URL, max_bytes: int) -> PartnerAnswer:
        if not self._is_procores(place):
            return await self._exchange(self._http.build_request("GET", place), max_bytes)

        async def send(token: LiveToken) -> PartnerAnswer:
            request = self._http.build_request("GET", place, headers=self._headers(token))
            return await self._exchange(request, max_bytes)

        return await self._authorized(send)

    def _is_procores(self, place: httpx.URL) -> bool:
        """Say whether an address may get the token: our API host, or another of procore.com over HTTPS, at its port."""
        if _origin(place) == _origin(self._http.base_url):
            return True
        return place.scheme == "https" and place.port is None and f".{place.host}".endswith(".procore.com")

    def _reachable(self, here: httpx.URL, said: str) -> httpx.URL:
        """Return where an address leads that was said at `here`.

        Whoever speaks HTTPS to Procore follows it to no plain HTTP and to no bare number: what answers inside our own
        network has neither a public name nor its certificate.
        """
        try:
            place = here.join(said)
            host = place.host
        except (httpx.InvalidURL, UnicodeError) as error:
            raise ProcoreRefusedError("Procore names no address for a file") from error
        if place.scheme not in {"https", here.scheme}:
            raise ProcoreRefusedError(f"Procore sends us for a file from {here.scheme} to {place.scheme}")
        if self._http.base_url.scheme == "https" and (place.scheme != "https" or _is_number(host)):
            raise ProcoreRefusedError(f"Procore sends us for a file to {place.scheme}://{host}")
        return place

    async def _exchange(self, request: httpx.Request, max_bytes: int) -> PartnerAnswer:
        try:
            return await exchange(self._http, request, deadline_s=self._deadline_s, max_bytes=max_bytes)
        except AnswerTooLargeError as error:
            raise ProcoreFileTooLargeError(error.detail) from error
        except (NotSentError, NoAnswerError) as error:
            raise ProcoreUnavailableError(error.detail) from error

    async def _authorized(self, send: Callable[[LiveToken], Awaitable[PartnerAnswer]]) -> PartnerAnswer:
        token = await self._tokens.live_token()
        answer = await self._with(token, send)
        if answer.status != 401:
            return answer
        token = await self._tokens.replace(token)
        answer = await self._with(token, send)
        if answer.status != 401:
            return answer
        # The source has to know of the second refusal: it holds the account instead of asking for a third grant.
        await self._tokens.replace(token)
        raise NoLiveTokenError("Procore refused two access tokens in a row", holds_connection=True)

    async def _with(
        self, token: LiveToken, send: Callable[[LiveToken], Awaitable[PartnerAnswer]]
    ) -> PartnerAnswer:
        answer = await send(token)
        self._tokens.answered(token, answer.status)
        return answer

    async def _send(
        self, method: str, path: str, params: Params | None, json: object, token: LiveToken
    ) -> PartnerAnswer:
        request = self._http.build_request(
            method,
            path,
            params=dict(params or {}),
            json=json,
            headers={**self._headers(token), "accept": "application/json"},
        )
        try:
            answer = await exchange(self._http, request, deadline_s=self._deadline_s)
        except (NotSentError, NoAnswerError) as error:
            raise ProcoreUnavailableError(error.detail) from error
        self.rate = rate_window(answer.headers) or self.rate
        return answer

    def _headers(self, token: LiveToken) -> dict[str, str]:
        return {
            "authorization": f"Bearer {token.value.get_secret_value()}",
            "procore-company-id": str(self._company_id),
        }


def _origin(place: httpx.URL) -> tuple[str, str, int | None]:
    return place.scheme, place.host, place.port


def _is_number(host: str) -> bool:
    """Say whether a host is an address and no name, in any way that resolvers read: `127.1` and `0x7f000001` too."""
    last = host.rstrip(".").rpartition(".")[2]
    return ":" in host or last.isdecimal() or last.lower().startswith("0x")
