"""The fault engine: when a rule fires, what it does, and the line it leaves behind."""

import asyncio
from typing import Any

import httpx
import pytest

from plumbline_sandbox.faults import FAULTS
from plumbline_sandbox.laboratory import Laboratory
from plumbline_sandbox.server import ConnectionCutError


async def fault(lab: Laboratory, name: str, **rule: Any) -> str:
    """Put a rule for the books in force; give its id."""
    match = {"provider": "quickbooks", "path": "/v3/", **rule.pop("match", {})}
    answer = await lab.control.post("/control/faults", json={"name": name, "match": match, **rule})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def create(lab: Laboratory, *, requestid: str = "r-0") -> httpx.Response:
    return await lab.books("POST", "/customer", {"DisplayName": "Someone"}, requestid=requestid)


async def exists(lab: Laboratory) -> bool:
    return any(c["DisplayName"] == "Someone" for c in lab.world.quickbooks.dump(lab.realms[0].id, "Customer"))


async def statuses(lab: Laboratory, count: int) -> list[int]:
    """Return the statuses of so many reads."""
    lab.world.limits.configure({"quickbooks": {"per_second": 1000, "per_minute": 10_000}})
    return [(await lab.books("GET", "/preferences")).status_code for _ in range(count)]


def journalled(lab: Laboratory, kind: str) -> list[dict[str, Any]]:
    """Return the facts of the lines of a kind, those of the seed left out."""
    return [entry.facts for entry in lab.world.journal.since(0, kind) if entry.facts.get("origin") != "seed"]


async def test_status_before_anything_is_done(lab: Laboratory) -> None:
    await fault(lab, "status", args={"status": 503})
    assert (await create(lab)).status_code == 503
    assert not await exists(lab)


async def test_status_with_headers_is_a_redirect(lab: Laboratory) -> None:
    await fault(lab, "status", args={"status": 307, "headers": {"Location": "https://elsewhere.example/"}})
    answer = await create(lab)
    assert (answer.status_code, answer.headers["location"]) == (307, "https://elsewhere.example/")


async def test_status_with_a_body_is_a_fault_with_http_200(lab: Laboratory) -> None:
    body = {"Fault": {"Error": [{"Message": "m", "Detail": "d", "code": "6000"}], "type": "ValidationFault"}}
    await fault(lab, "status", args={"status": 200, "body": body})
    answer = await create(lab)
    assert (answer.status_code, answer.json()) == (200, body)
    assert not await exists(lab)


async def test_html_page(lab: Laboratory) -> None:
    await fault(lab, "html", args={"status": 404})
    answer = await create(lab)
    assert answer.status_code == 404
    assert answer.text.startswith("<html>")
    assert not await exists(lab)


async def test_throttle_is_in_the_vendors_shape(lab: Laboratory) -> None:
    await fault(lab, "throttle", args={"retry_after": 7}, times=1)
    await fault(lab, "throttle", args={"retry_after": None})
    named, unnamed = await create(lab), await create(lab)
    assert (named.status_code, named.headers["retry-after"]) == (429, "7")
    assert (unnamed.status_code, unnamed.headers.get("retry-after")) == (429, None)
    assert "<Error code" in unnamed.text


async def test_refused_token_is_in_the_vendors_shape(lab: Laboratory) -> None:
    await fault(lab, "refuse-token")
    answer = await create(lab)
    assert (answer.status_code, answer.json()["fault"]["error"][0]["code"]) == (401, "3200")
    assert not await exists(lab)


async def test_refused_token_after_the_commit(lab: Laboratory) -> None:
    await fault(lab, "refuse-token", args={"after_commit": True})
    assert (await create(lab)).status_code == 401
    assert await exists(lab)


async def test_status_after_the_commit(lab: Laboratory) -> None:
    await fault(lab, "status-after-commit", args={"status": 502})
    assert (await create(lab)).status_code == 502
    assert await exists(lab)
    assert journalled(lab, "answer")[-1]["committed"] is True


async def test_faults_after_the_commit_leave_reads_alone(lab: Laboratory) -> None:
    await fault(lab, "status-after-commit")
    await fault(lab, "lose-answer")
    assert await statuses(lab, 1) == [200]


async def test_lost_request_was_never_executed(lab: Laboratory) -> None:
    await fault(lab, "lose-request")
    with pytest.raises(ConnectionCutError):
        await create(lab)
    assert not await exists(lab)
    assert journalled(lab, "bytes-lost")[-1]["committed"] is False


async def test_lost_answer_was_executed_and_its_replay_is_lost_too(lab: Laboratory) -> None:
    await fault(lab, "lose-answer", times=2)
    for _ in range(2):
        with pytest.raises(ConnectionCutError):
            await create(lab, requestid="r-1")
    assert (await create(lab, requestid="r-1")).json()["Customer"]["DisplayName"] == "Someone"
    assert [line["replay"] for line in journalled(lab, "bytes-lost")] == [False, True]
    assert len([c for c in journalled(lab, "commit") if c["entity"] == "Customer"]) == 1


async def test_truncated_answer_needs_a_connection(lab: Laboratory) -> None:
    await fault(lab, "truncate")
    with pytest.raises(ConnectionCutError):
        await create(lab)
    assert await exists(lab)


async def test_delay_comes_after_the_commit(lab: Laboratory) -> None:
    await fault(lab, "delay", args={"ms": 60_000})
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(create(lab), 0.1)
    assert await exists(lab)


async def test_times_bounds_the_hits(lab: Laboratory) -> None:
    await fault(lab, "status", times=2)
    assert await statuses(lab, 4) == [503, 503, 200, 200]


async def test_every_takes_each_nth(lab: Laboratory) -> None:
    await fault(lab, "status", every=3)
    assert await statuses(lab, 7) == [200, 200, 503, 200, 200, 503, 200]


async def test_probability_is_seeded(lab: Laboratory) -> None:
    rule_id = await fault(lab, "status", probability=0.3, seed=4)
    first = await statuses(lab, 100)
    assert 15 <= first.count(503) <= 45
    await lab.control.delete(f"/control/faults/{rule_id}")
    await fault(lab, "status", probability=0.3, seed=4)
    assert await statuses(lab, 100) == first


async def test_schedules_compose(lab: Laboratory) -> None:
    await fault(lab, "status", every=2, times=1)
    assert await statuses(lab, 5) == [200, 503, 200, 200, 200]


async def test_first_rule_of_a_name_goes_first_and_rules_of_other_names_follow(lab: Laboratory) -> None:
    await fault(lab, "status", args={"status": 500}, times=1)
    await fault(lab, "status", args={"status": 502}, times=1)
    await fault(lab, "throttle", times=1)
    assert await statuses(lab, 4) == [429, 500, 502, 200]


async def test_faults_compose_on_one_request(lab: Laboratory) -> None:
    await fault(lab, "status-after-commit")
    await fault(lab, "lose-answer")
    with pytest.raises(ConnectionCutError):
        await create(lab)
    assert await exists(lab)
    assert [line["name"] for line in journalled(lab, "fault")] == ["status-after-commit", "lose-answer"]


@pytest.mark.parametrize(
    ("match", "met"),
    [
        ({"method": "POST"}, True),
        ({"method": "GET"}, False),
        ({"path": "/customer$"}, True),
        ({"path": "/invoice"}, False),
        ({"operation": "write", "entity": "customer"}, True),
        ({"requestid": "r-1"}, True),
        ({"realm": "0"}, False),
        ({"provider": "procore"}, False),
    ],
)
async def test_rule_matches_the_facts_of_a_request(
    lab: Laboratory, match: dict[str, str], *, met: bool
) -> None:
    await fault(lab, "status", match=match)
    assert (await create(lab, requestid="r-1")).status_code == (503 if met else 200)


async def test_every_hit_leaves_a_line_and_a_count(lab: Laboratory) -> None:
    rule_id = await fault(lab, "status", times=2)
    await statuses(lab, 3)
    lines = journalled(lab, "fault")
    assert [(line["name"], line["rule"]) for line in lines] == [("status", rule_id)] * 2
    assert lines[0]["target"]["path"].endswith("/preferences")
    told = (await lab.control.get("/control/faults")).json()
    assert told["totals"] == {"status": 2}
    assert (told["rules"][0]["seen"], told["rules"][0]["hits"]) == (2, 2)


async def test_withdrawn_rules_fire_no_more_and_totals_stay(lab: Laboratory) -> None:
    await fault(lab, "status")
    await statuses(lab, 1)
    assert (await lab.control.delete("/control/faults")).json() == {"rules": [], "totals": {"status": 1}}
    assert await statuses(lab, 1) == [200]
    assert (await lab.control.delete("/control/faults/1")).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"name": "nonsense"},
        {"name": "status", "match": {"path": "("}},
        {"name": "status", "every": 0},
        {"name": "status", "times": "many"},
        {"name": "status", "sometimes": True},
        {"name": "lose-answer", "args": {"how": "politely"}},
    ],
)
async def test_malformed_rule_is_refused(lab: Laboratory, body: dict[str, Any]) -> None:
    assert (await lab.control.post("/control/faults", json=body)).status_code == 400
    assert (await lab.control.get("/control/faults")).json()["rules"] == []


async def test_every_fault_of_the_table_can_be_put_in_force(lab: Laboratory) -> None:
    for name in FAULTS:
        assert (await lab.control.post("/control/faults", json={"name": name})).status_code == 201


async def test_token_calls_of_one_app_are_struck(lab: Laboratory) -> None:
    procore, quickbooks = lab.companies[0].app, lab.realms[0]
    calls = {
        "procore": (lab.procore, "/oauth/token", {"client_secret": procore.client_secret}, procore.client_id),
        "quickbooks": (
            lab.quickbooks,
            "/oauth2/v1/tokens/bearer",
            {"client_secret": quickbooks.client_secret},
            quickbooks.client_id,
        ),
    }
    for provider, (client, path, form, client_id) in calls.items():
        body = {"name": "status", "match": {"provider": provider, "client_id": client_id}}
        assert (await lab.control.post("/control/faults", json=body)).status_code == 201
        assert (await client.post(path, data={**form, "client_id": client_id})).status_code == 503
        assert (await client.post(path, data={**form, "client_id": "another"})).status_code in {400, 401}
