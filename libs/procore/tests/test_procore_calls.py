"""Every call of the client, against the sandbox."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from plumbline.common.secrets.tokens import LiveToken
from plumbline.common.testing.clock import DAWN
from plumbline.procore import (
    ProcoreClient,
    ProcoreInvisibleError,
    ProcoreRefusedError,
    ProcoreThrottledError,
    ProcoreUnavailableError,
)
from plumbline_sandbox.laboratory import Laboratory
from plumbline_sandbox.people import ProcorePeople

URL = "https://ingest.example/webhooks/procore/lone-star"
SECRET = SecretStr("Bearer a-secret-of-ours")


class OneToken:
    """The token of the sandbox's service account."""

    def __init__(self, value: str) -> None:
        self._token = LiveToken(SecretStr(value), 1, DAWN)

    async def live_token(self) -> LiveToken:
        return self._token

    async def replace(self, refused: LiveToken, *, was_good: bool = False) -> LiveToken:
        raise AssertionError("the sandbox refused its own token")


@dataclass
class Site:
    """One company of the sandbox with a client of ours, and its first project."""

    lab: Laboratory
    procore: ProcoreClient
    people: ProcorePeople

    @property
    def place(self) -> dict[str, int]:
        company = self.lab.description["companies"][0]
        project = company["projects"][0]
        return {
            "company_id": int(company["id"]),
            "project_id": int(project["id"]),
            "prime_contract_id": int(project["prime_contract_id"]),
        }

    @property
    def project(self) -> int:
        return self.place["project_id"]

    @property
    def contract(self) -> int:
        return self.place["prime_contract_id"]

    def bill(self, number: str = "A-1", **more: Any) -> int:
        line = {
            "description_of_work": "Concrete",
            "flat_code": "03-300",
            "scheduled_value": "240000.00",
            "work_completed_this_period": "10812.60",
            "retainage_percent": "10.00",
            "added_from_source": "contract",
        }
        dates = {
            "billing_date": "2026-10-31",
            "period_start": "2026-10-01",
            "period_end": "2026-10-31",
        }
        made = self.people.bill(
            {**self.place, **dates, "invoice_number": number, "status": "approved", "lines": [line], **more}
        )
        return int(made["id"])


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Laboratory() as lab:
        client = ProcoreClient(
            lab.procore,
            OneToken(await lab.site_token()),
            company_id=lab.companies[0].company.id,
            deadline_s=5.0,
        )
        yield Site(lab, client, ProcorePeople(lab.world))


async def test_projects_and_contracts_are_read(site: Site) -> None:
    projects = await site.procore.projects()
    assert [p.id for p in projects] == [
        int(p["id"]) for p in site.lab.description["companies"][0]["projects"]
    ]
    project = await site.procore.project(site.project)
    assert (project.id, project.name, project.state_code) == (site.project, "Depot Lofts", "TX")

    contract = await site.procore.prime_contract(site.project, site.contract)
    assert contract.vendor is not None
    assert (contract.id, contract.status, contract.vendor.name) == (
        site.contract,
        "Approved",
        "Alamo Plaza Partners",
    )
    assert [c.id for c in await site.procore.prime_contracts(site.project)] == [site.contract]


async def test_payment_application_is_read_with_its_schedule_of_values(site: Site) -> None:
    bill = site.bill(tax="12.34")

    one = await site.procore.payment_application(site.project, bill)
    (row,) = [row for row in one.g703 if row.work_completed_this_period]
    (summary,) = await site.procore.payment_applications(site.project, site.contract)

    assert (one.id, one.status, one.invoice_number) == (bill, "approved", "A-1")
    assert one.contract.id == site.contract
    assert row.work_completed_this_period == Decimal("10812.60")
    assert row.work_completed_retainage_retained_this_period == Decimal("1081.26")
    assert one.g702.current_payment_due == Decimal("9731.34")  # net of retainage
    assert (summary.id, summary.updated_at is not None) == (bill, True)


async def test_contract_payments_are_read(site: Site) -> None:
    body = {**site.place, "amount": "55.10", "date": "2026-11-02", "check_number": "1001"}
    made = int(site.people.receive(body)["id"])

    (listed,) = await site.procore.contract_payments(site.project, site.contract)
    one = await site.procore.contract_payment(site.project, made)

    assert one.id == listed.id == made
    assert (one.amount, str(one.paid_on), one.check_number) == (Decimal("55.10"), "2026-11-02", "1001")


async def test_hook_lives_from_creation_to_deletion(site: Site) -> None:
    procore = site.procore
    made = await procore.create_hook(
        site.project,
        namespace="plumbline",
        destination_url=URL,
        authorization=SECRET,
        payload_version="v4.0",
    )
    assert made.destination_headers == {"Authorization": "*****-ours"}  # masked but for five characters
    assert await procore.hooks(site.project, "plumbline") == [made]
    assert await procore.hooks(site.project, "somebody-else") == []

    trigger = await procore.create_trigger(
        site.project, made.id, resource_name="Payment Applications", event_type="create"
    )
    assert (trigger.resource_name, trigger.event_type) == ("Payment Applications", "create")
    assert await procore.triggers(site.project, made.id) == [trigger]

    paused = await procore.update_hook(site.project, made.id, status="disabled")
    assert (paused.status, paused.destination_url) == ("disabled", URL)
    moved = await procore.update_hook(site.project, made.id, destination_url=f"{URL}-2", authorization=SECRET)
    assert (moved.status, moved.destination_url) == ("disabled", f"{URL}-2")

    assert await procore.deliveries(site.project, made.id, status="discarded") == []
    await procore.delete_hook(site.project, made.id)
    assert await procore.hooks(site.project, "plumbline") == []


async def test_unknown_record_is_invisible_and_a_bad_wish_refused(site: Site) -> None:
    with pytest.raises(ProcoreInvisibleError, match="Item not found"):
        await site.procore.payment_application(site.project, 1)
    hook = await site.procore.create_hook(
        site.project,
        namespace="plumbline",
        destination_url=URL,
        authorization=SECRET,
        payload_version="v4.0",
    )
    # There is no such resource: sub-contractors' invoices have no webhook.
    with pytest.raises(ProcoreRefusedError, match="resource_name"):
        await site.procore.create_trigger(
            site.project, hook.id, resource_name="Requisitions", event_type="create"
        )


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"name": "html"}, ProcoreUnavailableError),
        ({"name": "status", "args": {"status": 503}}, ProcoreUnavailableError),
        ({"name": "throttle", "args": {"retry_after": 30}}, ProcoreThrottledError),
    ],
)
async def test_sandboxs_own_faults_are_errors_with_a_name(
    site: Site, fault: dict[str, Any], error: type[Exception]
) -> None:
    site.lab.world.faults.add({**fault, "match": {"provider": "procore"}, "times": 1})

    with pytest.raises(error):
        await site.procore.project(site.project)
    assert (await site.procore.project(site.project)).id == site.project
