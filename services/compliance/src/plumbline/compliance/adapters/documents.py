"""Documents, in PostgreSQL."""

import hashlib
import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import TypeAdapter
from typing_extensions import override

from plumbline.common.database import Connection, Pool, borrowed, load_queries
from plumbline.common.outbox import put
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark
from plumbline.common.reconciling.verdicts import Effect
from plumbline.compliance.adapters.gate.money import paper_marks
from plumbline.compliance.adapters.news import decided, held, ticket_given, ticket_withdrawn
from plumbline.compliance.domain.decision import Decision
from plumbline.compliance.domain.document import (
    AT_REST,
    IN_ORDER,
    Document,
    Review,
    key_of,
    named_in,
    sure,
)
from plumbline.compliance.domain.facts import Payable
from plumbline.compliance.domain.judging import blocking
from plumbline.compliance.domain.likeness import are_alike, is_same_occasion
from plumbline.compliance.domain.on_file import PaperOnFile
from plumbline.compliance.domain.papers import FIELDS, Licence, Payroll
from plumbline.compliance.domain.recognised import Recognised
from plumbline.compliance.ports.documents import Documents, Papers, Step

QUERIES = load_queries("plumbline.compliance")
"""The SQL of compliance."""

DECISIONS = TypeAdapter(tuple[Decision, ...])
"""Decisions as they are kept."""


class PostgresDocuments(Documents, Papers):
    """Keeps documents in the schema of compliance."""

    def __init__(self, pool: Pool) -> None:
        """Keep them through `pool`."""
        self._pool = pool

    @override
    async def read(self, connection: str, document: str) -> Document | None:
        async with borrowed(self._pool) as database:
            row = await database.fetchrow(QUERIES["document"], connection, document)
            return await document_from(database, row) if row else None

    @override
    async def in_order(self, connection: str, vendor_id: str, kind: str) -> Sequence[Document]:
        async with borrowed(self._pool) as database:
            rows = await database.fetch(
                QUERIES["of_kind_in_order"], connection, vendor_id, kind, list(IN_ORDER)
            )
            return [await document_from(database, row) for row in rows]

    @override
    async def newer(self, document: Document) -> str | None:
        async with borrowed(self._pool) as database:
            found: str | None = await database.fetchval(
                QUERIES["newer_in_order"], *_place(document), list(IN_ORDER)
            )
        return found

    @override
    async def near_duplicate(self, document: Document) -> str | None:
        recognised = document.recognised
        if recognised is None or recognised.fields is None:
            return None
        place = document.connection, document.document, document.vendor_id, recognised.kind
        async with borrowed(self._pool) as database:
            rows = await database.fetch(QUERIES["comparable"], *place)
        for row in rows:
            other = _recognised(row["recognised"])
            if other is None or other.fields is None or other.kind != recognised.kind:
                continue
            is_one_occasion = is_same_occasion(recognised.fields, other.fields)
            if is_one_occasion and are_alike(document.fingerprint, row["fingerprint"]):
                return str(row["document"])
        return None

    @override
    async def older(self, document: Document) -> Sequence[str]:
        async with borrowed(self._pool) as database:
            return await older(database, document)

    @override
    async def living(
        self, *, connection: str | None = None, project_id: str | None = None, vendor_id: str | None = None
    ) -> Sequence[str]:
        async with borrowed(self._pool) as database:
            return await living(database, connection=connection, project_id=project_id, vendor_id=vendor_id)

    @override
    def keeping(self, step: Step) -> Effect:
        return partial(keep_step, step=step)

    @override
    async def of_vendor(self, connection: str, vendor_id: str) -> Sequence[PaperOnFile]:
        async with borrowed(self._pool) as database:
            rows = await database.fetch(QUERIES["of_vendor"], connection, vendor_id)
            return [_on_file(await document_from(database, row)) for row in rows]

    @override
    async def of_payable(self, payable: str) -> Sequence[PaperOnFile]:
        async with borrowed(self._pool) as database:
            rows = await database.fetch(QUERIES["of_payable"], payable)
            return [_on_file(await document_from(database, row)) for row in rows]


async def living(
    database: Connection,
    *,
    connection: str | None = None,
    project_id: str | None = None,
    vendor_id: str | None = None,
) -> list[str]:
    """Return the keys of the documents that news around them may change."""
    rows = await database.fetch(QUERIES["living"], list(AT_REST), connection, project_id, vendor_id)
    return [key_of(row["connection"], row["document"]) for row in rows]


async def go_on(database: Connection, connection: str, document: str, *, at: datetime) -> None:
    """Make a paper due that may have waited for a person; one that was put by hand has no work to do."""
    if await database.fetchrow(QUERIES["document"], connection, document):
        cause = f"let out of quarantine {uuid.uuid4()}"
        await mark(database, [Mark(key_of(connection, document), connection, cause)], now=at)


async def document_from(database: Connection, row: Mapping[str, Any]) -> Document:
    """Return the document of a row, with what people said of it."""
    said = await database.fetch(QUERIES["reviews"], row["connection"], row["document"])
    names = (
        "connection", "document", "source", "source_record", "file_name", "received_at", "company_id", "project_id",
        "vendor_id", "payable", "state", "version", "scanned_by", "rule_set", "inputs", "kind", "subject", "held",
        "expires_on", "superseded_by", "withdrawn_at", "fingerprint", "near_duplicate_of",
        "outlived",
    )  # fmt: skip
    return Document(
        **{name: row[name] for name in names},
        recognised=_recognised(row["recognised"]),
        problem=(row["problem_code"], row["problem"]) if row["problem_code"] else None,
        reviews=tuple(Review.model_validate_json(one["review"]) for one in said),
        decisions=DECISIONS.validate_json(row["decisions"]),
        checked_against=Payable.model_validate_json(against) if (against := row["checked_against"]) else None,
        tags=tuple(row["tags"]),
    )


def _recognised(text: str | None) -> Recognised | None:
    if text is None:
        return None
    said = json.loads(text)
    kind, fields = said["kind"], said.pop("fields")
    if kind is not None and fields is not None:
        said["fields"] = FIELDS[kind].model_validate(fields)
    return Recognised.model_validate(said)


def _place(document: Document) -> tuple[object, ...]:
    return (
        document.connection,
        document.document,
        document.kind,
        document.vendor_id,
        document.subject,
        document.received_at,
    )


def _state_of(payable: Payable | None) -> str:
    """Return what tells one state of a payable from another."""
    return hashlib.sha256(payable.model_dump_json().encode()).hexdigest()[:16] if payable else "none"


async def _marks(database: Connection, step: Step) -> Sequence[Mark]:
    """Return marks for all that the step is news to: other papers, payables, and the paper's own end."""
    after = step.after
    is_checked_anew = after.checked_against != step.before.checked_against
    if after.version == step.before.version and not is_checked_anew:
        return step.marks
    cause = f"paper {after.document} {after.version} {_state_of(after.checked_against)}"
    concerned = await place_marks(database, after, cause, kinds={step.before.kind, after.kind})
    return [*step.marks, *concerned]


async def place_marks(
    database: Connection, document: Document, cause: str, *, kinds: Collection[str | None]
) -> Sequence[Mark]:
    """Return marks for the payables that a paper speaks for: all of its firm's, but a waiver's own alone."""
    is_of_firm = any(kind and not kind.startswith("lien_waiver.") for kind in kinds)
    return await paper_marks(
        database,
        connection=document.connection,
        document=document.document,
        cause=cause,
        vendor_id=document.vendor_id if is_of_firm else None,
        payable=document.payable,
    )


async def older(database: Connection, document: Document) -> Sequence[str]:
    """Return the keys of the papers of a paper's kind, vendor and subject that came before it."""
    rows = await database.fetch(QUERIES["older"], *_place(document))
    return [key_of(row["connection"], row["document"]) for row in rows]


async def keep_step(database: Connection, step: Step) -> None:
    """Store a step, and tell of it."""
    # Marks first: every transaction locks work rows before it stores anything else.
    await mark(database, await _marks(database, step), now=step.at)
    if not await _keep_document(database, step):
        return  # it was destroyed since the look, and nothing comes back of it
    if step.withdraw:
        await database.execute(QUERIES["withdraw"], step.withdraw.ticket, step.at)
    if step.issue:
        await _issue(database, step)
    await put(database, _news(step))


async def _keep_document(database: Connection, step: Step) -> bool:
    """Store it and say so, unless somebody else has brought it to another version meanwhile."""
    after = step.after
    code, sentence = after.problem or (None, None)
    decisions = DECISIONS.dump_json(after.decisions).decode()
    kept = await database.fetchval(
        QUERIES["keep_document"],
        after.connection,
        after.document,
        after.state,
        after.version,
        after.scanned_by,
        after.recognised.model_dump_json() if after.recognised else None,
        code,
        sentence,
        decisions,
        after.rule_set,
        after.inputs,
        after.kind,
        after.subject,
        list(after.tags),
        after.held,
        after.expires_on,
        after.superseded_by,
        step.at,
        after.checked_against.model_dump_json() if after.checked_against else None,
        after.fingerprint,
        after.near_duplicate_of,
        step.before.version,
    )
    if kept is None:
        return False
    if step.facts is not None and after.version != step.before.version:
        await database.execute(
            QUERIES["keep_decision"],
            after.connection,
            after.document,
            after.version,
            step.at,
            after.state,
            after.rule_set,
            after.inputs,
            step.facts.model_dump_json(),
            decisions,
        )
    return True


async def _issue(database: Connection, step: Step) -> None:
    ticket, after = step.issue, step.after
    assert ticket is not None
    await database.execute(
        QUERIES["issue"],
        ticket.ticket,
        after.connection,
        after.document,
        ticket.desk.region,
        ticket.desk.trade,
        ticket.desk.desk,
        ticket.sentence,
        ticket.rule_set,
        ticket.replaces,
        step.at,
    )


def _news(step: Step) -> list[Any]:
    """Return what is told of a step: first what the paper is now, then what desks have to do."""
    after = step.after
    messages = []
    if after.version != step.before.version:
        messages.append(decided(step))
    if step.withdraw and (step.issue is None or step.issue.desk != step.withdraw.desk):
        messages.append(ticket_withdrawn(step, step.withdraw))
    if step.issue:
        messages.append(ticket_given(step, step.issue))
    if after.held is not None and after.held != step.before.held:
        messages.append(held(step, after.held))
    return messages


def _on_file(document: Document) -> PaperOnFile:
    fields = document.known.fields if document.known else None
    licence = fields if isinstance(fields, Licence) else Licence()
    payroll = fields if isinstance(fields, Payroll) else Payroll()
    return PaperOnFile(
        document=document.document,
        kind=document.kind,
        state=document.state,
        file_name=document.file_name,
        received_at=document.received_at,
        vendor_id=document.vendor_id,
        project_id=document.project_id,
        payable=document.payable,
        expires_on=document.expires_on,
        withdrawn_at=document.withdrawn_at,
        blocking=blocking(document.decisions),
        named=named_in(fields) if fields else None,
        authority=sure(licence.authority),
        trade=sure(licence.trade),
        week_ends_on=sure(payroll.week_ends_on),
        checked_against=document.checked_against,
        outlived=document.outlived,
    )
