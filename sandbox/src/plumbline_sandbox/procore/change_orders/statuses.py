"""Statuses of change orders, and what a company calls them.

Sources: Procore reference, Prime Change Orders, Change Order Packages, Change Order Statuses;
Procore support, default statuses of change orders.
"""

from plumbline_sandbox.http import Answer
from plumbline_sandbox.procore.call import Call, Endpoint
from plumbline_sandbox.procore.conventions import list_v1, of_list
from plumbline_sandbox.procore.state import Procore, Row

PACKAGE_STATUSES = (
    "draft",
    "not_pricing",
    "pricing",
    "pending",
    "revised",
    "proceeding",
    "not_proceeding",
    "no_charge",
    "approved",
    "rejected",
    "void",
)
"""Statuses of packages, requests and potential change orders."""

STATUSES = (*PACKAGE_STATUSES, "pending_billable")
"""Statuses of prime and commitment change orders: one more."""

PENDING = frozenset(
    {"not_pricing", "pricing", "pending", "revised", "proceeding", "not_proceeding", "pending_billable"}
)
"""Those under way; that `pending_billable` is one of them is inferred from its name."""

NAMES = {
    "approved": "Approved",
    "draft": "Draft",
    "no_charge": "No Charge",
    "pending": "Pending - In Review",
    "not_pricing": "Pending - Not Pricing",
    "not_proceeding": "Pending - Not Proceeding",
    "pricing": "Pending - Pricing",
    "proceeding": "Pending - Proceeding",
    "revised": "Pending - Revised",
    "pending_billable": "Pending - Billable",
    "rejected": "Rejected",
    "void": "Void",
}
"""What people read for each status; the name of `pending_billable` is inferred."""


class Statuses:
    """What a company calls the statuses: names of its own stand for standard ones."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore

    def list(self, call: Call) -> Answer:
        """`GET /rest/v1.0/change_order/statuses?company_id=`."""
        company_id = call.company_id()
        rows = self._procore.change_order_statuses.shown_of_project(None)
        mine = [{"id": row.id, **row.value} for row in rows if row.company_id == company_id]
        page, headers = list_v1(call.request, mine)
        return of_list(call.path, page, headers)

    def add(self, company_id: int, name: str, mapped_to_status: str) -> None:
        """Let a company know a status by a name."""
        row: Row = {"name": name, "mapped_to_status": mapped_to_status, "show_in_select": True}
        self._procore.change_order_statuses.insert(self._procore.new_id(), row, company_id=company_id)

    def known(self, company_id: int) -> tuple[str, ...]:
        """Return what may be written as the status of a prime or commitment change order.

        That a company's own status is written and read by its name is inferred.
        """
        return (*STATUSES, *(name for name in self._by_name(company_id) if name not in NAMES.values()))

    def standard(self, company_id: int, status: str) -> str:
        """Return the standard status that a status stands for."""
        return self._by_name(company_id).get(status, status)

    def of_package(self, company_id: int, status: str) -> str:
        """Return the status as packages show it, which have no `pending_billable` (the mapping is inferred)."""
        standard = self.standard(company_id, status)
        return "pending" if standard == "pending_billable" else standard

    def _by_name(self, company_id: int) -> dict[str, str]:
        return {
            row.value["name"]: row.value["mapped_to_status"]
            for row in self._procore.change_order_statuses.living()
            if row.company_id == company_id and row.value is not None
        }


def endpoints(procore: Procore) -> list[Endpoint]:
    """Return the endpoint of statuses."""
    return [("GET", "/rest/v1.0/change_order/statuses", Statuses(procore).list)]
