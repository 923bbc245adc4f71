"""How long a service waits for an access token that lives: cached, as services have it, and read from the store each time.

The store is that of the embedded stack, on its PostgreSQL; Vault answers no sooner. A share of the calls comes from
many tasks at once, as when a writer's calls begin together.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from benchmarks.machine import percentile, report
from plumbline.common.clock import SystemClock
from plumbline.common.contracts.operations import RenewCredential
from plumbline.common.database import open_pool
from plumbline.common.secrets.access import AccountTokens, access_path, access_token, access_values
from plumbline.common.secrets.embedded import SCHEMA, EmbeddedSecretStore, migrate_embedded
from plumbline.common.secrets.tokens import LiveToken
from plumbline.stack.run_folder import run_folder
from plumbline.stack.servers.embedded import start_embedded_postgres
from plumbline.stack.supervisor import Supervisor

ACCOUNT = "quickbooks/9341453000000001"

CALLS = 20_000
"""Calls of each way."""

AT_ONCE = 200
"""Callers that begin together."""

AIM_MS = 5.0
"""The longest wait of all but one in a hundred, cached."""

Way = Callable[[], Awaitable[object]]


async def one_by_one(way: Way, calls: int) -> list[float]:
    """Return how long each call took, in milliseconds."""
    waits = []
    for _ in range(calls):
        began_s = time.perf_counter()
        await way()
        waits.append((time.perf_counter() - began_s) * 1000)
    return waits


async def together(way: Way, calls: int) -> list[float]:
    """Return how long each call took, of callers that begin together."""
    waits: list[float] = []
    for _ in range(calls // AT_ONCE):
        of_each = await asyncio.gather(*(one_by_one(way, 1) for _ in range(AT_ONCE)))
        waits += [wait for (wait,) in of_each]
    return waits


async def ask(request: RenewCredential) -> None:
    """Nothing is refused here."""
    raise AssertionError(f"a renewal of {request.account} was asked for")


async def measured(store: EmbeddedSecretStore) -> list[tuple[object, ...]]:
    """Return the rows of the table."""
    token = LiveToken(SecretStr("x" * 900), 1, datetime.now(UTC) + timedelta(hours=1))
    await store.write(access_path(ACCOUNT), access_values(token), expected_version=None)
    tokens = AccountTokens(store, account=ACCOUNT, asked_by="bench", ask=ask, clock=SystemClock())

    async def read() -> LiveToken | None:
        document = await store.read(access_path(ACCOUNT))
        return access_token(document) if document else None

    first = await one_by_one(tokens.live_token, 1)
    rows = [
        ("cached, the first call", 1, first),
        ("cached", CALLS, await one_by_one(tokens.live_token, CALLS)),
        (f"cached, {AT_ONCE} callers together", CALLS, await together(tokens.live_token, CALLS)),
        ("read each time", CALLS // 10, await one_by_one(read, CALLS // 10)),
        (f"read each time, {AT_ONCE} callers together", CALLS // 10, await together(read, CALLS // 10)),
    ]
    return [
        (name, f"{calls:,}", *(f"{percentile(waits, percent):.4f}" for percent in (50, 99, 100)))
        for name, calls, waits in rows
    ]


async def main() -> int:
    """Measure, and say whether cached reads keep to their aim."""
    with run_folder() as folder:
        async with Supervisor(folder / "logs") as supervisor:
            url = await start_embedded_postgres(supervisor, folder)
            await migrate_embedded(url)
            async with open_pool(url, schema=SCHEMA, max_size=2) as pool:
                table = await measured(EmbeddedSecretStore(pool, key=bytes(32)))
    columns = ["way", "calls", "p50, ms", "p99, ms", "longest, ms"]
    report("tokens", f"Waits for a live access token (aim: cached p99 ≤ {AIM_MS:g} ms)", columns, table)
    cached = [
        float(str(row[3])) for row in table if str(row[0]).startswith("cached") and "first" not in str(row[0])
    ]
    return 0 if max(cached) <= AIM_MS else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
