"""The story of a payable, in sentences that a project accountant understands."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from plumbline.common.contracts.documents import PayableChanged
from plumbline.compliance.domain.gate.money import InBooks
from plumbline.compliance.domain.gate.payable import Billed, dollars


def story(versions: Sequence[PayableChanged], billed: Billed, in_books: InBooks | None) -> list[str]:
    """Return what happened to a payable, oldest first, and what it needs now."""
    newest = versions[-1]
    told = [f"{billed.title[:1].upper()}{billed.title[1:]}, {dollars(billed.amount_cents)}."]
    told += _happened(versions)
    told += (f"- {one.sentence}" for one in newest.requirements)
    if in_books is not None:
        told.append(_in_books(in_books))
    return told


def _happened(versions: Sequence[PayableChanged]) -> Iterator[str]:
    yield _line(versions[0].at, versions[0].sentence)
    for before, after in pairwise(versions):
        if before.state == "held" and after.state == "paid":
            yield _line(after.at, "It was paid although it was held.")
        if after.sentence != before.sentence:
            yield _line(after.at, after.sentence)


def _line(at: datetime, sentence: str) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC: {sentence}"


def _in_books(shown: InBooks) -> str:
    bill = f"bill {shown.number}" if shown.number else "its bill"
    if shown.state == "deleted":
        return f"QuickBooks holds {bill} no more."
    owed = dollars(shown.balance_cents)
    return f"QuickBooks holds {bill} of {dollars(shown.total_cents)}, of which {owed} is open."
