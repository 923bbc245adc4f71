"""Commitments as JSON: the compact and the extended view of v1, and v2's, and the sums in them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from plumbline_sandbox.http import Request
from plumbline_sandbox.procore.change_orders.tree import Change, Tree
from plumbline_sandbox.procore.commitment_kinds import BY_TYPE, SETTINGS
from plumbline_sandbox.procore.conventions import moment, money
from plumbline_sandbox.procore.g702 import share, summarize, total
from plumbline_sandbox.procore.g702_view import US_DOLLARS
from plumbline_sandbox.procore.records import Shown
from plumbline_sandbox.procore.requisition import APPROVED
from plumbline_sandbox.procore.state import Procore, Row

V1_FLAGS = ("executed", "private", "show_line_items_to_non_admins")
"""The settings that v1 shows under their own names."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What a commitment is worth. Only approved requisitions count (inferred)."""

    grand_total: Decimal
    change: Change
    invoiced: Decimal
    paid: Decimal

    @property
    def revised(self) -> Decimal:
        """The contract's amount with its approved change orders."""
        return self.grand_total + self.change.approved


class CommitmentView:
    """Shows commitments as they stand for readers now."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._tree = Tree(procore, lagging=True)

    def lines(self, contract: Shown[Row]) -> list[Shown[Row]]:
        """Return the schedule of values in its order."""
        rows = self._procore.commitment_lines.shown_of_project(contract.project_id)
        return [row for row in rows if row.value["holder_id"] == contract.id]

    def payments(self, contract: Shown[Row]) -> list[Shown[Row]]:
        """Return what has been paid on the contract."""
        rows = self._procore.payments.shown_of_project(contract.project_id)
        return [row for row in rows if row.value["contract_id"] == contract.id]

    def totals(self, contract: Shown[Row]) -> Totals:
        """Add up lines, change orders, requisitions and payments."""
        requisitions = self._procore.requisitions.shown_of_project(contract.project_id)
        return Totals(
            grand_total=total(Decimal(row.value["amount"]) for row in self.lines(contract)),
            change=self._tree.change(contract),
            invoiced=total(
                summarize(row.value.items).current_payment_due
                for row in requisitions
                if row.value.commitment_id == contract.id and row.value.status in APPROVED
            ),
            paid=total(Decimal(row.value["amount"]) for row in self.payments(contract)),
        )

    def compact(self, contract: Shown[Row]) -> dict[str, Any]:
        """Return a commitment as v1 lists show it."""
        value, kind = contract.value, BY_TYPE[contract.value["type"]]
        names = (*kind.texts, *kind.days, *V1_FLAGS, "accounting_method", "number", "origin_id", "status")
        return {
            "id": contract.id,
            **{name: value[name] for name in names},
            "retainage_percent": value["retainage_percent"],
            "requisitions_are_enabled": value["allow_payment_applications"],
            **_sums(self.totals(contract)),
            "project": self._project(contract),
            "vendor": self._vendor(value, "company"),
            "created_at": moment(contract.created_at),
            "updated_at": moment(contract.updated_at),
            "deleted_at": self._deleted_at(contract),
            "currency_configuration": US_DOLLARS,
        }

    def extended(self, request: Request, contract: Shown[Row]) -> dict[str, Any]:
        """Return a commitment with all that hangs on it."""
        return {
            **self.compact(contract),
            "created_by": contract.value["created_by"],
            "vendor": self._vendor(contract.value, "company", "origin_id", "origin_data"),
            "line_items": [self.line(row, contract) for row in self.lines(contract)],
            "change_order_packages": [self._package(row) for row in self._tree.packages(contract)],
            "payments_issued": [{"id": row.id, **row.value} for row in self.payments(contract)],
            "attachments": self._procore.prostore.attachments(request, contract.id),
        }

    def v2(self, contract: Shown[Row], *, extended: bool) -> dict[str, Any]:
        """Return a commitment as v2 has it: settings, but of the sums only the original one."""
        value, kind = contract.value, BY_TYPE[contract.value["type"]]
        names = ("type", "number", "status", "accounting_method", "retainage_percent")
        texts = (name for name in kind.texts if not name.startswith("origin_"))
        grand_total = total(Decimal(row.value["amount"]) for row in self.lines(contract))
        shown = {
            "id": contract.id,
            **{name: value[name] for name in (*names, *texts, *kind.days, *SETTINGS)},
            "change_order_level_of_detail": "line_item",
            "grand_total": money(grand_total),
            "vendor": self._vendor(value, *(("name",) if extended else ())),
            "created_by": value["created_by"],
            "created_at": moment(contract.created_at),
            "updated_at": moment(contract.updated_at),
            "deleted_at": self._deleted_at(contract),
            "currency_configuration": US_DOLLARS,
        }
        return {**shown, "custom_fields": {}} if extended else shown

    def line(self, line: Shown[Row], contract: Shown[Row]) -> dict[str, Any]:
        """Return a line of the schedule as v1 shows it."""
        value = line.value
        code = self._procore.wbs_codes.shown(value["wbs_code_id"] or 0)
        cost_code = code and self._procore.cost_codes.shown(code.value["cost_code_id"])
        company = self._procore.companies[contract.company_id]
        return {
            "id": line.id,
            **{name: value[name] for name in LINE_NAMES},
            "extended_amount": value["amount"],
            "total_amount": value["amount"],
            "wbs_code": wbs_json(code),
            "cost_code": cost_code and {"id": cost_code.id, **cost_code.value},
            "line_item_type": code and code.value["line_item_type"],
            "holder": {"id": contract.id, "holder_type": contract.value["type"]},
            "company": {"id": company.id, "name": company.name},
            "project": self._project(contract),
            "created_at": moment(line.created_at),
            "updated_at": moment(line.updated_at),
            "currency_configuration": US_DOLLARS,
        }

    def line_v2(self, line: Shown[Row], *, extended: bool) -> dict[str, Any]:
        """Return a line as v2 shows it; quantities are told by unit contracts only."""
        value = line.value
        names = ["description", "amount", "position", "wbs_code_id", "tax_code_id"]
        if value["unit_cost"] is not None:
            names += ["quantity", "unit_cost", "uom", "extended_type"]
        shown = {
            "id": line.id,
            **{name: value[name] for name in names},
            "wbs_code": wbs_json(self._procore.wbs_codes.shown(value["wbs_code_id"] or 0)),
            "prime_line_item_id": None,
            "funding_rule_id": None,
        }
        if not extended:
            return shown
        external = {"origin_id": value["origin_id"], "origin_data": value["origin_data"]}
        return {**shown, "external_data": external, "change_event_line_item": None}

    def _package(self, package: Shown[Row]) -> dict[str, Any]:
        names = ("contract_id", "number", "title", "due_date", "invoiced_date", "paid_date", "reviewed_at")
        return {
            "id": package.id,
            **{name: package.value[name] for name in names},
            "status": self._tree.standard(package),
            "created_at": moment(package.created_at),
            "updated_at": moment(package.updated_at),
        }

    def _project(self, contract: Shown[Row]) -> dict[str, Any]:
        project = self._procore.projects.truth(contract.project_id or 0)
        assert project is not None
        assert project.value is not None
        return {"id": project.id, "name": project.value["name"]}

    def _vendor(self, value: Row, *names: str) -> dict[str, Any] | None:
        vendor = self._procore.vendors.shown(value["vendor_id"] or 0)
        if vendor is None:
            return None
        return {"id": vendor.id, **{name: vendor.value[name] for name in names}}

    def _deleted_at(self, contract: Shown[Row]) -> str | None:
        living = self._procore.commitments.shown(contract.id) is not None
        return None if living else moment(contract.updated_at)


LINE_NAMES = (
    "amount",
    "description",
    "extended_type",
    "origin_data",
    "origin_id",
    "position",
    "quantity",
    "tax_code_id",
    "unit_cost",
    "uom",
)
"""What v1 shows of a line as it is kept."""


def wbs_json(code: Shown[Row] | None) -> dict[str, Any] | None:
    """Return a budget code as lines show it."""
    if code is None:
        return None
    return {"id": code.id, "flat_code": code.value["flat_code"], "description": code.value["description"]}


def _sums(totals: Totals) -> dict[str, str]:
    return {
        "grand_total": money(totals.grand_total),
        "approved_change_orders": money(totals.change.approved),
        "pending_change_orders": money(totals.change.pending),
        "draft_change_orders_amount": money(totals.change.draft),
        "revised_contract": money(totals.revised),
        "pending_revised_contract": money(totals.revised + totals.change.pending),
        "total_requisitions_amount": money(totals.invoiced),
        "total_draw_requests_amount": "0.00",
        "total_payments": money(totals.paid),
        "percentage_paid": money(share(totals.paid, totals.revised)),
        "remaining_balance_outstanding": money(totals.revised - totals.paid),
    }
