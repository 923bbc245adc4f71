"""The gateway before the books: its dialects, and every limit."""

import asyncio
import itertools
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from sandbox_app import ACCOUNTING, App
from sandbox_rules import rule

from plumbline_sandbox.laboratory import Laboratory

ERRORS = "Intuit, Error codes; captured answers of the gateway"
LIMITS = "Intuit, API call limits and throttles"
CONCURRENT = "Intuit, QuickBooks Online API throttling changes (August 2016)"
BUILDER = "Intuit, Understanding Builder tier API limits (January 2026)"


def fault_of(answer: httpx.Response) -> dict[str, Any]:
    """Return the first error of a fault in the gateway's JSON."""
    fault: dict[str, Any] = answer.json()["fault"]
    return {"type": fault["type"], **fault["error"][0]}


async def read(lab: Laboratory, *, place: int = 0) -> httpx.Response:
    return await lab.books("GET", f"/companyinfo/{lab.realms[place].id}", place=place)


async def limit(lab: Laboratory, **figures: int) -> None:
    await lab.control.post("/control/limits", json={"quickbooks": figures})


@rule("No token or an unknown one is 401 in lower-case JSON, code 3200.", ERRORS)
@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer nonsense"}, {"authorization": "Basic eA=="}]
)
async def test_401(lab: Laboratory, headers: dict[str, str]) -> None:
    answer = await lab.quickbooks.get(f"/v3/company/{lab.realms[0].id}/customer/1", headers=headers)
    assert answer.status_code == 401
    told = fault_of(answer)
    assert told["type"] == "AUTHENTICATION"
    assert told["code"] == "3200"
    assert told["message"] == "message=AuthenticationFailed; errorCode=003200; statusCode=401"
    assert isinstance(answer.json()["time"], int)
    assert answer.json()["batchItemResponse"] == []


@rule("A token for another company is 403 in lower-case JSON, code 3100.", ERRORS)
async def test_403(lab: Laboratory) -> None:
    answer = await App(lab, place=0).company(lab.realms[0].access_token, place=1)
    assert answer.status_code == 403
    told = fault_of(answer)
    assert (told["type"], told["code"]) == ("SERVICE", "3100")
    assert told["message"] == "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403"


@rule(
    "The gateway's JSON has every element of an answer, empty but for the fault, and time in epoch ms.",
    ERRORS,
)
async def test_shape_of_the_gateways_json(lab: Laboratory) -> None:
    lab.world.clock.scale(0)
    now = lab.world.clock.now()
    answer = await App(lab).company("AB01")
    assert answer.json() == {
        "warnings": None,
        "intuitObject": None,
        "fault": {
            "error": [
                {
                    "message": "message=AuthenticationFailed; errorCode=003200; statusCode=401",
                    "detail": "Token expired: AB01",
                    "code": "3200",
                    "element": None,
                }
            ],
            "type": "AUTHENTICATION",
        },
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": int(now.timestamp() * 1000),
        "status": None,
        "cdcresponse": [],
    }


async def in_xml(lab: Laboratory, place: int) -> None:
    path = f"/control/quickbooks/{lab.realms[place].id}/settings"
    assert (await lab.control.post(path, json={"gateway_401": "xml"})).status_code == 200


def fault_in_xml(answer: httpx.Response) -> dict[str, Any]:
    """Return type, code, message and detail of a fault in XML."""
    assert answer.headers["content-type"] == "application/xml"
    fault = ET.fromstring(answer.content).find("{*}Fault")
    assert fault is not None
    (error,) = fault
    told = {child.tag.rpartition("}")[2].lower(): child.text for child in error}
    return {"type": fault.get("type"), "code": error.get("code"), **told}


@rule(
    "Switch: a refused token is 401 in XML, code 3200.", "Intuit, OAuth setup prompt; apps-script-oauth1 #27"
)
async def test_401_in_xml(lab: Laboratory) -> None:
    await in_xml(lab, 0)
    expected = {
        "type": "AUTHENTICATION",
        "code": "3200",
        "message": "message=ApplicationAuthenticationFailed; errorCode=003200; statusCode=401",
    }
    answer = await App(lab).company("AB01")
    assert (answer.status_code, fault_in_xml(answer)) == (401, expected)
    assert answer.headers["intuit_tid"]
    await lab.control.post("/control/faults", json={"name": "refuse-token", "match": {"method": "GET"}})
    assert fault_in_xml(await read(lab)) == expected
    assert (await read(lab, place=1)).headers["content-type"].startswith("application/json")


@rule(
    "Switch: a token of another company is 401 in XML, code 100, instead of 403.",
    "oauth-jsclient #91, an engineer of Intuit; python-quickbooks #120",
)
async def test_stranger_in_xml(lab: Laboratory) -> None:
    await in_xml(lab, 1)
    answer = await App(lab).company(lab.realms[0].access_token, place=1)
    assert answer.status_code == 401
    assert fault_in_xml(answer) == {
        "type": "AuthenticationFault",
        "code": "100",
        "message": "General Authentication Error",
        "detail": "AuthenticationErrorGeneral: SRV-110-Authentication Failure , statusCode: 401",
    }


@rule(
    "A grant without the accounting scope is 403 for the books.", "Intuit, Learn about scopes", inferred=True
)
async def test_scope_of_the_grant(lab: Laboratory) -> None:
    app = App(lab)
    granted = await app.connect(scope=f"openid {ACCOUNTING}")
    other = await app.connect(scope="com.intuit.quickbooks.payment")
    assert (await app.company(granted["access_token"])).status_code == 200
    assert (await app.company(other["access_token"])).status_code == 403


@rule("A throttled request is 429 in XML, code 3001, without Retry-After.", ERRORS)
async def test_429(lab: Laboratory) -> None:
    await limit(lab, per_second=1)
    assert (await read(lab)).status_code == 200
    answer = await read(lab)
    assert answer.status_code == 429
    assert "retry-after" not in answer.headers
    assert answer.headers["content-type"] == "application/xml"
    error = ET.fromstring(answer.content).find(".//{*}Error")
    assert error is not None
    assert error.get("code") == "3001"
    assert error.findtext("{*}Message") == "message=ThrottleExceeded; errorCode=003001; statusCode=429"


@rule("Every answer has an intuit_tid of its own, refusals too.", "Intuit, OAuth setup prompt")
async def test_trace_id(lab: Laboratory) -> None:
    await limit(lab, per_second=2)
    answers = [await read(lab) for _ in range(3)]
    answers.append(await lab.quickbooks.get("/v3/company/1/customer/1"))
    assert [a.status_code for a in answers] == [200, 200, 429, 401]
    assert len({a.headers["intuit_tid"] for a in answers}) == 4


@rule(
    "minorversion is heeded no more: 1 to 74 and none at all answer as 75.",
    "Intuit, Changes to our API minor versions (2025)",
)
@pytest.mark.parametrize("version", ["1", "65", "75"])
async def test_minor_version(lab: Laboratory, version: str) -> None:
    plain = (await lab.books("GET", "/preferences")).json()["Preferences"]
    asked = (await lab.books("GET", "/preferences", minorversion=version)).json()["Preferences"]
    assert asked == plain


@rule("A realm takes 500 requests a minute; the window slides.", LIMITS)
async def test_500_a_minute(lab: Laboratory) -> None:
    lab.world.clock.scale(0)
    statuses = []
    for _ in range(51):
        statuses += [(await read(lab)).status_code for _ in range(10)]
        lab.world.clock.step(1.01)
    assert statuses.count(200) == 500
    assert set(statuses[500:]) == {429}
    lab.world.clock.step(8)
    assert (await read(lab)).status_code == 429
    lab.world.clock.step(1.5)
    assert (await read(lab)).status_code == 200


@rule("A realm takes ten requests a second of one app.", LIMITS)
async def test_ten_a_second(lab: Laboratory) -> None:
    lab.world.clock.scale(0)
    statuses = [(await read(lab)).status_code for _ in range(12)]
    assert statuses == [200] * 10 + [429] * 2
    assert (await read(lab, place=1)).status_code == 200
    lab.world.clock.step(1)
    assert (await read(lab)).status_code == 200


@rule("The ten a second are each app's own, the minute is shared by all apps of the realm.", LIMITS)
async def test_two_apps_of_one_realm(lab: Laboratory) -> None:
    lab.world.clock.scale(0)
    other = await App(lab, place=1).connect(place=0)
    for _ in range(10):
        assert (await read(lab)).status_code == 200
    assert (await App(lab).company(other["access_token"])).status_code == 200
    await limit(lab, per_minute=11)
    lab.world.clock.step(2)
    assert (await read(lab)).status_code == 429
    assert (await App(lab).company(other["access_token"])).status_code == 429


@rule("Switch: other apps use up part of the realm's minute.", LIMITS, inferred=True)
async def test_other_apps_eat_the_quota(lab: Laboratory) -> None:
    settings = {"other_apps_per_minute": 496}
    await lab.control.post(f"/control/quickbooks/{lab.realms[0].id}/settings", json=settings)
    statuses = [(await read(lab)).status_code for _ in range(6)]
    assert statuses == [200] * 4 + [429] * 2
    assert (await read(lab, place=1)).status_code == 200


@rule("A realm works on ten requests of one app at a time.", CONCURRENT)
async def test_ten_in_flight(lab: Laboratory) -> None:
    await limit(lab, per_second=100)
    await lab.control.post("/control/faults", json={"name": "delay", "args": {"ms": 50}})
    answers = await asyncio.gather(*(read(lab) for _ in range(13)))
    assert sorted(a.status_code for a in answers) == [200] * 10 + [429] * 3
    told = [e.facts.get("limit") for e in lab.world.journal.since(0, "answer") if e.facts["status"] == 429]
    assert told == ["in_flight"] * 3
    assert (await read(lab)).status_code == 200


@rule("The batch endpoint takes 40 requests a minute per realm and app, and 120 per realm.", LIMITS)
async def test_batches_a_minute(lab: Laboratory) -> None:
    await limit(lab, per_second=1000, batch_per_minute_realm=42)
    body = {"BatchItemRequest": [{"bId": "1", "Query": "select * from Customer"}]}
    statuses = [(await lab.books("POST", "/batch", body)).status_code for _ in range(41)]
    assert statuses == [200] * 40 + [429]
    assert (await read(lab)).status_code == 200
    other = await App(lab, place=1).connect(place=0)
    statuses = [
        (
            await lab.quickbooks.post(
                f"/v3/company/{lab.realms[0].id}/batch",
                json=body,
                headers={"authorization": f"Bearer {other['access_token']}"},
            )
        ).status_code
        for _ in range(3)
    ]
    assert statuses == [200, 200, 429]


@rule("Switch: each item of a batch counts as a request of the realm's minute.", LIMITS, inferred=True)
async def test_items_of_a_batch(lab: Laboratory) -> None:
    item = {"Query": "select * from Customer"}
    body = {"BatchItemRequest": [{"bId": str(n), **item} for n in range(4)]}
    await limit(lab, per_minute=9)
    assert (await lab.books("POST", "/batch", body)).status_code == 200
    await limit(lab, batch_items_count=1)
    assert [(await lab.books("POST", "/batch", body)).status_code for _ in range(3)] == [200, 200, 429]
    assert [(await read(lab)).status_code for _ in range(2)] == [429, 429]


@rule("Beyond the month's CorePlus calls an app's reads are 429 until the next month; writes go on.", BUILDER)
async def test_monthly_quota(lab: Laboratory) -> None:
    lab.world.clock.set(datetime(2026, 3, 31, 23, 0, tzinfo=UTC))
    tokens = await App(lab).connect()
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    root = f"/v3/company/{lab.realms[0].id}"
    await limit(lab, core_plus_per_month=2)
    reads = [(await lab.quickbooks.get(f"{root}/preferences", headers=bearer)).status_code for _ in range(2)]
    query = await lab.quickbooks.post(f"{root}/query", content="select * from Customer", headers=bearer)
    write = await lab.quickbooks.post(f"{root}/customer", json={"DisplayName": "New"}, headers=bearer)
    assert [*reads, query.status_code, write.status_code] == [200, 200, 429, 200]
    lab.world.clock.set(datetime(2026, 4, 1, tzinfo=UTC))
    lab.world.clock.step(-1)
    assert (await lab.quickbooks.get(f"{root}/preferences", headers=bearer)).status_code == 429
    lab.world.clock.step(1)
    tokens = await App(lab).connect()
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    assert (await lab.quickbooks.get(f"{root}/preferences", headers=bearer)).status_code == 200


@rule("Switch: an app has a limit over all its realms.", LIMITS, inferred=True)
async def test_limit_per_app(lab: Laboratory) -> None:
    await limit(lab, app_per_minute=4)
    app = App(lab)
    second = (await app.connect(place=1))["access_token"]
    first = app.realm.access_token
    calls = itertools.cycle([(first, 0), (second, 1)])
    statuses = [
        (await app.company(token, place=place)).status_code for token, place in itertools.islice(calls, 6)
    ]
    assert statuses == [200] * 4 + [429] * 2
    assert (await read(lab, place=1)).status_code == 200


async def test_throttled_requests_do_not_count(lab: Laboratory) -> None:
    await limit(lab, per_minute=2)
    for _ in range(5):
        await read(lab)
    lab.world.clock.step(30)
    assert (await read(lab)).status_code == 429
    lab.world.clock.step(31)
    assert (await read(lab)).status_code == 200


@rule("A request that takes longer than 120 seconds is ended, whatever it has done by then.", LIMITS)
async def test_longest_request(lab: Laboratory) -> None:
    await limit(lab, request_s=0)
    answer = await lab.books("POST", "/customer", {"DisplayName": "Late"})
    assert answer.status_code == 504
    await limit(lab, request_s=120)
    found = await lab.query("select * from Customer where DisplayName = 'Late'")
    assert len(found.json()["QueryResponse"]["Customer"]) == 1


async def test_unknown_limit_is_refused(lab: Laboratory) -> None:
    refused = await lab.control.post("/control/limits", json={"quickbooks": {"per_hour": 3}})
    assert refused.status_code == 400
