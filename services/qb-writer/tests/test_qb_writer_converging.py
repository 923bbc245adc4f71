"""The writer against the sandbox's QuickBooks and a real PostgreSQL: one effect, whatever happens."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from typing_extensions import override

from plumbline.common.clock import SystemClock
from plumbline.common.connections import Policies
from plumbline.common.contracts.ledger import (
    DesiredInvoice,
    DesiredPayment,
    InvoiceLine,
    InvoiceState,
    LedgerCommand,
)
from plumbline.common.database import COMMON_MIGRATIONS, Pool, borrowed, migrate, open_pool, transaction
from plumbline.common.edge import Received
from plumbline.common.listening import Bell
from plumbline.common.reconciling.loop import Reconciler
from plumbline.common.reconciling.store import WorkStore, resume
from plumbline.common.secrets.tokens import LiveToken
from plumbline.qb_writer.adapters.books import Governor, RealmBooks
from plumbline.qb_writer.adapters.ledger import Ledger
from plumbline.qb_writer.domain.writes import content_of
from plumbline.qb_writer.handlers import recording
from plumbline.qb_writer.service import Patience, Writer
from plumbline.qb_writer.telling import Storyteller
from plumbline.quickbooks.client import QuickBooksClient
from plumbline_sandbox.blueprint import CustomerBlueprint, RealmBlueprint
from plumbline_sandbox.quickbooks.app import build
from plumbline_sandbox.server import ConnectionCutError
from plumbline_sandbox.world import World

REALM = "9341453000000001"
CONNECTION = "lone-star"


class Tokens:
    """A token source that always has the sandbox's first token."""

    async def live_token(self) -> LiveToken:
        return LiveToken(SecretStr("access"), 1, datetime.now(UTC) + timedelta(hours=1))

    async def replace(self, refused: LiveToken) -> LiveToken:
        return replace(refused, version=refused.version + 1)


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
class Laboratory:
    """One realm, the writer, and everything that happened in it."""

    world: World
    pool: Pool
    ledger: Ledger
    loop: Reconciler
    tell: Storyteller
    customers: dict[str, str]
    items: dict[str, str]
    accounts: dict[str, str]
    http: httpx.AsyncClient

    async def command(self, desired: DesiredInvoice | DesiredPayment, version: int, name: str = "1") -> None:
        record = f"{desired.kind}/1/2/{name}"
        command = LedgerCommand(
            realm=REALM,
            record=record,
            version=version,
            content_hash=f"{content_of(desired)}{desired.model_dump_json()}"[:200],
            connection=CONNECTION,
            source=f"1/2/payment-applications/{name}",
            needs=(desired.invoice,) if isinstance(desired, DesiredPayment) else (),
            provider_time=datetime.now(UTC),
            desired=desired,
            why=("asked by a test",),
        )
        async with transaction(self.pool) as connection:
            await recording(self.ledger, SystemClock())(
                connection, [Received(command, f"{record}-{version}", None)]
            )

    async def work_until_quiet(self, tries: int = 60) -> None:
        """Work until nothing is due within a second."""
        for _ in range(tries):
            await self.loop.work_off()
            async with borrowed(self.pool) as connection:
                waits = await connection.fetchval(
                    "SELECT extract(epoch FROM min(due_at) - now()) FROM work WHERE due_at IS NOT NULL"
                )
            if waits is None or waits > 1:
                return
            await asyncio.sleep(max(0.0, float(waits)) + 0.01)

    def invoices(self) -> list[dict[str, Any]]:
        return self.world.quickbooks.dump(REALM, "Invoice")

    def payments(self) -> list[dict[str, Any]]:
        return self.world.quickbooks.dump(REALM, "Payment")

    def mails(self) -> int:
        return len([e for e in self.world.journal.since(0) if e.kind == "mail"])

    def commits(self) -> Counter[str]:
        entries = [e for e in self.world.journal.since(0) if e.kind == "commit"]
        return Counter(
            f"{e.facts['entity']} {e.facts.get('action', '')}"
            for e in entries
            if e.facts.get("origin") == "api"
        )

    async def parked(self) -> dict[str, str]:
        async with borrowed(self.pool) as connection:
            rows = await connection.fetch("SELECT key, announced_code FROM work WHERE parked_at IS NOT NULL")
        return {row["key"].removeprefix(f"{REALM}/"): row["announced_code"] for row in rows}

    def fault(self, name: str, times: int = 1, **args: Any) -> None:
        self.world.faults.add(
            {
                "name": name,
                "match": {"provider": "quickbooks", "method": "POST"},
                "times": times,
                "args": args,
            }
        )

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


@pytest.fixture
def policies() -> Policies:
    return Policies()


@pytest.fixture
async def lab(database_url: str, policies: Policies) -> AsyncIterator[Laboratory]:
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
                CustomerBlueprint("Alamo", "ap@alamo.example", ()),
                CustomerBlueprint("Mute", None, ()),
            ),
        )
    )
    await migrate(database_url, schema="qb_writer", packages=[*COMMON_MIGRATIONS, "plumbline.qb_writer"])
    async with (
        open_pool(database_url, schema="qb_writer") as pool,
        httpx.AsyncClient(transport=Cutting(world), base_url="https://quickbooks.example") as http,
    ):
        ledger = Ledger(pool)
        tokens = Tokens()
        governor = Governor(pool)
        client = QuickBooksClient(
            http, tokens, realm_id=REALM, deadline_s=2, turn=partial(governor.take_turn, REALM)
        )
        realm_books = RealmBooks(
            realm=REALM,
            client=client,
            tokens=tokens,
            governor=governor,
            clock=SystemClock(),
            send_within=timedelta(seconds=10),
        )

        async def books(_: str) -> RealmBooks:
            return realm_books

        short = timedelta(milliseconds=100)
        writer = Writer(
            records=ledger,
            following=ledger,
            books=books,
            policies=lambda _: policies,
            clock=SystemClock(),
            patience=Patience(settle=short, gate=short, payment=short * 3, invoice=short),
        )
        store = WorkStore(pool, replica="writer-1", lease=timedelta(seconds=10), per_connection=8)
        loop = Reconciler(
            service="qb-writer",
            store=store,
            handler=writer.converge,
            clock=SystemClock(),
            bell=Bell(),
            concurrency=4,
        )
        yield Laboratory(
            world,
            pool,
            ledger,
            loop,
            Storyteller(ledger),
            seeded.customers,
            seeded.items,
            seeded.accounts,
            http,
        )


async def test_open_invoice_is_created_once_with_its_amounts(lab: Laboratory) -> None:
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    [invoice] = lab.invoices()
    assert (invoice["TotalAmt"], invoice["Balance"], invoice["DocNumber"]) == (1208.75, 1208.75, "P100-INV-1")
    assert invoice["PrivateNote"] == "plumbline:invoice/1/2/1#1"
    assert lab.mails() == 0


async def test_command_seen_twice_changes_nothing(lab: Laboratory) -> None:
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    calls = len(list(lab.world.journal.since(0)))
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    assert len(list(lab.world.journal.since(0))) == calls


async def test_older_version_is_dropped(lab: Laboratory) -> None:
    await lab.command(lab.wish(cents=200_000), 2)
    await lab.command(lab.wish(cents=100_000), 1)
    await lab.work_until_quiet()
    assert [i["TotalAmt"] for i in lab.invoices()] == [1958.25]


@pytest.mark.parametrize(
    ("fault", "args"),
    [
        ("lose-answer", {}),
        ("lose-request", {}),
        ("status-after-commit", {"status": 500}),
        ("status", {"status": 503}),
        ("html", {}),
        ("throttle", {"retry_after": 1}),
        ("refuse-token", {}),
        ("refuse-token", {"after_commit": True}),
    ],
)
async def test_fault_on_create_leaves_one_invoice(lab: Laboratory, fault: str, args: dict[str, Any]) -> None:
    lab.fault(fault, **args)
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    assert lab.world.faults.totals == {fault: 1}
    assert [i["TotalAmt"] for i in lab.invoices()] == [1208.75]
    assert await lab.parked() == {}


async def test_correction_while_create_is_unknown_ends_in_one_invoice(lab: Laboratory) -> None:
    lab.world.quickbooks.configure(REALM, duplicate_check=False)
    lab.fault("lose-answer")
    await lab.command(lab.wish(), 1)
    await lab.loop.work_off()
    await lab.command(lab.wish(cents=300_000), 2)
    await lab.work_until_quiet()
    assert [i["TotalAmt"] for i in lab.invoices()] == [2958.25]


async def test_forgotten_request_id_is_covered_by_the_look_up(lab: Laboratory) -> None:
    lab.world.quickbooks.configure(REALM, duplicate_check=False, requestid_ttl_s=0)
    lab.fault("lose-answer")
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    assert len(lab.invoices()) == 1


async def test_lagging_index_is_covered_by_the_request_id(lab: Laboratory) -> None:
    lab.world.quickbooks.configure(REALM, duplicate_check=False, index_lag_s=60)
    lab.fault("lose-answer")
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    assert len(lab.invoices()) == 1


async def test_sent_mails_once_even_when_the_answer_is_lost(lab: Laboratory) -> None:
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    lab.fault("lose-answer")
    await lab.command(lab.wish(InvoiceState.SENT), 2)
    await lab.work_until_quiet()
    assert [i["EmailStatus"] for i in lab.invoices()] == ["EmailSent"]
    assert lab.mails() == 1


async def test_customer_without_email_parks_in_words_and_keeps_the_invoice(lab: Laboratory) -> None:
    await lab.command(lab.wish(InvoiceState.SENT, customer="Mute"), 1)
    await lab.work_until_quiet()
    assert await lab.parked() == {"invoice/1/2/1": "customer-has-no-email"}
    assert len(lab.invoices()) == 1
    assert lab.mails() == 0


async def test_number_taken_by_a_stranger_parks_and_resumes_once_it_is_free(lab: Laboratory) -> None:
    line = {
        "Amount": 10,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": lab.items["Services"]}},
    }
    stranger = lab.world.quickbooks.person(
        REALM,
        "Invoice",
        {"CustomerRef": {"value": lab.customers["Mute"]}, "DocNumber": "p100-inv-1", "Line": [line]},
    )
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    assert await lab.parked() == {"invoice/1/2/1": "invoice-already-exists"}
    stranger_id = stranger["Id"]
    lab.world.quickbooks.person(REALM, "Invoice", {"Id": stranger_id, "DocNumber": "OLD-1"})
    async with transaction(lab.pool) as connection:
        await resume(connection, keys=[f"{REALM}/invoice/1/2/1"], cause="operator 1", now=SystemClock().now())
    await lab.work_until_quiet()
    assert await lab.parked() == {}
    assert sorted(i["DocNumber"] for i in lab.invoices()) == ["OLD-1", "P100-INV-1"]


async def test_write_refused_only_when_it_is_settled_resumes_with_another_write(lab: Laboratory) -> None:
    closed = {"Message": "Closed", "Detail": "Closed", "code": "6210", "element": ""}
    lab.fault("lose-request")
    lab.fault("status", status=400, body={"Fault": {"Error": [closed], "type": "ValidationFault"}})
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    assert await lab.parked() == {"invoice/1/2/1": "quickbooks-6210"}
    async with transaction(lab.pool) as connection:
        await resume(connection, keys=[f"{REALM}/invoice/1/2/1"], cause="operator 1", now=SystemClock().now())
    await lab.work_until_quiet()
    assert await lab.parked() == {}
    assert [i["TotalAmt"] for i in lab.invoices()] == [1208.75]


async def test_skipped_states_make_an_invoice_and_its_payment_and_no_mail(lab: Laboratory) -> None:
    await lab.command(lab.payment(), 1, name="1")
    await lab.command(lab.wish(InvoiceState.PAID), 1)
    await lab.work_until_quiet()
    [invoice] = lab.invoices()
    [payment] = lab.payments()
    assert (invoice["Balance"], payment["TotalAmt"]) == (0, 1208.75)
    assert lab.mails() == 0


async def test_payment_whose_answer_was_lost_is_made_once(lab: Laboratory) -> None:
    await lab.command(lab.wish(InvoiceState.PAID), 1)
    await lab.work_until_quiet(2)
    lab.world.quickbooks.configure(REALM, requestid_ttl_s=0)
    lab.fault("lose-answer")
    await lab.command(lab.payment(), 1)
    await lab.work_until_quiet()
    assert [p["TotalAmt"] for p in lab.payments()] == [1208.75]
    assert [i["Balance"] for i in lab.invoices()] == [0]


async def test_paid_by_the_bookkeeper_is_seen_and_not_paid_again(lab: Laboratory) -> None:
    await lab.command(lab.wish(InvoiceState.PAID), 1)
    await lab.work_until_quiet(2)
    [invoice] = lab.invoices()
    lab.world.quickbooks.person(
        REALM,
        "Payment",
        {
            "CustomerRef": invoice["CustomerRef"],
            "TotalAmt": invoice["TotalAmt"],
            "Line": [
                {"Amount": invoice["TotalAmt"], "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
            ],
        },
    )
    await lab.work_until_quiet()
    record = await lab.ledger.load(f"{REALM}/invoice/1/2/1")
    assert record is not None
    assert record.observed.state == "paid"
    assert len(lab.payments()) == 1


async def test_void_of_an_unsent_unpaid_invoice_then_a_new_incarnation(lab: Laboratory) -> None:
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    await lab.command(lab.wish(InvoiceState.VOID), 2)
    await lab.work_until_quiet()
    assert [i["TotalAmt"] for i in lab.invoices()] == [0]
    await lab.command(lab.wish(), 3)
    await lab.work_until_quiet()
    assert sorted(i["TotalAmt"] for i in lab.invoices()) == [0, 1208.75]
    assert len({i["DocNumber"] for i in lab.invoices()}) == 2


async def test_void_of_a_mailed_invoice_asks_a_person(lab: Laboratory) -> None:
    await lab.command(lab.wish(InvoiceState.SENT), 1)
    await lab.work_until_quiet()
    await lab.command(lab.wish(InvoiceState.VOID), 2)
    await lab.work_until_quiet()
    assert await lab.parked() == {"invoice/1/2/1": "void-needs-a-person"}


async def test_edit_by_a_person_is_never_overwritten_in_silence(lab: Laboratory) -> None:
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    [invoice] = lab.invoices()
    lab.world.quickbooks.person(REALM, "Invoice", {"Id": invoice["Id"], "TxnDate": "2026-01-01"})
    await lab.command(lab.wish(cents=999_900), 2)
    await lab.work_until_quiet()
    assert await lab.parked() == {"invoice/1/2/1": "changed-in-quickbooks"}
    assert [i["TxnDate"] for i in lab.invoices()] == ["2026-01-01"]


async def test_back_and_forth_ends_where_it_should(lab: Laboratory) -> None:
    for version, cents in enumerate([100_000, 200_000, 100_000, 200_000], start=1):
        await lab.command(lab.wish(cents=cents), version)
        await lab.work_until_quiet()
    assert [i["TotalAmt"] for i in lab.invoices()] == [1958.25]


async def test_story_tells_versions_writes_and_state(lab: Laboratory) -> None:
    lab.fault("lose-answer")
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    told = await lab.tell(f"{REALM}/invoice/1/2/1")
    assert told is not None
    story = "\n".join(told["story"])
    assert "asked for version 1: open, $1,208.75" in story
    assert "create as number P100-INV-1" in story
    assert "found by look-up" in story


async def test_two_records_that_want_one_number_get_two(lab: Laboratory) -> None:
    lab.world.quickbooks.configure(REALM, duplicate_check=False)
    await lab.command(lab.wish(), 1, name="1")
    await lab.command(lab.wish(), 1, name="2")
    await lab.work_until_quiet()
    first, second = sorted(i["DocNumber"] for i in lab.invoices())
    assert first == "P100-INV-1"
    assert second.startswith("P100-INV-1~")


async def test_payment_waits_for_the_correction_of_its_invoice(lab: Laboratory) -> None:
    await lab.command(lab.wish(), 1)
    await lab.work_until_quiet()
    await lab.command(lab.payment(), 1)
    await lab.command(lab.wish(InvoiceState.PAID, cents=300_000), 2)
    await lab.work_until_quiet()
    assert [p["TotalAmt"] for p in lab.payments()] == [2958.25]
    assert [(i["TotalAmt"], i["Balance"]) for i in lab.invoices()] == [(2958.25, 0)]
    assert await lab.parked() == {}
