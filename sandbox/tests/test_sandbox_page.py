"""The page for people: what it shows, what it does, and that nothing shown can act."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
from sandbox_books import Books
from typing_extensions import override

from plumbline_sandbox.faults import FAULTS
from plumbline_sandbox.laboratory import Laboratory
from plumbline_sandbox.page.markup import VOID, el

NASTY = "<script>alert('1')</script>\"><img src=x onerror=alert(1)> & Söhne"


class Tree(HTMLParser):
    """The elements of a page, with the text that stands directly in each."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._open: list[int] = []
        self.feed(page)
        assert not self._open, "every element is closed"

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))
        if tag not in VOID:
            self._open.append(len(self.elements) - 1)

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self._open.pop()][0] == tag

    @override
    def handle_data(self, data: str) -> None:
        if self._open:
            self.elements[self._open[-1]][2].append(data)

    def texts(self) -> list[str]:
        """Return every text and every attribute's value."""
        return [
            text
            for _, attributes, texts in self.elements
            for text in ("".join(texts), *attributes.values())
            if text
        ]

    def all(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [(attributes, "".join(text)) for name, attributes, text in self.elements if name == tag]


async def page(lab: Laboratory, path: str = "/") -> Tree:
    answer = await lab.control.get(path)
    assert answer.status_code == 200, answer.text
    return Tree(answer.text)


async def post(lab: Laboratory, path: str, **form: str) -> httpx.Response:
    return await lab.control.post(path, data=form)


async def bill(lab: Laboratory, **more: Any) -> str:
    company = lab.description["companies"][0]
    project = company["projects"][0]
    body = {"company_id": company["id"], "project_id": project["id"], "status": "draft", **more}
    body["prime_contract_id"] = project["prime_contract_id"]
    made = await lab.control.post("/control/procore/payment_applications", json=body)
    application_id: str = made.raise_for_status().json()["id"]
    return application_id


async def test_index_shows_both_vendors_companies_and_their_records(lab: Laboratory, books: Books) -> None:
    await bill(lab, invoice_number="TX-77")
    invoice = await books.invoice(1234.5, DocNumber="QB-88")
    await books.pay(invoice, 34.5)
    tree = await page(lab)
    shown = [text for tag in ("h3", "p", "caption", "td", "a") for _, text in tree.all(tag)]
    for company in lab.description["companies"]:
        assert f"{company['name']} " in shown
        assert all(any(p["name"] in text for text in shown) for p in company["projects"])
    for realm in lab.realms:
        assert {f"{kind}s of {realm.name}" for kind in ("Invoice", "Payment", "Customer")} <= set(shown)
    assert {"TX-77", "QB-88", "1,234.50", "1,200.00", "34.50"} <= set(shown)


async def test_looking_for_a_text_leaves_only_rows_that_show_it(lab: Laboratory, books: Books) -> None:
    for number in ("QB-1", "QB-2"):
        await books.invoice(DocNumber=number)
    cells = {text for _, text in (await page(lab, "/?find=qb-2")).all("td")}
    assert "QB-2" in cells
    assert "QB-1" not in cells


async def test_only_the_newest_rows_are_shown_and_how_many_there_are(lab: Laboratory, books: Books) -> None:
    for number in range(30):
        await books.invoice(DocNumber=f"many-{number}")
    tree = await page(lab, "/?find=many-")
    assert any("(newest 25 of 30)" in text for _, text in tree.all("caption"))
    numbers = [text for _, text in tree.all("td") if text.startswith("many-")]
    assert numbers == [f"many-{number}" for number in range(29, 4, -1)]


async def test_application_is_approved_changed_and_deleted(lab: Laboratory) -> None:
    application_id = int(await bill(lab, invoice_number="1"))
    path = f"/page/procore/{application_id}"
    assert (await post(lab, f"{path}/approve")).status_code == 303
    record = lab.world.procore.applications.truth(application_id)
    assert record
    assert record.value
    assert record.value.status == "approved"
    changes = {"status": "under_review", "status_code": "4", "invoice_number": "9", "tax": "1.25"}
    assert (await post(lab, path, **changes)).headers["location"] == "/#procore"
    value = record.value
    assert (value.status, value.status_code, value.invoice_number) == ("under_review", 4, "9")
    assert str(value.tax) == "1.25"
    assert (await post(lab, f"{path}/delete")).status_code == 303
    assert lab.world.procore.applications.truth(application_id) is None


async def test_change_order_is_approved_tied_changed_and_deleted(lab: Laboratory) -> None:
    contract_id = lab.description["companies"][0]["projects"][0]["prime_contract_id"]
    body = {"prime_contract_id": contract_id, "title": "Gate", "lines": [{"amount": "1250.5"}]}
    made = await lab.control.post("/control/procore/change_orders", json=body)
    package_id = int(made.raise_for_status().json()["id"])
    shown = [text for _, text in (await page(lab, "/?find=Gate")).all("td")]
    assert {"Gate", "draft", "1,250.50"} <= set(shown)
    path = f"/page/procore/change_orders/{package_id}"
    record = lab.world.procore.change_orders.truth(package_id)
    assert record
    assert (await post(lab, f"{path}/workflow")).status_code == 303
    assert record.value
    assert record.value["workflow"] is True
    assert (await post(lab, f"{path}/approve")).headers["location"] == "/#procore"
    assert record.value["status"] == "approved"
    refused = await post(lab, f"{path}/delete")
    assert refused.status_code == 400
    assert "approved" in refused.text
    assert (await post(lab, path, status="void", title="Fence", executed="true")).status_code == 303
    value = record.value
    assert (value["status"], value["title"], value["executed"]) == ("void", "Fence", True)
    tree = await page(lab, path)
    assert any("1250.50" in text for _, text in tree.all("li"))
    assert (await post(lab, f"{path}/delete")).status_code == 303
    assert (await lab.control.get(path)).status_code == 404


async def test_requisition_is_changed_approved_and_deleted(lab: Laboratory) -> None:
    company = lab.description["companies"][0]
    order = company["commitments"][company["projects"][0]["id"]][0]
    first, latest = (int(row["id"]) for row in order["requisitions"])
    tree = await page(lab)
    shown = [text for tag in ("caption", "td", "a") for _, text in tree.all(tag)]
    assert {f"Requisitions of {company['name']}", "SC-001", "Hill Country Plumbing"} <= set(shown)
    path = f"/page/procore/requisitions/{latest}"
    assert "Requisition 2" in [text for _, text in (await page(lab, path)).all("h1")]
    changes = {"status": "under_review", "invoice_number": "A-7", "payment_date": ""}
    assert (await post(lab, path, **changes)).headers["location"] == "/#procore"
    assert (await post(lab, f"{path}/approve")).status_code == 303
    record = lab.world.procore.requisitions.truth(latest)
    assert record
    assert record.value
    assert (record.value.status, record.value.invoice_number) == ("approved", "A-7")
    assert (await post(lab, f"/page/procore/requisitions/{first}/delete")).status_code == 422
    assert (await post(lab, f"{path}/delete")).status_code == 303
    assert lab.world.procore.requisitions.truth(latest) is None
    assert (await lab.control.get(path)).status_code == 404


async def test_invoice_is_changed_as_json_sent_and_voided(lab: Laboratory, books: Books) -> None:
    invoice = await books.invoice(100, BillEmail={"Address": "ap@example.com"})
    path = f"/page/quickbooks/{books.realm_id}/Invoice/{invoice['Id']}"
    ((_, text),) = (await page(lab, path)).all("textarea")
    body = {**json.loads(text), "PrivateNote": "by hand"}
    await books.change("Invoice", invoice, CustomerMemo={"value": "meanwhile"})
    assert (await post(lab, path, body=json.dumps(body))).status_code == 303
    assert (await books.read("Invoice", invoice["Id"]))["PrivateNote"] == "by hand"
    assert (await post(lab, f"{path}/send")).status_code == 303
    assert (await books.read("Invoice", invoice["Id"]))["EmailStatus"] == "EmailSent"
    assert (await post(lab, f"{path}/void")).status_code == 303
    assert (await books.read("Invoice", invoice["Id"]))["TotalAmt"] == 0


async def test_every_fault_is_put_in_force_and_withdrawn(lab: Laboratory) -> None:
    for name in FAULTS:
        await post(lab, f"/page/faults/{name}/on", provider="", every="1", times="")
    assert [rule.name for rule in lab.world.faults.rules()] == [*FAULTS]
    for name in FAULTS:
        assert (await post(lab, f"/page/faults/{name}/off")).headers["location"] == "/#faults"
    assert not lab.world.faults.rules()
    await post(lab, "/page/faults/status/on", provider="quickbooks", every="2", times="3")
    (rule,) = lab.world.faults.rules()
    assert (rule.match, rule.every, rule.times) == ({"provider": "quickbooks"}, 2, 3)


async def test_clock_is_stepped_and_let_run(lab: Laboratory) -> None:
    before = lab.world.clock.time()
    assert (await post(lab, "/page/clock", step="one day")).headers["location"] == "/#clock"
    assert 86_400 <= lab.world.clock.time() - before < 86_460
    await post(lab, "/page/clock", scale="stands still")
    assert lab.world.clock.factor == 0


@pytest.mark.parametrize("path", ["/", "record", "entity"])
async def test_what_others_wrote_stays_text(lab: Laboratory, books: Books, path: str) -> None:
    application_id = await bill(lab, invoice_number=NASTY)
    customer = await books.write("Customer", {"DisplayName": NASTY, "Notes": "</textarea><script>"})
    paths = {
        "record": f"/page/procore/{application_id}",
        "entity": f"/page/quickbooks/{books.realm_id}/Customer/{customer['Id']}",
    }
    tree = await page(lab, paths.get(path, f"/?{httpx.QueryParams(find=NASTY)}"))
    assert len(tree.all("script")) == 1
    assert not tree.all("img")
    assert not [name for _, attributes, _ in tree.elements for name in attributes if name.startswith("on")]
    assert any(NASTY in text or json.dumps(NASTY, ensure_ascii=False) in text for text in tree.texts())


async def test_page_loads_nothing_from_elsewhere_and_allows_no_foreign_script(lab: Laboratory) -> None:
    answer = await lab.control.get("/")
    assert "default-src 'none'; script-src 'self'" in answer.headers["content-security-policy"]
    tree = Tree(answer.text)
    links = [attributes.get("src") or attributes.get("href") for _, attributes, _ in tree.elements]
    assert all(link.startswith(("/", "#")) for link in links if link)
    for path in ("/page/style.css", "/page/live.js"):
        assert (await lab.control.get(path)).status_code == 200


async def test_page_can_be_read_aloud_and_used_by_keyboard(lab: Laboratory, books: Books) -> None:
    invoice = await books.invoice()
    application_id = await bill(lab)
    await post(lab, "/page/faults/status/on", every="1")
    record = f"/page/quickbooks/{books.realm_id}/Invoice/{invoice['Id']}"
    requisition = next(row.id for row in lab.world.procore.requisitions.living())
    order = lab.description["companies"][0]["projects"][0]["change_orders"][0]["package_id"]
    records = (application_id, f"requisitions/{requisition}", f"change_orders/{order}")
    for path in ("/", *(f"/page/procore/{one}" for one in records), record):
        tree = await page(lab, path)
        assert tree.all("html")[0][0]["lang"] == "en"
        assert [text for _, text in tree.all("h1")]
        assert tree.all("a")[0] == ({"href": "#content", "class": "skip"}, "Skip to content")
        ids = [attributes["id"] for _, attributes, _ in tree.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        fields = sum(len(tree.all(tag)) for tag in ("input", "select", "textarea"))
        assert len(tree.all("label")) == fields
        assert all(text for _, text in tree.all("label"))
        named = [attributes.get("aria-label") or text for attributes, text in tree.all("button")]
        assert all(named)
        assert len(tree.all("caption")) == len(tree.all("table"))
        assert all(attributes.get("scope") in {"row", "col"} for attributes, _ in tree.all("th"))


@pytest.mark.parametrize(
    ("path", "form", "status", "said"),
    [
        ("/page/procore/1/approve", {}, 404, "not found"),
        ("/page/procore/change_orders/1/approve", {}, 404, "not found"),
        ("/page/clock", {"step": "a moment"}, 404, "a moment"),
        ("/page/faults/rain/on", {"every": "1"}, 400, "unknown fault"),
        ("/page/faults/status/on", {"every": "often"}, 400, "often"),
        ("/page/quickbooks/1/Invoice/1", {"body": "{}"}, 404, "There is no"),
        ("/page/quickbooks/{realm}/Invoice/1", {"body": "[]"}, 400, "JSON object"),
        ("/page/quickbooks/{realm}/Invoice/999999", {"body": "{}"}, 400, "Object Not Found"),
        ("/page/quickbooks/{realm}/Customer/1/bless", {}, 400, ""),
    ],
)
async def test_refusal_is_said_on_a_page(
    lab: Laboratory, path: str, form: dict[str, str], status: int, said: str
) -> None:
    answer = await post(lab, path.replace("{realm}", lab.realms[0].id), **form)
    assert answer.status_code == status
    ((_, sentence),) = [
        (attributes, text)
        for attributes, text in Tree(answer.text).all("p")
        if attributes.get("role") == "alert"
    ]
    assert said.lower() in sentence.lower()


async def test_orders_from_other_sites_are_refused(lab: Laboratory) -> None:
    headers = {"sec-fetch-site": "cross-site"}
    for path in ("/page/clock", "/control/clock"):
        assert (await lab.control.post(path, data={"step": "one day"}, headers=headers)).status_code == 403
    assert (await lab.control.get("/control/clock", headers=headers)).status_code == 200


def test_markup_escapes_all_but_markup() -> None:
    assert el("p", "<&>", el("b", 1), [None, "x"], class_='"', hidden=True, title=None) == (
        '<p class="&quot;" hidden>&lt;&amp;&gt;<b>1</b>x</p>'
    )
    assert el("input", name="a", data_since=3) == '<input name="a" data-since="3">'
