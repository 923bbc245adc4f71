"""QuickBooks, as one realm: every call takes its turn under the realm's limits, every read is counted."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from plumbline.common.clock import Clock
from plumbline.common.reconciling.marks import Lane
from plumbline.common.secrets.tokens import TokenSource
from plumbline.qb_writer.adapters.governor import Governor
from plumbline.qb_writer.adapters.reads import Reads
from plumbline.qb_writer.domain.kind import Party
from plumbline.qb_writer.domain.records import Document, Operation, Write
from plumbline.qb_writer.ports import Page, PartyFacts
from plumbline.quickbooks.changes import Changes, changed_at
from plumbline.quickbooks.client import QuickBooksClient
from plumbline.quickbooks.errors import QuickBooksThrottledError, QuickBooksTooMuchError
from plumbline.quickbooks.models import Customer
from plumbline.quickbooks.payables import Vendor
from plumbline.quickbooks.replies import NotSent, RefusedAtGate, Reply

_PARTIES: Mapping[str, type[Customer] | type[Vendor]] = {"Customer": Customer, "Vendor": Vendor}


class RealmBooks:
    """One realm's QuickBooks, for work of one lane."""

    def __init__(
        self,
        *,
        realm: str,
        lane: Lane,
        client: QuickBooksClient,
        tokens: TokenSource,
        governor: Governor,
        reads: Reads,
        clock: Clock,
        send_within: timedelta,
    ) -> None:
        """Call `client`, one turn of `governor` per call, and read only what `reads` has left for the lane.

        `send_within` bounds the time from a write's `sent_at` to its sending: whoever looks an unknown
        outcome up counts from `sent_at`, and nothing may be sent when that may have happened.
        """
        self._realm = realm
        self._lane = lane
        self._client = client
        self._tokens = tokens
        self._governor = governor
        self._reads = reads
        self._clock = clock
        self._send_within = send_within

    async def permit(self) -> None:
        """Wait for this realm's turn and for a live token, before a write is opened."""
        await self._tokens.live_token()
        await self._governor.take_turn(self._realm, lane=self._lane, reads=0)

    async def post(
        self, entity: str, write: Write, *, params: Mapping[str, str], content: bytes | None
    ) -> Reply:
        """Send a write's bytes under its request id. `permit` comes first."""
        if write.sent_at is not None and self._clock.now() > write.sent_at + self._send_within:
            return NotSent("this process stood still before sending")
        reply = await self._sent(entity, write, params, content)
        if isinstance(reply, RefusedAtGate) and reply.kind == "throttled":
            await self._slow_down(reply.retry_after)
        return reply

    async def _sent(
        self, entity: str, write: Write, params: Mapping[str, str], content: bytes | None
    ) -> Reply:
        if write.operation is Operation.SEND:
            return await self._client.send(
                entity, write.document_id or "", send_to=write.send_to, request_id=write.request_id
            )
        if content is not None:
            return await self._client.upload(write.body, content, request_id=write.request_id)
        return await self._client.post(entity, write.body, request_id=write.request_id, params=params)

    async def read(self, entity: str, quickbooks_id: str) -> Document | None:
        """Read a document by id; None if QuickBooks has it no more."""
        async with self._reading():
            return await self._client.document(entity, quickbooks_id)

    async def find(self, entity: str, where: Mapping[str, str]) -> list[Document]:
        """Find documents by their properties. The index may lag behind a write."""
        async with self._reading():
            return await self._client.documents(entity, where)

    async def party(self, party: Party) -> PartyFacts | None:
        """Return what is known of a customer or vendor; None if there is none."""
        async with self._reading():
            held = await self._client.read(_PARTIES[party.entity], party.quickbooks_id)
        if held is None:
            return None
        email = held.primary_email_addr.address if held.primary_email_addr else None
        return PartyFacts(email=email, currency=held.currency_ref.value if held.currency_ref else None)

    async def changes(self, entities: Sequence[str], since: datetime) -> Changes | None:
        """Return what changed at a moment or later, deletions too; None: that is more than one answer holds."""
        try:
            async with self._reading():
                changes = await self._client.changes(entities, since)
        except QuickBooksTooMuchError:
            return None
        return changes if changes.is_whole else None

    async def page(self, entity: str, after: datetime | None, *, size: int) -> Page | None:
        """Return the next documents in the order of their last change; None: so many are more than one answer holds."""
        try:
            return await self._page(entity, after, size)
        except QuickBooksTooMuchError:
            if size == 1:
                raise
            return None

    async def _page(self, entity: str, after: datetime | None, size: int) -> Page:
        async with self._reading():
            rows = await self._client.changed_after(entity, after, rows=size)
        if len(rows.documents) < size:
            return Page(rows.documents, rows.answered_at, None)
        moments = sorted({changed_at(document) for document in rows.documents})
        if len(moments) > 1:
            # Of the last moment there may be more than this page had room for: it is read again.
            return Page(rows.documents, rows.answered_at, moments[-2])
        return Page(await self._changed_at(entity, moments[0], size), rows.answered_at, moments[0])

    async def _changed_at(self, entity: str, moment: datetime, size: int) -> list[Document]:
        """Return everything that was changed last at one moment, where that is more than a page.

        The last page comes first: what is changed again meanwhile leaves this moment, and those behind it
        move up. They may be read twice then, and none is left out.
        """
        async with self._reading():
            unread = await self._client.count_changed_at(entity, moment)
        found: list[Document] = []
        while unread > 0:
            unread = max(0, unread - size)
            async with self._reading():
                rows = await self._client.changed_at(entity, moment, start=unread + 1, rows=size)
            found += rows.documents
        return found

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[None]:
        """Make one metered call inside."""
        self._reads.check(self._realm, self._lane)
        await self._governor.take_turn(self._realm, lane=self._lane, reads=1)
        try:
            yield
        except QuickBooksThrottledError as error:
            await self._slow_down(error.retry_after)
            raise

    async def _slow_down(self, wait: timedelta | None) -> None:
        await self._governor.slow_down(self._realm, wait=wait or timedelta(0))
