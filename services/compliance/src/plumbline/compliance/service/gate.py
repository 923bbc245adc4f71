"""The gate: payables follow Procore, papers and the bank."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from pydantic import BaseModel

from plumbline.common.clock import Clock
from plumbline.common.connections import ConnectionConfig, Connections
from plumbline.common.contracts.documents import PayableChanged
from plumbline.common.errors import NeedsHumanError, SuiteError, TransientError
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import Claimed
from plumbline.common.reconciling.verdicts import Done, Verdict, Wait
from plumbline.compliance.domain.facts import Payable
from plumbline.compliance.domain.gate import bills as billing
from plumbline.compliance.domain.gate.findings import Case
from plumbline.compliance.domain.gate.judging import Judgement, judge
from plumbline.compliance.domain.gate.payable import Billed, State, Target, billed, foreseen
from plumbline.compliance.domain.gate.policy import GatePolicy, Terms
from plumbline.compliance.domain.gate.requirements import UNCONDITIONAL, concerns, payable_facts
from plumbline.compliance.domain.gate.story import story
from plumbline.compliance.domain.projects import Sheets
from plumbline.compliance.ports.documents import Papers
from plumbline.compliance.ports.gate import Around, Kept, Known, PayableBook, Subcontracts
from plumbline.compliance.ports.surroundings import Directory
from plumbline.procore.subcontracting import Requisition

HELD_PAUSE = timedelta(minutes=1)
"""How often what is due is judged anew while its connection is held, and the longest that it is read later for that."""

OUT_OF_ESCROW = frozenset({"superseded", "quarantined", "destroyed"})
"""States of documents that are kept from everybody by themselves."""


class InvisibleInProcoreError(NeedsHumanError):
    """Procore shows neither an invoice nor its contract."""


class UnknownVendorError(NeedsHumanError):
    """Procore shows no such vendor."""


class UnknownProjectError(NeedsHumanError):
    """No connection claims the project."""


@dataclass(frozen=True, slots=True)
class Task:
    """One payable in hand."""

    row: Claimed
    target: Target
    connection: ConnectionConfig
    known: Known | None
    now: datetime

    @property
    def today(self) -> date:
        """The day at the company."""
        return self.now.astimezone(self.connection.hours.zone).date()


class Gate:
    """Judges payables."""

    def __init__(
        self,
        *,
        connections: Connections,
        policy: GatePolicy,
        subcontracts: Subcontracts,
        papers: Papers,
        book: PayableBook,
        directory: Directory,
        sheets: Sheets,
        clock: Clock,
    ) -> None:
        """Judge by this policy.

        Args:
            connections: which projects go where.
            policy: what is asked for.
            subcontracts: Procore, read anew.
            papers: what is on file.
            book: what was judged before, and what is known of its money.
            directory: where projects are.
            sheets: what vendors do, where the directory does not say it.
            clock: the time.
        """
        self._connections = connections
        self._policy = policy
        self._subcontracts = subcontracts
        self._papers = papers
        self._book = book
        self._directory = directory
        self._sheets = sheets
        self._clock = clock

    async def work(self, claim: Claim) -> Verdict:
        """Read one payable from Procore, judge it, and tell what is news.

        Raises:
            SuiteError: with the verdict of its class. What was known before was judged for today all the same:
                overrides and papers end whether Procore answers or not.
        """
        task = await self._task(claim.row)
        try:
            seen = await self._seen(task)
        except SuiteError as error:
            if task.known is not None:
                await self._judge_unseen(claim, task, task.known.billed, error)
            raise
        if seen is None:
            return Done()  # It was gone before anybody saw it; if it comes back, it is listed anew.
        kept, changes_on = await self._judged(task, seen)
        return Done(store=self._book.keeping(kept), again_after=_until(changes_on, task))

    async def work_held(self, claim: Claim) -> Verdict:
        """Judge one payable by what is known, while its connection is held; it is read once that is over.

        Raises:
            SuiteError: with the verdict of its class.
        """
        task = await self._task(claim.row)
        if task.known is None:
            return Wait(HELD_PAUSE, "the connection is held, and this was never read")
        kept, _ = await self._judged(task, task.known.billed)
        store = self._book.keeping(kept)
        return Wait(HELD_PAUSE, "the connection is held: judged by what was read last", store=store)

    async def _judge_unseen(self, claim: Claim, task: Task, before: Billed, error: SuiteError) -> None:
        """Judge by what was seen before; what a person has to look into is held until then."""
        trouble = before.trouble if isinstance(error, TransientError) else error.detail
        kept, _ = await self._judged(task, before.model_copy(update={"trouble": trouble}))
        async with claim.transaction() as database:
            await self._book.keeping(kept)(database)

    async def _judged(self, task: Task, seen: Billed) -> tuple[Kept, date | None]:
        case, around = await self._case(seen, today=task.today)
        judgement = judge(case)
        return await self._kept(task, case, around, judgement), judgement.changes_on

    async def facts(self, connection: str, payable: str) -> Payable | None:
        """Return a payable as rules see it; None if it is not known."""
        known = await self._book.known(payable)
        if known is None or known.billed.connection != connection:
            return None
        around = await self._around(known.billed)
        settled = around.settlement is not None and around.settlement.settles(known.billed)
        return self._facts(known.billed, is_settled=settled, open_invoices=around.open_invoices)

    async def tell(self, key: str) -> Mapping[str, Any] | None:
        """Tell the story of a payable; None if it was never judged."""
        known = await self._book.known(key)
        if known is None:
            return None
        around = await self._around(known.billed)
        versions = await self._book.versions(key)
        told = known.said.model_dump(mode="json")
        return {**told, "story": story(versions, known.billed, around.in_books)}

    async def find(self, *, connection: str | None, state: State | None) -> Sequence[PayableChanged]:
        """Return payables as they were told last, the most money first."""
        return await self._book.find(connection=connection, state=state)

    async def outlook(self, connection: str, project_id: str, vendor_id: str) -> Mapping[str, Any]:
        """Tell what a vendor's next invoice on a project will need, before it is submitted.

        Raises:
            UnknownProjectError, UnknownVendorError: need a person; there is no such project or vendor.
            SuiteError: Procore could not be read.
        """
        config = self._connections.get(connection)
        if config is None or project_id not in config.procore.projects:
            raise UnknownProjectError(f"connection {connection} has no project {project_id}")
        vendor = await self._subcontracts.vendor(connection, vendor_id)
        if vendor is None:
            raise UnknownVendorError(f"Procore shows no vendor {vendor_id} to our account")
        periods = await self._subcontracts.billing_periods(connection, project_id)
        today = self._clock.now().astimezone(config.hours.zone).date()
        next_one = foreseen(
            connection=connection,
            company_id=config.procore.company_id,
            project_id=project_id,
            vendor=vendor,
            periods=periods,
            state=await self._state(connection, project_id),
            today=today,
        )
        case, _ = await self._case(next_one, today=today)
        return {
            "vendor": vendor.name,
            "billed_through": next_one.through_on,
            "due_on": next_one.due_on,
            "requirements": [one.model_dump(mode="json") for one in judge(case).requirements],
        }

    async def _task(self, row: Claimed) -> Task:
        target = Target.of(row.key)
        connection = self._connections.of_project(target.company_id, target.project_id)
        if connection is None:
            raise UnknownProjectError(
                f"project {target.project_id} of company {target.company_id} belongs to no connection; "
                "add it to connections.yaml and restart, then resume"
            )
        return Task(row, target, connection, await self._book.known(row.key), self._clock.now())

    async def _seen(self, task: Task) -> Billed | None:
        name, target = task.connection.name, task.target
        found = await self._subcontracts.requisition(name, target.project_id, target.requisition_id)
        if found is not None:
            return await self._billed(task, found)
        if task.known is None:
            return None
        before = task.known.billed
        # One answer that there is no such thing proves nothing: the list and the contract must say so too.
        listed = await self._subcontracts.requisitions(name, target.project_id)
        is_listed = any(str(one.id) == target.requisition_id for one in listed)
        if is_listed or not await self._subcontracts.shows_commitment(name, before):
            raise InvisibleInProcoreError(
                f"Procore shows {before.title} no more, nor its contract; check in Procore whether our account has "
                "lost the permission, then resume"
            )
        return before.model_copy(update={"is_withdrawn": True, "trouble": ""})

    async def _billed(self, task: Task, found: Requisition) -> Billed:
        name, project_id = task.connection.name, task.target.project_id
        vendor_id = found.vendor_id
        vendor = None if vendor_id is None else await self._subcontracts.vendor(name, str(vendor_id))
        return billed(
            task.target,
            connection=name,
            requisition=found,
            vendor=vendor,
            periods=await self._subcontracts.billing_periods(name, project_id),
            state=await self._state(name, project_id),
        )

    async def _state(self, connection: str, project_id: str) -> str | None:
        place = await self._directory.project(connection, project_id)
        return place.postal_state if place else None

    async def _case(self, seen: Billed, *, today: date) -> tuple[Case, Around]:
        around = await self._around(seen)
        papers = [
            *await self._papers.of_vendor(seen.connection, seen.vendor_id),
            *await self._papers.of_payable(seen.payable),
        ]
        case = Case(
            billed=seen,
            terms=self._terms(seen),
            papers=tuple({one.document: one for one in papers if concerns(one, seen)}.values()),
            overrides=around.overrides,
            settlement=around.settlement,
            in_books=around.in_books,
            prior=around.prior,
            trade=self._sheets.trade(
                vendor_id=seen.vendor_id, project_id=seen.project_id, in_directory=seen.trades
            ),
            legal_name=self._sheets.vendor(seen.vendor_id).legal_name,
            today=today,
            zone=self._zone(seen.connection),
        )
        return case, around

    def _zone(self, connection: str) -> tzinfo:
        config = self._connections.get(connection)
        return config.hours.zone if config else UTC

    async def _around(self, seen: Billed) -> Around:
        return await self._book.around(
            connection=seen.connection,
            vendor_id=seen.vendor_id,
            payable=seen.payable,
            commitment_id=seen.commitment_id,
        )

    def _terms(self, seen: Billed) -> Terms:
        return self._policy.terms(seen.connection, project_id=seen.project_id, vendor_id=seen.vendor_id)

    def _facts(self, seen: Billed, *, is_settled: bool, open_invoices: int) -> Payable:
        firm = self._terms(seen).firm
        return payable_facts(seen, firm=firm, is_settled=is_settled, open_invoices=open_invoices)

    async def _kept(self, task: Task, case: Case, around: Around, judgement: Judgement) -> Kept:
        seen, known = case.billed, task.known
        said = PayableChanged(
            payable=seen.payable,
            connection=seen.connection,
            version=known.said.version + 1 if known else 1,
            payee=seen.payee,
            vendor_id=seen.vendor_id,
            project_id=seen.project_id,
            amount_cents=seen.amount_cents,
            retention_cents=seen.retention_cents,
            through_on=seen.through_on,
            state=judgement.state,
            requirements=judgement.requirements,
            sentence=judgement.sentence,
            at=task.now,
        )
        is_news = known is None or not _says_the_same(known.said, said)
        facts = self._facts(seen, is_settled=case.is_settled, open_invoices=around.open_invoices)
        owed_before = known is not None and known.owes_waiver
        siblings = await self._book.siblings(seen) if owed_before != judgement.owes_waiver else ()
        waivers = [one for one in case.papers if (one.kind or "").startswith(UNCONDITIONAL)]
        return Kept(
            billed=seen,
            said=said if is_news or known is None else known.said,
            is_news=is_news,
            owes_waiver=judgement.owes_waiver,
            escrowed=[
                one.document
                for one in waivers
                if not case.is_settled and one.state not in OUT_OF_ESCROW and one.payable == seen.payable
            ],
            frees=case.is_settled,
            marks=self._marks(task, case, facts, said if is_news else None, siblings),
            at=task.now,
            traceparent=task.row.traceparent,
        )

    def _marks(
        self,
        task: Task,
        case: Case,
        facts: Payable,
        said: PayableChanged | None,
        siblings: Sequence[str],
    ) -> Sequence[Mark]:
        """Return what has to be looked at because of a judgement.

        These are papers that the rules saw beside another payable, the bill, and the invoices that wait for
        this one's waiver.
        """
        seen, row = case.billed, task.row
        digest = _digest(facts)
        marks = [
            Mark(
                document_row(seen.connection, one.document),
                seen.connection,
                f"payable {seen.payable} {digest} {task.now.isoformat()}",
            )
            for one in case.papers
            if (one.kind or "").startswith("lien_waiver.") and one.checked_against != facts
        ]
        if said is not None or task.known is None or task.known.billed != seen:
            version = said.version if said else "same"
            cause = f"payable {version} {_digest(seen)} {task.now.isoformat()}"
            marks.append(
                Mark(
                    billing.row_of(seen.payable),
                    seen.connection,
                    cause,
                    provider_time=row.serving_since,
                    traceparent=row.traceparent,
                )
            )
        marks += [
            Mark(key, seen.connection, f"waiver of {seen.payable} {digest} {task.now.isoformat()}")
            for key in siblings
        ]
        return marks


def document_row(connection: str, document: str) -> str:
    """Return the key of the row that converges a document."""
    return f"document/{connection}/{document}"


def _until(on: date | None, task: Task) -> timedelta | None:
    if on is None:
        return None
    return datetime.combine(on, time(), task.connection.hours.zone) - task.now


def _says_the_same(one: PayableChanged, other: PayableChanged) -> bool:
    return one.model_copy(update={"version": other.version, "at": other.at}) == other


def _digest(said: BaseModel) -> str:
    return hashlib.sha256(said.model_dump_json().encode()).hexdigest()[:16]
