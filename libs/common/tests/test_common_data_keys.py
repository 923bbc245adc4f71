"""What every keeper of data keys promises: a key file, and real Vault alike."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from plumbline.common.secrets.data_keys import (
    DataKeys,
    FileDataKeys,
    SpoiledKeyError,
    rotate_key_file,
    wrapper_of,
)
from plumbline.common.secrets.keyfile import KeyFile, make_key_file
from plumbline.common.secrets.port import SecretStoreRefusedError, SecretStoreUnavailableError
from plumbline.common.secrets.transit import MOUNT, VaultDataKeys
from plumbline.common.secrets.vault import open_vault
from plumbline.provision.vault import role_files, set_up_vault
from plumbline.provision.vault_api import VaultAddress
from plumbline.stack.servers.addresses import ServerAddresses


class Kept:
    """A keeper, and the means to rotate what it wraps with."""

    def __init__(self, keys: DataKeys, folder: Path, servers: ServerAddresses | None = None) -> None:
        self.keys = keys
        self.folder = folder
        self.servers = servers

    async def rotate(self) -> None:
        if self.servers is None:
            rotate_key_file(self.folder / "key")
            self.keys = FileDataKeys(KeyFile(self.folder / "key"))
            return
        async with vault_client(self.servers) as client:
            (await client.post(f"{MOUNT}/keys/documents/rotate")).raise_for_status()


@pytest.fixture(params=["file", pytest.param("vault", marks=pytest.mark.connected)])
def where(request: pytest.FixtureRequest) -> ServerAddresses | None:
    """Give the servers of a keeper, outside of any loop: they run on one of their own; none for a key file."""
    return request.getfixturevalue("servers") if request.param == "vault" else None


@pytest.fixture
async def kept(where: ServerAddresses | None, tmp_path: Path) -> AsyncIterator[Kept]:
    """Give each keeper in turn."""
    if where is None:
        make_key_file(tmp_path / "key")
        yield Kept(FileDataKeys(KeyFile(tmp_path / "key")), tmp_path)
        return
    async with vault_data_keys(where, tmp_path) as keys:
        yield Kept(keys, tmp_path, where)


@asynccontextmanager
async def vault_data_keys(
    servers: ServerAddresses, folder: Path, *, process: str = "compliance"
) -> AsyncIterator[DataKeys]:
    """Enter as a process of the suite does, by the policy that is shipped."""
    await set_up_vault(VaultAddress(url=servers.vault), servers.vault_token, folder)
    files = role_files(folder)[process]
    opened = open_vault(servers.vault, role_id_file=files.role_id, secret_id_file=files.secret_id)
    async with opened as store:
        yield VaultDataKeys(store.vault)


def vault_client(servers: ServerAddresses) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"{servers.vault}/v1/", headers={"x-vault-token": servers.vault_token}, trust_env=False
    )


async def test_key_opens_as_it_was_made(kept: Kept) -> None:
    made = await kept.keys.make("documents")
    assert len(made.clear) == 32
    assert await kept.keys.unwrap("documents", made.wrapped) == made.clear
    assert (await kept.keys.make("documents")).clear != made.clear


async def test_key_is_shown_by_nothing_that_is_stored_or_told(kept: Kept) -> None:
    made = await kept.keys.make("pii")
    assert repr(made.clear) not in repr(made)
    assert made.clear.hex() not in made.wrapped


async def test_key_of_papers_opens_no_tax_number(kept: Kept) -> None:
    made = await kept.keys.make("documents")
    with pytest.raises(SpoiledKeyError):
        await kept.keys.unwrap("pii", made.wrapped)


@pytest.mark.parametrize(
    "spoil", [lambda text: text[:-8] + "AAAAAAA=", lambda text: text + "!", lambda text: "x:y:z"]
)
async def test_spoiled_key_is_for_a_person(kept: Kept, spoil: Callable[[str], str]) -> None:
    made = await kept.keys.make("documents")
    with pytest.raises(SpoiledKeyError):
        await kept.keys.unwrap("documents", spoil(made.wrapped))


async def test_after_a_rotation_old_keys_open_and_are_wrapped_anew(kept: Kept) -> None:
    made = await kept.keys.make("documents")
    await kept.rotate()
    assert await kept.keys.unwrap("documents", made.wrapped) == made.clear
    anew = await kept.keys.rewrap("documents", made.wrapped)
    assert await kept.keys.unwrap("documents", anew) == made.clear
    newest = wrapper_of((await kept.keys.make("documents")).wrapped)
    assert wrapper_of(anew) == newest
    assert wrapper_of(made.wrapped) != newest


async def test_open_key_file_finds_what_a_newer_key_wrapped(tmp_path: Path) -> None:
    make_key_file(tmp_path / "key")
    old = FileDataKeys(KeyFile(tmp_path / "key"))
    rotate_key_file(tmp_path / "key")
    made = await FileDataKeys(KeyFile(tmp_path / "key")).make("pii")
    assert await old.unwrap("pii", made.wrapped) == made.clear


@pytest.mark.connected
async def test_vault_that_forbids_waits_and_does_not_park(servers: ServerAddresses, tmp_path: Path) -> None:
    async with vault_data_keys(servers, tmp_path, process="mapper") as keys:
        with pytest.raises(SecretStoreRefusedError):
            await keys.make("documents")


async def test_vault_that_is_away_waits(tmp_path: Path) -> None:
    for name in ("role", "secret"):
        (tmp_path / name).write_text("x")
    opened = open_vault(
        "http://127.0.0.1:9", role_id_file=tmp_path / "role", secret_id_file=tmp_path / "secret"
    )
    async with opened as store:
        with pytest.raises(SecretStoreUnavailableError):
            await VaultDataKeys(store.vault).make("documents")
