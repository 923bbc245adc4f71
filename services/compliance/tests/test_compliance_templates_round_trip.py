"""What we print and somebody fills in and signs is read as what it is, and our rules let it pass; what is subtly wrong they do not."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from corpus import decided
from corpus_cases import Case
from templates_lab import FIRM, FORMS, Desk, open_desk, sample

from plumbline.compliance.adapters.reading.content import read_content
from plumbline.compliance.domain.content import PaperContent
from plumbline.compliance.domain.decision import Decision, Outcome
from plumbline.compliance.domain.papers import DailyReport, LienWaiver, Payroll, Timesheet
from plumbline.compliance.domain.reading import Read
from plumbline.compliance.domain.recognised import Recognised
from plumbline.compliance.domain.recognising.recognition import recognise
from plumbline.compliance.domain.templates.daily_report import DailyReport as SiteReport
from plumbline.compliance.domain.templates.waiver import WaiverSheet

OHIO = range(4, 8)
SIGNED = {
    "date": "November 3, 2026",
    "signature": "/s/ Mae Olen",
    "signer_name": "Mae Olen",
    "title": "President",
}


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with open_desk() as opened:
        yield opened


def waiver(desk: Desk, number: int, **change: Any) -> PaperContent:
    return read_content(desk.printed("waiver", number, firm=FIRM, **(SIGNED | change)))


def read(content: PaperContent) -> Recognised:
    return recognise(content, FORMS.values())


def decisions(found: Recognised, **around: Any) -> tuple[Decision, ...]:
    case = Case("round trip", found.kind, "right", "typst", b"", "oh-conditional-progress", around)
    return decided(case, found)


def stopped(found: Recognised, **around: Any) -> set[str]:
    return {one.rule for one in decisions(found, **around) if one.outcome.blocks and not one.held}


def with_words(content: PaperContent, before: str, after: str) -> PaperContent:
    """Return a paper in which some words were changed, wherever its lines break."""
    first, *others = content.pages
    text, count = re.subn(r"\s+".join(map(re.escape, before.split())), after, first.text)
    assert count == 1
    return content.model_copy(update={"pages": (first.model_copy(update={"text": text}), *others)})


@pytest.mark.parametrize("number", OHIO)
def test_ohio_waiver_that_is_filled_and_signed_is_read_whole_and_passes(desk: Desk, number: int) -> None:
    sheet = sample("waiver", number)
    assert isinstance(sheet, WaiverSheet)
    found = read(waiver(desk, number))
    assert found.kind == sheet.form
    assert isinstance(found.fields, LienWaiver)
    said = {name: (one.value, one.confidence) for name, one in found.fields if isinstance(one, Read)}
    assert {name: value for name, (value, _) in said.items() if name in FILLED} == FILLED
    assert min(confidence for name, (_, confidence) in said.items() if name in FILLED) >= 0.9
    assert found.fields.wording is not None
    assert (found.fields.wording.form[:3], found.fields.wording.changed_words) == ("oh-", 0)
    told = decisions(found, payable__is_settled=True)
    assert [one.rule for one in told if one.outcome.blocks] == []
    assert [one.desk.region for one in told if one.desk] == ["us-oh"]


FILLED = {
    "payee": "Buckeye Pipe & Drain LLC",
    "maker": "Scioto Constructors Inc.",
    "owner": "Olentangy Holdings LLC",
    "location": "88 Long Street, Columbus, Franklin County, Ohio 43215",
    "extent": "Rough-in plumbing, levels 1 and 2",
    "amount_cents": 4815000,
    "signed": True,
    "signer_name": "Mae Olen",
    "signer_title": "President",
    "waives_before_payment": False,
    "waives_before_work": False,
    "waives_future_claims": False,
}


@pytest.mark.parametrize("number", OHIO)
@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"signature": ""}, "OH-LW-01"),
        ({"signer_name": "", "signature": ""}, "OH-LW-01"),
        ({"date": ""}, "OH-LW-01"),
        ({"company": ""}, "OH-LW-01"),
        ({"location": ""}, "OH-LW-01"),
    ],
)
def test_ohio_waiver_with_a_place_left_empty_is_held(
    desk: Desk, number: int, change: dict[str, str], rule: str
) -> None:
    assert rule in stopped(read(waiver(desk, number, **change)), payable__is_settled=True)


def test_ohio_waiver_of_another_amount_or_before_the_money_is_held(desk: Desk) -> None:
    for number in (4, 5, 6):
        assert "OH-LW-02" in stopped(
            read(waiver(desk, number, amount_cents=4815001)), payable__is_settled=True
        )
    for number in (5, 7):
        assert stopped(read(waiver(desk, number)), payable__is_settled=False) == {"OH-LW-04"}


WORDS = [
    (4, "has no effect until then", "has effect from now on", {"OH-LW-05"}),
    (4, "for what it furnished", "for all that it furnishes", {"OH-LW-05"}),
    (5, "and to whatever it furnishes after that day", "and nothing else", {"OH-LW-05"}),
    (5, "The claimant keeps its rights to retainage", "The claimant keeps no rights to retainage", {"OH-LW-05"}),
    (6, "Until that day it binds nobody.", "It binds whether or not the claimant has been paid.", {"OH-LW-03", "OH-LW-05"}),
    (7, "that its work gave it", "that its work gave it, and all future claims", {"OH-LW-03", "OH-LW-05"}),
]  # fmt: skip


@pytest.mark.parametrize(("number", "before", "after", "rules"), WORDS)
def test_our_ohio_form_with_other_words_goes_to_a_person(
    desk: Desk, number: int, before: str, after: str, rules: set[str]
) -> None:
    content = waiver(desk, number)
    assert stopped(read(content), payable__is_settled=True) == set()
    assert stopped(read(with_words(content, before, after)), payable__is_settled=True) == rules


def test_ohio_form_does_not_pass_for_a_texas_project(desk: Desk) -> None:
    around = {"project__state": "TX", "project__county": "Travis"}
    assert "TX-LW-02" in stopped(read(waiver(desk, 4)), **around)


SIGNER = {"role": "Signer of the statement of compliance", "name": "Ana Ruiz", "title": "Controller"}


@pytest.mark.parametrize(
    ("signatures", "says"),
    [
        ([SIGNER | {"signed_on": "2026-11-10"}], (True, "Controller", date(2026, 11, 10))),
        ([SIGNER], (False, "Controller", None)),
        ([], (False, None, None)),
    ],
    ids=["signed", "named but not signed", "nobody"],
)
def test_statement_of_compliance_of_ours_is_read_as_it_was_signed(
    desk: Desk, signatures: list[dict[str, str]], says: tuple[bool, str | None, date | None]
) -> None:
    found = read(read_content(desk.printed("wh347_data_sheet", signatures=signatures)))
    assert isinstance(found.fields, Payroll)
    signed = (found.fields.signed, found.fields.signer_title, found.fields.signed_on)
    assert tuple(one and one.value for one in signed) == says
    assert all(one is not None and one.confidence >= 0.9 for one in signed)
    case = Case("round trip", found.kind, "right", "typst", b"", "payroll", {})
    fired = {one.rule for one in decided(case, found) if one.outcome.blocks}
    assert ("WH-08" in fired) is not says[0]


def test_two_who_sign_a_statement_of_compliance_are_for_a_person(desk: Desk) -> None:
    both = [SIGNER | {"signed_on": "2026-11-10"}, SIGNER | {"name": "Lee Park", "signed_on": "2026-11-10"}]
    found = read(read_content(desk.printed("wh347_data_sheet", signatures=both)))
    assert isinstance(found.fields, Payroll)
    assert found.fields.signed is not None
    assert found.fields.signed.confidence < 0.85


@pytest.mark.parametrize("signed_on", [None, "2026-11-10"])
@pytest.mark.parametrize("name", ["", "Luis Ortega"])
def test_employee_of_our_timesheet_is_read_surely_whoever_signed(
    desk: Desk, signed_on: str | None, name: str
) -> None:
    signatures = [{"role": role, "name": name, "signed_on": signed_on} for role in ("Employee", "Supervisor")]
    found = read(read_content(desk.printed("timesheet", signatures=signatures)))
    assert isinstance(found.fields, Timesheet)
    assert found.fields.employee == Read(value="Luis Ortega", confidence=0.9)


@pytest.mark.parametrize(
    ("born_on", "says"),
    [
        (None, (False, None)),
        (date(2007, 11, 3), (True, date(2007, 11, 3))),  # nineteen on the week's second day
        (date(2007, 11, 2), (False, date(2007, 11, 2))),
    ],
)
def test_timesheet_of_ours_says_whether_the_employee_is_under_19(
    desk: Desk, born_on: date | None, says: tuple[bool, date | None]
) -> None:
    found = read(read_content(desk.printed("timesheet", born_on=born_on)))
    assert isinstance(found.fields, Timesheet)
    asked = (found.fields.is_under_19, found.fields.born_on)
    assert tuple(one and one.value for one in asked) == says
    case = Case("round trip", found.kind, "right", "typst", b"", "timesheet", {})
    birth = [one.outcome for one in decided(case, found) if one.rule == "TR-05"]
    assert birth == [Outcome.IN_ORDER] * says[0]


@pytest.mark.parametrize("look", [{}, {"firm": FIRM, "custom": {"foreman": "Luis Ortega"}}])
def test_daily_report_of_ours_is_filed_and_nobody_has_to_look(desk: Desk, look: dict[str, Any]) -> None:
    found = read(read_content(desk.printed("daily_report", **look)))
    sheet = sample("daily_report")
    assert isinstance(sheet, SiteReport)
    assert isinstance(found.fields, DailyReport)
    said = (found.fields.number, found.fields.reported_on, found.fields.written_by)
    assert tuple(one and one.value for one in said) == (str(sheet.number), sheet.made_on, sheet.written_by)
    case = Case("round trip", found.kind, "right", "typst", b"", "daily-report", {})
    assert {one.rule for one in decided(case, found) if one.outcome.blocks} == {"held-unchecked"}


def test_payroll_of_ours_lets_who_worked_elsewhere_be_paid_for_all_of_it(desk: Desk) -> None:
    found = read(read_content(desk.printed("wh347_data_sheet")))
    assert isinstance(found.fields, Payroll)
    assert found.fields.workers is not None
    earned = [
        (one.gross_cents and one.gross_cents.value, one.all_work_cents and one.all_work_cents.value)
        for one in found.fields.workers
    ]
    assert any(gross != every for gross, every in earned)
    case = Case("round trip", found.kind, "right", "typst", b"", "payroll", {})
    said = {one.rule: one.outcome for one in decided(case, found)}
    assert said["WH-05"] is Outcome.IN_ORDER
    assert "WH-10" not in said  # it is not the form, so it has no edition
