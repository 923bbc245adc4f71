"""QuickBooks, as one realm: every call takes its turn under the realm's limits."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from plumbline.common.clock import Clock
from plumbline.common.database import Pool, borrowed
from plumbline.common.errors import WaitError
from plumbline.common.http import counted_as_partner_time
from plumbline.common.metrics import GOVERNOR_WAIT_SECONDS
from plumbline.common.secrets.tokens import TokenSource
from plumbline.qb_writer.adapters.ledger import QUERIES
from plumbline.qb_writer.domain.kind import Party
from plumbline.qb_writer.domain.records import Document, Operation, Write
from plumbline.qb_writer.ports import Page, PartyFacts
from plumbline.quickbooks.changes import Changes, changed_at
from plumbline.quickbooks.client import ROWS_MAX, QuickBooksClient
from plumbline.quickbooks.models import Customer
from plumbline.quickbooks.payables import Vendor
from plumbline.quickbooks.replies import NotSent, Reply

_PARTIES: Mapping[str, type[Customer] | type[Vendor]] = {"Customer": Customer, "Vendor": Vendor}

TURN = timedelta(milliseconds=125)
"""Eight calls a second: inside 10 per second and 500 per minute (Intuit, Limits and throttles)."""

BURST = TURN
"""No two calls at once: two would make ten in a second, and the network's jitter an eleventh."""

QUEUE_MAX = timedelta(seconds=3)
"""Whoever would wait longer for a turn gives its place to other work and comes back."""


TURN_TRIES = 3
"""How many turns are let go by one call whose process stalls in each of them."""


class RealmBusyError(WaitError):
    """The realm's turns for the next seconds are taken."""


class Governor:
    """Shares a realm's limit among all replicas; no turn is given while the database is away."""

    def __init__(self, pool: Pool) -> None:
        """Keep the turns in the schema of `pool`."""
        self._pool = pool

    async def take_turn(self, realm: str) -> None:
        """Wait for the realm's next turn; the wait counts as partner time.

        A turn that has gone by before it could be used is let go, and the next one taken: after a stall
        of the process, all who waited would else call at the same moment.

        Raises:
            RealmBusyError: wait; the queue is too long.
            DatabaseUnavailableError: transient; without the database there is no turn.
        """
        now_s = asyncio.get_running_loop().time
        for _ in range(TURN_TRIES):
            asked_s = now_s()
            wait_s = await self._reserve(realm)
            GOVERNOR_WAIT_SECONDS.labels(realm).observe(wait_s)
            with counted_as_partner_time():
                await asyncio.sleep(wait_s)
            if now_s() - asked_s - wait_s < TURN.total_seconds():
                return

    async def _reserve(self, realm: str) -> float:
        async with borrowed(self._pool) as connection:
            wait: timedelta | None = await connection.fetchval(
                QUERIES["take_turn"], realm, TURN, BURST, QUEUE_MAX
            )
        if wait is None:
            raise RealmBusyError(retry_after=QUEUE_MAX / 2, realm=realm)
        return wait.total_seconds()


class RealmBooks:
    """One realm's QuickBooks."""

    def __init__(
        self,
        *,
        realm: str,
        client: QuickBooksClient,
        tokens: TokenSource,
        governor: Governor,
        clock: Clock,
        send_within: timedelta,
    ) -> None:
        """Call `client`, one turn of `governor` per call.

        `send_within` bounds the time from a write's `sent_at` to its sending: whoever looks an unknown
        outcome up counts from `sent_at`, and nothing may be sent when that may have happened.
        """
        self._realm = realm
        self._client = client
        self._tokens = tokens
        self._governor = governor
        self._clock = clock
        self._send_within = send_within

    async def permit(self) -> None:
        """Wait for this realm's turn and for a live token, before a write is opened."""
        await self._tokens.live_token()
        await self._governor.take_turn(self._realm)

    async def post(
        self, entity: str, write: Write, *, params: Mapping[str, str], content: bytes | None
    ) -> Reply:
        """Send a write's bytes under its request id. `permit` comes first."""
        if write.sent_at is not None and self._clock.now() > write.sent_at + self._send_within:
            return NotSent("this process stood still before sending")
        if write.operation is Operation.SEND:
            return await self._client.send(
                entity, write.document_id or "", send_to=write.send_to, request_id=write.request_id
            )
        if content is not None:
            return await self._client.upload(write.body, content, request_id=write.request_id)
        return await self._client.post(entity, write.body, request_id=write.request_id, params=params)

    async def read(self, entity: str, quickbooks_id: str) -> Document | None:
        """Read a document by id; None if QuickBooks has it no more."""
        await self._governor.take_turn(self._realm)
        return await self._client.document(entity, quickbooks_id)

    async def find(self, entity: str, where: Mapping[str, str]) -> list[Document]:
        """Find documents by their properties. The index may lag behind a write."""
        await self._governor.take_turn(self._realm)
        return await self._client.documents(entity, where)

    async def party(self, party: Party) -> PartyFacts | None:
        """Return what is known of a customer or vendor; None if there is none."""
        await self._governor.take_turn(self._realm)
        held = await self._client.read(_PARTIES[party.entity], party.quickbooks_id)
        if held is None:
            return None
        email = held.primary_email_addr.address if held.primary_email_addr else None
        return PartyFacts(email=email, currency=held.currency_ref.value if held.currency_ref else None)

    async def changes(self, entities: Sequence[str], since: datetime) -> Changes:
        """Return what changed at a moment or later, deletions too: one metered call."""
        await self._governor.take_turn(self._realm)
        return await self._client.changes(entities, since)

    async def page(self, entity: str, after: datetime | None) -> Page:
        """Return the next documents in the order of their last change; those deleted are not among them."""
        await self._governor.take_turn(self._realm)
        rows = await self._client.changed_after(entity, after)
        if len(rows.documents) < ROWS_MAX:
            return Page(rows.documents, rows.answered_at, None)
        moments = sorted({changed_at(document) for document in rows.documents})
        if len(moments) > 1:
            # Of the last moment there may be more than this page had room for: it is read again.
            return Page(rows.documents, rows.answered_at, moments[-2])
        return Page(await self._changed_at(entity, moments[0]), rows.answered_at, moments[0])

    async def _changed_at(self, entity: str, moment: datetime) -> list[Document]:
        """Return everything that was changed last at one moment, where that is more than a page.

        The last page comes first: what is changed again meanwhile leaves this moment, and those behind it
        move up. They may be read twice then, and none is left out.
        """
        await self._governor.take_turn(self._realm)
        unread = await self._client.count_changed_at(entity, moment)
        found: list[Document] = []
        while unread > 0:
            unread = max(0, unread - ROWS_MAX)
            await self._governor.take_turn(self._realm)
            found += (await self._client.changed_at(entity, moment, start=unread + 1)).documents
        return found
