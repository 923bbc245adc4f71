"""The writer: makes one record of the books true, with one effect however often it is tried."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plumbline.common.clock import Clock
from plumbline.common.connections import Policies
from plumbline.common.contracts.ledger import DesiredInvoice, DesiredPayment
from plumbline.common.database import Connection
from plumbline.common.errors import PermanentError
from plumbline.common.http import NotSentError, PartnerTime, partner_time
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.verdicts import Done, Effect, Park, Verdict, Wait
from plumbline.qb_writer.domain.identity import number_candidates
from plumbline.qb_writer.domain.plan import (
    AskPerson,
    AwaitInvoice,
    AwaitPayment,
    Look,
    Nothing,
    Open,
    Step,
    plan_invoice,
    plan_payment,
)
from plumbline.qb_writer.domain.records import Observed, Operation, Record, Write
from plumbline.qb_writer.domain.refusals import verdict_of
from plumbline.qb_writer.domain.writes import (
    Document,
    after_invoice_write,
    after_payment_write,
    compose_invoice_write,
    compose_payment_write,
    confirmed,
    content_of,
    is_ours,
    observing_invoice,
    proves,
    rejected,
)
from plumbline.qb_writer.ports import Books, Following, Records
from plumbline.quickbooks.faults import Fault, Reaction
from plumbline.quickbooks.models import Invoice, Payment
from plumbline.quickbooks.replies import Confirmed, NotSent, RefusedAtGate, Rejected, Unknown

STEPS_MAX = 16
"""More steps than any way through the plan has; reaching it means that two rules disagree."""


class EndlessPlanError(PermanentError):
    """The plan did not come to an end: two of its rules disagree. Report this record."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the writer waits for what."""

    settle: timedelta
    """From sending until an unknown outcome is looked up; longer than QuickBooks works on a request."""
    gate: timedelta
    """After a refusal at the gate that names no time."""
    payment: timedelta
    """Between looks for the bookkeeper's payment."""
    invoice: timedelta
    """Between looks for a payment's invoice; its confirmation wakes the payment sooner."""


@dataclass(slots=True)
class _Work:
    """One record in hand."""

    claim: Claim
    record: Record
    books: Books
    spent: PartnerTime
    invoice: Observed | None = None
    """What was seen of the invoice that a payment is for."""

    def accounted(self) -> Record:
        """Return the record with the partner time spent so far, counted once."""
        self.record = replace(self.record, partner_ms=self.record.partner_ms + self.spent.ms)
        self.spent.seconds = 0.0
        return self.record


class Writer:
    """Converges records of all realms. Safe to run in many replicas: claims and writes are fenced."""

    def __init__(
        self,
        *,
        records: Records,
        following: Following,
        books: Callable[[str], Awaitable[Books]],
        policies: Callable[[str], Policies],
        clock: Clock,
        patience: Patience,
    ) -> None:
        """Write what `records` wants into `books(realm)` by `policies(connection)`."""
        self._records = records
        self._following = following
        self._books = books
        self._policies = policies
        self._clock = clock
        self._patience = patience

    async def converge(self, claim: Claim) -> Verdict:
        """Make one record true, or say what it waits for.

        While a write is open it is settled with its own bytes and nothing else happens; newer
        wishes are planned from what was then observed.
        """
        record = await self._records.load(claim.key)
        if record is None:
            return Done()
        with partner_time() as spent:
            work = _Work(
                claim, record, await self._books(record.realm), spent, await self._invoice_of(record)
            )
            for _ in range(STEPS_MAX):
                if work.record.open_write is not None:
                    verdict = await self._settle(work, work.record.open_write)
                else:
                    verdict = await self._advance(work)
                if verdict is not None:
                    return verdict
        raise EndlessPlanError(key=claim.key)

    async def _invoice_of(self, record: Record) -> Observed | None:
        if not isinstance(record.desired, DesiredPayment):
            return None
        invoice = await self._records.load(f"{record.realm}/{record.desired.invoice}")
        if invoice is None or invoice.open_write is not None:
            return None
        # One that is still to be corrected would be paid in its old amount, and could not be corrected any more.
        is_as_desired = invoice.observed.applied_hash == content_of(invoice.desired)
        return invoice.observed if is_as_desired else None

    # -- planning ---------------------------------------------------------------------------

    async def _advance(self, work: _Work) -> Verdict | None:
        step = self._plan(work)
        match step:
            case Look():
                await self._look(work)
                return None
            case Open():
                return await self._begin(work, step)
            case Nothing():
                return Done(store=self._telling(work))
            case AwaitPayment():
                # It is a bookkeeper's turn; until then the record is no backlog.
                return Done(store=self._telling(work), again_after=self._patience.payment)
            case AwaitInvoice():
                # It is the invoice's turn, which wakes its payments.
                return Done(store=self._keeping(work), again_after=self._patience.invoice)
            case AskPerson(code=code, reason=reason):
                return self._park(work, code, reason)

    def _plan(self, work: _Work) -> Step:
        record = work.record
        if isinstance(record.desired, DesiredPayment):
            return plan_payment(record.observed, work.invoice)
        if record.must_look:
            return Look()
        policy = self._policies(record.connection).person_changed_it
        return plan_invoice(
            record.desired, content_of(record.desired), record.observed, person_changed_it=policy
        )

    async def _look(self, work: _Work) -> None:
        """Read the invoice that the next step is about."""
        if isinstance(work.record.desired, DesiredPayment):
            if work.invoice is not None and work.invoice.quickbooks_id is not None:
                document = await work.books.invoice(work.invoice.quickbooks_id)
                work.invoice = observing_invoice(work.invoice, document)
            return
        seen = work.record.observed
        document = await work.books.invoice(seen.quickbooks_id or "")
        work.record = work.record.seeing(observing_invoice(seen, document))
        policy = self._policies(work.record.connection).person_changed_it
        if work.record.observed.edited and policy == "accept":
            work.record = work.record.seeing(replace(work.record.observed, edited=()))

    async def _begin(self, work: _Work, step: Open) -> Verdict | None:
        """Open a write: its bytes, its id and its number are stored before anything is sent."""
        send_to = None
        if step.operation is Operation.SEND and isinstance(work.record.desired, DesiredInvoice):
            send_to = await work.books.customer_email(work.record.desired.customer_id)
            if send_to is None:
                return self._park(
                    work,
                    "customer-has-no-email",
                    f"Invoice {work.record.observed.number} cannot be sent: customer "
                    f"{work.record.desired.customer_id} has no e-mail address in QuickBooks. "
                    "Add one there, then resume this record.",
                )
        await work.books.permit()
        async with work.claim.transaction() as connection:
            write = await self._composed(work, step, connection, send_to)
            write = replace(write, opened_at=self._clock.now(), sent_at=self._clock.now(), tries=1)
            await self._records.keep(connection, work.accounted())
            await self._records.keep_write(connection, write)
        work.record = replace(work.record, open_write=write, writes=write.number)
        return await self._post(work, write)

    async def _composed(self, work: _Work, step: Open, connection: Connection, send_to: str | None) -> Write:
        record = work.record
        if isinstance(record.desired, DesiredPayment):
            return compose_payment_write(record, record.desired, step, work.invoice or Observed())
        number = record.observed.number
        if step.operation is Operation.CREATE:
            candidates = number_candidates(
                record.desired.number, record=record.name, incarnation=step.incarnation
            )
            number = await self._records.allot_number(connection, record, step.incarnation, candidates)
        return compose_invoice_write(record, record.desired, step, number=number or "", send_to=send_to)

    # -- sending ----------------------------------------------------------------------------

    async def _post(self, work: _Work, write: Write) -> Verdict | None:
        reply = await work.books.post(_entity(work.record), write)
        match reply:
            case Confirmed(document=said):
                return await self._confirm(work, write, _parsed(work.record, said), "answered")
            case Rejected(fault=fault):
                return await self._reject(work, write, fault)
            case RefusedAtGate(kind=kind, retry_after=retry_after):
                await self._nothing_was_sent(work, write, f"refused at the gate: {kind}")
                return self._gate(work, kind, retry_after)
            case NotSent(why=why):
                await self._nothing_was_sent(work, write, why)
                raise NotSentError(why)
            case Unknown(why=why):
                return self._unknown(write, why)

    def _gate(self, work: _Work, kind: str, retry_after: timedelta | None) -> Verdict:
        after = retry_after or self._patience.gate
        if kind == "forbidden":
            return self._park(
                work,
                "missing-scopes",
                "QuickBooks refuses this app access to the company (403). Connect the company again, then resume.",
            )
        if kind == "throttled":
            work.spent.seconds += after.total_seconds()
        why = (
            "QuickBooks asked for fewer requests (429)" if kind == "throttled" else "waiting for a live token"
        )
        return Wait(after, why, holds_connection=True, store=self._keeping(work))

    def _unknown(self, write: Write, why: str) -> Wait:
        sent_at = write.sent_at or self._clock.now()
        after = max(timedelta(0), sent_at + self._patience.settle - self._clock.now())
        return Wait(after, f"outcome unknown ({why}); it will be looked up")

    async def _nothing_was_sent(self, work: _Work, write: Write, why: str) -> None:
        """Note that the write's bytes can be sent again at once."""
        async with work.claim.transaction() as connection:
            await self._records.keep_write(connection, replace(write, sent_at=None, outcome=why))

    # -- settling ---------------------------------------------------------------------------

    async def _settle(self, work: _Work, write: Write) -> Verdict | None:
        """Bring an open write to its end: look it up, else send the same bytes again."""
        if write.sent_at is not None:
            if self._clock.now() < write.sent_at + self._patience.settle:
                return self._unknown(write, write.outcome or "no answer was stored")
            found = await self._found(work, write)
            if len(found) > 1:
                ids = ", ".join(document.id for document in found)
                return self._park(
                    work,
                    "duplicate",
                    f"QuickBooks holds {len(found)} documents for one write: {ids}. Delete all but one, then resume.",
                )
            if found:
                return await self._confirm(work, write, found[0], "found by look-up")
        await work.books.permit()
        write = replace(write, sent_at=self._clock.now(), tries=write.tries + 1)
        async with work.claim.transaction() as connection:
            await self._records.keep_write(connection, write)
        return await self._post(work, write)

    async def _found(self, work: _Work, write: Write) -> list[Document]:
        """Return the documents that show the write's effect; none if it had none."""
        if write.operation is not Operation.CREATE:
            document = await work.books.invoice(write.document_id or "")
            return [document] if document is not None and proves(write, document) else []
        if isinstance(work.record.desired, DesiredPayment):
            return [
                p for p in await self._payments_of_invoice(work) if is_ours(p, work.record, write.incarnation)
            ]
        numbered = await work.books.invoices_numbered(write.document_number or "")
        return [i for i in numbered if is_ours(i, work.record, write.incarnation) and not i.is_voided]

    async def _payments_of_invoice(self, work: _Work) -> list[Payment]:
        invoice_id = work.invoice.quickbooks_id if work.invoice else None
        invoice = await work.books.invoice(invoice_id) if invoice_id else None
        ids = {link.txn_id for link in invoice.linked_txn if link.txn_type == "Payment"} if invoice else set()
        found = [await work.books.payment(payment_id) for payment_id in sorted(ids)]
        return [payment for payment in found if payment is not None]

    # -- ending a write ---------------------------------------------------------------------

    async def _confirm(self, work: _Work, write: Write, document: Document, how: str) -> Verdict | None:
        """End a write whose document is at hand; a document that proves nothing is read again."""
        if not proves(write, document):
            again = await self._reread(work, document)
            if again is None or (
                write.operation is Operation.CREATE and not is_ours(again, work.record, write.incarnation)
            ):
                return self._park(
                    work,
                    "answer-is-not-ours",
                    f"QuickBooks answered with document {document.id}, which is not the one that was sent.",
                )
            if write.operation in {Operation.SEND, Operation.VOID} and not proves(write, again):
                return self._unknown(write, f"{write.operation} is not visible yet")
            document = again
        now = self._clock.now()
        # Whoever waits for this record is marked first: rows of work are locked before all others.
        async with work.claim.transaction() as connection:
            await self._following.wake(connection, work.record, now=now)
            work.accounted()
            work.record = _after(work.record, write, document, at=now)
            await self._records.keep_write(connection, confirmed(write, at=now, how=how))
            await self._records.keep(connection, work.record)
        return None

    async def _reread(self, work: _Work, document: Document) -> Document | None:
        if isinstance(document, Payment):
            return await work.books.payment(document.id)
        return await work.books.invoice(document.id)

    async def _reject(self, work: _Work, write: Write, fault: Fault) -> Verdict | None:
        """End a write that QuickBooks has refused for good, and say what follows."""
        if fault.reaction is Reaction.ADOPT_OR_CONFLICT and write.document_number:
            found = await work.books.invoices_numbered(write.document_number)
            ours = [i for i in found if is_ours(i, work.record, write.incarnation) and proves(write, i)]
            if ours:
                return await self._confirm(work, write, ours[0], "adopted: it was there already")
        async with work.claim.transaction() as connection:
            await self._records.keep_write(connection, rejected(write, at=self._clock.now(), why=str(fault)))
            # Whoever opened it may have died before the number was kept with the record.
            work.record = replace(work.record, open_write=None, writes=write.number)
            await self._records.keep(connection, work.accounted())
        if fault.reaction is Reaction.REREAD:
            work.record = work.record.seeing(replace(work.record.observed, fresh=False))
            await self._look(work)
            return None
        verdict = verdict_of(fault, number=write.document_number)
        return replace(verdict, amount_cents=_amount_cents(work)) if isinstance(verdict, Park) else verdict

    # -- telling ----------------------------------------------------------------------------

    def _telling(self, work: _Work) -> Effect:
        async def tell(connection: Connection) -> None:
            record = work.accounted()
            state = (record.version, record.observed.state)
            if record.told != state:
                await self._following.tell(connection, record, now=self._clock.now())
                record = replace(record, told=state, partner_ms=0)
            if record.observed.fresh:
                record = replace(record, looked=record.heard)
            await self._records.keep(connection, record)

        return tell

    def _keeping(self, work: _Work) -> Effect:
        async def keep(connection: Connection) -> None:
            await self._records.keep(connection, work.accounted())

        return keep

    def _park(self, work: _Work, code: str, reason: str) -> Park:
        return Park(code, reason, amount_cents=_amount_cents(work), store=self._keeping(work))


def _entity(record: Record) -> str:
    return "payment" if isinstance(record.desired, DesiredPayment) else "invoice"


def _parsed(record: Record, said: dict[str, object]) -> Document:
    model = Payment if isinstance(record.desired, DesiredPayment) else Invoice
    return model.model_validate(said)


def _after(record: Record, write: Write, document: Document, *, at: datetime) -> Record:
    if isinstance(document, Payment):
        return after_payment_write(record, write, document, at=at)
    return after_invoice_write(record, write, document, at=at)


def _amount_cents(work: _Work) -> int | None:
    desired = work.record.desired
    return desired.total_cents if isinstance(desired, DesiredInvoice) else None
