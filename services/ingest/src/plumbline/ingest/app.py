"""Wiring of ingest: the only place that knows every part."""

import uuid
from collections.abc import Collection, Sequence
from datetime import timedelta

from plumbline.common.clock import SystemClock
from plumbline.common.connections import Connections, load_connections
from plumbline.common.database import COMMON_MIGRATIONS, migrate, transaction
from plumbline.common.http import partner_client
from plumbline.common.kafka import KafkaPublisher, KafkaWatch, PatientBroker
from plumbline.common.logs import configure_logs
from plumbline.common.operator import operator_app
from plumbline.common.process import Process
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark
from plumbline.common.secrets.access import asking_over_kafka
from plumbline.common.secrets.opening import open_secret_store
from plumbline.common.secrets.webhooks import WebhookSecrets
from plumbline.common.service import Pace, record_service, schema_of
from plumbline.common.settings import KafkaSettings
from plumbline.ingest.adapters.looks import PostgresLooks
from plumbline.ingest.domain.messages import SERVICE
from plumbline.ingest.handlers.procore import ProcoreHooks
from plumbline.ingest.handlers.quickbooks import SOURCE as QUICKBOOKS
from plumbline.ingest.handlers.quickbooks import IntuitNotifications
from plumbline.ingest.handlers.route import WebhookRoute
from plumbline.ingest.reporting import Addressee, SecretReports, SecretWatch
from plumbline.ingest.service import SOURCE as PROCORE
from plumbline.ingest.service import SubscriptionKeeper, key_of
from plumbline.ingest.settings import Settings
from plumbline.procore.connected import clients_of

SCHEMA = schema_of(SERVICE)
"""Where its tables are."""

MIGRATIONS = (*COMMON_MIGRATIONS, "plumbline.ingest")
"""The packages whose tables it has."""


async def bring_up_to_date(settings: Settings) -> None:
    """Apply the migrations; safe to run at once from many places and again at any time."""
    await migrate(settings.database(), schema=SCHEMA, packages=MIGRATIONS)


async def run(settings: Settings) -> None:
    """Take webhooks until SIGTERM."""
    configure_logs(service=SERVICE, replica=settings.replica, level=settings.log_level)
    clock = SystemClock()
    broker = PatientBroker(KafkaSettings(), client=settings.replica)
    process = Process(settings)
    watch = KafkaWatch(broker, clock=clock, patience=timedelta(seconds=settings.kafka_patience_s))

    def not_ready() -> str | None:
        return process.not_ready() or watch.not_ready()

    connections = load_connections(settings.config_dir)
    async with open_secret_store(settings) as store:
        secrets = WebhookSecrets(store, clock=clock)
        reports = SecretReports(
            secrets,
            addressees(connections),
            replica=settings.replica,
            publisher=KafkaPublisher(broker),
            clock=clock,
            every_s=settings.secrets_look_s,
        )
        procore = WebhookRoute(
            ProcoreHooks(connections, secrets),
            publisher=KafkaPublisher(broker, timeout_s=settings.publish_timeout_s),
            clock=clock,
            limits=settings.limits,
            otherwise=operator_app(
                service=SERVICE, token=settings.operator_token(), ready=not_ready, routes=[]
            ),
        )
        quickbooks = WebhookRoute(
            IntuitNotifications(connections, secrets, saw=reports.saw),
            publisher=KafkaPublisher(broker, timeout_s=settings.quickbooks_publish_timeout_s),
            clock=clock,
            limits=settings.quickbooks_limits,
            otherwise=procore,
        )
        await process.run(app=quickbooks, broker=broker, loops=[watch.run, reports.run])


def addressees(connections: Connections) -> list[Addressee]:
    """Return whose webhooks come here: every connection's from Procore, every app's from QuickBooks."""
    apps = {connection.quickbooks.app for connection in connections} - {None}
    return [*((PROCORE, c.name) for c in connections), *((QUICKBOOKS, app) for app in sorted(map(str, apps)))]


async def keep_hooks(settings: Settings) -> None:
    """Keep every project's subscription until SIGTERM."""
    connections = load_connections(settings.config_dir)
    async with (
        record_service(SERVICE, settings) as service,
        open_secret_store(settings) as store,
        partner_client(settings.procore_url) as http,
    ):
        clients = clients_of(
            connections,
            http,
            store,
            asked_by=SERVICE,
            ask=asking_over_kafka(KafkaPublisher(service.broker), clock=service.clock),
            clock=service.clock,
            deadline_s=settings.call_deadline_s,
        )
        secrets = WebhookSecrets(store, clock=service.clock)
        keeper = SubscriptionKeeper(
            connections=connections,
            subscriptions=lambda connection: clients[connection.name],
            secrets=secrets,
            looks=PostgresLooks(service.pool),
            clock=service.clock,
            namespace=settings.webhook_namespace,
            public_url=settings.public_url,
            recheck=timedelta(seconds=settings.hooks_recheck_s),
        )

        async def look_at(names: Collection[str], *, cause: str) -> None:
            chosen = [connection for connection in connections if connection.name in names]
            marks = [Mark(key_of(c, p), c.name, cause) for c in chosen for p in c.procore.projects]
            async with transaction(service.pool) as connection:
                await mark(connection, marks, now=service.clock.now())

        async def changed(names: Sequence[str]) -> None:
            await look_at(names, cause=f"another secret {uuid.uuid4()}")

        names = [connection.name for connection in connections]
        await look_at(names, cause=f"start {uuid.uuid4()}")
        watched = [(PROCORE, name) for name in names]
        watch = SecretWatch(secrets, watched, changed, every_s=settings.secrets_look_s)
        # Many calls make up one subscription.
        lease = timedelta(seconds=20 * settings.call_deadline_s)
        await service.run(
            handler=keeper.converge,
            tell=keeper.tell,
            pace=Pace(concurrency=4, per_connection=2, lease=lease),
            loops=[watch.run],
        )
