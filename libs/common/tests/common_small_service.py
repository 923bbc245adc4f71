"""A whole service, as small as one can be, for the tests that kill it: `python common_small_service.py`.

It publishes one command per piece of work, numbered by its own table, naming the newest event it served.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from plumbline.common.contracts.cloudevents import outgoing
from plumbline.common.contracts.procore import ProcoreChanged
from plumbline.common.contracts.topics import LEDGER_COMMANDS, PROCORE_EVENTS
from plumbline.common.database import Connection
from plumbline.common.edge import Received
from plumbline.common.outbox import put
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark
from plumbline.common.reconciling.verdicts import Done, Verdict
from plumbline.common.service import Pace, RecordService, record_service
from plumbline.common.settings import ServiceSettings
from plumbline.common.testing.messages import ledger_command

NAME = "small"


async def main() -> None:
    async with record_service(NAME, ServiceSettings()) as service:

        async def record(connection: Connection, batch: Sequence[Received[ProcoreChanged]]) -> None:
            marks = [Mark(r.message.resource_id, r.message.connection, r.event_id) for r in batch]
            await mark(connection, marks, now=service.clock.now())

        service.edge.subscribe(PROCORE_EVENTS, ProcoreChanged, record)
        await service.run(handler=lambda claim: handle(service, claim), tell=tell, pace=Pace(concurrency=8))


async def handle(service: RecordService, claim: Claim) -> Verdict:
    async with claim.transaction() as connection:
        await connection.execute(
            "INSERT INTO intents VALUES ($1) ON CONFLICT (key) DO UPDATE SET times = intents.times + 1",
            claim.key,
        )
    await asyncio.sleep(0.02)  # the partner's call
    return Done(store=lambda connection: remember(service, connection, claim))


async def remember(service: RecordService, connection: Connection, claim: Claim) -> None:
    version = await connection.fetchval(
        "INSERT INTO effects AS e VALUES ($1) ON CONFLICT (key) DO UPDATE SET version = e.version + 1 "
        "RETURNING version",
        claim.key,
    )
    command = ledger_command(version).model_copy(update={"source": claim.key, "why": (claim.row.causes[-1],)})
    now = service.clock.now()
    await put(connection, [outgoing(LEDGER_COMMANDS, claim.key, command, source=NAME, at=now)])


async def tell(key: str) -> Mapping[str, Any] | None:
    return {"story": [f"{key} was seen."]} if key == "told" else None


if __name__ == "__main__":
    asyncio.run(main())
