"""The page in a real browser, where Playwright and a Chromium (CHROMIUM=path, or on the path) are."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from plumbline_sandbox.serving import serving

playwright = pytest.importorskip("playwright.async_api")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")

NASTY = "<img src=x onerror=\"document.title='pwned'\">"
PATIENCE_MS = 5000


@pytest.fixture
async def told() -> AsyncIterator[dict[str, Any]]:
    async with serving(host="127.0.0.1", port=0, seed_number=1, scenario={}) as addresses:
        yield addresses


@pytest.fixture
async def tab(told: dict[str, Any]) -> AsyncIterator[Any]:
    """Open the page; whatever the browser complains of fails the test."""
    complaints: list[str] = []
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        await page.goto(told["control_url"])
        yield page
        await browser.close()
    assert not complaints


async def bill(told: dict[str, Any], number: str) -> None:
    async with httpx.AsyncClient(base_url=told["control_url"], trust_env=False) as control:
        company = (await control.get("/control/seed")).json()["companies"][0]
        project = company["projects"][0]
        body = {"company_id": company["id"], "project_id": project["id"], "invoice_number": number}
        body |= {"prime_contract_id": project["prime_contract_id"], "status": "draft"}
        (await control.post("/control/procore/payment_applications", json=body)).raise_for_status()


async def test_what_happens_appears_without_reloading(tab: Any, told: dict[str, Any]) -> None:
    await bill(told, NASTY)
    await tab.get_by_role("log").get_by_text("payment_application").wait_for()
    await tab.get_by_role("link", name=f"Edit invoice {NASTY} of TX01 Depot Lofts").wait_for()
    assert await tab.title() == "Everything there is - sandbox"


async def test_invoice_is_approved_with_the_keyboard_alone(tab: Any, told: dict[str, Any]) -> None:
    await bill(told, "A-1")
    name = "Approve invoice A-1 of TX01 Depot Lofts"
    await tab.get_by_role("button", name=name).wait_for()
    await tab.keyboard.press("Tab")
    assert await tab.evaluate("document.activeElement.textContent") == "Skip to content"
    for _ in range(60):
        await tab.keyboard.press("Tab")
        if await tab.evaluate("document.activeElement.getAttribute('aria-label')") == name:
            break
    await tab.keyboard.press("Enter")
    await tab.get_by_role("cell", name="approved", exact=True).wait_for()
    assert await tab.get_by_role("button", name=name).count() == 0


async def test_record_is_edited_fault_flipped_and_clock_stepped(tab: Any, told: dict[str, Any]) -> None:
    await bill(told, "A-1")
    await tab.get_by_role("link", name="Edit invoice A-1").click()
    await tab.get_by_label("Invoice number").fill("B-2")
    await tab.get_by_role("button", name="Save").click()
    await tab.get_by_role("link", name="Edit invoice B-2").wait_for()
    await tab.get_by_label("Put lose-answer in force").click()
    await tab.get_by_role("button", name="On lose-answer").click()
    await tab.get_by_role("button", name="Off lose-answer").click()
    await tab.get_by_role("button", name="Off lose-answer").wait_for(state="detached")
    before = await tab.locator("#now").text_content()
    await tab.get_by_label("Step").select_option("100 days")
    await tab.get_by_role("button", name="Step").click()
    await tab.wait_for_function("before => document.getElementById('now').textContent !== before", arg=before)


async def test_part_in_which_somebody_types_is_left_alone(tab: Any, told: dict[str, Any]) -> None:
    await tab.get_by_label("Put status in force").click()
    times = tab.locator("#faults details[open]").get_by_label("times")
    await times.fill("12")
    await bill(told, "A-1")
    await tab.get_by_role("link", name="Edit invoice A-1").wait_for()
    assert await times.input_value() == "12"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
async def test_page_fits_the_window_in_both_schemes(tab: Any, scheme: str, width: int) -> None:
    await tab.emulate_media(color_scheme=scheme)
    await tab.set_viewport_size({"width": width, "height": 800})
    assert await tab.evaluate("document.documentElement.scrollWidth") <= width
    dark = await tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 25, 28)"
    assert dark == (scheme == "dark")
