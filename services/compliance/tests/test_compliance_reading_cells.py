"""What people see as one cell is read as one; where that cannot be told, a person looks."""

from collections.abc import Iterable

import pytest

from plumbline.compliance.domain.content import Page, PaperContent, Run, Structure
from plumbline.compliance.domain.recognising.sheet import Found, Sheet

LABELS = ("owner", "owner of property", "amount", "lender", "claimants signature", "signature", "payee")
COLUMNS = (60, 160, 300, 400)
LONG = "Cuyahoga General"
"""So long that no other word has room in a column of a hundred points."""

Row = tuple[float, dict[int, str]]


def sheet(rows: Iterable[Row], *, bold_labels: bool = True) -> Sheet:
    """A page of four columns; each row with its distance from the one above it."""
    y, runs = 740.0, []
    for gap, cells in rows:
        y -= gap
        for column, text in cells.items():
            runs.append(
                Run(
                    text=text,
                    page=1,
                    x=COLUMNS[column],
                    y=y,
                    points=11,
                    is_bold=bold_labels and column % 2 == 0,
                )
            )
    page = Page(number=1, text="", runs=tuple(runs))
    return Sheet.of(
        PaperContent(
            media_type="application/pdf", pages=(page,), structure=Structure(page_count=1), read_by="pypdf"
        ),
        LABELS,
    )


def one(rows: Iterable[Row], label: str) -> Found:
    [found] = sheet(rows).beside(label)
    return found


FOOT: Row = (30, {0: "Lender", 1: "First Bank of Akron", 2: "Payee", 3: "Erie Shore"})


def test_value_and_label_that_go_on_below_are_read_whole() -> None:
    rows: list[Row] = [
        (0, {0: "Owner of the", 1: LONG, 2: "Amount", 3: "$10.00"}),
        (14, {0: "property", 1: "Contracting LLC"}),
        FOOT,
    ]
    found = one(rows, "owner of property")
    assert (found.text, found.is_sure) == (f"{LONG} Contracting LLC", True)


def test_three_lines_of_a_cell_are_one() -> None:
    rows: list[Row] = [
        (0, {0: "Owner", 1: LONG, 2: "Amount", 3: "$10.00"}),
        (14, {1: "Contracting and"}),
        (14, {1: "Engineering LLC"}),
        FOOT,
    ]
    assert one(rows, "owner").text == f"{LONG} Contracting and Engineering LLC"


def test_end_of_a_label_is_not_taken_for_a_label_of_its_own() -> None:
    rows: list[Row] = [
        (0, {0: "Claimant's", 1: "/s/ Ana Ruiz", 2: "Amount", 3: "$10.00"}),
        (14, {0: "signature"}),
        FOOT,
    ]
    assert list(sheet(rows).beside("signature")) == []
    assert one(rows, "claimants signature").text == "/s/ Ana Ruiz"


@pytest.mark.parametrize(
    "below",
    [{1: "Contracting LLC"}, {1: "Contracting LLC", 3: "and no cents, zero"}],
    ids=["alone", "beside another"],
)
def test_where_rows_are_as_close_as_lines_a_value_that_may_go_on_is_not_sure(below: dict[int, str]) -> None:
    rows: list[Row] = [
        (0, {0: "Owner", 1: LONG, 2: "Amount", 3: "ten dollars flat"}),
        (14, below),
        (14, {0: "Lender", 1: "First Bank of Akron", 2: "Payee", 3: "Erie Shore"}),
    ]
    found = one(rows, "owner")
    assert (found.text, found.is_sure) == (LONG, False)


def test_where_rows_are_as_close_as_lines_the_end_of_a_label_says_nothing_surely() -> None:
    rows: list[Row] = [
        (0, {0: "Authorized", 1: "/s/ Ana Ruiz", 2: "Amount", 3: "$10.00"}),
        (14, {0: "signature"}),
        (14, {0: "Lender", 1: "First Bank of Akron", 2: "Payee", 3: "Erie Shore"}),
    ]
    assert [found.is_sure for found in sheet(rows).beside("signature")] == [False]


def test_row_below_is_its_own_where_its_word_had_room_or_it_has_a_label() -> None:
    short: list[Row] = [(0, {0: "Owner", 1: "Erie", 2: "Amount", 3: "$10.00"}), (14, {1: "LLC"}), FOOT]
    labelled: list[Row] = [
        (0, {0: "Owner", 1: LONG, 2: "Amount", 3: "$10.00"}),
        (14, {0: "Payee", 1: "Contracting LLC"}),
        (30, {0: "Lender", 1: "First Bank of Akron"}),
    ]
    assert (one(short, "owner").text, one(short, "owner").is_sure) == ("Erie", True)
    assert (one(labelled, "owner").text, one(labelled, "owner").is_sure) == (LONG, True)
    assert one(labelled, "payee").text == "Contracting LLC"


def test_value_that_nearly_fills_its_column_does_not_run_into_the_next_label() -> None:
    full = "Red River Construction Inc"
    rows: list[Row] = [
        (0, {0: "Lender", 1: "Erie", 2: "Payee", 3: "Caprock"}),
        (20, {0: "Owner", 1: full, 2: "Amount", 3: "$10.00"}),
    ]
    assert one(rows, "owner").text == full
    assert one(rows, "amount").text == "$10.00"
    # Without another row only the label's type tells where its column begins.
    assert one(rows[1:], "owner").text == full


def test_articles_of_a_label_count_for_nothing() -> None:
    rows: list[Row] = [
        (0, {0: "Owner of this property", 3: "$10.00"}),
        (20, {0: "The owner:", 1: "Erie Shore"}),
    ]
    assert one(rows, "owner").text == "Erie Shore"
    assert len(list(sheet(rows).beside("owner of property"))) == 1


def test_column_that_one_row_shows_is_a_column_in_the_next_row_too() -> None:
    rows: list[Row] = [
        (0, {0: "Lender", 1: "Erie", 2: "Payee", 3: "Caprock"}),
        (20, {0: "Owner", 1: "Red River Constructions Inc", 2: "Amount", 3: "$10.00"}),
    ]
    cells = sheet(rows, bold_labels=False).lines[1].cells
    assert [cell.text for cell in cells] == ["Owner", "Red River Constructions Inc", "Amount", "$10.00"]
