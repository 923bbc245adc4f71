"""The sandbox as it describes itself: whatever fits the description is answered as described.

Hypothesis makes the requests, Schemathesis judges the answers. The sandbox keeps a data directory
and is killed at the end: that it comes up again proves that none of the answers was left to chance.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok

from plumbline_sandbox.laboratory import Laboratory

load_all_checks()
JUDGES = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
    ]
)
EXAMPLES = 5
"""Requests per operation; there are more than two hundred operations."""

FREE = {
    "quickbooks": dict.fromkeys(("per_second", "per_minute", "in_flight", "batch_per_minute"), 10**9),
    "procore": {"spike": 10**9, "hourly": 10**9},
}


@contextmanager
def sandbox(data: Path) -> Iterator[dict[str, Any]]:
    """Run a sandbox until it is killed at the end."""
    command = [sys.executable, "-m", "plumbline_sandbox", "--data", str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGKILL)


class Client:
    """Sends what was made up to one vendor, with good credentials, and mostly with ids that exist."""

    def __init__(
        self,
        url: str,
        headers: dict[str, dict[str, str]],
        ids: Callable[[str, str], list[str]],
        place: dict[str, str] | None = None,
    ) -> None:
        self.http = httpx.Client(base_url=url, trust_env=False, timeout=30)
        self.headers = headers
        self.ids = ids
        self.place = place or {}
        self.statuses: Counter[int] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def judge(self, case: Any, data: st.DataObject) -> None:
        """Send a case and judge the answer."""
        realm = case.path_parameters.get("realm", "")
        for name in sorted({"id", "contract", "requisition"} & set(case.path_parameters)):
            if data.draw(st.integers(0, 3)) < 3:
                case.path_parameters[name] = data.draw(
                    st.sampled_from(self.ids(realm, f"{case.path}#{name}"))
                )
        for name, found in self.place.items():
            if data.draw(st.integers(0, 3)) < 3:
                where = case.path_parameters if name in case.path_parameters else case.query
                where[name if name in case.path_parameters else f"{name}_id"] = found
        sent = case.as_transport_kwargs()
        sent.pop("cookies")
        sent["headers"] = {name.lower(): text for name, text in sent["headers"].items()} | self.headers[realm]
        if content := sent.pop("data", None):
            sent["content"] = content
        answer = self.http.request(**sent)
        self.statuses[answer.status_code] += 1
        case.validate_response(answer, checks=JUDGES)


def play(description: dict[str, Any], client: Client) -> int:
    """Let every operation of a vendor be asked for; return how many there are."""
    schema = schemathesis.openapi.from_dict(description)
    schema.config.base_url = str(client.http.base_url)
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    for place, operation in enumerate(operations):

        @seed(place)
        @settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=[*HealthCheck],
        )
        @given(case=operation.as_strategy(), data=st.data())
        def ask(case: Any, data: st.DataObject) -> None:
            client.judge(case, data)

        ask()
    return len(operations)


def quickbooks_client(told: dict[str, Any], control: httpx.Client) -> Client:
    realms = told["quickbooks"]["realms"]
    headers = {realm["id"]: {"authorization": f"Bearer {realm['access_token']}"} for realm in realms}

    @cache
    def ids(realm: str, path: str) -> list[str]:
        """Return the ids of some entities of the kind that a path names."""
        held = control.get(f"/control/quickbooks/{realm}/{path.partition('#')[0].split('/')[4]}").json()
        return [entity["Id"] for entity in held[-3:]] or ["1"]

    return Client(told["quickbooks"]["url"], headers, ids)


def procore_client(told: dict[str, Any], control: httpx.Client) -> Client:
    company, url = told["procore"]["companies"][0], told["procore"]["url"]
    form = {name: company[name] for name in ("client_id", "client_secret")}
    answer = httpx.post(
        f"{url}/oauth/token", json={"grant_type": "client_credentials", **form}, trust_env=False
    )
    token = answer.json()["access_token"]
    headers = {"authorization": f"Bearer {token}", "procore-company-id": company["id"]}
    seed = control.get("/control/seed").json()["companies"][0]
    project = seed["projects"][0]
    place = {"company_id": company["id"], "project_id": project["id"]}
    bill = {**place, "prime_contract_id": project["prime_contract_id"], "lines": [{}]}
    made = control.post("/control/procore/payment_applications", json=bill).json()["id"]
    commitments = seed["commitments"][project["id"]]
    order, _, bought, _ = commitments
    change = project["change_orders"][1]
    requisitions = [row["id"] for one in commitments for row in one["requisitions"]]
    known = {
        "/rest/v1.0/payment_applications/{id}#id": [made],
        "/rest/v1.0/vendors/{id}#id": [project["owner"]["id"]],
        "/rest/v1.0/projects/{id}#id": [project["id"]],
        "/rest/v1.0/change_order_packages/{id}#id": [change["package_id"]],
        "/rest/v1.0/projects/{project}/prime_change_orders/{id}#id": [change["id"]],
    }
    words = {
        "/line_items/{id}#id": [*order["lines"], *bought["lines"]],
        "requisition": requisitions,
        "commitment_contracts": [order["id"], bought["id"]],
        "work_order_contracts": [order["id"]],
        "purchase_order_contracts": [bought["id"]],
        "": [project["prime_contract_id"]],
    }

    def ids(_: str, path: str) -> list[str]:
        """Return ids of what the path speaks of first, as far as the seed has it."""
        return known.get(path) or next(found for word, found in words.items() if word in path)

    return Client(url, {"": headers}, ids, {"company": company["id"], "project": project["id"]})


@pytest.mark.parametrize(
    ("vendor", "client_of", "operations", "good"),
    [("quickbooks", quickbooks_client, 80, 50), ("procore", procore_client, 200, 30)],
    ids=["quickbooks", "procore"],
)
def test_answers_are_as_described_and_can_be_had_again(
    tmp_path: Path, vendor: str, client_of: Callable[..., Client], operations: int, good: int
) -> None:
    with sandbox(tmp_path) as told, httpx.Client(base_url=told["control_url"], trust_env=False) as control:
        control.post("/control/limits", json=FREE).raise_for_status()
        description = control.get(f"/control/openapi/{vendor}.json").json()
        with client_of(told, control) as client:
            assert play(description, client) > operations
            assert client.statuses[200] > good
    with sandbox(tmp_path) as again:
        assert again == told


async def test_description_names_what_the_tables_serve(lab: Laboratory) -> None:
    books = (await lab.control.get("/control/openapi/quickbooks.json")).json()
    invoice = books["paths"]["/v3/company/{realm}/invoice"]
    assert invoice["parameters"][0]["schema"]["enum"] == [realm.id for realm in lab.realms]
    assert invoice["post"]["parameters"][0]["schema"]["enum"] == ["create", "update", "delete", "void"]
    assert "DocNumber" in books["components"]["schemas"]["Invoice"]["properties"]
    assert "/v3/company/{realm}/customer/{id}/send" not in books["paths"]
    site = (await lab.control.get("/control/openapi/procore.json")).json()
    shown = site["paths"]["/rest/v1.0/payment_applications/{id}"]
    assert set(shown) == {"parameters", "get", "delete"}
    assert "project_id" in {parameter["name"] for parameter in shown["get"]["parameters"]}
    assert (await lab.control.get("/control/openapi/xero.json")).status_code == 404


@pytest.mark.parametrize("vendor", ["quickbooks", "procore"])
async def test_description_is_sound_openapi(lab: Laboratory, vendor: str) -> None:
    description = (await lab.control.get(f"/control/openapi/{vendor}.json")).json()
    schemathesis.openapi.from_dict(description).validate()
