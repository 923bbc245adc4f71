"""Stores of objects by one interface: a folder of this machine, an S3-compatible service, memory for tests.

An object is there as a whole or not at all, is never overwritten, and is on disk when `put` returns.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, MemoryStore, S3Store
from typing_extensions import override

from plumbline.common.connections import ConfigurationError
from plumbline.common.errors import PermanentError
from plumbline.common.settings import secret_line
from plumbline.compliance.adapters.safe.settings import SafeSettings
from plumbline.compliance.ports.safe import SafeUnavailableError

if TYPE_CHECKING:
    from obstore.store import ClientConfig  # stands in its stubs alone

CALL_MAX_S = 30.0
"""Longest wait for one object, retries included."""

REQUEST_MAX_S = 10.0
"""Longest wait for one answer of an S3 store."""

RETRIES = 2
"""Of a request that an S3 store answers with 5xx or not at all; who asked is told to wait after these."""


class ObjectExistsError(PermanentError):
    """An object of this name is there already; names are random in part, so that is a bug."""


class MissingObjectError(PermanentError):
    """There is no such object."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object as the store lists it."""

    name: str
    modified_at: datetime


class Objects:
    """Objects in a store. Every method raises `SafeUnavailableError` (wait) when the store is away."""

    def __init__(self, store: "LocalStore | MemoryStore | S3Store") -> None:
        """Keep objects in `store`."""
        self._store = store

    async def put(self, name: str, content: bytes) -> None:
        """Store an object.

        Raises:
            ObjectExistsError: permanent; there is one of this name.
        """
        async with _patience():
            try:
                await obstore.put_async(self._store, name, content, mode="create", use_multipart=False)
            except AlreadyExistsError:
                raise ObjectExistsError(name=name) from None

    async def get(self, name: str) -> bytes:
        """Return what an object holds.

        Raises:
            MissingObjectError: permanent.
        """
        async with _patience():
            try:
                answer = await obstore.get_async(self._store, name)
                return bytes(await answer.bytes_async())
            except FileNotFoundError:
                raise MissingObjectError(name=name) from None

    async def delete(self, name: str) -> None:
        """See to it that there is no such object."""
        async with _patience():
            try:
                await obstore.delete_async(self._store, name)
            except FileNotFoundError:
                return

    async def every(self) -> AsyncIterator[list[StoredObject]]:
        """List all objects, some at a time."""
        pages = obstore.list(self._store, chunk_size=500)
        while True:
            async with _patience():
                try:
                    page = await anext(pages)
                except StopAsyncIteration:
                    return
            yield [StoredObject(item["path"], item["last_modified"]) for item in page]

    async def clear_unfinished(self, before: datetime) -> int:
        """Remove what writes that were cut short left behind, and return how many there were."""
        del before
        return 0  # an S3 store shows nothing of an upload that did not end


class FolderObjects(Objects):
    """Objects as files of a folder on this machine's disk."""

    def __init__(self, folder: Path) -> None:
        """Keep objects in `folder`, which is made if it is not there."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _fsync(folder.parent)
        super().__init__(LocalStore(folder))
        self._folder = folder

    @override
    async def put(self, name: str, content: bytes) -> None:
        await super().put(name, content)
        async with _patience():
            # obstore writes a file beside it and links that to its name, and syncs neither (seen by strace).
            await asyncio.to_thread(self._sync, self._folder / name)

    @override
    async def clear_unfinished(self, before: datetime) -> int:
        async with _patience():
            return await asyncio.to_thread(self._clear_unfinished, before.timestamp())

    def _sync(self, path: Path) -> None:
        _fsync(path)
        for folder in path.parents:
            _fsync(folder)
            if folder == self._folder:
                return

    def _clear_unfinished(self, before_s: float) -> int:
        # obstore calls what it has not finished `name#1`, and never lists it.
        old = [path for path in self._folder.rglob("*#*") if path.stat().st_mtime < before_s]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)


def open_objects(settings: SafeSettings) -> Objects:
    """Return the store that the settings name.

    Raises:
        ConfigurationError: needs a person; the address is none, or a key's file is missing.
    """
    url = urlsplit(settings.safe_url)
    match url.scheme:
        case "file" if url.path:
            return FolderObjects(Path(unquote(url.path)))
        case "s3" if url.netloc:
            return Objects(_s3(settings))
        case _:
            raise ConfigurationError(
                "PLUMBLINE_SAFE_URL is neither file:///folder nor s3://bucket?endpoint=https://host"
            )


def _s3(settings: SafeSettings) -> S3Store:
    url = urlsplit(settings.safe_url)
    asked = {name: values[-1] for name, values in parse_qs(url.query).items()}
    if unknown := asked.keys() - {"endpoint", "region"}:
        raise ConfigurationError(
            f"PLUMBLINE_SAFE_URL may say endpoint and region, and not {', '.join(unknown)}"
        )
    if settings.safe_access_key_file is None or settings.safe_secret_key_file is None:
        raise ConfigurationError(
            "an S3 store needs PLUMBLINE_SAFE_ACCESS_KEY_FILE and PLUMBLINE_SAFE_SECRET_KEY_FILE"
        )
    endpoint = asked.get("endpoint")
    client: ClientConfig = {
        # The endpoint's scheme decides: papers are sealed before they leave, and a listener learns keyed hashes.
        "allow_http": bool(endpoint and endpoint.startswith("http://")),
        "timeout": timedelta(seconds=REQUEST_MAX_S),
        "connect_timeout": timedelta(seconds=REQUEST_MAX_S / 2),
    }
    if settings.safe_ca_file is not None:
        client["root_certificate"] = settings.safe_ca_file.read_bytes()
    return S3Store(
        url.netloc,
        prefix=url.path.strip("/") or None,
        endpoint=endpoint,
        region=asked.get("region", "us-east-1"),
        access_key_id=secret_line(settings.safe_access_key_file),
        secret_access_key=secret_line(settings.safe_secret_key_file),
        checksum_algorithm="SHA256",
        client_options=client,
        retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=CALL_MAX_S / 2)},
    )


def memory_objects() -> Objects:
    """Return a store in memory, for tests."""
    return Objects(MemoryStore())


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@asynccontextmanager
async def _patience() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(CALL_MAX_S):
            yield
    except (BaseError, OSError, TimeoutError) as error:
        # The first line alone: what follows is the library's own state, addresses and headers included.
        detail = str(error).splitlines()[0] if str(error) else "no answer in time"
        raise SafeUnavailableError(f"The store of papers does not answer as it should: {detail}") from None
