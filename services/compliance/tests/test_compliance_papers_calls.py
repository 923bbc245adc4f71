"""What looking for papers and invoices costs of Procore's calls while nothing happens, and how late news is then."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from procore_calls import AWAITED, COMMITMENTS, INVOICES, BusyCompany, busy_company

from plumbline.common.testing.clock import DAWN
from plumbline.common.testing.database import rows, work_row
from plumbline.compliance.adapters.procore import ProcorePapers
from plumbline.compliance.domain.looking import Look, is_due, rest
from plumbline.compliance.ports.intake import Found
from plumbline.compliance.service.sweeping import sweep_key
from plumbline.procore import ProcoreUnavailableError
from plumbline.procore.rates import RateWindow

LISTS = {
    "v1.0/projects/…": 1,
    "v1.0/projects/…/vendors": 1,
    "v1.0/work_order_contracts": 1,
    "v1.0/purchase_order_contracts": 1,
    "v1.1/requisitions": 1,
    "v1.0/folders": 1,
    "v1.0/projects/…/documents": 1,
}
"""What one round lists of a project, whatever it has."""


@pytest.fixture
async def quiet(database_url: str, tmp_path: Path) -> AsyncIterator[BusyCompany]:
    """Give a company of one project that was looked through, a week after anything happened there."""
    async with busy_company(database_url, tmp_path, projects=1) as company:
        await company.begin()
        await company.spend(timedelta(minutes=10), step=timedelta(minutes=5))
        await company.spend(timedelta(days=7), step=timedelta(days=7))
        yield company


async def test_a_round_in_which_nothing_happened_lists_and_reads_nothing(quiet: BusyCompany) -> None:
    cost = await quiet.sweep(after=timedelta(minutes=15))

    assert cost == LISTS


async def test_four_hours_in_which_nothing_happens_cost_a_project_few_calls(
    quiet: BusyCompany,
) -> None:
    hours = 4
    cost = await quiet.spend(timedelta(hours=hours), step=timedelta(minutes=5))

    requisitions = cost["v1.1/requisitions"]
    assert requisitions == hours * (12 + 1)  # the gate's looks, and the search for papers
    # Each invoice and contract was read in these hours, those that await a signature in each of them.
    assert INVOICES - AWAITED + hours * AWAITED <= cost["v1.0/projects/…/lien_waivers"] <= 110
    contracts = cost["v1.0/projects/…/work_order_contracts/…/compliance_documents"]
    assert COMMITMENTS <= contracts <= 2 * COMMITMENTS
    assert sum(cost.values()) <= hours * 56


async def test_what_procore_says_has_changed_is_read_at_the_next_round_and_nothing_else(
    quiet: BusyCompany,
) -> None:
    invoice = quiet.invoices[-1]
    quiet.touch(invoice)
    quiet.people.paper(
        "lien_waiver", {"project_id": quiet.project, "invoice_id": invoice, "pdf": b"one more".hex()}
    )
    cost = await quiet.sweep(after=timedelta(minutes=15))

    assert cost == {**LISTS, "v1.0/projects/…/lien_waivers": 1}
    (found,) = await rows(quiet.lab.pool, "SELECT payable FROM documents ORDER BY received_at DESC LIMIT 1")
    assert found["payable"].endswith(f"/requisition/{invoice}")


async def test_an_invoice_that_changed_wakes_the_search_for_papers(quiet: BusyCompany) -> None:
    key = sweep_key("busy", str(quiet.project))
    before = (await work_row(quiet.lab.pool, key))["causes"]
    quiet.touch(quiet.invoices[-1])
    await quiet.spend(timedelta(minutes=10), step=timedelta(minutes=5))
    after = (await work_row(quiet.lab.pool, key))["causes"]
    await quiet.spend(timedelta(minutes=10), step=timedelta(minutes=5))

    assert [cause.split()[0] for cause in after[len(before) :]] == ["invoices"]
    assert (await work_row(quiet.lab.pool, key))["causes"] == after


async def test_papers_leave_half_of_procores_calls_to_payments(quiet: BusyCompany) -> None:
    until = quiet.lab.clock.now() + timedelta(minutes=25)
    quiet.allow(RateWindow(limit=3600, remaining=1799, reset_at=until))
    assert await quiet.sweep(after=timedelta(minutes=15)) == {}

    row = await work_row(quiet.lab.pool, sweep_key("busy", str(quiet.project)))
    assert row["due_at"] == until
    quiet.allow(RateWindow(limit=3600, remaining=1800, reset_at=until))
    assert await quiet.sweep(after=timedelta(minutes=5)) == LISTS


EVERY = timedelta(minutes=15)


@pytest.mark.parametrize(
    ("quiet_for", "longest", "rests"),
    [
        (timedelta(0), 16, EVERY),
        (timedelta(hours=2), 16, EVERY),
        (timedelta(hours=8), 16, timedelta(hours=1)),
        (timedelta(days=30), 16, timedelta(hours=4)),
        (timedelta(days=30), 4, timedelta(hours=1)),
    ],
)
def test_a_place_rests_an_eighth_of_the_time_since_it_changed(
    quiet_for: timedelta, longest: int, rests: timedelta
) -> None:
    assert rest(quiet_for, shortest=EVERY, longest=longest) == rests


def test_shelves_that_were_first_seen_together_are_due_apart() -> None:
    look = Look(version="1", looked_at=DAWN, changed_at=DAWN - timedelta(days=30), is_awaited=False)
    due = [
        sum(
            is_due(f"requisitions/{number}", "1", look, now=DAWN + timedelta(hours=hours), every=EVERY)
            for number in range(400)
        )
        for hours in (2, 2.5, 3, 3.5, 4)
    ]

    assert due[0] < 10
    assert due[-1] == 400
    assert max(later - sooner for sooner, later in pairwise(due)) < 140


async def test_quiet_invoices_rest_and_are_listed_again_after_five_minutes(quiet: BusyCompany) -> None:
    await quiet.spend(timedelta(minutes=5), step=timedelta(minutes=5))

    row = await work_row(quiet.lab.pool, f"requisitions/busy/{quiet.project}")
    assert row["due_at"] == quiet.lab.clock.now() + timedelta(minutes=5)


async def test_papers_that_procore_does_not_give_are_asked_for_at_each_round_and_not_without_end(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(self: ProcorePapers, connection: str, found: Found) -> bytes:
        raise ProcoreUnavailableError("Procore answered 404")

    monkeypatch.setattr(ProcorePapers, "content", away)
    async with busy_company(database_url, tmp_path, projects=1) as company, asyncio.timeout(60):
        first = await company.sweep(after=timedelta(days=7))
        again = await company.sweep(after=timedelta(minutes=15))

    waivers = "v1.0/projects/…/lien_waivers"
    assert (first[waivers], again[waivers]) == (INVOICES, INVOICES)
