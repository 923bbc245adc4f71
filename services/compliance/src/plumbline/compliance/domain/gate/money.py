"""What is known of a payable's money: the bank's word, and QuickBooks'. Sent is not settled (§53.283)."""

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import Field

from plumbline.common.errors import PermanentError
from plumbline.compliance.domain.gate.payable import Billed, dollars
from plumbline.compliance.domain.reading import Fact


class SettlementRefusedError(PermanentError):
    """The bank's word does not fit the payable; `reason` is its stable code."""

    code: ClassVar[str] = "settlement-refused"

    def __init__(self, reason: str, detail: str) -> None:
        """Say which of the stable reasons it is, and what to do."""
        super().__init__(detail)
        self.reason = reason


class Settlement(Fact):
    """The bank says that the money has arrived, in good and sufficient funds."""

    reference: str = Field(min_length=1, max_length=100)
    """The bank's own reference; the same word told again changes nothing."""
    settled_on: date
    amount_cents: int

    def settles(self, billed: Billed) -> bool:
        """Say whether it is exactly what is due."""
        return self.amount_cents == billed.amount_cents


class InBooks(Fact):
    """The payable's bill as QuickBooks shows it."""

    version: int
    state: Literal["absent", "open", "paid", "deleted"]
    total_cents: int
    balance_cents: int
    number: str | None
    confirmed_at: datetime

    def shows(self, billed: Billed) -> bool:
        """Say whether a bill of what is due stands there."""
        return self.state in {"open", "paid"} and self.total_cents == billed.amount_cents


def taken(
    told: Settlement, billed: Billed, known: Settlement | None, *, is_void: bool, today: date
) -> Settlement:
    """Return the settlement to keep.

    Raises:
        SettlementRefusedError: it is another amount, another payment, of the future, or of nothing that is owed.
    """
    if known is not None and known == told:
        return known
    if known is not None:
        raise SettlementRefusedError(
            "settled-already",
            f"the bank told of {dollars(known.amount_cents)} on {known.settled_on} ({known.reference}); a second "
            "payment of one invoice, or another word about the first, is for a person to clear up with the bank",
        )
    if is_void or not billed.is_approved:
        raise SettlementRefusedError(
            "not-owed", f"{billed.title} is not approved in Procore; look whether another invoice was paid"
        )
    if told.settled_on > today:
        raise SettlementRefusedError("settles-later", f"{told.settled_on} is to come; tell it then")
    if not told.settles(billed):
        raise SettlementRefusedError(
            "other-amount",
            f"the bank says {dollars(told.amount_cents)}, but {dollars(billed.amount_cents)} is due; a part is "
            "no settlement, and no unconditional waiver is set free for it",
        )
    return told
