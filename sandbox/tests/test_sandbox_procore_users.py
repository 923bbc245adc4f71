"""Users of a company's directory and of projects, and who the caller is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sandbox_mailbox import Mailbox
from sandbox_rules import rule
from sandbox_site import Body, Site

from plumbline_sandbox.laboratory import Laboratory
from plumbline_sandbox.procore.conventions import moment

COMPANY = "Procore reference, Company Users"
PROJECT = "Procore reference, Project Users"
TUTORIAL = "Procore docs, Working with User Permissions and Permission Templates"
FANOUT = "Procore docs, Webhook Fanout Migration"
SYNC = "Procore docs, Using Sync Actions"
ME = "Procore reference, Show User Info"


def users(site: Site, version: str = "v1.3") -> str:
    return f"/rest/{version}/companies/{site.company_id}/users"


async def add(site: Site, mail: str = "new@example.com", **fields: object) -> Body:
    made: Body = await site.post(users(site), {"user": {"email_address": mail, "last_name": "New", **fields}})
    return made


def told(events: list[Body]) -> list[tuple[str, str, int, bool]]:
    return [
        (e["resource_type"], e["reason"], int(e["resource_id"]), e["project_id"] is not None) for e in events
    ]


@rule(
    "A user has names, e-mail address, title, vendor and origin fields, and times of making and change.",
    COMPANY,
)
async def test_user_fields(site: Site) -> None:
    made = await add(site, first_name="Nia", job_title="Estimator", state_code="TX", origin_id="HR-1")
    assert (made["name"], made["is_active"], made["is_employee"]) == ("Nia New", True, False)
    fields = {"address", "business_phone", "employee_id", "initials", "notes", "vendor", "origin_data", "zip"}
    assert fields | {"created_at", "updated_at", "last_login_at", "avatar"} <= set(made)
    assert await site.get(f"{users(site)}/{made['id']}") == made


@rule("v1.0, v1.1 and v1.3 show the same users.", COMPANY, inferred=True)
async def test_versions(site: Site) -> None:
    rows = [await site.get(users(site, version)) for version in ("v1.0", "v1.1", "v1.3")]
    assert rows[0] == rows[1] == rows[2]
    names = {row["name"] for row in rows[0]}
    assert {user["name"] for user in site.company["users"]} <= names


@rule("A new user needs an e-mail address and a last name (400).", COMPANY)
async def test_required_fields(site: Site) -> None:
    refused = await site.refused(400, "POST", users(site), {"user": {"first_name": "Nia"}})
    assert list(refused["errors"]) == ["email_address", "last_name"]


@rule("An e-mail address that somebody has is a conflict (409).", COMPANY, inferred=True)
async def test_taken_address(site: Site) -> None:
    await add(site, "one@example.com")
    body = {"user": {"email_address": "ONE@example.com", "last_name": "Two"}}
    refused = await site.refused(409, "POST", users(site), body)
    assert refused == {"errors": {"email_address": ["has already been taken"]}}


@rule("States and countries have two letters; a vendor is one of the company's.", COMPANY)
@pytest.mark.parametrize("field", [{"state_code": "Texas"}, {"country_code": "USA"}, {"vendor_id": 1}])
async def test_invalid_fields(site: Site, field: Body) -> None:
    body = {"user": {"email_address": "x@example.com", "last_name": "X", **field}}
    refused = await site.refused(400, "POST", users(site), body)
    assert list(refused["errors"]) == list(field)


@rule("The list has active users only; inactive ones have a list of their own.", COMPANY)
async def test_deactivation(site: Site) -> None:
    made = await add(site)
    await site.patch(f"{users(site)}/{made['id']}", {"user": {"is_active": False}})
    assert made["id"] not in {row["id"] for row in await site.get(users(site))}
    inactive = await site.get(f"{users(site, 'v1.0')}/inactive")
    assert [row["id"] for row in inactive] == [made["id"]]
    assert (await site.get(f"{users(site)}/{made['id']}"))["is_active"] is False


@rule("Users are found by search, vendor, trade, origin_id and time of change, and sorted by name.", COMPANY)
async def test_finding_users(site: Site) -> None:
    now = site.lab.world.clock.now()
    site.lab.world.clock.step(3600)
    vendor = site.company["subcontractors"][0]
    path = f"/rest/v1.0/vendors/{vendor['id']}"
    [trade] = (await site.get(path, company_id=site.company_id))["trades"]
    made = await add(site, vendor_id=int(vendor["id"]), origin_id="HR-9", job_title="Zookeeper")
    later = f"{moment(now + timedelta(minutes=30))}...{moment(now + timedelta(hours=2))}"
    for name, value in {"search": "zooK", "origin_id": "HR-9", "updated_at": later}.items():
        rows = await site.get(users(site), **{f"filter_{name}": value})
        assert [row["id"] for row in rows] == [made["id"]], name
    for name, value in {"vendor_id": vendor["id"], "trade_id": str(trade["id"])}.items():
        rows = await site.get(users(site), **{f"filters[{name}][]": value})
        assert [row["vendor"]["name"] for row in rows] == [vendor["name"]] * 2, name
    names = [row["name"] for row in await site.get(users(site), sort="name")]
    assert names == sorted(names)


@rule("Sync makes and changes users by id or origin_id, and is always 200.", SYNC)
async def test_sync_of_users(site: Site) -> None:
    updates = [
        {"origin_id": "7", "email_address": "a@example.com", "last_name": "A"},
        {"origin_id": "7", "city": "Waco"},
        {"id": 1, "last_name": "B"},
        {"origin_id": "8", "last_name": "C"},
        {"origin_id": "9", "email_address": "a@example.com", "last_name": "D"},
    ]
    answer = await site.patch(f"{users(site, 'v1.0')}/sync", {"updates": updates})
    assert [(e["last_name"], e["city"]) for e in answer["entities"]] == [("A", None), ("A", "Waco")]
    assert [error["errors"] for error in answer["errors"]] == [
        {"id": ["not found"]},
        {"email_address": ["can't be blank"]},
        {"email_address": ["has already been taken"]},
    ]


@rule("An origin_id is one user's.", SYNC)
async def test_origin_id_of_users(site: Site) -> None:
    await add(site, "one@example.com", origin_id="7")
    body = {"user": {"email_address": "two@example.com", "last_name": "Two", "origin_id": "7"}}
    assert list((await site.refused(400, "POST", users(site), body))["errors"]) == ["origin_id"]


@rule(
    "A user of the company is added to a project (201) and removed from it (204), and stays in the directory.",
    TUTORIAL,
)
async def test_add_and_remove(site: Site) -> None:
    made = await add(site)
    path = f"{site.project}/users/{made['id']}"
    await site.refused(404, "GET", path)
    added = await site.post(f"{path}/actions/add", {"user": {"permission_template_id": 5}})
    assert added["id"] == made["id"]
    assert made["id"] in {row["id"] for row in await site.get(f"{site.project}/users")}
    await site.delete(f"{path}/actions/remove")
    assert made["id"] not in {row["id"] for row in await site.get(f"{site.project}/users")}
    assert (await site.get(f"{users(site)}/{made['id']}"))["id"] == made["id"]
    await site.refused(404, "DELETE", f"{path}/actions/remove")
    await site.refused(404, "POST", f"{site.project}/users/1/actions/add", {})


@rule("Single users of a project are told without what is null; lists are not.", PROJECT)
async def test_null_fields(site: Site) -> None:
    [member, *_] = await site.get(f"{site.project}/users")
    assert member["notes"] is None
    shown = await site.get(f"{site.project}/users/{member['id']}")
    assert shown == {name: value for name, value in member.items() if value is not None}


@rule("A user made in a project is a user of the company too.", PROJECT)
async def test_new_project_user(site: Site) -> None:
    body = {"user": {"email_address": "new@example.com", "last_name": "New"}}
    made = await site.post(f"{site.project}/users", body)
    assert made["id"] in {row["id"] for row in await site.get(users(site))}
    other = f"/rest/v1.0/projects/{site.projects[1]['id']}/users"
    assert (await site.post(other, body))["id"] == made["id"]


@rule("Users of a project are filtered by id and by being employees.", PROJECT)
async def test_filters_of_project_users(site: Site) -> None:
    made = await add(site)
    await site.post(f"{site.project}/users/{made['id']}/actions/add", {})
    base = f"{site.project}/users"
    assert [row["id"] for row in await site.get(base, filter_id=made["id"])] == [made["id"]]
    assert [row["id"] for row in await site.get(base, filter_employee="false")] == [made["id"]]
    assert len(await site.get(base, filter_employee="true")) == len(await site.get(base)) - 1


@rule(
    "A change of a user is one event of the company, without a project, however many projects it is on.",
    FANOUT,
)
async def test_no_fanout(site: Site, mailbox: Mailbox) -> None:
    [member, *_] = await site.get(f"{site.project}/users")
    await mailbox.hook(site, "Company Users", of_company=True)
    await mailbox.hook(site, "Project Users")
    await site.patch(f"{site.project}/users/{member['id']}", {"user": {"mobile_phone": "555"}})
    assert told(await mailbox.settled()) == [("Company Users", "update", member["id"], False)]
    assert (await site.get(f"{users(site)}/{member['id']}"))["mobile_phone"] == "555"


@rule("`Project Users` tells who was added and removed, and has no updates since 30 June 2026.", FANOUT)
async def test_membership_events(site: Site, mailbox: Mailbox) -> None:
    made = await add(site)
    await mailbox.hook(site, "Project Users")
    add_path = f"{site.project}/users/{made['id']}/actions/add"
    await site.post(add_path, {})
    await site.post(add_path, {})
    await site.delete(f"{site.project}/users/{made['id']}/actions/remove")
    assert told(await mailbox.settled()) == [
        ("Project Users", "create", made["id"], True),
        ("Project Users", "delete", made["id"], True),
    ]
    rows = (await site.get(f"{site.v2_project}/webhooks/resources", payload_version="v4.0"))["data"]
    [row] = [row for row in rows if row["name"] == "Project Users"]
    assert row["actions"] == ["create", "delete"]


@rule(
    "A service account acts as a user of the directory; `/me` tells its name only with a company or project.",
    ME,
)
async def test_me(site: Site) -> None:
    account = site.app.user
    assert await site.get("/rest/v1.0/me") == {"id": account.id, "login": account.login, "name": None}
    expected = {"id": account.id, "login": account.login, "name": account.name}
    assert await site.get("/rest/v1.0/me", company_id=site.company_id) == expected
    assert await site.get("/rest/v1.0/me", project_id=site.project_id) == expected
    entry = await site.get(f"{users(site)}/{account.id}")
    assert (entry["email_address"], entry["name"]) == (account.login, account.name)


async def test_other_companies_users_are_invisible(site: Site, lab: Laboratory) -> None:
    other = Site(lab, place=1)
    foreign = other.company["users"][0]["id"]
    await site.refused(404, "GET", f"{users(site)}/{foreign}")
    await site.refused(404, "POST", f"{site.project}/users/{foreign}/actions/add", {})
    await site.refused(404, "GET", users(other))


async def test_directory_permission(site: Site) -> None:
    site.install.levels["directory"] = "read_only"
    body = {"user": {"email_address": "new@example.com", "last_name": "New"}}
    await site.refused(403, "POST", users(site), body)
    assert await site.get(users(site))
