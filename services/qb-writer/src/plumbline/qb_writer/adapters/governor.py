"""The governor: a realm's turns, shared by all replicas, at the pace that QuickBooks lets it go."""

import asyncio
from datetime import timedelta

from plumbline.common.database import Pool, borrowed
from plumbline.common.errors import WaitError
from plumbline.common.http import counted_as_partner_time
from plumbline.common.metrics import GOVERNOR_WAIT_SECONDS
from plumbline.common.reconciling.marks import Lane
from plumbline.qb_writer.adapters.ledger import QUERIES

FULL_PER_MIN = 480.0
"""Calls of a realm in a minute: inside 10 per second and 500 per minute (Intuit, Limits and throttles)."""

FLOOR_PER_MIN = 60.0
"""No number of refusals makes a realm slower than this."""

REGAINED_PER_WAIT = 24.0
"""What the pace regains in as long as the refusal's wait was: from half to full in ten of them, in production ten
minutes. So of a company that somebody else calls too, at most a tenth of the time is lost to refusals."""

WAIT_MIN = timedelta(seconds=1)
"""The shortest wait after a refusal: QuickBooks counts calls by the second."""

TURN = timedelta(minutes=1) / FULL_PER_MIN
"""From one turn to the next at full pace. No two at once: jitter would make them one too many in a second."""

QUEUE_MAX = timedelta(seconds=3)
"""Whoever would wait longer for a turn gives its place to other work and comes back."""

LOWER_PATIENCE = 2 * QUEUE_MAX
"""How long a call of a lower lane asks for a turn: of several, each has one in every length of the queue."""

ASK_AGAIN_S = 0.5
"""Between two such questions."""

LONG_WAIT_S = 0.25
"""Whoever waited longer for its turn looks once more whether QuickBooks has refused others meanwhile."""

TURN_TRIES = 3
"""How many turns are let go by one call whose process stalls in each of them."""


class RealmBusyError(WaitError):
    """The realm's turns for the next seconds are taken."""


class Governor:
    """Shares a realm's limit among all replicas; no turn is given while the database is away."""

    def __init__(self, pool: Pool) -> None:
        """Keep the turns in the schema of `pool`."""
        self._pool = pool
        self._known: set[str] = set()

    async def take_turn(self, realm: str, *, lane: Lane, reads: int) -> None:
        """Wait for the realm's next turn; the wait counts as partner time.

        Live work queues. A lower lane takes turns that are free, and one in each length of the queue: so no
        live call waits for more than one of theirs, and they go on whatever live work there is.

        A turn that has gone by before it could be used is let go, and the next one taken: after a stall
        of the process, all who waited would else call at the same moment.

        Args:
            realm: whose turn.
            lane: of the work that calls.
            reads: how many metered reads the call counts as.

        Raises:
            RealmBusyError: wait; the queue is too long, or QuickBooks has refused meanwhile.
            DatabaseUnavailableError: transient; without the database there is no turn.
        """
        now_s = asyncio.get_running_loop().time
        for number in range(TURN_TRIES):
            wait_s = await self._reserve(realm, lane, reads if number == 0 else 0)
            asked_s = now_s()
            GOVERNOR_WAIT_SECONDS.labels(realm).observe(wait_s)
            with counted_as_partner_time():
                await asyncio.sleep(wait_s)
            if wait_s > LONG_WAIT_S and await self._is_closed(realm):
                raise RealmBusyError(retry_after=QUEUE_MAX / 2, realm=realm)
            if now_s() - asked_s - wait_s < TURN.total_seconds():
                return

    async def slow_down(self, realm: str, *, wait: timedelta) -> None:
        """Let nobody call a realm that has refused for being called too often, and then go at half its pace.

        Refusals of calls that were on their way change nothing more.
        """
        async with borrowed(self._pool) as connection:
            await connection.execute(
                QUERIES["slow_down"],
                realm,
                max(wait, WAIT_MIN),
                FULL_PER_MIN,
                REGAINED_PER_WAIT,
                FLOOR_PER_MIN,
            )

    async def _is_closed(self, realm: str) -> bool:
        async with borrowed(self._pool) as connection:
            return bool(await connection.fetchval(QUERIES["is_closed"], realm))

    async def _reserve(self, realm: str, lane: Lane, reads: int) -> float:
        """Return the seconds until the turn that is now the caller's."""
        now_s = asyncio.get_running_loop().time
        ends_s = now_s() + (0.0 if lane is Lane.LIVE else LOWER_PATIENCE.total_seconds())
        while (wait := await self._asked(realm, lane, reads)) is None:
            if now_s() >= ends_s:
                raise RealmBusyError(retry_after=QUEUE_MAX / 2, realm=realm)
            with counted_as_partner_time():
                await asyncio.sleep(ASK_AGAIN_S)
        return wait.total_seconds()

    async def _asked(self, realm: str, lane: Lane, reads: int) -> timedelta | None:
        async with borrowed(self._pool) as connection:
            if realm not in self._known:
                await connection.execute(QUERIES["know_realm"], realm)
                self._known.add(realm)
            wait: timedelta | None = await connection.fetchval(
                QUERIES["take_turn"],
                realm,
                QUEUE_MAX,
                FULL_PER_MIN,
                REGAINED_PER_WAIT,
                lane is not Lane.LIVE,
                reads,
            )
        return wait
