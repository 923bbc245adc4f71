"""Vault as an operator prepares it: once, again, dry, and with what was meanwhile changed, lost or opened by another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from plumbline.common.secrets.delivery import spent_file, wrapped_file
from plumbline.common.secrets.port import SecretStoreRefusedError
from plumbline.common.secrets.vault import VaultSecretStore, open_vault
from plumbline.common.settings import secret_line
from plumbline.provision.changes import Changes
from plumbline.provision.principals import PRINCIPALS
from plumbline.provision.vault import (
    Wishes,
    policies,
    role_files,
    role_of,
    set_up_sealed_vault,
    set_up_vault,
)
from plumbline.provision.vault_api import VaultAddress, VaultSetupError
from plumbline.stack.run_folder import run_folder
from plumbline.stack.servers.addresses import ServerAddresses
from plumbline.stack.servers.vault import prepare_sealed_vault
from plumbline.stack.supervisor import Supervisor

pytestmark = pytest.mark.connected

ACCESS = "grants/quickbooks/9130/access"
APP = "apps/quickbooks/9130"
APPROLE = "auth/approle/role"


@dataclass(frozen=True)
class Lab:
    """A Vault, its administrator, and the folder that processes find their ids in."""

    at: VaultAddress
    token: str
    folder: Path
    http: httpx.AsyncClient

    async def set_up(self, **wishes: Any) -> Changes:
        return await set_up_vault(self.at, self.token, self.folder, Wishes(**wishes))

    def entered(self, process: str) -> AbstractAsyncContextManager[VaultSecretStore]:
        files = role_files(self.folder)[process]
        return open_vault(
            self.at.url, role_id_file=files.role_id, secret_id_file=files.secret_id, tended_every_s=0.1
        )

    async def enter_all(self) -> None:
        for process in policies():
            async with self.entered(process) as store:
                await uses(store)

    async def accessors(self, process: str) -> list[str]:
        answer = await self.http.request("LIST", f"{APPROLE}/{role_of(process)}/secret-id")
        found: list[str] = answer.json()["data"]["keys"] if answer.status_code == 200 else []
        return found


async def uses(store: VaultSecretStore) -> None:
    """Enter, whether or not the process may read what is asked for."""
    try:
        await store.read(ACCESS)
    except SecretStoreRefusedError as error:
        assert "policy" in error.detail  # noqa: PT017


@asynccontextmanager
async def lab_at(url: str, token: str, folder: Path) -> AsyncIterator[Lab]:
    headers = {"X-Vault-Token": token}
    async with httpx.AsyncClient(base_url=f"{url}/v1/", headers=headers, trust_env=False) as http:
        yield Lab(VaultAddress(url=url), token, folder, http)


@pytest.fixture
async def lab(servers: ServerAddresses, tmp_path: Path) -> AsyncIterator[Lab]:
    """Give a Vault in which no process has a role yet."""
    async with lab_at(servers.vault, servers.vault_token, tmp_path) as lab:
        for process in policies():
            await lab.http.delete(f"{APPROLE}/{role_of(process)}")
        yield lab


async def test_every_process_gets_a_delivery_of_its_own_that_opens_once(lab: Lab) -> None:
    await lab.set_up()
    files = role_files(lab.folder)
    assert set(files) == {principal.name for principal in PRINCIPALS}
    for each in files.values():
        assert not each.secret_id.exists()
        assert wrapped_file(each.secret_id).stat().st_mode & 0o077 == 0
    await lab.enter_all()
    for each in files.values():
        assert not wrapped_file(each.secret_id).exists()
        assert each.secret_id.stat().st_mode & 0o077 == 0
    assert len({each.secret_id.read_text() for each in files.values()}) == len(files)


async def test_second_run_has_nothing_to_change_before_and_after_the_processes_have_entered(lab: Lab) -> None:
    assert (await lab.set_up()).told
    assert (await lab.set_up()).told == []
    await lab.enter_all()
    assert (await lab.set_up()).told == []
    assert {len(await lab.accessors(process)) for process in policies()} == {1}


async def test_dry_run_tells_what_a_run_does_and_changes_nothing(lab: Lab) -> None:
    dry = await lab.set_up(dry_run=True)
    assert f"set at {APPROLE}/{role_of('mapper')}: " in str(dry)
    assert not list(lab.folder.iterdir())
    assert (await lab.http.get(f"{APPROLE}/{role_of('mapper')}")).status_code == 404
    assert (await lab.set_up()).told == dry.told


async def test_what_somebody_changed_is_set_right_and_told(lab: Lab) -> None:
    await lab.set_up()
    role = f"{APPROLE}/{role_of('mapper')}"
    await lab.http.post(role, json={"token_ttl": 60, "token_policies": ["root-like"]})
    await lab.http.post(f"sys/policies/acl/{role_of('qb-writer')}", json={"policy": 'path "*" {}'})
    await lab.http.post("plumbline/config", json={"cas_required": False})
    assert (await lab.set_up()).told == [
        "set at plumbline/config: cas_required = True",
        f"set at {role}: token_ttl = 3600, token_policies = ['plumbline-mapper']",
        f"bring up to date policy {role_of('qb-writer')}",
    ]


async def test_copies_of_access_tokens_are_deleted_by_vault_and_grants_are_not(lab: Lab) -> None:
    await lab.set_up()
    grant = ACCESS.replace("access", "grant")
    async with lab.entered("token-vault") as keeper:
        for path in (ACCESS, grant):
            await keeper.write(path, {"x": "y"}, expected_version=None)
    await lab.set_up()
    kept = {
        path: (await lab.http.get(f"plumbline/metadata/{path}")).json()["data"]["delete_version_after"]
        for path in (ACCESS, grant)
    }
    assert kept == {ACCESS: "24h0m0s", grant: "0s"}


async def test_rotation_destroys_the_former_secret_id_once_the_new_one_is_used(lab: Lab) -> None:
    await lab.set_up()
    await lab.enter_all()
    former = await lab.accessors("mapper")
    secret_id = role_files(lab.folder)["mapper"].secret_id
    value = secret_id.read_text()
    async with lab.entered("mapper") as running:
        await uses(running)
        changes = await lab.set_up(rotate=frozenset({"mapper"}))
        await uses(running)
    assert "rotation was asked for" in str(changes)
    assert "destroy the secret id of plumbline-mapper" in str(changes)
    assert secret_id.read_text() != value
    assert len(await lab.accessors("mapper")) == 1
    assert await lab.accessors("mapper") != former
    assert (await lab.set_up()).told == []


async def test_former_secret_id_stays_until_the_new_one_is_taken(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plumbline.provision.vault.TAKEN_MAX_S", 0.1)
    await lab.set_up()
    await lab.enter_all()
    changes = await lab.set_up(rotate=frozenset({"mapper"}))
    assert "mapper has not used its new secret id" in str(changes)
    assert len(await lab.accessors("mapper")) == 2
    async with lab.entered("mapper") as store:
        await uses(store)
    assert len((await lab.set_up()).told) == 1
    assert len(await lab.accessors("mapper")) == 1


async def test_delivery_that_somebody_else_opened_is_an_alarm_and_the_former_secret_id_goes_on(
    lab: Lab, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plumbline.provision.vault.TAKEN_MAX_S", 0.1)
    await lab.set_up()
    await lab.enter_all()
    await lab.set_up(rotate=frozenset({"mapper"}))
    secret_id = role_files(lab.folder)["mapper"].secret_id
    thief = {"X-Vault-Token": wrapped_file(secret_id).read_text().strip()}
    assert (await lab.http.post("sys/wrapping/unwrap", headers=thief)).status_code == 200
    async with lab.entered("mapper") as store:
        await uses(store)
    assert "vault.delivery-spent" in capsys.readouterr().out
    assert spent_file(secret_id).exists()
    assert "deliver a new secret id" in str(await lab.set_up())


async def test_something_else_under_the_wrapping_is_not_taken(lab: Lab) -> None:
    await lab.set_up()
    secret_id = role_files(lab.folder)["mapper"].secret_id
    own = await lab.http.post(
        "sys/wrapping/wrap", json={"secret_id": "the thief's"}, headers={"X-Vault-Wrap-TTL": "60"}
    )
    wrapped_file(secret_id).write_text(own.json()["wrap_info"]["token"])
    async with lab.entered("mapper") as store:
        with pytest.raises(SecretStoreRefusedError, match="plumbline vault bootstrap"):
            await store.read(ACCESS)
    assert not secret_id.exists()


async def test_replicas_that_share_a_folder_open_a_delivery_once(lab: Lab) -> None:
    await lab.set_up()
    secret_id = role_files(lab.folder)["mapper"].secret_id
    async with lab.entered("mapper") as a, lab.entered("mapper") as b, lab.entered("mapper") as c:
        await asyncio.gather(uses(a), uses(b), uses(c))
    assert secret_id.exists()
    assert not spent_file(secret_id).exists()


async def test_secret_id_without_an_end_is_replaced_and_then_destroyed(lab: Lab) -> None:
    await lab.set_up()
    role = f"{APPROLE}/{role_of('mapper')}"
    for accessor in await lab.accessors("mapper"):
        await lab.http.post(f"{role}/secret-id-accessor/destroy", json={"secret_id_accessor": accessor})
    await lab.http.post(role, json={"secret_id_ttl": 0, "secret_id_num_uses": 0})
    for _ in range(3):
        await lab.http.post(f"{role}/secret-id")
    assert "none that ends is in use" in str(await lab.set_up())
    assert len(await lab.accessors("mapper")) == 4
    async with lab.entered("mapper") as store:
        await uses(store)
    await lab.set_up()
    assert len(await lab.accessors("mapper")) == 1


async def test_wrong_administrator_is_refused_by_name_of_the_step(lab: Lab) -> None:
    with pytest.raises(VaultSetupError, match="refused sys/mounts"):
        await set_up_vault(lab.at, "guessed", lab.folder)


async def test_process_that_does_not_exist_is_not_rotated(lab: Lab) -> None:
    with pytest.raises(VaultSetupError, match="no such process: printer"):
        await lab.set_up(rotate=frozenset({"printer"}))


async def test_absent_vault_is_said(tmp_path: Path) -> None:
    with pytest.raises(VaultSetupError, match="does not answer"):
        await set_up_vault(VaultAddress(url="http://127.0.0.1:1"), "root", tmp_path)


async def test_new_vault_is_opened_prepared_and_left_without_a_root_token(tmp_path: Path) -> None:
    key_file, keys = tmp_path / "unseal-key", tmp_path / "keys"
    with run_folder() as folder:
        server = await prepare_sealed_vault(folder)
        audit = folder / "audit.log"
        at = VaultAddress(url=server.url)
        wishes = Wishes(audit_file=str(audit))
        async with Supervisor(tmp_path) as supervisor:
            await supervisor.start(server.spec())
            dry = await set_up_sealed_vault(at, key_file, keys, Wishes(dry_run=True))
            assert dry.told == ["initialise Vault"]
            assert "initialise Vault" in str(await set_up_sealed_vault(at, key_file, keys, wishes))
            assert (await set_up_sealed_vault(at, key_file, keys, wishes)).told == []
            await _secrets_stay_out_of_the_audit_log(server.url, keys, audit)
            supervisor.kill("vault")
            await supervisor.ready("vault")
            assert (await set_up_sealed_vault(at, key_file, keys, wishes)).told == ["unseal Vault"]
            assert await _roots(server.url, key_file) == 1  # the one that asks


async def _secrets_stay_out_of_the_audit_log(url: str, keys: Path, audit: Path) -> None:
    files = role_files(keys)["token-vault"]
    wrapped = wrapped_file(files.secret_id).read_text().strip()
    async with open_vault(url, role_id_file=files.role_id, secret_id_file=files.secret_id) as store:
        await store.write(APP, {"client_secret": "canary-secret"}, expected_version=0)
        found = await store.read(APP)
        token = store.vault._client.token
    assert found is not None
    assert found.text("client_secret") == "canary-secret"
    logged = secret_line(audit)
    assert APP in logged
    for secret in ("canary-secret", files.secret_id.read_text().strip(), wrapped, token):
        assert secret not in logged


async def _roots(url: str, key_file: Path) -> int:
    """Count the root tokens that live, by a token made for it."""
    async with VaultAddress(url=url).opened() as vault:
        vault.token = await vault.administrator(secret_line(key_file))
        told = [
            await vault.write("auth/token/lookup-accessor", accessor=accessor)
            for accessor in await vault.listed("auth/token/accessors")
        ]
        await vault.write("auth/token/revoke-self")
    return sum("root" in each["data"]["policies"] for each in told)
