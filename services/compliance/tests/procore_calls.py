"""How many calls looking for papers and invoices costs Procore: a busy company in the sandbox, and what is asked of it."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import httpx
from papers_lab import Bench, FakeInspection, bench
from pydantic import SecretStr
from typing_extensions import override

from plumbline.common.connections import ConnectionConfig, Connections, load_connections
from plumbline.common.database import Pool, transaction
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark
from plumbline.common.reconciling.verdicts import Done, Verdict
from plumbline.common.secrets.tokens import LiveToken
from plumbline.common.testing.clock import DAWN
from plumbline.compliance.adapters.gate.files import load_gate
from plumbline.compliance.adapters.gate.payables import PostgresPayables
from plumbline.compliance.adapters.gate.procore import ProcoreSubcontracts
from plumbline.compliance.adapters.inbox import PostgresInbox
from plumbline.compliance.adapters.looks import PostgresLooks
from plumbline.compliance.adapters.procore import ProcorePapers
from plumbline.compliance.domain.gate.payable import Target
from plumbline.compliance.domain.projects import Sheets
from plumbline.compliance.handlers import by_prefix
from plumbline.compliance.service.intake import Intake
from plumbline.compliance.service.invoice_search import SWEEP as REQUISITIONS
from plumbline.compliance.service.invoice_search import InvoiceSearch
from plumbline.compliance.service.sweeping import PREFIX as SWEEPS
from plumbline.compliance.service.sweeping import Sweeping, first_sweeps, sweep_key
from plumbline.compliance.settings import Settings
from plumbline.procore import ProcoreClient
from plumbline.procore.rates import RateWindow
from plumbline_sandbox.assembly import fresh
from plumbline_sandbox.laboratory import Laboratory
from plumbline_sandbox.people import ProcorePeople
from plumbline_sandbox.procore.state import Procore

CONFIG = Path(__file__).parents[3] / "config"

COMMITMENTS, INVOICES, AWAITED = 10, 40, 10
"""Of each project: contracts, their invoices of four months, and how many of these wait for a signed waiver."""


class FreshTokens:
    """The sandbox's service account: a token for each call, for hours pass in moments."""

    def __init__(self, laboratory: Laboratory) -> None:
        self._laboratory = laboratory

    async def live_token(self) -> LiveToken:
        return LiveToken(SecretStr(await self._laboratory.site_token()), 1, DAWN)

    async def replace(self, refused: LiveToken, *, was_good: bool = False) -> LiveToken:
        raise AssertionError("the sandbox refused its own token")


@dataclass
class BusyCompany:
    """A company with many projects, looked through by the service's defaults."""

    lab: Bench
    sandbox: Laboratory
    people: ProcorePeople
    connections: Connections
    sweeping: Sweeping
    search: InvoiceSearch
    client: "ToldClient"
    calls: Counter[str] = field(default_factory=Counter)
    """How often each endpoint was asked, downloads left out."""

    async def begin(self) -> None:
        async with transaction(self.lab.pool) as database:
            now = self.lab.clock.now()
            await mark(database, [*first_sweeps(self.connections), *self.search.sweeps()], now=now)

    @property
    def project(self) -> int:
        """The first project."""
        (config,) = self.connections
        return int(config.procore.projects[0])

    @property
    def invoices(self) -> list[int]:
        """The invoices of the first project."""
        return [one.id for one in self.sandbox.world.procore.requisitions.living_of_project(self.project)]

    def touch(self, invoice: int) -> None:
        """Let somebody change an invoice."""
        requisitions = self.sandbox.world.procore.requisitions
        record = requisitions.truth(invoice)
        assert record is not None
        assert record.value is not None
        requisitions.change(record, replace(record.value, comment="Please see the note."))

    def allow(self, rate: RateWindow) -> None:
        """Have Procore say from now on how many calls are left."""
        self.client.said_rate = rate

    async def sweep(self, *, after: timedelta) -> Mapping[str, int]:
        """Have the first project looked through for papers after a while, and return the calls that it cost."""
        self.calls.clear()
        self._pass(after)
        now = self.lab.clock.now()
        async with transaction(self.lab.pool) as database:
            await mark(database, [Mark(sweep_key("busy", str(self.project)), "busy", f"{now}")], now=now)
        handler = by_prefix({SWEEPS: self.sweeping.work, REQUISITIONS: _idle, "document/": _idle})
        await self.lab.reconciler(handler=handler).work_off()
        return dict(self.calls)

    async def spend(self, time: timedelta, *, step: timedelta) -> Mapping[str, int]:
        """Let time pass, working what is due, and return the calls that it cost."""
        self.calls.clear()
        others = {"payable/": _idle, "document/": _idle}
        handler = by_prefix({SWEEPS: self.sweeping.work, REQUISITIONS: self.search.work, **others})
        for _ in range(time // step):
            self._pass(step)
            await self.lab.reconciler(handler=handler).work_off()
        return dict(self.calls)

    def _pass(self, time: timedelta) -> None:
        self.lab.clock.advance(time)
        self.sandbox.world.clock.set(self.lab.clock.now())


class ToldClient(ProcoreClient):
    """A client whose rate window a test may set."""

    said_rate: RateWindow | None = None

    @property
    @override
    def rate(self) -> RateWindow | None:
        return self.said_rate or super().rate


class JudgedAlready(PostgresPayables):
    """A book in which every invoice of the sandbox was judged."""

    def __init__(self, pool: Pool, procore: Procore) -> None:
        """Read what was judged from `procore`."""
        super().__init__(pool)
        self._procore = procore

    @override
    async def of_project(self, connection: str, project_id: str) -> Mapping[str, bool]:
        listed = self._procore.requisitions.living_of_project(int(project_id))
        return {Target(str(one.company_id), project_id, str(one.id)).key: False for one in listed}


async def _idle(claim: Claim) -> Verdict:
    return Done()


@asynccontextmanager
async def busy_company(database_url: str, folder: Path, *, projects: int) -> AsyncIterator[BusyCompany]:
    """Open a company of so many projects, in which nobody does anything any more."""
    sandbox = fresh(1)
    calls: Counter[str] = Counter()

    async def count(request: httpx.Request) -> None:
        if request.url.path.startswith("/rest/"):
            calls[_endpoint(request.url.path)] += 1

    async with (
        bench(database_url, folder) as lab,
        Laboratory(sandbox=sandbox) as laboratory,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(sandbox.apps["procore"]),
            mounts={"all://storage.example": httpx.ASGITransport(sandbox.apps["storage"])},
            base_url="http://sandbox.example",
            event_hooks={"request": [count]},
        ) as http,
    ):
        people = ProcorePeople(laboratory.world)
        company = laboratory.companies[0].company.id
        laboratory.world.limits.configure({"procore": {"hourly": 1_000_000, "spike": 1_000_000}})
        laboratory.world.clock.set(lab.clock.now())
        client = ToldClient(
            http, FreshTokens(laboratory), company_id=company, deadline_s=5.0, clock=lab.clock
        )
        ids = _furnished(laboratory, people, projects)
        config = ConnectionConfig.model_validate(
            {
                "name": "busy",
                "procore": {"account": "procore/app", "company_id": str(company), "projects": ids},
                "quickbooks": {"realm": "9130"},
            }
        )
        connections = Connections({"busy": config})
        clients = {"busy": client}
        inbox = PostgresInbox(lab.pool)
        sweeping = Sweeping(
            connections=connections,
            source=ProcorePapers(clients, folder="Compliance", clock=lab.clock),
            inbox=inbox,
            looks=PostgresLooks(lab.pool),
            intake=Intake(inspect=FakeInspection(), safe=lab.safe, inbox=inbox, clock=lab.clock),
            clock=lab.clock,
            every=timedelta(seconds=_default("sweep_s")),
            remembered=timedelta(seconds=_default("remembered_s")),
        )
        search = InvoiceSearch(
            connections=connections,
            policy=load_gate(CONFIG, load_connections(CONFIG)),
            sheets=Sheets(),
            subcontracts=ProcoreSubcontracts(clients, remembered_s=_default("remembered_s")),
            book=JudgedAlready(lab.pool, laboratory.world.procore),
            clock=lab.clock,
            every=timedelta(seconds=_default("requisitions_s")),
        )
        yield BusyCompany(lab, laboratory, people, connections, sweeping, search, client, calls)


def _default(name: str) -> float:
    return float(Settings.model_fields[name].default)


def _endpoint(path: str) -> str:
    """Return a path of the API without its ids."""
    return re.sub(r"/\d+", "/…", path.removeprefix("/rest/"))


def _furnished(laboratory: Laboratory, people: ProcorePeople, projects: int) -> list[str]:
    """Let seeded contracts and invoices stand many times over, in so many projects; give their ids."""
    procore = laboratory.world.procore
    seeded = int(laboratory.description["companies"][0]["projects"][0]["id"])
    project = procore.projects.truth(seeded)
    orders = laboratory.description["companies"][0]["commitments"][str(seeded)]
    order = next(one for one in orders if one["requisitions"])
    commitment = procore.commitments.truth(int(order["id"]))
    requisition = procore.requisitions.truth(int(order["requisitions"][0]["id"]))
    assert project is not None
    assert project.value is not None
    assert commitment is not None
    assert commitment.value is not None
    assert requisition is not None
    assert requisition.value is not None
    ids = []
    for _ in range(projects):
        company = project.company_id
        mine = procore.projects.insert(procore.new_id(), project.value, company_id=company).id
        procore.project_vendors[mine] = set(procore.project_vendors[seeded])
        ids.append(str(mine))
        contracts = [
            procore.commitments.insert(
                procore.new_id(), commitment.value, company_id=company, project_id=mine
            ).id
            for _ in range(COMMITMENTS)
        ]
        for number in range(INVOICES):
            billed = replace(
                requisition.value, commitment_id=contracts[number % COMMITMENTS], previous_id=None
            )
            invoice = procore.requisitions.insert(
                procore.new_id(), billed, company_id=company, project_id=mine
            ).id
            paper = {"project_id": mine, "invoice_id": invoice, "pdf": f"waiver {invoice}".encode().hex()}
            status = "awaiting_signature" if number < AWAITED else "complete"
            people.paper("lien_waiver", {**paper, "status": status})
        root = {"parent_id": mine, "is_deleted": False, "private": False, "read_only": False}
        held = procore.folders.insert(
            procore.new_id(), {**root, "name": "Compliance"}, company_id=company, project_id=mine
        ).id
        for number in range(COMMITMENTS):
            procore.folders.insert(
                procore.new_id(),
                {**root, "parent_id": held, "name": f"Vendor {number}"},
                company_id=company,
                project_id=mine,
            )
    return ids
