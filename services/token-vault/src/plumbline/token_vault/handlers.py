"""The edge: requests for renewal become noted refusals and due accounts, reports what rotations wait for."""

import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence

from plumbline.common.clock import Clock
from plumbline.common.contracts.operations import RenewCredential, SecretsReport
from plumbline.common.database import Connection, Pool, transaction
from plumbline.common.edge import Received, Record
from plumbline.common.metrics import TOKEN_REFUSALS
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark, resume
from plumbline.token_vault.adapters.refusals import PostgresRefusals
from plumbline.token_vault.adapters.rotations import PostgresRotations
from plumbline.token_vault.domain import slug


def recording(refusals: PostgresRefusals, clock: Clock) -> Record[RenewCredential]:
    """Return the edge of `credentials.commands.v1`. Asking again for one version is no news."""

    async def on_requests(connection: Connection, batch: Sequence[Received[RenewCredential]]) -> None:
        requests = [received.message for received in batch]
        marks = [Mark(r.account, slug(r.account), _cause(r)) for r in requests]
        await mark(connection, marks, now=clock.now())
        for request in requests:
            is_news = await refusals.note(
                connection,
                request.account,
                request.refused_version,
                was_good=request.was_good,
                at=clock.now(),
            )
            if is_news:
                TOKEN_REFUSALS.labels(request.account).inc()

    return on_requests


def _cause(request: RenewCredential) -> str:
    before = ", taken before" if request.was_good else ""
    return f"version {request.refused_version} refused{before}"


def reporting(rotations: PostgresRotations) -> Record[SecretsReport]:
    """Return the edge of `credentials.reports.v1`. Rotations that wait for a report look for it themselves."""

    async def on_reports(connection: Connection, batch: Sequence[Received[SecretsReport]]) -> None:
        await rotations.keep(connection, (received.message for received in batch))

    return on_reports


def looks(accounts: Iterable[str]) -> list[Mark]:
    """Return marks that make every account be looked at once."""
    return [Mark(account, slug(account), f"look {uuid.uuid4()}") for account in accounts]


def waking(pool: Pool, clock: Clock) -> Callable[[str], Awaitable[None]]:
    """Return what has an account looked at anew, and resumed if it waits for a person."""

    async def wake(account: str) -> None:
        now = clock.now()
        async with transaction(pool) as connection:
            await mark(connection, looks([account]), now=now)
            await resume(connection, keys=[account], cause=f"connected {uuid.uuid4()}", now=now)

    return wake
