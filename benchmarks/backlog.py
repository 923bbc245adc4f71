"""The drain of a backlog: 2,000 invoices over ten realms are approved at once.

QuickBooks' limits are the real ones (500 requests a minute and 10 a second in a realm); they set
the floor that the table shows. Procore's are lifted; no faults.
"""

import asyncio
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
from rich.progress import Progress

from benchmarks.latency import LINES, PARTNERS_MS
from benchmarks.machine import FOLDER, report
from plumbline.stack.lifetime import run_until_signal
from plumbline.stack.scenario.stage import Setting, Stage, World, stage

REALMS = 10
"""One project each."""

INVOICES = 2000
"""In all realms together."""

PEOPLE = 16
"""Who bill and approve at the same time."""

LIMIT_PER_S = 500 / 60
"""Requests that QuickBooks takes from one realm in the long run."""

DRAINED_MAX_S = 900
"""Longest wait for the last invoice."""


async def arranged(control: httpx.AsyncClient, world: World) -> World:
    """Found ten QuickBooks companies and give each one project."""
    await control.post("/control/limits", json={"procore": {"spike": 100_000, "hourly": 1_000_000}})
    for provider, (ms, jitter_ms) in PARTNERS_MS.items():
        await control.post("/control/latency", json={"provider": provider, "ms": ms, "jitter_ms": jitter_ms})
    places = [(c, p) for c in world.seed["companies"] for p in c["projects"]][:REALMS]
    realms = [await _founded(control, place, project) for place, (_, project) in enumerate(places)]
    companies = []
    for company in world.seed["companies"]:
        mine = [_moved(p, r) for (c, p), r in zip(places, realms, strict=True) if c is company]
        companies.append({**company, "projects": mine})
    quickbooks = {**world.sandbox["quickbooks"], "realms": realms}
    return World(
        sandbox={**world.sandbox, "quickbooks": quickbooks}, seed={**world.seed, "companies": companies}
    )


async def _founded(control: httpx.AsyncClient, place: int, project: dict[str, Any]) -> dict[str, Any]:
    body = {
        "id": str(9_341_454_000_000_000 + place),
        "name": f"Realm {place + 1:02d}",
        "customers": {project["owner"]["name"]: "ap@owner.example"},
    }
    made: dict[str, Any] = (await control.post("/control/quickbooks", json=body)).raise_for_status().json()
    return made


def _moved(project: dict[str, Any], realm: dict[str, Any]) -> dict[str, Any]:
    books = {
        "realm": realm["id"],
        "customer_id": realm["customers"][project["owner"]["name"]],
        "items": realm["items"],
        "accounts": realm["accounts"],
    }
    return {**project, "quickbooks": books}


async def approve_all(on: Stage, progress: Progress) -> None:
    """Bill and approve every invoice, as fast as the people can."""
    companies = on.world.seed["companies"]
    projects = [(p, c["brief_statuses"]) for c in companies for p in c["projects"]]
    todo = [(p, brief, n) for n in range(INVOICES // len(projects)) for p, brief in projects]
    bar = progress.add_task("approved", total=len(todo))

    async def person() -> None:
        while todo:
            project, brief, number = todo.pop()
            body = {
                "prime_contract_id": project["prime_contract_id"],
                "invoice_number": str(1000 + number),
                "status": "approved",
                "lines": LINES,
                **({"status_code": 4} if brief else {}),
            }
            (await on.control.post("/control/procore/payment_applications", json=body)).raise_for_status()
            progress.advance(bar)

    await asyncio.gather(*(person() for _ in range(PEOPLE)))


async def drained(on: Stage, progress: Progress) -> tuple[Counter[str], float]:
    """Wait for every invoice; return how often each document was made, and when the last was."""
    bar = progress.add_task("in QuickBooks", total=INVOICES)
    made: Counter[str] = Counter()
    seen = 0
    async with asyncio.timeout(DRAINED_MAX_S):
        while len(made) < INVOICES:
            page = (await on.control.get("/journal", params={"since": seen, "kind": "commit"})).json()
            seen = page["next"]
            lines = (line for line in page["entries"] if line["provider"] == "quickbooks")
            made.update(
                f"{line['realm']} {line['doc_number']}"
                for line in lines
                if line["entity"] == "Invoice" and line["change"] == "created"
            )
            progress.update(bar, completed=len(made))
            await asyncio.sleep(0.25)
    return made, time.monotonic()


async def main() -> None:
    """Approve, drain, report."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    setting = Setting(state_dir=(FOLDER / "stack").resolve(), shipped=Path("config"))
    async with stage(setting, arrange=arranged) as on:
        began = time.monotonic()
        with Progress() as progress:
            _, (made, last) = await asyncio.gather(approve_all(on, progress), drained(on, progress))
        answers = [
            line for line in await _answers(on.control) if line["status"] == 200 and line["method"] == "POST"
        ]
        throttled = [line for line in await _answers(on.control) if line["status"] == 429]
    took, floor = last - began, INVOICES / REALMS / LIMIT_PER_S
    report(
        "backlog",
        f"{INVOICES:,} approvals over {REALMS} realms, until the last invoice is in QuickBooks",
        ("", "figure"),
        [
            ("drained in", f"{took:.1f} s"),
            ("floor by QuickBooks' own limits", f"{floor:.1f} s"),
            ("invoices per second", f"{INVOICES / took:.1f}"),
            ("writes per invoice", f"{len(answers) / INVOICES:.2f}"),
            ("refused for too many requests", len(throttled)),
            ("duplicates", sum(made.values()) - len(made)),
        ],
    )


async def _answers(control: httpx.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    seen = 0
    while True:
        page = (await control.get("/journal", params={"since": seen, "kind": "answer"})).json()
        if not page["entries"]:
            return [line for line in found if line["provider"] == "quickbooks"]
        found += page["entries"]
        seen = page["next"]


if __name__ == "__main__":
    run_until_signal(main())
