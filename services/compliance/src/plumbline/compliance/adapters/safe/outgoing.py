"""Papers as they leave: what was received byte for byte, what we made with its tags.

What is kept stays as it is, and its id is that of the bytes that are kept. Every door hands papers out through here.
"""

import asyncio
from dataclasses import dataclass

from plumbline.common.database import Pool, borrowed
from plumbline.compliance.adapters.safe.keys import QUERIES
from plumbline.compliance.adapters.safe.papers import PaperSafe
from plumbline.compliance.adapters.tagging import tagged_copy
from plumbline.compliance.domain.tags import Tags, copy_etag


@dataclass(frozen=True, slots=True)
class Copy:
    """A paper on its way out."""

    content: bytes
    file_name: str
    media_type: str
    etag: str


class Outgoing:
    """Hands papers out."""

    def __init__(self, *, safe: PaperSafe, pool: Pool) -> None:
        """Hand out the papers of `safe`, with tags from the documents in `pool`'s schema."""
        self._safe = safe
        self._pool = pool

    async def hand_out(self, connection: str, document: str, *, who: str, why: str) -> Copy:
        """Return a paper in clear, and write down who had it and why.

        Raises: as `PaperSafe.get`.
        """
        paper = await self._safe.readable(connection, document, why=why)
        content = await self._safe.get(connection, document, who=who, why=why)
        # One statement: the version that the copy is called by is that of its tags.
        async with borrowed(self._pool) as database:
            made = await database.fetchrow(QUERIES["made_paper"], connection, document)
        version = None
        if made is not None:
            version = made["version"]
            tags = Tags(
                region=made["region"],
                trade=made["trade"],
                kind=made["kind"],
                ticket=made["ticket"],
                dispatch_ready="dispatch_ready" in made["tags"],
            )
            content = await asyncio.to_thread(tagged_copy, content, tags)
        return Copy(content, paper["file_name"], paper["media_type"], copy_etag(document, version))
