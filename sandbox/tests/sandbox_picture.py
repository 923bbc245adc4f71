"""Draws the picture of the sandbox's page in docs/pictures: `make picture`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import httpx
from sandbox_browser import browsing, missing

from plumbline_sandbox.serving import serving

PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "sandbox.png"
SIZE = {"width": 1280, "height": 480}
LARGEST_BYTES = 150_000


async def draw() -> None:
    """Let a little happen, and take a picture of the owner invoices of one company."""
    async with serving(host="127.0.0.1", port=0, seed_number=1, scenario={}) as told:
        company = told["procore"]["companies"][0]["id"]
        invoices = f"/page/procore/{company}/payment_applications"
        async with httpx.AsyncClient(base_url=told["control_url"], trust_env=False) as control:
            projects = (await control.get("/control/seed")).json()["companies"][0]["projects"]
            for percent, project in enumerate(projects[:3], 8):
                form = {"contract": project["prime_contract_id"], "percent": str(percent)}
                made = await control.post(invoices, data=form)
            await control.post(f"{invoices}/{made.headers['location'].rsplit('-', 1)[1]}/approve")
            realm = told["quickbooks"]["realms"][0]["id"]
            note = {"Id": "117", "PrivateNote": "Paid by check"}
            await control.post(f"/control/quickbooks/{realm}/Invoice", json=note)
            rule = {"provider": "quickbooks", "path": "/invoice$", "every": "3"}
            await control.post("/page/faults/lose-answer/on", data=rule)
        async with browsing(f"{told['control_url']}{invoices}", viewport=SIZE) as tab:
            await tab.locator("#entries li").first.wait_for()
            PICTURE.parent.mkdir(parents=True, exist_ok=True)
            await tab.screenshot(path=PICTURE, animations="disabled")
    assert PICTURE.stat().st_size <= LARGEST_BYTES


if __name__ == "__main__":
    if said := missing():
        sys.exit(said)
    asyncio.run(draw())
