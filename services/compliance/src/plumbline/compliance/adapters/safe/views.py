"""The folders in which people find papers, from the index alone: no paper is read for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plumbline.common.database import Pool, borrowed
from plumbline.compliance.adapters.safe.keys import QUERIES
from plumbline.compliance.domain.tags import copy_bytes, copy_etag

SHOWN_MAX = 10_000
"""Folders, papers or accesses that are listed at most."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A paper in a folder."""

    name: str
    document: str
    kind: str
    media_type: str
    size_bytes: int
    """Of a copy, as it leaves."""
    etag: str
    stored_at: datetime
    is_held: bool
    quarantine: str | None
    """Why it may not be read; such a paper is in no view of ordinary clients."""


@dataclass(frozen=True, slots=True)
class Folder:
    """What is in a folder."""

    folders: tuple[str, ...]
    papers: tuple[Shown, ...]
    is_whole: bool
    """False: there is more than is listed."""


class Views:
    """The folders of every connection."""

    def __init__(self, pool: Pool) -> None:
        """Read `pool`'s schema."""
        self._pool = pool

    async def folder(self, connection: str, path: Sequence[str]) -> Folder | None:
        """Return what is in a folder, in order; None: there is no such folder."""
        prefix = "/".join(path)
        async with borrowed(self._pool) as database:
            folders = await database.fetch(QUERIES["subfolders"], connection, prefix, SHOWN_MAX + 1)
            papers = await database.fetch(QUERIES["papers_of_folder"], connection, prefix, SHOWN_MAX + 1)
        if path and not folders and not papers:
            return None
        return Folder(
            folders=tuple(row["name"] for row in folders[:SHOWN_MAX]),
            papers=tuple(_shown(row) for row in papers[:SHOWN_MAX]),
            is_whole=len(folders) <= SHOWN_MAX and len(papers) <= SHOWN_MAX,
        )

    async def paper(self, connection: str, path: Sequence[str]) -> Shown | None:
        """Return the paper at a path; None: there is none."""
        *folder, name = path or [""]
        async with borrowed(self._pool) as database:
            row = await database.fetchrow(QUERIES["paper_at"], connection, "/".join(folder), name)
        return _shown(row) if row else None

    async def spoiled(self, connection: str) -> Sequence[Mapping[str, Any]]:
        """Return the papers whose object in the store is not what was put there, and the names of those objects."""
        async with borrowed(self._pool) as database:
            return await database.fetch(QUERIES["spoiled_papers"], connection, SHOWN_MAX)

    async def accesses(self, connection: str, document: str) -> Sequence[Mapping[str, Any]]:
        """Return who touched a paper, the newest first."""
        async with borrowed(self._pool) as database:
            return await database.fetch(QUERIES["accesses"], connection, document, SHOWN_MAX)


def _shown(row: Mapping[str, Any]) -> Shown:
    return Shown(
        name=row["name"],
        document=row["document"],
        kind=row["kind"],
        media_type=row["media_type"],
        size_bytes=copy_bytes(row["size_bytes"], row["made_version"]),
        etag=copy_etag(row["document"], row["made_version"]),
        stored_at=row["stored_at"],
        is_held=row["hold"] is not None,
        quarantine=row["quarantine"],
    )
