"""QuickBooks Online as the shared server sees it: identify, admit, handle, finish."""

from collections import defaultdict
from itertools import count

from plumbline_sandbox.clock import Clock
from plumbline_sandbox.http import Answer, RefusedError, Request
from plumbline_sandbox.limits import Limits, SlidingWindow
from plumbline_sandbox.quickbooks import company_api, gateway
from plumbline_sandbox.quickbooks.oauth import Grant
from plumbline_sandbox.quickbooks.oauth_api import OAuthApi, bearer
from plumbline_sandbox.quickbooks.routes import target_of
from plumbline_sandbox.quickbooks.state import QuickBooks

MINUTE_S = 60
"""Window of the limit per company, which all apps share."""

BURST_S = 1
"""Window of the limit per company and app."""


class QuickBooksProvider:
    """Accounting API, authorization server and discovery on one address."""

    name = "quickbooks"

    def __init__(self, state: QuickBooks, clock: Clock, limits: Limits) -> None:
        self._state = state
        self._clock = clock
        self._limits = limits
        self._oauth = OAuthApi(state.authority, state.company_names)
        self._minutes: defaultdict[str, SlidingWindow] = defaultdict(lambda: SlidingWindow(MINUTE_S))
        self._bursts: defaultdict[tuple[str, str], SlidingWindow] = defaultdict(
            lambda: SlidingWindow(BURST_S)
        )
        self._answers = count(1)

    def identify(self, request: Request) -> None:
        """Tell realm, entity, operation and request id; `entity` is the path's word in lower case."""
        target = target_of(request)
        if target is None:
            return
        request.facts.update(realm=target.realm, entity=target.resource, operation=target.operation)
        if requestid := request.query.get("requestid"):
            request.facts["requestid"] = requestid

    def admit(self, request: Request) -> None:
        """Check the token (401), its company (403) and the limits (429)."""
        target = target_of(request)
        if target is None:
            return
        grant = self._state.authority.grant_of(token := bearer(request))
        if grant is None:
            detail = f"Token expired: {token}" if token else "Token missing"
            raise RefusedError(gateway.unauthenticated(detail, self._clock.now()))
        if grant.realm != target.realm:
            raise RefusedError(gateway.unauthorized(self._clock.now()))
        self._count(grant)

    async def handle(self, request: Request) -> Answer:
        """Answer a company's request or the authorization server's."""
        target = target_of(request)
        if target is None:
            return self._oauth.answer(request)
        return await company_api.answer(self._state.realm(target.realm), target, request)

    def finish(self, request: Request, answer: Answer) -> None:
        """Add `intuit_tid`, which Intuit's support asks for; a replay has its own."""
        answer.headers["intuit_tid"] = f"1-{int(self._clock.time()):08x}-{next(self._answers):024x}"

    def refused_token(self) -> Answer:
        """Return 401 as the gateway writes it."""
        return gateway.unauthenticated("Token revoked", self._clock.now())

    def throttled(self, retry_after_s: int) -> Answer:
        """Return 429 as the gateway writes it."""
        return gateway.throttled(self._clock.now(), retry_after_s)

    def _count(self, grant: Grant) -> None:
        """Count the request in both windows; a refused one is not counted."""
        now_s, limits = self._clock.time(), self._limits.quickbooks
        minute, burst = self._minutes[grant.realm], self._bursts[grant.realm, grant.client_id]
        if minute.count(now_s) >= limits.per_minute or burst.count(now_s) >= limits.per_second:
            raise RefusedError(gateway.throttled(self._clock.now(), None))
        minute.add(now_s)
        burst.add(now_s)
