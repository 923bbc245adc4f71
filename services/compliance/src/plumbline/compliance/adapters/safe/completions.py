"""When projects were completed: what the time of some papers counts from.

A person says it, and nobody else: Procore tells whether a project is active, which is another thing, and what is destroyed
by a mistaken date does not come back.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from plumbline.common.clock import Clock
from plumbline.common.database import Pool, borrowed
from plumbline.common.errors import NeedsHumanError
from plumbline.compliance.adapters.safe.keys import QUERIES


class NoPapersOfProjectError(NeedsHumanError):
    """There is no paper of this project in the safe; `plumbline safe projects` shows which there are."""


class NotCompletedYetError(NeedsHumanError):
    """A project is said to be completed once it is; give a day that is not to come."""


class Completions:
    """What was said of projects' completion, all of it; what was said last counts."""

    def __init__(self, *, pool: Pool, clock: Clock) -> None:
        """Keep it in `pool`'s schema."""
        self._pool = pool
        self._clock = clock

    async def say(
        self, connection: str, project_id: str, completed_on: date | None, *, who: str, why: str
    ) -> None:
        """Say when a project was completed, or with None that it was opened again. Safe to repeat.

        From then on the time of its papers counts, or counts no more.

        Raises:
            NoPapersOfProjectError, NotCompletedYetError: need a person; nothing was kept.
        """
        now = self._clock.now()
        if completed_on is not None and completed_on > now.date():
            raise NotCompletedYetError
        async with borrowed(self._pool) as database:
            if not await database.fetchval(QUERIES["has_papers"], connection, project_id):
                raise NoPapersOfProjectError
            await database.execute(
                QUERIES["say_completed"], connection, project_id, completed_on, now, who, why
            )

    async def projects(self, connection: str) -> Sequence[Mapping[str, Any]]:
        """Return every project with papers: how many, and what was said last of its completion."""
        async with borrowed(self._pool) as database:
            return await database.fetch(QUERIES["projects"], connection)
