"""What stays of a paper once it was destroyed: bare facts, in every table of the service."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from gate_lab import billed, terms
from papers_lab import CONNECTION, PAYABLE, VENDOR, Bench, bench

from plumbline.common.contracts.documents import Destroyed, DispatchTicket, DocumentDecided, PayableChanged
from plumbline.common.database import Connection, transaction
from plumbline.common.testing.database import rows
from plumbline.compliance.adapters.erasing import GONE
from plumbline.compliance.adapters.gate.payables import PostgresPayables
from plumbline.compliance.adapters.paper_book import PostgresPaperBook
from plumbline.compliance.domain.document import Review, key_of
from plumbline.compliance.domain.gate.findings import Case
from plumbline.compliance.domain.gate.judging import judge
from plumbline.compliance.domain.retention import Due
from plumbline.compliance.ports.book import Placed
from plumbline.compliance.ports.documents import Step
from plumbline.compliance.ports.gate import Kept
from plumbline.compliance.ports.intake import Receipt
from plumbline.compliance.service.reviewing import UnfitReviewError, Word

NAME, TITLE = "Zoltan Kanary", "Paper of Zoltan Kanary"
"""Stands in the paper, and in its file's name."""

NUMBER = "TACL/A/987654/C"
"""Of the licence that the paper is, or that it rests on."""


@dataclass(frozen=True)
class Canary:
    """A paper that says something which nothing else says."""

    base: str
    fields: dict[str, Any]
    said: tuple[str, ...]
    payable: str | None = None


CANARIES = {
    "waiver": Canary("tx-conditional-progress", {"payee": NAME}, (NAME,), PAYABLE),
    "w9": Canary("w9", {"name": NAME}, (NAME,)),
    "licence": Canary("licence-tx-hvac", {"number": NUMBER}, (NAME, NUMBER)),
}


@pytest.fixture
async def lab(database_url: str, tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(database_url, tmp_path) as made:
        made.recogniser.teach("other", "tx-conditional-progress")
        yield made


async def everywhere(lab: Bench, text: str) -> list[str]:
    """Return every table of the service that has a row with a text; what waits to be published was told already."""
    tables = await rows(
        lab.pool,
        "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema()",
    )
    assert {"documents", "decisions", "payable_versions", "safe_papers", "work"} < {
        one["name"] for one in tables
    }
    await rows(lab.pool, "DELETE FROM outbox")
    found = []
    for one in tables:
        query = f"SELECT 1 FROM {one['name']} AS t WHERE strpos(t::text, $1) > 0 LIMIT 1"
        found += [one["name"]] * len(await rows(lab.pool, query, text))
    return sorted(found)


async def judged(lab: Bench) -> PayableChanged:
    """Judge the payable of the vendor as the gate does, by the papers that are on file."""
    due = billed(connection=CONNECTION, vendor_id=VENDOR, payable=PAYABLE)
    papers = [*await lab.documents.of_vendor(CONNECTION, VENDOR), *await lab.documents.of_payable(PAYABLE)]
    judgement = judge(Case(billed=due, terms=terms(), papers=papers, today=lab.clock.now().date()))
    book = PostgresPayables(lab.pool)
    said = PayableChanged(
        payable=PAYABLE,
        connection=CONNECTION,
        version=len(await book.versions(PAYABLE)) + 1,
        payee=due.payee,
        vendor_id=VENDOR,
        project_id=due.project_id,
        amount_cents=due.amount_cents,
        retention_cents=0,
        through_on=due.through_on,
        state=judgement.state,
        requirements=judgement.requirements,
        sentence=judgement.sentence,
        at=lab.clock.now(),
    )
    kept = Kept(
        billed=due, said=said, is_news=True, owes_waiver=False, escrowed=(), frees=False, marks=(), at=said.at,
        traceparent=None,
    )  # fmt: skip
    async with transaction(lab.pool) as database:
        await book.keeping(kept)(database)
    return said


async def lived(lab: Bench, canary: Canary) -> Receipt:
    """Let a paper live: it is read, dispatched, judged by, and a person says something of it."""
    lab.recogniser.teach(TITLE, canary.base, **canary.fields)
    receipt = await lab.take(TITLE, payable=canary.payable)
    await lab.settle()
    document = await lab.document(receipt)
    assert document.known
    said = Review(at=lab.clock.now(), by="ana", why=f"{NAME} told me", kind=document.known.kind)
    await PostgresPaperBook(lab.pool).review(document, said, Placed())
    await lab.take("other", payable=PAYABLE)
    await lab.settle()
    await judged(lab)
    return receipt


async def destroyed(lab: Bench, receipt: Receipt) -> None:
    await lab.safe.destroy(CONNECTION, receipt.document, who="ana", why="sent by mistake")


async def test_number_of_a_destroyed_licence_is_erased_without_breaking_what_others_rest_on(
    lab: Bench,
) -> None:
    lab.recogniser.teach(TITLE, "licence-tx-hvac", number="1234")
    licence = await lab.take(TITLE)
    lab.recogniser.teach("dear", "tx-conditional-progress", amount_cents=12_345_600)
    waiver = await lab.take("dear", payable=PAYABLE)
    await lab.settle()
    await destroyed(lab, licence)
    await lab.settle()

    document, book = await lab.document(waiver), PostgresPaperBook(lab.pool)
    decided = await book.decisions(document)
    assert {one.facts.fields.model_dump()["amount_cents"]["value"] for one in decided} == {12_345_600}
    assert {one.rule_set for told in decided for one in told.decisions} == {decided[0].rule_set}
    facts = [one.facts.model_dump_json() for one in decided]
    assert not any('"number":"1234"' in one for one in facts)


@pytest.mark.parametrize("kind", CANARIES)
async def test_nothing_of_what_a_destroyed_paper_said_stands_in_any_table(lab: Bench, kind: str) -> None:
    canary = CANARIES[kind]
    receipt = await lived(lab, canary)
    for said in canary.said:
        assert "documents" in await everywhere(lab, said)
    if kind == "licence":
        assert "tickets" in await everywhere(lab, NUMBER)  # of the paper that rests on it
    await destroyed(lab, receipt)
    for said in canary.said:
        assert await everywhere(lab, said) == []
    await lab.settle()
    for said in canary.said:
        assert await everywhere(lab, said) == []


async def test_name_of_a_file_that_told_where_a_paper_belongs_goes_with_it(lab: Bench) -> None:
    lab.recogniser.teach(TITLE, "tx-conditional-progress")
    receipt = await lab.take(TITLE)
    await lab.take(TITLE, payable=PAYABLE)
    await destroyed(lab, receipt)
    assert await everywhere(lab, TITLE) == []


async def test_bare_facts_of_a_destroyed_paper_stay(lab: Bench) -> None:
    receipt = await lived(lab, CANARIES["waiver"])
    before = await lab.document(receipt)
    decided = await rows(lab.pool, "SELECT version FROM decisions WHERE document = $1", receipt.document)
    await destroyed(lab, receipt)
    after = await lab.document(receipt)
    assert (after.state, after.kind, after.received_at, after.payable, after.vendor_id, after.rule_set) == (
        "destroyed", before.kind, before.received_at, PAYABLE, VENDOR, before.rule_set,
    )  # fmt: skip
    kept = await rows(
        lab.pool, "SELECT version, decisions, inputs FROM decisions WHERE document = $1", receipt.document
    )
    assert len(kept) == len(decided) > 0
    assert all('"rule":"TX-LW-' in row["decisions"] and row["inputs"] for row in kept)
    [log] = await rows(lab.pool, "SELECT who, why FROM safe_accesses WHERE action = 'destroy'")
    assert dict(log) == {"who": "ana", "why": "sent by mistake"}


async def test_destruction_is_told_once_with_who_and_why_and_takes_the_paper_from_its_desk(
    lab: Bench,
) -> None:
    lab.recogniser.teach("licence", "licence-tx-hvac")
    lab.recogniser.teach(TITLE, "tx-conditional-progress")
    await lab.take("licence")
    await lab.settle()
    receipt = await lab.take(TITLE, payable=PAYABLE)
    await lab.settle()
    assert (await lab.document(receipt)).state == "dispatched"
    await rows(lab.pool, "DELETE FROM outbox")
    await destroyed(lab, receipt)
    await destroyed(lab, receipt)
    [said] = [DocumentDecided.model_validate_json(one) for one in await lab.told("documents.decided.v1")]
    assert said.destroyed is not None
    assert (said.state, said.decisions, said.kind) == ("destroyed", (), "lien_waiver.conditional_progress")
    assert (said.destroyed.by, said.destroyed.why, said.destroyed.retention_class) == (
        "ana", "sent by mistake", None,
    )  # fmt: skip
    [taken] = [DispatchTicket.model_validate_json(one) for one in await lab.told("dispatch.us-tx.v1")]
    assert (taken.withdrawn, taken.sentence, taken.file_name) == (True, "The paper was destroyed.", "")
    assert not any(TITLE.encode() in row["value"] for row in await rows(lab.pool, "SELECT value FROM outbox"))


async def test_step_that_was_begun_before_the_destruction_brings_nothing_back(lab: Bench) -> None:
    receipt = await lived(lab, CANARIES["waiver"])
    before = await lab.document(receipt)
    await destroyed(lab, receipt)
    late = Step(before=before, after=before.after(tags=("late",)), at=lab.clock.now())
    async with transaction(lab.pool) as database:
        await lab.documents.keeping(late)(database)
    assert await everywhere(lab, NAME) == []
    assert (await lab.document(receipt)).state == "destroyed"


async def test_destroyed_paper_is_reviewed_no_more(lab: Bench) -> None:
    receipt = await lived(lab, CANARIES["w9"])
    document = await lab.document(receipt)
    await destroyed(lab, receipt)
    reviewing = lab.reviewing
    with pytest.raises(UnfitReviewError, match="was destroyed"):
        await reviewing.review(receipt.document, Word(by="ana", why=NAME, kind="w9"))
    late = Review(at=lab.clock.now(), by="ana", why=NAME, kind="w9")  # looked at before it was destroyed
    await PostgresPaperBook(lab.pool).review(document, late, Placed())
    assert await everywhere(lab, NAME) == []
    assert await reviewing.replayed(receipt.document) == []
    _, _, story = await reviewing.told(receipt.document)
    assert any("It was destroyed" in one for one in story)


async def test_the_same_file_begins_anew_after_its_destruction(lab: Bench) -> None:
    receipt = await lived(lab, CANARIES["waiver"])
    await destroyed(lab, receipt)
    await lab.settle()
    version = (await lab.document(receipt)).version
    again = await lab.take(TITLE, payable=PAYABLE)
    assert (again.document, again.is_new) == (receipt.document, True)
    await lab.settle()
    document = await lab.document(receipt)
    assert (document.state, document.file_name) == ("held", f"{TITLE}.pdf")  # it names another payee
    assert document.version > version
    told = await rows(lab.pool, "SELECT headers FROM outbox WHERE topic = 'documents.received.v1'")
    assert len({tuple(row["headers"]) for row in told}) == len(told)


async def test_file_that_was_destroyed_at_a_wrong_place_begins_anew_at_the_right_one(lab: Bench) -> None:
    lab.recogniser.teach(TITLE, "tx-conditional-progress")
    receipt = await lab.take(TITLE, vendor_id="901", payable="payable/4001/1001/requisition/1")
    await lab.settle()
    await destroyed(lab, receipt)
    await lab.take(TITLE, payable=PAYABLE)
    await lab.settle()
    document = await lab.document(receipt)
    assert (document.vendor_id, document.payable, document.state) == (VENDOR, PAYABLE, "validated")


async def test_payable_needs_another_paper_after_one_was_destroyed(lab: Bench) -> None:
    receipt = await lived(lab, CANARIES["w9"])
    await destroyed(lab, receipt)
    versions = await PostgresPayables(lab.pool).versions(PAYABLE)
    told = {one.code: one for one in versions[-1].requirements}
    assert (told["w9"].document, told["w9"].sentence) == (receipt.document, GONE)
    anew = {one.code: one for one in (await judged(lab)).requirements}
    assert anew["w9"].state == "missing"
    [row] = await rows(lab.pool, "SELECT due_at FROM work WHERE key = $1", PAYABLE)
    assert row["due_at"] is not None  # and the gate looks at it by itself


@pytest.mark.parametrize(
    ("by_time", "fields", "gone", "outlived"),
    [
        (True, {}, False, True),
        (True, {"payee": NAME}, False, False),
        (True, {}, True, False),
        (False, {}, False, False),
    ],
)
async def test_only_a_paper_in_order_whose_time_is_over_speaks_for_what_was_paid(
    lab: Bench, by_time: bool, fields: dict[str, Any], gone: bool, outlived: bool
) -> None:
    lab.recogniser.teach(TITLE, "tx-conditional-progress", **fields)
    receipt = await lab.take(TITLE, payable=PAYABLE)
    await lab.settle()
    if gone:  # from Procore, and nobody has decided about it since
        await rows(lab.pool, "UPDATE documents SET withdrawn_at = now()")
    if by_time:
        due = Due(
            connection=CONNECTION, document=receipt.document, kind="w9", retention_class="x", because="x"
        )
        assert await lab.safe.destroy_due(due, still=_always)
        said = DocumentDecided.model_validate_json((await lab.told("documents.decided.v1"))[-1])
        assert said.destroyed == Destroyed(by="compliance", why="x", retention_class="x")
    else:
        await destroyed(lab, receipt)
    [paper] = await lab.documents.of_payable(PAYABLE)
    assert (paper.state, paper.outlived) == ("destroyed", outlived)


async def _always(_: Connection) -> bool:
    return True


async def test_destroying_and_working_on_a_paper_at_once_ends_in_its_destruction(lab: Bench) -> None:
    lab.recogniser.teach(TITLE, "tx-conditional-progress", payee=NAME)
    receipts = [await lab.take(TITLE, payable=PAYABLE)]
    await asyncio.gather(lab.work(), *(destroyed(lab, one) for one in receipts))
    await lab.work(after=timedelta(minutes=5))
    assert (await lab.document(receipts[0])).state == "destroyed"
    assert await everywhere(lab, NAME) == []
    [row] = await rows(
        lab.pool, "SELECT parked_at FROM work WHERE key = $1", key_of(CONNECTION, receipts[0].document)
    )
    assert row["parked_at"] is None
