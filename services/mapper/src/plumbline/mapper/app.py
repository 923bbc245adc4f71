"""The mapper, put together."""

from collections.abc import Iterable
from pathlib import Path

from plumbline.common.clock import SystemClock
from plumbline.common.connections import Connections, load_connections
from plumbline.common.contracts.procore import ProcoreChanged
from plumbline.common.contracts.topics import PROCORE_EVENTS
from plumbline.common.database import COMMON_MIGRATIONS, migrate, open_pool
from plumbline.common.http import partner_client, partner_time
from plumbline.common.kafka import KafkaPublisher
from plumbline.common.reconciling.loop import Claim, Handler
from plumbline.common.reconciling.verdicts import Verdict
from plumbline.common.secrets.access import AccountTokens, asking_over_kafka
from plumbline.common.secrets.opening import open_secret_store
from plumbline.common.service import Pace, RecordService, record_service, schema_of
from plumbline.mapper.adapters.files import load_status_map, read_links
from plumbline.mapper.adapters.links import PostgresLinks
from plumbline.mapper.adapters.procore import Clients, ProcoreDirectory, ProcoreInvoices
from plumbline.mapper.adapters.records import PostgresRecords
from plumbline.mapper.handlers import LinkRoutes, recording
from plumbline.mapper.service import Linking, Mapper
from plumbline.mapper.settings import MapperSettings
from plumbline.procore import ProcoreClient

NAME = "mapper"
"""What the service is called in messages, metrics and logs."""

SCHEMA = schema_of(NAME)
"""Where its tables are."""

MIGRATIONS = (*COMMON_MIGRATIONS, "plumbline.mapper")
"""The packages whose tables it has."""
