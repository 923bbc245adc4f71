"""Procore as an ASGI application: the API and the login host on one port."""

import re
from collections.abc import Callable

from plumbline_sandbox.http import Answer, RefusedError, Request, json_answer
from plumbline_sandbox.procore.call import Call
from plumbline_sandbox.procore.conventions import forbidden, invalid, not_found, unauthorized, wrong_path
from plumbline_sandbox.procore.grants import Grant
from plumbline_sandbox.procore.oauth import OAuth, calling_client
from plumbline_sandbox.procore.prostore import PATH as FILES
from plumbline_sandbox.procore.rates import Rates
from plumbline_sandbox.procore.routes import Routes
from plumbline_sandbox.procore.state import Company
from plumbline_sandbox.server import App
from plumbline_sandbox.world import World

COMPANY_HEADER = "procore-company-id"
"""Header that says which company a call is about (Procore docs, multiple production zones)."""

WITHOUT_COMPANY = ("/rest/v1.0/me", "/rest/v1.0/companies")
"""Paths a user may call without the header; service accounts need it there too."""

MISSING_COMPANY = "Missing Procore-Company-Id header! This header is required for all requests."
"""What a call without the header is told; that it is refused with 400 is inferred."""

THROTTLED = "You have surpassed the max number of requests for an hour. Please wait until your limit resets."
"""The sentence of a 429, the same for both limits; the JSON around it is inferred."""

_COMPANY_IN_PATH = re.compile(r"/companies/(\d+)")
_PROJECT_IN_PATH = re.compile(r"/projects/(\d+)")


def build(world: World) -> App:
    """Return Procore as an ASGI application."""
    return App(world, ProcoreProvider(world))


class ProcoreProvider:
    """Procore's half of the shared server."""

    name = "procore"

    def __init__(self, world: World) -> None:
        self._procore = world.procore
        self._clock = world.clock
        self._routes = Routes(world.procore)
        self._rates = Rates(world.clock, world.limits)
        oauth = OAuth(world.procore.grants, world.journal, world.procore.person)
        self._login: dict[tuple[str, str], Callable[[Request], Answer]] = {
            ("GET", "/oauth/authorize"): oauth.authorize,
            ("POST", "/oauth/authorize"): oauth.decide,
            ("POST", "/oauth/token"): oauth.token,
            ("GET", "/oauth/token/info"): lambda request: oauth.info(request, world.clock.time()),
            ("POST", "/oauth/revoke"): oauth.revoke,
        }

    def identify(self, request: Request) -> None:
        """Note company, project and calling app as far as they are told."""
        facts = request.facts
        facts["company"] = request.headers.get(COMPANY_HEADER)
        project = _PROJECT_IN_PATH.search(request.path)
        facts["project"] = project[1] if project else request.query.get("project_id")
        if grant := self._procore.grants.find(request.headers):
            facts["app"] = grant.app.client_id
        if request.path == "/oauth/token":
            facts["client_id"] = calling_client(request)

    def admit(self, request: Request) -> None:
        """Check token, company header, install and rate limits of an API call."""
        if request.path.startswith("/oauth/"):
            return
        grant = self._grant(request)
        if request.path.startswith(FILES):
            return  # the company stands in the query
        # A refusal counts as well (Procore docs, rate limiting), so the count comes first.
        wait_s = self._rates.admit(_key(request))
        if wait_s is not None:
            raise RefusedError(self.throttled(int(wait_s) + 1))
        self._company(request, grant)

    async def handle(self, request: Request) -> Answer:
        """Execute the request."""
        if request.path.startswith("/oauth/"):
            login = self._login.get((request.method, request.path))
            if login is None:
                raise wrong_path()
            return login(request)
        if request.path.startswith(FILES):
            return self._file(request)
        found = self._routes.find(request)
        if found is None:
            raise wrong_path()
        route, params = found
        grant = self._grant(request)
        return route.answer(Call(request, params, grant, self._company(request, grant)))

    def finish(self, request: Request, answer: Answer) -> None:
        """Add the rate headers."""
        if "app" in request.facts:
            answer.headers.update(self._rates.standing(_key(request)).headers())

    def refused_token(self) -> Answer:
        """Return the 401 of v1."""
        return unauthorized("", "The access token is invalid")

    def throttled(self, retry_after_s: int) -> Answer:
        """Return a 429 with `Retry-After`."""
        return json_answer(429, {"message": THROTTLED}, retry_after=str(retry_after_s))

    def _file(self, request: Request) -> Answer:
        answer = self._procore.prostore.redirect(request, self._grant(request).app.installs)
        if request.method != "GET" or answer is None:
            raise not_found(request.path)
        return answer

    def _grant(self, request: Request) -> Grant:
        grant = self._procore.grants.find(request.headers)
        if grant is None:
            raise RefusedError(unauthorized(request.path, "The access token is invalid"))
        if self._procore.grants.expired(grant):
            raise RefusedError(unauthorized(request.path, "The access token expired"))
        return grant

    def _company(self, request: Request, grant: Grant) -> Company | None:
        text = request.headers.get(COMPANY_HEADER, "")
        if not text:
            if request.path in WITHOUT_COMPANY and not (
                grant.is_service_account and grant.app.must_name_company
            ):
                return None
            if grant.app.must_name_company:
                raise invalid(request.path, {"base": [MISSING_COMPANY]}, 400)
            text = self._company_meant(request)
        company = self._procore.companies.get(int(text)) if text.isdecimal() else None
        if company is None:
            raise not_found(request.path)
        if company.id not in grant.app.installs:
            raise forbidden("App is not connected to this company.")
        return company

    def _company_meant(self, request: Request) -> str:
        """Return the company whose id, or whose project's, stands in path or query; empty if none does."""
        named = _COMPANY_IN_PATH.search(request.path)
        if company_id := named[1] if named else request.query.get("company_id", ""):
            return company_id
        project_id = str(request.facts.get("project") or "")
        project = self._procore.projects.truth(int(project_id)) if project_id.isdecimal() else None
        return str(project.company_id) if project else ""


def _key(request: Request) -> tuple[str, str]:
    return str(request.facts.get("app")), str(request.facts.get("company"))
