"""What all of Procore's endpoints share: headers, envelopes, paging, filters, permissions, errors."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sandbox_rules import rule
from sandbox_site import Site

from plumbline_sandbox.procore.conventions import moment

ERRORS = "Procore docs, Error Code Reference"
V2 = "Procore docs, New REST v2 Version"
PAGING = "Procore docs, Pagination"
FILTERS = "Procore docs, Filtering on List Actions"
ZONES = "Procore docs, Multiple Production Zones"
NOTES = "Practitioner notes on a live company"
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


async def raw(site: Site, path: str) -> httpx.Response:
    """Call with a token and no other header."""
    return await site.lab.procore.get(
        path, headers={"authorization": f"Bearer {await site.lab.site_token()}"}
    )


async def consented(site: Site) -> dict[str, str]:
    """Return the headers of a user's own token, without a company."""
    ask = {"response_type": "code", "client_id": site.app.client_id, "redirect_uri": OUT_OF_BAND}
    code = (await site.lab.procore.post("/oauth/authorize", data={**ask, "decision": "allow"})).text
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": OUT_OF_BAND}
    form |= {"client_id": site.app.client_id, "client_secret": site.app.client_secret}
    answer = await site.lab.procore.post("/oauth/token", data=form)
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


@rule(
    "A call without `Procore-Company-Id` is refused; that the status is 400 is assumed.", ZONES, inferred=True
)
async def test_a_call_without_the_company_header_is_refused(site: Site) -> None:
    answer = await raw(site, f"/rest/v1.0/vendors?company_id={site.company_id}")
    assert answer.status_code == 400
    assert "Missing Procore-Company-Id header!" in answer.text


@rule("A user may ask for itself and for its companies without the company header.", ZONES)
@pytest.mark.parametrize("path", ["/rest/v1.0/me", "/rest/v1.0/companies"])
async def test_a_user_needs_no_company_header_to_look_round(site: Site, path: str) -> None:
    assert (await site.lab.procore.get(path, headers=await consented(site))).status_code == 200


@rule("The company in the query must be the header's.", ZONES, inferred=True)
async def test_another_company_in_the_query_is_not_found(site: Site) -> None:
    other = site.lab.description["companies"][1]["id"]
    await site.refused(404, "GET", "/rest/v1.0/vendors", company_id=other)


@rule("Ids exceed 32 bits.", ZONES)
async def test_ids_do_not_fit_into_32_bits(site: Site) -> None:
    rows = await site.get("/rest/v1.0/projects", company_id=site.company_id)
    assert all(row["id"] > 2**32 for row in rows)


@rule("A call without a token, or with a wrong one, is answered 401 in the default error schema.", ERRORS)
@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": "Basic eDp5"}])
async def test_a_wrong_token_is_401(site: Site, headers: dict[str, str]) -> None:
    answer = await site.lab.procore.get("/rest/v1.0/me", headers=headers)
    assert answer.status_code == 401
    assert answer.json().keys() == {"code", "message", "fields", "reason", "error"}
    assert answer.json()["message"] == "The access token is invalid"


@rule("v2 tells errors in the standard format: `error` with code, message, details.", "Procore OpenAPI, 2024")
async def test_v2_errors_have_the_standard_format(site: Site) -> None:
    answer = await site.lab.procore.get(f"{site.v2_project}/prime_contracts")
    assert answer.status_code == 401
    assert answer.json()["error"].keys() == {"code", "message", "details"}
    body = await site.refused(404, "GET", f"{site.v2_project}/prime_contracts/1")
    assert body == {"error": {"code": "404", "message": "Item not found", "details": []}}


@rule("An app that the company disconnected gets 403 with a plain list of strings.", ERRORS)
async def test_a_disconnected_app_is_forbidden(site: Site) -> None:
    await site.headers()
    del site.app.installs[site.company_id]
    body = await site.refused(403, "GET", "/rest/v1.0/projects", company_id=site.company_id)
    assert body == {"errors": ["App is not connected to this company."]}


@rule("What does not exist is answered 404 with a message.", NOTES, inferred=True)
async def test_an_absent_record_is_not_found(site: Site) -> None:
    body = await site.refused(404, "GET", "/rest/v1.0/payment_applications/1", project_id=site.project_id)
    assert body == {"message": "Item not found"}


@rule("What the caller may not see is answered like what does not exist.", ERRORS)
async def test_another_companys_record_is_not_found(site: Site) -> None:
    other = Site(site.lab, place=1)
    for project_id in (site.project_id, other.project_id):
        path = f"/rest/v1.0/prime_contract/{other.contract_id}"
        await site.refused(404, "GET", path, project_id=project_id)


@rule(
    "A service account sees only the projects its install permits, and none that come later.",
    "Procore docs, Developer Managed Service Accounts",
)
async def test_projects_not_permitted_are_invisible(site: Site) -> None:
    seen, unseen = site.project_id, int(site.projects[1]["id"])
    site.install.projects = {seen}
    rows = await site.get("/rest/v1.0/projects", company_id=site.company_id)
    assert [row["id"] for row in rows] == [seen]
    await site.refused(404, "GET", "/rest/v1.0/prime_contracts", project_id=unseen)
    body = {"company_id": site.company_id, "project": {"name": "Later"}}
    later = (await site.post("/rest/v1.0/projects", body))["id"]
    await site.refused(404, "GET", f"/rest/v1.0/projects/{later}", company_id=site.company_id)


@rule(
    "Without permission for prime contracts a list is empty and a contract is not there.",
    NOTES,
    inferred=True,
)
async def test_without_permission_there_is_nothing(site: Site) -> None:
    site.install.levels["prime_contracts"] = "none"
    assert await site.get("/rest/v1.0/prime_contracts", project_id=site.project_id) == []
    assert await site.get(f"{site.v2_project}/prime_contracts") == {"data": []}
    path = f"/rest/v1.0/prime_contract/{site.contract_id}"
    await site.refused(404, "GET", path, project_id=site.project_id)
    await site.refused(404, "GET", f"{site.v2_project}/prime_contracts/{site.contract_id}")


@rule("A write without the level for it is answered 403 with a plain list of strings.", ERRORS)
async def test_a_write_below_its_level_is_forbidden(site: Site) -> None:
    site.install.levels["prime_contracts"] = "read_only"
    path = f"/rest/v1.0/prime_contract/{site.contract_id}"
    body = await site.refused(403, "PATCH", path, {"project_id": site.project_id})
    assert body == {"errors": ["You do not have permission to perform this action"]}
    assert await site.get(path, project_id=site.project_id)


@rule(
    "Webhooks need the level standard for their own tool, to read as well as to write.",
    "Procore docs, Webhooks",
)
@pytest.mark.parametrize("level", ["none", "read_only"])
async def test_webhooks_below_standard_are_forbidden(site: Site, level: str) -> None:
    site.install.levels["webhooks"] = level
    await site.refused(403, "GET", f"{site.v2}/webhooks/hooks")
    site.install.levels["webhooks"] = "standard"
    await site.get(f"{site.v2}/webhooks/hooks")


@rule("A path that is no endpoint is answered with an HTML page.", NOTES, inferred=True)
async def test_a_wrong_path_is_an_html_page(site: Site) -> None:
    answer = await site.call("GET", "/rest/v1.0/no_such_thing")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


@rule("A required parameter that is missing is answered 400 with messages per field.", ERRORS)
async def test_a_missing_parameter_is_400(site: Site) -> None:
    body = await site.refused(400, "GET", "/rest/v1.0/payment_applications")
    assert body == {"errors": {"project_id": ["is missing"]}}


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff\xfe"])
async def test_an_unreadable_body_is_400(site: Site, body: bytes) -> None:
    path = f"/rest/v1.0/prime_contract/{site.contract_id}"
    answer = await site.lab.procore.patch(path, content=body, headers=await site.headers())
    assert answer.status_code == 400
    assert "errors" in answer.json()


@rule("v1 answers bare arrays and objects with integer ids, v2 an envelope `data` with string ids.", V2)
async def test_v1_is_bare_and_v2_has_an_envelope(site: Site) -> None:
    [bare] = await site.get("/rest/v1.0/prime_contracts", project_id=site.project_id)
    [wrapped] = (await site.get(f"{site.v2_project}/prime_contracts"))["data"]
    assert bare["id"] == site.contract_id
    assert wrapped["id"] == str(site.contract_id)
    assert wrapped["vendor"]["id"] == str(bare["vendor"]["id"])


@rule("A v2 page has ten rows by default and never more than a hundred.", V2)
async def test_v2_pages_have_ten_rows_and_at_most_a_hundred(site: Site) -> None:
    hook = {"payload_version": "v4.0", "namespace": "n", "destination_url": "https://x.example"}
    for _ in range(101):
        await site.post(f"{site.v2}/webhooks/hooks", hook)
    sizes = []
    for asked in ({}, {"per_page": 1000}):
        answer = await site.call("GET", f"{site.v2}/webhooks/hooks", **asked)
        sizes.append((len(answer.json()["data"]), answer.headers["per-page"], answer.headers["total"]))
    assert sizes == [(10, "10", "101"), (100, "100", "101")]


@rule("`Total` and `Per-Page` count; `Link` leads to first, prev, last and next where they lead on.", PAGING)
async def test_links_lead_through_every_page(site: Site) -> None:
    for _ in range(5):
        await site.bill()
    path = f"/rest/v1.0/payment_applications?project_id={site.project_id}&per_page=2"
    seen: list[int] = []
    rels: list[list[str]] = []
    while path:
        answer = await site.lab.procore.get(path, headers=await site.headers())
        assert (answer.headers["total"], answer.headers["per-page"]) == ("5", "2")
        links = {rel: url for url, rel in re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers["link"])}
        rels.append(list(links))
        seen += [row["id"] for row in answer.json()]
        path = links.get("next", "")
    assert len(set(seen)) == len(seen) == 5
    assert rels == [["last", "next"], ["first", "prev", "last", "next"], ["first", "prev"]]


async def test_a_list_on_one_page_has_no_links(site: Site) -> None:
    answer = await site.call("GET", "/rest/v1.0/prime_contracts", project_id=site.project_id)
    assert "link" not in answer.headers


async def test_a_page_beyond_the_last_is_empty(site: Site) -> None:
    assert await site.get("/rest/v1.0/prime_contracts", project_id=site.project_id, page=9) == []


@pytest.mark.parametrize("page", [{"page": "0"}, {"per_page": "0"}, {"page": "x"}])
async def test_a_page_that_is_no_page_is_400(site: Site, page: dict[str, Any]) -> None:
    await site.refused(400, "GET", "/rest/v1.0/prime_contracts", project_id=site.project_id, **page)


@rule("A filter on times is a range with three dots, in quotes or not.", FILTERS)
@pytest.mark.parametrize("quote", ["", '"'])
async def test_a_range_keeps_what_lies_inside(site: Site, quote: str) -> None:
    now = site.lab.world.clock.now()
    here = f"{quote}{moment(now - timedelta(hours=1))}...{moment(now + timedelta(hours=1))}{quote}"
    gone = f"{quote}{moment(now - timedelta(hours=3))}...{moment(now - timedelta(hours=2))}{quote}"
    found = [
        await site.get("/rest/v1.0/prime_contracts", project_id=site.project_id, filter_updated_at=text)
        for text in (here, gone)
    ]
    assert [len(rows) for rows in found] == [1, 0]


@rule("A range may be of plain days; that the last day belongs to it is assumed.", FILTERS, inferred=True)
async def test_a_range_of_days_includes_its_last_day(site: Site) -> None:
    today = site.lab.world.clock.now().date()
    for text, count in ((f"{today}...{today}", 1), (f"2016-01-01...{today - timedelta(days=1)}", 0)):
        path, where = "/rest/v1.0/prime_contracts", {"project_id": site.project_id}
        assert len(await site.get(path, **where, filter_created_at=text)) == count


@rule("`filters[id]` takes one id, several, or a JSON array.", FILTERS)
@pytest.mark.parametrize("shape", ["{}", "{},1", "[{}]", "[1, {}]"])
async def test_ids_are_filtered_in_every_spelling(site: Site, shape: str) -> None:
    wanted = shape.format(site.contract_id)
    [row] = await site.get("/rest/v1.0/prime_contracts", project_id=site.project_id, filter_id=wanted)
    assert row["id"] == site.contract_id


@rule("`filters[id][]` may be repeated, as Rails reads arrays.", "Procore OpenAPI, List company vendors")
async def test_ids_are_filtered_as_repeated_parameters(site: Site) -> None:
    everyone = await site.get("/rest/v1.0/vendors", company_id=site.company_id)
    wanted = [row["id"] for row in everyone[:2]]
    query = "&".join(f"filters[id][]={vendor_id}" for vendor_id in wanted)
    path = f"/rest/v1.0/vendors?company_id={site.company_id}&{query}"
    answer = await site.lab.procore.get(path, headers=await site.headers())
    assert [row["id"] for row in answer.json()] == wanted


@pytest.mark.parametrize(
    ("name", "text"), [("filter_id", "x"), ("filter_updated_at", "yesterday"), ("filter_updated_at", "a...b")]
)
async def test_a_filter_that_cannot_be_read_is_400(site: Site, name: str, text: str) -> None:
    params = {"project_id": site.project_id, name: text}
    await site.refused(400, "GET", "/rest/v1.0/prime_contracts", **params)


@rule("`sort=-field` turns the order round.", FILTERS)
async def test_a_sort_with_a_minus_turns_the_order_round(site: Site) -> None:
    up = await site.get("/rest/v1.0/vendors", company_id=site.company_id, sort="name")
    down = await site.get("/rest/v1.0/vendors", company_id=site.company_id, sort="-name")
    names = [row["name"] for row in up]
    assert names == sorted(names)
    assert [row["name"] for row in down] == names[::-1]


async def test_a_sort_by_a_field_that_is_not_there_sorts_nothing(site: Site) -> None:
    plain = await site.get("/rest/v1.0/vendors", company_id=site.company_id)
    assert await site.get("/rest/v1.0/vendors", company_id=site.company_id, sort="nothing") == plain
    assert await site.get("/rest/v1.0/vendors", company_id=site.company_id, sort="origin_id") == plain


@rule(
    "Amounts are decimal strings, days YYYY-MM-DD, times UTC with a Z.",
    "Procore OpenAPI, Payment Applications",
)
async def test_values_have_procores_formats(site: Site) -> None:
    await site.bill(tax="1.5")
    [row] = await site.get("/rest/v1.0/payment_applications", project_id=site.project_id)
    assert re.fullmatch(r"-?\d+\.\d\d", row["total_amount_accrued_this_period"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", row["billing_date"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row["created_at"])


@rule(
    "Refusing calls without `Procore-Company-Id` is being extended to more and more apps; others name the company "
    "by path, query or project.",
    ZONES,
    inferred=True,
)
async def test_an_app_may_still_leave_the_company_header_out(site: Site) -> None:
    app = {"client_id": site.app.client_id, "must_name_company": False}
    assert (await site.lab.control.post("/control/procore/apps", json=app)).status_code == 201
    for path in (
        "/rest/v1.0/companies",
        f"/rest/v1.0/projects?company_id={site.company_id}",
        f"/rest/v1.0/companies/{site.company_id}/people",
        f"/rest/v1.0/payment_applications?project_id={site.project_id}",
        f"{site.project}/vendors",
    ):
        assert (await raw(site, path)).status_code == 200, path
    assert (await raw(site, "/rest/v1.0/payment_applications?project_id=1")).status_code == 404
    other = site.lab.companies[1].company.id
    assert (await raw(site, f"/rest/v1.0/projects?company_id={other}")).status_code == 403
