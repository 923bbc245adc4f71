"""Erasing what was recognised of a paper that is destroyed, wherever it was copied to.

What stays are bare facts: its keyed hash and kind, when it came and where it belonged, which rules decided and how, at
which desks it was, and who destroyed it and why.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic_core import from_json, to_json

from plumbline.common.contracts.documents import Destroyed, PayableChanged, Requirement
from plumbline.common.database import Connection
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark
from plumbline.compliance.adapters.desks import ticket_from
from plumbline.compliance.adapters.documents import (
    DECISIONS,
    QUERIES,
    document_from,
    keep_step,
    living,
    older,
)
from plumbline.compliance.domain.document import IN_ORDER, Document, key_of, named_in
from plumbline.compliance.domain.papers import Licence
from plumbline.compliance.ports.documents import Step

GONE = "It spoke of a paper that was destroyed."
"""What a payable's story says instead of a sentence that may quote one."""

NUMBER_CHARS_MIN = 4
"""The shortest number of a licence that is looked for in other records; a shorter one would be found in anything."""


async def erase(
    database: Connection, connection: str, document: str, destroyed: Destroyed, *, at: datetime
) -> None:
    """Erase what was recognised of a paper and tell that it was destroyed, in the transaction that destroys it.

    A paper that was put by hand was never recognised, and nobody was told of it: then there is nothing to do.
    """
    row = await database.fetchrow(QUERIES["document"], connection, document)
    if row is None:
        return
    # The work row is locked from here on, so that no step of the paper comes in between.
    cause = f"destroyed {document} {row['version']}"
    await mark(database, [Mark(key_of(connection, document), connection, cause)], now=at)
    row = await database.fetchrow(QUERIES["document"], connection, document)
    assert row is not None  # rows of documents are never removed
    before = await document_from(database, row)
    after = before.erased(outlives=destroyed.retention_class is not None)
    live = await database.fetchrow(QUERIES["live_ticket"], connection, document)
    ticket = ticket_from(live, late_before=at) if live else None
    step = Step(
        before=before,
        after=after,
        at=at,
        withdraw=replace(ticket, sentence="The paper was destroyed.") if ticket else None,
        marks=await _concerned(database, before, cause),
        destroyed=destroyed,
    )
    await keep_step(database, step)
    await _erase_own(database, after, cause)
    await _erase_in_payables(database, before)
    await _erase_in_others(database, before)


async def _concerned(database: Connection, before: Document, cause: str) -> Sequence[Mark]:
    """Return marks for the papers to which it is news that this one counts no more."""
    if before.state not in IN_ORDER:
        return ()
    keys = {*await older(database, before)}
    if before.kind == "licence" and before.vendor_id is not None:
        keys.update(await living(database, connection=before.connection, vendor_id=before.vendor_id))
    return [Mark(key, before.connection, cause) for key in sorted(keys - {before.key})]


async def _erase_own(database: Connection, after: Document, cause: str) -> None:
    place = after.connection, after.document
    await database.execute(QUERIES["erase_document"], *place, after.source_record, after.outlived)
    await database.execute(QUERIES["erase_reviews"], *place)
    await database.execute(QUERIES["erase_tickets"], *place)
    await database.execute(QUERIES["erase_findings"], *place)
    await database.execute(QUERIES["erase_causes"], after.key, cause)
    for row in await database.fetch(QUERIES["decisions_of"], *place):
        bare = [one.model_copy(update={"sentence": ""}) for one in DECISIONS.validate_json(row["decisions"])]
        kept = DECISIONS.dump_json(tuple(bare)).decode()
        await database.execute(QUERIES["erase_decision"], *place, row["version"], kept)


async def _erase_in_payables(database: Connection, before: Document) -> None:
    """Erase the sentences that payables' stories have of it, from now back to the first."""
    named = named_in(before.known.fields) if before.known else None
    place = before.connection, before.vendor_id, before.payable, before.document
    for row in await database.fetch(QUERIES["payables_quoting"], *place):
        said = PayableChanged.model_validate_json(row["said"])
        requirements = tuple(_erased(one, before.document, said.payee, named) for one in said.requirements)
        if requirements != said.requirements:
            bare = said.model_copy(update={"requirements": requirements}).model_dump_json()
            await database.execute(QUERIES["erase_in_payable"], said.payable, row["said"], bare)
            await database.execute(QUERIES["erase_in_version"], said.payable, said.version, bare)


def _erased(one: Requirement, document: str, payee: str, named: str | None) -> Requirement:
    # Names on two papers are compared in one sentence, which belongs to neither.
    quotes_name = one.code == "names" and named is not None and named != payee and named in one.sentence
    is_about = one.document == document or quotes_name
    return one.model_copy(update={"sentence": GONE}) if is_about else one


async def _erase_in_others(database: Connection, before: Document) -> None:
    """Erase the number of a licence from what was decided of its vendor's other papers: they rest on it."""
    fields = before.known.fields if before.known else None
    number = fields.number.value if isinstance(fields, Licence) and fields.number else None
    if number is None or len(number) < NUMBER_CHARS_MIN:
        return
    connection, vendor = before.connection, before.vendor_id
    for row in await database.fetch(QUERIES["documents_quoting"], connection, vendor, _in_json(number)):
        bare = _without(row["decisions"], number)
        await database.execute(
            QUERIES["erase_in_document"], connection, row["document"], row["decisions"], bare
        )
    for row in await database.fetch(QUERIES["decisions_quoting"], connection, vendor, _in_json(number)):
        place = connection, row["document"], row["version"]
        said = _without(row["facts"], number), _without(row["decisions"], number)
        await database.execute(QUERIES["erase_in_decision"], *place, *said)
    await database.execute(QUERIES["erase_number_in_tickets"], connection, vendor, number)


def _without(said: str, number: str) -> str:
    """Return JSON without a number in its texts: in an amount, or a hash, the same digits are something else."""
    found = re.compile(rf"(?<!\w){re.escape(number)}(?!\w)")

    def bare(value: Any) -> Any:
        match value:
            case str():
                return found.sub("-", value)
            case list():
                return [bare(one) for one in value]
            case dict():
                return {name: bare(one) for name, one in value.items()}
            case _:
                return value

    return to_json(bare(from_json(said))).decode() if said else said


def _in_json(text: str) -> str:
    return to_json(text).decode()[1:-1]
