"""The page for people: what it shows, what it does, and that nothing shown can act."""

from __future__ import annotations

import json
from decimal import Decimal
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import httpx
import pytest
from sandbox_books import Books
from typing_extensions import override

from plumbline_sandbox.faults import FAULTS
from plumbline_sandbox.laboratory import Laboratory
from plumbline_sandbox.markup import VOID, el
from plumbline_sandbox.page.kinds import PROCORE, shelves
from plumbline_sandbox.page.tables import NEWEST
from plumbline_sandbox.procore.g702 import Application, summarize
from plumbline_sandbox.quickbooks.entities.registry import ENTITIES

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
    """Make a draft of an owner invoice; return the path of its page."""
    company = lab.description["companies"][0]
    project = company["projects"][0]
    body = {"company_id": company["id"], "project_id": project["id"], "status": "draft", **more}
    body["prime_contract_id"] = project["prime_contract_id"]
    made = await lab.control.post("/control/procore/payment_applications", json=body)
    return f"{owner_invoices(lab)}/{made.raise_for_status().json()['id']}"


def owner_invoices(lab: Laboratory) -> str:
    return f"/page/procore/{lab.description['companies'][0]['id']}/payment_applications"


def truth(lab: Laboratory, path: str) -> Application | None:
    record = lab.world.procore.applications.truth(int(path.rsplit("/", 1)[1]))
    return record.value if record else None


async def test_first_page_shows_both_vendors_companies_and_how_much_they_hold(
    lab: Laboratory, books: Books
) -> None:
    await bill(lab)
    await books.invoice(1234.5)
    tree = await page(lab)
    assert [text for _, text in tree.all("h3")] == [
        *(company["name"] for company in lab.description["companies"]),
        *(realm.name for realm in lab.realms),
    ]
    texts = tree.texts()
    assert "0 of 1 owner invoices approved: 0.00 due" in texts
    assert "2 of 11 invoices open: 19,634.50 owed" in texts


async def test_every_kind_of_both_vendors_has_a_page_of_its_own(lab: Laboratory) -> None:
    for vendor, company_id, count in (
        ("procore", str(lab.description["companies"][0]["id"]), len(PROCORE)),
        ("quickbooks", lab.realms[0].id, len(ENTITIES)),
    ):
        of_company = shelves(lab.world, vendor, company_id)  # type: ignore[arg-type]  # both are vendors
        assert len(of_company) == count
        for shelf in of_company.values():
            tree = await page(lab, shelf.path)
            links = [attributes["href"] for attributes, _ in tree.all("a")]
            assert {other.path for other in of_company.values()} <= set(links)
            of_items = [link for link in links if link and link.startswith(f"{shelf.path}/")]
            assert len(of_items) == min(NEWEST, sum(1 for _ in shelf.items())) == min(NEWEST, shelf.count())
            assert of_items or "There are none yet." in tree.texts()
            for link in of_items[:1]:
                assert [text for _, text in (await page(lab, str(link))).all("dt")]


async def test_rows_show_what_people_look_for(lab: Laboratory, books: Books) -> None:
    await bill(lab, invoice_number="TX-77", tax="12.5")
    invoice = await books.invoice(1234.5, DocNumber="QB-88")
    await books.pay(invoice, 34.5)
    shown = {text for _, text in (await page(lab, owner_invoices(lab))).all("td")}
    assert {"TX01 Depot Lofts", "draft", "12.50"} <= shown
    tree = await page(lab, f"/page/quickbooks/{books.realm_id}/Invoice")
    assert "QB-88" in [text for _, text in tree.all("a")]
    assert {"1,234.50", "1,200.00"} <= {text for _, text in tree.all("td")}


async def test_company_sees_only_what_is_its_own(lab: Laboratory) -> None:
    await bill(lab)
    other = lab.description["companies"][1]["id"]
    assert "There are none yet." in (await page(lab, f"/page/procore/{other}/payment_applications")).texts()


async def test_looking_for_a_text_finds_the_rows_of_both_vendors_that_show_it(
    lab: Laboratory, books: Books
) -> None:
    await bill(lab, invoice_number="both-1")
    for number in ("BOTH-2", "other-3"):
        await books.invoice(DocNumber=number)
    links = {text for _, text in (await page(lab, "/?find=both-")).all("a")}
    assert {"both-1", "BOTH-2"} <= links
    assert "other-3" not in links
    assert any("shows “nowhere”" in text for text in (await page(lab, "/?find=nowhere")).texts())


async def test_only_the_newest_rows_are_shown_and_how_many_there_are(lab: Laboratory, books: Books) -> None:
    for number in range(30):
        await books.invoice(DocNumber=f"many-{number}")
    tree = await page(lab, "/?find=many-")
    assert any("the newest 25 of 30" in text for _, text in tree.all("caption"))
    numbers = [text for _, text in tree.all("a") if text.startswith("many-")]
    assert numbers == [f"many-{number}" for number in range(29, 4, -1)]


async def test_owner_invoice_is_billed_approved_changed_and_deleted(lab: Laboratory) -> None:
    contract = lab.description["companies"][0]["projects"][0]["prime_contract_id"]
    answer = await post(lab, owner_invoices(lab), contract=contract, percent="10")
    assert answer.status_code == 303
    made = answer.headers["location"].rsplit("-", 1)[1]
    path = f"{owner_invoices(lab)}/{made}"
    draft = truth(lab, path)
    assert draft
    billed = sum(line.scheduled_value for line in draft.lines) * Decimal("0.1")
    assert draft.status == "draft"
    assert summarize(draft.lines).current_payment_due == billed * Decimal("0.9")  # 10 % is retained
    assert (await post(lab, f"{path}/approve")).status_code == 303
    approved = truth(lab, path)
    assert approved
    assert approved.status == "approved"
    changes = {"status": "under_review", "status_code": "4", "invoice_number": "9", "tax": "1.25"}
    back = (await post(lab, path, **changes)).headers["location"]
    assert back.startswith(f"{owner_invoices(lab)}#")
    assert back.split("#")[1] in {a.get("id") for a, _ in (await page(lab, owner_invoices(lab))).all("tr")}
    value = truth(lab, path)
    assert value
    assert (value.status, value.status_code, value.invoice_number) == ("under_review", 4, "9")
    assert str(value.tax) == "1.25"
    assert value.lines == draft.lines
    assert (await post(lab, f"{path}/delete")).status_code == 303
    assert truth(lab, path) is None


async def test_change_order_is_approved_tied_changed_and_deleted(lab: Laboratory) -> None:
    company = lab.description["companies"][0]
    body = {"prime_contract_id": company["projects"][0]["prime_contract_id"], "title": "Gate"}
    made = await lab.control.post(
        "/control/procore/change_orders", json={**body, "lines": [{"amount": "1250.5"}]}
    )
    package_id = int(made.raise_for_status().json()["id"])
    shelf = f"/page/procore/{company['id']}/change_orders"
    path = f"{shelf}/{package_id}"
    assert {"Gate", "1,250.50"} <= {text for _, text in (await page(lab, shelf)).all("td")}
    record = lab.world.procore.change_orders.truth(package_id)
    assert record
    assert (await post(lab, f"{path}/attach-workflow")).status_code == 303
    assert record.value
    assert record.value["workflow"] is True
    assert (await post(lab, f"{path}/detach-workflow")).status_code == 303
    assert record.value["workflow"] is False
    assert (await post(lab, f"{path}/approve")).status_code == 303
    assert record.value["status"] == "approved"
    refused = await post(lab, f"{path}/delete")
    assert (refused.status_code, "approved" in refused.text) == (400, True)
    assert (await post(lab, path, status="void", title="Fence", executed="true")).status_code == 303
    value = record.value
    assert (value["status"], value["title"], value["executed"]) == ("void", "Fence", True)
    assert "1250.50" in (await page(lab, path)).texts()
    assert (await post(lab, f"{path}/delete")).status_code == 303
    assert (await lab.control.get(path)).status_code == 404


async def test_requisition_is_changed_approved_and_deleted(lab: Laboratory) -> None:
    company = lab.description["companies"][0]
    order = company["commitments"][company["projects"][0]["id"]][0]
    first, latest = (int(row["id"]) for row in order["requisitions"])
    shelf = f"/page/procore/{company['id']}/requisitions"
    tree = await page(lab, shelf)
    assert {"SC-001", "Hill Country Plumbing"} <= {text for _, text in tree.all("td")}
    path = f"{shelf}/{latest}"
    changes = {"status": "under_review", "invoice_number": "A-7", "payment_date": ""}
    assert (await post(lab, path, **changes)).status_code == 303
    assert (await post(lab, f"{path}/approve")).status_code == 303
    record = lab.world.procore.requisitions.truth(latest)
    assert record
    assert record.value
    assert (record.value.status, record.value.invoice_number) == ("approved", "A-7")
    assert (await post(lab, f"{shelf}/{first}/delete")).status_code == 422
    assert (await post(lab, f"{path}/delete")).status_code == 303
    assert lab.world.procore.requisitions.truth(latest) is None
    assert (await lab.control.get(path)).status_code == 404


async def test_invoice_is_changed_by_its_fields_and_as_json_sent_and_voided(
    lab: Laboratory, books: Books
) -> None:
    invoice = await books.invoice(100, BillEmail={"Address": "ap@example.com"}, PrivateNote="before")
    path = f"/page/quickbooks/{books.realm_id}/Invoice/{invoice['Id']}"
    ((_, text),) = (await page(lab, path)).all("textarea")
    rest = json.loads(text)
    assert rest["BillEmail"] == {"Address": "ap@example.com"}
    rest["BillEmail"] = {"Address": "new@example.com"}
    await books.change("Invoice", invoice, CustomerMemo={"value": "meanwhile"})
    form = {"PrivateNote": "by hand", "DueDate": invoice["DueDate"], "rest": json.dumps(rest)}
    assert (await post(lab, path, **form)).status_code == 303
    changed = await books.read("Invoice", invoice["Id"])
    assert (changed["PrivateNote"], changed["BillEmail"]["Address"]) == ("by hand", "new@example.com")
    assert changed["CustomerMemo"] == {"value": "meanwhile"}
    assert changed["TotalAmt"] == 100
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
    form = {"provider": "quickbooks", "path": "/bill$", "every": "2", "times": "3", "args": '{"status": 500}'}
    await lab.control.post("/page/faults/status/on", data=form)
    (rule,) = lab.world.faults.rules()
    assert (rule.match, rule.every, rule.times) == ({"provider": "quickbooks", "path": "/bill$"}, 2, 3)
    assert rule.args == {"status": 500}
    for path in ("/", owner_invoices(lab)):
        assert "1 fault in force" in (await page(lab, path)).texts()


async def test_clock_is_stepped_and_let_run(lab: Laboratory) -> None:
    before = lab.world.clock.time()
    assert (await post(lab, "/page/clock", step="one day")).headers["location"] == "/#clock"
    assert 86_400 <= lab.world.clock.time() - before < 86_460
    await post(lab, "/page/clock", scale="stands still")
    assert lab.world.clock.factor == 0


@pytest.mark.parametrize("path", ["/", "kind", "record", "entity"])
async def test_what_others_wrote_stays_text(lab: Laboratory, books: Books, path: str) -> None:
    record = await bill(lab, invoice_number=NASTY)
    customer = await books.write("Customer", {"DisplayName": NASTY, "Notes": "</textarea><script>"})
    paths = {
        "kind": owner_invoices(lab),
        "record": record,
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
    record = await bill(lab)
    await post(lab, "/page/faults/status/on", every="1")
    entities = f"/page/quickbooks/{books.realm_id}/Invoice"
    paths = ("/", "/?find=TX01", owner_invoices(lab), record, entities, f"{entities}/{invoice['Id']}")
    for path in paths:
        tree = await page(lab, path)
        assert tree.all("html")[0][0]["lang"] == "en"
        assert [text for _, text in tree.all("h1")]
        assert tree.all("a")[0] == ({"href": "#content", "class": "skip"}, "Skip to content")
        ids = [attributes["id"] for _, attributes, _ in tree.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        fields = sum(len(tree.all(tag)) for tag in ("input", "select", "textarea"))
        assert len(tree.all("label")) == fields
        names = [after for (tag, _, _), after in pairwise(tree.elements) if tag == "label"]
        assert all(tag == "span" and "".join(text) for tag, _, text in names)
        named = [attributes.get("aria-label") or text for attributes, text in tree.all("button")]
        assert all(named)
        assert all(attributes.get("scope") in {"row", "col"} for attributes, _ in tree.all("th"))


@pytest.mark.parametrize(
    ("path", "form", "status", "said"),
    [
        ("{invoices}/1/approve", {}, 404, "There is no 1 here."),
        ("{invoices}/{invoice}/bless", {}, 400, "One cannot bless this record of Owner invoices"),
        ("{invoices}/{invoice}", {"status": "paid"}, 422, "status is not included in the list"),
        ("{invoices}/{invoice}", {"tax": "much"}, 422, "tax is not a number"),
        ("{invoices}/{invoice}", {"status_code": "x"}, 400, "Code is a whole number, not “x”"),
        ("{invoices}", {"contract": "7", "percent": "1"}, 404, "not found"),
        ("{invoices}", {"contract": "7", "percent": "all"}, 400, "the share is a figure, not “all”"),
        ("{vendors}", {}, 400, "Vendors are not made here"),
        ("{vendors}/{vendor}", {"name": "x"}, 400, "Vendors are not changed here"),
        ("/page/clock", {"step": "a moment"}, 404, "There is no a moment here."),
        ("/page/faults/rain/on", {"every": "1"}, 400, "unknown fault"),
        ("/page/faults/status/on", {"every": "often"}, 400, "every is a whole number, not “often”"),
        ("/page/faults/status/on", {"args": "[]"}, 400, "the arguments are not a JSON object"),
        ("/page/faults/status/on", {"args": "{"}, 400, "the arguments are no JSON"),
        ("/page/quickbooks/1/Invoice/1", {}, 404, "There is no 1 here."),
        ("/page/elsewhere/1/Invoice/1", {}, 404, "There is no 1 here."),
        ("{books}/Invoice/999999", {}, 404, "There is no 999999 here."),
        ("{books}/Customer/51", {"rest": "[]"}, 400, "the rest is not a JSON object"),
        ("{books}/Customer/51", {"rest": "{"}, 400, "the rest is no JSON"),
        ("{books}/Customer/51", {"Active": "perhaps"}, 400, "Active takes true or false, not “perhaps”"),
        ("{books}/Customer/51", {"DisplayName": "Bluebonnet Health"}, 400, "6240"),
        ("{books}/Customer/51/bless", {}, 400, "Operation bless is not supported"),
    ],
)
async def test_refusal_is_said_on_a_page(
    lab: Laboratory, path: str, form: dict[str, str], status: int, said: str
) -> None:
    company = f"/page/procore/{lab.description['companies'][0]['id']}"
    known = {
        "invoices": owner_invoices(lab),
        "invoice": (await bill(lab)).rsplit("/", 1)[1],
        "vendors": f"{company}/vendors",
        "vendor": lab.description["companies"][0]["projects"][0]["owner"]["id"],
        "books": f"/page/quickbooks/{lab.realms[0].id}",
    }
    answer = await post(lab, path.format_map(known), **form)
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
