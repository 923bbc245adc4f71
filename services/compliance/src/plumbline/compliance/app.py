"""Compliance, put together."""

from collections.abc import Mapping
from typing import Any

from plumbline.common.database import COMMON_MIGRATIONS, migrate
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.verdicts import Done, Verdict
from plumbline.common.service import Pace, record_service, schema_of
from plumbline.compliance.settings import Settings

NAME = "compliance"
"""What the service is called in messages, metrics and logs."""

SCHEMA = schema_of(NAME)
"""Where its tables are."""

MIGRATIONS = (*COMMON_MIGRATIONS, "plumbline.compliance")
"""The packages whose tables it has."""


async def bring_up_to_date(settings: Settings) -> None:
    """Apply the migrations; safe to run at once from many places and again at any time."""
    await migrate(settings.database(), schema=SCHEMA, packages=MIGRATIONS)


async def run(settings: Settings) -> None:
    """Run compliance until SIGTERM."""
    async with record_service(NAME, settings) as service:
        await service.run(
            handler=_handler,
            tell=_tell,
            pace=Pace(settings.concurrency, settings.per_connection, settings.lease),
        )


async def _handler(claim: Claim) -> Verdict:
    del claim
    return Done()


async def _tell(key: str) -> Mapping[str, Any] | None:
    del key
    return None
