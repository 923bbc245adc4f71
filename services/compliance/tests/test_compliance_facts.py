"""Facts: what may be said of a paper at all, and what a rule language cannot reckon."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from rules_lab import facts, rule_set

from plumbline.compliance.domain.learning import on_file
from plumbline.compliance.domain.names import similarity
from plumbline.compliance.domain.papers import W9, Payroll, Timesheet
from plumbline.compliance.domain.people import with_rates
from plumbline.compliance.domain.reading import Read
from plumbline.compliance.domain.tax_numbers import social_security_numbers, tax_number, whole_tax_numbers
from plumbline.compliance.domain.wages import earned_cents
from plumbline.compliance.domain.workweek import with_work_elsewhere


@pytest.mark.parametrize(
    ("text", "box", "form", "met", "known"),
    [
        ("12-3456789", "ein", "ein", True, True),
        ("123456789", "ein", "ein", True, True),
        ("07-1234567", "ein", "ein", True, False),
        ("12-345678", "ein", "malformed", False, True),
        ("12-34567890", "ein", "malformed", False, True),
        ("twelve", "ein", "malformed", False, True),
        ("", "ssn", "malformed", False, True),
        ("536-90-4399", "ssn", "ssn", True, True),
        ("000-12-3456", "ssn", "ssn", False, True),
        ("666-12-3456", "ssn", "ssn", False, True),
        ("536-00-4399", "ssn", "ssn", False, True),
        ("536-90-0000", "ssn", "ssn", False, True),
        ("078-05-1120", "ssn", "ssn", False, True),
        ("912-90-3456", "ssn", "itin", True, True),
        ("912-10-3456", "ssn", "ssn", False, True),
    ],
)
def test_a_tax_number_is_told_by_its_form(text: str, box: Any, form: str, *, met: bool, known: bool) -> None:
    number = tax_number(text, box=box)
    assert (number.form, number.issuer_rules_met, number.prefix_known) == (form, met, known)


def test_no_whole_tax_number_comes_out() -> None:
    told = tax_number("536-90-4399", box="ssn").model_dump_json()
    assert "4399" in told
    assert "536" not in told
    assert "90-4" not in told
    with pytest.raises(ValidationError):
        W9.model_validate({"last_four": {"value": "536904399", "confidence": 1}})


@pytest.mark.parametrize(
    ("text", "social_security", "whole"),
    [
        ("employee 536-90-4399, paid", 1, 1),
        ("536 90 4399 and 12-3456789", 1, 2),
        ("ends in 4399", 0, 0),
        ("permit 2026-90-43991", 0, 0),
        ("telephone 512-555-0143", 0, 0),
        ("order 1536-90-4399", 0, 0),
    ],
)
def test_whole_numbers_in_a_text_are_counted(text: str, social_security: int, whole: int) -> None:
    assert (social_security_numbers(text), whole_tax_numbers(text)) == (social_security, whole)


@pytest.mark.parametrize(
    ("one", "other", "are_alike"),
    [
        ("Lone Star Air LLC", "LONE STAR AIR, L.L.C.", True),
        ("Buckeye Pipe & Drain LLC", "Buckeye Pipe and Drain, LLC", True),
        ("Lone Star Air", "Lone Star Air LLC", True),
        ("Brazos Builders Incorporated", "Brazos Builders Inc.", True),
        ("Lone Star Air LLC", "Lone Star Air Inc.", False),
        ("Lone Star Air LLC", "Lone Star Plumbing LLC", False),
        ("", "Lone Star Air LLC", False),
        ("Ruiz Ana", "Ana Ruiz", True),
        ("Lone Star Air, LLC, a Texas limited liability company", "Lone Star Air LLC", True),
        ("Lone Star Air Limited Liability Company", "Lone Star Air Inc", False),
        ("Brown Plumbing Company, Inc.", "Brown Plumbing Co Inc", True),
        ("Brown Plumbing Company", "Brown Plumbing Inc", False),
    ],
)
def test_names_are_alike_or_not(one: str, other: str, *, are_alike: bool) -> None:
    assert (similarity(one, other) >= 0.9) is are_alike
    assert similarity(one, other) == similarity(other, one)


def test_each_printed_line_is_rounded_by_itself() -> None:
    """The trap: one rounding of the sum gives a cent less."""
    at_once = Decimal("46.5") * Decimal("42.15") + Decimal("6.5") * Decimal("42.15") / 2 + Decimal("855.60")
    assert at_once.quantize(Decimal("0.01"), ROUND_HALF_UP) == Decimal("2952.56")
    assert earned_cents(2790, 390, 4215, 855_60) == 2952_57


@given(
    total=st.integers(0, 10_080),
    over=st.integers(0, 5_000),
    base=st.integers(0, 50_000),
    fringe=st.integers(0, 10**6),
)
def test_wages_are_those_of_decimal_arithmetic(total: int, over: int, base: int, fringe: int) -> None:
    lines = (Decimal(total) * base / 60, Decimal(over) * base / 120)
    rounded = sum(int(line.quantize(Decimal(1), ROUND_HALF_UP)) for line in lines)
    assert earned_cents(total, over, base, fringe) == rounded + fringe


def test_journeyworkers_have_the_rate_of_the_wage_determination_and_apprentices_what_a_person_says() -> None:
    payroll = facts("payroll").fields
    assert isinstance(payroll, Payroll)
    assert payroll.workers
    line = payroll.workers[0].model_copy(update={"required_cents": None})
    apprentice = line.model_copy(update={"is_apprentice": Read[bool](value=True, confidence=1)})
    said = line.model_copy(update={"required_cents": 5000})
    other = line.model_copy(update={"classification": Read[str](value="Laborer", confidence=1)})
    lines = payroll.model_copy(update={"workers": (line, apprentice, said, other)})
    rated = with_rates(lines, {"SHEET METAL  WORKER": 6055}).workers
    assert [one.required_cents for one in rated or ()] == [6055, None, 5000, None]


def test_a_kind_that_nobody_knows_and_fields_of_another_kind_are_refused() -> None:
    plain = facts("w9").model_dump()
    with pytest.raises(ValidationError, match="unknown; known are"):
        type(facts("w9")).model_validate(plain | {"kind": "w8"})
    with pytest.raises(ValidationError):
        type(facts("w9")).model_validate(plain | {"kind": "permit"})


@pytest.mark.parametrize("state", ["Texas", "tx", ""])
def test_a_state_is_two_capital_letters_or_not_known(state: str) -> None:
    with pytest.raises(ValidationError, match="state"):
        facts("w9", project__state=state)


def test_facts_go_through_json_unchanged() -> None:
    before = facts("payroll")
    assert type(before).model_validate_json(before.model_dump_json()) == before


@pytest.mark.parametrize(
    ("read", "state"),
    [
        (Read[str](value="x", confidence=0.85), "given"),
        (Read[str](value="", confidence=0.85), "blank"),
        (Read[str](value=None, confidence=0.85), "blank"),
        (Read[str](value="x", confidence=0.84), "unknown"),
        (None, "unknown"),
    ],
)
def test_a_field_is_given_blank_or_unknown(read: Read[str] | None, state: str) -> None:
    change = read.model_dump() if read else None
    one = facts("tx-conditional-progress")
    paper = one.fields.model_copy(
        update={"signer_title": Read[str].model_validate(change) if change else None}
    )
    known = rule_set().fitting(one).learner.learn(one.model_copy(update={"fields": paper}), 0.85)
    found = (
        "unknown"
        if "waiver.signer_title" in known.unknown
        else ("given" if known.values["waiver.signer_title"] else "blank")
    )
    assert found == state


def test_of_several_licences_the_one_that_lasts_longest_is_on_file() -> None:
    licences = facts("permit").vendor.model_dump(mode="json")["licences"]
    later = licences[0] | {"number": "TACL/A/999999/C", "expires_on": "2028-05-31"}
    elsewhere = later | {"state": "OH", "expires_on": "2029-05-31"}
    found = on_file(facts("permit", vendor__licences=[*licences, later, elsewhere]))
    assert found is not None
    assert found.number == "TACL/A/999999/C"


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        ({}, True),
        ({"employee": "LEE  park"}, True),
        ({"identifier": ""}, True),
        ({"identifier": "E-2"}, False),
        ({"employee": "Somebody Else"}, False),
        ({"employee": ""}, False),
        ({"week_starts_on": date(2026, 11, 9)}, False),
    ],
)
def test_work_of_the_same_employee_and_week_counts_wherever_it_was_done(
    change: dict[str, Any], counts: bool
) -> None:
    sheet = facts("timesheet", fields__employee="Lee Park", fields__identifier="E-1").fields
    said = {"employee": "Lee Park", "identifier": "E-1"} | change
    other = facts("timesheet", **{f"fields__{name}": value for name, value in said.items()}).fields
    assert isinstance(sheet, Timesheet)
    assert isinstance(other, Timesheet)
    found = with_work_elsewhere(sheet, [other])
    assert (found.elsewhere_minutes, found.elsewhere_overtime_minutes) == ((2790, 390) if counts else (0, 0))
