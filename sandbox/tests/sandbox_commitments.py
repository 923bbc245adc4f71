"""Commitments of Procore as tests make them, and one on which subcontractors bill."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sandbox_site import Body, Site

from plumbline_sandbox.procore.conventions import moment

WORK, PURCHASE = "work_order_contract", "purchase_order_contract"
BILLS = "/rest/v1.1/requisitions"
UNDER = "/rest/v1.0/requisitions"


def seeded(site: Site, number: str) -> Body:
    """Return what the seed tells of the first project's commitment of this number."""
    [found] = [c for c in site.company["commitments"][str(site.project_id)] if c["number"] == number]
    return found  # type: ignore[no-any-return]  # JSON


def place(site: Site) -> Body:
    return {"project_id": site.project_id}


async def make(site: Site, kind: str = WORK, **fields: Any) -> Body:
    """Create a commitment in v1.0."""
    body = {**place(site), kind: {"title": "Roof", "status": "Approved", **fields}}
    return await site.post(f"/rest/v1.0/{kind}s", body)  # type: ignore[no-any-return]  # JSON


async def change(site: Site, contract: Body, kind: str = WORK, **fields: Any) -> Body:
    path = f"/rest/v1.0/{kind}s/{contract['id']}"
    return await site.patch(path, {**place(site), kind: fields})  # type: ignore[no-any-return]  # JSON


async def add_line(site: Site, contract: Body, kind: str = WORK, **fields: Any) -> Body:
    """Add a line to a commitment in v1.0, on plumbing unless it says."""
    code = site.company["cost_codes"][str(site.project_id)]["15-400"]
    line = {"cost_code_id": int(code), "description": "Gutters", **fields}
    path = f"/rest/v1.0/{kind}s/{contract['id']}/line_items"
    return await site.post(path, {**place(site), "line_item": line})  # type: ignore[no-any-return]  # JSON


async def shown(site: Site, contract: Body, kind: str = WORK) -> Body:
    path = f"/rest/v1.0/{kind}s/{contract['id']}"
    return await site.get(path, **place(site))  # type: ignore[no-any-return]  # JSON


async def change_order(
    site: Site, contract: Body, *amounts: str, status: str = "approved", **more: Any
) -> int:
    """Let a person order a change of a commitment, with a line for each amount; give the package's id."""
    lines = [{"description": "Extra", "amount": amount} for amount in amounts]
    body = {"commitment_id": contract["id"], "title": "More", "status": status, "lines": lines, **more}
    return int((await site.person("POST", "change_orders", body))["id"])


def lately(site: Site) -> str:
    """Return the minutes around now, as filters on times take them."""
    now = site.lab.world.clock.now()
    return f"{moment(now - timedelta(minutes=5))}...{moment(now + timedelta(minutes=5))}"


class Job:
    """One commitment on which is billed, with its lines."""

    def __init__(self, site: Site, contract: Body, lines: list[Body]) -> None:
        self.site = site
        self.contract = contract
        self.lines = lines
        self.place = {"project_id": site.project_id}

    async def bill(self, *items: Body, **fields: Any) -> Body:
        """Create a requisition; give it with its lines."""
        body = {**self.place, "commitment_id": self.contract["id"]}
        body["requisition"] = {**fields, "items": list(items)}
        return await self.site.post(BILLS, body, view="extended")  # type: ignore[no-any-return]  # JSON

    async def change(self, requisition: Body, **fields: Any) -> Body:
        body = {**self.place, "commitment_id": self.contract["id"], "requisition": fields}
        return await self.site.patch(f"{BILLS}/{requisition['id']}", body, view="extended")  # type: ignore[no-any-return]

    async def refused(self, requisition: Body, **fields: Any) -> list[str]:
        """Try to change a requisition against a rule; give the fields that are complained of."""
        body = {**self.place, "requisition": fields}
        told = await self.site.refused(422, "PATCH", f"{BILLS}/{requisition['id']}", body)
        return list(told["errors"])

    async def show(self, requisition: Body, view: str = "extended") -> Body:
        return await self.site.get(f"{BILLS}/{requisition['id']}", **self.place, view=view)  # type: ignore[no-any-return]

    async def list(self, **params: Any) -> Any:
        return await self.site.get(BILLS, **self.place, **params)

    async def under(self, requisition: Body, tail: str, **params: Any) -> Any:
        """Read what is under a requisition in v1.0."""
        return await self.site.get(f"{UNDER}/{requisition['id']}/{tail}", **self.place, **params)

    def work(self, place: int, amount: str, **more: Any) -> Body:
        """Return the item that bills work on a line."""
        return {"line_item_id": self.lines[place]["id"], "work_completed_this_period": amount, **more}


async def started(site: Site, amounts: tuple[str, ...] = ("1000", "500"), **fields: Any) -> Job:
    """Let a commitment to the first subcontractor; a tenth is retained, and its lines are concrete."""
    concrete = int(site.company["cost_codes"][str(site.project_id)]["03-300"])
    vendor = int(site.company["subcontractors"][0]["id"])
    contract = await make(site, retainage_percent="10", vendor_id=vendor, **fields)
    lines = [
        await add_line(site, contract, amount=amount, description=f"Part {number}", cost_code_id=concrete)
        for number, amount in enumerate(amounts, 1)
    ]
    return Job(site, contract, lines)
