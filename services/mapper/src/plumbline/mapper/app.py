"""The mapper, put together."""

from pathlib import Path

from plumbline.common.clock import SystemClock
from plumbline.common.connections import load_connections
from plumbline.common.contracts.procore import ProcoreChanged
from plumbline.common.contracts.topics import PROCORE_EVENTS
from plumbline.common.database import COMMON_MIGRATIONS, migrate, open_pool
from plumbline.common.http import partner_client, partner_time
from plumbline.common.kafka import KafkaPublisher
from plumbline.common.reconciling.loop import Claim, Handler
from plumbline.common.reconciling.verdicts import Verdict
from plumbline.common.secrets.access import asking_over_kafka
from plumbline.common.secrets.opening import open_secret_store
from plumbline.common.service import Pace, record_service, schema_of
from plumbline.mapper.adapters.files import load_status_map, read_links
from plumbline.mapper.adapters.links import PostgresLinks
from plumbline.mapper.adapters.procore import ProcoreDirectory, ProcoreInvoices
from plumbline.mapper.adapters.records import PostgresRecords
from plumbline.mapper.handlers import LinkRoutes, recording
from plumbline.mapper.service import Linking, Mapper
from plumbline.mapper.settings import Settings
from plumbline.procore.connected import clients_of

NAME = "mapper"
"""What the service is called in messages, metrics and logs."""

SCHEMA = schema_of(NAME)
"""Where its tables are."""

MIGRATIONS = (*COMMON_MIGRATIONS, "plumbline.mapper")
"""The packages whose tables it has."""


async def bring_up_to_date(settings: Settings) -> None:
    """Apply the migrations; safe to run at once from many places and again at any time."""
    await migrate(settings.database(), schema=SCHEMA, packages=MIGRATIONS)


async def import_links(settings: Settings, path: Path) -> str:
    """Make the links of a CSV file, all or none; return what happened in one sentence.

    Raises:
        ConfigurationError: needs a person; the file, or a connection it names, is wrong.
        DatabaseUnavailableError: transient; repeat the command.
    """
    links = read_links(path)
    async with open_pool(settings.database(), schema=SCHEMA, max_size=2) as pool:
        linking = Linking(
            connections=load_connections(settings.config_dir), links=PostgresLinks(pool, SystemClock())
        )
        resumed = await linking.make(links)
    return f"{len(links)} links made; {len(resumed)} records go on."


async def run(settings: Settings) -> None:
    """Run the mapper until SIGTERM."""
    connections = load_connections(settings.config_dir)
    status_map = load_status_map(settings.config_dir)
    async with (
        record_service(NAME, settings) as service,
        open_secret_store(settings) as store,
        partner_client(settings.procore_url) as http,
    ):
        clients = clients_of(
            connections,
            http,
            store,
            asked_by=NAME,
            ask=asking_over_kafka(KafkaPublisher(service.broker), clock=service.clock),
            clock=service.clock,
            deadline_s=settings.procore_deadline_s,
        )
        links = PostgresLinks(service.pool, service.clock)
        mapper = Mapper(
            connections=connections,
            status_map=status_map,
            invoices=ProcoreInvoices(clients),
            directory=ProcoreDirectory(clients, remembered_s=settings.remembered_s),
            records=PostgresRecords(service.pool),
            links=links,
            clock=service.clock,
            pauses=settings.pauses,
        )
        service.edge.subscribe(PROCORE_EVENTS, ProcoreChanged, recording(service.clock))
        await service.run(
            handler=timed(mapper),
            tell=mapper.tell,
            pace=Pace(settings.concurrency, settings.per_connection, settings.lease),
            routes=LinkRoutes(Linking(connections=connections, links=links)).routes(),
        )


def timed(mapper: Mapper) -> Handler:
    """Return the loop's handler: the use case, with its partner time measured."""

    async def handler(claim: Claim) -> Verdict:
        with partner_time() as spent:
            return await mapper.work(claim.row, spent)

    return handler
