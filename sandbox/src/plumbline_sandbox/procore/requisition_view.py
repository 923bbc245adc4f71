"""Requisitions as JSON: the views of v1.1, the detail, and the lists of lines of each type.

Sources: Procore reference, Requisitions (Subcontractor Invoices), Requisition Contract Items, Contract
Detail Items and Change Order Items.
"""

from typing import Any

from plumbline_sandbox.http import Request
from plumbline_sandbox.procore.commitment_view import wbs_json
from plumbline_sandbox.procore.conventions import day, moment, money, plain_number
from plumbline_sandbox.procore.g702 import payment_due, share, summarize, total
from plumbline_sandbox.procore.g702_view import US_DOLLARS, row_json, summary_json
from plumbline_sandbox.procore.records import Record, Shown
from plumbline_sandbox.procore.requisition import Item, Requisition
from plumbline_sandbox.procore.requisition_edit import Requisitions
from plumbline_sandbox.procore.state import Procore, Row

VIEWS = ("default", "extended", "items", "action_policy")
"""The views of v1.1."""

OF_AMOUNTS = (
    "materials_presently_stored",
    "materials_stored_retainage_currently_retained",
    "materials_stored_retainage_from_previous_application",
    "materials_stored_retainage_percent_this_period",
    "materials_stored_retainage_released_this_period",
    "materials_stored_retainage_retained_this_period",
)
"""What v1.0 shows of a line by amount only."""

_ONLY_DETAIL = (
    "balance_to_finish",
    "materials_stored_retainage_from_previous_application",
    "materials_stored_retainage_retained_this_period",
    "total_retainage_currently_retained",
    "total_retainage_from_previous_application",
    "work_completed_retainage_currently_retained",
)


class RequisitionView:
    """Shows requisitions as they stand for readers now."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._rules = Requisitions(procore)

    def document(
        self, request: Request, shown: Shown[Requisition], view: str, *, is_admin: bool
    ) -> dict[str, Any]:
        """Return a requisition in one of the views."""
        value, contract = shown.value, self._contract(shown.value)
        assert contract.value is not None
        told: dict[str, Any] = {
            **self._head(shown, contract, is_admin=is_admin),
            "summary": self._summary(value),
            "attachments": self._procore.prostore.attachments(request, shown.id),
        }
        if view in {"extended", "items"}:
            told["items"] = [self._item(item) for item in value.items]
            told["item_packages"] = self._packages(value, contract)
        if view == "extended":
            told["accounting_method"] = contract.value["accounting_method"]
            told["summary_text"] = self._summary_text(value, contract)
            told["tax_summary"] = []
        if view == "action_policy":
            told["action_policy"] = self._policy(shown, is_admin=is_admin)
        return told

    def detail(self, value: Requisition) -> list[dict[str, Any]]:
        """Return every line as `/detail` lists it."""
        return [
            {
                "id": item.id,
                "item_number": number,
                "item_type": item.item_type,
                "description_of_work": item.description_of_work,
                "cost_code_id": self._cost_code(item),
                **_parted(item, row_json(item), _quantities(item)),
                **_moved(),
            }
            for number, item in enumerate(value.items, 1)
        ]

    def line(self, item: Item) -> dict[str, Any]:
        """Return a line as the lists of its type show it."""
        amounts = {name: amount for name, amount in row_json(item).items() if name not in _ONLY_DETAIL}
        told = {
            "id": item.id,
            "cost_code_id": self._cost_code(item),
            "description_of_work": item.description_of_work,
            **_parted(item, amounts, _quantities(item)),
            "subcontractor_claimed_amount": money(item.claimed_amount),
            "wbs_code": self._wbs_code(item),
            "position": item.position,
            "currency_configuration": {"currency_iso_code": "USD"},
            **_moved(),
        }
        match item.item_type:
            case "contract_detail_item":
                return {**told, "detail_line_item_id": item.detail_id}
            case "change_order_item":
                return {
                    **told,
                    "line_item_id": item.line_item_id,
                    **self._commitment_line(item),
                    "change_order_package_id": item.change_order_id,
                }
            case "contract_item" | "whole_change_order_item":
                whole = (
                    {} if item.change_order_id is None else {"change_order_package_id": item.change_order_id}
                )
                return {
                    **told,
                    **whole,
                    "item_type": item.item_type,
                    "line_item_id": item.line_item_id,
                    "comment": item.comment,
                    "status": item.status,
                    "ssr_manual_override": False,
                }

    def _head(self, shown: Shown[Requisition], contract: Record[Row], *, is_admin: bool) -> dict[str, Any]:
        value, summary = shown.value, summarize(shown.value.items)
        assert contract.value is not None
        vendor = self._procore.vendors.truth(contract.value["vendor_id"] or 0)
        done = share(summary.completed_and_stored, summary.contract_sum)
        return {
            "id": shown.id,
            "previous_requisition_id": value.previous_id,
            "number": value.number,
            "invoice_number": value.invoice_number,
            "invoice_type": value.invoice_type,
            "contract_invoicing_method": "progressive",
            "project_id": shown.project_id,
            "commitment_id": value.commitment_id,
            "commitment_type": contract.value["type"],
            "contract_name": f"{contract.value['number']} {contract.value['title'] or ''}".strip(),
            "vendor_id": contract.value["vendor_id"],
            "vendor_name": vendor.value["name"] if vendor and vendor.value else None,
            "status": value.status,
            "erp_status": None if value.origin_id is None else "synced",
            "final": value.final,
            "period_id": value.period_id,
            "requisition_start": day(value.requisition_start),
            "requisition_end": day(value.requisition_end),
            "billing_date": day(value.billing_date),
            "payment_date": day(value.payment_date),
            "submitted_at": day(value.submitted_at),
            "comment": value.comment,
            "percent_complete": f"{money(done)}%",
            "total_claimed_amount": money(value.claimed_amount),
            "deletable": self._rules.refusal(shown.id, value, is_admin=is_admin) is None,
            "move_materials_to_previous_work_completed": False,
            "electronic_signature_id": None,
            "origin_id": value.origin_id,
            "origin_data": value.origin_data,
            "created_by": value.created_by,
            "created_at": moment(shown.created_at),
            "updated_at": moment(shown.updated_at),
            "currency_configuration": US_DOLLARS,
            "custom_fields": {},
        }

    def _summary(self, value: Requisition) -> dict[str, str]:
        start, end = value.requisition_start, value.requisition_end
        new = total(item.new_materials for item in value.items)
        return {
            **summary_json(summarize(value.items), value.items, start=start, end=end),
            "new_materials": money(new),
            "stored_materials": money(total(item.materials_stored for item in value.items) - new),
        }

    def _summary_text(self, value: Requisition, contract: Record[Row]) -> dict[str, Any]:
        project = self._procore.projects.truth(contract.project_id or 0)
        assert project is not None
        assert project.value is not None
        assert contract.value is not None
        vendor = self._procore.vendors.truth(contract.value["vendor_id"] or 0)
        address: Row = (vendor and vendor.value) or {}
        return {
            "project_name": project.value["name"],
            "project_number": project.value["project_number"],
            "to_general_contractor": self._procore.companies[contract.company_id].name,
            "requisition_period_start": day(value.requisition_start),
            "requisition_period_end": day(value.requisition_end),
            "subcontractor_name": address.get("name"),
            "subcontractor_street": address.get("address"),
            **{
                f"subcontractor_{name}": address.get(name)
                for name in ("city", "state_code", "zip", "country_code")
            },
            "application_number": value.invoice_number,
            "contract_for": contract.value["title"],
            "contract_date": contract.value["signed_contract_received_date"],
        }

    def _item(self, item: Item) -> dict[str, Any]:
        amounts = {name: amount for name, amount in row_json(item).items() if name not in _ONLY_DETAIL}
        done_before = item.previous_work + item.previous_materials
        return {
            "id": item.id,
            "item_type": item.item_type,
            "accounting_method": "unit" if item.by_unit else "amount",
            "cost_code_id": self._cost_code(item),
            "line_item_id": item.line_item_id,
            "description_of_work": item.description_of_work,
            "net_amount": money(payment_due(item)),
            "gross_amount": money(item.billed_this_period),
            "wbs_code": self._wbs_code(item),
            **amounts,
            **_quantities(item),
            "materials_presently_stored_from_previous_progress": money(item.previous_materials),
            "materials_stored_retainage_new_materials": money(
                item.materials_retained - item.previous_materials_retained
            ),
            "total_completed_and_stored_to_date_from_previous": money(done_before),
            "previous_progress_id": item.previous_id,
            "subcontractor_claimed_amount": money(item.claimed_amount),
            "comment": item.comment,
            "status": item.status,
            "position": item.position,
            "line_number": str(item.position),
            "ssr_manual_override": False,
            "taxes": [],
            "uom": item.uom,
            "currency_configuration": US_DOLLARS,
            **_moved(),
        }

    def _packages(self, value: Requisition, contract: Record[Row]) -> list[dict[str, Any]]:
        """Return what the lines belong to: the contract first, then its change orders."""
        assert contract.value is not None
        first = _package(contract.id, contract.value, 1, contract_id=contract.id, change_order_id=None)
        ids = dict.fromkeys(item.change_order_id for item in value.items if item.change_order_id is not None)
        others = [self._procore.change_orders.truth(package_id) for package_id in ids]
        return [
            first,
            *(
                _package(row.id, row.value, place, contract_id=None, change_order_id=row.id)
                for place, row in enumerate(others, 2)
                if row is not None and row.value is not None
            ),
        ]

    def _policy(self, shown: Shown[Requisition], *, is_admin: bool) -> dict[str, Any]:
        """Return what the caller may do (the shape of a permission descriptor is inferred)."""
        allowed = self._rules.refusal(shown.id, shown.value, is_admin=is_admin) is None
        return {"controls": {name: {"allowed": allowed} for name in ("update", "delete")}}

    def _contract(self, value: Requisition) -> Record[Row]:
        contract = self._procore.commitments.truth(value.commitment_id)
        assert contract is not None
        return contract

    def _commitment_line(self, item: Item) -> dict[str, Any]:
        """Return the line of the commitment that a line of a change order names."""
        line = self._procore.change_order_lines.truth(item.line_item_id)
        named = line.value["commitment_line_item_id"] if line and line.value else None
        scope = self._procore.commitment_lines.truth(named or 0)
        origin = scope.value["origin_id"] if scope and scope.value else None
        return {"commitment_line_item_id": named, "commitment_line_item_origin_id": origin}

    def _wbs_code(self, item: Item) -> dict[str, Any] | None:
        return wbs_json(self._procore.wbs_codes.shown(item.wbs_code_id or 0))

    def _cost_code(self, item: Item) -> int | None:
        code = self._procore.wbs_codes.shown(item.wbs_code_id or 0)
        return None if code is None else int(code.value["cost_code_id"])


def _package(package_id: int, value: Row, position: int, **parent: int | None) -> dict[str, Any]:
    acronym = None if parent["change_order_id"] is None else f"CCO #{value.get('number')}"
    told = {name: value.get(name) for name in ("number", "title", "status")}
    return {"id": package_id, **parent, **told, "position": position, "change_order_acronym_number": acronym}


def _parted(item: Item, amounts: Row, quantities: Row) -> Row:
    """Return of v1.0's amounts and quantities those that the line's accounting method has."""
    if item.by_unit:
        return {**{name: text for name, text in amounts.items() if name not in OF_AMOUNTS}, **quantities}
    return amounts


def _quantities(item: Item) -> dict[str, str | None]:
    done = item.previous_quantity + item.quantity_this_period
    told = {
        "scheduled_quantity": item.scheduled_quantity,
        "scheduled_unit_price": item.unit_price,
        "work_completed_this_period_quantity": item.quantity_this_period,
        "work_completed_from_previous_application_quantity": item.previous_quantity,
        "total_completed_and_stored_to_date_quantity": done,
    }
    return {
        name: plain_number(value) if item.by_unit and value is not None else None
        for name, value in told.items()
    }


def _moved() -> dict[str, str]:
    """Return what was moved from materials to work by itself: nothing, no project here does so."""
    return {"materials_moved": "0.00", "materials_retainage_retained_moved": "0.00"}
