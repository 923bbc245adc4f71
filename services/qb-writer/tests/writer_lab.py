"""A laboratory for the writer: one realm of the sandbox, a real database, and everything that happened."""

import asyncio
import hashlib
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr
from typing_extensions import override

from plumbline.common.clock import SystemClock
from plumbline.common.connections import ConnectionConfig, Policies, ProcoreSide, QuickBooksSide
from plumbline.common.contracts.ledger import (
    Desired,
    DesiredInvoice,
    DesiredPayment,
    InvoiceLine,
    InvoiceState,
    LedgerCommand,
)
from plumbline.common.database import COMMON_MIGRATIONS, Pool, borrowed, migrate, open_pool, transaction
from plumbline.common.edge import Received
from plumbline.common.listening import Bell
from plumbline.common.reconciling.loop import Claim, Reconciler
from plumbline.common.reconciling.marks import Lane, Mark
from plumbline.common.reconciling.store import WorkStore, mark, resume
from plumbline.common.reconciling.verdicts import Verdict
from plumbline.common.secrets.tokens import LiveToken
from plumbline.qb_writer.adapters.books import RealmBooks
from plumbline.qb_writer.adapters.differences import DriftTable
from plumbline.qb_writer.adapters.files import FileFolder
from plumbline.qb_writer.adapters.governor import Governor
from plumbline.qb_writer.adapters.holdings import QUERIES, HeldDocuments
from plumbline.qb_writer.adapters.ledger import Ledger
from plumbline.qb_writer.adapters.past import KnownPast
from plumbline.qb_writer.adapters.reads import Reads
from plumbline.qb_writer.domain.kinds import kind_of
from plumbline.qb_writer.domain.records import Record
from plumbline.qb_writer.domain.writes import content_of
from plumbline.qb_writer.handlers import recording
from plumbline.qb_writer.service import Comparer, Patience, Reader, Viewer, Writer, comparing, reading
from plumbline.qb_writer.telling import Storyteller
from plumbline.quickbooks.client import QuickBooksClient
from plumbline_sandbox.blueprint import CustomerBlueprint, RealmBlueprint
from plumbline_sandbox.quickbooks.app import build
from plumbline_sandbox.server import ConnectionCutError
from plumbline_sandbox.world import World

REALM = "9341453000000001"
CONNECTION = "lone-star"
READS_PER_MONTH = 1000


class Tokens:
    """A token source that always has the sandbox's first token."""

    async def live_token(self) -> LiveToken:
        return LiveToken(SecretStr("access"), 1, datetime.now(UTC) + timedelta(hours=1))

    async def replace(self, refused: LiveToken, *, was_good: bool = False) -> LiveToken:
        return replace(refused, version=refused.version + 1)


class Hurried(Governor):
    """A governor that lets everybody through: its own tests prove the real one."""

    @override
    async def take_turn(self, realm: str, *, lane: Lane, reads: int) -> None:
        """Wait for nothing."""


class Cutting(httpx.AsyncBaseTransport):
    """Turns the sandbox's cut connection into what a client sees of it."""

    def __init__(self, world: World) -> None:
        self._inner = httpx.ASGITransport(build(world))

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._inner.handle_async_request(request)
        except ConnectionCutError as error:
            raise httpx.ReadError("connection reset", request=request) from error


@dataclass
class WriterLab:
    """One realm, the writer, and everything that happened in it."""

    world: World
    pool: Pool
    ledger: Ledger
    loop: Reconciler
    tell: Storyteller
    customers: dict[str, str]
    items: dict[str, str]
    accounts: dict[str, str]
    vendors: dict[str, str]
    files: Path | None
    past: KnownPast
    viewer: Viewer
    reads: Reads

    @staticmethod
    def message(desired: Desired, version: int, name: str = "1") -> LedgerCommand:
        """Return the command of a version."""
        record = f"{desired.kind}/1/2/{name}"
        return LedgerCommand(
            realm=REALM,
            record=record,
            version=version,
            content_hash=f"{content_of(desired)}{desired.model_dump_json()}"[:200],
            connection=CONNECTION,
            source=f"1/2/payment-applications/{name}",
            provider_time=datetime.now(UTC),
            desired=desired,
            why=("asked by a test",),
        )

    async def command(self, desired: Desired, version: int, name: str = "1") -> None:
        command = self.message(desired, version, name)
        async with transaction(self.pool) as connection:
            await recording(self.ledger, SystemClock())(
                connection, [Received(command, f"{command.record}-{version}", None)]
            )

    async def move_to(self, connection: str) -> None:
        """Let the company have stood under another name in `connections.yaml` so far."""
        async with borrowed(self.pool) as database:
            await database.execute("UPDATE records SET connection = $1", connection)

    async def want(self, desired: Desired, version: int = 1, name: str = "1") -> None:
        """Command, and work until quiet."""
        await self.command(desired, version, name)
        await self.work_until_quiet()

    async def look(self, *, realm: str = REALM) -> int:
        """Have the books looked at now, and work until quiet; return the calls that this took."""
        before = self.calls()
        await self.mark_books(realm)
        await self.work_until_quiet()
        return self.calls() - before

    async def look_once(self) -> None:
        """Have the books looked at now, and do one piece of work."""
        await self.mark_books(REALM)
        await self.loop.work_off()

    async def mark_books(self, realm: str) -> None:
        """Do what a start of the service does."""
        due = Mark(reading.key_of(realm), CONNECTION, f"test {uuid.uuid4()}", lane=Lane.SWEEP)
        async with transaction(self.pool) as connection:
            await mark(connection, [due], now=SystemClock().now())

    def stranger(self, number: str, cents: int = 100_00) -> dict[str, Any]:
        """Return an invoice that a person makes by hand."""
        detail = {"ItemRef": {"value": self.items["Progress billing"]}}
        line = {
            "DetailType": "SalesItemLineDetail",
            "Amount": cents / 100,
            "SalesItemLineDetail": detail,
        }
        return {"CustomerRef": {"value": self.customers["Alamo"]}, "DocNumber": number, "Line": [line]}

    async def compare(self) -> list[Mapping[str, Any]]:
        """Compare the books as they are known with what they should be; return what is open."""
        due = Mark(comparing.key_of(REALM), CONNECTION, f"test {uuid.uuid4()}", lane=Lane.SWEEP)
        async with transaction(self.pool) as connection:
            await mark(connection, [due], now=SystemClock().now())
        await self.work_until_quiet()
        return await DriftTable(self.pool).open(CONNECTION, limit=100)

    async def work_until_quiet(self, tries: int = 60) -> None:
        """Work until nothing is due within a second; what only waits for a later look is quiet."""
        for _ in range(tries):
            await self.loop.work_off()
            async with borrowed(self.pool) as connection:
                waits = await connection.fetchval(
                    "SELECT extract(epoch FROM min(due_at) - now()) FROM work "
                    "WHERE due_at IS NOT NULL AND NOT (rests AND due_at > now())"
                )
            if waits is None or waits > 1:
                return
            await asyncio.sleep(max(0.0, float(waits)) + 0.01)

    async def next_look(self) -> None:
        """Let the time come for what only waits for a later look, and work until quiet."""
        async with borrowed(self.pool) as connection:
            await connection.execute("UPDATE work SET due_at = now() WHERE due_at IS NOT NULL")
        await self.work_until_quiet()

    async def resume(self, name: str) -> None:
        """Do what an operator does who has read a parked record, and work until quiet."""
        async with transaction(self.pool) as connection:
            resumed = await resume(
                connection,
                keys=[f"{REALM}/{name}"],
                cause=f"operator {datetime.now(UTC).timestamp()}",
                now=SystemClock().now(),
            )
        assert resumed, f"{name} was not parked"
        await self.work_until_quiet()

    async def record(self, name: str) -> Record:
        record = await self.ledger.load(f"{REALM}/{name}")
        assert record is not None
        return record

    def all(self, entity: str) -> list[dict[str, Any]]:
        return self.world.quickbooks.dump(REALM, entity)

    def held(self, entity: str) -> list[dict[str, Any]]:
        """Return what QuickBooks holds that carries our marker, voided or not."""
        notes = ("PrivateNote", "Note")
        return [
            body for body in self.all(entity) if any("plumbline:" in str(body.get(note)) for note in notes)
        ]

    def only(self, desired: Desired) -> dict[str, Any]:
        """Return the one document that QuickBooks holds of a kind."""
        (body,) = self.held(kind_of(desired).entity)
        return body

    def person(self, entity: str, body: dict[str, Any], operation: str = "") -> dict[str, Any]:
        """Do what a bookkeeper does."""
        return self.world.quickbooks.person(REALM, entity, body, operation)

    def configure(self, **settings: Any) -> None:
        self.world.quickbooks.configure(REALM, **settings)

    def invoices(self) -> list[dict[str, Any]]:
        return self.all("Invoice")

    def payments(self) -> list[dict[str, Any]]:
        return self.all("Payment")

    def mails(self) -> int:
        return len([e for e in self.world.journal.since(0) if e.kind == "mail"])

    def commits(self) -> Counter[str]:
        entries = [e for e in self.world.journal.since(0) if e.kind == "commit"]
        return Counter(
            f"{e.facts['entity']} {e.facts['change']}" for e in entries if e.facts.get("origin") == "api"
        )

    def calls(self) -> int:
        return len([e for e in self.world.journal.since(0) if e.kind == "answer"])

    async def parked(self) -> dict[str, str]:
        async with borrowed(self.pool) as connection:
            rows = await connection.fetch("SELECT key, announced_code FROM work WHERE parked_at IS NOT NULL")
        return {row["key"].removeprefix(f"{REALM}/"): row["announced_code"] for row in rows}

    async def reason(self, name: str) -> str:
        """Return what a person reads about a parked record."""
        async with borrowed(self.pool) as connection:
            said = await connection.fetchval(
                "SELECT announced_reason FROM work WHERE key = $1", f"{REALM}/{name}"
            )
        return str(said)

    def fault(self, name: str, times: int = 1, path: str = "", **args: Any) -> None:
        match = {"provider": "quickbooks", "method": "POST"} | ({"path": path} if path else {})
        self.world.faults.add({"name": name, "match": match, "times": times, "args": args})

    def file(self, content: bytes) -> str:
        """Put a file where files are kept; return its hash."""
        sha256 = hashlib.sha256(content).hexdigest()
        assert self.files is not None
        folder = self.files / sha256[:2]
        folder.mkdir(exist_ok=True)
        (folder / sha256).write_bytes(content)
        return sha256

    def wish(
        self, state: InvoiceState = InvoiceState.OPEN, cents: int = 125_050, customer: str = "Alamo"
    ) -> DesiredInvoice:
        return DesiredInvoice(
            state=state,
            number="P100-INV-1",
            customer_id=self.customers[customer],
            issued_on=date(2026, 10, 31),
            due_on=date(2026, 11, 30),
            lines=(
                InvoiceLine(
                    description="Concrete", amount_cents=cents, item_id=self.items["Progress billing"]
                ),
                InvoiceLine(
                    description="Retainage held", amount_cents=-5_000, item_id=self.items["Retainage"]
                ),
            ),
            tax_cents=825,
            total_cents=cents - 5_000 + 825,
        )

    def payment(self) -> DesiredPayment:
        return DesiredPayment(
            invoice="invoice/1/2/1",
            customer_id=self.customers["Alamo"],
            received_on=date(2026, 11, 15),
            deposit_account_id=self.accounts["Undeposited Funds"],
        )


@asynccontextmanager
async def writer_lab(
    database_url: str,
    policies: Policies,
    *,
    files: Path | None = None,
    governed: bool = True,
    live: bool = True,
    grace: timedelta = timedelta(0),
) -> AsyncIterator[WriterLab]:
    """Found a realm and a writer of it.

    Args:
        database_url: an empty database.
        policies: the company's.
        files: where the files are that can be attached.
        live: whether the company is written to already.
        governed: whether calls keep to the realm's limits, as the real ones do.
        grace: business time that a change may be under way before it is a difference.
    """
    config = ConnectionConfig(
        name=CONNECTION,
        procore=ProcoreSide(account="procore/1", company_id="1", projects=("2",)),
        quickbooks=QuickBooksSide(realm=REALM),
        policies=policies,
    )
    world = World(seed=7)
    seeded = world.quickbooks.seed(
        RealmBlueprint(
            id=REALM,
            name="Lone Star East",
            client_id="c",
            client_secret="s",
            access_token="access",
            refresh_token="refresh",
            customers=(
                CustomerBlueprint("Alamo", "ap@alamo.example", ("TX01 Depot",)),
                CustomerBlueprint("Mute", None, ()),
            ),
        )
    )
    if not governed:
        world.limits.configure({"quickbooks": {"per_second": 10**6, "per_minute": 10**6}})
    vendors = {v["DisplayName"]: v["Id"] for v in world.quickbooks.dump(REALM, "Vendor")}
    await migrate(database_url, schema="qb_writer", packages=[*COMMON_MIGRATIONS, "plumbline.qb_writer"])
    async with (
        open_pool(database_url, schema="qb_writer") as pool,
        httpx.AsyncClient(transport=Cutting(world), base_url="https://quickbooks.example") as http,
    ):
        ledger, holdings, past = Ledger(pool), HeldDocuments(pool), KnownPast(pool)
        if live:
            async with transaction(pool) as connection:
                await connection.execute(QUERIES["begin"], CONNECTION, date.min, datetime.now(UTC), None)
        tokens = Tokens()
        governor = Governor(pool) if governed else Hurried(pool)
        turn = partial(governor.take_turn, REALM, lane=Lane.LIVE, reads=0)
        client = QuickBooksClient(http, tokens, realm_id=REALM, deadline_s=2, turn=turn)
        reads = Reads(pool=pool, app_of=str, per_month=READS_PER_MONTH)

        async def books(_: str, lane: Lane) -> RealmBooks:
            return RealmBooks(
                realm=REALM,
                lane=lane,
                client=client,
                tokens=tokens,
                governor=governor,
                reads=reads,
                clock=SystemClock(),
                send_within=timedelta(seconds=10),
            )

        short = timedelta(milliseconds=100)
        viewer = Viewer(records=ledger, past=past, books=books, policies=lambda _: policies)
        writer = Writer(
            records=ledger,
            following=ledger,
            viewer=viewer,
            files=FileFolder(files),
            clock=SystemClock(),
            patience=Patience(settle=short, gate=short, payment=short * 3, invoice=short),
        )
        reader = Reader(
            holdings=holdings,
            books=books,
            realms={REALM},
            clock=SystemClock(),
            look=timedelta(hours=1),
        )

        comparer = Comparer(
            differences=DriftTable(pool),
            connections=lambda realm: config if realm == REALM else None,
            clock=SystemClock(),
            grace=grace,
            every=timedelta(hours=1),
        )

        async def converge(claim: Claim) -> Verdict:
            if reading.is_reading(claim.key):
                return await reader.converge(claim)
            if comparing.is_comparing(claim.key):
                return await comparer.compare(claim)
            return await writer.converge(claim)

        store = WorkStore(pool, replica="writer-1", lease=timedelta(seconds=10), per_connection=8)
        loop = Reconciler(
            service="qb-writer",
            store=store,
            handler=converge,
            clock=SystemClock(),
            bell=Bell(),
            concurrency=4,
        )
        yield WriterLab(
            world,
            pool,
            ledger,
            loop,
            Storyteller(ledger, holdings),
            {**seeded.customers, **seeded.jobs},
            seeded.items,
            seeded.accounts,
            vendors,
            files,
            past,
            viewer,
            reads,
        )
