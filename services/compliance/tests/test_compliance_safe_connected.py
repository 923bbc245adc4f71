"""The safe as production has it: Vault's transit engine, an S3-compatible store, PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from safe_lab import ABOUT, CONFIG, CONNECTION, CONTENT, compliance_pool, s3_settings

from plumbline.common.connections import ConfigurationError
from plumbline.common.database import Pool
from plumbline.common.secrets.transit import MOUNT
from plumbline.common.secrets.vault import VaultSecretStore, open_vault
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.database import rows
from plumbline.common.testing.secrets import MemorySecretStore
from plumbline.compliance.adapters.safe.keys import Rekeyed
from plumbline.compliance.adapters.safe.opening import OpenSafe, open_safe
from plumbline.compliance.adapters.safe.settings import SafeSettings
from plumbline.compliance.ports.safe import SafeUnavailableError, UnknownDocumentError
from plumbline.provision.vault import role_files, set_up_vault
from plumbline.provision.vault_api import VaultAddress
from plumbline.stack.servers.addresses import ServerAddresses
from plumbline.stack.servers.s3 import S3Address

NUMBER = "912-73-4188"


@asynccontextmanager
async def entered(servers: ServerAddresses, folder: Path) -> AsyncIterator[VaultSecretStore]:
    files = role_files(folder)["compliance"]
    opened = open_vault(servers.vault, role_id_file=files.role_id, secret_id_file=files.secret_id)
    async with opened as store:
        yield store


@asynccontextmanager
async def opened(
    settings: SafeSettings, pool: Pool, servers: ServerAddresses, folder: Path
) -> AsyncIterator[OpenSafe]:
    async with (
        entered(servers, folder) as secrets,
        open_safe(settings, config_dir=CONFIG, pool=pool, clock=FakeClock(), secrets=secrets) as safe,
    ):
        yield safe


@pytest.mark.connected
async def test_papers_outlive_the_keys_that_wrapped_them(
    servers: ServerAddresses, s3: S3Address, database_url: str, tmp_path: Path
) -> None:
    await set_up_vault(VaultAddress(url=servers.vault), servers.vault_token, tmp_path)
    settings = s3_settings(s3, tmp_path)
    async with compliance_pool(database_url) as pool:
        async with opened(settings, pool, servers, tmp_path) as safe:
            replicas = [safe.papers.put(CONTENT, ABOUT) for _ in range(4)]
            document = (await asyncio.gather(*replicas))[0].document
            kept = await safe.papers.keep_tax_number(CONNECTION, document, vendor="88", number=NUMBER)
            assert (kept.last_four, kept.is_new) == ("4188", True)
            await _rotate_and_forget(servers, safe)
        async with opened(settings, pool, servers, tmp_path) as safe:  # a process that remembers nothing
            assert await safe.papers.get(CONNECTION, document, who="ana", why="test") == CONTENT
            whole = await safe.papers.tax_number(CONNECTION, document, who="payroll", why="1099")
            assert whole.get_secret_value() == NUMBER.replace("-", "")
            assert not (await safe.papers.put(CONTENT, ABOUT)).is_new
            assert (await safe.rounds.scrub(10)).spoiled == ()
            await safe.papers.destroy(CONNECTION, document, who="ana", why="test")
            with pytest.raises(UnknownDocumentError):
                await safe.papers.get(CONNECTION, document, who="ana", why="test")


async def _rotate_and_forget(servers: ServerAddresses, safe: OpenSafe) -> None:
    """Rotate both transit keys, wrap everything anew, and let Vault open nothing that older versions wrapped."""
    headers = {"x-vault-token": servers.vault_token}
    url = f"{servers.vault}/v1/{MOUNT}/keys/"
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as vault:
        for key in ("documents", "pii"):
            (await vault.post(f"{key}/rotate")).raise_for_status()
        assert await safe.rekeying.run() == Rekeyed(
            4, former_keys=0
        )  # a paper, a number, and two keys of the connection
        for key in ("documents", "pii"):
            latest = (await vault.get(key)).json()["data"]["latest_version"]
            config = {"min_decryption_version": latest}
            (await vault.post(f"{key}/config", json=config)).raise_for_status()


@pytest.mark.connected
async def test_without_vault_nothing_is_read_or_lost(
    servers: ServerAddresses, s3: S3Address, database_url: str, tmp_path: Path
) -> None:
    await set_up_vault(VaultAddress(url=servers.vault), servers.vault_token, tmp_path)
    settings = s3_settings(s3, tmp_path)
    async with compliance_pool(database_url) as pool, opened(settings, pool, servers, tmp_path) as safe:
        document = (await safe.papers.put(CONTENT, ABOUT)).document
        files = role_files(tmp_path)["compliance"]
        away = open_vault("http://127.0.0.1:9", role_id_file=files.role_id, secret_id_file=files.secret_id)
        async with (
            away as secrets,
            open_safe(settings, config_dir=CONFIG, pool=pool, clock=FakeClock(), secrets=secrets) as cut_off,
        ):
            with pytest.raises(SafeUnavailableError):
                await cut_off.papers.get(CONNECTION, document, who="ana", why="test")
            with pytest.raises(SafeUnavailableError):
                await cut_off.papers.put(CONTENT + b"2", ABOUT)
        assert await safe.papers.get(CONNECTION, document, who="ana", why="test") == CONTENT
        assert len(await rows(pool, "SELECT 1 FROM safe_papers")) == 1


async def test_embedded_safe_without_its_key_file_is_told(database_url: str, tmp_path: Path) -> None:
    settings = SafeSettings(safe_url=(tmp_path / "papers").as_uri())
    async with compliance_pool(database_url) as pool:
        with pytest.raises(ConfigurationError, match="PLUMBLINE_SAFE_KEY_FILE"):
            async with open_safe(
                settings, config_dir=CONFIG, pool=pool, clock=FakeClock(), secrets=MemorySecretStore()
            ):
                pass
