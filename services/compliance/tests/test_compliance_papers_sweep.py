"""Papers from Procore: what a sweep over the sandbox takes, once, and what it leaves; and the commands of the process."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from papers_lab import Bench, FakeInspection, bench
from pydantic import SecretStr

from plumbline.common.connections import Connections, load_connections
from plumbline.common.database import transaction
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark
from plumbline.common.secrets.tokens import LiveToken
from plumbline.common.testing.clock import DAWN
from plumbline.common.testing.database import expire_leases, rows, work_row
from plumbline.compliance.adapters.inbox import PostgresInbox
from plumbline.compliance.adapters.looks import PostgresLooks
from plumbline.compliance.adapters.procore import BILLED_WITHIN, ProcoreDirectory, ProcorePapers
from plumbline.compliance.app import bring_up_to_date, inspect, load_files, replay
from plumbline.compliance.ports.intake import Found
from plumbline.compliance.ports.reading import RefusedPaperError
from plumbline.compliance.service.intake import Intake
from plumbline.compliance.service.reviewing import UnknownPaperError
from plumbline.compliance.service.sweeping import AT_ONCE, Sweeping, first_sweeps, sweep_key
from plumbline.compliance.settings import Settings
from plumbline.procore import ProcoreClient, ProcoreUnavailableError
from plumbline_sandbox.assembly import fresh
from plumbline_sandbox.laboratory import Laboratory
from plumbline_sandbox.people import ProcorePeople

CONFIG = Path(__file__).parents[3] / "config"
EVERY = timedelta(minutes=15)
DAY = timedelta(days=1)
"""So long rests no shelf."""


class SiteTokens:
    """The tokens of the sandbox's service account: a new one when the old one has run out."""

    def __init__(self, laboratory: Laboratory) -> None:
        self._laboratory = laboratory
        self._token: LiveToken | None = None

    async def live_token(self) -> LiveToken:
        if self._token is None:
            self._token = LiveToken(SecretStr(await self._laboratory.site_token()), 1, DAWN)
        return self._token

    async def replace(self, refused: LiveToken, *, was_good: bool = False) -> LiveToken:
        self._token = None
        return await self.live_token()


@dataclass
class Site:
    """The sandbox's first company, and a sweep over its first project."""

    lab: Bench
    sandbox: Laboratory
    people: ProcorePeople
    connections: Connections
    client: ProcoreClient
    sweeping: Sweeping

    @property
    def connection(self) -> str:
        return next(iter(self.connections)).name

    @property
    def project(self) -> str:
        return str(self.sandbox.description["companies"][0]["projects"][0]["id"])

    @property
    def order(self) -> dict[str, Any]:
        orders = self.sandbox.description["companies"][0]["commitments"][self.project]
        return next(one for one in orders if one["requisitions"])

    @property
    def invoice(self) -> int:
        return int(self.order["requisitions"][0]["id"])

    def file(self, name: str, content: bytes) -> None:
        """Let somebody file a compliance document of the commitment."""
        attachment = {"name": name, "content": content.hex()}
        self.people.file({"commitment_id": self.order["id"], "type": "license", "attachments": [attachment]})

    def waive(self, content: bytes) -> int:
        body = {"project_id": int(self.project), "invoice_id": self.invoice, "pdf": content.hex()}
        return int(self.people.paper("lien_waiver", body)["id"])

    async def sweep(self, *, after: timedelta = EVERY) -> int:
        self.lab.clock.advance(after)
        self.sandbox.world.clock.step(after.total_seconds())
        key = sweep_key(self.connection, self.project)
        async with transaction(self.lab.pool) as database:
            await mark(
                database, [Mark(key, self.connection, f"{self.lab.clock.now()}")], now=self.lab.clock.now()
            )
        return await self.lab.reconciler(handler=self.sweeping.work).work_off()

    async def delete_file(self, name: str) -> None:
        """Let somebody delete a file of the Documents tool."""
        place = await rows(self.lab.pool, "SELECT source_record FROM documents WHERE file_name = $1", name)
        path = f"/rest/v1.0/files/{place[0]['source_record'].rpartition('/')[2]}"
        (await self.sandbox.site("DELETE", path, project_id=self.project)).raise_for_status()

    async def withdrawn(self) -> list[str]:
        found = await rows(
            self.lab.pool, "SELECT file_name FROM documents WHERE withdrawn_at IS NOT NULL ORDER BY file_name"
        )
        return [row["file_name"] for row in found]

    async def taken(self) -> list[tuple[str, str]]:
        found = await rows(
            self.lab.pool, "SELECT file_name, source_record FROM documents ORDER BY received_at, file_name"
        )
        return [(row["file_name"], row["source_record"].split("/", 3)[3]) for row in found]


@pytest.fixture
async def site(database_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    sandbox = fresh(1)
    transport = httpx.ASGITransport(sandbox.apps["procore"])
    storage = {"all://storage.example": httpx.ASGITransport(sandbox.apps["storage"])}
    async with (
        bench(database_url, tmp_path) as lab,
        Laboratory(sandbox=sandbox) as laboratory,
        httpx.AsyncClient(transport=transport, mounts=storage, base_url="http://sandbox.example") as http,
    ):
        # The seeded invoices are of October 2026; the bench's clock stands in November.
        laboratory.world.clock.set(lab.clock.now())
        company = laboratory.companies[0].company.id
        client = ProcoreClient(
            http, SiteTokens(laboratory), company_id=company, deadline_s=5.0, clock=lab.clock
        )
        connections = load_connections(CONFIG)
        name = next(iter(connections)).name
        inbox = PostgresInbox(lab.pool)
        sweeping = Sweeping(
            connections=connections,
            source=ProcorePapers({name: client}, folder="Compliance", clock=lab.clock),
            inbox=inbox,
            looks=PostgresLooks(lab.pool),
            intake=Intake(inspect=FakeInspection(), safe=lab.safe, inbox=inbox, clock=lab.clock),
            clock=lab.clock,
            every=EVERY,
            remembered=timedelta(seconds=10),
        )
        yield Site(lab, laboratory, ProcorePeople(laboratory.world), connections, client, sweeping)


async def test_a_sweep_takes_what_there_is_once_and_says_whose_it_is(site: Site) -> None:
    site.file("licence.pdf", b"licence")
    waiver = site.waive(b"waiver")
    await site.sweep()
    await site.sweep()

    names = [name for name, _ in await site.taken()]
    assert sorted(names) == ["licence.pdf", f"lien_waiver-{waiver}.pdf"]
    found = await rows(site.lab.pool, "SELECT vendor_id, payable, file_name FROM documents")
    assert {row["vendor_id"] for row in found} == {site.order["vendor_id"]}
    payables = {row["file_name"]: row["payable"] for row in found}
    company = site.sandbox.companies[0].company.id
    assert payables == {
        "licence.pdf": None,
        f"lien_waiver-{waiver}.pdf": f"payable/{company}/{site.project}/requisition/{site.invoice}",
    }
    assert len(await site.lab.told("documents.received.v1")) == 2
    leaks = [entry for entry in site.sandbox.world.journal.since(0) if entry.kind == "leak"]
    assert leaks == []


async def test_a_waiver_that_was_signed_since_is_another_paper(site: Site) -> None:
    waiver = site.waive(b"waiver, not signed")
    await site.sweep()
    site.people.handle_paper(waiver, {"status": "complete", "pdf": b"waiver, signed".hex()})
    await site.sweep()
    await site.sweep()

    assert len(await site.taken()) == 2


async def test_files_of_the_folder_for_papers_are_taken_and_no_others(site: Site) -> None:
    vendor = next(
        one for one in await site.client.vendors(site.project) if str(one.id) == site.order["vendor_id"]
    )
    compliance = await folder(site, "Compliance")
    of_vendor = await folder(site, vendor.name, parent=compliance)
    await upload(site, "w9.pdf", b"w9", of_vendor)
    await upload(site, "certificate.pdf", b"certificate", compliance)
    await upload(site, "drawing.pdf", b"drawing", await folder(site, "Drawings"))
    await site.sweep()

    found = await rows(site.lab.pool, "SELECT file_name, vendor_id FROM documents ORDER BY file_name")
    assert [tuple(row.values()) for row in found] == [("certificate.pdf", None), ("w9.pdf", str(vendor.id))]


async def test_what_is_no_paper_is_not_fetched_again_and_is_shown_to_people(site: Site) -> None:
    site.file("setup.exe", b"MZ a program")
    for _ in range(2):
        await site.sweep()

    (refused,) = await rows(site.lab.pool, "SELECT refused_code FROM findings WHERE refused_code IS NOT NULL")
    assert refused["refused_code"] == "unknown-type"
    told = [entry.facts for entry in site.sandbox.world.journal.since(0)]
    reads = [one for one in told if one.get("provider") == "storage" and one.get("method") == "GET"]
    assert len(reads) == 1
    assert await site.taken() == []


async def test_a_file_that_procore_does_not_give_holds_up_no_other_and_is_asked_for_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.file("a.pdf", b"%PDF first")
    site.file("b.pdf", b"%PDF second")
    real, is_away = ProcorePapers.content, True

    async def fitful(self: ProcorePapers, connection: str, found: Found) -> bytes:
        if is_away and found.file_name == "a.pdf":
            raise ProcoreUnavailableError("Procore answered 404")
        return await real(self, connection, found)

    monkeypatch.setattr(ProcorePapers, "content", fitful)
    await site.sweep()

    assert [name for name, _ in await site.taken()] == ["b.pdf"]
    (refused,) = await rows(
        site.lab.pool, "SELECT refused_code, refused FROM findings WHERE refused IS NOT NULL"
    )
    assert refused["refused_code"] == "not-given"
    assert "a.pdf" in refused["refused"]

    is_away = False
    await site.sweep()
    assert sorted(name for name, _ in await site.taken()) == ["a.pdf", "b.pdf"]
    assert await rows(site.lab.pool, "SELECT 1 FROM findings WHERE refused IS NOT NULL") == []


async def test_a_sweep_that_dies_in_the_middle_loses_and_doubles_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        site.file(f"paper {number}.pdf", f"paper {number}".encode())
    real, fetched = ProcorePapers.content, 0

    async def dying(self: ProcorePapers, connection: str, found: Found) -> bytes:
        nonlocal fetched
        fetched += 1
        if fetched == 3:
            raise KeyboardInterrupt
        return await real(self, connection, found)

    monkeypatch.setattr(ProcorePapers, "content", dying)
    with pytest.raises(KeyboardInterrupt):
        await site.sweep()
    assert len(await site.taken()) == 2
    await expire_leases(site.lab.pool)
    await site.sweep()

    assert len(await site.taken()) == 4
    assert fetched == 5  # two before it died, the one in hand, and two after
    assert len(await site.lab.told("documents.received.v1")) == 4


async def test_many_papers_are_taken_in_turns(site: Site) -> None:
    for number in range(AT_ONCE + 3):
        site.file(f"paper {number}.pdf", f"paper {number}".encode())
    worked = await site.sweep()

    assert worked >= 1
    await site.sweep(after=timedelta(seconds=1))
    assert len(await site.taken()) == AT_ONCE + 3


async def test_papers_of_a_project_are_decided_anew_when_its_address_changes(site: Site) -> None:
    site.file("licence.pdf", b"licence")
    await site.sweep()
    (document,) = await rows(site.lab.pool, "SELECT document FROM documents")
    key = f"document/{site.connection}/{document['document']}"
    await site.sweep()
    before = (await work_row(site.lab.pool, key))["causes"]
    payable = "payable/1/2/requisition/3"
    await rows(
        site.lab.pool,
        "INSERT INTO payables VALUES ($1, $2, $3, '88', '5', 'held', 1, false, false, '{}', '{}')",
        payable,
        site.connection,
        site.project,
    )
    site.people.set_up(int(site.project), {"state_code": None})
    await site.sweep()

    causes = (await work_row(site.lab.pool, key))["causes"]
    assert len(causes) == len(before) + 1
    assert causes[-1].startswith("project ")
    assert (await work_row(site.lab.pool, payable))["causes"][-1].startswith("project ")
    directory = ProcoreDirectory({site.connection: site.client}, remembered_s=0)
    place = await directory.project(site.connection, site.project)
    assert place is not None
    assert place.state is None
    assert await directory.vendor(site.connection, "1") is None


async def test_what_people_delete_cancel_or_replace_in_procore_is_withdrawn(site: Site) -> None:
    compliance = await folder(site, "Compliance")
    await upload(site, "w9.pdf", b"w9", compliance)
    site.file("licence.pdf", b"licence")
    cancelled, signed, stays = site.waive(b"to be cancelled"), site.waive(b"not signed"), site.waive(b"stays")
    await site.sweep()
    assert await site.withdrawn() == []

    site.people.handle_paper(cancelled, {"status": "cancelled"})
    site.people.handle_paper(signed, {"status": "complete", "pdf": b"signed".hex()})
    await site.delete_file("w9.pdf")
    for document in await site.client.compliance_documents(
        site.project, site.order["id"], of_type="WorkOrderContract"
    ):
        path = f"/rest/v1.0/projects/{site.project}/work_order_contracts/{site.order['id']}/compliance_documents/{document.id}"
        (await site.sandbox.site("DELETE", path)).raise_for_status()
    await site.sweep(after=DAY)

    gone = ["licence.pdf", f"lien_waiver-{cancelled}.pdf", f"lien_waiver-{signed}.pdf", "w9.pdf"]
    assert await site.withdrawn() == sorted(gone)
    site.people.handle_paper(cancelled, {"status": "complete"})
    await site.sweep(after=DAY)
    assert f"lien_waiver-{cancelled}.pdf" not in await site.withdrawn()
    assert f"lien_waiver-{stays}.pdf" not in await site.withdrawn()


async def test_a_look_that_fails_or_leaves_a_row_out_once_withdraws_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiver = site.waive(b"waiver")
    await site.sweep()
    real, answers = ProcoreClient.lien_waivers, [ProcoreUnavailableError("Procore answered 503"), []]

    async def fitful(self: ProcoreClient, *place: Any) -> Any:
        if not answers or place[1] != site.invoice:
            return await real(self, *place)
        match answers.pop(0):
            case ProcoreUnavailableError() as error:
                raise error
            case rows:
                return rows

    monkeypatch.setattr(ProcoreClient, "lien_waivers", fitful)
    await site.sweep(after=DAY)
    assert await site.withdrawn() == []
    await site.sweep(after=DAY)  # the round that failed is repeated, and one list leaves the row out
    assert (answers, await site.withdrawn()) == ([], [])

    answers += [[], []]
    await site.sweep(after=DAY)
    assert await site.withdrawn() == [f"lien_waiver-{waiver}.pdf"]


async def test_invoices_that_are_looked_through_no_more_keep_their_papers(site: Site) -> None:
    site.waive(b"waiver")
    await site.sweep()

    await site.sweep(after=BILLED_WITHIN)
    assert await site.withdrawn() == []


async def folder(site: Site, name: str, *, parent: int | None = None) -> int:
    body = {"folder": {"name": name, **({"parent_id": parent} if parent else {})}}
    answer = await site.sandbox.site("POST", "/rest/v1.0/folders", body, project_id=site.project)
    return int(answer.raise_for_status().json()["id"])


async def upload(site: Site, name: str, content: bytes, parent: int) -> None:
    token = await site.sandbox.site_token()
    answer = await site.sandbox.procore.post(
        "/rest/v1.0/files",
        params={"project_id": site.project},
        headers={
            "authorization": f"Bearer {token}",
            "procore-company-id": str(site.sandbox.companies[0].company.id),
        },
        data={"file[parent_id]": str(parent), "file[name]": name},
        files={"file[data]": (name, content, "application/pdf")},
    )
    answer.raise_for_status()


# ---- the process


def settings(database_url: str) -> Settings:
    return Settings(
        env="test",
        replica="compliance-1",
        database_url=SecretStr(database_url),
        config_dir=CONFIG,
        operator_token_file=Path("token"),
        procore_url="http://procore.test",
    )


async def test_replaying_a_paper_that_is_not_there_says_so(database_url: str) -> None:
    given = settings(database_url)
    await bring_up_to_date(given)
    await bring_up_to_date(given)

    with pytest.raises(UnknownPaperError, match="no paper nothing"):
        await replay(given, "nothing")


def test_the_shipped_files_are_read_and_a_changed_one_is_another_digest(tmp_path: Path) -> None:
    files = load_files(CONFIG)
    changed = files.sheets.model_copy(update={"projects": {}})

    assert len(first_sweeps(files.connections)) == 12
    assert files.digest == load_files(CONFIG).digest
    assert (
        type(files)(files.connections, files.rule_set, changed, files.authorities, files.policy).digest
        != files.digest
    )


def test_files_are_told_by_their_content() -> None:
    assert inspect("a.exe", b"%PDF-1.7\n%%EOF") == "application/pdf"
    with pytest.raises(RefusedPaperError, match="no type that is taken"):
        inspect("a.pdf", b"<html><body>no paper</body></html>")


def test_a_lease_outlasts_any_step() -> None:
    assert settings("postgresql://nowhere").lease.total_seconds() == 180
