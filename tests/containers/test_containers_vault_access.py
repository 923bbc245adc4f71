"""Every process enters Vault with its own role, and is refused every path that is not its own."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from plumbline.provision.principals import PRINCIPALS
from tests.containers.running import Running

pytestmark = pytest.mark.containers

SECRETS = {
    "app": "plumbline/data/apps/quickbooks/probe",
    "procore grant": "plumbline/data/grants/procore/probe/grant",
    "procore access": "plumbline/data/grants/procore/probe/access",
    "quickbooks grant": "plumbline/data/grants/quickbooks/probe/grant",
    "quickbooks access": "plumbline/data/grants/quickbooks/probe/access",
    "webhook": "plumbline/data/webhooks/procore/probe",
    "notification": "plumbline/data/webhooks/quickbooks/probe",
}

MAY_READ = {
    "ingest": {"webhook", "notification"},
    "ingest-hooks": {"webhook", "procore access"},
    "mapper": {"procore access"},
    "compliance": {"procore access"},
    "qb-writer": {"quickbooks access"},
    "token-vault": set(SECRETS),
}
"""Said once more than in the policies, which must not be their own judges."""

ADMINISTRATION = (
    "sys/policies/acl/plumbline-mapper",
    "sys/mounts",
    "sys/auth",
    "sys/raw/logical",
    "sys/storage/raft/snapshot",
    "auth/approle/role/plumbline-token-vault/role-id",
    "auth/token/accessors",
    "plumbline/metadata/grants?list=true",
    "plumbline/metadata/apps?list=true",
    "identity/entity/id?list=true",
)


@pytest.fixture
def vault(running: Running) -> Iterator[httpx.Client]:
    address = running.address("vault", "vault")
    with httpx.Client(base_url=f"http://{address}:8200/v1/", trust_env=False, timeout=10) as client:
        yield client


def enter(vault: httpx.Client, running: Running, process: str) -> None:
    body = {
        "role_id": running.key(process, "vault-role-id"),
        "secret_id": running.key(process, "vault-secret-id"),
    }
    answer = vault.post("auth/approle/login", json=body)
    assert answer.status_code == 200, answer.text
    vault.headers["X-Vault-Token"] = answer.json()["auth"]["client_token"]


@pytest.mark.parametrize("process", [p.name for p in PRINCIPALS])
def test_process_reads_its_own_secrets_and_no_others(
    vault: httpx.Client, running: Running, process: str
) -> None:
    enter(vault, running, process)
    read = {name: vault.get(path).status_code for name, path in SECRETS.items()}
    # 404: it may look, and nothing is there.
    assert read == {name: 404 if name in MAY_READ[process] else 403 for name in SECRETS}


@pytest.mark.parametrize("process", [p.name for p in PRINCIPALS if p.name != "token-vault"])
def test_only_the_keeper_writes(vault: httpx.Client, running: Running, process: str) -> None:
    enter(vault, running, process)
    for path in SECRETS.values():
        assert vault.post(path, json={"data": {"x": "y"}, "options": {"cas": 0}}).status_code == 403, path
        assert vault.delete(path).status_code == 403, path


@pytest.mark.parametrize("process", [p.name for p in PRINCIPALS])
def test_no_process_administers(vault: httpx.Client, running: Running, process: str) -> None:
    enter(vault, running, process)
    assert {path: vault.get(path).status_code for path in ADMINISTRATION} == dict.fromkeys(
        ADMINISTRATION, 403
    )
    forged = {"policy": 'path "*" { capabilities = ["sudo"] }'}
    assert vault.post("sys/policies/acl/mine", json=forged).status_code == 403
    assert vault.post("auth/token/create", json={"policies": ["root"]}).status_code in {400, 403}
    assert vault.post("sys/seal").status_code == 403


def test_keeper_deletes_nothing_for_good(vault: httpx.Client, running: Running) -> None:
    enter(vault, running, "token-vault")
    assert vault.delete(SECRETS["quickbooks grant"]).status_code == 403
    assert vault.delete("plumbline/metadata/grants/quickbooks/probe/grant").status_code == 403


def test_without_a_role_there_is_nothing(vault: httpx.Client) -> None:
    assert {vault.get(path).status_code for path in SECRETS.values()} == {403}
