"""A document's loop: scan, read, recognise, decide, dispatch. Each step is stored before the next begins."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from plumbline.common.clock import Clock
from plumbline.common.connections import ConfigurationError, ConnectionConfig, Connections
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.verdicts import Done, Park, Verdict, Wait
from plumbline.compliance.domain.document import (
    AT_REST,
    IN_ORDER,
    PREFIX,
    Document,
    Known,
    expiry_of,
    subject_of,
)
from plumbline.compliance.domain.facts import DocumentFacts
from plumbline.compliance.domain.judging import Judgement, Ticket, judged, next_day, tags_of, ticket_of
from plumbline.compliance.domain.likeness import fingerprint
from plumbline.compliance.domain.on_file import State
from plumbline.compliance.domain.rules.deciding import decide
from plumbline.compliance.domain.rules.rule_set import RuleSet
from plumbline.compliance.ports.documents import Desks, Documents, RuleBooks, Step
from plumbline.compliance.ports.reading import Reader, Recognise, RefusedPaperError, Scanner
from plumbline.compliance.ports.safe import QUARANTINE, About, MalformedTaxNumberError, Safe
from plumbline.compliance.service.surroundings import Surroundings

SETTLED_AFTER = timedelta(seconds=10)
"""When a paper that came in order is looked at once more: another that takes its place may have come in order at the
same moment, and neither saw the other."""

INVISIBLE_AFTER = timedelta(minutes=15)
"""When a paper is looked at again whose project or vendor Procore did not show."""

RULES_PAUSE = timedelta(seconds=30)
"""How often a replica of older rules asks whether it may decide again."""

READING = "compliance"
"""Who reads papers to decide about them, in the safe's log."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the loop works with."""

    connections: Connections
    rule_set: RuleSet
    digest: str
    """Of the rules and of our own data files."""
    recognise: Recognise
    safe: Safe
    scanner: Scanner
    reader: Reader
    documents: Documents
    desks: Desks
    books: RuleBooks
    surroundings: Surroundings
    clock: Clock
    acknowledged_within: timedelta
    """How long a desk may take to acknowledge."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A new look at a document: what it comes to, and what that rests on."""

    after: Document
    facts: DocumentFacts | None
    judgement: Judgement
    is_partly_blind: bool = False
    """Whether Procore did not show its project or its vendor."""


class DocumentLoop:
    """Works documents, each as far as it goes."""

    def __init__(self, parts: Parts) -> None:
        """Work with these parts."""
        self._parts = parts

    async def work(self, claim: Claim) -> Verdict:
        """Bring one document as far as it goes now; every step is safe to repeat.

        Raises:
            SuiteError: with the verdict of its class; steps that were stored stay.
        """
        connection, document_id = claim.key.removeprefix(PREFIX).split("/", 1)
        document = await self._parts.documents.read(connection, document_id)
        if document is None:
            return Done()
        looks_again = claim.row.resumed_by_operator and document.state == "quarantined"
        if document.scanned_by is None or looks_again:
            scanned = await self._scanned(claim, document)
            if isinstance(scanned, Park):
                return scanned
            document = scanned
        if document.state == "quarantined" and document.problem:
            return Park(*document.problem)
        if document.state == "scanned":
            document = await self._recognised(claim, document)
        if await self._parts.books.digest() != self._parts.digest:
            return Wait(RULES_PAUSE, "papers are decided by other rules now; this replica awaits its restart")
        return await self._decided(claim, document)

    # ---- what is in the file

    async def _scanned(self, claim: Claim, document: Document) -> Document | Park:
        scan = await self._parts.scanner.scan(await self._content(document, QUARANTINE))
        place = document.connection, document.document
        await self._parts.safe.quarantine(*place, reason=scan.found, who=READING)
        if scan.found is None:
            return await self._keep(
                claim, document, document.after(state="scanned", scanned_by=scan.by, problem=None)
            )
        sentence = (
            f"{document.file_name} holds {scan.found}, says {scan.by}; it stays in quarantine. Ask its sender for a "
            "clean one; `plumbline resume` has this one scanned again."
        )
        after = document.after(state="quarantined", scanned_by=scan.by, problem=("infected", sentence))
        step = Step(
            before=document, after=after, at=self._parts.clock.now(), traceparent=claim.row.traceparent
        )
        live = await self._live(document)
        return Park("infected", sentence, store=self._parts.documents.keeping(replace(step, withdraw=live)))

    async def _recognised(self, claim: Claim, document: Document) -> Document:
        parts = self._parts
        try:
            content = await parts.reader.read(await self._content(document, "to read it"))
        except RefusedPaperError as refused:
            problem = (refused.reason, refused.detail)
            return await self._keep(claim, document, document.after(state="needs_review", problem=problem))
        # Milliseconds of pure reckoning, but of a paper that a stranger wrote.
        recognised = await asyncio.to_thread(parts.recognise, content, parts.rule_set.forms)
        if recognised.tax_number is not None:
            # A number that is none is kept nowhere; a rule says that it is malformed.
            with contextlib.suppress(MalformedTaxNumberError):
                await parts.safe.keep_tax_number(
                    document.connection,
                    document.document,
                    vendor=document.vendor_id or document.document,
                    number=recognised.tax_number.get_secret_value(),
                )
        recognised = recognised.model_copy(update={"tax_number": None})
        after = document.after(
            state="extracted", recognised=recognised, fingerprint=fingerprint(content.text)
        )
        twin = await parts.documents.near_duplicate(after)
        return await self._keep(claim, document, replace(after, near_duplicate_of=twin))

    async def _content(self, document: Document, why: str) -> bytes:
        return await self._parts.safe.get(document.connection, document.document, who=READING, why=why)

    async def _keep(self, claim: Claim, before: Document, after: Document) -> Document:
        step = Step(before=before, after=after, at=self._parts.clock.now(), traceparent=claim.row.traceparent)
        async with claim.transaction() as database:
            await self._parts.documents.keeping(step)(database)
        return after

    # ---- what comes of it

    async def _decided(self, claim: Claim, document: Document) -> Verdict:
        parts, now = self._parts, self._parts.clock.now()
        today = now.astimezone(self._config(document).hours.zone).date()
        live = await self._live(document)
        decided = await self._look(document, today=today, live=live)
        wanted = decided.judgement.desk if decided.after.state in IN_ORDER else None
        stays = live if live and live.desk == wanted else None
        issue = None
        if wanted and not stays:
            ready = document.after(**_told_by(decided.after, "dispatch_ready"))
            document = await self._keep_decision(claim, document, ready, decided)
            issue = await self._ticket(document, decided, replaces=live)
        state: State = _state_with(decided.after.state, stays or issue)
        after = document.after(**_told_by(decided.after, state))
        step = Step(
            before=document,
            after=after,
            at=now,
            facts=decided.facts,
            issue=issue,
            withdraw=live if live and not stays else None,
            why_held=decided.judgement.sentence,
            marks=await self._concerned(document, after),
            traceparent=claim.row.traceparent,
        )
        if after.kind and after.version != document.version and after.state != "withdrawn":
            await self._describe(after, decided.facts)
        again = self._again(after, decided, stays or issue, today=today, is_new=after.state != document.state)
        return Done(store=parts.documents.keeping(step), again_after=again)

    async def _look(self, document: Document, *, today: date, live: Ticket | None) -> Decided:
        """Decide anew, by everything that is known now."""
        if document.withdrawn_at is not None:
            gone = replace(document, state="withdrawn", problem=None, tags=(), held=None, superseded_by=None)
            return Decided(gone, None, Judgement("withdrawn"))
        known = document.known
        problem = self._problem(document, known, today)
        if known is None or problem is not None:
            kind = known.kind if known else None
            after = replace(
                document,
                state="needs_review",
                problem=problem,
                kind=kind,
                tags=(),
                held=None,
                checked_against=None,
            )
            return Decided(replace(after, decisions=()), None, Judgement("needs_review"))
        surroundings = self._parts.surroundings
        place, firm = await surroundings.place(document), await surroundings.firm(document)
        received_on = document.received_at.astimezone(self._config(document).hours.zone).date()
        facts = await surroundings.facts(
            document, known, place=place, firm=firm, today=today, received_on=received_on
        )
        decisions = decide(facts, self._parts.rule_set)
        judgement = judged(decisions)
        expires_on = expiry_of(known.fields)
        subject = subject_of(known.fields, payable=document.payable, project_id=document.project_id)
        after = replace(
            document,
            kind=known.kind,
            problem=None,
            decisions=decisions,
            rule_set=self._parts.rule_set.hash,
            inputs=facts.digest(),
            expires_on=expires_on,
            subject=subject,
            checked_against=facts.payable,
        )
        after = replace(after, superseded_by=await self._parts.documents.newer(after))
        state = _overtaken(after, judgement.state, today)
        if state in AT_REST:
            judgement = Judgement(state)
        is_late = live is not None and live.is_late and live.desk == judgement.desk
        tags = tags_of(judgement, expires_on=expires_on, today=today, is_late=is_late)
        blind = (document.project_id is not None and place is None) or (
            document.vendor_id is not None and firm is None
        )
        return Decided(replace(after, state=state, tags=tags, held=judgement.held), facts, judgement, blind)

    def _problem(self, document: Document, known: Known | None, today: date) -> tuple[str, str] | None:
        """Return why a person must say what a paper is; None if it is known surely enough."""
        if known is None:
            return document.problem or (
                "unknown-kind",
                f"Nothing tells what kind of paper {document.file_name} is; say it with `plumbline papers review`.",
            )
        minimum = self._parts.rule_set.minimum_confidence(today)
        if known.confidence < minimum:
            sentence = (
                f"{document.file_name} may be {known.kind} (confidence {known.confidence:.2f}, {minimum:.2f} is asked "
                "for); say what it is with `plumbline papers review`."
            )
            return "unsure-kind", sentence
        return None

    async def _keep_decision(
        self, claim: Claim, before: Document, after: Document, decided: Decided
    ) -> Document:
        step = Step(
            before=before,
            after=after,
            at=self._parts.clock.now(),
            facts=decided.facts,
            marks=await self._concerned(before, after),
            traceparent=claim.row.traceparent,
        )
        async with claim.transaction() as database:
            await self._parts.documents.keeping(step)(database)
        return after

    async def _ticket(self, document: Document, decided: Decided, *, replaces: Ticket | None) -> Ticket:
        desk = decided.judgement.desk
        assert desk is not None
        turn = await self._parts.desks.turn(document, document.rule_set, desk)
        return Ticket(
            ticket=ticket_of(document.document, document.rule_set, desk, turn=turn),
            desk=desk,
            sentence=decided.judgement.sentence,
            rule_set=document.rule_set,
            replaces=replaces.ticket if replaces else None,
        )

    async def _live(self, document: Document) -> Ticket | None:
        late_before = self._parts.clock.now() - self._parts.acknowledged_within
        return await self._parts.desks.live(document, late_before=late_before)

    async def _concerned(self, before: Document, after: Document) -> Sequence[Mark]:
        """Return marks for the papers to which it is news that this one counts now, or no more."""
        is_same = (before.kind, before.subject, before.expires_on) == (
            after.kind,
            after.subject,
            after.expires_on,
        )
        if (before.state in IN_ORDER) == (after.state in IN_ORDER) and is_same:
            return ()
        keys = {*await self._parts.documents.older(before), *await self._parts.documents.older(after)}
        if after.kind == "licence" and after.vendor_id is not None:
            keys.update(
                await self._parts.documents.living(connection=after.connection, vendor_id=after.vendor_id)
            )
        cause = f"paper {after.document} {after.version}"
        return [Mark(key, after.connection, cause) for key in sorted(keys - {after.key})]

    async def _describe(self, document: Document, facts: DocumentFacts | None) -> None:
        """Tell the safe what the paper is about, so that people find it there and it is kept long enough."""
        place = await self._parts.surroundings.place(document)
        await self._parts.safe.describe(
            document.connection,
            document.document,
            About(
                connection=document.connection,
                kind=document.kind or "unknown",
                company_id=document.company_id,
                project_id=document.project_id,
                project=f"{place.number} {place.name}".strip() if place else "",
                project_state=facts.project.state if facts else None,
                vendor=(facts.vendor.legal_name if facts else None) or document.vendor_id or "",
                period=f"{facts.received_on:%Y-%m}" if facts else "",
                file_name=document.file_name,
            ),
        )

    def _again(
        self, after: Document, decided: Decided, ticket: Ticket | None, *, today: date, is_new: bool
    ) -> timedelta | None:
        """Return when to look again without news: a day that changes something, or a desk that may be late."""
        now, zone = self._parts.clock.now(), self._config(after).hours.zone
        moments: list[datetime] = []
        if after.state in AT_REST:
            return None
        days = [next_day(after.expires_on, today)]
        if decided.facts and after.state in IN_ORDER:
            days += [next_day(one.expires_on, today) for one in decided.facts.vendor.licences]
        elif decided.facts:
            days.append(today + timedelta(days=1))
        moments += [datetime.combine(day, time(), zone) for day in days if day is not None]
        if ticket and not ticket.is_acknowledged and not ticket.is_late:
            moments.append(now + self._parts.acknowledged_within)
        if decided.is_partly_blind:
            moments.append(now + INVISIBLE_AFTER)
        if is_new and after.state in IN_ORDER and after.subject:
            moments.append(now + SETTLED_AFTER)
        earliest = min(moments, default=None)
        return None if earliest is None else max(earliest - now, timedelta(0))

    def _config(self, document: Document) -> ConnectionConfig:
        config = self._parts.connections.get(document.connection)
        if config is None:
            raise ConfigurationError(
                f"connection {document.connection} is not in connections.yaml; add it and restart, then resume"
            )
        return config


def _overtaken(document: Document, state: State, today: date) -> State:
    """Return the state, or that the paper's time is over."""
    if document.superseded_by is not None:
        return "superseded"
    return "expired" if document.expires_on is not None and document.expires_on < today else state


def _told_by(decided: Document, state: State) -> dict[str, Any]:
    """Return what a look changes about a document."""
    names = (
        "kind", "problem", "decisions", "rule_set", "inputs", "expires_on", "subject", "tags", "held",
        "superseded_by", "checked_against",
    )  # fmt: skip
    return {"state": state, **{name: getattr(decided, name) for name in names}}


def _state_with(state: State, ticket: Ticket | None) -> State:
    if state != "validated" or ticket is None:
        return state
    return "acknowledged" if ticket.is_acknowledged else "dispatched"
