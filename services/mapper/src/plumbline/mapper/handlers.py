"""The mapper's edges: Procore's events, and operators' links."""

from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from plumbline.common.clock import Clock
from plumbline.common.connections import ConfigurationError
from plumbline.common.contracts.procore import ProcoreChanged
from plumbline.common.contracts.topics import PROCORE_EVENTS
from plumbline.common.database import Connection
from plumbline.common.edge import Received, Record
from plumbline.common.metrics import MESSAGES_READ
from plumbline.common.operator import answer, refusal
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark
from plumbline.mapper.domain.links import Link
from plumbline.mapper.domain.sighting import WEBHOOK
from plumbline.mapper.domain.target import OWNED
from plumbline.mapper.service import Linking

_LINKS = TypeAdapter(list[Link])


def recording(clock: Clock) -> Record[ProcoreChanged]:
    """Return what makes the records of a batch of events due; safe to repeat."""

    async def on_procore_events(connection: Connection, batch: Sequence[Received[ProcoreChanged]]) -> None:
        marks = [_mark(item) for item in batch if item.message.resource in OWNED]
        MESSAGES_READ.labels("mapper", PROCORE_EVENTS.name, "ignored").inc(len(batch) - len(marks))
        await mark(connection, marks, now=clock.now())

    return on_procore_events


def _mark(item: Received[ProcoreChanged]) -> Mark:
    event = item.message
    return Mark(
        key=event.key,
        connection=event.connection,
        cause=f"{WEBHOOK}{event.event_id}",
        provider_time=event.occurred_at,
        deletion_seen=event.reason == "delete",
        traceparent=item.traceparent,
    )


class LinkRoutes:
    """Operators' routes over links."""

    def __init__(self, linking: Linking) -> None:
        """Serve links through the use case."""
        self._linking = linking

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        return [
            Route("/links", self.show, methods=["GET"]),
            Route("/links", self.make, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """`GET /links?connection=NAME`: every link of a connection."""
        links = await self._linking.of(request.query_params.get("connection", ""))
        return answer({"links": [link.model_dump() for link in links]})

    async def make(self, request: Request) -> Response:
        """`POST /links` with a list of links: keep them, and name the records that go on."""
        try:
            resumed = await self._linking.make(_LINKS.validate_json(await request.body()))
        except ValidationError as error:
            return refusal(422, "not-links", str(error.errors(include_url=False, include_input=False)[:3]))
        except ConfigurationError as error:
            return refusal(422, error.code, error.detail)
        return answer({"resumed": resumed})
