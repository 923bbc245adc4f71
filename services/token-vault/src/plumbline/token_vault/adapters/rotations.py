"""Requests to rotate, reports of what is accepted, and what people were told, in PostgreSQL."""

import uuid
from collections.abc import Iterable, Sequence

from typing_extensions import override

from plumbline.common.clock import Clock
from plumbline.common.contracts.cloudevents import outgoing
from plumbline.common.contracts.operations import CredentialChanged, SecretsReport
from plumbline.common.contracts.topics import CREDENTIALS_EVENTS
from plumbline.common.database import Connection, Pool, borrowed, transaction
from plumbline.common.outbox import put
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark
from plumbline.common.reconciling.verdicts import Effect
from plumbline.token_vault.adapters.refusals import QUERIES
from plumbline.token_vault.domain import slug
from plumbline.token_vault.rotation.ports import News, Outcome, Reported, Request, Rotations, Told


class PostgresRotations(Rotations):
    """Keeps them in the schema of token-vault; tells people as `source`."""

    def __init__(self, pool: Pool, *, clock: Clock, source: str) -> None:
        """Keep them through `pool`."""
        self._pool = pool
        self._clock = clock
        self._source = source

    @override
    async def ask(self, name: str, version: int, *, records: Sequence[str], supersedes: bool = False) -> str:
        request = str(uuid.uuid4())
        async with transaction(self._pool) as connection:
            await mark(connection, _looks(records, f"operator {request}"), now=self._clock.now())
            opened: str = await connection.fetchval(
                QUERIES["ask_rotation"], name, request, version, supersedes
            )
        return opened

    @override
    async def look_at(self, records: Sequence[str], *, cause: str) -> None:
        async with transaction(self._pool) as connection:
            await mark(connection, _looks(records, cause), now=self._clock.now())

    @override
    async def request(self, name: str) -> Request | None:
        async with borrowed(self._pool) as connection:
            row = await connection.fetchrow(QUERIES["rotation"], name)
        return None if row is None else Request(row["request"], row["version"], row["outcome"], row["detail"])

    @override
    async def reports(self, name: str) -> Sequence[Reported]:
        async with borrowed(self._pool) as connection:
            rows = await connection.fetch(QUERIES["reports"], name)
        return [Reported(**row) for row in rows]

    @override
    async def told(self, name: str) -> Told | None:
        async with borrowed(self._pool) as connection:
            row = await connection.fetchrow(QUERIES["told"], name)
        return None if row is None else Told(row["version"], row["reminded_days"])

    @override
    def ending(self, name: str, request: Request, outcome: Outcome, detail: str = "") -> Effect:
        async def end(connection: Connection) -> None:
            await connection.execute(QUERIES["end_rotation"], name, request.id, outcome, detail)

        return end

    @override
    def telling(self, name: str, news: News) -> Effect:
        async def tell(connection: Connection) -> None:
            told, now = news.told, self._clock.now()
            await connection.execute(QUERIES["keep_told"], name, told.version, told.reminded_days)
            if news.change is None:
                return
            event = CredentialChanged(
                account=name,
                change=news.change,
                version=told.version,
                ends_at=news.due_at,
                detail=news.sentence,
                at=now,
            )
            message = outgoing(CREDENTIALS_EVENTS, event.key, event, source=self._source, at=now)
            await put(connection, [message])

        return tell

    async def keep(self, connection: Connection, reports: Iterable[SecretsReport]) -> None:
        """Keep reports inside the caller's transaction; they are in Kafka's order, the newest last."""
        newest = {
            (name, report.reporter, report.says): (version, report.trouble)
            for report in reports
            for name, version in report.versions.items()
        }
        rows = [(*key, *said) for key, said in sorted(newest.items())]
        columns = [[row[place] for row in rows] for place in range(5)]
        await connection.execute(QUERIES["keep_reports"], *columns)

    @override
    async def forget(self) -> None:
        async with borrowed(self._pool) as connection:
            await connection.execute(QUERIES["forget_reports"])


def _looks(records: Sequence[str], cause: str) -> list[Mark]:
    return [Mark(record, slug(record), cause) for record in records]
