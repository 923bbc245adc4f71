"""Procore as a test speaks with it: one company's service account, JSON in, JSON out."""

from __future__ import annotations

from typing import Any

import httpx

from plumbline_sandbox.laboratory import Laboratory

Body = dict[str, Any]


class Site:
    """The API of one seeded company with one token, without rate limits."""

    def __init__(self, lab: Laboratory, *, place: int = 0) -> None:
        lab.world.limits.configure({"procore": {"spike": 10**6, "hourly": 10**6}})
        self.lab = lab
        self.place = place
        self.company = lab.description["companies"][place]
        self.company_id = int(self.company["id"])
        self.projects = self.company["projects"]
        self.project_id = int(self.projects[0]["id"])
        self.contract_id = int(self.projects[0]["prime_contract_id"])
        self.app = lab.companies[place].app
        self.install = self.app.installs[self.company_id]
        self._token: str | None = None

    @property
    def project(self) -> str:
        """The path of the first project in v1.0."""
        return f"/rest/v1.0/projects/{self.project_id}"

    @property
    def own(self) -> str:
        """The path of the company in v1.0."""
        return f"/rest/v1.0/companies/{self.company_id}"

    @property
    def v2(self) -> str:
        """The path of the company in v2.0."""
        return f"/rest/v2.0/companies/{self.company_id}"

    @property
    def v2_project(self) -> str:
        """The path of the first project in v2.0."""
        return f"{self.v2}/projects/{self.project_id}"

    async def headers(self) -> dict[str, str]:
        """Return the headers every call has."""
        if self._token is None:
            self._token = await self.lab.site_token(place=self.place)
        return {"authorization": f"Bearer {self._token}", "procore-company-id": str(self.company_id)}

    def sign_in_again(self) -> None:
        """Let the next call get a new token."""
        self._token = None

    async def call(
        self, method: str, path: str, body: Any = None, *, form: Any = None, **params: Any
    ) -> httpx.Response:
        """Call and give the answer as it comes; `form` is what httpx calls `files`.

        A parameter `filter_status` goes out as `filters[status]`.
        """
        query = {_named(name): value for name, value in params.items()}
        return await self.lab.procore.request(
            method, path, json=body, files=form, params=query, headers=await self.headers()
        )

    async def get(self, path: str, **params: Any) -> Any:
        """Read; it must be there."""
        return _json(await self.call("GET", path, **params), 200)

    async def post(self, path: str, body: Any, *, status: int = 201, **params: Any) -> Any:
        """Create; it must be accepted."""
        return _json(await self.call("POST", path, body, **params), status)

    async def patch(self, path: str, body: Any, **params: Any) -> Any:
        """Change; it must be accepted."""
        return _json(await self.call("PATCH", path, body, **params), 200)

    async def delete(self, path: str, *, status: int = 204, **params: Any) -> None:
        """Delete; it must be accepted."""
        answer = await self.call("DELETE", path, **params)
        assert answer.status_code == status, answer.text

    async def refused(self, status: int, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """Make a call that must be refused with this status; give what it says."""
        return _json(await self.call(method, path, body, **params), status)

    async def person(self, method: str, resource: str, body: Body | None = None) -> Any:
        """Do something as a person, by the control API."""
        answer = await self.lab.control.request(method, f"/control/procore/{resource}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def bill(self, **fields: Any) -> int:
        """Let a person make a payment application on the first project's contract; give its id."""
        body = {"prime_contract_id": self.contract_id, **fields}
        made = await self.person("POST", "payment_applications", body)
        return int(made["id"])

    def commits(self, entity: str) -> list[Body]:
        """Return what the journal says was committed of one kind of record."""
        lines = self.lab.world.journal.since(0, "commit")
        return [line.facts for line in lines if line.facts["entity"] == entity]

    async def upload(self, content: bytes, name: str = "paper.pdf", mime: str = "application/pdf") -> str:
        """Upload a whole file to the project as the guide says; give its uuid."""
        path = f"/rest/v1.1/projects/{self.project_id}/uploads"
        told = await self.post(path, {"response_filename": name, "response_content_type": mime})
        stored = await self.lab.storage.post(told["url"], data=told["fields"], files={"file": content})
        assert stored.status_code == 204, stored.text
        uuid: str = told["uuid"]
        return uuid


def _named(name: str) -> str:
    return f"filters[{name.removeprefix('filter_')}]" if name.startswith("filter_") else name


def _json(answer: httpx.Response, status: int) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()
