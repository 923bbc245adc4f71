"""Lines of an invoice: checked, numbered, summed, and closed by the subtotal line.

Intuit, Invoice: the array is replaced as a whole on every update; a line that is sent with an
Id of the present body keeps it. The service appends the SubTotal line itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from plumbline_sandbox.quickbooks import errors, wire
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import check_reference, named_reference
from plumbline_sandbox.quickbooks.ledger import ZERO
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.wire import Body

_LINE = frozenset(
    {"Id", "LineNum", "Description", "Amount", "DetailType", "SalesItemLineDetail", "GroupLineDetail"}
    | {"DescriptionLineDetail", "DiscountLineDetail", "SubTotalLineDetail", "LinkedTxn", "CustomField"}
    | {"Received", "ProjectRef"}
)
_SALES_DETAIL = frozenset(
    {"ItemRef", "ClassRef", "UnitPrice", "RatePercent", "PriceLevelRef", "MarkupInfo", "Qty", "UOMRef"}
    | {"ItemAccountRef", "InventorySiteRef", "TaxCodeRef", "ServiceDate", "TaxInclusiveAmt"}
    | {"DiscountRate", "DiscountAmt", "DeferredRevenue", "TaxClassificationRef", "RetainageAmount"}
)


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines as they will be stored, and what they come to before tax."""

    body: list[Body]
    total: Decimal


class LineReader:
    """Reads the `Line` array of one invoice and notes what is wrong with it."""

    def __init__(self, realm: Realm, checks: Checks, before: Body | None) -> None:
        self._realm = realm
        self._checks = checks
        self._known = {line["Id"] for line in (before or {}).get("Line", ()) if "Id" in line}
        self._last_id = max((int(line_id) for line_id in self._known), default=0)

    def read(self, sent: Any) -> Lines:
        """Return the lines; at least one besides subtotals is required (2020)."""
        if not isinstance(sent, list) or not all(isinstance(line, dict) for line in sent):
            self._checks.note(errors.bad_property("Line"))
            return Lines([], ZERO)
        own = [line for line in sent if line.get("DetailType") != "SubTotalLineDetail"]
        if not own:
            self._checks.note(errors.missing("Line"))
        lines = [self._line(line, number) for number, line in enumerate(own, start=1)]
        return with_subtotal(lines)

    def _line(self, sent: Body, number: int) -> Body:
        for name in sent:
            if name not in _LINE:
                self._checks.note(errors.bad_property(name))
        head = {"Id": self._line_id(sent), "LineNum": number}
        match sent.get("DetailType"):
            case "SalesItemLineDetail":
                return {**sent, **head, **self._sale(sent)}
            case "DiscountLineDetail" | "GroupLineDetail":
                return {**sent, **head, "Amount": self._amount(sent)}
            case "DescriptionOnly":
                return {**{name: value for name, value in sent.items() if name != "Amount"}, **head}
            case None:
                self._checks.note(errors.missing("DetailType"))
            case other:
                self._checks.note(errors.bad_type("DetailType", other))
        return head

    def _line_id(self, sent: Body) -> str:
        if str(sent.get("Id")) in self._known:
            return str(sent["Id"])
        self._last_id += 1
        return str(self._last_id)

    def _sale(self, sent: Body) -> Body:
        detail = sent.get("SalesItemLineDetail", {})
        if not isinstance(detail, dict) or any(name not in _SALES_DETAIL for name in detail):
            self._checks.note(errors.bad_property("SalesItemLineDetail"))
            return {}
        if "ItemRef" not in detail:
            # Intuit, Invoice: without an item a line is documentation and its amount is ignored.
            return {"DetailType": "DescriptionOnly", "Amount": ZERO, "SalesItemLineDetail": detail}
        amount = self._amount(sent)
        return {"Amount": amount, "SalesItemLineDetail": self._detail(detail, amount)}

    def _detail(self, sent: Body, amount: Decimal) -> Body:
        checks = Checks(sent)
        detail: Body = {"TaxCodeRef": {"value": "NON"}, **sent}
        quantity, price = checks.number("Qty"), checks.number("UnitPrice")
        if quantity is not None and price is not None and (quantity * price).quantize(wire.CENT) != amount:
            checks.note(errors.bad_product(amount))
        item_id = check_reference(self._realm, checks, "ItemRef", "Item", "Items")
        if item_id and (self._realm.get("Item", item_id) or {})["Type"] == "Category":
            checks.note(errors.bad_reference("Items", item_id, "ItemRef"))
        elif item_id:
            detail["ItemRef"] = named_reference(self._realm, "Item", item_id)
        self._take(checks)
        return detail

    def _amount(self, sent: Body) -> Decimal:
        checks = Checks(sent)
        checks.required("Amount")
        amount = checks.money("Amount")
        self._take(checks)
        return amount if amount is not None else ZERO

    def _take(self, checks: Checks) -> None:
        for trouble in checks.troubles:
            self._checks.note(trouble)


def with_subtotal(lines: Iterable[Body]) -> Lines:
    """Return the lines with the subtotal line after them; discounts come off."""
    kept = list(lines)
    amounts = [(line.get("DetailType"), line.get("Amount", ZERO)) for line in kept]
    subtotal = sum((amount for kind, amount in amounts if kind != "DiscountLineDetail"), ZERO)
    discount = sum((amount for kind, amount in amounts if kind == "DiscountLineDetail"), ZERO)
    closing: Body = {"DetailType": "SubTotalLineDetail", "Amount": subtotal, "SubTotalLineDetail": {}}
    return Lines([*kept, closing], subtotal - discount)


def zeroed(lines: Iterable[Body]) -> list[Body]:
    """Return the lines of a voided invoice: amounts, quantities and prices are zero."""
    return with_subtotal(_zeroed(line) for line in lines if "Id" in line).body


def _zeroed(line: Body) -> Body:
    if "SalesItemLineDetail" not in line:
        return {**line, "Amount": ZERO}
    detail = {name: value for name, value in line["SalesItemLineDetail"].items() if name != "UnitPrice"}
    return {**line, "Amount": ZERO, "SalesItemLineDetail": {**detail, "Qty": 0}}
