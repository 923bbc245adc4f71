"""What payments received and payments of bills have in common: they move the balances of other documents."""

from collections.abc import Iterable, Iterator, Sequence

from plumbline.common.contracts.ledger import Application
from plumbline.qb_writer.domain.documents import Share, shares
from plumbline.qb_writer.domain.kind import Relations
from plumbline.qb_writer.domain.plan import Needs
from plumbline.qb_writer.domain.records import Document, Observed
from plumbline.quickbooks.models import PaymentLine


def shares_of(applications: Iterable[Application], relations: Relations) -> Iterator[Share]:
    """Return where the parts of a payment go, by the ids that QuickBooks has given."""
    for application in applications:
        related = relations[application.record]
        yield Share(related.entity, related.observed.quickbooks_id or "", application.amount_cents)


def applied_in(payment: Document) -> dict[tuple[str, str], int]:
    """Return how much a payment, as it was sent or is held, applies to which document."""
    return shares([PaymentLine.model_validate(line) for line in payment.get("Line", ())])


def needs_of(wanted: Sequence[Application], observed: Observed, relations: Relations) -> Needs:
    """Say whether as much is open as should be applied; what the payment itself has applied counts as open.

    QuickBooks refuses to apply more with fault 6000, in free text; people need to be told which and how much.
    """
    if any(not relations[application.record].observed.fresh for application in wanted):
        return Needs.UNSEEN
    before = applied_in(observed.document or {}) if observed.exists else {}
    for application in wanted:
        related = relations[application.record]
        own = before.get((related.entity, related.observed.quickbooks_id or ""), 0)
        if related.observed.balance_cents + own < application.amount_cents:
            return Needs.SHORT
    return Needs.MET
