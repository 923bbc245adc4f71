"""The gate on a real PostgreSQL, reading the sandbox's Procore: from a subcontractor's invoice to the day it is paid."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import httpx
import pytest
from gate_lab import FakePapers, paper
from pydantic import SecretStr
from starlette.applications import Starlette

from plumbline.common.connections import load_connections
from plumbline.common.contracts.documents import DocumentExpiring, PayableChanged
from plumbline.common.contracts.ledger import DesiredBill, LedgerCommand, LedgerResult
from plumbline.common.database import Pool, transaction
from plumbline.common.edge import Received
from plumbline.common.listening import Bell
from plumbline.common.reconciling.loop import Claim, Reconciler
from plumbline.common.reconciling.marks import Lane, Mark
from plumbline.common.reconciling.store import BURST_PAUSE, HeldWork, WorkStore, mark
from plumbline.common.reconciling.store import QUERIES as RECONCILING
from plumbline.common.reconciling.verdicts import Done, Verdict
from plumbline.common.secrets.tokens import LiveToken
from plumbline.common.testing.database import expire_leases, rows, service_pool, work_row
from plumbline.compliance.adapters.gate.files import load_gate
from plumbline.compliance.adapters.gate.money import PostgresMoney, is_in_escrow, paper_marks
from plumbline.compliance.adapters.gate.payables import PostgresBills, PostgresEndings, PostgresPayables
from plumbline.compliance.adapters.gate.procore import ProcoreSubcontracts
from plumbline.compliance.adapters.procore import ProcoreDirectory
from plumbline.compliance.adapters.sheets import load_sheets
from plumbline.compliance.app import MIGRATIONS, SCHEMA
from plumbline.compliance.domain.gate.policy import GatePolicy
from plumbline.compliance.domain.on_file import PaperOnFile
from plumbline.compliance.domain.projects import Sheets, VendorSheet
from plumbline.compliance.handlers import by_prefix
from plumbline.compliance.paying import GateRoutes, gate_work, held_work, let_go_on, recording_results
from plumbline.compliance.service.billing import Billing
from plumbline.compliance.service.expiring import Expiring
from plumbline.compliance.service.gate import Gate
from plumbline.compliance.service.invoice_search import PAUSE_LONGEST, InvoiceSearch
from plumbline.compliance.service.payable_words import PayableWords
from plumbline.procore import ProcoreClient, ProcoreUnavailableError
from plumbline.procore.models import Attachment
from plumbline.procore.subcontracting import Requisition
from plumbline_sandbox.laboratory import Laboratory
from plumbline_sandbox.people import ProcorePeople

CONFIG = Path(__file__).parents[3] / "config"
CONNECTION = "lone-star-east"
NOON = datetime(2026, 11, 30, 18, tzinfo=UTC)
"""Noon in Texas on the last day of the seeded November."""
EVERY = timedelta(seconds=60)
LONGEST = PAUSE_LONGEST * EVERY
W9 = paper("w9")
CERTIFICATE = paper("coi.acord25", expires_on=date(2027, 6, 30))
LICENCE = paper("licence", expires_on=date(2027, 6, 30))


class Tokens:
    """Tokens of the sandbox's service account; a refused one is replaced."""

    def __init__(self, lab: Laboratory) -> None:
        self._lab = lab
        self._token: LiveToken | None = None

    async def live_token(self) -> LiveToken:
        if self._token is None:
            value = await self._lab.site_token()
            self._token = LiveToken(SecretStr(value), 1, datetime.now(UTC) + timedelta(hours=1))
        return self._token

    async def replace(self, refused: LiveToken, *, was_good: bool = False) -> LiveToken:
        self._token = None
        return await self.live_token()


@dataclass
class Site:
    """One gate over the sandbox's first project and the shipped policy."""

    lab: Laboratory
    pool: Pool
    client: ProcoreClient
    papers: FakePapers
    search: InvoiceSearch
    gate: Gate
    loop: Reconciler
    loop_store: WorkStore
    meanwhile: Reconciler
    routes: httpx.AsyncClient
    people: ProcorePeople
    policy: GatePolicy
    killed: list[str] = field(default_factory=list)
    """Beginnings of keys whose next piece of work dies before it is finished."""

    @property
    def project(self) -> str:
        return str(self.lab.description["companies"][0]["projects"][0]["id"])

    @property
    def company(self) -> str:
        return str(self.lab.companies[0].company.id)

    def requisition(self, place: int = 0) -> str:
        """Return one of the seeded invoices: 0 is approved, 1 a draft on the same subcontract."""
        found = self.lab.world.procore.requisitions.shown_of_project(int(self.project))
        return f"payable/{self.company}/{self.project}/requisition/{found[place].id}"

    def unlink_vendors(self) -> dict[str, str]:
        books = self.policy.connections[CONNECTION].books
        assert books is not None
        assert isinstance(books.vendors, dict)
        books.vendors.clear()
        return books.vendors

    async def work(self, *, after: timedelta = timedelta(seconds=20)) -> int:
        """Let time pass and work what is due, and what that makes due when the pause after a burst is over."""
        return await self._work_off(self.loop, after)

    async def hold(self, lasts: timedelta) -> None:
        """Let Procore refuse our credentials for so long: nothing of the connection is worked."""
        async with transaction(self.pool) as database:
            until = self.lab.world.clock.now() + lasts
            await database.execute(RECONCILING["hold_connection"], CONNECTION, until, "no live access token")

    async def work_meanwhile(self, *, after: timedelta = timedelta(minutes=2)) -> int:
        """Work what can be worked while the connection is held."""
        return await self._work_off(self.meanwhile, after)

    async def _work_off(self, loop: Reconciler, after: timedelta) -> int:
        worked, pause = 0, after
        while True:
            self.lab.world.clock.step(pause.total_seconds())
            count = await loop.work_off()
            if count == 0:
                return worked
            worked, pause = worked + count, BURST_PAUSE

    async def sweep(self) -> None:
        async with transaction(self.pool) as database:
            wanted = [
                one for one in self.search.sweeps() if one.key == f"requisitions/{CONNECTION}/{self.project}"
            ]
            await mark(database, wanted, now=self.lab.world.clock.now())
        await self.work()

    async def put_on_file(self, key: str, *papers: PaperOnFile) -> None:
        """File papers as the documents' loop does: beside what is owed as the rules see it now."""
        facts = await self.gate.facts(CONNECTION, key)
        said = (await self.shown(key))["vendor_id"]
        for one in papers:
            if (one.kind or "").startswith("lien_waiver."):
                filed = replace(one, checked_against=facts, payable=key)
                kept = [held for held in self.papers.by_payable.get(key, []) if held.document != one.document]
                self.papers.by_payable[key] = [*kept, filed]
            else:
                self.papers.by_vendor.setdefault((CONNECTION, said), []).append(one)
            async with transaction(self.pool) as database:
                marks = await paper_marks(
                    database,
                    connection=CONNECTION,
                    document=one.document,
                    cause=f"paper {one.document} {one.state} {facts}",
                    vendor_id=said,
                    payable=key if (one.kind or "").startswith("lien_waiver.") else None,
                )
                await mark(database, marks, now=self.lab.world.clock.now())

    async def book(
        self,
        key: str,
        state: str,
        version: int = 1,
        *,
        confirmed_s: int = 0,
        balance_cents: int | None = None,
    ) -> None:
        """Let QuickBooks' word about the bill come in."""
        amount = (await self.shown(key))["amount_cents"]
        owed = amount if balance_cents is None else balance_cents
        result = LedgerResult(
            realm="9341453000000001",
            record=key.replace("payable/", "bill/").replace("/requisition", ""),
            version=version,
            connection=CONNECTION,
            source=key,
            kind="bill",
            state=state,
            quickbooks_id="9",
            number=f"SC-001-1-{self.project[-6:]}",
            total_cents=amount,
            balance_cents=0 if state == "paid" else owed,
            provider_time=None,
            confirmed_at=datetime(2026, 11, 30, 12, tzinfo=UTC) + timedelta(seconds=confirmed_s),
            partner_ms=0,
        )
        async with transaction(self.pool) as database:
            await recording_results(self.lab.world.clock)(database, [Received(result, "one", None)])

    async def settle(self, key: str, **changes: Any) -> httpx.Response:
        body = {"reference": "ACH 4711", "settled_on": "2026-11-20"}
        body |= {"amount_cents": (await self.shown(key))["amount_cents"], **changes}
        return await self.routes.post(f"/payables/{key}/settlement", json=body)

    async def take(self, step: str, key: str) -> None:
        """Let one thing happen to a payable."""
        match step:
            case "papers":
                await self.put_on_file(key, W9, CERTIFICATE, paper("lien_waiver.conditional_progress"))
            case "books":
                await self.book(key, "open")
            case "bank":
                assert (await self.settle(key)).status_code == 200
            case _:
                body = _override(key, code="licence")
                assert (await self.routes.post("/gate/overrides", json=body)).status_code == 200

    async def forget(self) -> None:
        """Begin anew, with nothing known."""
        self.papers.by_vendor.clear()
        self.papers.by_payable.clear()
        tables = "work, payables, payable_versions, settlements, overrides, escrow, bill_commands, bills_shown, outbox"
        await rows(self.pool, f"TRUNCATE {tables}")
        self.lab.world.clock.step(60)

    async def shown(self, key: str) -> dict[str, Any]:
        answer = await self.routes.get(f"/payables/{key}")
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def standing(self, key: str, code: str) -> str:
        (found,) = [one["state"] for one in (await self.shown(key))["requirements"] if one["code"] == code]
        return str(found)

    async def state(self, key: str) -> str:
        return str((await self.shown(key))["state"])

    async def sent(self, topic: str) -> list[bytes]:
        found = await rows(self.pool, "SELECT value FROM outbox WHERE topic = $1 ORDER BY id", topic)
        return [row["value"] for row in found]

    async def bills(self, key: str) -> list[LedgerCommand]:
        found = [LedgerCommand.model_validate_json(one) for one in await self.sent("ledger.commands.v1")]
        return [one for one in found if one.source == key]

    async def told(self, key: str) -> list[PayableChanged]:
        found = [PayableChanged.model_validate_json(one) for one in await self.sent("payables.v1")]
        return [one for one in found if one.payable == key]


@pytest.fixture
async def site(database_url: str) -> AsyncIterator[Site]:
    async with Laboratory() as lab, service_pool(database_url, schema=SCHEMA, packages=MIGRATIONS) as pool:
        lab.world.clock.set(NOON)
        client = ProcoreClient(
            lab.procore,
            Tokens(lab),
            company_id=lab.companies[0].company.id,
            deadline_s=5.0,
        )
        async with a_site(lab, pool, client) as site:
            yield site


def a_site(lab: Laboratory, pool: Pool, client: ProcoreClient, *, sheets: Sheets | None = None) -> "Opened":
    connections, clock = load_connections(CONFIG), lab.world.clock
    policy, papers = load_gate(CONFIG, connections), FakePapers()
    book = PostgresPayables(pool)
    sheets = sheets or load_sheets(CONFIG)
    subcontracts = ProcoreSubcontracts({CONNECTION: client}, remembered_s=300.0)
    search = InvoiceSearch(
        connections=connections,
        policy=policy,
        sheets=sheets,
        subcontracts=subcontracts,
        book=book,
        clock=clock,
        every=EVERY,
    )
    gate = Gate(
        connections=connections,
        policy=policy,
        subcontracts=subcontracts,
        papers=papers,
        book=book,
        directory=ProcoreDirectory({CONNECTION: client}, remembered_s=0),
        sheets=sheets,
        clock=clock,
    )
    billing = Billing(
        connections=connections, policy=policy, book=book, bills=PostgresBills(pool), clock=clock
    )
    expiring = Expiring(connections=connections, endings=PostgresEndings(pool), clock=clock)
    words = PayableWords(
        connections=connections, policy=policy, book=book, money=PostgresMoney(pool, clock), clock=clock
    )
    work = {
        **gate_work(search, gate, billing, expiring),
        "document/": _somebody_elses,
        "sweep/": _somebody_elses,
    }
    killed: list[str] = []

    async def handler(claim: Claim) -> Verdict:
        verdict = await by_prefix(work)(claim)
        return dying(verdict) if _dies(killed, claim.key) else verdict

    store = WorkStore(pool, replica="compliance-1", lease=timedelta(seconds=30), per_connection=8)
    loop = Reconciler(
        service="compliance",
        store=store,
        handler=handler,
        clock=clock,
        bell=Bell(),
        concurrency=4,
    )
    unread = held_work(gate, billing, expiring)
    meanwhile = Reconciler(
        service="compliance",
        store=HeldWork(
            pool,
            replica="compliance-1 while held",
            lease=timedelta(seconds=30),
            kinds=[prefix.rstrip("/") for prefix in unread],
        ),
        handler=by_prefix(unread),
        clock=clock,
        bell=Bell(),
        concurrency=1,
    )
    app = Starlette(routes=GateRoutes(connections=connections, gate=gate, words=words, pool=pool).routes())
    routes = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://compliance.test")
    return Opened(
        Site(
            lab,
            pool,
            client,
            papers,
            search,
            gate,
            loop,
            store,
            meanwhile,
            routes,
            ProcorePeople(lab.world),
            policy,
            killed,
        )
    )


@dataclass
class Opened:
    """A site whose client is closed at the end."""

    site: Site

    async def __aenter__(self) -> Site:
        return self.site

    async def __aexit__(self, *_: object) -> None:
        await self.site.routes.aclose()


async def _somebody_elses(_: Claim) -> Verdict:
    """Leave a document's row to the loop of documents."""
    return Done()


class Killed(BaseException):
    """The process is gone: nothing that comes after is run."""


def _dies(killed: list[str], key: str) -> bool:
    found = next((prefix for prefix in killed if key.startswith(prefix)), None)
    if found is not None:
        killed.remove(found)
    return found is not None


def dying(verdict: Verdict) -> Verdict:
    """Return a verdict that stores everything and then dies before the commit."""
    assert isinstance(verdict, Done)
    before = verdict.store

    async def store(database: Any) -> None:
        if before is not None:
            await before(database)
        raise Killed

    return replace(verdict, store=store)


async def test_the_way_of_an_invoice_from_a_wrong_waiver_to_the_free_twin(site: Site) -> None:
    key = site.requisition()
    await site.sweep()

    first = await site.shown(key)
    assert first["state"] == "held"
    assert {one["code"]: one["state"] for one in first["requirements"]} == {
        "w9": "missing",
        "certificate": "missing",
        "licence": "missing",
        "names": "met",
        "lien-waiver": "missing",
        "prior-waiver": "met",
    }
    (bill,) = await site.bills(key)  # on_approval: the debt is in the books, the payment is held
    assert isinstance(bill.desired, DesiredBill)
    assert (bill.desired.total_cents, bill.desired.vendor_id, bill.desired.number) == (
        2070450,
        "57",
        f"SC-001-1-{site.project[-6:]}",
    )
    assert [(line.amount_cents, line.account_id) for line in bill.desired.lines][-1] == (-230050, "43")

    wrong = paper("lien_waiver.conditional_progress", "invalid", blocking=("It says $1.00.",))
    await site.put_on_file(key, W9, CERTIFICATE, wrong)
    await site.work()
    assert await site.state(key) == "held"
    assert "will not do: It says $1.00." in str((await site.shown(key))["requirements"])

    await site.put_on_file(key, replace(wrong, document="right", state="validated", blocking=()))
    await site.work()
    assert await site.state(key) == "approved"
    await site.book(key, "open")
    await site.work()
    assert await site.state(key) == "released"

    await site.book(key, "paid", confirmed_s=1)
    await site.work()
    books = await site.shown(key)
    assert (books["state"], "the bank has not said" in books["sentence"]) == ("paid", True)

    assert (await site.settle(key)).status_code == 200
    await site.work()
    paid = await site.shown(key)
    assert [one["code"] for one in paid["requirements"]] == ["unconditional-waiver"]
    assert paid["sentence"].startswith("Paid: the bank says that $20,704.50 arrived")
    await site.put_on_file(key, paper("lien_waiver.unconditional_progress"))
    await site.work()
    assert (await site.shown(key))["requirements"][0]["state"] == "met"
    versions = [one.version for one in await site.told(key)]
    assert versions == list(range(1, len(versions) + 1))
    assert [one.state for one in await site.told(key)][-1] == "paid"
    assert len(await site.bills(key)) == 1


async def test_an_unconditional_waiver_stays_in_escrow_until_the_bank_says_that_the_money_arrived(
    site: Site,
) -> None:
    key = site.requisition()
    await site.sweep()
    await _keep_document(site.pool, "early", kind="lien_waiver.unconditional_progress", payable=key)
    await site.put_on_file(key, paper("lien_waiver.unconditional_progress", "held", document="early"))
    await site.work()

    (held,) = (await site.shown(key))["escrow"]
    assert (held["document"], held["released_at"]) == ("early", None)
    assert await is_in_escrow(site.pool, CONNECTION, "early")

    await site.book(key, "paid")
    await site.work()
    assert await site.state(key) == "paid"
    assert await is_in_escrow(site.pool, CONNECTION, "early")  # sent is not settled

    refused = await site.settle(key, amount_cents=1)
    assert (refused.status_code, refused.json()["error"]) == (409, "other-amount")
    assert await is_in_escrow(site.pool, CONNECTION, "early")

    assert (await site.settle(key)).status_code == 200
    assert not await is_in_escrow(site.pool, CONNECTION, "early")
    await site.work()
    (freed,) = (await site.shown(key))["escrow"]
    assert freed["released_at"] is not None
    # It is decided anew, and goes out.
    causes = (await work_row(site.pool, f"document/{CONNECTION}/early"))["causes"]
    assert causes[-1].startswith(f"payable {key}")


async def test_papers_of_another_payment_firm_or_project_release_nothing(site: Site) -> None:
    key, other = site.requisition(0), site.requisition(1)
    await site.sweep()
    vendor = (await site.shown(key))["vendor_id"]
    facts = await site.gate.facts(CONNECTION, key)
    waiver = paper("lien_waiver.conditional_progress", checked_against=facts, payable=other)
    early = paper("lien_waiver.unconditional_progress", "held", checked_against=facts, payable=other)
    site.papers.by_vendor[CONNECTION, vendor] = [waiver, early, CERTIFICATE]
    site.papers.by_payable[key] = [replace(W9, vendor_id="another")]
    await site.book(key, "open")
    await site.work()

    told = await site.shown(key)
    standing = {one["code"]: one["state"] for one in told["requirements"]}
    assert told["state"] == "held"
    assert (standing["lien-waiver"], standing["w9"]) == ("missing", "missing")
    assert told["escrow"] == []


async def test_papers_are_decided_anew_however_often_a_payable_goes_back_and_forth(site: Site) -> None:
    key = site.requisition()
    await site.sweep()
    waiver = paper("lien_waiver.conditional_progress")
    await site.put_on_file(key, waiver)
    await site.work()
    right = await site.gate.facts(CONNECTION, key)
    assert right is not None
    wrong = right.model_copy(update={"amount_cents": 1})
    row = f"document/{CONNECTION}/{waiver.document}"
    for place in range(4):
        # The document's loop saw the payable as it was a moment ago.
        site.papers.by_payable[key] = [replace(waiver, checked_against=wrong, payable=key)]
        await site.book(key, "open", confirmed_s=place)
        await site.work()
        causes = (await work_row(site.pool, row))["causes"]
        assert len(causes) == place + 1


async def test_addresses_that_are_signed_anew_make_no_invoice_due(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, looks = ProcoreSubcontracts.requisitions, 0

    async def signed_anew(self: ProcoreSubcontracts, connection: str, project: str) -> Sequence[Requisition]:
        nonlocal looks
        looks += 1
        file = Attachment(id=1, url=f"https://storage.test/waiver.pdf?signature={looks}")
        found = await real(self, connection, project)
        return [one.model_copy(update={"attachments": (file,)}) for one in found]

    monkeypatch.setattr(ProcoreSubcontracts, "requisitions", signed_anew)
    await site.sweep()
    row = await work_row(site.pool, site.requisition())
    await site.sweep()

    assert looks == 2
    assert (await work_row(site.pool, site.requisition()))["causes"] == row["causes"]


async def test_a_part_that_was_paid_is_not_to_be_paid_again(site: Site) -> None:
    key = site.requisition()
    await site.sweep()
    await site.put_on_file(key, W9, CERTIFICATE, paper("lien_waiver.conditional_progress"))
    await site.book(key, "open", balance_cents=100)
    await site.work()

    told = await site.shown(key)
    assert (told["state"], told["sentence"].split(" ")[0]) == ("released", "$1.00")


async def test_what_lets_a_firm_off_its_waiver_sets_its_next_invoice_free(site: Site) -> None:
    first, second = site.requisition(0), site.requisition(1)
    site.people.review(int(second.rpartition("/")[2]), {"status": "approved"})
    await site.sweep()
    right = paper("lien_waiver.conditional_progress")
    await site.put_on_file(first, W9, CERTIFICATE, right)
    await site.put_on_file(second, replace(right, document="second"))
    for key in (first, second):
        await site.book(key, "open")
    await site.settle(first)
    await site.work()
    assert [await site.state(key) for key in (first, second)] == ["paid", "held"]

    body = {
        "connection": CONNECTION,
        "vendor_id": (await site.shown(first))["vendor_id"],
        "code": "unconditional-waiver",
        "reason": "the owner takes it on himself",
        "by": "Dana",
        "until": "2026-12-10",
    }
    assert (await site.routes.post("/gate/overrides", json=body)).status_code == 200
    await site.work()

    assert await site.state(second) == "released"


async def test_nobody_writes_a_whole_tax_number_into_an_override_or_a_settlement(site: Site) -> None:
    key = site.requisition()
    await site.sweep()
    for change in ({"reason": "his number is 123-45-6789, I saw it"}, {"by": "Dana 12-3456789"}):
        answer = await site.routes.post("/gate/overrides", json=_override(key, code="licence", **change))
        assert (answer.status_code, answer.json()["error"]) == (409, "whole-tax-number")
    refused = await site.settle(key, reference="ACH 123-45-6789")
    assert (refused.status_code, refused.json()["error"]) == (409, "whole-tax-number")
    await site.work()
    assert not [one for one in await site.sent("payables.v1") if b"6789" in one]


async def test_waivers_without_a_payable_stay_in_escrow(site: Site) -> None:
    await _keep_document(site.pool, "loose", kind="lien_waiver.unconditional_final", payable=None)
    await _keep_document(site.pool, "other", kind="lien_waiver.conditional_final", payable=None)

    assert await is_in_escrow(site.pool, CONNECTION, "loose")
    assert not await is_in_escrow(site.pool, CONNECTION, "other")


async def test_an_owed_waiver_holds_the_next_invoice_of_the_commitment(site: Site) -> None:
    first, second = site.requisition(0), site.requisition(1)
    site.people.review(int(second.rpartition("/")[2]), {"status": "approved"})
    await site.sweep()
    right = paper("lien_waiver.conditional_progress")
    await site.put_on_file(first, W9, CERTIFICATE, right)
    await site.put_on_file(second, replace(right, document="second"))
    for key in (first, second):
        await site.book(key, "open")
    await site.work()
    assert [await site.state(key) for key in (first, second)] == ["released", "released"]

    await site.settle(first)
    await site.work()
    assert [await site.state(key) for key in (first, second)] == ["paid", "held"]

    await site.put_on_file(first, paper("lien_waiver.unconditional_progress"))
    await site.work()
    assert await site.state(second) == "released"


async def test_papers_money_and_overrides_may_come_in_any_order(site: Site) -> None:
    key = site.requisition()
    for order in permutations(("papers", "books", "bank", "override")):
        await site.forget()
        await site.sweep()
        for place, step in enumerate(order, 1):
            await site.take(step, key)
            await site.work()
            # It is released at no moment at which a paper that blocks is missing.
            assert await site.state(key) != "released" or {"papers", "books"} <= {*order[:place]}

        shown = await site.shown(key)
        standing = [(one["code"], one["state"]) for one in shown["requirements"]]
        assert (shown["state"], standing) == ("paid", [("unconditional-waiver", "missing")]), order


async def test_an_override_is_an_event_ends_by_itself_and_can_be_taken_back(site: Site) -> None:
    key = site.requisition()
    await site.sweep()
    await site.put_on_file(key, W9, CERTIFICATE)
    await site.book(key, "open")
    await site.work()
    assert await site.state(key) == "held"

    body = _override(key, until="2026-12-02")
    made = await site.routes.post("/gate/overrides", json=body)
    again = await site.routes.post("/gate/overrides", json=body)
    assert made.json()["override"] == again.json()["override"]
    await site.work()
    assert await site.state(key) == "released"
    waiver = next(one for one in (await site.told(key))[-1].requirements if one.code == "lien-waiver")
    assert (waiver.state, "Dana lets it pass until Dec 2, 2026" in waiver.sentence) == ("overridden", True)

    await site.work(after=timedelta(days=2))
    assert await site.state(key) == "released"  # its last day
    await site.work(after=timedelta(days=1))
    assert await site.state(key) == "held"

    body = _override(key, until="2026-12-20")
    made = await site.routes.post("/gate/overrides", json=body)
    await site.work()
    assert await site.state(key) == "released"
    taken = await site.routes.post(
        f"/gate/overrides/{made.json()['override']['id']}/withdraw", json={"by": "Robin"}
    )
    assert taken.json() == {"payables": [key]}
    await site.work()
    assert await site.state(key) == "held"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reason": "because"}, "override-needs-a-reason"),
        ({"reason": "   because     "}, "override-needs-a-reason"),
        ({"until": None}, "override-needs-an-expiry"),
        ({"until": "2026-11-01"}, "override-is-over"),
        ({"until": "2027-11-30"}, "override-too-long"),
        ({"by": " "}, "override-needs-a-person"),
        ({"payable": "payable/1/2/requisition/3"}, "unknown-payable"),
        ({"payable": None}, "not-an-override"),
        ({"payable": None, "connection": "nowhere", "vendor_id": "1"}, "unknown-connection"),
        ({"code": "anything"}, "not-an-override"),
    ],
)
async def test_an_override_without_reason_or_end_is_refused(
    site: Site, changes: dict[str, Any], code: str
) -> None:
    key = site.requisition()
    await site.sweep()

    answer = await site.routes.post("/gate/overrides", json={**_override(key), **changes})

    assert answer.status_code in {404, 409, 422}
    assert answer.json()["error"] == code
    assert "Value error" not in answer.json()["detail"]
    assert await rows(site.pool, "SELECT id FROM overrides") == []


async def test_an_override_for_a_vendor_counts_on_all_of_its_payables(site: Site) -> None:
    key = site.requisition()
    await site.sweep()
    vendor = (await site.shown(key))["vendor_id"]
    body = {**_override(key, code="w9"), "payable": None, "connection": CONNECTION, "vendor_id": vendor}

    made = await site.routes.post("/gate/overrides", json=body)
    await site.work()

    assert key in made.json()["payables"]
    w9 = next(one for one in (await site.shown(key))["requirements"] if one["code"] == "w9")
    assert w9["state"] == "overridden"


async def test_the_banks_word_is_taken_once(site: Site) -> None:
    key, draft = site.requisition(0), site.requisition(1)
    await site.sweep()

    first, again = await site.settle(key), await site.settle(key)
    other = await site.settle(key, reference="ACH 4712")
    early = await site.settle(site.requisition(2), settled_on="2031-01-01")
    unapproved = await site.settle(draft)
    unknown = await site.routes.post(
        "/payables/payable/1/2/requisition/3/settlement",
        json={"reference": "a", "settled_on": "2026-11-20", "amount_cents": 1},
    )

    assert (first.status_code, again.status_code, first.json()) == (200, 200, again.json())
    codes = [one.json()["error"] for one in (other, early, unapproved, unknown)]
    assert codes == ["settled-already", "settles-later", "not-owed", "unknown-payable"]
    assert len(await rows(site.pool, "SELECT payable FROM settlements")) == 1


async def test_an_invoice_that_falls_back_or_is_deleted_takes_its_bill_away(site: Site) -> None:
    key = site.requisition(1)
    number = int(key.rpartition("/")[2])
    site.people.review(number, {"status": "approved"})
    await site.sweep()
    site.people.review(number, {"status": "revise_and_resubmit"})
    await site.work(after=EVERY)
    assert await site.state(key) == "draft"
    site.people.withdraw(number)
    await site.work(after=EVERY)

    assert [(str(one.desired.state), one.version) for one in await site.bills(key)] == [
        ("open", 1),
        ("deleted", 2),
    ]
    assert await site.state(key) == "void"


async def test_what_procore_no_longer_shows_is_held_and_parked_and_never_taken_for_deleted(
    site: Site,
) -> None:
    key = site.requisition()
    await site.sweep()
    await site.put_on_file(key, W9, CERTIFICATE, paper("lien_waiver.conditional_progress"))
    await site.book(key, "open")
    await site.work()
    assert await site.state(key) == "released"

    # Both are gone from sight: a lost permission looks just so.
    for table in (site.lab.world.procore.requisitions, site.lab.world.procore.commitments):
        for record in [*table.living_of_project(int(site.project))]:
            table.change(record, None)
    await site.work(after=LONGEST)

    assert await site.state(key) == "held"
    assert (await work_row(site.pool, key))["announced_code"] == "invisible-in-procore"
    assert [str(one.desired.state) for one in await site.bills(key)] == ["open"]


async def test_an_override_ends_though_procore_does_not_answer(site: Site) -> None:
    key = site.requisition()
    await site.sweep()
    await site.put_on_file(key, W9, CERTIFICATE)
    await site.book(key, "open")
    await site.routes.post("/gate/overrides", json=_override(key, until="2026-12-01"))
    await site.work()
    assert await site.state(key) == "released"

    site.lab.world.faults.add({"name": "html", "match": {"provider": "procore"}, "times": 50})
    site.lab.world.clock.step(timedelta(days=2).total_seconds())
    (claim,) = await site.loop_store.claim(1, now=site.lab.world.clock.now(), lowest=Lane.LIVE)
    while claim.key != key:
        (claim,) = await site.loop_store.claim(1, now=site.lab.world.clock.now())
    with pytest.raises(ProcoreUnavailableError):
        await site.gate.work(Claim(claim, site.loop_store))

    assert await site.state(key) == "held"


async def test_papers_and_overrides_end_on_their_day_while_the_connection_is_held(site: Site) -> None:
    key, now = site.requisition(), site.lab.world.clock.now()
    await site.sweep()
    ends = replace(CERTIFICATE, expires_on=now.date() + timedelta(days=1))
    await site.put_on_file(key, W9, ends, paper("lien_waiver.conditional_progress"))
    await site.book(key, "open")
    await site.work()
    assert await site.state(key) == "released"
    told = len(await site.told(key))

    await site.hold(timedelta(days=9))
    site.lab.world.faults.add({"name": "html", "match": {"provider": "procore"}, "times": 50})
    assert await site.work(after=timedelta(days=1)) == 0
    await site.work_meanwhile()
    assert await site.state(key) == "released"  # its last day
    assert await site.work(after=timedelta(days=1)) == 0
    await site.work_meanwhile()

    shown = await site.shown(key)
    assert (shown["state"], "ran out" in str(shown["requirements"])) == ("held", True)
    assert [one.state for one in (await site.told(key))[told:]] == ["held"]

    await site.routes.post("/gate/overrides", json=_override(key, code="certificate"))
    await site.work_meanwhile()
    assert await site.state(key) == "released"
    await site.work_meanwhile(after=timedelta(days=4))
    assert await site.state(key) == "held"
    assert len(await site.told(key)) == told + 3

    assert (await work_row(site.pool, key))["waiting_for"].startswith("the connection is held")
    site.lab.world.faults.clear()
    await site.work(after=timedelta(days=9))
    assert (await work_row(site.pool, key))["waiting_for"] is None
    assert await site.work_meanwhile() == 0


async def test_papers_are_told_to_run_out_while_the_connection_is_held(site: Site) -> None:
    today = site.lab.world.clock.now().date()
    await _keep_document(site.pool, "coi", kind="coi.acord25", expires_on=today + timedelta(days=7))
    await site.hold(timedelta(days=1))
    async with transaction(site.pool) as database:
        row = Mark(f"expiry/{CONNECTION}/coi", CONNECTION, "paper coi 1")
        await mark(database, [row], now=site.lab.world.clock.now())

    assert await site.work() == 0
    assert await site.work_meanwhile() == 1
    assert len(await site.sent("documents.expiring.v1")) == 1


async def test_an_invoice_that_can_be_read_no_more_is_held(site: Site) -> None:
    key = site.requisition()
    await site.sweep()
    await site.put_on_file(key, W9, CERTIFICATE, paper("lien_waiver.conditional_progress"))
    await site.book(key, "open")
    await site.work()
    assert await site.state(key) == "released"

    record = site.lab.world.procore.requisitions.truth(int(key.rpartition("/")[2]))
    assert record is not None
    assert record.value is not None
    site.lab.world.procore.requisitions.change(record, replace(record.value, status="paid_in_pigs"))
    await site.work(after=LONGEST)

    shown = await site.shown(key)
    assert (shown["state"], "its status 'paid_in_pigs' is unknown" in shown["sentence"]) == ("held", True)
    assert (await work_row(site.pool, key))["announced_code"] == "payable-unreadable"


async def test_a_vendor_without_a_link_parks_the_bill_and_nothing_else(site: Site) -> None:
    key = site.requisition()
    site.unlink_vendors()
    await site.sweep()

    row = await work_row(site.pool, f"bill/{key}")
    vendor = (await site.shown(key))["vendor_id"]
    assert (row["announced_code"], row["resumes_on"]) == (
        "missing-vendor-link",
        f"link:vendor:{CONNECTION}:{vendor}",
    )
    assert (await site.state(key), await site.bills(key)) == ("held", [])


async def test_a_bill_goes_on_once_its_vendor_is_linked_and_the_service_starts(site: Site) -> None:
    key = site.requisition()
    vendors = site.unlink_vendors()
    await site.sweep()
    assert await site.bills(key) == []

    vendors["562949953508683"] = "57"
    async with transaction(site.pool) as database:
        await let_go_on(database, site.policy, now=site.lab.world.clock.now())
    await site.work()

    assert [str(one.desired.state) for one in await site.bills(key)] == ["open"]


async def test_a_listing_that_says_nothing_new_costs_nothing_and_tells_nothing(site: Site) -> None:
    await site.sweep()
    before = len(await site.sent("payables.v1"))

    worked = await site.work(after=LONGEST)

    assert worked == 1  # the listing itself
    assert len(await site.sent("payables.v1")) == before


async def test_doubled_and_late_words_of_quickbooks_change_nothing(site: Site) -> None:
    key = site.requisition()
    await site.sweep()
    await site.book(key, "open", version=2)
    await site.book(key, "paid", version=2, confirmed_s=5)
    await site.work()
    told = len(await site.told(key))

    await site.book(key, "paid", version=2, confirmed_s=5)
    await site.book(key, "open", version=2)
    await site.book(key, "open", version=1, confirmed_s=60)
    await site.work()

    assert (await site.state(key), len(await site.told(key))) == ("paid", told)


@pytest.mark.parametrize("prefix", ["payable/", "bill/", "requisitions/"])
async def test_a_kill_before_the_commit_loses_nothing_and_doubles_nothing(site: Site, prefix: str) -> None:
    site.killed.append(prefix)
    with pytest.raises(Killed):
        await site.sweep()
    await expire_leases(site.pool)
    await site.work(after=timedelta(minutes=1))

    key = site.requisition()
    assert await site.state(key) == "held"
    assert [one.version for one in await site.told(key)] == [1]
    assert [one.version for one in await site.bills(key)] == [1]


async def test_expiries_are_told_at_thirty_seven_and_no_days_each_once(site: Site) -> None:
    today = site.lab.world.clock.now().date()
    await _keep_document(site.pool, "coi", kind="coi.acord25", expires_on=today + timedelta(days=35))
    async with transaction(site.pool) as database:
        await mark(
            database,
            [Mark(f"expiry/{CONNECTION}/coi", CONNECTION, "paper coi 1")],
            now=site.lab.world.clock.now(),
        )
    for _ in range(45):
        await site.work(after=timedelta(days=1))

    told = [DocumentExpiring.model_validate_json(one) for one in await site.sent("documents.expiring.v1")]
    assert [one.days for one in told] == [30, 7, 0]
    assert "runs out today" in told[-1].sentence


async def test_a_paper_on_file_late_is_told_of_once_by_the_nearest_day(site: Site) -> None:
    today = site.lab.world.clock.now().date()
    await _keep_document(site.pool, "coi", kind="coi.acord25", expires_on=today + timedelta(days=3))
    for cause in ("one", "two"):
        async with transaction(site.pool) as database:
            row = Mark(f"expiry/{CONNECTION}/coi", CONNECTION, cause)
            await mark(database, [row], now=site.lab.world.clock.now())
        await site.work()

    told = [DocumentExpiring.model_validate_json(one) for one in await site.sent("documents.expiring.v1")]
    assert [one.days for one in told] == [7]


async def test_the_outlook_says_what_the_next_invoice_needs_before_it_is_sent(site: Site) -> None:
    key = site.requisition()
    await site.sweep()
    vendor = (await site.shown(key))["vendor_id"]
    site.papers.by_vendor[CONNECTION, vendor] = [W9, replace(CERTIFICATE, expires_on=date(2026, 11, 29))]
    where = {"connection": CONNECTION, "project": site.project, "vendor": vendor}

    answer = await site.routes.get("/gate/outlook", params=where)
    unknown = await site.routes.get("/gate/outlook", params={**where, "project": "1"})

    told = answer.json()
    assert (told["vendor"], told["billed_through"]) == ("Hill Country Plumbing", "2026-11-30")
    standing = {one["code"]: one["state"] for one in told["requirements"]}
    assert (standing["w9"], standing["certificate"], standing["lien-waiver"]) == ("met", "expired", "missing")
    assert (unknown.status_code, unknown.json()["error"]) == (422, "unknown-project")


async def test_a_licence_is_held_against_the_trade_and_the_state_that_procore_says(site: Site) -> None:
    key = site.requisition()
    await site.sweep()
    await site.put_on_file(key, replace(LICENCE, authority="tdlr", trade="hvac"))
    await site.work()
    assert await site.standing(key, "licence") == "wrong"

    await site.put_on_file(key, replace(LICENCE, document="plumbing"))
    await site.work()
    assert await site.standing(key, "licence") == "met"


async def test_what_people_wrote_down_is_news_to_every_payable_after_a_restart(site: Site) -> None:
    key = site.requisition()
    await site.sweep()
    await site.put_on_file(key, LICENCE, replace(W9, named="Ana Ruiz"))
    await site.work()
    vendor = (await site.shown(key))["vendor_id"]
    assert await site.standing(key, "names") == "in_review"

    sheets = load_sheets(CONFIG)
    said = VendorSheet(trade="electrical", legal_name="Ana Ruiz")
    electric = sheets.model_copy(update={"vendors": {vendor: said}})
    async with a_site(site.lab, site.pool, site.client, sheets=electric) as restarted:
        restarted.papers.by_vendor = site.papers.by_vendor
        await restarted.sweep()
        assert await restarted.standing(key, "licence") == "wrong"
        assert await restarted.standing(key, "names") == "met"


async def test_payables_are_listed_by_state_with_the_most_money_first(site: Site) -> None:
    await site.sweep()

    held = (await site.routes.get("/payables", params={"state": "held"})).json()["payables"]
    wrong = await site.routes.get("/payables", params={"state": "lost"})
    nowhere = await site.routes.get("/payables", params={"connection": "nowhere"})
    none = await site.routes.get("/payables/payable/1/2/requisition/3")

    assert [one["amount_cents"] for one in held] == sorted(
        (one["amount_cents"] for one in held), reverse=True
    )
    assert {one["state"] for one in held} == {"held"}
    assert (wrong.json()["error"], none.json()["error"]) == ("unknown-state", "unknown-payable")
    assert nowhere.json()["error"] == "unknown-connection"


def _override(key: str, **changes: Any) -> dict[str, Any]:
    body = {
        "payable": key,
        "code": "lien-waiver",
        "reason": "the owner has seen the original",
        "by": "Dana",
        "until": "2026-12-05",
    }
    return {**body, **changes}


async def _keep_document(
    pool: Pool, document: str, *, kind: str, payable: str | None = None, expires_on: date | None = None
) -> None:
    await rows(
        pool,
        "INSERT INTO documents (connection, document, source, source_record, file_name, received_at, state, kind, "
        "payable, expires_on, changed_at) VALUES ($1, $2, 'upload', $2, $2 || '.pdf', now(), 'held', $3, $4, $5, now())",
        CONNECTION,
        document,
        kind,
        payable,
        expires_on,
    )
