"""Vault as an operator prepares it: each service reads what it needs, and nothing else."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from plumbline.common.secrets.port import SecretStoreRefusedError
from plumbline.common.secrets.vault import VaultSecretStore, open_vault
from plumbline.provision.principals import PRINCIPALS
from plumbline.provision.vault import VaultSetupError, set_up_vault
from plumbline.stack.servers.addresses import ServerAddresses

pytestmark = pytest.mark.connected

ACCESS = "grants/quickbooks/9130/access"


async def test_every_service_gets_files_of_its_own(servers: ServerAddresses, tmp_path: Path) -> None:
    roles = await set_up_vault(servers.vault, servers.vault_token, tmp_path)
    assert set(roles) == {principal.name for principal in PRINCIPALS}
    for files in roles.values():
        assert files.secret_id.stat().st_mode & 0o077 == 0
    assert len({files.role_id.read_text() for files in roles.values()}) == len(roles)


async def test_token_vault_writes_and_the_writer_only_reads_its_own(
    servers: ServerAddresses, tmp_path: Path
) -> None:
    roles = await set_up_vault(servers.vault, servers.vault_token, tmp_path)

    def entered(name: str) -> AbstractContextManager[VaultSecretStore]:
        files = roles[name]
        return open_vault(servers.vault, role_id_file=files.role_id, secret_id_file=files.secret_id)

    with entered("token-vault") as keeper, entered("qb-writer") as writer, entered("mapper") as mapper:
        await keeper.write(ACCESS, {"access_token": "x"}, expected_version=None)
        await keeper.write("grants/quickbooks/9130/grant", {"refresh_token": "y"}, expected_version=None)
        seen = await writer.read(ACCESS)
        assert seen is not None
        assert seen.text("access_token") == "x"
        for store, path in [(writer, "grants/quickbooks/9130/grant"), (mapper, ACCESS)]:
            with pytest.raises(SecretStoreRefusedError):
                await store.read(path)
        with pytest.raises(SecretStoreRefusedError):
            await writer.write(ACCESS, {"access_token": "z"}, expected_version=seen.version)


async def test_who_takes_webhooks_reads_every_secret_and_who_subscribes_reads_procores_alone(
    servers: ServerAddresses, tmp_path: Path
) -> None:
    roles = await set_up_vault(servers.vault, servers.vault_token, tmp_path)

    def entered(name: str) -> AbstractContextManager[VaultSecretStore]:
        files = roles[name]
        return open_vault(servers.vault, role_id_file=files.role_id, secret_id_file=files.secret_id)

    paths = ("webhooks/procore/any", "webhooks/quickbooks/any")
    with entered("token-vault") as keeper, entered("ingest") as taker, entered("ingest-hooks") as subscriber:
        for path in paths:
            await keeper.write(path, {"current": path}, expected_version=None)
            seen = await taker.read(path)
            assert seen is not None
            assert seen.text("current") == path
            with pytest.raises(SecretStoreRefusedError):
                await taker.write(path, {"current": "z"}, expected_version=seen.version)
        assert await subscriber.read(paths[0]) is not None
        with pytest.raises(SecretStoreRefusedError):
            await subscriber.read(paths[1])


async def test_set_up_again_keeps_the_secrets(servers: ServerAddresses, tmp_path: Path) -> None:
    path = "webhooks/procore/kept"
    for _ in range(2):
        files = (await set_up_vault(servers.vault, servers.vault_token, tmp_path))["token-vault"]
        with open_vault(servers.vault, role_id_file=files.role_id, secret_id_file=files.secret_id) as store:
            if await store.read(path) is None:
                await store.write(path, {"current": "c"}, expected_version=0)
            found = await store.read(path)
    assert found is not None
    assert found.version == 1


async def test_wrong_administrator_is_refused_by_name_of_the_step(
    servers: ServerAddresses, tmp_path: Path
) -> None:
    with pytest.raises(VaultSetupError, match="refused sys/mounts"):
        await set_up_vault(servers.vault, "guessed", tmp_path)


async def test_absent_vault_is_said(tmp_path: Path) -> None:
    with pytest.raises(VaultSetupError, match="does not answer"):
        await set_up_vault("http://127.0.0.1:1", "root", tmp_path)
