"""How the change orders of a contract hang together: tiers, lines and amounts.

A package is what changes a contract. With one tier it has one potential change order below it,
which holds the lines; with two it gathers potential change orders; with three it gathers
requests, and these potential ones (Procore docs, working with change orders; Procore support,
change order tiers). All are records of one table, each with its kind and with what it is in.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from plumbline_sandbox.procore.change_orders.statuses import PENDING, Statuses
from plumbline_sandbox.procore.g702 import total
from plumbline_sandbox.procore.records import Record, Shown, Table, fresh
from plumbline_sandbox.procore.state import (
    CHANGE_ORDER_PACKAGE,
    CHANGE_ORDER_REQUEST,
    POTENTIAL_CHANGE_ORDER,
    Procore,
    Row,
)

PACKAGE = "ChangeOrderPackage"
REQUEST = "ChangeOrderRequest"
POTENTIAL = "PotentialChangeOrder"

FAMILIES = {
    PACKAGE: CHANGE_ORDER_PACKAGE,
    REQUEST: CHANGE_ORDER_REQUEST,
    POTENTIAL: POTENTIAL_CHANGE_ORDER,
}
"""The kinds of change orders."""

PRIME = "PrimeContractChangeOrder"
"""The type of a change order of a prime contract."""

COMMITMENT = "CommitmentContractChangeOrder"
"""The type of a change order of a commitment."""

DEFAULT_TIERS = 2
"""Tiers of a project of which nobody has said how many."""


@dataclass(frozen=True, slots=True)
class Change:
    """What change orders add to a contract, by how far they have come."""

    approved: Decimal
    pending: Decimal
    draft: Decimal


class Tree:
    """The change orders as they truly are, or (`lagging`) as readers see them now."""

    def __init__(self, procore: Procore, *, lagging: bool = False) -> None:
        self._procore = procore
        self._statuses = Statuses(procore)
        self._lagging = lagging

    def tiers(self, project_id: int | None) -> int:
        """Return the number of tiers of a project."""
        return self._procore.change_order_tiers.get(project_id or 0, DEFAULT_TIERS)

    def contract(self, contract_id: int) -> Record[Row] | None:
        """Return a prime contract or a commitment."""
        return self._procore.prime_contracts.truth(contract_id) or self._procore.commitments.truth(
            contract_id
        )

    def vendor(self, contract: Record[Row]) -> Row | None:
        """Return who a contract is with: a prime contract's owner, or whom a commitment pays."""
        assert contract.value is not None
        if "vendor" in contract.value:
            owner: Row = contract.value["vendor"]
            return owner
        vendor = self._procore.vendors.truth(contract.value["vendor_id"] or 0)
        return (
            None
            if vendor is None or vendor.value is None
            else {"id": vendor.id, "name": vendor.value["name"]}
        )

    def packages(self, contract: Shown[Row] | Record[Row]) -> list[Shown[Row]]:
        """Return the packages of a contract."""
        rows = self.of_project(PACKAGE, contract.project_id)
        return [
            row for row in rows if row.value["contract_id"] == contract.id and not row.value["deleted_at"]
        ]

    def of_project(self, kind: str, project_id: int | None) -> list[Shown[Row]]:
        """Return a project's change orders of a kind, the deleted ones too."""
        return [
            row for row in self._all(self._procore.change_orders, project_id) if row.value["kind"] == kind
        ]

    def find(self, kind: str, record_id: int | None) -> Shown[Row] | None:
        """Return a change order of a kind, unless it was deleted."""
        found = self._one(record_id)
        return found if found and found.value["kind"] == kind and not found.value["deleted_at"] else None

    def above(self, order: Shown[Row] | Record[Row]) -> Iterator[Shown[Row]]:
        """Return what a change order is in, from the nearest to the package."""
        assert order.value is not None
        above_id = order.value["above_id"]
        while found := self._one(above_id):
            yield found
            above_id = found.value["above_id"]

    def below(self, order: Shown[Row] | Record[Row]) -> list[Shown[Row]]:
        """Return what is directly in a change order."""
        rows = self._all(self._procore.change_orders, order.project_id)
        return [row for row in rows if row.value["above_id"] == order.id and not row.value["deleted_at"]]

    def own_lines(self, order: Shown[Row] | Record[Row]) -> list[Shown[Row]]:
        """Return the lines that a change order holds itself."""
        rows = self._all(self._procore.change_order_lines, order.project_id)
        return [row for row in rows if row.value["holder_id"] == order.id]

    def lines(self, order: Shown[Row] | Record[Row]) -> list[Shown[Row]]:
        """Return the lines of a change order and of everything in it."""
        return self.own_lines(order) + [line for row in self.below(order) for line in self.lines(row)]

    def total(self, order: Shown[Row] | Record[Row]) -> Decimal:
        """Return the sum of the lines and of everything in it; without any, the total that was given."""
        assert order.value is not None
        parts = [Decimal(line.value["amount"]) for line in self.own_lines(order)]
        parts += [self.total(row) for row in self.below(order)]
        given = order.value["given_total"]
        return Decimal(given) if given is not None and not any(parts) else total(parts)

    def standard(self, order: Shown[Row] | Record[Row]) -> str:
        """Return the standard status; a potential change order of a single tier has its package's."""
        assert order.value is not None
        status: str = order.value["status"]
        if order.value["kind"] == POTENTIAL and self.tiers(order.project_id) == 1:
            status = next((package.value["status"] for package in self.above(order)), status)
        return self._statuses.standard(order.company_id, status)

    def change(self, contract: Shown[Row] | Record[Row]) -> Change:
        """Return what change orders add to a contract.

        Only packages count, so that what is in them does not count twice (inferred).
        """
        sums: dict[str, Decimal] = {}
        for package in self.packages(contract):
            status = self.standard(package)
            sums[status] = sums.get(status, Decimal(0)) + self.total(package)
        pending = total(amount for status, amount in sums.items() if status in PENDING)
        return Change(sums.get("approved", Decimal(0)), pending, sums.get("draft", Decimal(0)))

    def _one(self, record_id: int | None) -> Shown[Row] | None:
        if record_id is None:
            return None
        if self._lagging:
            return self._procore.change_orders.shown(record_id)
        record = self._procore.change_orders.truth(record_id)
        return None if record is None else fresh(record)

    def _all(self, table: Table[Row], project_id: int | None) -> list[Shown[Row]]:
        if self._lagging:
            return table.shown_of_project(project_id)
        return [fresh(record) for record in table.living_of_project(project_id)]
