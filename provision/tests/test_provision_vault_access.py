"""The table of who may do what in Vault: what the policy files say is what a real Vault does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from plumbline.provision.access import CAPABILITIES, PLACES, granted, matrix
from plumbline.provision.principals import PRINCIPALS
from plumbline.provision.vault import role_of, set_up_vault
from plumbline.provision.vault_api import VaultAddress
from plumbline.stack.servers.addresses import ServerAddresses

PROCESSES = [principal.name for principal in PRINCIPALS]

MAY_READ = {
    "ingest": {"webhooks/procore/any", "webhooks/quickbooks/any"},
    "ingest-hooks": {"webhooks/procore/any", "grants/procore/any/access"},
    "mapper": {"grants/procore/any/access"},
    "compliance": {"grants/procore/any/access"},
    "qb-writer": {"grants/quickbooks/any/access"},
}
"""Said once more than in the policies, which must not be their own judges."""

MAY_DO = {
    "compliance": {
        *("datakey/plaintext/documents", "decrypt/documents", "rewrap/documents"),
        *("datakey/plaintext/pii", "decrypt/pii", "rewrap/pii"),
    }
}
"""What a process may have done with transit keys, which it never sees."""

DOCUMENTS = {place.path for place in PLACES if place.path.startswith("plumbline/data/")}


@pytest.mark.parametrize("process", MAY_READ)
def test_service_reads_what_it_works_with_and_does_nothing_else(process: str) -> None:
    found = {path: set(rights) for path, rights in matrix()[process].items() if rights}
    expected = {f"plumbline/data/{path}": {"read"} for path in MAY_READ[process]}
    done = {f"plumbline-transit/{path}": {"update"} for path in MAY_DO.get(process, ())}
    assert found == {**expected, **done, "auth/token/renew-self": {"update"}}


def test_keeper_writes_every_document_and_deletes_none() -> None:
    found = {path: set(rights) for path, rights in matrix()["token-vault"].items() if rights}
    expected = {path: {"create", "read", "update"} for path in DOCUMENTS}
    assert found == {**expected, "auth/token/renew-self": {"update"}}


@pytest.mark.parametrize(
    ("pattern", "path", "is_within"),
    [
        ("a/+/access", "a/b/access", True),
        ("a/+/access", "a/b/c/access", False),
        ("a/+/access", "a/b/grant", False),
        ("a/*", "a/b/c", True),
        ("a/*", "ab", False),
        ("a.b", "axb", False),
    ],
)
def test_paths_are_matched_as_vault_does(pattern: str, path: str, *, is_within: bool) -> None:
    policy = f'path "{pattern}" {{\n  capabilities = ["read"]\n}}\n'
    assert granted(policy, path) == (frozenset({"read"}) if is_within else frozenset())


@pytest.fixture
async def vault(servers: ServerAddresses, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Give a Vault that is set up, as its administrator."""
    await set_up_vault(VaultAddress(url=servers.vault), servers.vault_token, tmp_path)
    headers = {"X-Vault-Token": servers.vault_token}
    async with httpx.AsyncClient(base_url=f"{servers.vault}/v1/", headers=headers, trust_env=False) as client:
        yield client


async def entered(vault: httpx.AsyncClient, process: str) -> str:
    """Return a token of a process, got as it gets one."""
    role = f"auth/approle/role/{role_of(process)}"
    role_id = (await vault.get(f"{role}/role-id")).json()["data"]["role_id"]
    secret_id = (await vault.post(f"{role}/secret-id")).json()["data"]["secret_id"]
    answer = await vault.post("auth/approle/login", json={"role_id": role_id, "secret_id": secret_id})
    token: str = answer.json()["auth"]["client_token"]
    return token


@pytest.mark.connected
@pytest.mark.parametrize("process", PROCESSES)
async def test_vault_says_of_every_place_what_the_table_says(vault: httpx.AsyncClient, process: str) -> None:
    body = {"token": await entered(vault, process), "paths": [place.path for place in PLACES]}
    told = (await vault.post("sys/capabilities", json=body)).json()["data"]
    found = {place.path: frozenset(told[place.path]) - {"deny"} for place in PLACES}
    assert found == matrix()[process]


@pytest.mark.connected
@pytest.mark.parametrize("process", PROCESSES)
async def test_vault_does_at_every_place_what_the_table_says(vault: httpx.AsyncClient, process: str) -> None:
    token = {"X-Vault-Token": await entered(vault, process)}
    methods = {"read": "GET", "list": "LIST", "update": "POST", "delete": "DELETE", "patch": "PATCH"}
    patch = {"content-type": "application/merge-patch+json"}
    for place in PLACES:
        for capability, method in methods.items():
            # An empty body: what is allowed gets as far as being told that it is wrong.
            headers = {**token, **(patch if method == "PATCH" else {})}
            answer = await vault.request(method, place.path, headers=headers, content=b"{}")
            may = matrix()[process][place.path]
            allowed = capability in may or (capability == "update" and "create" in may)
            if allowed or place.path in DOCUMENTS:
                assert (answer.status_code != 403) == allowed, (capability, place.path, answer.text)
            else:
                # Some of these calls exist at no place, and Vault says so before it asks who calls.
                assert answer.is_client_error, (capability, place.path, answer.text)


@pytest.mark.connected
@pytest.mark.parametrize("process", PROCESSES)
async def test_token_of_a_process_carries_its_one_policy_and_ends_within_the_hour(
    vault: httpx.AsyncClient, process: str
) -> None:
    token = await entered(vault, process)
    told = (await vault.post("auth/token/lookup", json={"token": token})).json()["data"]
    assert told["policies"] == [role_of(process)]
    assert 0 < told["ttl"] <= 3600


def test_nobody_is_granted_what_is_no_capability() -> None:
    rights = {right for of in matrix().values() for found in of.values() for right in found}
    assert rights <= set(CAPABILITIES)
