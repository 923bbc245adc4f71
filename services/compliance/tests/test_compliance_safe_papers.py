"""What the safe promises of papers, over every store: memory, a folder, a real S3-compatible server."""

import asyncio
import dataclasses
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from safe_lab import ABOUT, CONNECTION, CONTENT, OTHER, Lab, opened_lab, s3_settings
from typing_extensions import override

from plumbline.common.connections import ConfigurationError
from plumbline.common.secrets.data_keys import DataKey, FileDataKeys, Purpose
from plumbline.common.secrets.keyfile import KeyFile
from plumbline.common.testing.database import rows
from plumbline.compliance.adapters.safe.keys import ConnectionKeys
from plumbline.compliance.adapters.safe.objects import (
    FolderObjects,
    MissingObjectError,
    ObjectExistsError,
    Objects,
    memory_objects,
    open_objects,
)
from plumbline.compliance.adapters.safe.settings import SafeSettings
from plumbline.compliance.domain.envelope import HEADER_BYTES, MAGIC
from plumbline.compliance.ports.reading import RefusedPaperError
from plumbline.compliance.ports.safe import (
    NOT_SCANNED,
    HeldDocumentError,
    QuarantinedDocumentError,
    SafeUnavailableError,
    SpoiledDocumentError,
    UnknownDocumentError,
    UnrecognisedDocumentError,
)
from plumbline.stack.servers.s3 import S3Address


@pytest.fixture(params=["memory", "folder", pytest.param("s3", marks=pytest.mark.connected)])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    """Give each store in turn."""
    match request.param:
        case "memory":
            return memory_objects()
        case "folder":
            return FolderObjects(tmp_path / "papers")
        case _:
            return open_objects(s3_settings(request.getfixturevalue("s3"), tmp_path))


@pytest.fixture
async def lab(database_url: str, objects: Objects, tmp_path: Path) -> AsyncIterator[Lab]:
    """Give a safe over the store."""
    async with opened_lab(database_url, objects, tmp_path) as opened:
        yield opened


async def test_paper_is_read_as_it_was_put(lab: Lab) -> None:
    stored = await lab.safe.put(CONTENT, ABOUT)
    assert stored.is_new
    assert stored.size_bytes == len(CONTENT)
    assert await lab.safe.get(CONNECTION, stored.document, who="ana", why="test") == CONTENT


async def test_object_begins_with_its_header_and_holds_nothing_in_clear(lab: Lab) -> None:
    await lab.safe.put(CONTENT, ABOUT)
    [item] = await lab.stored()
    blob = await lab.objects.get(item.name)
    assert blob.startswith(MAGIC)
    assert len(blob) == HEADER_BYTES + len(CONTENT) + 16
    assert CONTENT[:12] not in blob
    assert "waiver" not in item.name


async def test_same_paper_again_is_one_paper(lab: Lab) -> None:
    first = await lab.safe.put(CONTENT, ABOUT)
    again = await lab.safe.put(CONTENT, dataclasses.replace(ABOUT, kind="invoice"))
    assert (again.document, again.is_new) == (first.document, False)
    assert len(await lab.stored()) == 1
    [row] = await rows(lab.pool, "SELECT kind FROM safe_papers")
    assert row["kind"] == ABOUT.kind


async def test_equal_papers_of_two_companies_have_nothing_in_common(lab: Lab) -> None:
    one = await lab.safe.put(CONTENT, ABOUT)
    other = await lab.safe.put(CONTENT, dataclasses.replace(ABOUT, connection=OTHER))
    assert one.document != other.document
    with pytest.raises(UnknownDocumentError):
        await lab.safe.get(OTHER, one.document, who="ana", why="test")


class Meeting(Objects):
    """Objects that are stored once so many are about to be: the replicas meet in mid-way."""

    def __init__(self, real: Objects, replicas: int) -> None:
        super().__init__(real._store)
        self._real = real
        self._barrier = asyncio.Barrier(replicas)

    @override
    async def put(self, name: str, content: bytes) -> None:
        await self._barrier.wait()
        await self._real.put(name, content)


class MeetingKeys(FileDataKeys):
    """Keys that are made once so many are asked for."""

    def __init__(self, path: Path, replicas: int) -> None:
        super().__init__(KeyFile(path))
        self._barrier = asyncio.Barrier(replicas)

    @override
    async def make(self, purpose: Purpose) -> DataKey:
        await self._barrier.wait()
        return await super().make(purpose)


async def test_replicas_that_store_one_paper_at_once_store_it_once(lab: Lab) -> None:
    met = Meeting(lab.objects, 6)
    stored = await asyncio.gather(*(lab.again(objects=met).put(CONTENT, ABOUT) for _ in range(6)))
    assert len({item.document for item in stored}) == 1
    assert [item.is_new for item in stored].count(True) == 1
    assert len(await lab.stored()) == 1
    assert await lab.safe.get(CONNECTION, stored[0].document, who="ana", why="test") == CONTENT


async def test_replicas_that_make_a_connections_key_at_once_agree_on_it(lab: Lab, tmp_path: Path) -> None:
    keys = MeetingKeys(tmp_path / "safe-key", 6)
    made = await asyncio.gather(*(ConnectionKeys(lab.pool, keys).key(CONNECTION, "names") for _ in range(6)))
    assert len(set(made)) == 1
    assert made[0] == await ConnectionKeys(lab.pool, lab.keys).key(CONNECTION, "names")


async def test_object_is_never_overwritten(objects: Objects) -> None:
    await objects.put("papers/one", b"first")
    with pytest.raises(ObjectExistsError):
        await objects.put("papers/one", b"second")
    assert await objects.get("papers/one") == b"first"
    await objects.delete("papers/one")
    await objects.delete("papers/one")
    with pytest.raises(MissingObjectError):
        await objects.get("papers/one")


async def test_every_read_is_written_down_with_who_and_why(lab: Lab) -> None:
    stored = await lab.safe.put(CONTENT, ABOUT)
    await lab.safe.get(CONNECTION, stored.document, who="ana", why="audit 2026")
    await lab.safe.get(CONNECTION, stored.document, who="bo", why="dispute")
    logged = await rows(lab.pool, "SELECT document, action, who, why FROM safe_accesses ORDER BY id")
    assert [tuple(row.values()) for row in logged] == [
        (stored.document, "read", "ana", "audit 2026"),
        (stored.document, "read", "bo", "dispute"),
    ]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE safe_accesses SET who = 'nobody'", "DELETE FROM safe_accesses", "TRUNCATE safe_accesses"],
)
async def test_access_log_only_grows(lab: Lab, statement: str) -> None:
    stored = await lab.safe.put(CONTENT, ABOUT)
    await lab.safe.get(CONNECTION, stored.document, who="ana", why="test")
    with pytest.raises(Exception, match="only added to"):
        await rows(lab.pool, statement)


@pytest.mark.parametrize("place", [0, len(MAGIC), len(MAGIC) + 1, HEADER_BYTES - 1, HEADER_BYTES, -1])
async def test_spoiled_object_is_told_and_mended_by_putting_the_paper_again(lab: Lab, place: int) -> None:
    stored = await lab.safe.put(CONTENT, ABOUT)
    [item] = await lab.stored()
    blob = bytearray(await lab.objects.get(item.name))
    blob[place] ^= 1
    await lab.objects.delete(item.name)
    await lab.objects.put(item.name, bytes(blob))
    with pytest.raises(SpoiledDocumentError):
        await lab.safe.get(CONNECTION, stored.document, who="ana", why="test")
    again = await lab.safe.put(CONTENT, ABOUT)
    assert (again.document, again.is_new) == (stored.document, False)
    assert await lab.safe.get(CONNECTION, stored.document, who="ana", why="test") == CONTENT


@pytest.mark.parametrize("left", [0, 5, HEADER_BYTES, HEADER_BYTES + 15])
async def test_cut_object_is_told(lab: Lab, left: int) -> None:
    stored = await lab.safe.put(CONTENT, ABOUT)
    [item] = await lab.stored()
    blob = await lab.objects.get(item.name)
    await lab.objects.delete(item.name)
    await lab.objects.put(item.name, blob[:left])
    with pytest.raises(SpoiledDocumentError):
        await lab.safe.get(CONNECTION, stored.document, who="ana", why="test")


async def test_missing_object_is_told(lab: Lab) -> None:
    stored = await lab.safe.put(CONTENT, ABOUT)
    [item] = await lab.stored()
    await lab.objects.delete(item.name)
    with pytest.raises(SpoiledDocumentError):
        await lab.safe.get(CONNECTION, stored.document, who="ana", why="test")


async def test_object_in_anothers_place_does_not_open(lab: Lab) -> None:
    one = await lab.safe.put(CONTENT, ABOUT)
    other = await lab.safe.put(CONTENT + b"2", ABOUT)
    names = {item.name.split("/")[-1][:64]: item.name for item in await lab.stored()}
    strange = await lab.objects.get(names[other.document])
    await lab.objects.delete(names[one.document])
    await lab.objects.put(names[one.document], strange)
    with pytest.raises(SpoiledDocumentError):
        await lab.safe.get(CONNECTION, one.document, who="ana", why="test")


async def test_destroyed_paper_opens_by_no_copy_of_its_object(lab: Lab) -> None:
    stored = await lab.safe.put(CONTENT, ABOUT)
    [item] = await lab.stored()
    copy = await lab.objects.get(item.name)
    await lab.safe.destroy(CONNECTION, stored.document, who="ana", why="time is over")
    await lab.safe.destroy(CONNECTION, stored.document, who="ana", why="time is over")
    assert await lab.stored() == []
    await lab.objects.put(item.name, copy)  # as a version or a backup of the store would have it
    with pytest.raises(UnknownDocumentError):
        await lab.safe.get(CONNECTION, stored.document, who="ana", why="test")
    [row] = await rows(lab.pool, "SELECT wrapped, destroyed_at, file_name FROM safe_papers")
    assert (row["wrapped"], row["destroyed_at"], row["file_name"]) == (None, lab.clock.now(), "")
    logged = await rows(lab.pool, "SELECT action, who FROM safe_accesses")
    assert [tuple(row.values()) for row in logged] == [("destroy", "ana")]


async def test_destroyed_paper_that_comes_again_is_a_new_one(lab: Lab) -> None:
    stored = await lab.safe.put(CONTENT, ABOUT)
    await lab.safe.destroy(CONNECTION, stored.document, who="ana", why="test")
    again = await lab.safe.put(CONTENT, ABOUT)
    assert (again.document, again.is_new) == (stored.document, True)
    assert await lab.safe.get(CONNECTION, stored.document, who="ana", why="test") == CONTENT


async def test_held_paper_is_not_destroyed_until_its_hold_is_lifted(lab: Lab) -> None:
    stored = await lab.safe.put(CONTENT, ABOUT)
    await lab.safe.hold(CONNECTION, stored.document, who="counsel", why="case 12")
    with pytest.raises(HeldDocumentError, match="case 12"):
        await lab.safe.destroy(CONNECTION, stored.document, who="ana", why="test")
    with pytest.raises(Exception, match="held_papers_are_kept"):
        await rows(lab.pool, "UPDATE safe_papers SET wrapped = NULL, destroyed_at = now()")
    assert await lab.safe.get(CONNECTION, stored.document, who="ana", why="test") == CONTENT
    await lab.safe.release(CONNECTION, stored.document, who="counsel", why="settled")
    await lab.safe.destroy(CONNECTION, stored.document, who="ana", why="test")
    logged = await rows(lab.pool, "SELECT action, why FROM safe_accesses WHERE who = 'counsel' ORDER BY id")
    assert [tuple(row.values()) for row in logged] == [("hold", "case 12"), ("release", "settled")]


async def test_hold_and_destruction_at_once_leave_no_held_paper_destroyed(lab: Lab) -> None:
    for number in range(10):
        stored = await lab.safe.put(CONTENT + bytes([number]), ABOUT)
        outcomes = await asyncio.gather(
            lab.safe.hold(CONNECTION, stored.document, who="counsel", why="case"),
            lab.again().destroy(CONNECTION, stored.document, who="ana", why="test"),
            return_exceptions=True,
        )
        lost = [type(outcome) for outcome in outcomes if outcome is not None]
        assert lost in ([HeldDocumentError], [UnknownDocumentError])
    assert not await rows(lab.pool, "SELECT 1 FROM safe_papers WHERE hold IS NOT NULL AND wrapped IS NULL")


async def test_paper_in_quarantine_is_read_for_that_reason_alone(lab: Lab) -> None:
    stored = await lab.safe.put(CONTENT, ABOUT, quarantine="Eicar")
    with pytest.raises(QuarantinedDocumentError, match="Eicar"):
        await lab.safe.get(CONNECTION, stored.document, who="ana", why="curious")
    assert await lab.safe.get(CONNECTION, stored.document, who="ana", why="quarantine") == CONTENT
    await lab.safe.scanned(CONNECTION, stored.document, found=None, who="compliance")
    assert await lab.safe.get(CONNECTION, stored.document, who="ana", why="curious") == CONTENT
    await lab.safe.scanned(CONNECTION, stored.document, found="Eicar-Signature", who="compliance")
    with pytest.raises(QuarantinedDocumentError, match="Eicar-Signature"):
        await lab.safe.get(CONNECTION, stored.document, who="ana", why="curious")


@pytest.mark.parametrize("found", [None, "Eicar"])
async def test_no_scan_lifts_what_a_person_put_into_quarantine(lab: Lab, found: str | None) -> None:
    stored = await lab.safe.put(CONTENT, ABOUT, quarantine=NOT_SCANNED)
    await lab.safe.quarantine(CONNECTION, stored.document, reason="looks forged", who="ana")
    await lab.safe.scanned(CONNECTION, stored.document, found=found, who="compliance")
    with pytest.raises(QuarantinedDocumentError, match="looks forged"):
        await lab.safe.get(CONNECTION, stored.document, who="bo", why="curious")
    await lab.safe.quarantine(CONNECTION, stored.document, reason=None, who="ana")
    assert await lab.safe.get(CONNECTION, stored.document, who="bo", why="curious") == CONTENT
    await lab.safe.scanned(CONNECTION, stored.document, found="Eicar", who="compliance")
    with pytest.raises(QuarantinedDocumentError, match="Eicar"):
        await lab.safe.get(CONNECTION, stored.document, who="bo", why="curious")


async def test_what_has_just_come_in_is_read_by_nobody_for_no_reason(lab: Lab) -> None:
    stored = await lab.safe.put(CONTENT, ABOUT, quarantine=NOT_SCANNED)
    with pytest.raises(UnrecognisedDocumentError, match="in some seconds"):
        await lab.safe.get(CONNECTION, stored.document, who="ana", why="quarantine")
    assert await lab.safe.read(CONNECTION, stored.document, who="compliance", why="quarantine") == CONTENT


async def test_what_a_paper_is_about_is_said_anew_without_touching_its_object(lab: Lab) -> None:
    stored = await lab.safe.put(CONTENT, ABOUT)
    before = await lab.stored()
    await lab.safe.describe(CONNECTION, stored.document, dataclasses.replace(ABOUT, kind="w9", vendor="99"))
    assert await lab.stored() == before
    [row] = await rows(lab.pool, "SELECT kind, vendor FROM safe_papers")
    assert (row["kind"], row["vendor"]) == ("w9", "99")
    assert await lab.safe.get(CONNECTION, stored.document, who="ana", why="test") == CONTENT


async def test_paper_that_is_not_there_is_unknown_to_every_verb(lab: Lab) -> None:
    document = "0" * 64
    for call in (
        lab.safe.get(CONNECTION, document, who="ana", why="test"),
        lab.safe.describe(CONNECTION, document, ABOUT),
        lab.safe.hold(CONNECTION, document, who="ana", why="test"),
        lab.safe.release(CONNECTION, document, who="ana", why="test"),
        lab.safe.destroy(CONNECTION, document, who="ana", why="test"),
        lab.safe.quarantine(CONNECTION, document, reason="x", who="ana"),
        lab.safe.tax_number(CONNECTION, document, who="ana", why="test"),
        lab.safe.keep_tax_number(CONNECTION, document, vendor="1", number="12-3456789"),
    ):
        with pytest.raises(UnknownDocumentError):
            await call


async def test_paper_larger_than_the_safe_takes_is_refused(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plumbline.compliance.adapters.safe.papers.CONTENT_BYTES_MAX", 10)
    with pytest.raises(RefusedPaperError) as caught:
        await lab.safe.put(CONTENT, ABOUT)
    assert caught.value.reason == "too-large"
    assert await lab.stored() == []


async def test_store_that_is_away_is_waited_for(database_url: str, tmp_path: Path) -> None:
    for name in ("access", "secret"):
        (tmp_path / name).write_text("x")
    settings = SafeSettings(
        safe_url="s3://papers?endpoint=http://127.0.0.1:9",
        safe_access_key_file=tmp_path / "access",
        safe_secret_key_file=tmp_path / "secret",
    )
    async with opened_lab(database_url, open_objects(settings), tmp_path) as lab:
        with pytest.raises(SafeUnavailableError):
            await lab.safe.put(CONTENT, ABOUT)
        assert not await rows(lab.pool, "SELECT 1 FROM safe_papers")


async def test_object_in_a_folder_is_on_disk_before_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects, synced = FolderObjects(tmp_path / "papers"), []
    fsync = os.fsync

    def recorded(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr("os.fsync", recorded)
    await objects.put("papers/ab/cd/one", b"x")
    path = tmp_path / "papers" / "papers" / "ab" / "cd" / "one"
    assert synced == [path, *path.parents[:4]]


async def test_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "papers of 100% ours"
    objects = open_objects(SafeSettings(safe_url=folder.as_uri()))
    await objects.put("papers/one", b"x")
    assert (folder / "papers" / "one").read_bytes() == b"x"


@pytest.mark.parametrize(
    "url", ["papers", "file://", "gs://papers", "s3://", "s3://papers?endpoint=http://x&key=y", "s3://papers"]
)
def test_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(ConfigurationError, match="PLUMBLINE_SAFE"):
        open_objects(SafeSettings(safe_url=url))


@pytest.mark.connected
async def test_store_that_does_not_let_us_in_is_waited_for(
    database_url: str, s3: S3Address, tmp_path: Path
) -> None:
    objects = open_objects(s3_settings(dataclasses.replace(s3, secret_key="wrong"), tmp_path))
    async with opened_lab(database_url, objects, tmp_path) as lab:
        with pytest.raises(SafeUnavailableError) as caught:
            await lab.safe.put(CONTENT, ABOUT)
        assert s3.access_key not in str(caught.value.log_fields())
