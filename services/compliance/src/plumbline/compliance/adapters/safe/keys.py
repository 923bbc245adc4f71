"""Keys of a connection: made once, kept wrapped in the index, remembered by this process in clear."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from plumbline.common.database import Pool, borrowed, load_queries
from plumbline.common.secrets.data_keys import DataKeys, Purpose, wrapper_of
from plumbline.common.secrets.port import SecretStoreUnavailableError
from plumbline.compliance.ports.safe import SafeUnavailableError

QUERIES = load_queries("plumbline.compliance.adapters.safe")
"""The safe's SQL."""

Use = Literal["names", "numbers", "links"]
"""What a connection's key is for: naming papers, looking up tax numbers, signing links."""

_PURPOSES: dict[Use, Purpose] = {"names": "documents", "numbers": "pii", "links": "documents"}

SETTLED_AFTER = timedelta(minutes=10)
"""So long after a new key came, whatever the former one wrapped is in the index: a paper is put within two minutes."""

REWRAPPED_AT_ONCE = 200
"""Wrapped keys that one look finds."""


class ConnectionKeys:
    """The keys of every connection. Two replicas that need a new one at once agree on it."""

    def __init__(self, pool: Pool, keys: DataKeys) -> None:
        """Keep them in `pool`'s schema, wrapped by `keys`."""
        self._pool = pool
        self._keys = keys
        self._known: dict[tuple[str, Use], bytes] = {}

    async def key(self, connection: str, use: Use) -> bytes:
        """Return a connection's key, made if there is none yet.

        Raises:
            SafeUnavailableError: wait; the keeper of keys is away.
        """
        known = self._known.get((connection, use))
        if known is None:
            known = await self._opened(connection, use)
            self._known[connection, use] = known
        return known

    async def _opened(self, connection: str, use: Use) -> bytes:
        async with borrowed(self._pool) as database:
            wrapped: str | None = await database.fetchval(QUERIES["connection_key"], connection, use)
        async with keeper_errors():
            if wrapped is None:
                made = await self._keys.make(_PURPOSES[use])
                async with borrowed(self._pool) as database:
                    await database.execute(QUERIES["keep_connection_key"], connection, use, made.wrapped)
                    wrapped = await database.fetchval(QUERIES["connection_key"], connection, use)
                assert wrapped is not None  # rows of keys are never removed
            return await self._keys.unwrap(_PURPOSES[use], wrapped)


class Rewrapping:
    """Wraps every key anew after what wraps them was rotated. It reads no paper, and may be cut off and done again."""

    def __init__(self, pool: Pool, keys: DataKeys) -> None:
        """Rewrap the keys in `pool`'s schema."""
        self._pool = pool
        self._keys = keys

    async def run(self) -> int:
        """Wrap anew what is not wrapped by the newest version, and return how many keys that were.

        Raises:
            SafeUnavailableError: wait; what was done is done.
            SpoiledKeyError: needs a person; a key cannot be opened.
        """
        return sum(
            [
                await self._rewrap("documents", "papers"),
                await self._rewrap("documents", "connection_keys"),
                await self._rewrap("pii", "connection_keys"),
                await self._rewrap("pii", "tax_numbers"),
            ]
        )

    async def _rewrap(self, purpose: Purpose, what: str) -> int:
        uses = [use for use, of in _PURPOSES.items() if of == purpose]
        count = 0
        while rows := await self._old(purpose, what, *([uses] if what == "connection_keys" else [])):
            for row in rows:
                async with keeper_errors():
                    anew = await self._keys.rewrap(purpose, row["wrapped"])
                async with borrowed(self._pool) as database:
                    await database.execute(
                        QUERIES[f"rewrap_{what}"], row["connection"], row["name"], row["wrapped"], anew
                    )
            count += len(rows)
        return count

    async def _old(self, purpose: Purpose, what: str, *args: object) -> list[Mapping[str, Any]]:
        async with keeper_errors():
            newest = wrapper_of((await self._keys.make(purpose)).wrapped)
        async with borrowed(self._pool) as database:
            return await database.fetch(QUERIES[f"{what}_to_rewrap"], newest, REWRAPPED_AT_ONCE, *args)


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """What became of a rotation."""

    rewrapped: int
    former_keys: int
    """Keys of a key file that still open what was wrapped meanwhile: they go when this is done once more, later."""


class Rekeying:
    """Lets a new key wrap all that is kept, and the former go. It may be cut off anywhere, and done twice at once.

    A key file gets its new key, and loses the former one only in a later run: a replica may have wrapped with that one
    and not stored it yet. Vault makes and retires its versions itself, so there it is rewrapping alone.
    """

    def __init__(self, rewrapping: Rewrapping, keys: DataKeys) -> None:
        """Rotate `keys`, by which `rewrapping` wraps."""
        self._rewrapping = rewrapping
        self._keys = keys

    async def run(self) -> Rekeyed:
        """Go on with the rotation that was begun, or begin one.

        Raises:
            KeyFileBusyError: transient; another process changes the key file just now.
            SafeUnavailableError, SpoiledKeyError: as `Rewrapping.run`; no key has gone.
        """
        await self._keys.renew()
        is_settled = await self._keys.is_settled(SETTLED_AFTER)
        rewrapped = await self._rewrapping.run()
        if is_settled:
            await self._keys.retire()
        return Rekeyed(rewrapped, await self._keys.former())


@asynccontextmanager
async def keeper_errors() -> AsyncIterator[None]:
    """Turn the absence of the keeper of keys into the safe's."""
    try:
        yield
    except SecretStoreUnavailableError as error:
        raise SafeUnavailableError(error.detail) from error
