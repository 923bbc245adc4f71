"""The purchase side of one company as a test speaks with it."""

from __future__ import annotations

from typing import Any

from sandbox_books import Body, Books

from plumbline_sandbox.laboratory import Laboratory


class Payables(Books):
    """Bills, bill payments and credits of a seeded company, and a vendor who owes and is owed nothing."""

    def __init__(self, lab: Laboratory, *, place: int = 0) -> None:
        super().__init__(lab, place=place)
        company = next(c for c in lab.description["companies"] if self.realm_id in _realms(c))
        project = next(p for p in company["projects"] if p["quickbooks"]["realm"] == self.realm_id)
        self.vendors: dict[str, str] = project["quickbooks"]["vendors"]
        *_, self.other, self.vendor = self.vendors.values()

    def cost(self, amount: float, account: str = "Subcontractors", **detail: Any) -> Body:
        """Return a line booked on an account."""
        booked = {"AccountRef": {"value": self.accounts[account]}, **detail}
        return {
            "DetailType": "AccountBasedExpenseLineDetail",
            "Amount": amount,
            "AccountBasedExpenseLineDetail": booked,
        }

    def bill_form(self, *amounts: float, **more: Any) -> Body:
        """Return the least a bill or a vendor credit needs, with one line per amount."""
        return {"VendorRef": {"value": self.vendor}, "Line": [self.cost(a) for a in amounts], **more}

    def check_form(self, total: float, *settled: tuple[Body, str, float], **more: Any) -> Body:
        """Return a bill payment by check that settles amounts of transactions of some type."""
        return {
            "VendorRef": {"value": self.vendor},
            "PayType": "Check",
            "CheckPayment": {"BankAccountRef": {"value": self.accounts["Checking"]}},
            "TotalAmt": total,
            "Line": [
                {"Amount": amount, "LinkedTxn": [{"TxnId": body["Id"], "TxnType": kind}]}
                for body, kind, amount in settled
            ],
            **more,
        }

    async def bill(self, *amounts: float, **more: Any) -> Body:
        """Enter a bill."""
        return await self.write("Bill", self.bill_form(*amounts, **more))

    async def credit(self, amount: float, **more: Any) -> Body:
        """Enter a vendor credit."""
        return await self.write("VendorCredit", self.bill_form(amount, **more))

    async def check(self, total: float, *settled: tuple[Body, str, float], **more: Any) -> Body:
        """Pay by check."""
        return await self.write("BillPayment", self.check_form(total, *settled, **more))

    async def bought_item(self, name: str = "Rebar") -> str:
        """Make an item that is bought; return its id."""
        accounts = {
            "IncomeAccountRef": {"value": self.accounts["Construction Income"]},
            "ExpenseAccountRef": {"value": self.accounts["Job Materials"]},
        }
        made = await self.write("Item", {"Name": name, "Type": "Service", **accounts})
        item_id: str = made["Id"]
        return item_id

    async def owed(self, vendor_id: str | None = None) -> float:
        """Return a vendor's open balance."""
        balance: float = (await self.read("Vendor", vendor_id or self.vendor))["Balance"]
        return balance

    async def found(self, statement: str) -> list[Body]:
        """Return the entities a query shows."""
        answer = (await self.lab.query(statement, place=self.place)).json()["QueryResponse"]
        return [body for value in answer.values() if isinstance(value, list) for body in value]


def _realms(company: Body) -> set[str]:
    return {project["quickbooks"]["realm"] for project in company["projects"]}
