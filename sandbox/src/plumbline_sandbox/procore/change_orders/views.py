"""Change orders as JSON.

Sources: Procore reference, Prime Change Orders, Commitment Change Orders, Change Order Packages,
Change Order Requests, Potential Change Orders. Totals are strings in lists; requests and potential
change orders show theirs as numbers (reference of 2024; that of 2026 has strings). What the
sandbox has nothing of is always null or empty: batches, locations, reasons, custom fields, markup.
"""

from decimal import Decimal
from typing import Any

from plumbline_sandbox.procore.change_orders.tree import COMMITMENT, PACKAGE, REQUEST, Tree
from plumbline_sandbox.procore.conventions import moment, money
from plumbline_sandbox.procore.directory import as_json
from plumbline_sandbox.procore.g702_view import US_DOLLARS
from plumbline_sandbox.procore.records import Shown
from plumbline_sandbox.procore.state import Procore, Row

_DATES = ("due_date", "invoiced_date", "paid_date")
_ORDER = (
    "batch_id",
    "contract_id",
    "location_id",
    "description",
    "title",
    *_DATES,
    "revised_substantial_completion_date",
    "signed_change_order_received_date",
    "reviewed_at",
    "executed",
    "paid",
    "signature_required",
    "private",
    "field_change",
    "schedule_impact_amount",
    "number",
    "type",
    "revision",
    "status",
    "reference",
)
_PACKAGE_ROW = (
    "contract_id",
    "deleted_at",
    *_DATES,
    "executed",
    "number",
    "origin_code",
    "origin_data",
    "origin_id",
    "reviewed_at",
    "signed_change_order_received_date",
    "title",
    "revision",
    "designated_reviewer",
)
_PACKAGE = (
    *_PACKAGE_ROW,
    "description",
    "position",
    "private",
    "review_notes",
    "revised_substantial_completion_date",
    "schedule_impact_amount",
    "type",
)
_REQUEST_ROW = ("deleted_at", *_DATES, "number", "title", "revision", "schedule_impact_amount")
_REQUEST = (*_REQUEST_ROW, "contract_id", "description", "origin_data", "origin_id", "position", "private")
_POTENTIAL_ROW = (
    "contract_id",
    "deleted_at",
    *_DATES,
    "number",
    "reviewed_at",
    "title",
    "revision",
    "schedule_impact_amount",
    "executed",
)
_POTENTIAL = (
    *_POTENTIAL_ROW,
    "commitment_change_event_id",
    "prime_change_event_id",
    "description",
    "designated_reviewer",
    "field_change",
    "location_id",
    "origin_data",
    "origin_id",
    "paid",
    "position",
    "private",
    "reason",
    "received_from",
    "reference",
)


class Views:
    """Shows change orders as readers see them now."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._tree = Tree(procore, lagging=True)

    def order(self, package: Shown[Row], *, extended: bool) -> Row:
        """Return a package as a prime or commitment change order: no origin fields and no vendor."""
        value = package.value
        row = {
            "id": value["change_order_id"],
            "legacy_package_id": package.id,
            "legacy_request_id": None,
            **{name: value[name] for name in _ORDER},
            "grand_total": money(self._tree.total(package)),
            "created_at": moment(package.created_at),
            "updated_at": moment(package.updated_at),
            "change_order_change_reason": None,
            "custom_fields": {},
            "currency_configuration": US_DOLLARS,
            **{name: _name(value[name]) for name in ("created_by", "designated_reviewer", "received_from")},
            "reviewed_by": _name(value["reviewed_by"]),
        }
        if value["type"] == COMMITMENT:
            del row["paid_date"]
        return {**row, "change_events": []} if extended else row

    def package_row(self, package: Shown[Row]) -> Row:
        """Return a package as lists show it."""
        return self._row(package, _PACKAGE_ROW) | {"custom_fields": {}}

    def package(self, package: Shown[Row]) -> Row:
        """Return a package with its lines."""
        return {
            **self._head(package, _PACKAGE),
            "grand_total": money(self._tree.total(package)),
            "creator": package.value["created_by"],
            "reviewer": package.value["reviewed_by"],
            "line_items": [self._short_line(line) for line in self._tree.lines(package)],
            "custom_fields": {},
        }

    def request_row(self, request: Shown[Row]) -> Row:
        """Return a request as lists show it."""
        return self._row(request, _REQUEST_ROW) | {"change_order_package_id": request.value["above_id"]}

    def request(self, request: Shown[Row]) -> Row:
        """Return a request."""
        return {
            **self._head(request, _REQUEST),
            "change_order_package_id": request.value["above_id"],
            "due_date": _midnight(request.value["due_date"]),
            "grand_total": float(self._tree.total(request)),
            "creator": request.value["created_by"],
        }

    def potential_row(self, potential: Shown[Row]) -> Row:
        """Return a potential change order as lists show it, with what it is in."""
        above = {order.value["kind"]: order for order in self._tree.above(potential)}
        request, package = above.get(REQUEST), above.get(PACKAGE)
        tiers = self._tree.tiers(potential.project_id)
        return {
            **self._row(potential, _POTENTIAL_ROW),
            "change_reason": None,
            "change_order_request_id": request and request.id,
            "change_order_request_title": request and request.value["title"],
            "change_order_package_title": package and package.value["title"],
            "potential_change_order_acronym_number": "" if tiers == 1 else _acronym("PCO", potential),
            "change_order_request_acronym_number": "" if tiers < 3 else _acronym("COR", request),
            "change_order_package_acronym_number": _acronym("CCO", package),
            "change_order_tiers": tiers,
            "custom_fields": {},
        }

    def potential(self, potential: Shown[Row]) -> Row:
        """Return a potential change order with its lines."""
        value, lines = potential.value, self._tree.own_lines(potential)
        contract = self._tree.contract(value["contract_id"])
        terms: Row = contract.value if contract and contract.value else {}
        vendor = self._tree.vendor(contract) if contract else None
        amount = float(sum((Decimal(line.value["amount"]) for line in lines), Decimal(0)))
        request = next(
            (order for order in self._tree.above(potential) if order.value["kind"] == REQUEST), None
        )
        return {
            **self._head(potential, _POTENTIAL),
            "accounting_method": terms.get("accounting_method", "amount"),
            "change_order_change_reason_id": None,
            "change_order_request_id": request and request.id,
            "due_date": _midnight(value["due_date"]),
            "grand_total": float(self._tree.total(potential)),
            "line_items": [self._short_line(line) for line in lines],
            "line_items_extended_total": amount,
            "line_items_total": amount,
            "request_for_quote_id": None,
            "creator": value["created_by"],
            "reviewer": value["reviewed_by"],
            "vendor": vendor,
            "void": self._tree.standard(potential) == "void",
            "custom_fields": {},
        }

    def line(self, line: Shown[Row]) -> Row:
        """Return a line as v1.0 shows it."""
        value = line.value
        project = self._procore.projects.truth(line.project_id or 0)
        company = self._procore.companies[line.company_id]
        name = (project.value or {}).get("name") if project else None
        return {
            **self._short_line(line),
            "amount": value["amount"],
            "company": {"id": company.id, "name": company.name},
            "project": {"id": line.project_id, "name": name},
            "extended_type": value["extended_type"],
            "origin_data": value["origin_data"],
            "origin_id": value["origin_id"],
            "change_event_line_item": None,
            "created_at": moment(line.created_at),
            "updated_at": moment(line.updated_at),
        }

    def line_v2(self, line: Shown[Row], kind: str) -> Row:
        """Return a line as v2.0 shows it, but for the ids, which are strings there."""
        value = line.value
        names = ("prime_line_item_id", "description", "uom", "unit_cost", "amount", "extended_type")
        row = {
            "id": line.id,
            **{name: value[name] for name in (*names, "tax_code_id", "position", "wbs_code")},
            "quantity": _number(value["quantity"]),
            "wbs_code_id": value["wbs_code"] and value["wbs_code"]["id"],
        }
        if kind == COMMITMENT:
            row["commitment_line_item_id"] = value["commitment_line_item_id"]
        return row

    def _row(self, order: Shown[Row], names: tuple[str, ...]) -> Row:
        total = money(self._tree.total(order))
        return self._head(order, names) | {
            "created_by_id": order.value["created_by"]["id"],
            "grand_total": total,
        }

    def _head(self, order: Shown[Row], names: tuple[str, ...]) -> Row:
        standard = self._tree.standard(order)
        return {
            "id": order.id,
            **{name: order.value[name] for name in names},
            # These have no `pending_billable`; that they show `pending` for it is inferred.
            "status": "pending" if standard == "pending_billable" else standard,
            "created_at": moment(order.created_at),
            "updated_at": moment(order.updated_at),
            "currency_configuration": US_DOLLARS,
        }

    def _short_line(self, line: Shown[Row]) -> Row:
        value = line.value
        code = self._procore.cost_codes.shown(value["cost_code_id"] or 0)
        types = code.value["line_item_types"] if code else []
        amount = float(value["amount"])
        return {
            "id": line.id,
            "position": value["position"],
            "description": value["description"],
            "quantity": _number(value["quantity"]),
            "uom": value["uom"],
            "unit_cost": _number(value["unit_cost"]),
            "total_amount": amount,
            "extended_amount": amount,
            "cost_code_id": value["cost_code_id"],
            "cost_code": code and as_json(code),
            "wbs_code": value["wbs_code"],
            "tax_code_id": value["tax_code_id"],
            "holder": {"id": value["holder_id"], "holder_type": value["holder_type"]},
            "line_item_type": next((t for t in types if t["id"] == value["line_item_type_id"]), None),
            "markup_line_items": [],
            "currency_configuration": US_DOLLARS,
        }


def _name(person: Row | None) -> Row | None:
    return person and {"id": person["id"], "name": person["name"]}


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)


def _midnight(day: Any) -> str | None:
    return None if day is None else f"{day}T00:00:00Z"


def _acronym(acronym: str, order: Shown[Row] | None) -> str:
    return "" if order is None else f"{acronym} #{order.value['number']}"
