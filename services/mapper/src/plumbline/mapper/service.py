"""The use cases: making the ledger's commands follow Procore's records, and making links."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from plumbline.common.clock import Clock
from plumbline.common.connections import ConfigurationError, ConnectionConfig, Connections
from plumbline.common.contracts.ledger import DesiredPayment, InvoiceState
from plumbline.common.contracts.procore import CONTRACT_PAYMENTS
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import Claimed
from plumbline.common.reconciling.verdicts import Done, Effect, Park, Verdict, Wait
from plumbline.mapper.domain.amounts import at_stake_cents
from plumbline.mapper.domain.errors import InvisibleInProcoreError, MappingError, UnknownProjectError
from plumbline.mapper.domain.links import Link
from plumbline.mapper.domain.publication import Occasion, Published, instead, news, voided
from plumbline.mapper.domain.sighting import Look, Sighting
from plumbline.mapper.domain.status_map import Becomes, StatusMap
from plumbline.mapper.domain.story import story
from plumbline.mapper.domain.target import Target
from plumbline.mapper.domain.translation import Facts, Translation, link_sources, translate
from plumbline.mapper.ports import Directory, Invoices, LinkBook, PartnerTime, Records
from plumbline.procore.models import ContractPayment, PaymentApplication


@dataclass(frozen=True, slots=True)
class Task:
    """One record in hand, with what is known of it from before."""

    row: Claimed
    target: Target
    connection: ConnectionConfig
    before: Sighting | None
    published: Published
    spent: PartnerTime
    now: datetime

    def sighting(self, look: Look, outcome: "Outcome", *, looks: int) -> Sighting:
        """Return what is to be remembered of this read."""
        return Sighting(
            key=self.row.key,
            connection=self.connection.name,
            content_hash=look.content_hash,
            seen_at=self.now,
            changed_at=look.changed_at,
            causes=self.row.causes,
            looks=looks,
            about=outcome.about,
            why=(outcome.problem.detail,) if outcome.problem else outcome.translation.why,
        )

    def occasion(self) -> Occasion:
        """Return what its commands tell besides their contents."""
        return Occasion(
            realm=self.connection.quickbooks.realm,
            connection=self.connection.name,
            source=self.row.key,
            provider_time=self.row.serving_since,
            partner_ms=self.spent.ms,
        )


NOTHING = Translation((), ())
"""QuickBooks need not change."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one read."""

    translation: Translation = NOTHING
    problem: MappingError | None = None
    at_stake_cents: int | None = None
    about: str | None = None
    marks: tuple[Mark, ...] = ()


class Mapper:
    """Makes the ledger's commands follow Procore's records."""

    def __init__(
        self,
        *,
        connections: Connections,
        status_map: StatusMap,
        invoices: Invoices,
        directory: Directory,
        records: Records,
        links: LinkBook,
        clock: Clock,
        pauses: Sequence[timedelta],
    ) -> None:
        """Work for these connections by this status map.

        Args:
            connections: which projects go where, by what policies.
            status_map: what a status becomes.
            invoices: Procore, read anew.
            directory: Procore's projects and contracts.
            records: what was seen and published.
            links: what stands for what in QuickBooks.
            clock: the time.
            pauses: the waits before a record is looked at again, one after the other.
        """
        self._connections = connections
        self._status_map = status_map
        self._invoices = invoices
        self._directory = directory
        self._records = records
        self._links = links
        self._clock = clock
        self._pauses = tuple(pauses)

    async def work(self, row: Claimed, spent: PartnerTime) -> Verdict:
        """Read one record from Procore and publish what QuickBooks should hold, if that is news.

        Raises:
            SuiteError: with the verdict of its class; nothing was stored.
        """
        task = await self._task(row, spent)
        if task.target.resource == CONTRACT_PAYMENTS:
            return await self._work_payment(task)
        return await self._work_invoice(task)

    async def tell(self, key: str) -> Mapping[str, Any] | None:
        """Tell the story of a record; None if it was never read."""
        sighting = await self._records.last_sighting(key)
        if sighting is None:
            return None
        versions = await self._records.versions(key)
        newest = {v.command.record: v.command.version for v in versions}
        return {"seen_at": sighting.seen_at, "published": newest, "story": story(sighting, versions)}

    async def _task(self, row: Claimed, spent: PartnerTime) -> Task:
        target = Target.of(row.key)
        connection = self._connections.of_project(target.company_id, target.project_id)
        if connection is None:
            raise UnknownProjectError(
                f"project {target.project_id} of company {target.company_id} belongs to no connection; "
                "add it to connections.yaml and restart, then resume"
            )
        before = await self._records.last_sighting(row.key)
        published = await self._records.published(row.key, realm=connection.quickbooks.realm)
        return Task(row, target, connection, before, published, spent, self._clock.now())

    async def _work_invoice(self, task: Task) -> Verdict:
        target = task.target
        invoice = await self._invoices.payment_application(
            task.connection.name, target.project, target.number
        )
        look = Look(task.before, task.row.causes, _hash(invoice), task.now)
        outcome = await self._outcome(task, invoice) if invoice else self._outcome_of_absence(task)
        return self._verdict(task, look, outcome)

    async def _work_payment(self, task: Task) -> Verdict:
        target = task.target
        payment = await self._invoices.contract_payment(task.connection.name, target.project, target.number)
        look = Look(task.before, task.row.causes, _hash(payment), task.now)
        if payment is None and not task.row.deletion_seen:
            return self._verdict(task, look, Outcome(problem=_invisible(task)))
        about = await self._invoice_paid(task, payment) if payment else None
        return self._verdict(task, look, self._passing_on(task, look, about))

    def _verdict(self, task: Task, look: Look, outcome: Outcome) -> Verdict:
        problem = outcome.problem
        pause = look.pause(self._pauses)
        if pause and (look.awaits_news or (problem and problem.may_cure_itself)):
            why = problem.detail if problem else "Procore shows nothing new since its last webhook"
            return Wait(pause, why, store=self._keeping(task, look, outcome, looks=look.looks + 1))
        if problem:
            looks = look.looks if problem.may_cure_itself else 0
            return Park(
                problem.code,
                problem.detail,
                amount_cents=outcome.at_stake_cents,
                resumes_on=problem.resumes_on,
                store=self._keeping(task, look, outcome, looks=looks),
            )
        # Rows of a fresh change order come late and no webhook tells of them; and what changed may be another
        # thing than what the hint told of, such as the sum of a neighbour's earlier billing.
        again = look.until_settled(self._pauses[-1])
        return Done(store=self._keeping(task, look, outcome, looks=0), again_after=again)

    async def _outcome(self, task: Task, invoice: PaymentApplication) -> Outcome:
        try:
            return Outcome(await self._translation(task, invoice))
        except MappingError as problem:
            return Outcome(problem=problem, at_stake_cents=at_stake_cents(invoice))

    def _outcome_of_absence(self, task: Task) -> Outcome:
        if task.row.deletion_seen:
            return Outcome(voided(task.published, "Procore told of its deletion and shows it no more"))
        return Outcome(problem=_invisible(task))

    async def _translation(self, task: Task, invoice: PaymentApplication) -> Translation:
        rule = self._status_map.rule_for(task.connection.statuses, invoice, on=task.now.date())
        match rule.becomes:
            case Becomes.NONE:
                return Translation((), (rule.told(),))
            case Becomes.VOID:
                return voided(task.published, rule.told())
            case state:
                translation = translate(await self._facts(task, invoice, InvoiceState(state)))
                translation = replace(translation, why=(rule.told(), *translation.why))
                return instead(translation, task.published)

    async def _facts(self, task: Task, invoice: PaymentApplication, state: InvoiceState) -> Facts:
        name, target = task.connection.name, task.target
        contract = await self._directory.prime_contract(name, target.project, invoice.contract.id)
        sources = link_sources(target.project_id, contract, invoice)
        return Facts(
            target=target,
            connection=task.connection,
            invoice=invoice,
            contract=contract,
            project=await self._directory.project(name, target.project),
            links=await self._links.links(name, sources),
            state=state,
            payments=await self._payments(task, invoice),
            settled_on=_settled_on(task),
        )

    async def _payments(self, task: Task, invoice: PaymentApplication) -> tuple[ContractPayment, ...]:
        if task.connection.statuses == "brief":
            return ()  # Its codes say themselves what is paid.
        found = await self._invoices.contract_payments(
            task.connection.name, task.target.project, invoice.contract.id
        )
        return tuple(found)

    async def _invoice_paid(self, task: Task, payment: ContractPayment) -> str | None:
        if payment.contract_id is None or payment.invoice_number is None:
            return None
        rows = await self._invoices.payment_applications(
            task.connection.name, task.target.project, payment.contract_id
        )
        mine = (task.target.application_key(r.id) for r in rows if r.invoice_number == payment.invoice_number)
        return next(mine, None)

    def _passing_on(self, task: Task, look: Look, about: str | None) -> Outcome:
        """Mark the invoice that a payment is about, and the one that it was about before."""
        before = task.before.about if task.before else None
        cause = f"payment {task.target.resource_id} {(look.content_hash or 'deleted')[:12]}"
        row = task.row
        marks = tuple(
            Mark(key, row.connection, cause, provider_time=row.serving_since, traceparent=row.traceparent)
            for key in dict.fromkeys((before, about))
            if key is not None
        )
        why = f"it concerns {about}" if about else "it concerns no owner invoice"
        return Outcome(Translation((), (why,)), about=about, marks=marks)

    def _keeping(self, task: Task, look: Look, outcome: Outcome, *, looks: int) -> Effect:
        return self._records.keeping(
            task.sighting(look, outcome, looks=looks),
            commands=news(outcome.translation, task.published, task.occasion()),
            marks=outcome.marks,
            traceparent=task.row.traceparent,
        )


class Linking:
    """Makes links, and lets go on what waited for them."""

    def __init__(self, *, connections: Connections, links: LinkBook) -> None:
        """Link within these connections only."""
        self._connections = connections
        self._links = links

    async def make(self, links: Sequence[Link]) -> Sequence[str]:
        """Keep links and return the keys of the records that go on because of them; safe to repeat.

        Raises:
            ConfigurationError: needs a person; a link names an unknown connection. None was kept.
        """
        for name in {link.connection for link in links}:
            if self._connections.get(name) is None:
                known = ", ".join(connection.name for connection in self._connections)
                raise ConfigurationError(f"there is no connection {name}; there are {known}")
        await self._links.make(links)
        return await self._links.wake(links)

    async def of(self, connection: str) -> Sequence[Link]:
        """Return every link of a connection."""
        return await self._links.all_links(connection)


def _hash(seen: BaseModel | None) -> str | None:
    return hashlib.sha256(seen.model_dump_json().encode()).hexdigest() if seen else None


def _invisible(task: Task) -> InvisibleInProcoreError:
    return InvisibleInProcoreError(
        f"Procore's webhook told of {task.row.key}, but Procore shows no such record to our account: either it "
        "was deleted and that event was lost, or the account lacks the permission; check it in Procore, then resume"
    )


def _settled_on(task: Task) -> date:
    """Return the day of payment that was published before, so that it never moves, else that of the change."""
    for command in task.published.values():
        if isinstance(command.desired, DesiredPayment):
            return command.desired.received_on
    return (task.row.serving_since or task.now).date()
