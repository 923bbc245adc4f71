"""Change orders as tests make them: by the API, by people, in projects of one, two and three tiers."""

from __future__ import annotations

from typing import Any

from sandbox_site import Body, Site

ORDERS = "prime_change_orders"


class Orders:
    """The change orders of one seeded project; `tiers` says of which."""

    def __init__(self, site: Site, *, tiers: int = 1) -> None:
        self.site = site
        seeded = next(p for p in site.projects if p["change_order_tiers"] == tiers)
        self.project_id = site.project_id = int(seeded["id"])
        self.contract_id = site.contract_id = int(seeded["prime_contract_id"])
        self.seeded: list[Body] = seeded["change_orders"]
        self.base = f"{site.project}/{ORDERS}"

    @property
    def place(self) -> dict[str, int]:
        """Which contract, as the older endpoints want it."""
        return {"project_id": self.project_id, "contract_id": self.contract_id}

    async def make(self, amount: str | None = None, **fields: Any) -> Body:
        """Create a prime change order; with an amount it is a draft until it has its one line."""
        status = fields.pop("status", "draft")
        first = "draft" if amount is not None else status
        body = {"change_order": {"contract_id": self.contract_id, "status": first, **fields}}
        made: Body = await self.site.post(self.base, body)
        if amount is not None:
            await self.add_line(made["id"], amount=amount)
            await self.change(made["id"], status=status)
        return await self.show(made["id"])

    async def show(self, order_id: int) -> Body:
        """Read a prime change order."""
        shown: Body = await self.site.get(f"{self.base}/{order_id}")
        return shown

    async def change(self, order_id: int, **fields: Any) -> Body:
        """Change a prime change order."""
        changed: Body = await self.site.patch(f"{self.base}/{order_id}", {"change_order": fields})
        return changed

    def lines_of(self, order_id: int) -> str:
        """The path of a prime change order's lines."""
        return f"{self.site.v2_project}/{ORDERS}/{order_id}/line_items"

    async def add_line(self, order_id: int, **fields: Any) -> Body:
        """Add a line to a prime change order."""
        body = {"wbs_code_id": str((await self.wbs_codes())[0]), **fields}
        made: Body = (await self.site.post(self.lines_of(order_id), body, status=200))["data"]
        return made

    async def wbs_codes(self) -> list[int]:
        """The budget codes of the contract's lines."""
        path = f"/rest/v1.0/prime_contracts/{self.contract_id}/line_items"
        lines = await self.site.get(path, project_id=self.project_id)
        return [line["wbs_code"]["id"] for line in lines]

    async def order(self, name: str, **fields: Any) -> Body:
        """Create a package, a request or a potential change order."""
        body = {**self.place, "change_order": fields}
        made: Body = await self.site.post(f"/rest/v1.0/{name}", body)
        return made

    async def listed(self, name: str, **params: Any) -> list[Body]:
        """List packages, requests or potential change orders of the contract."""
        rows: list[Body] = await self.site.get(f"/rest/v1.0/{name}", **self.place, **params)
        return rows

    async def contract(self) -> Body:
        """Read the prime contract."""
        path = f"/rest/v1.0/prime_contract/{self.contract_id}"
        shown: Body = await self.site.get(path, project_id=self.project_id)
        return shown

    async def by_person(self, **fields: Any) -> Body:
        """Let a person order a change of the contract."""
        body = {"prime_contract_id": self.contract_id, **fields}
        made: Body = await self.site.person("POST", "change_orders", body)
        return made
