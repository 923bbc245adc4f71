"""What every service with records is made of, put together once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from faststream.kafka import KafkaBroker
from starlette.routing import BaseRoute

from plumbline.common.clock import Clock, SystemClock
from plumbline.common.database import Pool, open_pool
from plumbline.common.edge import Edge
from plumbline.common.kafka import KafkaPublisher, PatientBroker
from plumbline.common.listening import Bell, listening
from plumbline.common.logs import configure_logs
from plumbline.common.measuring import Backlog
from plumbline.common.operator import RecordRoutes, Tell, operator_app
from plumbline.common.outbox import Relay
from plumbline.common.process import Loop, Process
from plumbline.common.reconciling.loop import Handler, Reconciler
from plumbline.common.reconciling.store import WorkStore
from plumbline.common.settings import KafkaSettings, ServiceSettings


@dataclass(frozen=True, slots=True)
class Pace:
    """How hard a service works its records."""

    concurrency: int = 16
    """Records worked at once by this replica."""
    per_connection: int = 8
    """Records of one connection worked at once by all replicas."""
    lease: timedelta = timedelta(seconds=30)
    """Longer than any step between two fenced transactions, partner calls included."""


@dataclass(frozen=True, slots=True)
class RecordService:
    """The parts of a service that keeps records: database, Kafka, edge, clock."""

    name: str
    settings: ServiceSettings
    pool: Pool
    broker: KafkaBroker
    edge: Edge
    clock: Clock
    work_bell: Bell
    outbox_bell: Bell

    async def run(
        self,
        *,
        handler: Handler,
        tell: Tell,
        pace: Pace,
        routes: Sequence[BaseRoute] = (),
        self_guarded: tuple[str, ...] = (),
        self_bounded: tuple[str, ...] = (),
        loops: Sequence[Loop] = (),
    ) -> None:
        """Run until SIGTERM: consume, reconcile with `handler`, relay the outbox, answer operators.

        See `operator_app` for `self_guarded` and `self_bounded`.
        """
        process = Process(self.settings)
        store = WorkStore(
            self.pool, replica=self.settings.replica, lease=pace.lease, per_connection=pace.per_connection
        )
        reconciler = Reconciler(
            service=self.name,
            store=store,
            handler=handler,
            clock=self.clock,
            bell=self.work_bell,
            concurrency=pace.concurrency,
        )
        records = RecordRoutes(pool=self.pool, clock=self.clock, tell=tell)
        backlog = Backlog(service=self.name, pool=self.pool, clock=self.clock)
        app = operator_app(
            service=self.name,
            token=self.settings.operator_token(),
            ready=process.not_ready,
            routes=[*routes, *records.routes()],
            self_guarded=self_guarded,
            self_bounded=self_bounded,
        )
        await process.run(
            app=app, broker=self.broker, loops=[reconciler.run, self._relay, backlog.run, *loops]
        )

    async def _relay(self, stop: asyncio.Event) -> None:
        relay = Relay(
            url=self.settings.database(),
            schema=schema_of(self.name),
            publisher=KafkaPublisher(self.broker),
            bell=self.outbox_bell,
        )
        relaying = asyncio.create_task(relay.run(), name="relay")
        stopped = asyncio.create_task(stop.wait())
        # A relay that ends by itself ends the process: without it the outbox would grow in silence.
        await asyncio.wait({relaying, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for task in (relaying, stopped):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await relaying


def schema_of(service: str) -> str:
    """Return the name of a service's schema, which is that of its module."""
    return service.replace("-", "_")


@asynccontextmanager
async def record_service(name: str, settings: ServiceSettings) -> AsyncIterator[RecordService]:
    """Open what a service with records needs; logs go to standard error from here on."""
    configure_logs(service=name, replica=settings.replica, level=settings.log_level)
    schema = schema_of(name)
    kafka = KafkaSettings()
    broker = PatientBroker(kafka, client=settings.replica)
    work_bell, outbox_bell = Bell(), Bell()
    url = settings.database()
    clock = SystemClock()
    async with (
        open_pool(url, schema=schema, max_size=settings.database_pool_size) as pool,
        listening(url, {f"{schema}_work": work_bell, f"{schema}_outbox": outbox_bell}),
    ):
        edge = Edge(
            service=name, broker=broker, pool=pool, clock=clock, settings=kafka, replica=settings.replica
        )
        yield RecordService(
            name=name,
            settings=settings,
            pool=pool,
            broker=broker,
            edge=edge,
            clock=clock,
            work_bell=work_bell,
            outbox_bell=outbox_bell,
        )
