"""Where secrets turn up that nobody may see: what a run has written, looked through for every secret that it had."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import yaml

from plumbline.common.contracts.topics import TOPICS
from plumbline.common.secrets.embedded import open_embedded
from plumbline.stack.scenario.results import KafkaAccess, read_topic

CHARACTERS_MIN = 12
"""Shorter values of a document are states, versions and names."""

LOOK_S = 0.3
"""How often the store is looked into: an access token lives longer than that."""

OPEN_VALUES = frozenset(
    {"app", "status", "version", "expires_at", "issued_at", "client_id", "seeds", "intent_id", "intent_until"}
)
"""What documents of the store say that is no secret."""


@dataclass(slots=True)
class Secrets:
    """Every secret value that a run had at any time, by what it is."""

    values: dict[str, str] = field(default_factory=dict)

    def note(self, what: str, value: str) -> None:
        """Take a value in, if it is long enough to be one."""
        if len(value) >= CHARACTERS_MIN:
            self.values.setdefault(value, what)

    def note_configuration(self, grants: Path) -> None:
        """Take in what is in a file of first grants."""
        found = yaml.safe_load(grants.read_text(encoding="utf-8"))
        for kind in ("apps", "grants"):
            for name, entry in found[kind].items():
                for key in ("client_secret", "verifier_token", "refresh_token"):
                    if key in entry:
                        self.note(f"{key} of {name}", entry[key])

    def forms(self) -> Iterator[tuple[str, bytes]]:
        """Give what each value looks like where it is written down: as it is, in a URL, in base64 wherever it begins."""
        for value, what in self.values.items():
            bare = value.removeprefix("Bearer ")
            yield what, bare.encode()
            yield what, quote(bare, safe="").encode()
            for shift in range(3):
                encoded = base64.b64encode(b"x" * shift + bare.encode())
                yield what, encoded[4 if shift else 0 : -4]


def leaks(secrets: Secrets, written: Iterable[tuple[str, bytes]]) -> list[str]:
    """Return where which secret turns up; never the secret."""
    forms = list(secrets.forms())
    return sorted({f"{what} in {place}" for place, text in written for what, form in forms if form in text})


@asynccontextmanager
async def harvesting(secrets: Secrets, database_url: str, key_file: Path) -> AsyncIterator[None]:
    """Take in every version of every document of the embedded store, until the end of the context."""
    stop = asyncio.Event()

    async def harvest() -> None:
        while not stop.is_set():
            await _harvest(secrets, database_url, key_file)
            await asyncio.sleep(LOOK_S)

    task = asyncio.create_task(harvest())
    try:
        yield
    finally:
        stop.set()
        await task


async def _harvest(secrets: Secrets, database_url: str, key_file: Path) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        paths = [row["path"] for row in await connection.fetch("SELECT path FROM secrets.documents")]
    finally:
        await connection.close()
    async with open_embedded(database_url, key_file=key_file) as store:
        for path in paths:
            document = await store.read(path)
            for name, value in (document.values if document else {}).items():
                if name not in OPEN_VALUES:
                    secrets.note(f"{name} of {path}", value.get_secret_value())


def logged(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Give what processes wrote, exceptions and their traces among it; the sandbox is a partner, and may know."""
    for path in folder.glob("*.log"):
        if path.name != "sandbox.log":
            yield path.name, path.read_bytes()


async def published(kafka: KafkaAccess) -> list[tuple[str, bytes]]:
    """Return every message of every topic, dead letters among them."""
    return [(topic.name, value) for topic in TOPICS for value in await read_topic(kafka, topic)]


async def stored(database_url: str) -> list[tuple[str, bytes]]:
    """Return a dump of every table there is, sealed rows and all."""
    connection = await asyncpg.connect(database_url)
    try:
        tables = await connection.fetch(
            "SELECT schemaname, tablename FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        return [
            (f"table {schema}.{table}", await _dumped(connection, schema, table)) for schema, table in tables
        ]
    finally:
        await connection.close()


async def _dumped(connection: asyncpg.Connection, schema: str, table: str) -> bytes:
    rows: list[Mapping[str, Any]] = await connection.fetch(f'SELECT * FROM "{schema}"."{table}"')
    return b"\n".join(_cell(value) for row in rows for value in row.values())


def _cell(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
