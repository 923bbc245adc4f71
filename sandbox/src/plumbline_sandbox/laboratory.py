"""A whole sandbox inside the caller's process, without sockets: for tests."""

from types import TracebackType
from typing import Any, Self

import httpx

from plumbline_sandbox.awslambda.app import build as build_lambda
from plumbline_sandbox.control import Control
from plumbline_sandbox.jira.app import build as build_jira
from plumbline_sandbox.payments.app import build as build_payments
from plumbline_sandbox.procore.app import build as build_procore
from plumbline_sandbox.quickbooks.app import build as build_quickbooks
from plumbline_sandbox.seed import seed
from plumbline_sandbox.slack.app import build as build_slack
from plumbline_sandbox.storage.app import build as build_storage
from plumbline_sandbox.world import World


class Laboratory:
    """Every vendor and the control API of one seeded world, each behind an `httpx.AsyncClient`.

    A lost answer shows as `ConnectionCutError`. Webhooks go out over real sockets, as from the server.
    """

    def __init__(self, seed_number: int = 1) -> None:
        """Make a fresh world; two of one seed number are alike."""
        self.world = World(seed_number)
        self.seeded = seed(self.world)
        self.world.clock.tick()
        self.description: dict[str, Any] = self.seeded.description
        self.realms = self.seeded.realms
        self.companies = self.seeded.companies
        self.procore = _client(build_procore(self.world))
        self.quickbooks = _client(build_quickbooks(self.world))
        self.storage = _client(build_storage(self.world))
        self.slack = _client(build_slack(self.world))
        self.jira = _client(build_jira(self.world))
        self.payments = _client(build_payments(self.world))
        self.awslambda = _client(build_lambda(self.world))
        self.control = _client(Control(self.world, self.description).app())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self.world.aclose()
        partners = (self.storage, self.slack, self.jira, self.payments, self.awslambda)
        for client in (self.procore, self.quickbooks, *partners, self.control):
            await client.aclose()

    async def books(
        self, method: str, path: str, body: Any = None, *, place: int = 0, **params: str
    ) -> httpx.Response:
        """Call the accounting API of the realm at `place` with its seeded token: `books("GET", "/invoice/1")`."""
        realm = self.realms[place]
        return await self.quickbooks.request(
            method,
            f"/v3/company/{realm.id}{path}",
            json=body,
            params=params,
            headers={"authorization": f"Bearer {realm.access_token}", "accept": "application/json"},
        )

    async def query(self, statement: str, *, place: int = 0) -> httpx.Response:
        """Run one query in the realm at `place`."""
        return await self.books("GET", "/query", place=place, query=statement)

    async def site(
        self, method: str, path: str, body: Any = None, *, place: int = 0, **params: Any
    ) -> httpx.Response:
        """Call Procore as the service account of the company at `place`: `site("GET", "/rest/v1.0/projects")`."""
        company = self.companies[place]
        token = await self.site_token(place=place)
        return await self.procore.request(
            method,
            path,
            json=body,
            params=params,
            headers={"authorization": f"Bearer {token}", "procore-company-id": str(company.company.id)},
        )

    async def site_token(self, *, place: int = 0) -> str:
        """Get a fresh access token by the client credentials of the company at `place`."""
        app = self.companies[place].app
        answer = await self.procore.post(
            "/oauth/token",
            json={
                "grant_type": "client_credentials",
                "client_id": app.client_id,
                "client_secret": app.client_secret,
            },
        )
        token: str = answer.raise_for_status().json()["access_token"]
        return token


def _client(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox.example")
