"""Whose store it is: two installations in one bucket, prefix or folder would take each other's papers for orphans."""

import secrets

from plumbline.common.connections import ConfigurationError
from plumbline.common.database import Pool, borrowed
from plumbline.compliance.adapters.safe.keys import QUERIES
from plumbline.compliance.adapters.safe.objects import ObjectExistsError, Objects

MARK = "installation"
"""The object that says whose store it is; written once, by whoever comes first."""


class ForeignStoreError(ConfigurationError):
    """The store of papers is another installation's."""


class Belonging:
    """Compares the store's mark with the name of the installation in the index. Both are random, and made once."""

    def __init__(self, objects: Objects, pool: Pool) -> None:
        """Mark `objects` as the store of `pool`'s schema."""
        self._objects = objects
        self._pool = pool

    async def check(self) -> None:
        """See to it that the store is ours: a new one becomes it. Safe to do at once from many replicas.

        Raises:
            ForeignStoreError: needs a person.
            SafeUnavailableError: wait; nobody knows whose it is.
        """
        async with borrowed(self._pool) as database:
            await database.execute(QUERIES["name_installation"], secrets.token_hex(16))
            name: str = await database.fetchval(QUERIES["installation"])
        try:
            await self._objects.put(MARK, name.encode())
        except ObjectExistsError:
            if await self._objects.get(MARK) != name.encode():
                raise ForeignStoreError(
                    "The store that PLUMBLINE_SAFE_URL names belongs to another installation. Give this one a bucket, prefix "
                    "or folder of its own; or, if the papers there are its own, restore the database that belongs to them."
                ) from None
