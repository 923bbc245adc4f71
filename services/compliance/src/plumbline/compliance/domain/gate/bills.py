"""The bill of a payable, as QuickBooks should hold it: gross lines, and what is held back as a negative one."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from plumbline.common.contracts.ledger import DesiredBill, ExpenseLine, LedgerCommand, PayableState
from plumbline.common.errors import NeedsHumanError
from plumbline.compliance.domain.gate.payable import Billed, State, Target
from plumbline.compliance.domain.gate.policy import Bills, Books

PREFIX = "bill/"
"""How the keys of bills begin; the rest is that of their payable."""


class MissingVendorLinkError(NeedsHumanError):
    """The subcontractor is linked to no QuickBooks vendor."""


class UndatedBillError(NeedsHumanError):
    """An invoice bears no date."""


def row_of(payable: str) -> str:
    """Return the key of the row that converges a payable's bill."""
    return f"{PREFIX}{payable}"


def link_event(connection: str, vendor_id: str) -> str:
    """Return the name of the event that a vendor of Procore's was linked."""
    return f"link:vendor:{connection}:{vendor_id}"


def wanted(
    state: State, bills: Bills, published: LedgerCommand | None, *, amount_cents: int
) -> PayableState | None:
    """Say whether a payable's bill should be in QuickBooks; None leaves things as they are.

    A bill that stands is not taken away because something holds its payment: the debt is there. It is taken
    away when Procore no longer approves the invoice, as long as nobody paid it. Nobody is billed nothing.
    """
    if bills == "never" or state == "paid":
        return None
    if state in {"draft", "void"} or amount_cents <= 0:
        return PayableState.DELETED if published else None
    if state == "held" and bills == "on_release" and published is None:
        return None
    return PayableState.OPEN


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a command tells besides its contents."""

    realm: str
    provider_time: datetime | None
    why: str


def desired(billed: Billed, books: Books, state: PayableState) -> DesiredBill:
    """Return a payable's bill.

    Raises:
        MissingVendorLinkError: needs a person; resumes when the vendor is linked.
        UndatedBillError: needs a person.
    """
    vendor = books.vendors.get(billed.vendor_id)
    if vendor is None:
        raise MissingVendorLinkError(
            f"{billed.payee} is linked to no QuickBooks vendor; add {billed.vendor_id} to `books.vendors` of "
            f"{billed.connection} in gate.yaml and restart",
            resumes_on=link_event(billed.connection, billed.vendor_id),
        )
    issued_on = billed.billed_on or billed.through_on
    if issued_on is None:
        raise UndatedBillError(f"{billed.title} bears no date; give it one in Procore")
    return DesiredBill(
        state=state,
        # Contracts are numbered project by project, and QuickBooks wants a vendor's bills to differ.
        number=f"{billed.contract.split(' ')[0]}-{billed.number}-{billed.project_id[-6:]}"[:200],
        vendor_id=vendor,
        issued_on=issued_on,
        due_on=billed.due_on,
        lines=_lines(billed, books),
        total_cents=billed.amount_cents,
    )


def _lines(billed: Billed, books: Books) -> tuple[ExpenseLine, ...]:
    lines = [
        ExpenseLine(
            description=line.description,
            amount_cents=line.amount_cents,
            account_id=books.expense_account_id,
        )
        for line in billed.lines
    ]
    held_back_cents = sum(line.amount_cents for line in billed.lines) - billed.amount_cents
    if held_back_cents:
        lines.append(
            ExpenseLine(
                description="Retainage held back" if held_back_cents > 0 else "Retainage released",
                amount_cents=-held_back_cents,
                account_id=books.retainage_account_id,
            )
        )
    return tuple(lines)


def news(
    billed: Billed, bill: DesiredBill, published: LedgerCommand | None, occasion: Occasion
) -> LedgerCommand | None:
    """Return the command, one version up, if the bill is not as it was last published."""
    content_hash = hashlib.sha256(bill.model_dump_json().encode()).hexdigest()
    if published is not None and published.content_hash == content_hash:
        return None
    return LedgerCommand(
        realm=occasion.realm,
        record=Target.of(billed.payable).bill,
        version=published.version + 1 if published else 1,
        content_hash=content_hash,
        connection=billed.connection,
        source=billed.payable,
        provider_time=occasion.provider_time,
        desired=bill,
        why=(occasion.why,),
    )
