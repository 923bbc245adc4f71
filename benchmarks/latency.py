"""Event to books on an idle system: from an approval in Procore to the invoice in QuickBooks.

The moments are the sandbox's own: its journal's line of the approval, and its line of the invoice.
Settings are those of production, but that Procore's hourly limit is lifted; no faults.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from rich.progress import track

from benchmarks.machine import FOLDER, percentile, report
from plumbline.stack.lifetime import run_until_signal
from plumbline.stack.scenario.results import read_results
from plumbline.stack.scenario.stage import Setting, Stage, World, stage

INVOICES = 60
"""Measured invoices of each contender."""

WARMING = 5
"""Invoices before the measured ones."""

PAUSE_S = 0.4
"""Between a draft and its approval, and between two invoices: the system is idle."""

PARTNERS_MS = {"quickbooks": (60, 30), "procore": (25, 10)}
"""Answer times of the partners, and their jitter."""

LINES = [
    {
        "flat_code": "01-100",
        "description_of_work": "General conditions",
        "scheduled_value": "60000.00",
        "work_completed_this_period": "1234.50",
        "retainage_percent": "10",
        "added_from_source": "contract",
    }
]


async def arranged(control: httpx.AsyncClient, world: World) -> World:
    """Give the partners their answer times, and Plumbline the first company alone."""
    await control.post("/control/limits", json={"procore": {"spike": 500, "hourly": 100_000}})
    for provider, (ms, jitter_ms) in PARTNERS_MS.items():
        body = {"provider": provider, "ms": ms, "jitter_ms": jitter_ms}
        (await control.post("/control/latency", json=body)).raise_for_status()
    return World(sandbox=world.sandbox, seed={**world.seed, "companies": world.seed["companies"][:1]})


async def measured(
    control: httpx.AsyncClient, project: dict[str, Any], change: dict[str, Any], name: str
) -> list[float]:
    """Approve invoices one by one; return the milliseconds from each approval to its invoice."""
    took: list[float] = []
    for place in track(range(WARMING + INVOICES), description=f"{name:12}"):
        number = str(1000 + place)
        billed = {"prime_contract_id": project["prime_contract_id"], "invoice_number": number, "lines": LINES}
        made = (await control.post("/control/procore/payment_applications", json=billed)).json()
        await asyncio.sleep(PAUSE_S)
        seen = await _last(control)
        await control.patch(f"/control/procore/payment_applications/{made['id']}", json=change)
        took.append(await _until_in_books(control, seen, made["id"], f"{project['number']}-{number}"))
        await asyncio.sleep(PAUSE_S)
    return took[WARMING:]


async def _last(control: httpx.AsyncClient) -> int:
    seen = 0
    while entries := (await control.get("/journal", params={"since": seen})).json()["entries"]:
        seen = entries[-1]["seq"]
    return seen


async def _until_in_books(control: httpx.AsyncClient, seen: int, application: str, number: str) -> float:
    approved_at: datetime | None = None
    async with asyncio.timeout(30):
        while True:
            page = (await control.get("/journal", params={"since": seen, "kind": "commit"})).json()
            seen = page["next"]
            for line in page["entries"]:
                if line["provider"] == "procore" and line["id"] == application and approved_at is None:
                    approved_at = datetime.fromisoformat(line["at"])
                if line.get("doc_number") == number and approved_at is not None:
                    return (datetime.fromisoformat(line["at"]) - approved_at).total_seconds() * 1000
            await asyncio.sleep(0.03)


@asynccontextmanager
async def rival(on: Stage, company: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    """Run the rival for one project of a company that Plumbline does not serve; give the project."""
    project = company["projects"][0]
    sandbox, realm = on.world.sandbox, project["quickbooks"]["realm"]
    app = next(c for c in sandbox["procore"]["companies"] if c["id"] == company["id"])
    grant = {"grant_type": "client_credentials", **{k: app[k] for k in ("client_id", "client_secret")}}
    async with httpx.AsyncClient(base_url=sandbox["procore"]["url"]) as procore:
        token = (await procore.post("/oauth/token", json=grant)).raise_for_status().json()["access_token"]
        told = {
            "procore_url": sandbox["procore"]["url"],
            "procore_token": token,
            "company": company["id"],
            "quickbooks_url": sandbox["quickbooks"]["url"],
            "quickbooks_token": next(
                r["access_token"] for r in sandbox["quickbooks"]["realms"] if r["id"] == realm
            ),
            "realm": realm,
            "customer": project["quickbooks"]["customer_id"],
            "item": project["quickbooks"]["items"]["Progress billing"],
            "prefix": project["number"],
        }
        procore.headers.update({"authorization": f"Bearer {token}", "procore-company-id": company["id"]})
        async with _process(told) as address:
            await _subscribe(procore, company["id"], project["id"], address)
            yield project


@asynccontextmanager
async def _process(told: dict[str, Any]) -> AsyncIterator[str]:
    file = FOLDER / "direct.json"
    file.write_text(json.dumps(told), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.direct", str(file), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.terminate()
        await process.wait()
        file.unlink()


async def _subscribe(procore: httpx.AsyncClient, company: str, project: str, address: str) -> None:
    path = f"/rest/v2.0/companies/{company}/projects/{project}/webhooks/hooks"
    hook = {"namespace": "direct", "payload_version": "v4.0", "destination_url": address}
    made = (await procore.post(path, json=hook)).raise_for_status().json()["data"]
    trigger = {"resource_name": "Payment Applications", "event_type": "update"}
    (await procore.post(f"{path}/{made['id']}/triggers", json=trigger)).raise_for_status()


async def main() -> None:
    """Measure both, in one run on one machine, and report."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    setting = Setting(state_dir=(FOLDER / "stack").resolve(), shipped=Path("config"))
    async with stage(setting, arrange=arranged) as on:
        other = (await on.control.get("/control/seed")).json()["companies"][1]
        async with rival(on, other) as project:
            theirs = await measured(on.control, project, {"status": "approved"}, "direct")
        ours = await measured(
            on.control,
            on.world.seed["companies"][0]["projects"][0],
            {"status": "approved", "status_code": 4},
            "plumbline",
        )
        results = (await read_results(on.kafka))[WARMING:]
    partner = [float(result.partner_ms) for result in results]
    told = [
        (r.confirmed_at - r.provider_time).total_seconds() * 1000
        for r in results
        if r.provider_time is not None
    ]
    report(
        "latency",
        f"Event to books, idle, {INVOICES} invoices, ms (QuickBooks answers in "
        f"{PARTNERS_MS['quickbooks'][0]}±{PARTNERS_MS['quickbooks'][1]} ms)",
        ("", "p50", "p95", "p99", "slowest"),
        [
            _row("plumbline: event to books", ours),
            _row("plumbline: event to proven result", told),
            _row("  of which partners and their limits", partner),
            _row("direct: no store, no retry, no check", theirs),
        ],
    )


def _row(name: str, values: Sequence[float]) -> tuple[object, ...]:
    return name, *(round(percentile(values, p)) for p in (50, 95, 99)), round(max(values))


if __name__ == "__main__":
    run_until_signal(main())
