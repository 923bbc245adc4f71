"""What developers enter in Procore's developer portal."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from plumbline_sandbox.posted import posted_object
from plumbline_sandbox.procore.grants import App, Grants


class Portal:
    """The route `/control/procore/apps`."""

    def __init__(self, grants: Grants) -> None:
        self._grants = grants

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route("/control/procore/apps", self.apps, methods=["GET", "POST"])]

    async def apps(self, request: Request) -> Response:
        """`POST /control/procore/apps`: `{"client_id", "redirect_uris"}` names where consent may lead back to."""
        if request.method == "POST":
            body = await posted_object(request)
            addresses = body.get("redirect_uris")
            if set(body) != {"client_id", "redirect_uris"} or not isinstance(addresses, list):
                raise ValueError("an app is given its client_id and a list of redirect_uris")
            app = self._grants.apps[str(body["client_id"])]
            app.redirect_uris = set(map(str, addresses))
            return JSONResponse(_shown(app), 201)
        return JSONResponse([_shown(app) for app in self._grants.apps.values()])


def _shown(app: App) -> dict[str, Any]:
    return {"client_id": app.client_id, "redirect_uris": sorted(app.redirect_uris)}
