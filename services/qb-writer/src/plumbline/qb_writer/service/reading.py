"""The use case: seeing what QuickBooks holds, and what people change there, whether or not anybody tells.

A realm is read in full once, page by page, and then followed by change data capture. Every step is one piece
of work, stored with its result: killed anywhere, the next one begins where the last one was stored.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from plumbline.common.clock import Clock
from plumbline.common.database import Connection
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.marks import Lane
from plumbline.common.reconciling.verdicts import Done, Effect, Park, Verdict
from plumbline.qb_writer.domain.holdings import BY_ENTITY, Held, Horizon, Reading, held
from plumbline.qb_writer.domain.refusals import refused_reading
from plumbline.qb_writer.ports import Chronicle, Holdings, Page
from plumbline.qb_writer.service.settling import NO_ACCESS
from plumbline.quickbooks.changes import LOOK_BACK, Changes
from plumbline.quickbooks.client import ROWS_MAX
from plumbline.quickbooks.errors import QuickBooksFaultError, QuickBooksForbiddenError

ENTITIES = tuple(BY_ENTITY)
"""What is followed."""

OVERLAP = timedelta(minutes=10)
"""So much is read again by every look: changes show late, and our own writes are known a minute after they happened."""

MARGIN = timedelta(days=1)
"""A realm is read anew before QuickBooks refuses to tell of its changes: our clock may be wrong by so much."""

MISSING_MAX = 50
"""So many documents that were not seen are looked at one by one in one piece of work."""

ROWS_DIVISOR = 4
"""By so much the pages of a company are made smaller whose documents are too long."""

AT_ONCE = timedelta(0)
"""There is more to be read."""

_PREFIX = "books/"


def key_of(realm: str) -> str:
    """Return the key of the work of following a realm."""
    return f"{_PREFIX}{realm}"


def realm_of(key: str) -> str:
    """Return the realm that a piece of work is to follow."""
    return key.removeprefix(_PREFIX)


def is_reading(key: str) -> bool:
    """Say whether a piece of work is to follow a realm; all other keys are records'."""
    return key.startswith(_PREFIX)


class Reader:
    """Follows realms. Safe to run in many replicas: a realm's row is leased, and its steps are fenced."""

    def __init__(
        self,
        *,
        holdings: Holdings,
        books: Callable[[str, Lane], Awaitable[Chronicle]],
        realms: Collection[str],
        clock: Clock,
        look: timedelta,
    ) -> None:
        """Read `realms` through `books`, and look for changes every `look`."""
        self._holdings = holdings
        self._books = books
        self._realms = realms
        self._clock = clock
        self._look = look
        self._sizes: dict[str, int] = {}

    async def converge(self, claim: Claim) -> Verdict:
        """Take one step of reading a realm, or say what it waits for."""
        realm = realm_of(claim.key)
        if realm not in self._realms:
            return Done()
        books, horizon = await self._books(realm, claim.row.lane), await self._holdings.horizon(realm)
        try:
            if horizon.reading is not None:
                return await self._read_on(claim, books, horizon, horizon.reading)
            if horizon.watermark is None or self._is_too_old(horizon.watermark):
                return await self._begin(horizon)
            return await self._follow(claim, books, horizon, horizon.watermark)
        except QuickBooksForbiddenError:
            return Park("missing-scopes", NO_ACCESS)
        except QuickBooksFaultError as error:
            return refused_reading(error.fault)

    def _is_too_old(self, watermark: datetime) -> bool:
        return watermark - OVERLAP < self._clock.now() - LOOK_BACK + MARGIN

    async def _begin(self, horizon: Horizon) -> Verdict:
        reading = Reading(ENTITIES, began_at=await self._holdings.database_time())
        return Done(self._storing([], replace(horizon, reading=reading)), again_after=AT_ONCE)

    async def _read_on(self, claim: Claim, books: Chronicle, horizon: Horizon, reading: Reading) -> Verdict:
        """Read the next page of the entity in hand; after its last one, see what has gone."""
        entity = reading.entities[0]
        page = await self._next_page(books, horizon.realm, entity, reading.after)
        reading = replace(reading, since=reading.since or page.answered_at, after=page.after)
        documents = _page(horizon.realm, entity, page)
        if page.after is not None:
            return Done(self._storing(documents, replace(horizon, reading=reading)), again_after=AT_ONCE)
        async with claim.transaction() as connection:
            await self._holdings.take(connection, documents, now=self._clock.now())
        if await self._look_for_missing(claim, books, horizon.realm, reading):
            return Done(again_after=AT_ONCE)
        left = reading.entities[1:]
        if left:
            onward = replace(horizon, reading=replace(reading, entities=left))
            return Done(self._storing([], onward), again_after=AT_ONCE)
        complete = horizon.complete_since or await self._holdings.database_time()
        read = Horizon(horizon.realm, complete, watermark=reading.since)
        # Not at once: the crowd of changes that a reading has made up for is still within the overlap.
        return Done(self._storing([], read), again_after=self._look)

    async def _next_page(self, books: Chronicle, realm: str, entity: str, after: datetime | None) -> Page:
        """Read a page. Documents may have hundreds of lines: a company's pages are as large as could be read."""
        while True:
            size = self._sizes.get(realm, ROWS_MAX)
            page = await books.page(entity, after, size=size)
            if page is not None:
                return page
            self._sizes[realm] = max(1, size // ROWS_DIVISOR)

    async def _look_for_missing(self, claim: Claim, books: Chronicle, realm: str, reading: Reading) -> bool:
        """Read what no page has shown, by its id: a query may lag, and pages never tell of deletions.

        Returns whether there may be more.
        """
        entity = reading.entities[0]
        missing = await self._holdings.unseen(realm, entity, since=reading.began_at, limit=MISSING_MAX)
        for quickbooks_id in missing:
            document = await books.read(entity.lower(), quickbooks_id)
            gone = Held(realm, entity, quickbooks_id, is_deleted=True)
            async with claim.transaction() as connection:
                found = gone if document is None else held(realm, entity, document)
                await self._holdings.take(connection, [found], now=self._clock.now())
        return len(missing) == MISSING_MAX

    async def _follow(self, claim: Claim, books: Chronicle, horizon: Horizon, watermark: datetime) -> Verdict:
        """Ask what has changed; too many changes for one answer are asked for one entity after the other."""
        since = watermark - OVERLAP
        changes = await books.changes(ENTITIES, since)
        if changes is not None:
            moved = replace(horizon, watermark=changes.answered_at)
            return Done(self._storing(_changed(horizon.realm, changes), moved), again_after=self._look)
        told = {entity: await self._follow_one(claim, books, entity, since) for entity in ENTITIES}
        crowded = tuple(entity for entity, answered_at in told.items() if answered_at is None)
        first = min((answered_at for answered_at in told.values() if answered_at), default=None)
        if not crowded:
            return Done(self._storing([], replace(horizon, watermark=first)), again_after=self._look)
        # What is cut off are the stubs of deleted ones first of all: only a whole reading makes up for it.
        reading = Reading(crowded, began_at=await self._holdings.database_time(), since=first)
        return Done(self._storing([], replace(horizon, reading=reading)), again_after=AT_ONCE)

    async def _follow_one(
        self, claim: Claim, books: Chronicle, entity: str, since: datetime
    ) -> datetime | None:
        """Store the changes of one entity, and return when they were told; None: these are too many, too."""
        changes = await books.changes([entity], since)
        if changes is None:
            return None
        async with claim.transaction() as connection:
            documents = _changed(realm_of(claim.key), changes)
            await self._holdings.take(connection, documents, now=self._clock.now())
        return changes.answered_at

    def _storing(self, documents: Sequence[Held], horizon: Horizon) -> Effect:
        async def store(connection: Connection) -> None:
            await self._holdings.take(connection, documents, now=self._clock.now())
            await self._holdings.keep_horizon(connection, horizon)

        return store


def _page(realm: str, entity: str, page: Page) -> list[Held]:
    return [held(realm, entity, document) for document in page.documents]


def _changed(realm: str, changes: Changes) -> list[Held]:
    return [held(realm, change.entity, change.document) for change in changes.found]
