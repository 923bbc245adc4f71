"""The sandbox's image alone, as a stranger runs it."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.containers.running import docker

pytestmark = pytest.mark.containers

PORT = 18100
PORTS = 8


@pytest.fixture(scope="module")
def told() -> Iterator[dict[str, Any]]:
    """Run the image as its page says, on ports that the stack does not use; give the line it prints."""
    published = f"127.0.0.1:{PORT}-{PORT + PORTS - 1}:{PORT}-{PORT + PORTS - 1}"
    name = docker(
        *("run", "--detach", "--rm", "--read-only", "--cap-drop", "ALL", "--publish", published),
        *("plumbline/sandbox:0.1.0", "plumbline_sandbox", "--host", "0.0.0.0", "--port", str(PORT)),
    ).strip()
    try:
        yield json.loads(first_line(name))
    finally:
        subprocess.run(["docker", "rm", "--force", name], capture_output=True, check=False)


def first_line(name: str) -> str:
    for _ in range(600):
        if (lines := docker("logs", name).splitlines()) and lines[0].startswith("{"):
            return lines[0]
        time.sleep(0.1)
    raise TimeoutError(docker("logs", name))


def test_image_tells_addresses_that_this_machine_reaches(told: dict[str, Any]) -> None:
    realm = told["quickbooks"]["realms"][0]
    answer = httpx.get(
        f"{told['quickbooks']['url']}/v3/company/{realm['id']}/companyinfo/{realm['id']}",
        headers={"authorization": f"Bearer {realm['access_token']}", "accept": "application/json"},
        trust_env=False,
    )
    assert answer.json()["CompanyInfo"]["CompanyName"] == realm["name"]
    assert httpx.get(told["control_url"], trust_env=False).status_code == 200
    discovery = httpx.get(told["quickbooks"]["discovery_url"], trust_env=False).json()
    assert discovery["token_endpoint"].startswith(told["quickbooks"]["oauth_url"])


def test_image_lets_a_stranger_into_procore(told: dict[str, Any]) -> None:
    company = told["procore"]["companies"][0]
    grant = {
        "grant_type": "client_credentials",
        **{key: company[key] for key in ("client_id", "client_secret")},
    }
    with httpx.Client(base_url=told["procore"]["url"], trust_env=False) as procore:
        token = procore.post("/oauth/token", json=grant).json()["access_token"]
        headers = {"authorization": f"Bearer {token}", "procore-company-id": company["id"]}
        seen = procore.get("/rest/v1.0/companies", headers=headers).json()
    assert [str(row["id"]) for row in seen] == [company["id"]]
