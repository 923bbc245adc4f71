"""Attempts to have papers count wrongly, to lose them, or to keep the loop busy for nothing."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from papers_lab import CONNECTION, PAYABLE, PROJECT, VENDOR, Bench, arrival, bench

from plumbline.common.testing.database import rows, work_row
from plumbline.compliance.ports.safe import EscrowedDocumentError, UnrecognisedDocumentError
from plumbline.compliance.service.reviewing import Word

OTHER_PAYABLE = f"{PAYABLE}0"
OTHER_VENDOR = "502"


@pytest.fixture
async def lab(database_url: str, tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(database_url, tmp_path) as made:
        made.recogniser.teach("waiver", "tx-conditional-progress")
        made.recogniser.teach("licence", "licence-tx-hvac")
        made.procore.firms[OTHER_VENDOR] = made.procore.firms[VENDOR]
        yield made


async def say(lab: Bench, document: str, **said: Any) -> None:
    reviewing = lab.reviewing
    await reviewing.review(document, Word(by="Ana Ruiz", why="I read it", **said))


def values_of(lab: Bench, title: str) -> dict[str, Any]:
    """Return a taught paper's values, as a person types them."""
    fields = lab.recogniser.known[title].fields
    assert fields is not None
    return {
        name: read["value"] for name, read in fields.model_dump(mode="json").items() if isinstance(read, dict)
    }


async def payable_row(lab: Bench, payable: str, vendor_id: str = VENDOR) -> None:
    await rows(
        lab.pool,
        "INSERT INTO payables (payable, connection, project_id, vendor_id, commitment_id, state, amount_cents, is_lost, "
        "owes_waiver, billed, said) VALUES ($1, $2, $3, $4, '1', 'held', 1, false, false, '{}', '{}')",
        payable,
        CONNECTION,
        PROJECT,
        vendor_id,
    )


async def generation(lab: Bench, key: str) -> int:
    found = await rows(lab.pool, "SELECT generation FROM work WHERE key = $1", key)
    return int(found[0]["generation"]) if found else 0


async def test_papers_that_no_reader_takes_stay_what_a_person_said_and_rest(lab: Bench) -> None:
    licences = [await lab.take(f"refuse:encrypted {number}") for number in range(2)]
    await lab.settle()
    for place, one in enumerate(licences):
        said = values_of(lab, "licence") | {"authority": ["tdlr", "tsbpe"][place]}
        await say(lab, one.document, kind="licence", fields=said)
    await lab.settle()
    told = [await lab.states(one) for one in licences]
    reads = lab.reader.reads

    for one in licences:
        await say(lab, one.document, fields={"number": "TACL A012345C"})
    await lab.settle()
    await lab.settle()

    assert await lab.work() == 0
    assert lab.reader.reads == reads
    for one, before in zip(licences, told, strict=True):
        assert "needs_review" not in (await lab.states(one))[len(before) :]


async def test_a_decision_that_says_the_same_is_known_to_rest_on_the_payable_as_it_is_now(lab: Bench) -> None:
    waiver = await lab.take("waiver", payable=PAYABLE)
    await lab.settle()
    before = lab.payables.known[PAYABLE]
    assert before.payee is not None
    lab.payables.known[PAYABLE] = before.model_copy(update={"payee": f"{before.payee}."})
    await payable_row(lab, PAYABLE)
    seen = await generation(lab, PAYABLE)

    await say(lab, waiver.document, accepts=(), vendor_id=VENDOR)
    await lab.settle()

    (paper,) = await lab.documents.of_payable(PAYABLE)
    assert paper.state == "validated"
    assert paper.checked_against == lab.payables.known[PAYABLE]
    assert await generation(lab, PAYABLE) > seen


async def test_a_paper_that_moves_is_news_to_where_it_was_and_to_where_it_is(lab: Bench) -> None:
    lab.payables.known[OTHER_PAYABLE] = lab.payables.known[PAYABLE]
    await payable_row(lab, PAYABLE)
    await payable_row(lab, OTHER_PAYABLE, OTHER_VENDOR)
    waiver = await lab.take("waiver", payable=PAYABLE)
    await lab.settle()
    was, now = await generation(lab, PAYABLE), await generation(lab, OTHER_PAYABLE)

    await say(lab, waiver.document, payable=OTHER_PAYABLE, vendor_id=OTHER_VENDOR)

    assert await generation(lab, PAYABLE) > was
    assert await generation(lab, OTHER_PAYABLE) > now


async def test_a_paper_comes_back_when_the_one_that_took_its_place_is_anothers(lab: Bench) -> None:
    older = await lab.take("licence")
    lab.recogniser.teach("licence 2", "licence-tx-hvac")
    lab.clock.advance(timedelta(seconds=1))
    newer = await lab.take("licence 2")
    await lab.settle()
    assert (await lab.document(older)).state == "superseded"

    await say(lab, newer.document, vendor_id=OTHER_VENDOR)
    await lab.settle()

    assert (await lab.document(older)).state != "superseded"


async def test_a_paper_comes_back_when_the_one_that_took_its_place_is_of_another_kind(lab: Bench) -> None:
    older = await lab.take("licence")
    lab.recogniser.teach("licence 2", "licence-tx-hvac")
    lab.clock.advance(timedelta(seconds=1))
    newer = await lab.take("licence 2")
    await lab.settle()

    await say(lab, newer.document, fields={"trade": "plumbing"})
    await lab.settle()

    assert (await lab.document(older)).state != "superseded"


async def test_the_same_file_found_where_it_belongs_gets_its_place(lab: Bench) -> None:
    first = await lab.take("waiver", vendor_id=None, payable=None, project_id=None)
    await lab.settle()
    second = await lab.take("waiver", payable=PAYABLE, source_record="procore/4001/1001/requisitions/7001/1")
    await lab.settle()

    assert second.is_new is False
    document = await lab.document(first)
    assert (document.project_id, document.vendor_id, document.payable) == (PROJECT, VENDOR, PAYABLE)
    assert document.state == "validated"

    # What is known of its place stays: the same bytes for another firm's payment are that firm's mistake.
    await lab.intake.take(arrival("waiver", vendor_id=OTHER_VENDOR, payable=OTHER_PAYABLE, source_record="x"))
    await lab.settle()
    assert (await lab.document(first)).payable == PAYABLE
    assert (await work_row(lab.pool, document.key))["due_at"] is None


async def test_an_unconditional_waiver_is_read_by_nobody_before_its_money_has_arrived(lab: Bench) -> None:
    lab.recogniser.teach("unconditional", "tx-unconditional-progress")
    owed = lab.payables.known[PAYABLE]
    lab.payables.known[PAYABLE] = owed.model_copy(update={"is_settled": False})
    waiver = await lab.take("unconditional", payable=PAYABLE)
    await lab.work()
    # Not even while it was read and nobody could decide about it yet.
    await rows(lab.pool, "UPDATE documents SET kind = NULL, state = 'extracted'")
    with pytest.raises(EscrowedDocumentError):
        await lab.safe.get(CONNECTION, waiver.document, who="Ana Ruiz", why="to send it to the owner")
    await say(lab, waiver.document, vendor_id=VENDOR)
    await lab.settle()

    assert (await lab.document(waiver)).kind == "lien_waiver.unconditional_progress"
    with pytest.raises(EscrowedDocumentError):
        await lab.safe.get(CONNECTION, waiver.document, who="Ana Ruiz", why="to send it to the owner")

    await payable_row(lab, PAYABLE)
    settled = "INSERT INTO settlements VALUES ($1, 'ACH 1', '2026-11-05', 1, now())"
    await rows(lab.pool, settled, PAYABLE)
    assert await lab.safe.get(CONNECTION, waiver.document, who="Ana Ruiz", why="to file it")


async def test_paper_is_read_by_nobody_before_it_is_recognised(lab: Bench) -> None:
    lab.recogniser.teach("unconditional", "tx-unconditional-progress")
    waiver = await lab.take("unconditional", payable=PAYABLE)
    for state in ("received", "scanned"):
        await rows(lab.pool, "UPDATE documents SET state = $1", state)
        await lab.safe.scanned(CONNECTION, waiver.document, found=None, who="compliance")
        for why in ("to send it to the owner", "quarantine"):
            with pytest.raises(UnrecognisedDocumentError):
                await lab.safe.get(CONNECTION, waiver.document, who="Ana Ruiz", why=why)
    assert await rows(lab.pool, "SELECT 1 FROM safe_accesses WHERE who = 'Ana Ruiz'") == []
    await lab.settle()
    assert (await lab.document(waiver)).kind == "lien_waiver.unconditional_progress"


async def test_paper_in_a_persons_quarantine_is_recognised_when_a_person_lets_it_out(lab: Bench) -> None:
    paper = await lab.take("waiver", payable=PAYABLE)
    await lab.safe.quarantine(CONNECTION, paper.document, reason="looks forged", who="ana")
    await lab.settle()
    row = await lab.row(paper)
    assert ((await lab.document(paper)).state, row["announced_code"]) == ("scanned", "quarantined-document")
    assert "looks forged" in row["announced_reason"]
    await lab.safe.quarantine(CONNECTION, paper.document, reason=None, who="ana")
    await lab.settle()
    assert (await lab.document(paper)).state == "validated"
