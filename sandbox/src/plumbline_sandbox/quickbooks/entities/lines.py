"""Lines of a sales form: checked, numbered, summed, and closed by the subtotal line.

Intuit, Invoice: the array is replaced as a whole on every update; a line that is sent with an
Id of the present body keeps it. The service appends the SubTotal line itself, and discounts after it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from plumbline_sandbox.quickbooks import errors, wire
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import check_reference, named_reference, named_references
from plumbline_sandbox.quickbooks.entities.transaction import LineIds, listed, take
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
_REFERENCES = {"ClassRef": "Class", "TaxCodeRef": "TaxCode"}
_PSEUDO_TAX_CODES = ("TAX", "NON")
_SUBTOTAL, _DISCOUNT = "SubTotalLineDetail", "DiscountLineDetail"


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines as they will be stored, and what they come to before tax."""

    body: list[Body]
    total: Decimal
    taxable: Decimal = ZERO
    """What the taxed lines come to before any discount."""
    subtotal: Decimal = ZERO
    """What all lines come to before any discount."""

    def taxable_after_discount(self) -> Decimal:
        """Return what is taxed if the discount comes off first, in proportion."""
        if not self.subtotal:
            return ZERO
        return (self.taxable * self.total / self.subtotal).quantize(wire.CENT, ROUND_HALF_UP)


class LineReader:
    """Reads the `Line` array of one form and notes what is wrong with it."""

    def __init__(self, realm: Realm, checks: Checks, before: Body | None) -> None:
        self._realm = realm
        self._checks = checks
        self._ids = LineIds(before)

    def read(self, sent: Any) -> Lines:
        """Return the lines; at least one besides subtotals and discounts is required (2020)."""
        lines = listed(self._checks, "Line", sent)
        own = [line for line in lines if line.get("DetailType") not in (_SUBTOTAL, _DISCOUNT)]
        if not own and isinstance(sent, list):
            self._checks.note(errors.missing("Line"))
        read = [self._line(line, number) for number, line in enumerate(own, start=1)]
        subtotal = sum((line.get("Amount", ZERO) for line in read), ZERO)
        discounts = [self._discount(line, subtotal) for line in lines if line.get("DetailType") == _DISCOUNT]
        return closed(read, discounts)

    def _line(self, sent: Body, number: int) -> Body:
        self._check_properties(sent)
        head = {"Id": self._ids.of(sent), "LineNum": number}
        match sent.get("DetailType"):
            case "SalesItemLineDetail":
                return {**sent, **head, **self._sale(sent)}
            case "GroupLineDetail":
                return {**sent, **head, "Amount": self._amount(sent)}
            case "DescriptionOnly":
                return {**{name: value for name, value in sent.items() if name != "Amount"}, **head}
            case None:
                self._checks.note(errors.missing("DetailType"))
            case other:
                self._checks.note(errors.bad_type("DetailType", other))
        return head

    def _discount(self, sent: Body, subtotal: Decimal) -> Body:
        """Return a discount line; one by percentage is reckoned whatever amount was sent."""
        self._check_properties(sent)
        detail = sent.get(_DISCOUNT, {})
        if not isinstance(detail, dict):
            self._checks.note(errors.bad_property(_DISCOUNT))
            return {**sent, "Amount": ZERO}
        if detail.get("PercentBased") is not True:
            return {**sent, "Amount": self._amount(sent)}
        checks = Checks(detail)
        checks.required("DiscountPercent")
        percent = checks.number("DiscountPercent") or ZERO
        take(self._checks, checks)
        return {**sent, "Amount": (subtotal * percent / 100).quantize(wire.CENT, ROUND_HALF_UP)}

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
        quantity, price = checks.number("Qty"), checks.number("UnitPrice")
        if quantity is not None and price is not None and (quantity * price).quantize(wire.CENT) != amount:
            checks.note(errors.bad_product(amount))
        references = self._references(checks)
        item_id = check_reference(self._realm, checks, "ItemRef", "Item", "Items")
        if item_id and (self._realm.get("Item", item_id) or {})["Type"] == "Category":
            checks.note(errors.bad_reference("Items", item_id, "ItemRef"))
        elif item_id:
            references["ItemRef"] = named_reference(self._realm, "Item", item_id)
        take(self._checks, checks)
        return {"TaxCodeRef": {"value": "NON"}, **sent, **references}

    def _references(self, checks: Checks) -> Body:
        if checks.reference("TaxCodeRef") in _PSEUDO_TAX_CODES:
            # The usual case, and every company has these two.
            return named_references(self._realm, checks, {"ClassRef": "Class"})
        return named_references(self._realm, checks, _REFERENCES)

    def _amount(self, sent: Body) -> Decimal:
        checks = Checks(sent)
        checks.required("Amount")
        amount = checks.money("Amount")
        take(self._checks, checks)
        return amount if amount is not None else ZERO

    def _check_properties(self, sent: Body) -> None:
        for name in sent:
            if name not in _LINE:
                self._checks.note(errors.bad_property(name))


def closed(own: list[Body], discounts: Iterable[Body]) -> Lines:
    """Return the lines with the subtotal after them, and the discounts after that."""
    taken = list(discounts)
    subtotal = sum((line.get("Amount", ZERO) for line in own), ZERO)
    taxable = sum((line["Amount"] for line in own if _is_taxed(line)), ZERO)
    discount = sum((line["Amount"] for line in taken), ZERO)
    closing: Body = {"DetailType": _SUBTOTAL, "Amount": subtotal, "SubTotalLineDetail": {}}
    return Lines([*own, closing, *taken], subtotal - discount, taxable, subtotal)


def zeroed(lines: Iterable[Body]) -> list[Body]:
    """Return the lines of a voided form: amounts, quantities and prices are zero."""
    return [_zeroed(line) for line in lines]


def _is_taxed(line: Body) -> bool:
    code = line.get("SalesItemLineDetail", {}).get("TaxCodeRef")
    return (
        line.get("DetailType") == "SalesItemLineDetail" and isinstance(code, dict) and code["value"] != "NON"
    )


def _zeroed(line: Body) -> Body:
    if "SalesItemLineDetail" not in line:
        return {**line, "Amount": ZERO} if "Amount" in line else line
    detail = {name: value for name, value in line["SalesItemLineDetail"].items() if name != "UnitPrice"}
    return {**line, "Amount": ZERO, "SalesItemLineDetail": {**detail, "Qty": 0}}
