"""One QuickBooks company as a test speaks with it: entities in, entities or fault codes out."""

from __future__ import annotations

from typing import Any

import httpx

from plumbline_sandbox.laboratory import Laboratory

Body = dict[str, Any]


class Books:
    """The accounting API of one seeded company, without rate limits."""

    def __init__(self, lab: Laboratory, *, place: int = 0) -> None:
        lab.world.limits.configure({"quickbooks": {"per_second": 10**6, "per_minute": 10**6}})
        self.lab = lab
        self.place = place
        self.realm_id = lab.realms[place].id
        company = next(c for c in lab.description["companies"] if self.realm_id in _realms(c))
        project = next(p for p in company["projects"] if p["quickbooks"]["realm"] == self.realm_id)
        self.customer: str = project["quickbooks"]["customer_id"]
        self.job: str = project["quickbooks"]["job_id"]
        self.items: dict[str, str] = project["quickbooks"]["items"]
        self.accounts: dict[str, str] = project["quickbooks"]["accounts"]

    async def post(self, entity: str, body: Any, **params: str) -> httpx.Response:
        """Post a body and give the answer as it comes."""
        return await self.lab.books("POST", f"/{entity.lower()}", body, place=self.place, **params)

    async def write(self, entity: str, body: Body, **params: str) -> Body:
        """Create, update, void; the request must be accepted."""
        answer = await self.post(entity, body, **params)
        assert answer.status_code == 200, answer.text
        written: Body = answer.json()[entity]
        return written

    async def change(self, entity: str, before: Body, **changes: Any) -> Body:
        """Update in part."""
        return await self.write(entity, {**_handle(before), "sparse": True, **changes})

    async def void(self, entity: str, before: Body) -> Body:
        """Void as Intuit's clients do."""
        return await self.write(
            entity, {**_handle(before), "sparse": True}, operation="update", include="void"
        )

    async def delete(self, entity: str, before: Body) -> Body:
        """Delete; the request must be accepted."""
        return await self.write(entity, _handle(before), operation="delete")

    async def read(self, entity: str, entity_id: str) -> Body:
        """Read by id; it must be there."""
        answer = await self.get(f"/{entity.lower()}/{entity_id}")
        assert answer.status_code == 200, answer.text
        body: Body = answer.json()[entity]
        return body

    async def get(self, path: str, **params: str) -> httpx.Response:
        """Get a path of the company."""
        return await self.lab.books("GET", path, place=self.place, **params)

    async def send(self, entity: str, entity_id: str, **params: str) -> httpx.Response:
        """Ask for the entity to be mailed."""
        return await self.lab.books("POST", f"/{entity.lower()}/{entity_id}/send", place=self.place, **params)

    async def refused(self, entity: str, body: Any, **params: str) -> list[str]:
        """Post what must be refused; give the fault codes."""
        return codes(await self.post(entity, body, **params))

    async def invoice(self, amount: float = 100, **more: Any) -> Body:
        """Create an invoice of one line."""
        return await self.write("Invoice", self.form(amount, **more))

    async def pay(self, invoice: Body, amount: float, **more: Any) -> Body:
        """Create a payment with one line for this invoice."""
        line = {"Amount": amount, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
        return await self.write("Payment", {**self.money(amount), "Line": [line], **more})

    async def prefer(self, group: str, **switches: Any) -> None:
        """Change preferences of the company."""
        present = (await self.get("/preferences")).json()["Preferences"]
        await self.change("Preferences", present, **{group: switches})

    def configure(self, **settings: Any) -> None:
        """Flip switches of the company."""
        self.lab.world.quickbooks.configure(self.realm_id, **settings)

    def form(self, *amounts: float, **more: Any) -> Body:
        """Return the least a sales form needs, with one line per amount."""
        return {"CustomerRef": {"value": self.customer}, "Line": [self.line(a) for a in amounts], **more}

    def line(self, amount: float, **detail: Any) -> Body:
        """Return a line that sells the first item."""
        sold = {"ItemRef": {"value": self.items["Progress billing"]}, **detail}
        return {"DetailType": "SalesItemLineDetail", "Amount": amount, "SalesItemLineDetail": sold}

    def money(self, total: float, **more: Any) -> Body:
        """Return the least a payment needs."""
        return {"CustomerRef": {"value": self.customer}, "TotalAmt": total, **more}


def codes(answer: httpx.Response) -> list[str]:
    """Return the fault codes of a refused request."""
    assert answer.status_code == 400, answer.text
    return [error["code"] for error in answer.json()["Fault"]["Error"]]


def fault(answer: httpx.Response) -> Body:
    """Return the first entry of a fault."""
    assert answer.status_code == 400, answer.text
    first: Body = answer.json()["Fault"]["Error"][0]
    return first


def _handle(body: Body) -> Body:
    return {"Id": body["Id"], "SyncToken": body["SyncToken"]}


def _realms(company: Body) -> set[str]:
    return {project["quickbooks"]["realm"] for project in company["projects"]}
