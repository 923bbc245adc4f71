"""What a life asks for in the end, reckoned from its wishes alone."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from plumbline.common.contracts.ledger import (
    Application,
    Desired,
    DesiredAttachment,
    DesiredBillPayment,
    DesiredCreditMemo,
    DesiredInvoice,
    DesiredPayment,
)
from tests.campaigns.record import Record, Revision, Wish


def by_record(record: Record) -> dict[str, list[tuple[Revision, Wish]]]:
    """Return the wishes for each ledger record, with the revisions that they come in."""
    found: defaultdict[str, list[tuple[Revision, Wish]]] = defaultdict(list)
    for revision in record.revisions:
        for wish in revision.wishes:
            found[wish.record].append((revision, wish))
    return dict(found)


def content(wish: Wish) -> Desired:
    """Return a wish without its state."""
    states = {"state": next(iter(type(wish.desired.state)))}
    return wish.desired.model_copy(update=states)


def incarnations(wishes: Sequence[Wish]) -> int:
    """Return how many documents a record may have had: a new one after each end, or with each new file."""
    anew = (
        before.is_end or (isinstance(now.desired, DesiredAttachment) and before.desired != now.desired)
        for before, now in pairwise(wishes)
        if not now.is_end
    )
    return 1 + sum(anew)


def amount(record: Record, desired: Desired) -> int:
    """Return what tells a content apart in the journal: its total in cents; of a file, its size."""
    if isinstance(desired, DesiredAttachment):
        return desired.size_bytes
    if isinstance(desired, DesiredPayment) and desired.invoice is not None:
        return amount(record, record.newest[desired.invoice].desired)
    assert desired.total_cents is not None
    return desired.total_cents


def applications(record: Record, desired: Desired) -> Sequence[Application]:
    """Return where a payment's money and credits go."""
    match desired:
        case DesiredPayment(invoice=str() as invoice):
            return [Application(record=invoice, amount_cents=amount(record, desired))]
        case DesiredPayment():
            return [*desired.applied, *desired.credits]
        case DesiredBillPayment():
            return [*desired.bills, *desired.credits]
        case _:
            return []


def balance(record: Record, name: str) -> int:
    """Return what payments leave open of a record."""
    paid = sum(
        part.amount_cents
        for wish in record.newest.values()
        if not wish.is_end
        for part in applications(record, wish.desired)
        if part.record == name
    )
    return amount(record, record.newest[name].desired) - paid


def final_states(record: Record, wish: Wish) -> tuple[str, ...]:
    """Return what the last result may say; what was overtaken by its end may never have been there."""
    match wish.desired:
        case DesiredInvoice(state="void") | DesiredPayment(state="void"):
            return ("void", "absent")
        case _ if wish.is_end:
            return ("deleted", "absent")
        case DesiredAttachment():
            return ("open",)
        case DesiredPayment() | DesiredBillPayment():
            return ("paid",)
        case DesiredInvoice(state="sent") | DesiredCreditMemo(state="sent"):
            return ("sent",)
        case _:
            return ("open",) if balance(record, wish.record) else ("paid",)
