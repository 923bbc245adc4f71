"""The edges of compliance: Procore's events, and desks that acknowledge."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from plumbline.common.clock import Clock
from plumbline.common.connections import Connections
from plumbline.common.contracts.documents import DispatchAcknowledged
from plumbline.common.contracts.procore import ProcoreChanged
from plumbline.common.contracts.topics import DISPATCH_ACKNOWLEDGED, PROCORE_EVENTS
from plumbline.common.database import Connection
from plumbline.common.edge import Received, Record
from plumbline.common.metrics import MESSAGES_READ
from plumbline.common.operator import Tell
from plumbline.common.reconciling.loop import Claim, Handler
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark
from plumbline.common.reconciling.verdicts import Verdict
from plumbline.compliance.adapters.documents import QUERIES, living
from plumbline.compliance.domain.document import key_of
from plumbline.compliance.service.sweeping import sweep_key

SWEPT = frozenset(
    {"project-files", "project-file-versions", "project-folders", "project-insurances", "company-insurances"}
)
"""Procore's resources that may mean a new paper."""

PROJECTS, VENDORS = frozenset({"projects"}), frozenset({"company-vendors", "project-vendors"})
"""Procore's resources that are part of a paper's surroundings."""


def by_prefix(handlers: Mapping[str, Handler]) -> Handler:
    """Return the loop's handler: each record goes to the handler of its key's first part, slash included."""

    async def handler(claim: Claim) -> Verdict:
        return await handlers[_first(claim.key)](claim)

    return handler


def telling(tellers: Mapping[str, Tell]) -> Tell:
    """Return what tells of any record: each by the teller of its key's first part, the others of nothing."""

    async def tell(key: str) -> Mapping[str, Any] | None:
        teller = tellers.get(_first(key))
        return await teller(key) if teller else None

    return tell


def _first(key: str) -> str:
    return key[: key.find("/") + 1]


def recording(connections: Connections, clock: Clock, *, remembered: timedelta) -> Record[ProcoreChanged]:
    """Return what makes due whatever a batch of Procore's events may have changed; safe to repeat.

    Papers around which something changed are due once no replica remembers how it was.
    """

    async def on_procore_events(database: Connection, batch: Sequence[Received[ProcoreChanged]]) -> None:
        later = clock.now() + remembered
        marks = [one for item in batch for one in await _marks(database, connections, item, later)]
        ignored = sum(item.message.resource not in SWEPT | PROJECTS | VENDORS for item in batch)
        MESSAGES_READ.labels("compliance", PROCORE_EVENTS.name, "ignored").inc(ignored)
        await mark(database, marks, now=clock.now())

    return on_procore_events


async def _marks(
    database: Connection, connections: Connections, item: Received[ProcoreChanged], later: datetime
) -> Sequence[Mark]:
    event = item.message
    keys: list[str] = []
    due_at: datetime | None = later
    if event.resource in SWEPT:
        config = connections.get(event.connection)
        of_company = config.procore.projects if config else ()
        projects = (event.project_id,) if event.project_id else of_company
        keys, due_at = [sweep_key(event.connection, project) for project in projects], None
    elif event.resource in PROJECTS:
        project = event.project_id or event.resource_id
        keys = await living(database, connection=event.connection, project_id=project)
    elif event.resource in VENDORS:
        keys = await living(database, connection=event.connection, vendor_id=event.resource_id)
    return [
        Mark(
            key=key,
            connection=event.connection,
            cause=f"webhook {event.event_id}",
            provider_time=event.occurred_at,
            due_at=due_at,
            traceparent=item.traceparent,
        )
        for key in keys
    ]


def acknowledging(clock: Clock) -> Record[DispatchAcknowledged]:
    """Return what keeps desks' words and makes their papers due; the first word for a ticket counts."""

    async def on_acknowledged(database: Connection, batch: Sequence[Received[DispatchAcknowledged]]) -> None:
        tickets = [item.message.ticket for item in batch]
        rows = await database.fetch(QUERIES["documents_of_tickets"], tickets)
        known = {row["ticket"]: row for row in rows}
        words = [item for item in batch if item.message.ticket in known]
        MESSAGES_READ.labels("compliance", DISPATCH_ACKNOWLEDGED.name, "ignored").inc(len(batch) - len(words))
        marks = [_mark(known[item.message.ticket], item) for item in words]
        await mark(database, marks, now=clock.now())
        for item in words:
            said = item.message
            await database.execute(QUERIES["acknowledge"], said.ticket, said.at, said.by)

    return on_acknowledged


def _mark(row: Mapping[str, str], item: Received[DispatchAcknowledged]) -> Mark:
    key = key_of(row["connection"], row["document"])
    return Mark(key, row["connection"], f"acknowledged {item.message.ticket}", traceparent=item.traceparent)
