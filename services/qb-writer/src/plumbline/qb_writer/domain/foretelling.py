"""What going live would do with a record that was only observed so far. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from plumbline.qb_writer.domain.holdings import Held
from plumbline.qb_writer.domain.kinds import kind_of
from plumbline.qb_writer.domain.plan import Twin
from plumbline.qb_writer.domain.records import Record
from plumbline.qb_writer.domain.sight import twin_among

ALIKE_SHOWN = 3
"""How many look-alikes are named."""


class Outcome(StrEnum):
    """What becomes of a record when its company goes live."""

    CREATE = "create"
    LINK = "link"
    """People have made it: the same number, customer or vendor, and amount. It is left as it is."""
    LEAVE = "leave"
    """It is from before, and not in QuickBooks: it is never made."""
    TAKEN = "number-is-taken"
    """A person has to decide: the number is another document's."""
    REFUSED = "refused"
    """It says what cannot be."""
    NOTHING = "nothing"
    """It is not wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """What would become of one record."""

    record: str
    outcome: Outcome
    amount_cents: int | None
    day: date | None
    number: str | None
    twin: str | None = None
    """QuickBooks' id of the document that it is linked to."""
    why: str = ""
    """What a person should know."""


def foretell(record: Record, *, from_day: date, numbered: Sequence[Held], alike: Sequence[Held]) -> Foretold:
    """Say what would become of a record.

    Args:
        record: what is wanted.
        from_day: the first day whose documents would be written.
        numbered: what QuickBooks holds under its number.
        alike: what it holds for the same customer or vendor and of the same amount, under any number.
    """
    kind, wish = kind_of(record.desired), record.desired
    number, day = kind.number(wish), kind.dated(wish)
    verdict, twin = twin_among(wish, numbered) if number is not None else (Twin.NONE, None)
    is_old = day is not None and day < from_day
    outcome, why = _outcome(record, verdict, is_old=is_old)
    if outcome is Outcome.CREATE and alike:
        others = ", ".join(held.number or f"transaction {held.quickbooks_id}" for held in alike[:ALIKE_SHOWN])
        why = f"QuickBooks has {others} of the same amount"
    if outcome is Outcome.TAKEN:
        why = f"it is transaction {', '.join(held.quickbooks_id for held in numbered)}"
    return Foretold(
        record=record.name,
        outcome=outcome,
        amount_cents=kind.stake_cents(wish),
        day=day,
        number=number.wanted if number is not None else None,
        twin=twin.quickbooks_id if twin is not None and outcome is Outcome.LINK else None,
        why=why,
    )


def _outcome(record: Record, twin: Twin, *, is_old: bool) -> tuple[Outcome, str]:
    kind, wish = kind_of(record.desired), record.desired
    is_to_end = kind.aims[wish.state].is_end
    if twin is Twin.SAME and (is_old or not is_to_end):
        return Outcome.LINK, ""
    if is_old:
        return Outcome.LEAVE, ""
    if is_to_end:
        return Outcome.NOTHING, ""
    refusal = kind.refusal(wish)
    if refusal is not None:
        return Outcome.REFUSED, refusal.reason
    return (Outcome.TAKEN, "") if twin is Twin.OTHER else (Outcome.CREATE, "")
