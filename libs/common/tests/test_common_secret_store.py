"""What every `SecretStore` promises: in memory, embedded, and real Vault alike."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from pydantic import SecretStr

from plumbline.common.secrets.embedded import migrate_embedded, open_embedded
from plumbline.common.secrets.keyfile import make_key_file
from plumbline.common.secrets.port import SecretStore, SecretStoreRefusedError, StaleSecretError
from plumbline.common.secrets.vault import open_vault
from plumbline.common.testing.secrets import MemorySecretStore
from plumbline.provision.vault import role_files, set_up_vault
from plumbline.provision.vault_api import VaultAddress
from plumbline.stack.servers.addresses import ServerAddresses

CANARY = "canary-of-the-store"


@pytest.fixture(params=["memory", "embedded", pytest.param("vault", marks=pytest.mark.connected)])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> AbstractAsyncContextManager[SecretStore]:
    """Give each store in turn."""
    if request.param == "embedded":
        return _embedded(request.getfixturevalue("database_url"), tmp_path)
    if request.param == "vault":
        return _vault(request.getfixturevalue("servers"), tmp_path)
    return nullcontext(MemorySecretStore())


@asynccontextmanager
async def _embedded(url: str, folder: Path) -> AsyncIterator[SecretStore]:
    await migrate_embedded(url)
    make_key_file(folder / "key")
    async with open_embedded(url, key_file=folder / "key") as store:
        yield store


@asynccontextmanager
async def _vault(servers: ServerAddresses, folder: Path) -> AsyncIterator[SecretStore]:
    await set_up_vault(VaultAddress(url=servers.vault), servers.vault_token, folder)
    files = role_files(folder)["token-vault"]
    opened = open_vault(servers.vault, role_id_file=files.role_id, secret_id_file=files.secret_id)
    async with opened as store:
        yield store


@pytest.fixture
async def store(opened: AbstractAsyncContextManager[SecretStore]) -> AsyncIterator[SecretStore]:
    """Give a store as token-vault has it."""
    async with opened as store:
        yield store


@pytest.fixture
def path() -> str:
    """Give a path at which nothing was ever stored."""
    return f"grants/quickbooks/{uuid4().hex}/grant"


async def test_what_was_never_written_is_none(store: SecretStore, path: str) -> None:
    assert await store.read(path) is None


async def test_what_was_written_is_read_with_its_version(store: SecretStore, path: str) -> None:
    assert await store.write(path, {"a": "1", "b": ""}, expected_version=0) == 1
    found = await store.read(path)
    assert found is not None
    assert (found.version, {name: found.text(name) for name in found.values}) == (1, {"a": "1", "b": ""})


async def test_write_replaces_the_whole_document(store: SecretStore, path: str) -> None:
    await store.write(path, {"a": "1", "b": "2"}, expected_version=0)
    assert await store.write(path, {"b": "3"}, expected_version=1) == 2
    found = await store.read(path)
    assert found is not None
    assert set(found.values) == {"b"}


@pytest.mark.parametrize("expected", [0, 2, 7])
async def test_write_on_another_version_than_the_present_one_changes_nothing(
    store: SecretStore, path: str, expected: int
) -> None:
    await store.write(path, {"a": "1"}, expected_version=0)
    with pytest.raises(StaleSecretError):
        await store.write(path, {"a": "2"}, expected_version=expected)
    found = await store.read(path)
    assert found is not None
    assert (found.version, found.text("a")) == (1, "1")


async def test_write_on_a_version_of_what_is_not_there_is_stale(store: SecretStore, path: str) -> None:
    with pytest.raises(StaleSecretError):
        await store.write(path, {"a": "1"}, expected_version=1)
    assert await store.read(path) is None


async def test_write_over_whatever_is_there_succeeds(store: SecretStore, path: str) -> None:
    versions = [await store.write(path, {"a": str(n)}, expected_version=None) for n in range(3)]
    assert versions == [1, 2, 3]


async def test_of_many_who_replace_a_version_one_does(store: SecretStore, path: str) -> None:
    await store.write(path, {"a": "0"}, expected_version=0)
    ended = await asyncio.gather(
        *(store.write(path, {"a": str(n)}, expected_version=1) for n in range(12)), return_exceptions=True
    )
    assert [e for e in ended if not isinstance(e, BaseException)] == [2]
    assert sum(isinstance(e, StaleSecretError) for e in ended) == 11


async def test_values_keep_every_character(store: SecretStore, path: str) -> None:
    value = "ä\n\t\"'\\ \u2028 🜚 " + "x" * 20_000
    await store.write(path, {"a": value}, expected_version=0)
    found = await store.read(path)
    assert found is not None
    assert found.text("a") == value


async def test_value_is_shown_by_no_document_and_no_error(store: SecretStore, path: str) -> None:
    await store.write(path, {"a": CANARY}, expected_version=0)
    found = await store.read(path)
    assert found is not None
    assert found.values["a"] == SecretStr(CANARY)
    with pytest.raises(StaleSecretError) as caught:
        await store.write(path, {"a": CANARY}, expected_version=9)
    shown = repr(found) + str(found) + repr(caught.value) + str(caught.value.log_fields())
    chain = [caught.value.__cause__, caught.value.__context__]
    assert CANARY not in shown + "".join(map(repr, chain))


async def test_embedded_rows_hold_nothing_in_clear_and_open_at_their_own_path_alone(
    database_url: str, tmp_path: Path
) -> None:
    await migrate_embedded(database_url)
    make_key_file(tmp_path / "key")
    async with open_embedded(database_url, key_file=tmp_path / "key") as store:
        await store.write("a", {"a": CANARY}, expected_version=0)
        connection = await asyncpg.connect(database_url)
        row = await connection.fetchrow("SELECT * FROM secrets.documents")
        await connection.execute(
            "INSERT INTO secrets.documents SELECT 'b', version, sealed FROM secrets.documents"
        )
        await connection.close()
        assert CANARY.encode() not in bytes(row["sealed"])
        with pytest.raises(SecretStoreRefusedError):
            await store.read("b")
