"""What tests of the safe share: a safe over any store, on a database of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from plumbline.common.database import COMMON_MIGRATIONS, Pool
from plumbline.common.secrets.data_keys import DataKeys, FileDataKeys
from plumbline.common.secrets.keyfile import KeyFile, make_key_file
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.database import service_pool
from plumbline.compliance.adapters.safe.belonging import MARK
from plumbline.compliance.adapters.safe.objects import Objects, StoredObject
from plumbline.compliance.adapters.safe.opening import OpenSafe, put_together
from plumbline.compliance.adapters.safe.papers import PaperSafe
from plumbline.compliance.adapters.safe.rounds import load_retention
from plumbline.compliance.adapters.safe.settings import SafeSettings
from plumbline.compliance.ports.safe import About
from plumbline.stack.servers.s3 import BUCKET, S3Address

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


CONFIG = Path(__file__).parents[3] / "config"


@dataclass
class Lab:
    """A safe, and what is under it."""

    whole: OpenSafe
    objects: Objects
    keys: DataKeys
    pool: Pool
    clock: FakeClock

    @property
    def safe(self) -> PaperSafe:
        return self.whole.papers

    async def stored(self) -> list[StoredObject]:
        return [item async for page in self.objects.every() for item in page if item.name != MARK]

    def again(
        self, keys: DataKeys | None = None, *, objects: Objects | None = None, pool: Pool | None = None
    ) -> PaperSafe:
        """Return the safe as another replica has it."""
        return whole(objects or self.objects, keys or self.keys, pool or self.pool, self.clock).papers


def whole(objects: Objects, keys: DataKeys, pool: Pool, clock: FakeClock) -> OpenSafe:
    retention = load_retention(CONFIG)
    return put_together(objects=objects, keys=keys, retention=retention, pool=pool, clock=clock)


@asynccontextmanager
async def opened_lab(
    url: str, objects: Objects, folder: Path, *, clock: FakeClock | None = None
) -> AsyncIterator[Lab]:
    make_key_file(folder / "safe-key")
    keys, clock = FileDataKeys(KeyFile(folder / "safe-key")), clock or FakeClock()
    async with compliance_pool(url) as pool:
        yield Lab(whole(objects, keys, pool, clock), objects, keys, pool, clock)


@asynccontextmanager
async def compliance_pool(url: str) -> AsyncIterator[Pool]:
    packages = (*COMMON_MIGRATIONS, "plumbline.compliance")
    async with service_pool(url, schema="compliance", packages=packages) as pool:
        yield pool


def s3_settings(s3: S3Address, folder: Path) -> SafeSettings:
    """Return the settings of a store with a part of the bucket for itself."""
    (folder / "s3-access").write_text(s3.access_key)
    (folder / "s3-secret").write_text(s3.secret_key)
    return SafeSettings(
        safe_url=f"s3://{BUCKET}/{uuid4().hex}?endpoint={s3.endpoint}",
        safe_access_key_file=folder / "s3-access",
        safe_secret_key_file=folder / "s3-secret",
    )
