"""What was found, in words that are compared with what was expected; and compliance's own sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from plumbline.common.contracts.documents import DocumentDecided, PayableChanged
from plumbline.stack.scenario.handing_in import dollars

IN_ORDER = ("validated", "dispatch_ready", "dispatched", "acknowledged")
"""States of a paper that counts."""

SETTLED = frozenset({"met", "overridden"})
"""States of a requirement that holds nothing."""


def kinds(found: Sequence[DocumentDecided | None]) -> str:
    """Say what papers are, and whether they count."""
    names = ", ".join((one.kind if one else None) or "unknown" for one in found)
    wrong = [held_by(one) for one in found if one is None or one.state not in IN_ORDER]
    return f"{names}: {', '.join(wrong) or 'in order'}"


def held_by(decided: DocumentDecided | None) -> str:
    """Say by which checks a paper is kept from counting; the routes, which say where it goes, have names of their own."""
    if decided is None:
        return "nothing"
    rules = [
        one.rule for one in decided.decisions if one.outcome not in {"pass", "warn"} and one.rule.isupper()
    ]
    return f"{decided.state} by {', '.join(rules)}"


def why(decided: DocumentDecided | None, rule: str, otherwise: str) -> str:
    """Return what a rule says of a paper."""
    said = decided.decisions if decided else ()
    return next((one.sentence for one in said if one.rule == rule), otherwise)


def due(payable: PayableChanged | None) -> str:
    """Say what is due."""
    return f"${dollars(payable.amount_cents)} due" if payable else "nothing due"


def state(payable: PayableChanged | None) -> str:
    """Say how a payable stands."""
    return payable.state if payable else "not so"


def needed(payable: PayableChanged | None, code: str) -> str:
    """Say how a requirement of a payable stands."""
    asked = payable.requirements if payable else ()
    return next((one.state for one in asked if one.code == code), "not asked for")


def said(payable: PayableChanged | None, otherwise: str) -> str:
    """Return compliance's own sentence about a payable, with those about what is not there."""
    if payable is None:
        return otherwise
    open_ones = [one.sentence for one in payable.requirements if one.state not in SETTLED]
    return " ".join([payable.sentence, *open_ones])


def bills(found: Sequence[Mapping[str, Any]]) -> str:
    """Say what QuickBooks holds of an invoice."""
    if len(found) != 1:
        return f"{len(found)} bills"
    [bill] = found
    paid = "paid" if _cents(bill["Balance"]) == 0 else "unpaid"
    return f"one bill of ${dollars(_cents(bill['TotalAmt']))}, {paid}"


def _cents(amount: object) -> int:
    return int(Decimal(str(amount)) * 100)
