"""Sightings and commands, in PostgreSQL."""

from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import override

from plumbline.common.contracts.cloudevents import Outgoing, outgoing
from plumbline.common.contracts.ledger import LedgerCommand
from plumbline.common.contracts.topics import LEDGER_COMMANDS
from plumbline.common.database import Connection, Pool, borrowed, load_queries
from plumbline.common.outbox import put
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark
from plumbline.common.reconciling.verdicts import Effect
from plumbline.mapper.domain.sighting import Sighting
from plumbline.mapper.domain.story import Version
from plumbline.mapper.ports import Records

QUERIES = load_queries("plumbline.mapper")
"""The mapper's SQL."""


class PostgresRecords(Records):
    """Keeps records in the mapper's schema."""

    def __init__(self, pool: Pool) -> None:
        """Keep them through `pool`."""
        self._pool = pool

    @override
    async def last_sighting(self, key: str) -> Sighting | None:
        async with borrowed(self._pool) as connection:
            row = await connection.fetchrow(QUERIES["last_sighting"], key)
        return _sighting(row) if row else None

    @override
    async def published(self, source: str, *, realm: str) -> Mapping[str, LedgerCommand]:
        async with borrowed(self._pool) as connection:
            rows = await connection.fetch(QUERIES["published"], source, realm)
        commands = [LedgerCommand.model_validate_json(row["body"]) for row in rows]
        return {command.record: command for command in commands}

    @override
    async def versions(self, source: str) -> Sequence[Version]:
        async with borrowed(self._pool) as connection:
            rows = await connection.fetch(QUERIES["versions"], source)
        return [Version(LedgerCommand.model_validate_json(row["body"]), row["decided_at"]) for row in rows]

    @override
    def keeping(
        self,
        sighting: Sighting,
        *,
        commands: Sequence[LedgerCommand] = (),
        marks: Sequence[Mark] = (),
        traceparent: str | None = None,
    ) -> Effect:
        async def keep(connection: Connection) -> None:
            # Marks first: every transaction locks work rows before it stores anything else.
            await mark(connection, marks, now=sighting.seen_at)
            await _keep_sighting(connection, sighting)
            for command in commands:
                await _keep_command(connection, command, sighting)
            await put(connection, [_message(command, sighting, traceparent) for command in commands])

        return keep


async def _keep_sighting(connection: Connection, sighting: Sighting) -> None:
    await connection.execute(
        QUERIES["keep_sighting"],
        sighting.key,
        sighting.connection,
        sighting.content_hash,
        sighting.seen_at,
        sighting.changed_at,
        list(sighting.causes),
        sighting.looks,
        sighting.about,
        list(sighting.why),
    )


async def _keep_command(connection: Connection, command: LedgerCommand, sighting: Sighting) -> None:
    await connection.execute(
        QUERIES["keep_command"],
        command.realm,
        command.record,
        command.version,
        command.source,
        command.model_dump_json(),
        sighting.seen_at,
    )


def _message(command: LedgerCommand, sighting: Sighting, traceparent: str | None) -> Outgoing:
    return outgoing(
        LEDGER_COMMANDS,
        command.key,
        command,
        source="mapper",
        at=sighting.seen_at,
        event_id=f"{command.key}/{command.version}",
        traceparent=traceparent,
    )


def _sighting(row: Mapping[str, Any]) -> Sighting:
    return Sighting(**{**row, "causes": tuple(row["causes"]), "why": tuple(row["why"])})
