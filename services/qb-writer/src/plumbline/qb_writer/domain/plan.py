"""The plan: from what should be and what is, the one next step. Pure."""

from dataclasses import dataclass
from typing import Literal

from plumbline.common.contracts.ledger import DesiredInvoice, InvoiceState
from plumbline.qb_writer.domain.records import Observed, Operation

PersonPolicy = Literal["hold", "overwrite", "accept"]
"""What to do when somebody edited one of our documents in QuickBooks."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """QuickBooks holds what it should."""


@dataclass(frozen=True, slots=True)
class Look:
    """The next step needs to know how the document stands now."""


@dataclass(frozen=True, slots=True)
class Open:
    """Open a write; a create may begin a new incarnation."""

    operation: Operation
    incarnation: int


@dataclass(frozen=True, slots=True)
class AwaitPayment:
    """Written as far as it goes: the payment is still to be seen in QuickBooks."""


@dataclass(frozen=True, slots=True)
class AwaitInvoice:
    """A payment's invoice is not in QuickBooks yet."""


@dataclass(frozen=True, slots=True)
class AskPerson:
    """Nothing may be written without a person's word."""

    code: str
    reason: str


Step = Nothing | Look | Open | AwaitPayment | AwaitInvoice | AskPerson


def plan_invoice(
    desired: DesiredInvoice, content: str, observed: Observed, *, person_changed_it: PersonPolicy
) -> Step:
    """Return the next step of an invoice.

    Args:
        desired: what should be.
        content: hash of the document that `desired` asks for, its state left out.
        observed: what is.
        person_changed_it: the connection's policy.
    """
    if desired.state is InvoiceState.VOID:
        return _void(observed)
    if observed.quickbooks_id is None:
        return Open(Operation.CREATE, observed.incarnation)
    if observed.voided:
        return Open(Operation.CREATE, observed.incarnation + 1)
    if (question := _touched_by_others(observed, person_changed_it)) is not None:
        return question
    if _must_be_corrected(content, observed, person_changed_it):
        return _correct(observed)
    return _progress(desired.state, observed)


def _void(observed: Observed) -> Step:
    if not observed.exists or observed.gone:
        return Nothing()
    if not observed.fresh:
        return Look()
    if observed.mailed or observed.balance_cents != observed.total_cents:
        done = "mailed to the customer" if observed.mailed else "paid, at least in part"
        return AskPerson(
            "void-needs-a-person",
            f"Invoice {observed.number} should be voided, but it is {done}. Void or credit it in QuickBooks, "
            "then resume this record.",
        )
    return Open(Operation.VOID, observed.incarnation)


def _touched_by_others(observed: Observed, policy: PersonPolicy) -> AskPerson | None:
    if observed.gone:
        return AskPerson(
            "deleted-in-quickbooks",
            f"Invoice {observed.number} was deleted in QuickBooks. Restore it there, or void it in Procore.",
        )
    if observed.edited and policy == "hold":
        return AskPerson(
            "changed-in-quickbooks",
            f"Invoice {observed.number} was changed in QuickBooks ({', '.join(observed.edited)}). "
            "Set it right on one side, then resume this record.",
        )
    return None


def _must_be_corrected(content: str, observed: Observed, policy: PersonPolicy) -> bool:
    if observed.edited and policy == "overwrite":
        return True
    return observed.applied_hash != content


def _correct(observed: Observed) -> Step:
    if not observed.fresh:
        return Look()
    if observed.balance_cents != observed.total_cents:
        return AskPerson(
            "changed-after-payment",
            f"Invoice {observed.number} changed in Procore after money was applied to it in QuickBooks. "
            "Unapply the payment or issue a credit, then resume this record.",
        )
    return Open(Operation.UPDATE, observed.incarnation)


def _progress(state: InvoiceState, observed: Observed) -> Step:
    match state:
        case InvoiceState.OPEN | InvoiceState.PENDING | InvoiceState.VOID:
            return Nothing()
        case InvoiceState.SENT if observed.mailed:
            return Nothing()
        case InvoiceState.SENT:
            return Open(Operation.SEND, observed.incarnation) if observed.fresh else Look()
        case InvoiceState.PAID if not observed.fresh:
            return Look()
        case InvoiceState.PAID:
            return Nothing() if observed.balance_cents == 0 else AwaitPayment()


def plan_payment(observed: Observed, invoice: Observed | None) -> Step:
    """Return the next step of a payment of an invoice's open balance."""
    if observed.exists:
        return Nothing()
    if invoice is None or not invoice.exists:
        return AwaitInvoice()
    if not invoice.fresh:
        return Look()
    if invoice.balance_cents == 0:
        return Nothing()
    return Open(Operation.CREATE, observed.incarnation)
