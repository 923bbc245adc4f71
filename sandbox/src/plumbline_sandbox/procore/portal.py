"""What developers enter in Procore's developer portal."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from plumbline_sandbox.posted import posted_object
from plumbline_sandbox.procore.grants import App, Install, User
from plumbline_sandbox.procore.state import Procore


class Portal:
    """The route `/control/procore/apps`."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._grants = procore.grants

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route("/control/procore/apps", self.apps, methods=["GET", "POST"])]

    async def apps(self, request: Request) -> Response:
        """`POST /control/procore/apps`: `{"client_id", "redirect_uris", "must_name_company"}` changes an app.

        From the first redirect address on, only those that are named are taken. With a `client_secret` the app is
        registered if there is none of that id, and every company of now installs it; of one that is known it is the
        new secret, and the one before is refused from then on.
        """
        if request.method == "POST":
            body = await posted_object(request)
            return JSONResponse(_shown(self._changed(body)), 201)
        return JSONResponse([_shown(app) for app in self._grants.apps.values()])

    def _changed(self, body: Mapping[str, Any]) -> App:
        addresses = body.get("redirect_uris", [])
        known = {"client_id", "client_secret", "redirect_uris", "must_name_company"}
        if set(body) - known or not isinstance(addresses, list):
            raise ValueError(
                "an app has a client_id, a client_secret, a list of redirect_uris, and must_name_company"
            )
        client_id = str(body.get("client_id"))
        if "client_secret" in body and client_id not in self._grants.apps:
            self._register(client_id, str(body["client_secret"]))
        app = self._grants.apps[client_id]
        app.client_secret = str(body.get("client_secret", app.client_secret))
        if "redirect_uris" in body:
            app.redirect_uris = set(map(str, addresses))
        app.must_name_company = bool(body.get("must_name_company", app.must_name_company))
        return app

    def _register(self, client_id: str, client_secret: str) -> None:
        account = User(self._procore.new_id(), f"{client_id} integration", f"dmsa@{client_id}.example")
        installs = {company_id: Install() for company_id in self._procore.companies}
        self._grants.apps[client_id] = App(client_id, client_secret, account, installs)


def _shown(app: App) -> dict[str, Any]:
    return {
        "client_id": app.client_id,
        "redirect_uris": sorted(app.redirect_uris),
        "must_name_company": app.must_name_company,
    }
