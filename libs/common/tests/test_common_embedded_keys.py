"""The key of the embedded store is rotated while everything goes on, whoever dies at whatever step."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from plumbline.common.connections import ConfigurationError
from plumbline.common.database import Pool, open_pool
from plumbline.common.secrets.embedded import EmbeddedSecretStore, migrate_embedded, seal
from plumbline.common.secrets.keyfile import KeyFile, KeyFileBusyError, make_key_file, new_key, read_key_file
from plumbline.common.secrets.port import SecretStoreRefusedError
from plumbline.common.secrets.resealing import SEALED_AT_ONCE, KeyRotation
from plumbline.common.testing.crashing import Doom, DoomedPool, Fate, KilledError
from plumbline.common.testing.database import rows

NOW = datetime(2026, 11, 30, tzinfo=UTC)
DOCUMENTS = 3


@dataclass
class Machine:
    """One machine: the rows, the key file, and processes that come and go."""

    pool: Pool
    path: Path
    expected: dict[str, str] = field(default_factory=dict)

    def process(self, doom: Doom | None = None) -> tuple[EmbeddedSecretStore, KeyRotation]:
        pool = self.pool if doom is None else DoomedPool(self.pool, doom)
        file = KeyFile(self.path)
        store = EmbeddedSecretStore(pool, keys=file)
        return store, KeyRotation(store, file)

    async def write(self, store: EmbeddedSecretStore, path: str, value: str) -> None:
        await store.write(path, {"value": value}, expected_version=None)
        self.expected[path] = value

    async def holds(self, store: EmbeddedSecretStore) -> bool:
        found = {path: await store.read(path) for path in self.expected}
        return {path: d.text("value") for path, d in found.items() if d is not None} == self.expected

    async def versions(self) -> list[tuple[str, int]]:
        query = "SELECT path, version FROM documents ORDER BY path"
        return [(row["path"], row["version"]) for row in await rows(self.pool, query)]

    async def sealed_by(self) -> set[str | None]:
        return {row["key_id"] for row in await rows(self.pool, "SELECT key_id FROM documents")}


async def rotate(rotation: KeyRotation, *, replacing: int = 1) -> None:
    """Take every step, as the handler of `keys/embedded` does."""
    await rotation.begin(replacing=replacing, now=NOW)
    while not (await rotation.present()).is_alone:
        if await rotation.reseal() == 0:
            await rotation.drop_former()


@pytest.fixture
async def machine(database_url: str, tmp_path: Path) -> AsyncIterator[Machine]:
    make_key_file(tmp_path / "key")
    await migrate_embedded(database_url)
    async with open_pool(database_url, schema="secrets", max_size=4) as pool:
        machine = Machine(pool, tmp_path / "key")
        store, _ = machine.process()
        for number in range(DOCUMENTS):
            await machine.write(store, f"grants/{number}", f"value {number}")
        yield machine


async def test_rotation_leaves_one_key_and_every_document(machine: Machine) -> None:
    store, rotation = machine.process()
    (before,) = read_key_file(machine.path)
    versions = await machine.versions()
    await rotate(rotation)
    (after,) = read_key_file(machine.path)
    assert after != before
    assert await machine.sealed_by() == {after.id}
    assert await machine.holds(store)
    assert await machine.versions() == versions
    present = await rotation.present()
    assert (present.number, present.since) == (2, NOW)


async def test_processes_that_know_only_the_former_key_read_and_write_on(machine: Machine) -> None:
    reader, _ = machine.process()
    writer, _ = machine.process()
    _, rotation = machine.process()
    await rotate(rotation)
    assert await machine.holds(reader)
    await machine.write(writer, "grants/0", "written by one who knew the former key")
    await machine.write(writer, "grants/new", "and a new one")
    assert await machine.holds(reader)
    assert await machine.sealed_by() == {read_key_file(machine.path)[0].id}


async def test_write_with_the_former_key_in_mid_rotation_is_sealed_anew_before_the_key_goes(
    machine: Machine,
) -> None:
    late, _ = machine.process()
    store, rotation = machine.process()
    await rotation.begin(replacing=1, now=NOW)
    while await rotation.reseal():
        pass
    await machine.write(late, "grants/late", "sealed with the former key")
    assert await rotation.drop_former() is False
    await rotate(rotation)
    assert await machine.holds(store)
    assert len(read_key_file(machine.path)) == 1


async def test_rows_from_before_keys_had_names_are_read_and_sealed_anew(machine: Machine) -> None:
    store, rotation = machine.process()
    (key,) = read_key_file(machine.path)
    await rows(
        machine.pool,
        "INSERT INTO documents (path, version, sealed) VALUES ('grants/old', 4, $1)",
        seal("grants/old", b'{"value": "from before"}', key),
    )
    machine.expected["grants/old"] = "from before"
    assert await machine.holds(store)
    await rotation.begin(replacing=1, now=NOW)
    assert await rotation.drop_former() is False
    await rotate(rotation)
    assert await machine.holds(store)
    assert await machine.sealed_by() == {read_key_file(machine.path)[0].id}


async def test_many_documents_are_sealed_in_small_steps_that_tell_how_far_they_are(machine: Machine) -> None:
    store, rotation = machine.process()
    for number in range(SEALED_AT_ONCE + 10):
        await machine.write(store, f"apps/{number:03}", str(number))
    await rotation.begin(replacing=1, now=NOW)
    total = (await rotation.present()).documents
    left = [(await rotation.present()).unsealed]
    while await rotation.reseal():
        left.append((await rotation.present()).unsealed)
    assert left == [total, total - SEALED_AT_ONCE, 0]
    assert await machine.holds(store)


async def steps_of(machine: Machine) -> int:
    doom = Doom.none()
    _, rotation = machine.process(doom)
    await rotate(rotation)
    return doom.count


async def test_death_at_any_step_loses_nothing_and_the_next_life_ends_it(machine: Machine) -> None:
    steps = await steps_of(machine)
    assert steps >= 15
    for at in range(1, steps + 1):
        for fate in Fate:
            request = f"death at step {at}, {fate}"
            replacing = (await machine.process()[1].present()).number
            _, doomed = machine.process(Doom(at=at, fate=fate))
            bystander, _ = machine.process()
            with pytest.raises(KilledError):
                await rotate(doomed, replacing=replacing)
            await machine.write(bystander, "grants/1", f"written after {request}")
            store, rotation = machine.process()
            assert await machine.holds(store), request
            await rotate(rotation, replacing=replacing)
            assert await machine.holds(bystander), request
            (key,) = read_key_file(machine.path)
            assert await machine.sealed_by() == {key.id}, request


async def test_second_rotator_waits_for_the_first(machine: Machine) -> None:
    _, one = machine.process()
    _, other = machine.process()
    with KeyFile(machine.path).changing():
        with pytest.raises(KeyFileBusyError):
            await one.begin(replacing=1, now=NOW)
        with pytest.raises(KeyFileBusyError):
            await one.drop_former()
    await one.begin(replacing=1, now=NOW)
    await other.begin(replacing=1, now=NOW)
    assert len(read_key_file(machine.path)) == 2


async def test_foreign_key_file_writes_nothing(machine: Machine, tmp_path: Path) -> None:
    make_key_file(tmp_path / "foreign")
    file = KeyFile(tmp_path / "foreign")
    stranger = EmbeddedSecretStore(machine.pool, keys=file)
    with pytest.raises(SecretStoreRefusedError):
        await stranger.write("grants/9", {"value": "x"}, expected_version=0)
    with pytest.raises(SecretStoreRefusedError):
        await KeyRotation(stranger, file).present()
    with pytest.raises(SecretStoreRefusedError):
        await stranger.read("grants/0")


def test_key_file_is_its_owners_alone_before_and_after(tmp_path: Path) -> None:
    path = tmp_path / "key"
    make_key_file(path)
    file = KeyFile(path)
    with file.changing():
        file.replace(new_key(), *file.keys)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(KeyFile(path).keys) == 2
    assert not list(tmp_path.glob(".key.new"))


@pytest.mark.parametrize("content", ["", "not base64!\n", "c2hvcnQ=\n"])
def test_file_without_keys_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "key").write_text(content)
    with pytest.raises(ConfigurationError, match="does not hold 32 bytes"):
        KeyFile(tmp_path / "key")


def test_keys_are_not_shown(tmp_path: Path) -> None:
    key = new_key()
    assert key.value.hex() not in repr(key)
    assert repr(key.value) not in repr(key)
