"""A whole sandbox inside the caller's process, without sockets: for tests."""

from types import TracebackType
from typing import Any, Self

import httpx

from plumbline_sandbox.assembly import Sandbox, fresh


class Laboratory:
    """Every vendor and the control API of one seeded world, each behind an `httpx.AsyncClient`.

    A lost answer shows as `ConnectionCutError`. Webhooks go out over real sockets, as from the server.
    """

    def __init__(self, seed_number: int = 1, sandbox: Sandbox | None = None) -> None:
        """Make a fresh world, of which two of one seed number are alike, or take a given one."""
        sandbox = sandbox or fresh(seed_number)
        self.world = sandbox.world
        self.seeded = sandbox.seeded
        self.description: dict[str, Any] = self.seeded.description
        self.realms = self.seeded.realms
        self.companies = self.seeded.companies
        self.procore = _client(sandbox.apps["procore"])
        self.quickbooks = _client(sandbox.apps["quickbooks"])
        self.storage = _client(sandbox.apps["storage"])
        self.slack = _client(sandbox.apps["slack"])
        self.jira = _client(sandbox.apps["jira"])
        self.payments = _client(sandbox.apps["payments"])
        self.awslambda = _client(sandbox.apps["lambda"])
        self.control = _client(sandbox.control)

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
