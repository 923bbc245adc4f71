"""Papers in the safe: put, read, described, held and destroyed."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from pydantic import SecretStr
from typing_extensions import override

from plumbline.common.clock import Clock
from plumbline.common.contracts.documents import Destroyed
from plumbline.common.database import Connection, Pool, borrowed, transaction
from plumbline.common.secrets.data_keys import DataKeys, SpoiledKeyError
from plumbline.compliance.adapters.documents import go_on
from plumbline.compliance.adapters.erasing import erase
from plumbline.compliance.adapters.gate.money import is_in_escrow
from plumbline.compliance.adapters.safe.keys import QUERIES, ConnectionKeys, keeper_errors
from plumbline.compliance.adapters.safe.objects import MissingObjectError, Objects
from plumbline.compliance.adapters.safe.tax_numbers import TaxNumbers
from plumbline.compliance.domain.envelope import (
    KEY_ID_BYTES,
    NONCE_BYTES,
    SpoiledEnvelopeError,
    Subject,
    keyed_hash,
    seal,
    unseal,
)
from plumbline.compliance.domain.layout import file_name, folders
from plumbline.compliance.domain.retention import Due
from plumbline.compliance.ports.reading import RefusedPaperError
from plumbline.compliance.ports.safe import (
    NOT_SCANNED,
    QUARANTINE,
    About,
    EscrowedDocumentError,
    HeldDocumentError,
    QuarantinedDocumentError,
    Safe,
    SafeUnavailableError,
    SpoiledDocumentError,
    Stored,
    TaxNumberOnFile,
    UnknownDocumentError,
    UnrecognisedDocumentError,
)

CONTENT_BYTES_MAX = 64 * 1024 * 1024
"""The largest paper; it is sealed as one piece, in memory."""

PUT_MAX_S = 120.0
"""Longest way of a paper into store and index. What the store holds for longer than `ORPHAN_AGE` without being in the index
never will be."""

BY_ITSELF = "compliance"
"""Who does what nobody asked for, as the access log has it."""

ENDED = "quarantine ended"
"""Why a paper is in quarantine no more, as the access log has it."""

log = structlog.get_logger(__name__)


class PaperSafe(Safe):
    """The safe over an object store, a keeper of keys, and the index in PostgreSQL."""

    def __init__(
        self, *, objects: Objects, keys: DataKeys, connection_keys: ConnectionKeys, pool: Pool, clock: Clock
    ) -> None:
        """Keep papers in `objects`, indexed in `pool`'s schema."""
        self._objects = objects
        self._keys = keys
        self._connection_keys = connection_keys
        self._numbers = TaxNumbers(pool=pool, keys=keys, connection_keys=connection_keys, clock=clock)
        self._pool = pool
        self._clock = clock

    @override
    async def put(self, content: bytes, about: About, *, quarantine: str | None = None) -> Stored:
        if len(content) > CONTENT_BYTES_MAX:
            raise RefusedPaperError(
                "too-large",
                f"A paper has {CONTENT_BYTES_MAX // 2**20} MB at most; split it, or send it smaller.",
            )
        try:
            async with asyncio.timeout(PUT_MAX_S):
                return await self._put(content, about, quarantine)
        except TimeoutError:
            raise SafeUnavailableError(f"The paper was not stored within {PUT_MAX_S:.0f} s.") from None

    @override
    async def get(self, connection: str, document: str, *, who: str, why: str) -> bytes:
        row = await self.readable(connection, document, why=why)
        await self.note(connection, document, action="read", who=who, why=why)
        return await self.opened(row)

    @override
    async def read(self, connection: str, document: str, *, who: str, why: str) -> bytes:
        row = await self._living(connection, document)
        _unless_quarantined(row, why)
        await self.note(connection, document, action="read", who=who, why=why)
        return await self.opened(row)

    async def readable(self, connection: str, document: str, *, why: str) -> Mapping[str, Any]:
        """Return a paper's row if it may be read for this reason. Raises what `get` raises but for what is spoiled."""
        row = await self._living(connection, document)
        _unless_quarantined(row, why)
        if row["quarantine"] == NOT_SCANNED or await self._is_unrecognised(connection, document):
            raise UnrecognisedDocumentError(document=document)
        if await is_in_escrow(self._pool, connection, document):
            raise EscrowedDocumentError(document=document)
        return row

    async def opened(self, row: Mapping[str, Any]) -> bytes:
        """Return the content of a row of the index; whoever calls has written down why. Raises what `get` raises."""
        connection, document = row["connection"], row["document"]
        subject = Subject(connection, document, bytes(row["key_id"]))
        name_key = await self._connection_keys.key(connection, "names")
        try:
            async with keeper_errors():
                key = await self._keys.unwrap("documents", row["wrapped"])
            blob = await self._objects.get(subject.object_name)
            return await asyncio.to_thread(_open, blob, subject, key, name_key)
        except (MissingObjectError, SpoiledEnvelopeError, SpoiledKeyError) as error:
            raise await self._told_spoiled(row, type(error).__name__) from None

    @override
    async def describe(self, connection: str, document: str, about: About) -> None:
        async with transaction(self._pool) as database:
            said = await database.fetchval(QUERIES["describe_paper"], connection, document, *_columns(about))
            if said is None:
                raise _unknown(document)
            await _place(database, document, about)

    @override
    async def quarantine(self, connection: str, document: str, *, reason: str | None, who: str) -> None:
        why = reason or ENDED
        async with transaction(self._pool) as database:
            await self._change(
                database,
                connection,
                document,
                "set_quarantine",
                reason,
                action="quarantine",
                who=who,
                why=why,
            )
            if reason is None:  # it may have waited for that to be recognised
                await go_on(database, connection, document, at=self._clock.now())

    @override
    async def scanned(self, connection: str, document: str, *, found: str | None, who: str) -> None:
        why = found or ENDED
        async with transaction(self._pool) as database:
            await self._change(
                database, connection, document, "set_scanned", found, action="quarantine", who=who, why=why
            )

    @override
    async def hold(self, connection: str, document: str, *, who: str, why: str) -> None:
        async with transaction(self._pool) as database:
            await self._change(
                database, connection, document, "set_hold", why, action="hold", who=who, why=why
            )

    @override
    async def release(self, connection: str, document: str, *, who: str, why: str) -> None:
        async with transaction(self._pool) as database:
            await self._change(
                database, connection, document, "set_hold", None, action="release", who=who, why=why
            )

    @override
    async def destroy(self, connection: str, document: str, *, who: str, why: str) -> None:
        await self._destroy(connection, document, Destroyed(by=who, why=why))

    async def destroy_due(self, due: Due, *, still: Callable[[Connection], Awaitable[bool]]) -> bool:
        """Destroy a paper whose time is over, and say whether it was: `still` is asked once nobody else can change it.

        Raises:
            HeldDocumentError, UnknownDocumentError: need a person.
        """
        destroyed = Destroyed(by=BY_ITSELF, why=due.because, retention_class=due.retention_class)
        return await self._destroy(due.connection, due.document, destroyed, still=still)

    async def _destroy(
        self,
        connection: str,
        document: str,
        destroyed: Destroyed,
        *,
        still: Callable[[Connection], Awaitable[bool]] | None = None,
    ) -> bool:
        async with transaction(self._pool) as database:
            row = await database.fetchrow(QUERIES["lock_paper"], connection, document)
            if row is None:
                raise _unknown(document)
            if row["hold"] is not None:
                raise HeldDocumentError(
                    f"The paper is under a legal hold ({row['hold']}); lift that first.", document=document
                )
            if row["destroyed_at"] is None:
                if still and not await still(database):
                    return False
                await self._forget(database, connection, document, destroyed)
        # From here on nobody can read it. An object that is left behind, because this process ends here, is found by the scrub.
        await self._objects.delete(Subject(connection, document, bytes(row["key_id"])).object_name)
        return True

    async def _forget(
        self, database: Connection, connection: str, document: str, destroyed: Destroyed
    ) -> None:
        now, who, why = self._clock.now(), destroyed.by, destroyed.why
        await erase(database, connection, document, destroyed, at=now)
        await self._log(database, connection, document, action="destroy", who=who, why=why)
        await database.execute(QUERIES["destroy_paper"], connection, document, now)
        await database.execute(QUERIES["destroy_tax_number"], connection, document)
        await database.execute(QUERIES["leave_places"], connection, document)
        # The same file may come again, and what was given out for the former one shall not open it.
        await database.execute(QUERIES["revoke_links"], connection, document, now)

    @override
    async def keep_tax_number(
        self, connection: str, document: str, *, vendor: str, number: str
    ) -> TaxNumberOnFile:
        return await self._numbers.keep(connection, document, vendor=vendor, number=number)

    @override
    async def tax_number(self, connection: str, document: str, *, who: str, why: str) -> SecretStr:
        await self._living(connection, document)
        await self.note(connection, document, action="tax-number", who=who, why=why)
        return await self._numbers.whole(connection, document)

    async def note(self, connection: str, document: str, *, action: str, who: str, why: str) -> None:
        """Write down what somebody does with a paper."""
        async with borrowed(self._pool) as database:
            await self._log(database, connection, document, action=action, who=who, why=why)

    async def _put(self, content: bytes, about: About, quarantine: str | None) -> Stored:
        connection = about.connection
        name_key = await self._connection_keys.key(connection, "names")
        document = (await asyncio.to_thread(keyed_hash, name_key, content)).hex()
        async with borrowed(self._pool) as database:
            row = await database.fetchrow(QUERIES["paper"], connection, document)
        if row is not None and row["destroyed_at"] is None and row["spoiled_at"] is None:
            return Stored(document, is_new=False, size_bytes=len(content))
        async with keeper_errors():
            key = await self._keys.make("documents")
        subject = Subject(connection, document, os.urandom(KEY_ID_BYTES))
        nonce = os.urandom(NONCE_BYTES)
        blob = await asyncio.to_thread(lambda: seal(content, subject, key=key.clear, nonce=nonce))
        await self._objects.put(subject.object_name, blob)
        async with transaction(self._pool) as database:
            if row is not None and row["destroyed_at"] is None:
                mended = await database.fetchval(
                    QUERIES["mend_paper"], connection, document, subject.key_id, key.wrapped
                )
                if mended is None:
                    raise SafeUnavailableError("Somebody else mends or destroys the paper; put it again.")
                return Stored(document, is_new=False, size_bytes=len(content))
            added = await database.fetchval(
                QUERIES["add_paper"],
                connection,
                document,
                subject.key_id,
                key.wrapped,
                len(content),
                *_columns(about),
                self._clock.now(),
                quarantine,
            )
            if added is not None:
                await _place(database, document, about)
        if added is None:  # another replica was first, with a key and an object of its own
            await self._objects.delete(subject.object_name)
        return Stored(document, is_new=added is not None, size_bytes=len(content))

    async def _living(self, connection: str, document: str) -> Mapping[str, Any]:
        async with borrowed(self._pool) as database:
            row = await database.fetchrow(QUERIES["paper"], connection, document)
        if row is None or row["destroyed_at"] is not None:
            raise _unknown(document)
        return row

    async def _is_unrecognised(self, connection: str, document: str) -> bool:
        async with borrowed(self._pool) as database:
            found: bool = await database.fetchval(QUERIES["is_unrecognised"], connection, document)
        return found

    async def _change(
        self,
        database: Connection,
        connection: str,
        document: str,
        query: str,
        value: str | None,
        *,
        action: str,
        who: str,
        why: str,
    ) -> None:
        row = await database.fetchrow(QUERIES["lock_paper"], connection, document)
        if row is None or row["destroyed_at"] is not None:
            raise _unknown(document)
        await self._log(database, connection, document, action=action, who=who, why=why)
        await database.execute(QUERIES[query], connection, document, value)

    async def _log(
        self, database: Connection, connection: str, document: str, *, action: str, who: str, why: str
    ) -> None:
        await database.execute(
            QUERIES["log_access"], self._clock.now(), connection, document, action, who, why
        )

    async def _told_spoiled(self, row: Mapping[str, Any], what: str) -> Exception:
        """Return the error for a paper that does not open: it may have been destroyed, or stored anew, meanwhile."""
        present = await self._living(row["connection"], row["document"])
        if present["key_id"] != row["key_id"]:
            return SafeUnavailableError("The paper was stored anew just now; read it again.")
        async with borrowed(self._pool) as database:
            await database.execute(QUERIES["tell_spoiled"], row["key_id"], row["document"], self._clock.now())
        log.error("safe.spoiled", connection=row["connection"], document=row["document"], what=what)
        return SpoiledDocumentError(
            "What the store holds is not the paper that was put there; put the same file again, or restore the object.",
            document=row["document"],
        )


def _unless_quarantined(row: Mapping[str, Any], why: str) -> None:
    if row["quarantine"] is not None and why != QUARANTINE:
        raise QuarantinedDocumentError(
            f"The paper is in quarantine ({row['quarantine']}); only who looks into that may read it.",
            document=row["document"],
        )


def _open(blob: bytes, subject: Subject, key: bytes, name_key: bytes) -> bytes:
    content = unseal(blob, subject, key=key)
    if keyed_hash(name_key, content).hex() != subject.document:
        raise SpoiledEnvelopeError
    return content


def _columns(about: About) -> tuple[str | None, ...]:
    return (
        about.kind,
        about.company_id,
        about.project_id,
        about.project,
        about.project_state,
        about.vendor,
        about.period,
        about.file_name,
        about.media_type,
    )


async def _place(database: Connection, document: str, about: About) -> None:
    name = file_name(about.file_name, media_type=about.media_type, document=document)
    found_in = folders(
        state=about.project_state,
        company_id=about.company_id,
        project=about.project,
        kind=about.kind,
        period=about.period,
    )
    await database.execute(QUERIES["leave_places"], about.connection, document)
    await database.execute(QUERIES["enter_places"], about.connection, document, name, list(found_in))


def _unknown(document: str) -> UnknownDocumentError:
    return UnknownDocumentError(
        "There is no such paper in the safe, or it was destroyed; `plumbline safe ls` shows what there is.",
        document=document,
    )
