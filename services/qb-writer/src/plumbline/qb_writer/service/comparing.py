"""The use case: comparing a company's books with what they should be, in pages, over and over."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from plumbline.common.clock import Clock
from plumbline.common.connections import ConnectionConfig
from plumbline.common.database import Connection
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.verdicts import Done, Verdict
from plumbline.qb_writer.domain.comparison import Pair, View, compared
from plumbline.qb_writer.domain.difference import Difference
from plumbline.qb_writer.domain.kinds import kind_of
from plumbline.qb_writer.domain.records import Beginning
from plumbline.qb_writer.domain.reports import Tolerance
from plumbline.qb_writer.domain.strays import Realm, stray
from plumbline.qb_writer.ports import Comparison, Differences, Extent, Roll

PAGE = 100
"""Records or documents in hand at a time."""

BREATH = 20
"""After so many of them other work has its turn: comparing is computing, and holds up everything else."""

_PREFIX = "drift/"


def key_of(realm: str) -> str:
    """Return the key of the work of comparing a realm."""
    return f"{_PREFIX}{realm}"


def is_comparing(key: str) -> bool:
    """Say whether a piece of work is to compare a realm."""
    return key.startswith(_PREFIX)


class Comparer:
    """Compares realms. Killed anywhere it begins anew: what was told already is not told again."""

    def __init__(
        self,
        *,
        differences: Differences,
        connections: Callable[[str], ConnectionConfig | None],
        clock: Clock,
        grace: timedelta,
        every: timedelta,
    ) -> None:
        """Compare what `differences` knows, each realm by its connection's hours and policies.

        Args:
            differences: knows and keeps.
            connections: finds the connection of a realm.
            clock: the time.
            grace: business time that a change may be under way before it is a difference.
            every: from the end of a comparison to the next one.
        """
        self._differences = differences
        self._connections = connections
        self._clock = clock
        self._grace = grace
        self._every = every

    async def compare(self, claim: Claim) -> Verdict:
        """Compare one realm from its first record to its last document."""
        realm = claim.key.removeprefix(_PREFIX)
        config = self._connections(realm)
        run = Comparison(
            realm, claim.connection if config is None else config.name, began_at=self._clock.now()
        )
        if config is None:
            # Nobody looks after these books any more, so nobody is to be reminded of them.
            await self._close(claim, run)
            return Done()
        extent, tolerance = await self._differences.extent(run), Tolerance(config.hours, self._grace)
        course = _Course(self._differences, claim, run, config, tolerance, self._clock)
        counts = (0, 0) if extent.beginning is None else await course.over(extent, extent.beginning)
        await self._close(claim, run)

        async def end(connection: Connection) -> None:
            await self._differences.ended(connection, run, extent, counts=counts, now=self._clock.now())

        return Done(store=end, again_after=self._every)

    async def _close(self, claim: Claim, run: Comparison) -> None:
        """Close what was not seen again, a page at a time."""
        closed = PAGE
        while closed == PAGE:
            async with claim.transaction() as connection:
                closed = await self._differences.close(connection, run, limit=PAGE, now=self._clock.now())


@dataclass(frozen=True, slots=True)
class _Course:
    """One comparison under way."""

    differences: Differences
    claim: Claim
    run: Comparison
    config: ConnectionConfig
    tolerance: Tolerance
    clock: Clock

    async def over(self, extent: Extent, beginning: Beginning) -> tuple[int, int]:
        """Compare every record, then every document that no record owns; return how many of either."""
        count, after, parties = 0, "", set[tuple[str, str]]()
        while (
            roll := await self.differences.pairs(self.run.realm, beginning, after=after, limit=PAGE)
        ).pairs:
            view = View(roll.relations, beginning, self.config.policies, extent.complete_since)
            await self._keep(*await self._of_roll(roll, view))
            parties.update(filter(None, map(_party, roll.pairs)))
            count, after = count + len(roll.pairs), roll.pairs[-1].record.name
        return count, await self._over_strays(Realm(frozenset(parties), beginning.from_day))

    async def _over_strays(self, realm: Realm) -> int:
        count, after = 0, ("", "")
        while page := await self.differences.strays(
            self.run.realm, after=after, begins_on=realm.begins_on, limit=PAGE
        ):
            found = [stray(each, realm) for each in page]
            await self._keep([difference for difference in found if difference is not None], unknown=())
            count, after = count + len(page), (page[-1].kind.entity, page[-1].known.quickbooks_id)
        return count

    async def _of_roll(self, roll: Roll, view: View) -> tuple[list[Difference], list[str]]:
        """Return what differs on a page, and the records of which nothing is known."""
        found, unknown = list[Difference](), list[str]()
        for place, pair in enumerate(roll.pairs):
            if place % BREATH == 0:
                await asyncio.sleep(0)
            differences = compared(pair, view)
            if differences is None:
                unknown.append(pair.record.name)
            else:
                found += differences
        return found, unknown

    async def _keep(self, found: Sequence[Difference], unknown: Sequence[str]) -> None:
        async with self.claim.transaction() as connection:
            await self.differences.keep(
                connection,
                self.run,
                found,
                unknown=unknown,
                tolerance=self.tolerance,
                now=self.clock.now(),
            )


def _party(pair: Pair) -> tuple[str, str] | None:
    desired = pair.record.desired
    party = kind_of(desired).party(desired)
    return None if party is None else (party.word, party.quickbooks_id)
