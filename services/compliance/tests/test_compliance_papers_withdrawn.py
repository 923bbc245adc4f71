"""Papers that Procore lists no more: they count no longer, their desks are told, and they come back."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from papers_lab import CONNECTION, PAYABLE, VENDOR, Bench, arrival, bench

from plumbline.common.contracts.documents import DocumentDecided
from plumbline.common.database import transaction
from plumbline.common.testing.database import rows
from plumbline.compliance.adapters.inbox import PostgresInbox
from plumbline.compliance.adapters.paper_book import PostgresPaperBook
from plumbline.compliance.ports.intake import Arrival, Receipt
from plumbline.compliance.service.story import story

WAIVER, LICENCE = "waiver", "licence"
SHELF, OTHER = "procore/4001/1001/requisitions/7001", "procore/4001/1001/commitments/500"
PLACE = "procore/4001/1001/lien-waivers/88"


@pytest.fixture
async def lab(database_url: str, tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(database_url, tmp_path) as made:
        made.recogniser.teach(WAIVER, "tx-conditional-progress")
        made.recogniser.teach("second", "tx-conditional-progress")
        made.recogniser.teach(LICENCE, "licence-tx-hvac")
        yield made


def listed(title: str, record: str = PLACE, **change: object) -> Arrival:
    return arrival(
        title, source="procore", source_record=record, fingerprint=title, payable=PAYABLE, **change
    )


async def seen(lab: Bench, *records: str, shelf: str = SHELF) -> None:
    """Let a shelf have been looked through, with these places on it and no others."""
    effect = PostgresInbox(lab.pool).shelving(CONNECTION, shelf, records, now=lab.clock.now())
    async with transaction(lab.pool) as database:
        await effect(database)


async def at_its_desk(lab: Bench) -> Receipt:
    await lab.take(LICENCE)
    await lab.settle()
    waiver = await lab.intake.take(listed(WAIVER))
    await seen(lab, PLACE)
    await lab.settle()
    assert (await lab.document(waiver)).state == "dispatched"
    return waiver


async def test_a_paper_that_is_listed_no_more_counts_no_more_and_its_desk_is_told(lab: Bench) -> None:
    waiver = await at_its_desk(lab)
    await seen(lab, PLACE)
    assert (await lab.document(waiver)).withdrawn_at is None

    gone_at = lab.clock.now()
    for _ in range(2):
        await seen(lab)
    await lab.settle()

    document = await lab.document(waiver)
    assert (document.state, document.withdrawn_at) == ("withdrawn", gone_at)
    (on_file,) = [one for one in await lab.documents.of_payable(PAYABLE) if one.document == waiver.document]
    assert on_file.withdrawn_at == gone_at
    assert [one.withdrawn for one in await lab.tickets() if one.document == waiver.document] == [False, True]
    told = DocumentDecided.model_validate_json((await lab.told("documents.decided.v1"))[-1])
    assert (told.document, told.state, told.withdrawn_at) == (waiver.document, "withdrawn", gone_at)
    assert (await lab.states(waiver)).count("withdrawn") == 1
    book = PostgresPaperBook(lab.pool)
    sentences = story(document, await book.decisions(document), await book.errands(document))
    assert any("Procore lists it no more" in one for one in sentences)


async def test_its_payable_is_due_at_once_for_the_paper_itself_may_have_to_wait(lab: Bench) -> None:
    await at_its_desk(lab)
    await seen(lab)
    due = await rows(
        lab.pool, "SELECT causes FROM work WHERE key = $1 AND due_at <= $2", PAYABLE, lab.clock.now()
    )
    assert [row["causes"][-1].partition(" ")[0] for row in due] == ["withdrawn"]


async def test_it_counts_again_once_it_is_listed_again(lab: Bench) -> None:
    waiver = await at_its_desk(lab)
    await seen(lab)
    await lab.settle()

    await lab.intake.take(listed(WAIVER))
    await seen(lab, PLACE)
    await lab.settle()

    document = await lab.document(waiver)
    assert (document.state, document.withdrawn_at) == ("dispatched", None)
    assert [one.withdrawn for one in await lab.tickets() if one.document == waiver.document] == [
        False, True, False,
    ]  # fmt: skip


async def test_the_paper_that_it_had_replaced_counts_again(lab: Bench) -> None:
    older = await at_its_desk(lab)
    lab.clock.advance(timedelta(hours=1))
    place = f"{PLACE}9"
    newer = await lab.intake.take(listed("second", place))
    await seen(lab, PLACE, place)
    await lab.settle()
    assert (await lab.document(older)).state == "superseded"

    await seen(lab, PLACE)
    await lab.settle()

    assert (await lab.document(newer)).state == "withdrawn"
    assert (await lab.document(older)).state == "dispatched"


async def test_what_stands_elsewhere_or_was_sent_another_way_is_not_withdrawn(lab: Bench) -> None:
    waiver = await at_its_desk(lab)
    elsewhere = "procore/4001/1001/compliance-documents/5/6"
    await lab.intake.take(listed(WAIVER, elsewhere))
    await seen(lab, elsewhere, shelf=OTHER)
    await seen(lab)
    await lab.settle()
    assert (await lab.document(waiver)).state == "dispatched"

    await seen(lab, shelf=OTHER)
    await lab.settle()
    assert (await lab.document(waiver)).state == "withdrawn"

    await lab.take(WAIVER)  # somebody uploads it
    await lab.settle()
    assert (await lab.document(waiver)).state == "dispatched"
    await seen(lab)
    await seen(lab, shelf=OTHER)
    assert (await lab.document(waiver)).withdrawn_at is None


async def test_two_papers_that_were_sent_under_one_name_are_two(lab: Bench) -> None:
    name = "uploads/1001/W-9.pdf"
    waiver = await at_its_desk(lab)
    first = await lab.take("second", source_record=name)
    await lab.take(WAIVER, source_record=name)
    await lab.take("third", source_record=name, vendor_id="901")
    assert (await lab.document(first)).withdrawn_at is None

    await seen(lab)
    assert (await lab.document(waiver)).withdrawn_at is None  # it was uploaded as well


async def test_what_takes_its_place_in_procore_withdraws_it_even_if_that_is_no_paper(lab: Bench) -> None:
    signed = await at_its_desk(lab)
    newer = await lab.intake.take(listed("second"))
    await lab.settle()
    assert (await lab.document(signed)).state == "withdrawn"
    assert (await lab.document(newer)).state == "dispatched"

    inbox, third = PostgresInbox(lab.pool), listed("third", vendor_id=VENDOR)
    await inbox.refuse(third, "not-given", "Procore does not give it.", now=lab.clock.now())
    await lab.settle()
    assert (await lab.document(newer)).state == "dispatched"  # nobody knows what the new one is

    await inbox.refuse(third, "too-large", "Send it in parts.", now=lab.clock.now())
    await lab.settle()
    assert (await lab.document(newer)).state == "withdrawn"


async def test_refused_files_that_are_gone_are_shown_no_more(lab: Bench) -> None:
    inbox = PostgresInbox(lab.pool)
    await inbox.refuse(
        listed("setup.exe"), "unknown-type", "It is of no type that is taken.", now=lab.clock.now()
    )
    await seen(lab, PLACE)
    assert await rows(lab.pool, "SELECT 1 FROM findings") != []
    await seen(lab)
    assert await rows(lab.pool, "SELECT 1 FROM findings") == []


async def test_a_look_at_one_shelf_says_nothing_of_another(lab: Bench) -> None:
    waiver = await at_its_desk(lab)
    await seen(lab, shelf=OTHER)
    assert (await lab.document(waiver)).withdrawn_at is None
    assert await PostgresInbox(lab.pool).missed(CONNECTION, SHELF, []) == [PLACE]
    assert await PostgresInbox(lab.pool).missed(CONNECTION, OTHER, []) == []
