"""Subcontractors' invoices and what they hang on, read from the sandbox."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from pydantic import SecretStr

from plumbline.common.secrets.tokens import LiveToken
from plumbline.common.testing.clock import DAWN
from plumbline.procore import ProcoreClient, ProcoreInvisibleError
from plumbline_sandbox.laboratory import Laboratory


class OneToken:
    """The token of the sandbox's service account."""

    def __init__(self, value: str) -> None:
        self._token = LiveToken(SecretStr(value), 1, DAWN)

    async def live_token(self) -> LiveToken:
        return self._token

    async def replace(self, refused: LiveToken, *, was_good: bool = False) -> LiveToken:
        raise AssertionError("the sandbox refused its own token")


@pytest.fixture
async def laboratory() -> AsyncIterator[Laboratory]:
    async with Laboratory() as lab:
        yield lab


@pytest.fixture
async def procore(laboratory: Laboratory) -> ProcoreClient:
    token = OneToken(await laboratory.site_token())
    company = laboratory.companies[0].company.id
    return ProcoreClient(laboratory.procore, token, company_id=company, deadline_s=5.0)


@pytest.fixture
def project(laboratory: Laboratory) -> int:
    return int(laboratory.description["companies"][0]["projects"][0]["id"])


async def test_requisitions_are_listed_and_read_with_their_lines(
    procore: ProcoreClient, project: int
) -> None:
    first, *others = await procore.requisitions(project)
    one = await procore.requisition(project, first.id)

    assert {row.commitment_type for row in (first, *others)} == {"WorkOrderContract", "PurchaseOrderContract"}
    assert (first.items, first.vendor_name, first.status) == ((), "Hill Country Plumbing", "approved")
    assert sum(item.net_amount for item in one.items) == one.summary.current_payment_due
    held = sum(item.gross_amount - item.net_amount for item in one.items)
    assert held == one.summary.total_retainage > Decimal(0)
    assert one.updated_at is not None


async def test_what_a_requisition_hangs_on_is_read(procore: ProcoreClient, project: int) -> None:
    for row in await procore.requisitions(project):
        contract = await procore.commitment(project, row.commitment_id, of_type=row.commitment_type)
        assert contract.vendor is not None
        assert (contract.id, contract.vendor.id) == (row.commitment_id, row.vendor_id)
        assert row.vendor_id is not None
        assert (await procore.vendor(row.vendor_id)).name == row.vendor_name
        period = next(p for p in await procore.billing_periods(project) if p.id == row.period_id)
        assert (period.start_date, period.end_date) == (row.requisition_start, row.requisition_end)


async def test_a_requisition_that_procore_does_not_show_is_invisible(
    procore: ProcoreClient, project: int
) -> None:
    with pytest.raises(ProcoreInvisibleError):
        await procore.requisition(project, 1)
