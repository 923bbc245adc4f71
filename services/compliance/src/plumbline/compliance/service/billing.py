"""Bills in QuickBooks follow payables."""

from plumbline.common.clock import Clock
from plumbline.common.connections import Connections
from plumbline.common.contracts.ledger import DesiredBill, PayableState
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.verdicts import Done, Verdict
from plumbline.compliance.domain.gate import bills as billing
from plumbline.compliance.domain.gate.policy import GatePolicy
from plumbline.compliance.ports.gate import Bills, PayableBook


class Billing:
    """Makes the bills in QuickBooks follow payables."""

    def __init__(
        self, *, connections: Connections, policy: GatePolicy, book: PayableBook, bills: Bills, clock: Clock
    ) -> None:
        """Bill by this policy."""
        self._connections = connections
        self._policy = policy
        self._book = book
        self._bills = bills
        self._clock = clock

    async def work(self, claim: Claim) -> Verdict:
        """Publish what QuickBooks should hold of one payable's bill, if that is news.

        Raises:
            SuiteError: with the verdict of its class; nothing was stored.
        """
        payable = claim.key.removeprefix(billing.PREFIX)
        known = await self._book.known(payable)
        if known is None:
            return Done()
        owed = known.billed
        connection = self._connections.get(owed.connection)
        company = self._policy.connections[owed.connection]
        if connection is None or company.books is None:
            return Done()
        terms = self._policy.terms(owed.connection, project_id=owed.project_id, vendor_id=owed.vendor_id)
        realm = connection.quickbooks.realm
        published = await self._bills.published(payable, realm=realm)
        state = billing.wanted(known.said.state, terms.bills, published, amount_cents=owed.amount_cents)
        if state is None:
            return Done()
        if state is PayableState.DELETED and published and isinstance(published.desired, DesiredBill):
            bill = published.desired.model_copy(update={"state": state})
        else:
            bill = billing.desired(owed, company.books, state)
        occasion = billing.Occasion(realm, claim.row.serving_since, known.said.sentence)
        command = billing.news(owed, bill, published, occasion)
        if command is None:
            return Done()
        now = self._clock.now()
        return Done(store=self._bills.keeping(command, at=now, traceparent=claim.row.traceparent))
