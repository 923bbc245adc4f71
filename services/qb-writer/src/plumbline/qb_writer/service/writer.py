"""The writer: makes one record of the books true, with one effect however often it is tried."""

from dataclasses import replace

from plumbline.common.clock import Clock
from plumbline.common.database import Connection
from plumbline.common.errors import PermanentError
from plumbline.common.http import partner_time
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.verdicts import Done, Effect, Park, Verdict
from plumbline.qb_writer.domain.identity import number_candidates
from plumbline.qb_writer.domain.kind import Party
from plumbline.qb_writer.domain.plan import (
    AskPerson,
    AwaitNeeds,
    AwaitPayment,
    LeaveBe,
    Link,
    Nothing,
    Observe,
    Open,
    Rest,
    Seeing,
    plan,
)
from plumbline.qb_writer.domain.records import Operation, Write
from plumbline.qb_writer.domain.refusals import UNKNOWN_PARTY, named, question, verdict_of
from plumbline.qb_writer.domain.writes import compose, incarnation_of
from plumbline.qb_writer.ports import Files, Following, PartyFacts, Records
from plumbline.qb_writer.service.seeing import DuplicateError, Viewer
from plumbline.qb_writer.service.settling import NO_ACCESS, Settler
from plumbline.qb_writer.service.work import Patience, Work
from plumbline.quickbooks.errors import QuickBooksFaultError, QuickBooksForbiddenError

STEPS_MAX = 16
"""More steps than any way through the plan has; reaching it means that two rules disagree."""


class EndlessPlanError(PermanentError):
    """The plan did not come to an end: two of its rules disagree. Report this record."""


class Writer:
    """Converges records of all realms. Safe to run in many replicas: claims and writes are fenced."""

    def __init__(
        self,
        *,
        records: Records,
        following: Following,
        viewer: Viewer,
        files: Files,
        clock: Clock,
        patience: Patience,
    ) -> None:
        """Write what `records` wants, by what `viewer` sees."""
        self._records = records
        self._following = following
        self._viewer = viewer
        self._clock = clock
        self._patience = patience
        self._settler = Settler(
            records=records, following=following, files=files, clock=clock, patience=patience
        )

    async def converge(self, claim: Claim) -> Verdict:
        """Make one record true, or say what it waits for.

        While a write is open it is settled with its own bytes and nothing else happens; newer
        wishes are planned from what was then observed.
        """
        record = await self._records.load(claim.key)
        if record is None:
            return Done()
        view = await self._viewer.view(record, lane=claim.row.lane)
        with partner_time() as spent:
            work = Work(
                record=view.record,
                beginning=view.beginning,
                relations=view.relations,
                books=view.books,
                claim=claim,
                records=self._records,
                spent=spent,
            )
            try:
                return await self._work_off(work)
            except DuplicateError as error:
                return work.park(error.code, error.detail)
            except QuickBooksForbiddenError:
                return work.park("missing-scopes", NO_ACCESS)
            except QuickBooksFaultError as error:
                # A read was refused: what that means for the record does not differ from a refused write.
                return verdict_of(work.record, error.fault, number=None)

    async def _work_off(self, work: Work) -> Verdict:
        for _ in range(STEPS_MAX):
            if work.record.open_write is not None:
                verdict = await self._settler.settle(work, work.record.open_write)
            else:
                verdict = await self._advance(work)
            if verdict is not None:
                return verdict
        raise EndlessPlanError(key=work.record.key)

    async def _advance(self, work: Work) -> Verdict | None:
        """Take the next step of the plan; None: there is another one."""
        now = self._viewer.situation(work)
        if (refusal := self._viewer.refusal(work, now)) is not None:
            return work.park(refusal.code, f"{named(work.record)} is not written: {refusal.reason}.")
        step = plan(now)
        if isinstance(step, Open):
            return await self._begin(work, step.operation)
        if not isinstance(step, Seeing):
            return self._rest(work, step)
        await self._viewer.see(work, step)
        if isinstance(step, Link):
            await self._keep_link(work)
        return None

    async def _keep_link(self, work: Work) -> None:
        """Store what a record was linked to, and wake what waits for it.

        With its number the document is the record's alone.

        Raises:
            NoNumberLeftError: needs a person; another record has the number, and with it the document.
        """
        record, number = work.record, work.kind.number(work.record.desired)
        async with work.claim.transaction() as connection:
            await self._following.wake(connection, record, moved=(), now=self._clock.now())
            if number is not None:
                await self._records.allot_number(
                    connection,
                    record,
                    record.observed.incarnation,
                    space=number.space,
                    candidates=[number.wanted],
                )
            await self._records.keep(connection, work.accounted())

    def _rest(self, work: Work, step: Rest) -> Verdict:
        match step:
            case Nothing():
                return Done(store=self._telling(work))
            case AwaitPayment():
                # It is a bookkeeper's turn; until then the record is no backlog.
                return Done(store=self._telling(work), again_after=self._patience.payment)
            case AwaitNeeds():
                # It is the turn of what it refers to, which wakes it.
                return Done(store=work.keeping(), again_after=self._patience.invoice)
            case Observe() | LeaveBe():
                return Done(store=work.keeping())
            case AskPerson(code=code):
                asked = question(work.record, code, twins=work.twins or ())
                return work.park(asked.code, asked.reason)

    async def _begin(self, work: Work, operation: Operation) -> Verdict | None:
        """Open a write: its bytes, its id and its number are stored before anything is sent."""
        facts = await self._party_facts(work, operation)
        if isinstance(facts, Park):
            return facts
        file = work.kind.file(work.record.desired) if operation is Operation.CREATE else None
        content = await self._settler.content(file)
        await work.books.permit()
        async with work.claim.transaction() as connection:
            number = await self._number(work, operation, connection)
            write = self._composed(work, operation, number, facts)
            await self._records.keep(connection, work.accounted())
            await self._records.keep_write(connection, write)
        work.record = replace(work.record, open_write=write, writes=write.number)
        return await self._settler.post(work, write, content)

    def _composed(
        self, work: Work, operation: Operation, number: str | None, facts: PartyFacts | None
    ) -> Write:
        send_to = facts.email if facts is not None and operation is Operation.SEND else None
        write = compose(work.record, operation, number=number, relations=work.relations, send_to=send_to)
        now = self._clock.now()
        return replace(write, opened_at=now, sent_at=now, tries=1)

    async def _party_facts(self, work: Work, operation: Operation) -> PartyFacts | Park | None:
        """Return what a write has to know of its customer or vendor, or why it cannot be written."""
        party: Party | None = work.kind.party(work.record.desired)
        writes_money = operation in {Operation.CREATE, Operation.UPDATE}
        if party is None or not (operation is Operation.SEND or (writes_money and party.currency)):
            return None
        facts = await work.books.party(party)
        who = f"{party.word} {party.quickbooks_id}"
        if facts is None:
            why = f"QuickBooks has no {who}. Correct the link with `plumbline link`, then resume this record."
            return work.park(UNKNOWN_PARTY[party.entity], why)
        if operation is Operation.SEND and facts.email is None:
            return work.park(
                "customer-has-no-email",
                f"{named(work.record)} cannot be sent: {who} has no e-mail address in QuickBooks. "
                "Add one there, then resume this record.",
            )
        if writes_money and facts.currency not in {None, party.currency}:
            return work.park(
                "currency-differs",
                f"{named(work.record)} is in {party.currency}, but {who} is kept in {facts.currency}. "
                "Correct the currency at its source or the link, then resume this record.",
            )
        return facts

    async def _number(self, work: Work, operation: Operation, connection: Connection) -> str | None:
        """Return the number that is ours, whatever people made of it in QuickBooks."""
        record, number = work.record, work.kind.number(work.record.desired)
        if number is None or operation not in {Operation.CREATE, Operation.UPDATE}:
            return record.observed.number
        incarnation = incarnation_of(record, operation)
        candidates = number_candidates(number.wanted, record=record.name, incarnation=incarnation)
        return await self._records.allot_number(
            connection, record, incarnation, space=number.space, candidates=candidates
        )

    def _telling(self, work: Work) -> Effect:
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
