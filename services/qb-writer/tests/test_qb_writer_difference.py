"""Differences in words and money: amounts, lines, applications, and names that differ."""

from datetime import date

import pytest

from plumbline.qb_writer.domain.difference import LINES_TOLD, money_in, told

WORK, CHANGED = (100_000, "Work", "11", None), (100_050, "Work", "11", None)
ELSEWHERE = (100_000, "Work", "12", None)
TO_FIRST, TO_SECOND = ("Invoice", "7"), ("Invoice", "8")


@pytest.mark.parametrize(
    ("expected", "found", "off", "stake"),
    [
        (120_000, 125_000, 5_000, 5_000),
        (120_000, 115_000, -5_000, 5_000),
        ([WORK], [CHANGED], 0, 100_050),
        ([WORK, WORK], [WORK], 0, 100_000),
        ([WORK, CHANGED], [CHANGED, WORK], 0, 0),
        ({TO_FIRST: 500}, {TO_SECOND: 500}, 0, 500),
        ({TO_FIRST: 500}, {}, 0, 500),
        ({TO_FIRST: 500}, {TO_FIRST: 300, TO_SECOND: 100}, 0, 200),
        ([("7", True)], [("8", True)], 0, 0),
        ("58", "59", 0, None),
        (date(2026, 10, 31), date(2026, 12, 1), 0, None),
    ],
)
def test_money_is_told_apart_into_what_is_off_and_what_stands_elsewhere(
    expected: object, found: object, off: int, stake: int | None
) -> None:
    assert money_in(expected, found) == (off, stake)


@pytest.mark.parametrize(
    ("name", "expected", "found", "sentence"),
    [
        ("total", 120_000, 125_050, "its total is $1,250.50, and should be $1,200.00"),
        ("number", "P-1", None, "its number is empty, and should be “P-1”"),
        (
            "date",
            date(2026, 10, 31),
            date(2026, 12, 1),
            "its date is 2026-12-01, and should be 2026-10-31",
        ),
        (
            "lines",
            [WORK],
            [CHANGED],
            "of its lines, $1,000.50 (Work) is too much and $1,000.00 (Work) is missing",
        ),
        (
            "lines",
            [WORK],
            [ELSEWHERE],
            "of its lines, $1,000.00 (Work 12) is too much and $1,000.00 (Work 11) is missing",
        ),
        ("lines", [WORK], [WORK, CHANGED], "of its lines, $1,000.50 (Work) is too much"),
        ("lines", [WORK, CHANGED], [CHANGED, WORK], "its lines stand in another order"),
        (
            "applications",
            {TO_FIRST: 500},
            {TO_SECOND: 500},
            "it applies $0.00 instead of $5.00 to Invoice 7, $5.00 instead of $0.00 to Invoice 8",
        ),
    ],
)
def test_sentence_says_what_is_and_what_should_be(
    name: str, expected: object, found: object, sentence: str
) -> None:
    assert told(name, expected, found) == sentence


def test_whom_it_is_for_is_called_by_name_where_that_is_known() -> None:
    said = told("customer", "58", "59", called="Alamo")
    assert said == "its customer is “59” (Alamo), and should be “58”"


def test_many_lines_are_counted_and_not_recited() -> None:
    lost = [(number, f"Item {number}", "11", None) for number in range(1, LINES_TOLD + 41)]
    said = told("lines", lost, [])
    assert said.endswith("and 40 more is missing")
    assert said.count("Item") == LINES_TOLD
