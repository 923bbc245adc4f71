"""Approved change orders as rows on owner invoices.

They come late: practitioners see the rows about a minute after the approval. That an invoice that
is not approved yet gets them as well as the next one, and one row for each line, is inferred.
"""

from decimal import Decimal

from plumbline_sandbox.procore.change_orders.tree import Tree
from plumbline_sandbox.procore.g702 import ZERO, Line, total
from plumbline_sandbox.procore.records import Record, Shown
from plumbline_sandbox.procore.state import Procore, Row

ROWS_LATE_S = 60
"""How long after its approval a change order's rows appear, unless the `late-rows` fault says."""


class Billing:
    """The rows that approved change orders add to the schedule of values."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._tree = Tree(procore)

    def rows(self, contract: Record[Row]) -> tuple[Line, ...]:
        """Return the rows of every approved change order of a prime contract, with nothing billed."""
        packages = self._tree.packages(contract)
        return tuple(row for package in packages for row in self.rows_of(package, contract))

    def rows_of(self, package: Shown[Row] | Record[Row], contract: Record[Row]) -> list[Line]:
        """Return a row for each line; one for the whole where the lines do not add up to it.

        A change order that is not approved, or was deleted, has none.
        """
        assert package.value is not None
        if package.value["deleted_at"] or self._tree.standard(package) != "approved":
            return []
        lines, whole = self._tree.lines(package), self._tree.total(package)
        if not lines or total(Decimal(line.value["amount"]) for line in lines) != whole:
            return [self._row(package, contract, package.id, None, whole, "")]
        return [
            self._row(
                package,
                contract,
                line.id,
                line.value["description"],
                Decimal(line.value["amount"]),
                (line.value["wbs_code"] or {}).get("flat_code", ""),
            )
            for line in lines
        ]

    def _row(
        self,
        package: Shown[Row] | Record[Row],
        contract: Record[Row],
        source_id: int,
        description: str | None,
        amount: Decimal,
        flat_code: str,
    ) -> Line:
        assert contract.value is not None
        assert package.value is not None
        return Line(
            id=self._procore.new_id(),
            source_id=source_id,
            added_from_source="change_order",
            description_of_work=description or package.value["title"] or "",
            flat_code=flat_code,
            scheduled_value=amount,
            previous_work=ZERO,
            work_this_period=ZERO,
            materials_stored=ZERO,
            retainage_percent=Decimal(contract.value["retainage_percent"]),
            retainage_released=ZERO,
            appears_at_s=package.value["billable_from_s"],
            package_id=package.id,
        )
