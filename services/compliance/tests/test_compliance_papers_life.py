"""A paper's life on a real PostgreSQL: received, scanned, read, decided, at its desk; and what interrupts it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from papers_lab import CANARY, CONNECTION, PAYABLE, VENDOR, Bench, arrival, bench
from prometheus_client import REGISTRY

from plumbline.common.contracts.documents import DocumentDecided, DocumentReceived
from plumbline.common.database import transaction
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.verdicts import Verdict
from plumbline.common.testing.database import expire_leases, rows
from plumbline.common.testing.waiting import eventually
from plumbline.compliance.adapters.figures import PaperFigures
from plumbline.compliance.adapters.paper_book import PostgresPaperBook
from plumbline.compliance.domain.content import Structure
from plumbline.compliance.domain.decision import Desk, Outcome
from plumbline.compliance.domain.judging import ticket_of
from plumbline.compliance.ports.reading import RefusedPaperError
from plumbline.compliance.ports.safe import QuarantinedDocumentError
from plumbline.compliance.service.reviewing import Word

WAIVER, LICENCE = "waiver", "licence"


@pytest.fixture
async def lab(database_url: str, tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(database_url, tmp_path) as made:
        made.recogniser.teach(WAIVER, "tx-conditional-progress")
        made.recogniser.teach(LICENCE, "licence-tx-hvac")
        yield made


async def test_a_waiver_in_order_reaches_its_desk_once(lab: Bench) -> None:
    await lab.take(LICENCE)
    await lab.settle()
    waiver = await lab.take(WAIVER, payable=PAYABLE)
    await lab.settle()
    await lab.settle()

    assert await lab.states(waiver) == [
        "scanned", "extracted", "dispatch_ready", "dispatched",
    ]  # fmt: skip
    mine = [one for one in await lab.tickets() if one.document == waiver.document]
    assert [(one.trade, one.desk, one.withdrawn, one.replaces) for one in mine] == [
        ("hvac", "hvac", False, None)
    ]
    assert "TACL/A/012345/C" in mine[0].sentence
    (first, second) = [
        DocumentReceived.model_validate_json(one) for one in await lab.told("documents.received.v1")
    ]
    assert (first.file_name, second.payable) == ("licence.pdf", PAYABLE)
    assert (lab.scanner.scans, lab.reader.reads) == (2, 2)


async def test_a_waiver_waits_for_the_vendors_licence_and_goes_on_by_itself(lab: Bench) -> None:
    waiver = await lab.take(WAIVER, payable=PAYABLE)
    await lab.settle()
    assert (await lab.document(waiver)).state == "validated"
    assert await lab.held() == [(waiver.document, "licence")]

    await lab.take(LICENCE)
    await lab.settle()

    assert (await lab.document(waiver)).state == "dispatched"
    assert [code for document, code in await lab.held() if document == waiver.document] == ["licence"]


async def test_waiver_counts_for_its_own_payable_and_a_licence_for_all_of_its_vendor(lab: Bench) -> None:
    waiver = await lab.take(WAIVER, payable=PAYABLE)
    licence = await lab.take(LICENCE, payable=PAYABLE)
    await lab.settle()

    of_vendor = await lab.documents.of_vendor(CONNECTION, VENDOR)
    assert [one.document for one in of_vendor] == [licence.document]
    own = await lab.documents.of_payable(PAYABLE)
    assert {one.document for one in own} == {waiver.document, licence.document}


def test_an_errand_is_the_same_for_the_same_paper_rules_desk_and_turn_alone() -> None:
    desk = Desk(region="us-tx", trade="hvac", desk="hvac")
    first = ticket_of("5d" * 32, "ab" * 32, desk, turn=0)

    assert ticket_of("5d" * 32, "ab" * 32, desk.model_copy(), turn=0) == first
    others = {
        ticket_of("5e" * 32, "ab" * 32, desk, turn=0),
        ticket_of("5d" * 32, "ac" * 32, desk, turn=0),
        ticket_of("5d" * 32, "ab" * 32, desk.model_copy(update={"region": "us-oh"}), turn=0),
        ticket_of("5d" * 32, "ab" * 32, desk, turn=1),
    }
    assert len(others | {first}) == 5


async def test_the_same_bytes_are_one_paper(lab: Bench) -> None:
    first = await lab.take(WAIVER)
    repeated = await lab.take(WAIVER)
    elsewhere = await lab.take(WAIVER, source_record="uploads/1001/other.pdf")
    await lab.settle()

    assert (first.is_new, repeated.is_new, elsewhere.is_new) == (True, False, False)
    assert repeated.earlier == "uploads/1001/waiver.pdf"
    assert elsewhere.earlier == "uploads/1001/waiver.pdf"
    assert len(await lab.told("documents.received.v1")) == 1
    assert lab.scanner.scans == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "empty"), (b"x" * (25 * 1024 * 1024 + 1), "too-large")],
    ids=["empty", "large"],
)
async def test_a_file_of_no_use_is_refused_before_it_is_kept(lab: Bench, content: bytes, code: str) -> None:
    with pytest.raises(RefusedPaperError) as refused:
        await lab.intake.take(arrival("p", content=content))

    assert refused.value.reason == code
    assert await rows(lab.pool, "SELECT 1 FROM safe_papers") == []


async def test_nothing_passes_while_the_scanner_is_away(lab: Bench) -> None:
    lab.scanner.is_away = True
    waiver = await lab.take(WAIVER, payable=PAYABLE)
    await lab.work()
    row = await lab.row(waiver)
    assert (await lab.document(waiver)).state == "received"
    assert (row["attempt"], row["parked_at"]) == (0, None)
    assert "scanner" in row["waiting_for"]
    with pytest.raises(QuarantinedDocumentError):
        await lab.safe.get(CONNECTION, waiver.document, who="Ana Ruiz", why="to look at it")

    lab.scanner.is_away = False
    await lab.work(after=timedelta(seconds=6))

    assert (await lab.document(waiver)).state == "validated"


async def test_an_infected_paper_is_never_read_and_waits_for_a_person(lab: Bench) -> None:
    paper = await lab.take("a virus")
    await lab.settle()

    row = await lab.row(paper)
    assert (await lab.document(paper)).state == "quarantined"
    assert (row["announced_code"], row["parked_at"] is not None) == ("infected", True)
    assert lab.reader.reads == 0


async def test_a_paper_whose_scan_was_wrong_goes_on_when_a_person_resumes_it(lab: Bench) -> None:
    paper = await lab.take("a virus")
    await lab.settle()
    key = (await lab.document(paper)).key
    lab.scanner.finds = b"another"
    await rows(
        lab.pool,
        "UPDATE work SET parked_at = NULL, due_at = now() - interval '100 days', generation = generation + 1, "
        "causes = causes || 'operator 1'::text WHERE key = $1",
        key,
    )

    await lab.work()

    assert (await lab.document(paper)).state == "needs_review"
    assert await lab.states(paper) == ["quarantined", "scanned", "extracted", "needs_review"]


async def test_a_paper_that_no_reader_takes_is_for_a_person(lab: Bench) -> None:
    paper = await lab.take("refuse:encrypted")
    await lab.settle()

    document = await lab.document(paper)
    assert (document.state, document.problem and document.problem[0]) == ("needs_review", "encrypted")


@pytest.mark.parametrize(("confidence", "code"), [(0.5, "unsure-kind"), (None, "unknown-kind")])
async def test_a_kind_is_never_guessed(lab: Bench, confidence: float | None, code: str) -> None:
    if confidence is not None:
        lab.recogniser.teach("letter", "tx-conditional-progress", confidence=confidence)
    paper = await lab.take("letter", payable=PAYABLE)
    await lab.settle()

    document = await lab.document(paper)
    assert (document.state, document.problem and document.problem[0]) == ("needs_review", code)
    assert document.decisions == ()
    assert await lab.tickets() == []


async def test_a_paper_that_nothing_is_checked_in_is_filed_by_a_persons_word(lab: Bench) -> None:
    paper = await lab.take("a photograph")
    await lab.settle()
    word = Word(by="ana", why="the pump room, before it was closed", kind="other")
    await lab.reviewing.review(paper.document, word)
    await lab.settle()

    document = await lab.document(paper)
    assert (document.state, document.kind, document.held) == ("validated", "other", "office-only")
    assert document.problem is None
    assert await lab.reviewing.listed(state="needs_review", connection=None, held=None) == []


async def test_overtime_counts_over_all_projects_of_an_employee(lab: Bench) -> None:
    lab.recogniser.teach("there", "timesheet")
    lab.recogniser.teach("here", "timesheet", rate_cents=4216)
    there = await lab.take("there")
    await lab.settle()
    assert (await lab.document(there)).state == "validated"
    await rows(lab.pool, "UPDATE documents SET project_id = '1002' WHERE document = $1", there.document)

    here = await lab.take("here")
    await lab.settle()
    (decision,) = [one for one in (await lab.document(here)).decisions if one.rule == "TR-03"]
    assert decision.outcome is Outcome.HOLD
    assert decision.sentence == (
        "Overtime counts over all work of a workweek: 2790 minutes here and 2790 by timesheets of other projects, of "
        "which 2400 are none; overtime are 390 here and 390 there."
    )
    assert (await lab.document(there)).superseded_by is None


async def test_a_paper_in_order_goes_no_further_when_its_file_shows_something_else(lab: Bench) -> None:
    await lab.take(LICENCE)
    right = lab.recogniser.known[WAIVER]
    for title, inside in (
        ("with a script", Structure(has_javascript=True)),
        ("with other words in its XML", Structure(has_unread_xfa=True)),
    ):
        lab.recogniser.known[title] = right.model_copy(update={"file": inside})
    warned = await lab.take("with a script", payable=PAYABLE)
    await lab.settle()
    stopped = await lab.take("with other words in its XML", payable=PAYABLE)
    await lab.settle()

    assert ((await lab.document(warned)).state, (await lab.document(stopped)).state) == (
        "dispatched",
        "needs_review",
    )
    told = {one.rule: one.outcome for one in (await lab.document(warned)).decisions}
    assert told["DOC-05"] is Outcome.WARN
    asked = (await lab.document(stopped)).decisions
    assert [one.rule for one in asked if one.outcome is Outcome.REVIEW] == ["DOC-04"]


async def test_a_tax_number_goes_to_the_safe_and_nowhere_else(lab: Bench) -> None:
    lab.recogniser.teach("w9", "w9", tax_number=CANARY)
    w9 = await lab.take("w9", file_name=f"W-9 {CANARY}.pdf", source_record="uploads/1001/w9.pdf")
    await lab.settle()

    kept = await lab.safe.tax_number(CONNECTION, w9.document, who="a test", why="to compare")
    assert kept.get_secret_value() in {CANARY, CANARY.replace("-", "")}
    assert (await lab.document(w9)).file_name == "W-9 ***6789.pdf"
    for table in ("documents", "decisions", "outbox", "work", "findings", "reviews", "tickets"):
        found = await rows(
            lab.pool, f"SELECT * FROM {table} AS t WHERE t::text LIKE '%' || $1 || '%'", CANARY
        )
        assert found == [], table
        bare = await rows(lab.pool, f"SELECT 1 FROM {table} AS t WHERE t::text LIKE '%123456789%'")
        assert bare == [], table
    for topic in ("documents.received.v1", "documents.decided.v1"):
        assert not any(CANARY.encode() in value for value in await lab.told(topic))


async def test_a_safe_that_is_away_is_waited_for_and_nothing_is_lost(lab: Bench) -> None:
    waiver = await lab.take(WAIVER, payable=PAYABLE)
    lab.safe.is_away = True
    await lab.work()
    row = await lab.row(waiver)
    assert (row["attempt"], row["parked_at"]) == (0, None)

    lab.safe.is_away = False
    await lab.work(after=timedelta(seconds=6))

    assert (await lab.document(waiver)).state == "validated"


async def test_a_corrected_waiver_takes_the_place_of_the_wrong_one(lab: Bench) -> None:
    lab.recogniser.teach("wrong", "tx-conditional-progress", amount_cents=1)
    await lab.take(LICENCE)
    wrong = await lab.take("wrong", payable=PAYABLE)
    await lab.settle()
    assert (await lab.document(wrong)).state in {"held", "invalid"}

    right = await lab.take(WAIVER, payable=PAYABLE)
    await lab.settle()

    assert (await lab.document(right)).state == "dispatched"
    assert ((await lab.document(wrong)).state, (await lab.document(wrong)).superseded_by) == (
        "superseded",
        right.document,
    )


async def test_a_newer_paper_takes_the_ticket_of_the_older_back(lab: Bench) -> None:
    await lab.take(LICENCE)
    await lab.settle()
    older = await lab.take(WAIVER, payable=PAYABLE)
    await lab.settle()
    lab.recogniser.teach("newer", "tx-conditional-progress")
    newer = await lab.take("newer", payable=PAYABLE)
    await lab.settle()

    assert ((await lab.document(older)).state, (await lab.document(newer)).state) == (
        "superseded",
        "dispatched",
    )
    told = [(one.document, one.withdrawn) for one in await lab.tickets() if one.kind.startswith("lien")]
    assert told == [(older.document, False), (newer.document, False), (older.document, True)]


async def test_papers_that_come_in_order_at_one_moment_settle_which_one_counts(lab: Bench) -> None:
    lab.recogniser.teach("newer", "tx-conditional-progress")
    older = await lab.take(WAIVER, payable=PAYABLE)
    lab.clock.advance(timedelta(seconds=1))
    newer = await lab.take("newer", payable=PAYABLE)
    await lab.work()

    await lab.settle()

    assert ((await lab.document(older)).state, (await lab.document(newer)).state) == (
        "superseded",
        "validated",
    )


async def test_a_licence_is_told_of_before_it_ends_and_then_holds_what_rests_on_it(lab: Bench) -> None:
    licence = await lab.take(LICENCE)
    await lab.settle()
    waiver = await lab.take(WAIVER, payable=PAYABLE)
    await lab.settle()
    seen = []
    for _ in range(240):
        await lab.work(after=timedelta(days=1))
        tags = [tag for tag in (await lab.document(licence)).tags if tag.startswith("expires")]
        if tags and tags[0] not in seen:
            seen.append(tags[0])

    assert seen == ["expires-in-30-days", "expires-in-7-days", "expires-in-0-days"]
    assert (await lab.document(licence)).state == "expired"
    after = await lab.document(waiver)
    assert (after.held, after.state) == ("licence", "validated")
    mine = [one.withdrawn for one in await lab.tickets() if one.document == waiver.document]
    assert mine == [False, True]


async def test_a_desk_that_does_not_acknowledge_is_told_of(lab: Bench) -> None:
    await lab.take(LICENCE)
    await lab.settle()
    waiver = await lab.take(WAIVER, payable=PAYABLE)
    await lab.settle()
    assert "unacknowledged" not in (await lab.document(waiver)).tags

    await lab.work(after=timedelta(hours=24))

    assert "unacknowledged" in (await lab.document(waiver)).tags
    assert (await lab.states(waiver))[-1] == "dispatched"


async def test_a_fence_lost_before_the_end_leaves_no_ticket_behind(lab: Bench) -> None:
    await lab.take(LICENCE)
    await lab.settle()
    waiver = await lab.take(WAIVER, payable=PAYABLE)
    work = lab.loop().work

    async def overtaken(claim: Claim) -> Verdict:
        verdict = await work(claim)
        await rows(lab.pool, "UPDATE work SET fence = fence + 1 WHERE key = $1", claim.key)
        return verdict

    lab.clock.advance(timedelta(seconds=1))
    await lab.reconciler(handler=overtaken).work_off()
    assert [one for one in await lab.tickets() if one.document == waiver.document] == []
    await rows(lab.pool, "UPDATE work SET leased_until = NULL, leased_by = NULL")
    await lab.settle()

    mine = [one for one in await lab.tickets() if one.document == waiver.document]
    assert len(mine) == 1
    assert (await lab.document(waiver)).state == "dispatched"


@pytest.mark.parametrize("dies_at", range(1, 12))
async def test_killed_at_any_step_it_comes_to_the_same_end(lab: Bench, dies_at: int) -> None:
    await lab.take(LICENCE)
    await lab.settle()
    waiver = await lab.take(WAIVER, payable=PAYABLE)
    steps = 0

    class Killed(BaseException):
        pass

    def counted(method: str, target: object) -> None:
        real = getattr(target, method)

        async def dying(*args: object, **kwargs: object) -> object:
            nonlocal steps
            steps += 1
            if steps == dies_at:
                raise Killed
            return await real(*args, **kwargs)

        setattr(target, method, dying)

    loop = lab.loop()
    for method, target in (
        ("scan", lab.scanner),
        ("read", lab.reader),
        ("get", lab.safe),
        ("describe", lab.safe),
    ):
        counted(method, target)
    counted("_keep", loop)
    counted("_keep_decision", loop)
    counted("_ticket", loop)
    lab.clock.advance(timedelta(seconds=1))
    try:
        await lab.reconciler(handler=loop.work).work_off()
    except Killed:
        await expire_leases(lab.pool)
    steps = 1000
    await lab.settle()

    assert (await lab.document(waiver)).state == "dispatched"
    assert len([one for one in await lab.tickets() if one.document == waiver.document]) == 1
    assert (await lab.states(waiver)) == ["scanned", "extracted", "dispatch_ready", "dispatched"]


async def test_two_replicas_give_each_paper_one_ticket(lab: Bench) -> None:
    await lab.take(LICENCE)
    await lab.settle()
    papers = []
    for number in range(12):
        lab.recogniser.teach(f"waiver {number}", "tx-conditional-progress")
        lab.payables.known[f"{PAYABLE}{number}"] = lab.payables.known[PAYABLE]
        papers.append(await lab.take(f"waiver {number}", payable=f"{PAYABLE}{number}"))
    lab.clock.advance(timedelta(seconds=1))

    stop = asyncio.Event()
    running = [asyncio.create_task(lab.reconciler(f"compliance-{number}").run(stop)) for number in (1, 2)]
    at_desks = "SELECT 1 FROM documents WHERE state = 'dispatched' HAVING count(*) = 13"
    await eventually(lambda: rows(lab.pool, at_desks))
    stop.set()
    await asyncio.gather(*running)

    for paper in papers:
        assert await lab.states(paper) == ["scanned", "extracted", "dispatch_ready", "dispatched"]
    tickets = [one.ticket for one in await lab.tickets()]
    assert (len(tickets), len(set(tickets))) == (13, 13)


async def test_changed_rules_decide_again_and_an_older_replica_stands_back(lab: Bench) -> None:
    waiver = await lab.take(WAIVER, payable=PAYABLE)
    await lab.settle()
    old = lab.loop()
    assert await lab.begin() == 0

    lab.digest = "rules 2"
    assert await lab.begin() == 1
    lab.clock.advance(timedelta(seconds=1))
    await lab.reconciler(handler=old.work).work_off()
    assert "other rules" in (await lab.row(waiver))["waiting_for"]

    await lab.work(after=timedelta(seconds=31))
    assert (await lab.row(waiver))["waiting_for"] is None


ALIKE = " ".join(f"clause {one}{two}" for one in "abcdefgh" for two in "klmnop") + ", signed by {}"


async def test_a_near_duplicate_of_one_occasion_is_pointed_out_and_decides_nothing(lab: Bench) -> None:
    lab.recogniser.teach("retyped", "tx-conditional-progress")
    lab.recogniser.teach("next month", "tx-conditional-progress", amount_cents=77, through_on="2026-11-30")
    lab.recogniser.teach("another", "tx-conditional-progress")
    lab.reader.texts = {
        WAIVER: ALIKE.format("Ana Ortiz, president"),
        "retyped": ALIKE.format("Ana Ortiz, controller"),
        "next month": ALIKE.format("Ana Ortiz, president"),
        "another": "Quite another paper altogether, " * 12,
    }
    first = await lab.take(WAIVER, payable=PAYABLE)
    await lab.settle()
    retyped, later, other = [await lab.take(title) for title in ("retyped", "next month", "another")]
    await lab.settle()

    named = {one: (await lab.document(one)).near_duplicate_of for one in (first, retyped, later, other)}
    assert list(named.values()) == [None, first.document, None, None]
    said = [DocumentDecided.model_validate_json(one) for one in await lab.told("documents.decided.v1")]
    of_retyped = [one.near_duplicate_of for one in said if one.document == retyped.document]
    assert of_retyped[0] is None  # before it was read
    assert of_retyped[-1] == first.document
    rules = {
        document: [(one.rule, one.outcome) for one in (await lab.document(document)).decisions]
        for document in (retyped.document, other.document)
    }
    assert rules[retyped.document] == rules[other.document] != []


def shown(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


async def test_figures_show_what_there_is_and_zero_for_what_there_is_none_of(lab: Bench) -> None:
    figures = PaperFigures(
        lab.pool, connections=[CONNECTION, "ohio"], clock=lab.clock, acknowledged_within=timedelta(hours=24)
    )
    await lab.take(LICENCE)
    await lab.settle()
    await figures.look()

    assert shown("plumbline_papers", connection=CONNECTION, state="dispatched") == 1
    assert shown("plumbline_papers", connection=CONNECTION, state="quarantined") == 0
    assert shown("plumbline_papers", connection="ohio", state="dispatched") == 0
    assert shown("plumbline_tickets_unanswered", connection=CONNECTION) == 0

    lab.clock.advance(timedelta(hours=25))
    await figures.look()
    assert shown("plumbline_tickets_unanswered", connection=CONNECTION) == 1


async def test_papers_and_decisions_of_before_a_file_was_one_fact_are_read_on(lab: Bench) -> None:
    odd = 'No. 7\0 "has_hidden_text":false,"has_markup":false'  # a paper may say anything, and jsonb takes no NUL
    lab.recogniser.teach("odd", "tx-conditional-progress", payee=odd)
    waiver = await lab.take("odd", payable=PAYABLE)
    await lab.settle()
    kept = await lab.document(waiver)
    async with transaction(lab.pool) as database:
        for table, column in (("documents", "recognised"), ("decisions", "facts")):
            await database.execute(
                f"""UPDATE {table} SET {column} = regexp_replace({column}, '"file":\\{{[^}}]*\\}}',
                '"has_hidden_text":false,"has_markup":true')"""
            )
        migration = files("plumbline.compliance") / "sql" / "migrations" / "0070_file.sql"
        await database.execute(migration.read_text())

    older = await lab.document(waiver)
    [decided, *_] = await PostgresPaperBook(lab.pool).decisions(older)
    assert kept.recognised is not None
    file = Structure(has_markup=True)
    assert older.recognised == kept.recognised.model_copy(update={"file": file})
    assert decided.facts.file == file
    assert decided.facts.fields.model_dump()["payee"]["value"] == odd
