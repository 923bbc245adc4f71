"""What tests of the safe share: a safe over any store, on a database of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from plumbline.common.database import COMMON_MIGRATIONS, Pool
from plumbline.common.secrets.data_keys import DataKeys, FileDataKeys
from plumbline.common.secrets.keyfile import KeyFile, make_key_file
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.database import service_pool
from plumbline.compliance.adapters.safe.keys import ConnectionKeys
from plumbline.compliance.adapters.safe.objects import Objects, StoredObject
from plumbline.compliance.adapters.safe.papers import PaperSafe
from plumbline.compliance.ports import About

CONNECTION = "lone-star-east"
OTHER = "buckeye"
CONTENT = b"%PDF-1.7 conditional waiver and release on progress payment"
ABOUT = About(
    connection=CONNECTION,
    kind="lien_waiver.conditional_progress",
    company_id="4001",
    project_id="1001",
    project="1001 Travis Tower",
    project_state="TX",
    vendor="88",
    period="2026-11",
    file_name="waiver.pdf",
)


@dataclass
class Lab:
    """A safe, and what is under it."""

    safe: PaperSafe
    objects: Objects
    keys: DataKeys
    pool: Pool
    clock: FakeClock

    async def stored(self) -> list[StoredObject]:
        return [item async for page in self.objects.every() for item in page]

    def again(self, keys: DataKeys | None = None) -> PaperSafe:
        """Return the safe as another replica has it."""
        return safe_over(self.objects, keys or self.keys, self.pool, self.clock)


def safe_over(objects: Objects, keys: DataKeys, pool: Pool, clock: FakeClock) -> PaperSafe:
    connection_keys = ConnectionKeys(pool, keys)
    return PaperSafe(objects=objects, keys=keys, connection_keys=connection_keys, pool=pool, clock=clock)


@asynccontextmanager
async def opened_lab(url: str, objects: Objects, folder: Path) -> AsyncIterator[Lab]:
    make_key_file(folder / "safe-key")
    keys, clock = FileDataKeys(KeyFile(folder / "safe-key")), FakeClock()
    async with compliance_pool(url) as pool:
        yield Lab(safe_over(objects, keys, pool, clock), objects, keys, pool, clock)


@asynccontextmanager
async def compliance_pool(url: str) -> AsyncIterator[Pool]:
    packages = (*COMMON_MIGRATIONS, "plumbline.compliance")
    async with service_pool(url, schema="compliance", packages=packages) as pool:
        yield pool
