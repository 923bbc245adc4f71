"""What developers do in Intuit's developer portal, and the switches of its authorization server."""

import hashlib
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from plumbline_sandbox.posted import posted_object
from plumbline_sandbox.quickbooks.oauth import Client
from plumbline_sandbox.quickbooks.state import QuickBooks


class Portal:
    """The routes under `/control/quickbooks` that are no company's: apps, webhooks, OAuth."""

    def __init__(self, quickbooks: QuickBooks) -> None:
        self._quickbooks = quickbooks
        self._authority = quickbooks.authority
        self._webhooks = quickbooks.webhooks

    def routes(self) -> list[Route]:
        """Return the routes."""
        root = "/control/quickbooks"
        return [
            Route(f"{root}/oauth", self.oauth, methods=["POST"]),
            Route(f"{root}/apps", self.apps, methods=["GET", "POST"]),
            Route(f"{root}/webhooks", self.webhooks, methods=["GET", "POST"]),
            Route(f"{root}/webhooks/test", self.send_test, methods=["POST"]),
            Route(f"{root}/webhooks/{{client_id}}", self.webhook, methods=["DELETE"]),
        ]

    async def oauth(self, request: Request) -> Response:
        """`POST /control/quickbooks/oauth`: switches of the authorization server (`OAuthSettings`)."""
        body = await posted_object(request)
        self._quickbooks.configure_oauth(**body)
        return JSONResponse(body)

    async def apps(self, request: Request) -> Response:
        """`POST /control/quickbooks/apps`: `{"client_id", "name", "redirect_uris"}` registers an app or changes it.

        Without a client id a new app is made. From the first redirect address on, only those that
        are named are taken.
        """
        if request.method == "POST":
            client = self._client(await posted_object(request))
            self._authority.register(client)
            return JSONResponse(_shown(client), 201)
        return JSONResponse([_shown(client) for client in self._authority.clients()])

    async def webhooks(self, request: Request) -> Response:
        """`POST /control/quickbooks/webhooks`: an app's endpoint, as `webhooks.subscriptions` describes it.

        The answer holds the verifier token; GET lists the endpoints of all apps.
        """
        if request.method == "POST":
            body = await posted_object(request)
            self._known(str(body.get("client_id")))
            return JSONResponse(self._webhooks.subscribe(body).as_json(), 201)
        return JSONResponse([to.as_json() for to in self._webhooks.subscriptions()])

    async def webhook(self, request: Request) -> Response:
        """`DELETE /control/quickbooks/webhooks/{client_id}` removes an app's endpoint."""
        await self._webhooks.unsubscribe(request.path_params["client_id"])
        return Response(status_code=204)

    async def send_test(self, request: Request) -> Response:
        """`POST /control/quickbooks/webhooks/test`: tell an app of a change that never happened."""
        self._webhooks.send_test(await posted_object(request))
        return Response(status_code=202)

    def _client(self, body: Mapping[str, Any]) -> Client:
        if unknown := set(body) - {"client_id", "client_secret", "name", "redirect_uris"}:
            raise ValueError(f"unknown fields: {', '.join(sorted(unknown))}")
        if not isinstance(body.get("redirect_uris", []), list):
            raise ValueError("redirect_uris must be a list")  # noqa: TRY004 -- it is the client's mistake
        made = f"app {len(self._authority.clients()) + 1}"
        client_id = str(body.get("client_id") or hashlib.sha256(made.encode()).hexdigest()[:32])
        known = self._authority.client(client_id)
        secret = known.secret if known else hashlib.sha256(f"secret of {client_id}".encode()).hexdigest()[:40]
        return Client(
            id=client_id,
            secret=str(body.get("client_secret", secret)),
            name=str(body.get("name", known.name if known else made)),
            redirect_uris=frozenset(body.get("redirect_uris", known.redirect_uris if known else ())),
        )

    def _known(self, client_id: str) -> None:
        if self._authority.client(client_id) is None:
            raise ValueError(f"there is no app {client_id}")


def _shown(client: Client) -> dict[str, Any]:
    return {
        "client_id": client.id,
        "client_secret": client.secret,
        "name": client.name,
        "redirect_uris": sorted(client.redirect_uris),
    }
