"""Lines of change orders, for API callers and persons alike.

Sources: Procore reference, Prime Change Order Line Items (v2.0), Potential Change Orders (v1.0).
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from plumbline_sandbox.procore.change_orders.telling import Telling
from plumbline_sandbox.procore.change_orders.tree import POTENTIAL, Tree
from plumbline_sandbox.procore.conventions import invalid, money
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.g702 import CENT
from plumbline_sandbox.procore.records import Record
from plumbline_sandbox.procore.state import (
    CHANGE_ORDER_PACKAGE_LINE,
    POTENTIAL_CHANGE_ORDER_LINE,
    Actor,
    Family,
    Procore,
    Row,
)

EXTENDED_TYPES = ("manual", "calculated")
"""Whether an amount is given, or is quantity times unit cost."""

LOCKED = "cannot be changed because the change order is approved"
"""The complaint about a line of an approved change order (status and wording are inferred)."""

ONLY_BY_UNIT = "is only accepted on unit quantity schedules of values"
"""The complaint about a quantity where the contract is accounted by amount (the wording is inferred)."""

TEXTS = ("description", "uom", "origin_id", "origin_data")
"""Fields that are plain text."""

NUMBERS = ("tax_code_id", "line_item_type_id", "prime_line_item_id", "commitment_line_item_id")
"""Fields that are ids of what is not looked up here."""

BLANK: Row = {
    **dict.fromkeys((*TEXTS, *NUMBERS)),
    "quantity": None,
    "unit_cost": None,
    "amount": "0.00",
    "extended_type": "manual",
    "cost_code_id": None,
    "wbs_code": None,
}
"""A line of which nothing is known."""


class Lines:
    """The rules of lines; every method but `insert` makes its change a fact.

    A line changes what its holder is worth, and whatever that is in: each is updated too
    (inferred: no document says which events a line raises).
    """

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._tree = Tree(procore)
        self._telling = Telling(procore)

    def create(self, holder: Record[Row], values: Row, actor: Actor, path: str) -> Record[Row]:
        """Add a line.

        Raises:
            RefusedError: 400, a field is invalid or the change order is approved.
        """
        self._refuse_approved(holder, path)
        record = self.insert(holder, self.read(self._contract(holder), BLANK, values, path))
        self.tell(record, actor)
        self._spread(holder, actor)
        return record

    def update(self, record: Record[Row], values: Row, actor: Actor, path: str) -> None:
        """Change the fields that are named.

        Raises:
            RefusedError: 400, a field is invalid or the change order is approved.
        """
        assert record.value is not None
        holder = self._holder(record.value, path)
        row = self.read(self._contract(holder), record.value, values, path)
        self._procore.change_order_lines.change(record, row)
        self._procore.updated(_family(row), record, actor, **_facts(row))
        self._spread(holder, actor)

    def delete(self, record: Record[Row], actor: Actor, path: str) -> None:
        """Take a line away.

        Raises:
            RefusedError: 400, the change order is approved.
        """
        assert record.value is not None
        row, holder = record.value, self._holder(record.value, path)
        self._procore.change_order_lines.change(record, None)
        self._procore.deleted(_family(row), record, actor, **_facts(row))
        self._spread(holder, actor)

    def insert(self, holder: Record[Row], row: Row) -> Record[Row]:
        """Store a line at the next position."""
        assert holder.value is not None
        place = {
            "holder_id": holder.id,
            "holder_type": holder.value["kind"],
            "position": len(self._tree.own_lines(holder)) + 1,
        }
        return self._procore.change_order_lines.insert(
            self._procore.new_id(), row | place, company_id=holder.company_id, project_id=holder.project_id
        )

    def tell(self, record: Record[Row], actor: Actor) -> None:
        """Make a line that was stored a fact."""
        assert record.value is not None
        self._procore.created(_family(record.value), record, actor, **_facts(record.value))

    def read(self, contract: Record[Row], before: Row, values: Row, path: str) -> Row:
        """Return a line with the fields that are named.

        Raises:
            RefusedError: 400, a field is invalid.
        """
        fields = Fields(path, values)
        row = {
            **before,
            **{name: fields.text(name, before[name]) for name in TEXTS},
            **{name: fields.integer(name, before[name]) for name in NUMBERS},
            **(_priced_by_unit if by_unit(contract) else _priced_by_amount)(fields, before),
            **self._coded(fields, before, contract.project_id),
        }
        fields.done(400)
        return row

    def required(self, holder: Record[Row]) -> tuple[str, ...]:
        """Return what a new line of v2.0 cannot do without."""
        return ("wbs_code_id",) if by_unit(self._contract(holder)) else ("wbs_code_id", "amount")

    def _contract(self, holder: Record[Row]) -> Record[Row]:
        assert holder.value is not None
        contract = self._tree.contract(holder.value["contract_id"])
        assert contract is not None
        return contract

    def _coded(self, fields: Fields, before: Row, project_id: int | None) -> Row:
        """Return budget code and cost code; the id of the one is not the other's."""
        wbs_code, wbs_code_id = before["wbs_code"], fields.integer("wbs_code_id")
        if wbs_code_id is not None:
            wbs_code = next((code for code in self._wbs_codes(project_id) if code["id"] == wbs_code_id), None)
            if wbs_code is None:
                fields.complain("wbs_code_id", "is invalid")
        cost_code_id = fields.integer("cost_code_id", before["cost_code_id"])
        cost_code = self._procore.cost_codes.truth(cost_code_id or 0)
        if cost_code_id is not None and (cost_code is None or cost_code.project_id != project_id):
            fields.complain("cost_code_id", "is invalid")
        return {"wbs_code": wbs_code, "cost_code_id": cost_code_id}

    def _wbs_codes(self, project_id: int | None) -> Iterator[dict[str, Any]]:
        """Return the budget codes of a project: what others are paid for, and those on prime contracts' lines."""
        for code in self._procore.wbs_codes.shown_of_project(project_id):
            yield {
                "id": code.id,
                "flat_code": code.value["flat_code"],
                "description": code.value["description"],
            }
        for contract in self._procore.prime_contracts.living_of_project(project_id):
            yield from (line["wbs_code"] for line in (contract.value or {})["lines"])

    def _holder(self, row: Row, path: str) -> Record[Row]:
        """Return what holds a line, if it may be changed."""
        record = self._procore.change_orders.truth(row["holder_id"])
        assert record is not None
        self._refuse_approved(record, path)
        return record

    def _refuse_approved(self, holder: Record[Row], path: str) -> None:
        """Refuse to change what is approved.

        Source: Procore docs, integrating with financial tools, record locking: the schedule of
        values of an approved change order cannot be modified.

        Raises:
            RefusedError: 400.
        """
        above = any(self._tree.standard(order) == "approved" for order in self._tree.above(holder))
        if above or self._tree.standard(holder) == "approved":
            raise invalid(path, {"base": [LOCKED]}, 400)

    def _spread(self, holder: Record[Row], actor: Actor) -> None:
        self._telling.touched((holder.id, *(order.id for order in self._tree.above(holder))), actor)


def by_unit(contract: Record[Row]) -> bool:
    """Tell whether a contract is accounted by unit and quantity, not by amount."""
    return contract.value is not None and contract.value.get("accounting_method") == "unit"


def _priced_by_amount(fields: Fields, before: Row) -> Row:
    for name in ("quantity", "unit_cost"):
        if name in fields:
            fields.complain(name, ONLY_BY_UNIT)
    return {"amount": money(fields.amount("amount", Decimal(before["amount"])))}


def _priced_by_unit(fields: Fields, before: Row) -> Row:
    """Return quantity, unit cost and amount; an amount that is left out follows from the others."""
    quantity = fields.amount("quantity", Decimal(before["quantity"] or 0))
    unit_cost = fields.amount("unit_cost", Decimal(before["unit_cost"] or 0))
    calculated = "amount" not in fields and ("quantity" in fields or "unit_cost" in fields)
    amount = quantity * unit_cost if calculated else fields.amount("amount", Decimal(before["amount"]))
    default = "calculated" if calculated else before["extended_type"]
    return {
        "quantity": money(quantity),
        "unit_cost": money(unit_cost),
        "amount": money(amount.quantize(CENT)),
        "extended_type": fields.choice("extended_type", EXTENDED_TYPES, default),
    }


def _family(row: Row) -> Family:
    return POTENTIAL_CHANGE_ORDER_LINE if row["holder_type"] == POTENTIAL else CHANGE_ORDER_PACKAGE_LINE


def _facts(row: Row) -> Row:
    return {"parent": str(row["holder_id"]), "total_cents": int(Decimal(row["amount"]) * 100)}
