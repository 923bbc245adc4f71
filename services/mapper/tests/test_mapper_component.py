"""The mapper on a real PostgreSQL, reading the sandbox's Procore: from a webhook's event to a command."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from plumbline.common.connections import Connections, load_connections
from plumbline.common.contracts.ledger import DesiredInvoice, LedgerCommand
from plumbline.common.contracts.operations import RecordParked
from plumbline.common.contracts.procore import ProcoreChanged
from plumbline.common.database import Pool, transaction
from plumbline.common.edge import Received
from plumbline.common.listening import Bell
from plumbline.common.reconciling.loop import Claim, Reconciler
from plumbline.common.reconciling.store import WorkStore
from plumbline.common.reconciling.verdicts import Verdict
from plumbline.common.secrets.tokens import LiveToken
from plumbline.common.testing.database import rows, service_pool, work_row
from plumbline.mapper.adapters.files import load_status_map, read_links
from plumbline.mapper.adapters.links import PostgresLinks
from plumbline.mapper.adapters.procore import ProcoreDirectory, ProcoreInvoices
from plumbline.mapper.adapters.records import PostgresRecords
from plumbline.mapper.app import MIGRATIONS, SCHEMA, timed
from plumbline.mapper.domain.links import Link
from plumbline.mapper.handlers import LinkRoutes, recording
from plumbline.mapper.service import Linking, Mapper
from plumbline.mapper.testing import link
from plumbline.procore import ProcoreClient
from plumbline.procore.oauth import client_credentials
from plumbline_sandbox.people import ProcorePeople
from plumbline_sandbox.procore.app import build
from plumbline_sandbox.seed import Seeded, seed
from plumbline_sandbox.world import World

CONFIG = Path(__file__).parents[3] / "config"
PAUSES = (timedelta(seconds=15), timedelta(seconds=90))


class Tokens:
    """One token, got from the sandbox's authorization server."""

    def __init__(self, token: LiveToken) -> None:
        self._token = token

    async def live_token(self) -> LiveToken:
        return self._token

    async def replace(self, refused: LiveToken, *, was_good: bool = False) -> LiveToken:
        raise AssertionError("the sandbox refused its own token")


@dataclass
class Laboratory:
    """One mapper over the sandbox's world and the shipped configuration."""

    world: World
    people: ProcorePeople
    pool: Pool
    mapper: Mapper
    loop: Reconciler
    linking: Linking
    connections: Connections
    events: int = 0

    def place(self, company: int = 0, project: int = 0) -> dict[str, Any]:
        """Return the ids of a project, for people to bill on."""
        config = [*self.connections][3 * company]  # of the second one the connection that mails
        project_id = int(config.procore.projects[project])
        (contract,) = self.world.procore.prime_contracts.shown_of_project(project_id)
        return {
            "company_id": int(config.procore.company_id),
            "project_id": project_id,
            "prime_contract_id": contract.id,
        }

    def bill(
        self, *, company: int = 0, project: int = 0, lines: Sequence[dict[str, Any]] = (), **more: Any
    ) -> str:
        """Let a person bill; return the record's key."""
        standard = {
            "invoice_number": "A-1",
            "status": "approved",
            "billing_date": "2026-10-31",
            "tax": "12.34",
        }
        standard |= {"period_start": "2026-10-01", "period_end": "2026-10-31"}
        place = self.place(company, project)
        made = self.people.bill({**place, **standard, "lines": list(lines or LINES), **more})
        return f"{place['company_id']}/{place['project_id']}/payment-applications/{made['id']}"

    def change(self, key: str, **changes: Any) -> None:
        self.people.rebill(int(key.rpartition("/")[2]), changes)

    async def hint(self, key: str, reason: str = "update", event_id: str | None = None) -> None:
        """Let the edge record one event about a record."""
        self.events += 1
        company, project, resource, resource_id = key.split("/")
        config = self.connections.of_project(company, project)
        event = ProcoreChanged(
            event_id=event_id or f"event-{self.events}",
            connection=config.name if config else "elsewhere",
            company_id=company,
            project_id=project,
            resource=resource,
            resource_id=resource_id,
            reason=reason,
            occurred_at=self.world.clock.now(),
            payload_version="v4.0",
        )
        async with transaction(self.pool) as connection:
            await recording(self.world.clock)(connection, [Received(event, event.event_id, None)])

    async def work(self, *, after_s: float = 0.1) -> int:
        """Let time pass and work what is due then."""
        self.world.clock.step(after_s)
        return await self.loop.work_off()

    async def commands(self) -> list[LedgerCommand]:
        found = await rows(
            self.pool, "SELECT value FROM outbox WHERE topic = 'ledger.commands.v1' ORDER BY id"
        )
        return [LedgerCommand.model_validate_json(row["value"]) for row in found]

    async def states(self) -> list[str]:
        return [str(c.desired.state) for c in await self.commands() if isinstance(c.desired, DesiredInvoice)]

    async def notices(self) -> list[tuple[str, str]]:
        found = await rows(
            self.pool, "SELECT value FROM outbox WHERE topic = 'records.parked.v1' ORDER BY id"
        )
        notices = [RecordParked.model_validate_json(row["value"]) for row in found]
        return [(notice.change, notice.code) for notice in notices]

    def fault(self, name: str, **args: Any) -> None:
        self.world.faults.add({"name": name, "times": 1, "args": args})


LINES = (
    {
        "description_of_work": "Cast-in-place concrete",
        "flat_code": "03-300",
        "scheduled_value": "240000.00",
        "work_completed_this_period": "1234.50",
        "materials_presently_stored": "100.05",
        "retainage_percent": "10",
        "added_from_source": "contract",
    },
    {
        "description_of_work": "Added drain",
        "flat_code": "CO-001",
        "scheduled_value": "750.00",
        "work_completed_this_period": "750.00",
        "retainage_percent": "0",
        "added_from_source": "change_order",
    },
)


@pytest.fixture
async def laboratory(database_url: str) -> AsyncIterator[Laboratory]:
    world = World(seed=1)
    seeded = seed(world)
    http = httpx.AsyncClient(transport=httpx.ASGITransport(build(world)), base_url="http://procore.test")
    async with service_pool(database_url, schema=SCHEMA, packages=MIGRATIONS) as pool, http:
        yield await put_together(world, seeded, pool, http)


async def put_together(world: World, seeded: Seeded, pool: Pool, http: httpx.AsyncClient) -> Laboratory:
    connections = load_connections(CONFIG)
    clients = {}
    for config, company in zip([*connections], [c for c in seeded.companies for _ in range(2)], strict=True):
        token = await a_token(http, company.app.client_id, company.app.client_secret, world.clock.now())
        clients[config.name] = ProcoreClient(
            http, Tokens(token), company_id=company.company.id, deadline_s=5.0
        )
    links = PostgresLinks(pool, world.clock)
    mapper = Mapper(
        connections=connections,
        status_map=load_status_map(CONFIG),
        invoices=ProcoreInvoices(clients),
        directory=ProcoreDirectory(clients, remembered_s=60.0),
        records=PostgresRecords(pool),
        links=links,
        clock=world.clock,
        pauses=PAUSES,
    )
    linking = Linking(connections=connections, links=links)
    await linking.make(read_links(CONFIG / "links.csv"))
    loop = Reconciler(
        service="mapper",
        store=WorkStore(pool, replica="mapper-1", lease=timedelta(seconds=30), per_connection=8),
        handler=timed(mapper),
        clock=world.clock,
        bell=Bell(),
        concurrency=4,
    )
    return Laboratory(world, ProcorePeople(world), pool, mapper, loop, linking, connections)


async def a_token(http: httpx.AsyncClient, client_id: str, secret: str, now: datetime) -> LiveToken:
    grant = await client_credentials(
        http,
        login_url="http://procore.test",
        client_id=client_id,
        client_secret=SecretStr(secret),
        deadline_s=5.0,
        now=now,
    )
    return LiveToken(grant.access_token, 1, grant.expires_at)


async def test_a_webhook_becomes_one_command_with_the_sandboxs_own_amount(laboratory: Laboratory) -> None:
    key = laboratory.bill(status_code=4)
    await laboratory.hint(key, "create")

    await laboratory.work()

    (command,) = await laboratory.commands()
    (fact,) = [e.facts for e in laboratory.world.journal.since(0) if e.facts.get("status_code") == 4]
    assert isinstance(command.desired, DesiredInvoice)
    assert command.desired.total_cents == fact["total_cents"]
    assert [line.item_id for line in command.desired.lines] == ["11", "12", "14"]
    assert (command.desired.number, command.desired.customer_id) == ("TX01-A-1", "51")
    assert (command.realm, command.version, command.source) == ("9341453000000001", 1, key)
    assert command.provider_time is not None
    assert command.partner_ms > 0


async def test_a_repeated_event_costs_nothing(laboratory: Laboratory) -> None:
    key = laboratory.bill(status_code=4)
    await laboratory.hint(key, event_id="one")
    await laboratory.work()

    await laboratory.hint(key, event_id="one")

    assert await laboratory.work() == 0
    assert await laboratory.states() == ["open"]


async def test_events_about_other_resources_mark_nothing(laboratory: Laboratory) -> None:
    place = laboratory.place()
    await laboratory.hint(
        f"{place['company_id']}/{place['project_id']}/prime-contracts/{place['prime_contract_id']}"
    )

    assert await rows(laboratory.pool, "SELECT key FROM work") == []


async def test_states_may_be_skipped_and_a_payment_is_recorded(laboratory: Laboratory) -> None:
    key = laboratory.bill(status_code=4)
    await laboratory.hint(key)
    await laboratory.work()
    laboratory.change(key, status_code=7)
    await laboratory.hint(key)
    await laboratory.work()

    records = [(c.record.split("/")[0], c.version) for c in await laboratory.commands()]
    assert records == [("invoice", 1), ("invoice", 2), ("payment", 1)]
    assert await laboratory.states() == ["open", "paid"]


async def test_a_contract_payment_makes_a_sent_invoice_paid(laboratory: Laboratory) -> None:
    key = laboratory.bill(company=1)
    await laboratory.hint(key)
    await laboratory.work()
    place = laboratory.place(company=1)
    (command,) = await laboratory.commands()
    amount = str(Decimal(command.desired.model_dump()["total_cents"]).scaleb(-2))
    made = laboratory.people.receive(
        {**place, "amount": amount, "invoice_number": "A-1", "date": "2026-11-20"}
    )
    await laboratory.hint(
        f"{place['company_id']}/{place['project_id']}/contract-payments/{made['id']}", "create"
    )

    await laboratory.work()

    assert await laboratory.states() == ["sent", "paid"]


async def test_a_hint_that_arrives_before_its_truth_is_served_by_a_later_look(laboratory: Laboratory) -> None:
    key = laboratory.bill(status="draft")
    await laboratory.hint(key, "create")
    await laboratory.work()
    laboratory.fault("stale-truth", ms=5000)
    laboratory.change(key, status="approved", status_code=4)
    told_at = laboratory.world.clock.now()
    await laboratory.hint(key)

    await laboratory.work()
    early = await laboratory.states()
    await laboratory.work(after_s=16)

    (command,) = await laboratory.commands()
    assert early == []
    assert command.provider_time is not None
    assert abs((command.provider_time - told_at).total_seconds()) < 1


async def test_an_invoice_that_cannot_be_read_yet_is_read_later(laboratory: Laboratory) -> None:
    laboratory.fault("stale-truth", ms=5000)
    key = laboratory.bill(status_code=4)
    await laboratory.hint(key, "create")

    await laboratory.work()
    waiting = await work_row(laboratory.pool, key)
    await laboratory.work(after_s=16)

    assert waiting["attempt"] == 0
    assert waiting["parked_at"] is None
    assert await laboratory.states() == ["open"]


async def test_change_order_rows_that_come_late_are_billed_without_another_webhook(
    laboratory: Laboratory,
) -> None:
    laboratory.fault("late-rows", ms=60_000)
    key = laboratory.bill(status_code=4)
    await laboratory.hint(key)

    await laboratory.work()
    await laboratory.work(after_s=16)
    await laboratory.work(after_s=91)

    last = (await laboratory.commands())[-1].desired
    assert isinstance(last, DesiredInvoice)
    assert 75_000 in [line.amount_cents for line in last.lines]


async def test_a_deletion_in_procore_voids(laboratory: Laboratory) -> None:
    key = laboratory.bill(status_code=4)
    await laboratory.hint(key)
    await laboratory.work()
    laboratory.people.unbill(int(key.rpartition("/")[2]))
    await laboratory.hint(key, "delete")

    await laboratory.work()

    assert await laboratory.states() == ["open", "void"]


async def test_an_unlinked_owner_parks_and_goes_on_by_itself_once_linked(laboratory: Laboratory) -> None:
    await rows(laboratory.pool, "DELETE FROM links WHERE kind = 'customer'")
    key = laboratory.bill(status_code=4)
    await laboratory.hint(key)
    await laboratory.work()
    parked = await work_row(laboratory.pool, key)
    vendor = str(parked["resumes_on"]).split(":", 3)[-1]

    resumed = await laboratory.linking.make([link("customer", vendor, "51", of="lone-star-east")])
    await laboratory.work()

    assert parked["parked_cents"] == (await laboratory.commands())[0].desired.model_dump()["total_cents"]
    assert list(resumed) == [key]
    assert await laboratory.states() == ["open"]
    assert await laboratory.notices() == [
        ("parked", "missing-billing-entity"),
        ("resumed", "missing-billing-entity"),
    ]


async def test_a_link_made_while_the_record_is_looking_for_it_is_not_missed(laboratory: Laboratory) -> None:
    await rows(laboratory.pool, "DELETE FROM links WHERE kind = 'customer'")
    key = laboratory.bill(status_code=4)
    project = key.split("/")[1]
    handler = timed(laboratory.mapper)

    async def linked_too_late(claim: Claim) -> Verdict:
        verdict = await handler(claim)
        await laboratory.linking.make([link("customer", f"project:{project}", "52", of="lone-star-east")])
        return verdict

    laboratory.loop._handler = linked_too_late
    await laboratory.hint(key)

    await laboratory.work()
    await laboratory.work()

    assert await laboratory.states() == ["open"]


async def test_a_link_wakes_only_what_it_may_serve(laboratory: Laboratory) -> None:
    await rows(laboratory.pool, "DELETE FROM links WHERE kind = 'customer'")
    keys = [laboratory.bill(project=place, status_code=4) for place in (0, 1)]
    for key in keys:
        await laboratory.hint(key)
    await laboratory.work()

    project = keys[1].split("/")[1]
    resumed = await laboratory.linking.make(
        [link("customer", f"project:{project}", "54", of="lone-star-east")]
    )

    assert list(resumed) == keys[1:]


async def test_a_fence_lost_before_the_end_leaves_nothing_behind(laboratory: Laboratory) -> None:
    key = laboratory.bill(status_code=4)
    handler = timed(laboratory.mapper)

    async def overtaken(claim: Claim) -> Verdict:
        verdict = await handler(claim)
        await rows(laboratory.pool, "UPDATE work SET fence = fence + 1 WHERE key = $1", claim.key)
        return verdict

    laboratory.loop._handler = overtaken
    await laboratory.hint(key)
    assert await laboratory.work() == 1
    laboratory.loop._handler = handler
    await rows(laboratory.pool, "UPDATE work SET leased_until = NULL, leased_by = NULL")

    assert await rows(laboratory.pool, "SELECT 1 FROM commands") == []
    assert await laboratory.work() == 1
    assert [c.version for c in await laboratory.commands()] == [1]


async def test_the_story_survives_in_the_database(laboratory: Laboratory) -> None:
    key = laboratory.bill(status_code=4)
    await laboratory.hint(key)
    await laboratory.work()
    laboratory.change(key, status_code=6)
    await laboratory.hint(key)
    await laboratory.work()

    told = await laboratory.mapper.tell(key)

    assert told is not None
    assert list(told["published"].values()) == [2]
    assert any("version 2: sent" in sentence for sentence in told["story"])
    assert any("link: change-order is item 12 (Change order work)" in sentence for sentence in told["story"])


async def test_links_are_made_and_shown_over_http(laboratory: Laboratory) -> None:
    app = Starlette(routes=LinkRoutes(laboratory.linking).routes())
    one = {
        "connection": "buckeye-south",
        "kind": "item",
        "source": "03-300",
        "quickbooks_id": "15",
        "name": "Services",
    }
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://mapper.test") as http:
        made = await http.post("/links", json=[one])
        again = await http.post("/links", json=[{**one, "quickbooks_id": "13"}])
        shown = await http.get("/links", params={"connection": "buckeye-south"})
        unreadable = await http.post("/links", content=b'[{"kind": "custmer"}]')
        elsewhere = await http.post("/links", json=[{**one, "connection": "utah"}])

    assert (made.status_code, made.json(), again.status_code) == (200, {"resumed": []}, 200)
    mine = [row["quickbooks_id"] for row in shown.json()["links"] if row["source"] == "03-300"]
    assert mine == ["13"]
    assert (unreadable.status_code, unreadable.json()["error"]) == (422, "not-links")
    assert (elsewhere.status_code, elsewhere.json()["error"]) == (422, "configuration")


async def test_the_last_of_two_links_for_one_thing_counts(laboratory: Laboratory) -> None:
    twice = [link("item", "default", number, of="buckeye-south") for number in ("1", "2")]

    await laboratory.linking.make(twice)

    found: list[Link] = [
        one for one in await laboratory.linking.of("buckeye-south") if one.source == "default"
    ]
    assert [one.quickbooks_id for one in found] == ["2"]


def lifting() -> str:
    """Return the statement that the restore procedure gives."""
    page = (CONFIG.parent / "docs" / "deploying.md").read_text(encoding="utf-8")
    (statement,) = re.findall(r"UPDATE mapper\.commands.*?;", page, re.DOTALL)
    return str(statement)


async def test_versions_of_a_restored_mapper_are_lifted_above_what_it_published_since(
    laboratory: Laboratory,
) -> None:
    key = laboratory.bill(status_code=4)
    await laboratory.hint(key, "create")
    await laboratory.work()
    await rows(laboratory.pool, lifting())
    laboratory.change(key, status_code=7)
    await laboratory.hint(key)
    await laboratory.work()
    assert [c.version for c in await laboratory.commands() if isinstance(c.desired, DesiredInvoice)] == [
        1,
        1002,
    ]
