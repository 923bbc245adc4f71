"""Making and changing line items of commitments, which are their schedules of values.

Sources: Procore reference, Work Order Contract Line Items, Purchase Order Contract Line Items,
Commitment Contract Line Items (v2.0). That a changed line leaves the contract's own `updated_at`
alone is inferred.
"""

from collections.abc import Iterator
from decimal import Decimal

from plumbline_sandbox.procore.commitment_kinds import BY_TYPE
from plumbline_sandbox.procore.conventions import invalid, money, plain_number
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.records import Record, Shown
from plumbline_sandbox.procore.requisition import Item, priced
from plumbline_sandbox.procore.state import Actor, Procore, Row
from plumbline_sandbox.procore.syncing import UnsyncedError

EXTENDED_TYPES = ("manual", "calculated")
"""Whether an amount was told, or is quantity times price."""

ONLY_UNIT = ("quantity", "unit_cost", "uom")
"""What only lines of a unit contract have."""

BLANK: Row = {
    **dict.fromkeys(("description", "uom", "origin_id", "origin_data", "quantity", "unit_cost")),
    **dict.fromkeys(("wbs_code_id", "tax_code_id")),
    "amount": None,
    "extended_type": "manual",
}
"""A line of which nothing is known."""


class Lines:
    """The rules of line items; every method makes its change a fact."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore

    def create(self, contract: Shown[Row], values: Row, actor: Actor, path: str) -> Record[Row]:
        """Add a line at the end of the schedule.

        Raises:
            RefusedError: 422, a field is invalid.
        """
        fields, row = self._filled(contract, None, values, path)
        fields.done()
        return self._insert(contract, row, actor)

    def update(self, contract: Shown[Row], record: Record[Row], values: Row, actor: Actor, path: str) -> None:
        """Change the fields that are named.

        Raises:
            RefusedError: 422, a field is invalid.
        """
        fields, row = self._filled(contract, record, values, path)
        fields.done()
        self._replace(contract, record, row, actor)

    def sync(self, contract: Shown[Row], wish: Row, actor: Actor, path: str) -> Record[Row]:
        """Do one row of a sync call.

        Raises:
            UnsyncedError: The row is not taken.
        """
        fields = Fields(path, wish)
        key = "id" if "id" in fields else "origin_id"
        wanted = fields.integer("id") if key == "id" else fields.text("origin_id")
        rows = self.of(contract)
        record = next((row for row in rows if wanted in {row.id, (row.value or {})["origin_id"]}), None)
        if key == "id" and (record is None or record.id != wanted):
            raise UnsyncedError({"id": ["not found"]})
        fields, row = self._filled(contract, record, wish, path)
        if fields.complaints:
            raise UnsyncedError(fields.complaints)
        if record is None:
            return self._insert(contract, row, actor)
        self._replace(contract, record, row, actor)
        return record

    def delete(self, contract: Shown[Row], record: Record[Row], actor: Actor, path: str) -> None:
        """Delete a line.

        Raises:
            RefusedError: 422, a requisition bills it (inferred).
        """
        if any(item.line_item_id == record.id for item in self.billed(contract)):
            raise invalid(path, {"base": ["cannot be deleted because it has been billed"]})
        self._procore.commitment_lines.change(record, None)
        family = BY_TYPE[contract.value["type"]].line_family
        self._procore.deleted(family, record, actor, parent=str(contract.id))

    def of(self, contract: Shown[Row]) -> Iterator[Record[Row]]:
        """Return the lines as they truly are."""
        rows = self._procore.commitment_lines.living_of_project(contract.project_id)
        return (row for row in rows if row.value and row.value["holder_id"] == contract.id)

    def billed(self, contract: Shown[Row]) -> Iterator[Item]:
        """Return every line of the contract's requisitions on which something is billed."""
        for row in self._procore.requisitions.living_of_project(contract.project_id):
            if row.value and row.value.commitment_id == contract.id:
                yield from (item for item in row.value.items if item.billed_this_period)

    def _filled(
        self, contract: Shown[Row], record: Record[Row] | None, values: Row, path: str
    ) -> tuple[Fields, Row]:
        before = BLANK if record is None or record.value is None else record.value
        fields = Fields(path, values)
        row = {
            **before,
            "holder_id": contract.id,
            "position": before.get("position") or 1 + sum(1 for _ in self.of(contract)),
            **{name: fields.text(name, before[name]) for name in ("description", "origin_id", "origin_data")},
            "tax_code_id": fields.integer("tax_code_id", before["tax_code_id"]),
            "wbs_code_id": self._wbs_code(contract, fields, before["wbs_code_id"]),
        }
        reckon = _by_unit if contract.value["accounting_method"] == "unit" else _by_amount
        reckon(fields, values, row)
        others = (other for other in self.of(contract) if other is not record)
        if row["origin_id"] and any((other.value or {})["origin_id"] == row["origin_id"] for other in others):
            fields.complain("origin_id", "has already been taken")
        return fields, row

    def _wbs_code(self, contract: Shown[Row], fields: Fields, before: int | None) -> int | None:
        """Return the budget code: told by its own id, or by that of its cost code."""
        wanted, cost_code = fields.integer("wbs_code_id"), fields.integer("cost_code_id")
        if wanted is None and cost_code is None:
            return before
        for code in self._procore.wbs_codes.shown_of_project(contract.project_id):
            if wanted == code.id or (wanted is None and code.value["cost_code_id"] == cost_code):
                return code.id
        fields.complain("cost_code_id" if wanted is None else "wbs_code_id", "is invalid")
        return before

    def _insert(self, contract: Shown[Row], row: Row, actor: Actor) -> Record[Row]:
        record = self._procore.commitment_lines.insert(
            self._procore.new_id(), row, company_id=contract.company_id, project_id=contract.project_id
        )
        family = BY_TYPE[contract.value["type"]].line_family
        self._procore.created(family, record, actor, parent=str(contract.id), amount=row["amount"])
        return record

    def _replace(self, contract: Shown[Row], record: Record[Row], row: Row, actor: Actor) -> None:
        self._procore.commitment_lines.change(record, row)
        family = BY_TYPE[contract.value["type"]].line_family
        self._procore.updated(family, record, actor, parent=str(contract.id), amount=row["amount"])


def _by_amount(fields: Fields, values: Row, row: Row) -> None:
    """Read the amount of a line of an amount contract: quantities have no place there."""
    for name in ONLY_UNIT:
        if values.get(name) is not None:
            fields.complain(name, "is only accepted on unit quantity contracts")
    if values.get("amount") is None and row["amount"] is None:
        fields.complain("amount", "can't be blank")
    else:
        row["amount"] = money(fields.amount("amount", Decimal(row["amount"] or 0)))


def _by_unit(fields: Fields, values: Row, row: Row) -> None:
    """Read quantity, price and amount: without an amount it is their product."""
    quantity = fields.quantity("quantity", Decimal(row["quantity"] or 0))
    unit_cost = fields.quantity("unit_cost", Decimal(row["unit_cost"] or 0))
    row["quantity"], row["unit_cost"] = plain_number(quantity), plain_number(unit_cost)
    row["uom"] = fields.text("uom", row["uom"])
    row["extended_type"] = fields.choice("extended_type", EXTENDED_TYPES, _extended_type(values, row))
    amount = fields.amount("amount", Decimal(row["amount"] or 0))
    row["amount"] = money(amount if row["extended_type"] == "manual" else priced(quantity, unit_cost))


def _extended_type(values: Row, row: Row) -> str:
    """Return how the amount of a line of a unit contract comes about when nobody says."""
    if values.get("amount") is not None:
        return "manual"
    reckoned = row["amount"] is None or "quantity" in values or "unit_cost" in values
    return "calculated" if reckoned else str(row["extended_type"])
