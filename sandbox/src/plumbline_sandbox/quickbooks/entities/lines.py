"""Lines of a sales form: checked, numbered, summed, and closed by the subtotal line.

Intuit, Invoice: the array is replaced as a whole on every update; a line that is sent with an
Id of the present body keeps it. The service appends the SubTotal line itself, and discounts after it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from plumbline_sandbox.quickbooks import errors, wire
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import (
    check_reference,
    named_reference,
    named_references,
    without_nulls,
)
from plumbline_sandbox.quickbooks.entities.item import UNSOLD
from plumbline_sandbox.quickbooks.entities.transaction import LineIds, listed, take
from plumbline_sandbox.quickbooks.ledger import ZERO
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.store import text_of
from plumbline_sandbox.quickbooks.wire import Body

LONGEST_DESCRIPTION = 4000
"""Longest Description of a line (Intuit, Invoice)."""

MOST_LINES, MOST_TAXED_LINES = 10_000, 750
"""How many lines a form may have, and how many of them taxed (Intuit, Invoice; the code is inferred)."""

PSEUDO_TAX_CODES = ("TAX", "NON")
"""Tax codes that answers do not name (Intuit, Invoice, sample)."""

_LINE = frozenset(
    {"Id", "LineNum", "Description", "Amount", "DetailType", "SalesItemLineDetail", "GroupLineDetail"}
    | {"DescriptionLineDetail", "DiscountLineDetail", "SubTotalLineDetail", "LinkedTxn", "CustomField"}
    | {"Received", "ProjectRef", "CostAmount"}
)
_SALES_DETAIL = frozenset(
    {"ItemRef", "ClassRef", "UnitPrice", "RatePercent", "PriceLevelRef", "MarkupInfo", "Qty", "UOMRef"}
    | {"ItemAccountRef", "InventorySiteRef", "TaxCodeRef", "ServiceDate", "TaxInclusiveAmt"}
    | {"DiscountRate", "DiscountAmt", "DeferredRevenue", "TaxClassificationRef", "RetainageAmount"}
)
_GROUP_DETAIL = frozenset({"GroupItemRef", "Quantity", "Line", "ServiceDate", "UOMRef"})
_REFERENCES = {"ClassRef": "Class", "TaxCodeRef": "TaxCode"}
_SALE, _GROUP = "SalesItemLineDetail", "GroupLineDetail"
_SUBTOTAL, _DISCOUNT = "SubTotalLineDetail", "DiscountLineDetail"
_DETAILS = frozenset({_SALE, _GROUP, _SUBTOTAL, _DISCOUNT, "DescriptionLineDetail"})
_NOT_OF_SALE, _NOT_OF_GROUP = _DETAILS - {_SALE}, _DETAILS - {_GROUP}
_NOT_OF_TEXT = _DETAILS - {"DescriptionLineDetail"} | {"Amount"}


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
        self._read = 0

    def read(self, sent: Any) -> Lines:
        """Return the lines; at least one besides subtotals and discounts is required (2020)."""
        lines = listed(self._checks, "Line", sent)
        own = [line for line in lines if line.get("DetailType") not in (_SUBTOTAL, _DISCOUNT)]
        if not own and isinstance(sent, list):
            self._checks.note(errors.missing("Line"))
        if len(lines) > MOST_LINES:
            self._checks.note(errors.business(f"A transaction may have {MOST_LINES} lines at most."))
        read = [self._line(line) for line in own]
        if sum(map(_is_taxed, _flat(read))) > MOST_TAXED_LINES:
            self._checks.note(errors.business(f"{MOST_TAXED_LINES} lines at most may be taxed."))
        subtotal = sum((line.get("Amount", ZERO) for line in read), ZERO)
        discounts = [self._discount(line, subtotal) for line in lines if line.get("DetailType") == _DISCOUNT]
        return closed(read, discounts)

    def _line(self, sent: Body) -> Body:
        self._check_properties(sent)
        self._read += 1
        head = {"Id": self._ids.of(sent), "LineNum": self._read}
        match sent.get("DetailType"):
            case "SalesItemLineDetail":
                return {**_without(sent, _NOT_OF_SALE), **head, **self._sale(sent)}
            case "GroupLineDetail":
                return {**_without(sent, _NOT_OF_GROUP), **head, **self._group(sent)}
            case "DescriptionOnly":
                return {**_without(sent, _NOT_OF_TEXT), **head}
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
        checks = Checks(detail)
        check_reference(self._realm, checks, "DiscountAccountRef", "Account", "Accounts")
        if detail.get("PercentBased") is not True:
            take(self._checks, checks)
            return {**sent, "Amount": self._amount(sent)}
        checks.required("DiscountPercent")
        percent = checks.number("DiscountPercent") or ZERO
        if not 0 <= percent <= 100:
            checks.note(errors.bad_range("DiscountPercent", percent))
            percent = ZERO
        take(self._checks, checks)
        return {**sent, "Amount": (subtotal * percent / 100).quantize(wire.CENT, ROUND_HALF_UP)}

    def _sale(self, sent: Body) -> Body:
        detail = sent.get("SalesItemLineDetail", {})
        if not isinstance(detail, dict) or any(name not in _SALES_DETAIL for name in detail):
            self._checks.note(errors.bad_property("SalesItemLineDetail"))
            return {"SalesItemLineDetail": {}}
        detail = without_nulls(detail)
        if "ItemRef" not in detail:
            # Intuit, Invoice: without an item a line is documentation and its amount is ignored.
            return {"DetailType": "DescriptionOnly", "Amount": ZERO, "SalesItemLineDetail": detail}
        amount = self._amount(sent)
        return {"Amount": amount, "SalesItemLineDetail": self._detail(detail, amount)}

    def _group(self, sent: Body) -> Body:
        """Return a bundle with the lines it stands for, and what they come to.

        Lines that are sent inside are heeded, as clients send back what they have read; else the
        bundle's own items are laid out (inferred: Intuit, Invoice, GroupLineDetail: "returned in responses").
        """
        detail = sent.get(_GROUP)
        if not isinstance(detail, dict) or any(name not in _GROUP_DETAIL for name in detail):
            self._checks.note(errors.missing(_GROUP) if detail is None else errors.bad_property(_GROUP))
            return {"Amount": ZERO, _GROUP: {"Line": []}}
        checks = Checks(detail)
        checks.required("GroupItemRef")
        quantity = checks.number("Quantity")
        group_id = check_reference(self._realm, checks, "GroupItemRef", "Item", "Items")
        bundle = self._realm.get("Item", group_id) or {"Type": "Group"}
        if bundle["Type"] != "Group":
            checks.note(errors.bad_reference("Items", str(group_id), "GroupItemRef"))
        inside = listed(checks, "Line", detail.get("Line", []))
        if any(line.get("DetailType") != _SALE for line in inside):
            checks.note(errors.bad_property("Line"))
        take(self._checks, checks)
        if checks.troubles:
            return {"Amount": ZERO, _GROUP: {"Line": []}}
        quantity = Decimal(1) if quantity is None else quantity
        lines = [self._line(line) for line in inside or _laid_out(self._realm, bundle, quantity)]
        item = named_reference(self._realm, "Item", group_id or "")
        amount = sum((line.get("Amount", ZERO) for line in lines), ZERO)
        return {
            "Amount": amount,
            _GROUP: {**detail, "GroupItemRef": item, "Quantity": quantity, "Line": lines},
        }

    def _detail(self, sent: Body, amount: Decimal) -> Body:
        checks = Checks(sent)
        quantity, price = checks.number("Qty"), checks.number("UnitPrice")
        # A quantity and a price of zero stand for none: python-quickbooks always sends them (inferred).
        if quantity and price and (quantity * price).quantize(wire.CENT) != amount:
            checks.note(errors.bad_product(amount))
        references = self._references(checks)
        item_id = check_reference(self._realm, checks, "ItemRef", "Item", "Items")
        if item_id and (self._realm.get("Item", item_id) or {})["Type"] in UNSOLD:
            checks.note(errors.bad_reference("Items", item_id, "ItemRef"))
        elif item_id:
            references["ItemRef"] = named_reference(self._realm, "Item", item_id)
        take(self._checks, checks)
        return {"TaxCodeRef": {"value": "NON"}, **sent, **references}

    def _references(self, checks: Checks) -> Body:
        if checks.reference("TaxCodeRef") in PSEUDO_TAX_CODES:
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
        checks = Checks(sent)
        checks.text("Description", longest=LONGEST_DESCRIPTION)
        listed(checks, "LinkedTxn", sent.get("LinkedTxn", []))
        take(self._checks, checks)


def closed(own: list[Body], discounts: Iterable[Body]) -> Lines:
    """Return the lines with the subtotal after them, and the discounts after that."""
    taken = list(discounts)
    subtotal = sum((line.get("Amount", ZERO) for line in own), ZERO)
    taxable = sum((line["Amount"] for line in _flat(own) if _is_taxed(line)), ZERO)
    discount = sum((line["Amount"] for line in taken), ZERO)
    closing: Body = {"DetailType": _SUBTOTAL, "Amount": subtotal, "SubTotalLineDetail": {}}
    return Lines([*own, closing, *taken], subtotal - discount, taxable, subtotal)


def _without(line: Body, names: frozenset[str]) -> Body:
    """Return a line without these properties: the details of other types of lines mean nothing."""
    if names.isdisjoint(line):
        return line
    return {name: value for name, value in line.items() if name not in names}


def _flat(lines: Iterable[Body]) -> Iterator[Body]:
    """Return the lines, those of bundles instead of the bundles."""
    for line in lines:
        if line.get("DetailType") == _GROUP:
            yield from line[_GROUP]["Line"]
        else:
            yield line


def _laid_out(realm: Realm, bundle: Body, quantity: Decimal) -> list[Body]:
    """Return the lines that a bundle stands for: each of its items so many times, at its price."""
    lines = []
    for part in bundle.get("ItemGroupDetail", {}).get("ItemGroupLine", ()):
        item = realm.get("Item", text_of(part, "ItemRef")) or {}
        price, count = Decimal(item.get("UnitPrice", 0)), quantity * part["Qty"]
        detail = {
            "ItemRef": {"value": item["Id"]},
            "Qty": count,
            "UnitPrice": price,
            "TaxCodeRef": {"value": "TAX" if item.get("Taxable") else "NON"},
        }
        amount = (price * count).quantize(wire.CENT, ROUND_HALF_UP)
        told = {"Description": item["Description"]} if "Description" in item else {}
        lines.append({**told, "DetailType": _SALE, "Amount": amount, _SALE: detail})
    return lines


def zeroed(lines: Iterable[Body]) -> list[Body]:
    """Return the lines of a voided form: amounts, quantities and prices are zero."""
    return [_zeroed(line) for line in lines]


def _is_taxed(line: Body) -> bool:
    code = line.get("SalesItemLineDetail", {}).get("TaxCodeRef")
    return (
        line.get("DetailType") == "SalesItemLineDetail"
        and isinstance(code, dict)
        and code.get("value", "NON") != "NON"
    )


def _zeroed(line: Body) -> Body:
    if line["DetailType"] == _GROUP:
        inside = {**line[_GROUP], "Quantity": 0, "Line": zeroed(line[_GROUP]["Line"])}
        return {**line, "Amount": ZERO, _GROUP: inside}
    if "SalesItemLineDetail" not in line:
        return {**line, "Amount": ZERO} if "Amount" in line else line
    detail = {name: value for name, value in line["SalesItemLineDetail"].items() if name != "UnitPrice"}
    return {**line, "Amount": ZERO, "SalesItemLineDetail": {**detail, "Qty": 0}}
