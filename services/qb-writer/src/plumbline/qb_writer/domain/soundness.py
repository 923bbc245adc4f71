"""What a wish itself shows to be wrong: refused before anything is called. Pure."""

from collections.abc import Iterable, Sequence

from plumbline.common.contracts.ledger import Application
from plumbline.qb_writer.domain.documents import dollars
from plumbline.qb_writer.domain.kind import Refusal

AMOUNT_MAX_CENTS = 99_999_999_999_99
"""Largest amount of a line or a transaction; beyond it QuickBooks answers 2140 (inferred from its error list)."""

FILE_BYTES_MAX = 20 * 1024 * 1024
"""Intuit takes 100 MB a request; a file is held in memory, and several go out at a time."""


def first(*refusals: Refusal | None) -> Refusal | None:
    """Return the first reason there is."""
    return next((refusal for refusal in refusals if refusal is not None), None)


def in_range(amounts_cents: Iterable[int]) -> Refusal | None:
    """Refuse an amount that QuickBooks cannot hold."""
    for amount in amounts_cents:
        if abs(amount) > AMOUNT_MAX_CENTS:
            return Refusal(
                "amount-out-of-range",
                f"{dollars(amount)} is more than QuickBooks can hold; correct the amount at its source",
            )
    return None


def adds_up(parts_cents: Sequence[int], total_cents: int, *, of: str) -> Refusal | None:
    """Refuse a total that is another than its parts come to."""
    if sum(parts_cents) == total_cents:
        return None
    return Refusal(
        "total-does-not-add-up",
        f"the {of} come to {dollars(sum(parts_cents))}, and the total says {dollars(total_cents)}; "
        "correct them at their source",
    )


def not_negative(total_cents: int, *, instead: str) -> Refusal | None:
    """Refuse a total below zero, which QuickBooks takes of no document."""
    if total_cents >= 0:
        return None
    return Refusal(
        "negative-total",
        f"the total is {dollars(total_cents)}, and QuickBooks takes none below zero: {instead}",
    )


def named_once(applications: Iterable[Application]) -> Refusal | None:
    """Refuse a payment that names one record twice: which amount counts would be a guess."""
    names = [application.record for application in applications]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is None:
        return None
    return Refusal("applied-twice", f"{twice} is named twice; name it once, with the whole amount")
