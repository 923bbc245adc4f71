"""The pieces of the compliance play: what it is judged by, a desk, and the papers that people hand in."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from pypdf import PdfReader
from rich.console import Console

from plumbline.common.contracts.documents import (
    DispatchAcknowledged,
    DispatchHeld,
    DispatchTicket,
    DocumentDecided,
    DocumentReceived,
    PayableChanged,
    Requirement,
)
from plumbline.common.contracts.topics import (
    DISPATCH_ACKNOWLEDGED,
    DISPATCH_HELD,
    DOCUMENTS_DECIDED,
    DOCUMENTS_RECEIVED,
    PAYABLES,
    dispatch_topic,
)
from plumbline.compliance.adapters.rule_files import read_book
from plumbline.compliance.domain.statutory import compare
from plumbline.stack.scenario.compliance_found import bills, due, held_by, kinds, needed, said, state, why
from plumbline.stack.scenario.handing_in import Paper, dollars, labelled, spoken, statutory
from plumbline.stack.scenario.observing import Desk, Seen, attended, once
from plumbline.stack.scenario.results import KafkaAccess, read_topic
from plumbline.stack.scenario.timeline import DisagreementError, Timeline, TimelineSummary, print_timeline

RULES = Path(__file__).parents[2] / "config" / "rules"
AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
PAYABLE = "payable/1/2/requisition/3"


def ticket(number: str, desk: str = "plumbing") -> DispatchTicket:
    return DispatchTicket(
        ticket=number,
        document="d" * 64,
        connection="buckeye-north",
        company_id="1",
        project_id="2",
        kind="licence",
        region="us-oh",
        trade="plumbing",
        desk=desk,
        file_name="licence.pdf",
        sentence="To the Ohio plumbing desk.",
        rule_set="r",
        at=AT,
    )


def payable(version: int, state: str) -> bytes:
    told = {
        "payable": PAYABLE,
        "connection": "lone-star-east",
        "version": version,
        "state": state,
        "payee": "Brazos Mechanical",
        "vendor_id": "5",
        "project_id": "2",
        "through_on": None,
        "amount_cents": 1,
        "retention_cents": 0,
        "sentence": "…",
        "at": AT,
    }
    return PayableChanged.model_validate(told).model_dump_json().encode()


def decided(version: int, state: str) -> bytes:
    told = {"document": "d", "connection": "c", "version": version, "kind": None, "state": state}
    message = DocumentDecided.model_validate({**told, "rule_set": "r", "inputs": "i", "at": AT})
    return message.model_dump_json().encode()


def told_of(summary: TimelineSummary) -> str:
    console = Console(file=io.StringIO(), width=160)
    print_timeline(console, summary, seconds=1)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_step_that_does_not_end_as_it_must_ends_the_play_and_is_told() -> None:
    line = Timeline()
    line.did("the bank", "says that the money has arrived")
    line.saw("the gate", "pays", expected="paid", found="paid")
    with pytest.raises(DisagreementError):
        line.saw("the gate", "sets the waiver free", expected="free", found="in escrow")
    summary = TimelineSummary("Play", line.steps, is_whole=False)
    assert not summary.agrees
    assert summary.problems == [
        "the gate: expected free, found in escrow",
        "the play was broken off",
    ]
    assert "in escrow" in told_of(summary)
    assert "not what must happen" in told_of(summary)


def test_play_agrees_when_it_is_whole_and_every_step_is_as_expected() -> None:
    line = Timeline()
    line.saw("the gate", "pays", expected="paid", found="paid")
    summary = TimelineSummary("Play", line.steps, is_whole=True)
    assert summary.agrees
    assert "All 1 checks agree" in told_of(summary)
    assert not TimelineSummary("Play", line.steps, is_whole=False).agrees


def test_play_in_which_nothing_is_judged_does_not_agree() -> None:
    line = Timeline()
    line.did("somebody", "does something")
    assert not TimelineSummary("Play", line.steps, is_whole=True).agrees


def test_newest_version_counts_in_whatever_order_it_is_read() -> None:
    seen = Seen()
    for version, word in ((1, "draft"), (3, "released"), (2, "held"), (3, "released"), (4, "paid")):
        seen.take(PAYABLES.name, payable(version, word))
    assert seen.payables[PAYABLE].state == "paid"
    assert seen.states[PAYABLE] == ["draft", "released", "paid"]
    for version, word in ((2, "validated"), (1, "received")):
        seen.take(DOCUMENTS_DECIDED.name, decided(version, word))
    assert seen.decided["d"].state == "validated"


def test_what_is_held_is_kept() -> None:
    told = {"document": "d", "connection": "c", "project_id": None, "kind": None, "code": "no-region"}
    message = DispatchHeld.model_validate({**told, "sentence": "…", "rule_set": "r", "at": AT})
    seen = Seen()
    seen.take(DISPATCH_HELD.name, message.model_dump_json().encode())
    assert seen.held == [message]


def test_paper_is_found_by_its_files_name_or_the_record_it_came_with() -> None:
    seen = Seen()
    told = {"document": "d", "connection": "c", "source": "procore", "file_name": "w9.pdf", "project_id": "2"}
    message = DocumentReceived.model_validate({**told, "source_record": "lien-waivers/8123/pdf", "at": AT})
    seen.take(DOCUMENTS_RECEIVED.name, message.model_dump_json().encode())
    seen.take(DOCUMENTS_DECIDED.name, decided(1, "held"))
    assert [seen.of("2", mark) is not None for mark in ("w9.pdf", "8123", "812")] == [True, True, False]
    assert seen.of("1", "w9.pdf") is None


def test_what_is_found_is_told_in_words_that_can_be_compared() -> None:
    said = [("TX-LW-07", "hold"), ("TX-LW-01", "pass"), ("TX-LW-08", "warn"), ("held-checks", "hold")]
    decisions = [{"rule": rule, "outcome": outcome, "sentence": f"{rule}!"} for rule, outcome in said]
    told = {"document": "d", "connection": "c", "version": 1, "kind": "w9", "state": "held"}
    paper = DocumentDecided.model_validate(
        {**told, "decisions": decisions, "rule_set": "r", "inputs": "i", "at": AT}
    )
    assert held_by(paper) == "held by TX-LW-07"
    assert held_by(None) == "nothing"
    assert why(paper, "TX-LW-07", "…") == "TX-LW-07!"
    assert kinds([paper, None]) == "w9, unknown: held by TX-LW-07, nothing"
    open_bill = {"Balance": 9000, "TotalAmt": "9000.00"}
    assert bills([open_bill]) == "one bill of $9,000.00, unpaid"
    assert bills([{**open_bill, "Balance": 0}]) == "one bill of $9,000.00, paid"
    assert bills([open_bill, open_bill]) == "2 bills"


def test_payable_is_told_with_what_is_not_there() -> None:
    told = PayableChanged.model_validate_json(payable(1, "held"))
    wrong = {"code": "lien-waiver", "policy": "block", "state": "wrong", "by_whom": "b", "sentence": "Wrong."}
    there = {**wrong, "code": "w9", "state": "met", "sentence": "There."}
    told = told.model_copy(
        update={"requirements": (Requirement.model_validate(wrong), Requirement.model_validate(there))}
    )
    assert said(told, "") == "… Wrong."
    assert (needed(told, "lien-waiver"), needed(told, "w9"), needed(told, "payroll")) == (
        "wrong",
        "met",
        "not asked for",
    )
    assert (state(None), due(None), said(None, "otherwise")) == ("not so", "nothing due", "otherwise")


async def test_what_does_not_come_is_none_in_the_end() -> None:
    found: list[int] = []
    assert await once(lambda: next(iter(found), None), within_s=0.1) is None
    found.append(0)
    assert await once(lambda: next(iter(found), None), within_s=0.1) == 0


def test_desk_takes_a_ticket_once_and_leaves_those_of_other_desks() -> None:
    desk = Desk("us-oh", "plumbing", "Mae")
    said = [desk.take(t.model_dump_json().encode()) for t in (ticket("1"), ticket("2", "hvac"), ticket("1"))]
    assert [one and (one.ticket, one.desk, one.by) for one in said] == [("1", "plumbing", "Mae"), None, None]
    assert [taken.ticket for taken in desk.tickets] == ["1"]


async def test_desk_acknowledges_what_is_sent_twice_once(mock_kafka: str) -> None:
    kafka, desk = KafkaAccess(bootstrap=mock_kafka), Desk("us-oh", "plumbing", "Mae")
    async with AIOKafkaProducer(bootstrap_servers=mock_kafka, enable_idempotence=False) as producer:
        for sent in (ticket("a"), ticket("a"), ticket("b")):
            await producer.send_and_wait(
                dispatch_topic("us-oh").name, sent.model_dump_json().encode(), key=b"2"
            )
    async with attended(kafka, [desk]):
        assert await once(lambda: len(desk.tickets) == 2 or None, within_s=10)
    values = await read_topic(kafka, DISPATCH_ACKNOWLEDGED)
    assert sorted(tickets_in(values)) == ["a", "b"]


def tickets_in(values: Sequence[bytes]) -> list[str]:
    return [DispatchAcknowledged.model_validate_json(value).ticket for value in values]


async def text_of(paper: Paper) -> str:
    pages = PdfReader(io.BytesIO(await paper.pdf())).pages
    return "\n".join(page.extract_text() for page in pages)


@pytest.mark.parametrize("letter", ["b", "c"])
async def test_statutory_form_is_handed_in_in_the_words_of_the_statute(letter: str) -> None:
    values = {
        "project": "Depot Lofts",
        "job_number": "TX01",
        "maker": "Lone Star Builders",
        "amount": dollars(900_000),
        "payee": "Brazos Mechanical",
        "owner": "Alamo Plaza Partners",
        "location": "Austin, Texas",
        "extent": "Ductwork",
        "contracted_with": "Lone Star Builders",
        "date": spoken(date(2026, 11, 30)),
        "company": "Brazos Mechanical",
        "signature": "Ana Ruiz",
        "title": "President",
    }
    paper = statutory("waiver.pdf", RULES / "forms" / f"tx-53-284-{letter}.yaml", values)
    book, _ = read_book(RULES)
    form = next(form for form in book.forms if form.id == f"tx-53-284-{letter}")
    assert compare(form, await text_of(paper)).changed_words == 0


async def test_labelled_sheet_says_what_it_is_told() -> None:
    values: dict[str, str | date] = {"License number": "PL.45678", "Expires": date(2027, 3, 31)}
    said = await text_of(labelled("a.pdf", "Contractor license", values, also=["Sworn to."]))
    assert said.split("\n") == [
        "Contractor license",
        "License number: PL.45678",
        "Expires: 2027-03-31",
        "Sworn to.",
    ]


def test_amounts_and_days_are_written_as_people_write_them() -> None:
    assert (dollars(4_815_007), spoken(date(2026, 11, 3))) == ("48,150.07", "November 3, 2026")
