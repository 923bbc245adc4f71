"""The page, and both vendors' pages of consent, clicked in a real Chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from sandbox_browser import browsing, missing

from plumbline_sandbox.serving import serving

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(missing()), reason=missing())]

NASTY = "<img src=x onerror=\"document.title='pwned'\">"
PROJECT = "TX01 Depot Lofts"

FAINT = """() => {
  const channels = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((one) => one / 255)
    .map((one) => (one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    .reduce((sum, one, place) => sum + one * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = channels(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] > 0) return found;
    }
  };
  return [...document.body.querySelectorAll("*")].filter((element) => {
    const itself = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!itself || !element.checkVisibility()) return false;
    const [one, other] = [light(channels(getComputedStyle(element).color)), light(behind(element))];
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05) < 4.5;
  }).map((element) => element.outerHTML.slice(0, 120));
}"""
"""Lists what is written with too little contrast (WCAG 2.2, 1.4.3)."""


@pytest.fixture
async def told() -> AsyncIterator[dict[str, Any]]:
    async with serving(host="127.0.0.1", port=0, seed_number=1, scenario={}) as addresses:
        yield addresses


@pytest.fixture
async def tab(told: dict[str, Any]) -> AsyncIterator[Any]:
    async with browsing(told["control_url"]) as page:
        yield page


def invoices(told: dict[str, Any]) -> str:
    """Return the address of the owner invoices of the first company."""
    company = told["procore"]["companies"][0]["id"]
    return f"{told['control_url']}/page/procore/{company}/payment_applications"


async def bill(told: dict[str, Any], number: str) -> str:
    async with httpx.AsyncClient(base_url=told["control_url"], trust_env=False) as control:
        company = (await control.get("/control/seed")).json()["companies"][0]
        project = company["projects"][0]
        body = {"company_id": company["id"], "project_id": project["id"], "invoice_number": number}
        body |= {"prime_contract_id": project["prime_contract_id"], "status": "draft"}
        made = await control.post("/control/procore/payment_applications", json=body)
        return str(made.raise_for_status().json()["id"])


async def test_both_vendors_companies_are_seen_from_the_first_page(tab: Any, told: dict[str, Any]) -> None:
    names = [one["name"] for one in (*told["procore"]["companies"], *told["quickbooks"]["realms"])]
    assert await tab.get_by_role("heading", level=3).all_text_contents() == names
    card = tab.get_by_role("article").filter(has_text="Buckeye North")
    await card.get_by_role("link", name="Customer 6").click()
    await tab.get_by_role("link", name="Open Customer Cuyahoga Schools", exact=True).click()
    await tab.get_by_role("definition").get_by_text("ap@cuyahoga.example").first.wait_for()
    await tab.get_by_role("link", name="Companies").click()
    card = tab.get_by_role("article").filter(has_text="Lone Star Builders")
    await card.get_by_role("link", name="Prime contracts 6").click()
    await tab.get_by_role("link", name=f"Open Prime contracts PC-TX01 of {PROJECT}").click()
    await tab.get_by_role("cell", name="Cast-in-place concrete", exact=True).wait_for()


async def test_what_happens_appears_without_reloading(tab: Any, told: dict[str, Any]) -> None:
    await tab.goto(invoices(told))
    await tab.get_by_text("There are none yet.").wait_for()
    await tab.evaluate("window.sameAsBefore = true")
    await bill(told, NASTY)
    await tab.get_by_role("log").get_by_text("payment_application").first.wait_for()
    await tab.get_by_role("link", name=f"Open Owner invoices {NASTY} of {PROJECT}").wait_for()
    assert await tab.evaluate("window.sameAsBefore")
    assert await tab.title() == "Owner invoices of Lone Star Builders - sandbox"


async def test_entry_of_the_journal_unfolds_and_kinds_are_narrowed(tab: Any, told: dict[str, Any]) -> None:
    application_id = await bill(told, "A-1")
    log = tab.get_by_role("log")
    await log.get_by_text("payment_application").first.click()
    assert application_id in await log.get_by_role("definition").all_text_contents()
    await tab.get_by_label("Show").select_option("token")
    assert not await log.get_by_text("payment_application").first.is_visible()


async def test_invoice_is_approved_with_the_keyboard_alone(tab: Any, told: dict[str, Any]) -> None:
    await bill(told, "A-1")
    await tab.goto(invoices(told))
    name = f"Approve Owner invoices A-1 of {PROJECT}"
    await tab.keyboard.press("Tab")
    assert await tab.evaluate("document.activeElement.textContent") == "Skip to content"
    for _ in range(60):
        await tab.keyboard.press("Tab")
        if await tab.evaluate("document.activeElement.getAttribute('aria-label')") == name:
            break
    assert await tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    await tab.keyboard.press("Enter")
    await tab.get_by_role("cell", name="approved", exact=True).wait_for()
    assert await tab.get_by_role("button", name=name).count() == 0


@pytest.mark.parametrize("javascript", [True, False])
async def test_owner_invoice_is_billed_changed_and_approved(
    told: dict[str, Any], *, javascript: bool
) -> None:
    async with browsing(invoices(told), java_script_enabled=javascript) as tab:
        await tab.get_by_label("Contract").select_option(label="PC-TX02 River Clinic prime contract")
        await tab.get_by_label("Work done").fill("25")
        await tab.get_by_role("button", name="Bill").click()
        await tab.get_by_role("cell", name="TX02 River Clinic", exact=True).wait_for()
        await tab.get_by_role("link", name="Open Owner invoices 1 of TX02 River Clinic").click()
        await tab.get_by_text("Change it").click()
        await tab.get_by_label("Invoice number").fill("B-2")
        await tab.get_by_label("Tax").fill("8.25")
        await tab.get_by_role("button", name="Save").click()
        await tab.get_by_role("cell", name="8.25", exact=True).wait_for()
        await tab.get_by_role("button", name="Approve Owner invoices B-2 of TX02 River Clinic").click()
        await tab.get_by_role("cell", name="approved", exact=True).wait_for()


async def test_quickbooks_invoice_is_changed_by_a_field_and_voided(tab: Any, told: dict[str, Any]) -> None:
    realm = told["quickbooks"]["realms"][0]["id"]
    await tab.goto(f"{told['control_url']}/page/quickbooks/{realm}/Invoice")
    await tab.get_by_role("link", name="Open Invoice 1009").click()
    await tab.get_by_text("Change it").click()
    await tab.get_by_label("DocNumber").fill("1009-R")
    await tab.get_by_role("button", name="Save").click()
    await tab.get_by_role("link", name="Open Invoice 1009-R").click()
    await tab.get_by_role("button", name="Void Invoice 1009-R").click()
    row = tab.get_by_role("row").filter(has=tab.get_by_role("link", name="Open Invoice 1009-R"))
    assert "0.00" in await row.get_by_role("cell").all_text_contents()


async def test_refusal_is_a_sentence_and_back_returns_to_what_was_typed(
    tab: Any, told: dict[str, Any]
) -> None:
    await bill(told, "A-1")
    await tab.goto(invoices(told))
    await tab.get_by_role("link", name="Open Owner invoices A-1").click()
    await tab.get_by_text("Change it").click()
    await tab.get_by_label("Tax").fill("a lot")
    async with tab.expect_response(lambda answer: answer.status == 422):
        await tab.get_by_role("button", name="Save").click()
    assert await tab.get_by_role("alert").text_content() == "Tax is not a number with at most two decimals"
    await tab.go_back()
    assert await tab.get_by_label("Tax").input_value() == "a lot"


async def test_fault_is_flipped_and_the_clock_stepped(tab: Any) -> None:
    await tab.get_by_label("Put lose-answer in force").click()
    await tab.get_by_label("How often").locator("visible=true").fill("2")
    await tab.get_by_role("button", name="On lose-answer").click()
    await tab.get_by_text("1 fault in force").wait_for()
    await tab.get_by_text("0 of 2 times played").wait_for()
    await tab.get_by_role("button", name="Off lose-answer").click()
    await tab.get_by_text("None is in force").wait_for()
    before = await tab.locator("#now").text_content()
    await tab.get_by_label("Step by").select_option("100 days")
    await tab.get_by_role("button", name="Step").click()
    await tab.wait_for_function("before => document.getElementById('now').textContent !== before", arg=before)


async def test_part_in_which_somebody_types_is_left_alone(tab: Any, told: dict[str, Any]) -> None:
    await tab.get_by_label("Put status in force").click()
    times = tab.get_by_label("How often").locator("visible=true")
    await times.fill("12")
    await bill(told, "A-1")
    await tab.get_by_role("link", name="Owner invoices 1").wait_for()
    assert await times.input_value() == "12"


async def test_record_is_found_on_both_sides(tab: Any, told: dict[str, Any]) -> None:
    await bill(told, "FIND-1")
    await tab.get_by_label("Look for").fill("find-1")
    await tab.keyboard.press("Enter")
    await tab.get_by_role("link", name=f"Open Owner invoices FIND-1 of {PROJECT}").wait_for()
    assert await tab.get_by_label("Look for").input_value() == "find-1"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
async def test_every_page_fits_the_window_is_readable_and_asks_nobody_else(
    told: dict[str, Any], scheme: str, width: int
) -> None:
    control, realm = told["control_url"], told["quickbooks"]["realms"][0]["id"]
    books = f"{control}/page/quickbooks/{realm}"
    application = f"{invoices(told)}/{await bill(told, 'A-1')}"
    hosts: set[str] = set()
    async with browsing(
        control, color_scheme=scheme, viewport={"width": width, "height": 800}, reduced_motion="reduce"
    ) as tab:
        tab.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
        for address in (control, invoices(told), application, f"{books}/Bill", f"{books}/Invoice/117"):
            await tab.goto(address)
            await tab.get_by_role("log").get_by_text("payment_application").first.wait_for()
            for folded in await tab.locator("main details").all():
                await folded.evaluate("element => element.open = true")
            assert await tab.evaluate("document.documentElement.scrollWidth") <= width
            assert await tab.evaluate(FAINT) == []
        dark = await tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 25, 28)"
    assert dark == (scheme == "dark")
    assert hosts == {urlsplit(control).netloc}


def consents(told: dict[str, Any]) -> dict[str, str]:
    """Return where an app sends a browser for consent; both lead back to an address that answers."""
    asked = {
        "response_type": "code",
        "state": "s & <b>",
        "redirect_uri": f"{told['control_url']}/control/health",
    }
    quickbooks, procore = told["quickbooks"], told["procore"]
    scope = {"client_id": quickbooks["realms"][0]["client_id"], "scope": "com.intuit.quickbooks.accounting"}
    app = {"client_id": procore["companies"][0]["client_id"]}
    return {
        "quickbooks": f"{quickbooks['oauth_url']}/connect/oauth2?{urlencode(asked | scope)}",
        "procore": f"{procore['login_url']}/oauth/authorize?{urlencode(asked | app)}",
    }


async def landed(tab: Any, told: dict[str, Any]) -> dict[str, str]:
    """Return what comes back to the app."""
    await tab.wait_for_url(f"{told['control_url']}/control/health?*")
    return {name: values[0] for name, values in parse_qs(urlsplit(tab.url).query).items()}


async def test_quickbooks_company_is_connected(told: dict[str, Any]) -> None:
    async with browsing(consents(told)["quickbooks"]) as tab:
        await tab.get_by_label("Company").select_option("Buckeye North")
        await tab.get_by_role("button", name="Connect").click()
        came = await landed(tab, told)
    realm = next(one for one in told["quickbooks"]["realms"] if one["name"] == "Buckeye North")
    assert (came["state"], came["realmId"]) == ("s & <b>", realm["id"])
    app = told["quickbooks"]["realms"][0]
    form = {"grant_type": "authorization_code", "code": came["code"]}
    form["redirect_uri"] = f"{told['control_url']}/control/health"
    async with httpx.AsyncClient(base_url=told["quickbooks"]["url"], trust_env=False) as client:
        keys = (app["client_id"], app["client_secret"])
        tokens = (await client.post("/oauth2/v1/tokens/bearer", data=form, auth=keys)).json()
        headers = {"authorization": f"Bearer {tokens['access_token']}", "accept": "application/json"}
        company = await client.get(f"/v3/company/{realm['id']}/companyinfo/{realm['id']}", headers=headers)
    assert company.json()["CompanyInfo"]["CompanyName"] == "Buckeye North"


async def test_procore_is_allowed_with_the_keyboard_alone(told: dict[str, Any]) -> None:
    async with browsing(consents(told)["procore"]) as tab:
        await tab.keyboard.press("Tab")
        await tab.keyboard.press("Enter")
        came = await landed(tab, told)
    assert came["state"] == "s & <b>"
    company = told["procore"]["companies"][0]
    form = {"grant_type": "authorization_code", "code": came["code"], "client_id": company["client_id"]}
    form |= {"client_secret": company["client_secret"]}
    form["redirect_uri"] = f"{told['control_url']}/control/health"
    async with httpx.AsyncClient(base_url=told["procore"]["url"], trust_env=False) as client:
        tokens = (await client.post("/oauth/token", data=form)).json()
        me = await client.get("/rest/v1.0/me", headers={"authorization": f"Bearer {tokens['access_token']}"})
    assert me.json()["login"] == "pat@example.com"


@pytest.mark.parametrize(("vendor", "button"), [("quickbooks", "Cancel"), ("procore", "Don't allow")])
async def test_refused_consent_leads_back_with_an_error(
    told: dict[str, Any], vendor: str, button: str
) -> None:
    async with browsing(consents(told)[vendor]) as tab:
        await tab.get_by_role("button", name=button).click()
        came = await landed(tab, told)
    assert (came["error"], came["state"]) == ("access_denied", "s & <b>")
    assert "code" not in came


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("vendor", ["quickbooks", "procore"])
async def test_consent_fits_a_telephone_and_is_readable(
    told: dict[str, Any], vendor: str, scheme: str
) -> None:
    size = {"width": 390, "height": 700}
    async with browsing(consents(told)[vendor], color_scheme=scheme, viewport=size) as tab:
        assert await tab.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert await tab.evaluate(FAINT) == []
