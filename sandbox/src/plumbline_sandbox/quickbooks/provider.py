"""QuickBooks Online as the shared server sees it: identify, admit, handle, finish."""

import random
from itertools import count

from plumbline_sandbox.http import Answer, RefusedError, Request
from plumbline_sandbox.quickbooks import batch, company_api, files, gateway
from plumbline_sandbox.quickbooks.oauth import ACCOUNTING, Grant
from plumbline_sandbox.quickbooks.oauth_api import TOKEN, OAuthApi, bearer, calling_client
from plumbline_sandbox.quickbooks.openid import Signer
from plumbline_sandbox.quickbooks.rates import Rates, ThrottledError
from plumbline_sandbox.quickbooks.routes import Target, target_of
from plumbline_sandbox.world import World


class QuickBooksProvider:
    """Accounting API, authorization server and discovery on one address."""

    name = "quickbooks"

    def __init__(self, world: World) -> None:
        self._state = state = world.quickbooks
        self._clock = world.clock
        self._oauth = OAuthApi(
            state.authority, state.company_names, Signer(random.Random(world.seed)), world.clock
        )
        self._limits = world.limits
        self._rates = Rates(world.clock, world.limits)
        self._answers = count(1)

    def identify(self, request: Request) -> None:
        """Tell realm, entity, operation and request id, of a token call the app; `entity` is the path's word in lower case."""
        if request.path == TOKEN:
            request.facts["client_id"] = calling_client(request)
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
        if grant.realm != target.realm and self._speaks_xml(target):
            raise RefusedError(gateway.stranger_in_xml(self._clock.now()))
        if grant.realm != target.realm or ACCOUNTING not in grant.scope.split():
            raise RefusedError(gateway.unauthorized(self._clock.now()))
        self._count(request, target, grant)

    async def handle(self, request: Request) -> Answer:
        """Answer a company's request or the authorization server's."""
        target = target_of(request)
        if target is None and request.path.startswith(files.PREFIX):
            return self._file(request)
        if target is None:
            return self._oauth.answer(request)
        return await company_api.answer(self._state.realm(target.realm), target, request)

    def finish(self, request: Request, answer: Answer) -> None:
        """Add `intuit_tid`, which Intuit's support asks for; a replay has its own.

        Where the company's gateway speaks XML a 401 is put into it, whoever refused.
        """
        target = target_of(request) if answer.status == 401 else None
        if target and self._speaks_xml(target) and answer.headers.get("content-type") == gateway.JSON:
            refused = gateway.unauthenticated_in_xml(self._clock.now())
            answer.body, answer.headers = refused.body, refused.headers
        answer.headers["intuit_tid"] = f"1-{int(self._clock.time()):08x}-{next(self._answers):024x}"

    def refused_token(self) -> Answer:
        """Return 401 as the gateway writes it."""
        return gateway.unauthenticated("Token revoked", self._clock.now())

    def throttled(self, retry_after_s: int) -> Answer:
        """Return 429 as the gateway writes it."""
        return gateway.throttled(self._clock.now(), retry_after_s)

    def _speaks_xml(self, target: Target) -> bool:
        try:
            return self._state.realm(target.realm).settings.gateway_401 == "xml"
        except KeyError:
            return False

    def _file(self, request: Request) -> Answer:
        """Answer a link to an attached file, which needs no token."""
        realm_id, attachable_id, *_ = [*request.path.removeprefix(files.PREFIX).split("/"), ""]
        try:
            return self._state.realm(realm_id).files.fetch(attachable_id, request)
        except KeyError:
            return files.denied("AccessDenied", "Access Denied")

    def _count(self, request: Request, target: Target, grant: Grant) -> None:
        try:
            request.release = self._rates.admit(
                grant,
                items=self._items(request) if target.operation == "batch" else 0,
                metered=request.method == "GET" or target.operation == "query",
                taken=self._state.realm(target.realm).settings.other_apps_per_minute,
            )
        except ThrottledError as throttled:
            request.facts["limit"] = throttled.limit
            raise RefusedError(gateway.throttled(self._clock.now(), None)) from throttled

    def _items(self, request: Request) -> int:
        return batch.count_items(request.body) if self._limits.quickbooks.batch_items_count else 1
