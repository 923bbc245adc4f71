"""The money of owner invoices: to the cent, whatever the schedule of values."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.mapper.domain.amounts import at_stake_cents, billed_lines, cents, dollars
from plumbline.mapper.domain.errors import FractionOfCentError, LinesDoNotAddUpError
from plumbline.mapper.testing import application, payment_due, schedule_row

AMOUNTS = st.decimals(min_value=-9_999_999, max_value=9_999_999, places=2).map(str)
HELD = st.decimals(min_value=0, max_value=999_999, places=2).map(str)
ROWS = st.builds(
    schedule_row,
    AMOUNTS,
    stored=AMOUNTS,
    retained=HELD,
    stored_retained=HELD,
    released=HELD,
    stored_released=HELD,
    code=st.sampled_from(["01-100", "03-300", None]),
    source=st.sampled_from(["contract", "change_order"]),
)


@given(rows=st.lists(ROWS, min_size=1, max_size=12), retainage=st.sampled_from(["line", "net"]))
def test_lines_add_up_to_the_payment_due_to_the_cent(rows: list[dict[str, Any]], retainage: Any) -> None:
    lines = billed_lines(application(*rows), retainage=retainage)

    assert Decimal(sum(line.amount_cents for line in lines)) / 100 == payment_due(rows)
    assert all(line.amount_cents for line in lines)


@given(rows=st.lists(ROWS, min_size=1, max_size=12))
def test_gross_and_net_retainage_ask_for_the_same_money(rows: list[dict[str, Any]]) -> None:
    gross = billed_lines(application(*rows), retainage="line")
    net = billed_lines(application(*rows), retainage="net")

    assert sum(line.amount_cents for line in gross) == sum(line.amount_cents for line in net)
    assert sum("retainage" in line.items for line in gross) <= 1
    assert not any("retainage" in line.items for line in net)


@given(rows=st.lists(ROWS, min_size=1, max_size=6), off=st.integers(1, 10_000))
def test_a_payment_due_that_differs_by_any_cent_is_refused(rows: list[dict[str, Any]], off: int) -> None:
    wrong = str(payment_due(rows) + Decimal(off) / 100)

    with pytest.raises(LinesDoNotAddUpError, match="adds up to"):
        billed_lines(application(*rows, due=wrong), retainage="line")


@given(amount=st.integers(-(10**15), 10**15))
def test_cents_survive_the_way_through_decimal(amount: int) -> None:
    assert cents(Decimal(amount).scaleb(-2)) == amount


def test_a_fraction_of_a_cent_is_refused() -> None:
    with pytest.raises(FractionOfCentError, match=r"0\.005"):
        cents(Decimal("0.005"))


def test_retainage_held_back_is_one_negative_line() -> None:
    rows = (schedule_row("1000.00", retained="100.00"), schedule_row("500.00", retained="50.00"))

    *gross, retainage = billed_lines(application(*rows), retainage="line")

    assert [line.amount_cents for line in gross] == [100_000, 50_000]
    assert (retainage.description, retainage.amount_cents) == ("Retainage held back", -15_000)
    assert retainage.items == ("retainage",)


def test_retainage_released_is_one_positive_line() -> None:
    (line,) = billed_lines(application(schedule_row("0.00", released="340.10")), retainage="line")

    assert (line.description, line.amount_cents) == ("Retainage released", 34_010)


def test_change_order_rows_look_for_the_change_order_item_after_their_own_code() -> None:
    rows = (schedule_row(source="change_order", code="CO-1"), schedule_row(source="change_order", code=None))

    assert [line.items for line in billed_lines(application(*rows), retainage="line")] == [
        ("CO-1", "change-order"),
        ("change-order",),
    ]


def test_rows_without_work_this_period_are_left_out() -> None:
    rows = (schedule_row("0.00"), schedule_row("10.00"))

    assert [line.amount_cents for line in billed_lines(application(*rows), retainage="line")] == [1000]


def test_money_at_stake_includes_tax_and_rounds_what_cannot_be_billed() -> None:
    assert at_stake_cents(application(tax="10.00", due="1000.005")) == 101_001


@pytest.mark.parametrize(
    ("amount", "said"), [(0, "$0.00"), (5, "$0.05"), (-123_450, "-$1,234.50"), (10**9, "$10,000,000.00")]
)
def test_dollars_are_told_as_people_read_them(amount: int, said: str) -> None:
    assert dollars(amount) == said
