"""The subcontractor's schedule of values: its own breakdown of the lines of a commitment.

Source: Procore reference, Work Order Contract Detail Line Items. Once a line is broken down,
requisitions bill the parts (inferred).
"""

from decimal import Decimal
from typing import Any

from plumbline_sandbox.procore.commitment_lines import Lines
from plumbline_sandbox.procore.conventions import invalid, moment, money, not_found
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.g702 import total
from plumbline_sandbox.procore.g702_view import US_DOLLARS
from plumbline_sandbox.procore.records import Record, Shown
from plumbline_sandbox.procore.state import COMMITMENT_DETAIL, Actor, Procore, Row


class Details:
    """The rules of detail line items; every method that changes one makes it a fact."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._lines = Lines(procore)

    def of(self, contract: Shown[Row]) -> list[Shown[Row]]:
        """Return the details of a contract's lines, as readers see them."""
        rows = self._procore.commitment_details.shown_of_project(contract.project_id)
        return [row for row in rows if row.value["holder_id"] == contract.id]

    def truth(self, contract: Shown[Row], detail_id: int, path: str) -> Record[Row]:
        """Return one detail of the contract's.

        Raises:
            RefusedError: 404.
        """
        record = self._procore.commitment_details.truth(detail_id)
        if record is None or record.value is None or record.value["holder_id"] != contract.id:
            raise not_found(path)
        return record

    def create(self, contract: Shown[Row], values: Row, actor: Actor, path: str) -> Record[Row]:
        """Add a detail to one of the contract's lines.

        Raises:
            RefusedError: 422, a field is invalid.
        """
        blank: Row = {"line_item_id": None, "amount": "0.00", "description": None}
        row = self._filled(contract, blank, values, path)
        record = self._procore.commitment_details.insert(
            self._procore.new_id(), row, company_id=contract.company_id, project_id=contract.project_id
        )
        self._procore.created(COMMITMENT_DETAIL, record, actor, parent=str(contract.id))
        return record

    def update(self, contract: Shown[Row], record: Record[Row], values: Row, actor: Actor, path: str) -> None:
        """Change the fields that are named.

        Raises:
            RefusedError: 422, a field is invalid.
        """
        assert record.value is not None
        row = self._filled(contract, record.value, values, path)
        self._procore.commitment_details.change(record, row)
        self._procore.updated(COMMITMENT_DETAIL, record, actor, parent=str(contract.id))

    def delete(self, contract: Shown[Row], record: Record[Row], actor: Actor, path: str) -> None:
        """Delete a detail.

        Raises:
            RefusedError: 422, it has been billed.
        """
        if self._billed(contract, record.id):
            raise invalid(path, {"base": ["cannot be deleted because it has been billed"]})
        self._procore.commitment_details.change(record, None)
        self._procore.deleted(COMMITMENT_DETAIL, record, actor, parent=str(contract.id))

    def json(self, detail: Shown[Row], contract: Shown[Row]) -> dict[str, Any]:
        """Return a detail with what was billed of it so far."""
        billed = self._billed(contract, detail.id)
        return {
            "id": detail.id,
            **{name: detail.value[name] for name in ("amount", "description", "position", "line_item_id")},
            "billed_to_date": money(total(billed)),
            "billed_against": bool(billed),
            "currency_configuration": US_DOLLARS,
            "created_at": moment(detail.created_at),
            "updated_at": moment(detail.updated_at),
        }

    def _billed(self, contract: Shown[Row], detail_id: int) -> list[Decimal]:
        items = self._lines.billed(contract)
        return [item.billed_this_period for item in items if item.detail_id == detail_id]

    def _filled(self, contract: Shown[Row], before: Row, values: Row, path: str) -> Row:
        fields = Fields(path, values)
        line_id = fields.integer("line_item_id", before["line_item_id"])
        if line_id not in {line.id for line in self._lines.of(contract)}:
            fields.complain("line_item_id", "is invalid")
        siblings = (row for row in self.of(contract) if row.value["line_item_id"] == line_id)
        row = {
            **before,
            "holder_id": contract.id,
            "line_item_id": line_id,
            "position": before.get("position") or 1 + sum(1 for _ in siblings),
            "amount": money(fields.amount("amount", Decimal(before["amount"]))),
            "description": fields.text("description", before["description"]),
        }
        fields.done()
        return row
