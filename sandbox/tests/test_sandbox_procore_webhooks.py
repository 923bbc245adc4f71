"""Procore's webhooks v2.0: hooks, triggers, payloads, and how deliveries go."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sandbox_mailbox import URL, Mailbox
from sandbox_rules import rule
from sandbox_site import Site

from plumbline_sandbox.procore.webhooks.delivery import TIMEOUT_S
from plumbline_sandbox.sending import HttpSender, UndeliveredError

API = "Procore OpenAPI, Webhooks v2.0"
GUIDE = "Procore docs, Webhooks"
FORMATS = "Procore docs, Payload Formats"
LISTS = "Webhook resources as read from a sandbox account, and Procore's webhook-resources.csv"
SECRET = "Bearer shared-secret-12345"
HOOK = {"payload_version": "v4.0", "namespace": "acme-qbo", "destination_url": URL}
BILLS = "Payment Applications"


@pytest.fixture
def hooks(site: Site) -> str:
    return f"{site.v2_project}/webhooks/hooks"


async def names(site: Site, base: str) -> dict[str, list[str]]:
    rows = (await site.get(f"{base}/webhooks/resources", payload_version="v4.0"))["data"]
    return {row["name"]: row["actions"] for row in rows}


@rule("A hook comes back with string ids, active, classic, and with its count of triggers.", API)
async def test_a_new_hook_tells_everything(site: Site, hooks: str) -> None:
    hook = (await site.post(hooks, HOOK))["data"]
    assert hook == {
        "id": hook["id"],
        "status": "active",
        **HOOK,
        "destination_headers": {},
        "trigger_count": 0,
        "company_id": str(site.company_id),
        "project_id": str(site.project_id),
        "hook_type": "classic",
        "created_at": hook["created_at"],
        "updated_at": hook["updated_at"],
    }
    assert hook["id"].isdecimal()
    assert (await site.get(f"{hooks}/{hook['id']}"))["data"] == hook


@rule("The Authorization header comes back masked but for its last five characters, and is sent whole.", API)
async def test_the_secret_is_masked_but_sent(site: Site, mailbox: Mailbox) -> None:
    path = await mailbox.hook(site, BILLS, destination_headers={"Authorization": SECRET})
    shown = (await site.get(path))["data"]["destination_headers"]["Authorization"]
    assert shown == "*****12345"
    await site.bill()
    await mailbox.settled()
    assert mailbox.headers[0]["Authorization"] == SECRET
    assert mailbox.headers[0]["Content-Type"] == "application/json"


@rule("Destination, payload version and namespace are required.", API)
@pytest.mark.parametrize("missing", sorted(HOOK))
async def test_a_hook_lacks_nothing(site: Site, hooks: str, missing: str) -> None:
    body = {name: value for name, value in HOOK.items() if name != missing}
    said = await site.refused(422, "POST", hooks, body)
    assert [detail["source"] for detail in said["error"]["details"]] == [missing]


@rule("A namespace has small letters, digits and hyphens only.", GUIDE)
@pytest.mark.parametrize("namespace", ["Acme", "a_b", "a b", "ä"])
async def test_a_namespace_of_other_characters_is_refused(site: Site, hooks: str, namespace: str) -> None:
    await site.refused(422, "POST", hooks, {**HOOK, "namespace": namespace})


@rule("The payload version is written `v2` or `v4.0`.", API)
@pytest.mark.parametrize(("version", "status"), [("v2", 201), ("v3.0", 201), ("v4.0", 201), ("v5", 422)])
async def test_payload_versions_are_known(site: Site, hooks: str, version: str, status: int) -> None:
    answer = await site.call("POST", hooks, {**HOOK, "payload_version": version})
    assert answer.status_code == status


@rule("Hooks are listed by namespace and payload version.", API)
async def test_hooks_are_filtered(site: Site, hooks: str) -> None:
    for namespace, version in (("one", "v2.0"), ("one", "v4.0"), ("two", "v4.0")):
        await site.post(hooks, {**HOOK, "namespace": namespace, "payload_version": version})
    for query, count in (
        ({"namespace": "one"}, 2),
        ({"namespace": "one", "payload_version": "v4"}, 1),
        ({}, 3),
    ):
        assert len((await site.get(hooks, **query))["data"]) == count


@rule("Hooks of a company and of its projects do not show each other.", API)
async def test_scopes_are_apart(site: Site, hooks: str) -> None:
    hook_id = (await site.post(hooks, HOOK))["data"]["id"]
    assert (await site.get(f"{site.v2}/webhooks/hooks"))["data"] == []
    await site.refused(404, "GET", f"{site.v2}/webhooks/hooks/{hook_id}")


@rule("A hook can be changed; its deletion is answered 204 and takes the triggers along.", API)
async def test_a_hook_is_changed_and_deleted(site: Site, mailbox: Mailbox) -> None:
    path = await mailbox.hook(site, BILLS)
    assert (await site.patch(path, {"namespace": "other"}))["data"]["namespace"] == "other"
    await site.refused(422, "PATCH", path, {"status": "paused"})
    await site.delete(path)
    await site.refused(404, "GET", f"{path}/triggers")
    await site.bill()
    assert await mailbox.settled() == []


@rule("A trigger's body is flat; the answer spells the action otherwise than the request.", API)
async def test_a_trigger_is_added_and_deleted(site: Site, hooks: str) -> None:
    path = f"{hooks}/{(await site.post(hooks, HOOK))['data']['id']}"
    wish = {"resource_name": BILLS, "event_type": "update"}
    trigger = (await site.post(f"{path}/triggers", wish))["data"]
    assert (trigger["resource_name"], trigger["event_type"]) == (BILLS, "UPDATED")
    assert trigger["webhook_hook_id"] == path.rpartition("/")[2]
    assert (await site.get(f"{path}/triggers"))["data"] == [trigger]
    assert (await site.get(path))["data"]["trigger_count"] == 1
    await site.delete(f"{path}/triggers/{trigger['id']}")
    await site.refused(404, "DELETE", f"{path}/triggers/{trigger['id']}")


@rule("Names of resources are exact and case-sensitive, and each has its own actions.", LISTS)
@pytest.mark.parametrize(
    "wish",
    [
        {"resource_name": "payment applications", "event_type": "update"},
        {"resource_name": "Requisitions", "event_type": "update"},
        {"resource_name": "Projects", "event_type": "update"},
        {"resource_name": BILLS, "event_type": "approve"},
        {"resource_name": "Budget View Snapshots", "event_type": "update"},
        {"resource_name": None},
    ],
)
async def test_a_wrong_trigger_is_refused(site: Site, hooks: str, wish: dict[str, Any]) -> None:
    path = f"{hooks}/{(await site.post(hooks, HOOK))['data']['id']}/triggers"
    await site.refused(422, "POST", path, wish)


@rule("Bulk creation answers 201 when all went well, 207 when some did, and tells which.", API)
async def test_bulk_creation_may_be_mixed(site: Site, hooks: str) -> None:
    path = f"{hooks}/{(await site.post(hooks, HOOK))['data']['id']}/triggers/bulk"
    wishes = [{"resource_name": BILLS, "event_type": action} for action in ("create", "update")]
    made = await site.post(path, wishes)
    assert len(made["data"]["succeeded"]) == 2
    wrong = {"resource_name": "Nothing", "event_type": "create"}
    mixed = (await site.post(path, [wrong, {**wishes[0], "event_type": "delete"}], status=207))["data"]
    assert [row["event_type"] for row in mixed["succeeded"]] == ["DELETED"]
    assert [row["trigger"] for row in mixed["failed"]] == [wrong]


@rule("Bulk deletion takes ids: 200 when all went, 207 with those that did not.", API)
async def test_bulk_deletion_may_be_mixed(site: Site, mailbox: Mailbox) -> None:
    path = f"{await mailbox.hook(site, BILLS)}/triggers"
    ids = [row["id"] for row in (await site.get(path))["data"]]
    assert (await site.call("DELETE", f"{path}/bulk", ids[:1])).status_code == 200
    mixed = await site.call("DELETE", f"{path}/bulk", [ids[1], "1"])
    assert (mixed.status_code, mixed.json()) == (207, {"data": {"succeeded": [ids[1]], "failed": ["1"]}})


@rule("A bulk call takes at most 500 triggers.", "Procore OpenAPI, Webhooks v1.0")
async def test_a_bulk_call_is_bounded(site: Site, hooks: str) -> None:
    path = f"{hooks}/{(await site.post(hooks, HOOK))['data']['id']}/triggers/bulk"
    await site.refused(413, "POST", path, [{}] * 501)
    await site.refused(400, "POST", path, {"resource_name": BILLS})


@rule("The list of resources needs the payload version.", API)
async def test_resources_need_a_version(site: Site) -> None:
    await site.refused(400, "GET", f"{site.v2}/webhooks/resources")
    await site.refused(400, "GET", f"{site.v2}/webhooks/resources", payload_version="v9")


@rule("Company and project scope have no resource in common; money is at project scope only.", LISTS)
async def test_scopes_share_no_resource(site: Site) -> None:
    company, project = await names(site, site.v2), await names(site, site.v2_project)
    assert not company.keys() & project.keys()
    money = {
        BILLS,
        "Contract Payments",
        "Prime Contracts",
        "Change Order Packages",
        "Potential Change Orders",
    }
    assert money <= project.keys()
    assert company["Projects"] == ["create", "update"]


@rule(
    "There is no resource for requisitions, new change orders, billing periods, waivers or compliance.", LISTS
)
async def test_what_has_no_webhook(site: Site) -> None:
    project = await names(site, site.v2_project)
    absent = {
        "Requisitions",
        "Prime Change Orders",
        "Commitment Change Orders",
        "Billing Periods",
        "Lien Waivers",
    }
    assert not absent & project.keys()


@rule(
    "Project users and project vendors have no update since 30 June 2026; the company's have.",
    "Procore docs, Webhook Fanout Migration",
)
async def test_directory_updates_are_the_companys(site: Site) -> None:
    company, project = await names(site, site.v2), await names(site, site.v2_project)
    for kind in ("Users", "Vendors"):
        assert "update" not in project[f"Project {kind}"]
        assert "update" in company[f"Company {kind}"]


@rule("A v4.0 payload is thin and all its ids are strings; `id` is a ULID.", FORMATS)
async def test_a_v4_payload(site: Site, mailbox: Mailbox) -> None:
    await mailbox.hook(site, BILLS)
    bill_id = await site.bill()
    [event] = await mailbox.settled()
    assert event == {
        "id": event["id"],
        "timestamp": event["timestamp"],
        "reason": "create",
        "company_id": str(site.company_id),
        "project_id": str(site.project_id),
        "user_id": event["user_id"],
        "resource_type": BILLS,
        "resource_id": str(bill_id),
    }
    assert len(event["id"]) == 26
    assert event["user_id"].isdecimal()
    assert event["timestamp"].endswith("Z")


@rule(
    "A v2.0 payload has integer ids, a ULID, metadata and the version; v3.0 adds related resources.", FORMATS
)
@pytest.mark.parametrize("version", ["v2.0", "v3.0"])
async def test_a_v2_or_v3_payload(site: Site, mailbox: Mailbox, version: str) -> None:
    await mailbox.hook(site, BILLS, payload_version=version)
    bill_id = await site.bill()
    [event] = await mailbox.settled()
    assert event.pop("related_resources", None) == ([] if version == "v3.0" else None)
    assert event.keys() == {
        *("id", "ulid", "timestamp", "metadata", "user_id", "company_id", "project_id"),
        *("api_version", "event_type", "resource_name", "resource_id"),
    }
    assert (event["api_version"], event["event_type"], event["resource_name"]) == (version, "create", BILLS)
    assert (event["resource_id"], event["company_id"]) == (bill_id, site.company_id)
    assert event["metadata"].keys() == {
        *("source_user_id", "source_project_id", "source_operation_id"),
        *("source_company_id", "source_application_id"),
    }


@rule(
    "v2 tells the client id of the app that wrote; a person's writing has none.",
    "Procore docs, Webhooks, 2023",
)
async def test_an_apps_own_echo_is_told(site: Site, mailbox: Mailbox) -> None:
    await mailbox.hook(site, "Prime Contracts", BILLS, payload_version="v2.0")
    path = f"/rest/v1.0/prime_contract/{site.contract_id}"
    await site.patch(path, {"project_id": site.project_id, "prime_contract": {"title": "New"}})
    await site.bill()
    told = [event["metadata"]["source_application_id"] for event in await mailbox.settled()]
    assert told == [site.app.client_id, None]


@rule("Events of the company's directory carry no project.", "Procore docs, Webhook Fanout Migration")
async def test_directory_events_have_no_project(site: Site, mailbox: Mailbox) -> None:
    await mailbox.hook(site, "Company Vendors", of_company=True)
    await site.post("/rest/v1.0/vendors", {"company_id": site.company_id, "vendor": {"name": "New"}})
    [event] = await mailbox.settled()
    assert (event["resource_type"], event["project_id"]) == ("Company Vendors", None)


@rule("A new project is told on company hooks, so that a hook can be put on it.", LISTS)
async def test_a_new_project_is_told(site: Site, mailbox: Mailbox) -> None:
    await mailbox.hook(site, "Projects", of_company=True)
    made = await site.post("/rest/v1.0/projects", {"company_id": site.company_id, "project": {"name": "New"}})
    [event] = await mailbox.settled()
    assert (event["reason"], event["resource_id"]) == ("create", str(made["id"]))


@rule("Any 2xx is a success.", GUIDE)
@pytest.mark.parametrize("status", [200, 202, 204])
async def test_any_2xx_is_a_success(site: Site, mailbox: Mailbox, status: int) -> None:
    path = await mailbox.hook(site, BILLS)
    mailbox.replies = [status]
    await site.bill()
    await mailbox.settled()
    [row] = (await site.get(f"{path}/deliveries"))["data"]
    assert (row["status"], [a["response_status"] for a in row["delivery_attempts"]]) == (
        "delivered",
        [status],
    )


@rule("Anything else, and no answer, fails; all deliveries to the endpoint wait for the failing one.", GUIDE)
@pytest.mark.parametrize("failure", [302, 404, 500, None])
async def test_a_failure_holds_up_the_queue(site: Site, mailbox: Mailbox, failure: int | None) -> None:
    site.lab.world.clock.scale(0)
    await mailbox.hook(site, BILLS)
    mailbox.replies = [failure]
    first, second = await site.bill(), await site.bill()
    await mailbox.received(1)
    await asyncio.sleep(0)
    assert len(mailbox.bodies) == 1
    site.lab.world.clock.step(1)
    events = await mailbox.settled()
    assert [int(event["resource_id"]) for event in events] == [first, first, second]


@rule("A hook of another endpoint is not held up.", GUIDE)
async def test_endpoints_do_not_wait_for_each_other(site: Site, mailbox: Mailbox) -> None:
    site.lab.world.clock.scale(0)
    for url in ("https://down.example", "https://up.example"):
        await mailbox.hook(site, BILLS, destination_url=url)
    mailbox.replies = [500]
    await site.bill()
    await mailbox.received(2)
    assert set(mailbox.urls) == {"https://down.example", "https://up.example"}


@rule("Retries wait one second at first and twice as long each time, up to an hour.", GUIDE)
async def test_the_ladder_of_retries(site: Site, mailbox: Mailbox) -> None:
    clock = site.lab.world.clock
    clock.scale(0)
    await mailbox.hook(site, BILLS)
    mailbox.replies = [500] * 100
    await site.bill()
    waits = []
    for tried in range(1, 16):
        await mailbox.received(tried)
        started_s = clock.time()
        expected_s = min(2.0 ** (tried - 1), 3600.0)
        for step_s in (expected_s - 0.5, 0.5):
            await asyncio.sleep(0)
            assert len(mailbox.bodies) == tried
            clock.step(step_s)
        await mailbox.received(tried + 1)
        waits.append(clock.time() - started_s)
    assert [round(wait_s) for wait_s in waits[:13]] == [2**n for n in range(12)] + [3600]
    assert {round(wait_s) for wait_s in waits[13:]} == {3600}


@rule("Twelve hours after the first failure the queue is discarded; the next new event starts afresh.", GUIDE)
async def test_the_queue_is_discarded_after_twelve_hours(site: Site, mailbox: Mailbox) -> None:
    clock = site.lab.world.clock
    clock.scale(0)
    path = await mailbox.hook(site, BILLS)
    mailbox.replies = [500, 500]
    await site.bill()
    await site.bill()
    await mailbox.received(1)
    await asyncio.sleep(0)
    clock.step(timedelta(hours=12).total_seconds())
    await mailbox.settled()
    site.sign_in_again()
    rows = (await site.get(f"{path}/deliveries"))["data"]
    assert [row["status"] for row in rows] == ["discarded", "discarded"]
    kept = await site.bill()
    await mailbox.settled()
    assert mailbox.events[-1]["resource_id"] == str(kept)


@rule("One success resets the ladder.", GUIDE)
async def test_a_success_resets_the_ladder(site: Site, mailbox: Mailbox) -> None:
    clock = site.lab.world.clock
    clock.scale(0)
    await mailbox.hook(site, BILLS)
    mailbox.replies = [500, 500, 204, 500]
    await site.bill()
    for tried, wait_s in ((1, 1), (2, 2)):
        await mailbox.received(tried)
        await asyncio.sleep(0)
        clock.step(wait_s)
    await mailbox.settled()
    await site.bill()
    await mailbox.received(4)
    await asyncio.sleep(0)
    clock.step(1)
    await mailbox.settled()
    assert len(mailbox.bodies) == 5


@rule("A disabled hook keeps its deliveries until it is active again.", API)
async def test_a_disabled_hook_is_paused(site: Site, mailbox: Mailbox) -> None:
    path = await mailbox.hook(site, BILLS)
    await site.patch(path, {"status": "disabled"})
    await site.bill()
    await asyncio.sleep(0)
    assert mailbox.bodies == []
    await site.patch(path, {"status": "active"})
    assert len(await mailbox.settled()) == 1


@rule(
    "Events of one endpoint arrive in order of happening unless something shuffles them.",
    GUIDE,
    inferred=True,
)
async def test_events_arrive_in_order(site: Site, mailbox: Mailbox) -> None:
    await mailbox.hook(site, BILLS)
    made = [await site.bill() for _ in range(5)]
    events = await mailbox.settled()
    assert [int(event["resource_id"]) for event in events] == made
    assert [event["timestamp"] for event in events] == sorted(event["timestamp"] for event in events)


@rule("An event may be delivered more than once, always under the same id.", "Procore docs, Webhooks, 2022")
async def test_a_repeated_event_keeps_its_id(site: Site, mailbox: Mailbox) -> None:
    await mailbox.hook(site, BILLS)
    site.lab.world.faults.add({"name": "webhook-repeat", "args": {"max": 2}})
    await site.bill()
    first, second = await mailbox.settled()
    assert first == second


@rule("Two hooks tell one event under two ids.", GUIDE, inferred=True)
async def test_two_hooks_have_ids_of_their_own(site: Site, mailbox: Mailbox) -> None:
    for namespace in ("one", "two"):
        await mailbox.hook(site, BILLS, namespace=namespace)
    await site.bill()
    first, second = await mailbox.settled()
    assert first.pop("id") != second.pop("id")
    assert first == second


@rule("A deletion is told by the id alone; there is nothing left to read.", GUIDE)
async def test_a_deletion_leaves_nothing_to_read(site: Site, mailbox: Mailbox) -> None:
    bill_id = await site.bill()
    await mailbox.hook(site, BILLS)
    await site.person("DELETE", f"payment_applications/{bill_id}")
    [event] = await mailbox.settled()
    assert (event["reason"], event["resource_id"]) == ("delete", str(bill_id))
    path = f"/rest/v1.0/payment_applications/{bill_id}"
    await site.refused(404, "GET", path, project_id=site.project_id)


@rule("Deliveries are listed newest first with every attempt and a v2-shaped payload.", API)
async def test_deliveries_tell_their_attempts(site: Site, mailbox: Mailbox) -> None:
    clock = site.lab.world.clock
    clock.scale(0)
    path = await mailbox.hook(site, BILLS)
    mailbox.replies = [503]
    first = await site.bill()
    await mailbox.received(1)
    await asyncio.sleep(0)
    clock.step(1)
    await mailbox.settled()
    second = await site.bill()
    await mailbox.settled()
    rows = (await site.get(f"{path}/deliveries"))["data"]
    assert [row["payload"]["resource_id"] for row in rows] == [second, first]
    attempts = rows[1]["delivery_attempts"]
    assert [(row["success"], row["response_status"]) for row in attempts] == [(False, 503), (True, 204)]
    assert attempts[0].keys() == {
        *("id", "success", "response_status", "response_body", "response_headers"),
        *("started_at", "completed_at"),
    }


@rule(
    "Deliveries are filtered by status, resource, action and day; `succeeded` means those told `delivered`.",
    API,
)
async def test_deliveries_are_filtered(site: Site, mailbox: Mailbox) -> None:
    path = f"{await mailbox.hook(site, BILLS, 'Prime Contracts')}/deliveries"
    bill_id = await site.bill()
    await site.person("DELETE", f"payment_applications/{bill_id}")
    body = {"project_id": site.project_id, "prime_contract": {"title": "New"}}
    await site.patch(f"/rest/v1.0/prime_contract/{site.contract_id}", body)
    await mailbox.settled()
    today = site.lab.world.clock.now().date()
    asked = {
        ("status", "succeeded"): 3,
        ("status", "discarded"): 0,
        ("resource_name", BILLS): 2,
        ("event_type", "delete"): 1,
        ("start", str(today)): 3,
        ("end", str(today - timedelta(days=1))): 0,
    }
    for (name, value), count in asked.items():
        assert len((await site.get(path, **{f"filter[{name}]": value}))["data"]) == count, name
    await site.refused(400, "GET", path, **{"filter[start]": "today"})


@rule("An endpoint has five seconds to answer.", GUIDE)
async def test_an_endpoint_that_is_silent_counts_as_failed(site: Site) -> None:
    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)

    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    assert TIMEOUT_S == 5.0
    sender = HttpSender(0.05)
    with pytest.raises(UndeliveredError):
        await sender.post(url, {}, b"{}")
    await sender.aclose()
    for writer in writers:
        writer.close()
    server.close()
