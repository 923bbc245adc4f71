"""The keeper of subscriptions on a real PostgreSQL, against the sandbox's Procore."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from plumbline.common.connections import ConnectionConfig, Connections
from plumbline.common.contracts.operations import DeadLetter, SecretsReport
from plumbline.common.contracts.procore import ProcoreChanged
from plumbline.common.database import Pool, transaction
from plumbline.common.listening import Bell
from plumbline.common.reconciling.loop import Reconciler
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import WorkStore, mark
from plumbline.common.secrets.tokens import LiveToken
from plumbline.common.secrets.webhooks import WebhookSecrets, webhook_path
from plumbline.common.testing.database import expire_leases, rows, service_pool, work_row
from plumbline.common.testing.secrets import MemorySecretStore
from plumbline.common.testing.waiting import eventually
from plumbline.ingest.adapters.looks import PostgresLooks
from plumbline.ingest.app import MIGRATIONS, SCHEMA
from plumbline.ingest.domain.subscription import EVENT_TYPES, RESOURCES
from plumbline.ingest.service import SubscriptionKeeper, key_of
from plumbline.ingest.testing import CONNECTION, SECRET, V2, secret_store
from plumbline.procore.client import ProcoreClient
from plumbline_sandbox.laboratory import Laboratory
from plumbline_sandbox.people import ProcorePeople
from plumbline_sandbox.procore.webhooks.hooks import Delivery, Hook

URL = f"https://ingest.example/webhooks/procore/{CONNECTION}"
ALL = {(resource, event_type) for resource in RESOURCES for event_type in EVENT_TYPES}
RECHECK = timedelta(minutes=15)


class Tokens:
    """The company's access tokens, a new one whenever the sandbox takes the old one no more."""

    def __init__(self, lab: Laboratory, first: str) -> None:
        self._lab = lab
        self._token = LiveToken(SecretStr(first), 1, datetime.max.replace(tzinfo=UTC))

    async def live_token(self) -> LiveToken:
        return self._token

    async def replace(self, refused: LiveToken, *, was_good: bool = False) -> LiveToken:
        value = SecretStr(await self._lab.site_token())
        self._token = replace(refused, value=value, version=refused.version + 1)
        return self._token


@dataclass
class Bench:
    """Replicas of the keeper over one database and one sandbox; Procore's calls are counted."""

    lab: Laboratory
    pool: Pool
    connection: ConnectionConfig
    tokens: Tokens
    store: MemorySecretStore
    calls: list[tuple[str, str]] = field(default_factory=list)
    public_url: str = "https://ingest.example/"
    before_answer: Callable[[httpx.Response], Awaitable[None]] | None = None

    @property
    def projects(self) -> tuple[str, ...]:
        return self.connection.procore.projects

    def keeper(self) -> SubscriptionKeeper:
        return SubscriptionKeeper(
            connections=Connections({self.connection.name: self.connection}),
            subscriptions=lambda _: ProcoreClient(
                self.lab.procore,
                self.tokens,
                company_id=self.connection.procore.company_id,
                deadline_s=5.0,
                clock=self.lab.world.clock,
            ),
            secrets=WebhookSecrets(self.store, clock=self.lab.world.clock),
            looks=PostgresLooks(self.pool),
            clock=self.lab.world.clock,
            namespace="plumbline",
            public_url=self.public_url,
            recheck=RECHECK,
        )

    def replica(self, name: str = "r1") -> Reconciler:
        return Reconciler(
            service="ingest",
            store=WorkStore(self.pool, replica=name, lease=timedelta(minutes=5), per_connection=4),
            handler=self.keeper().converge,
            clock=self.lab.world.clock,
            bell=Bell(),
            concurrency=4,
        )

    def key(self, place: int = 0) -> str:
        return key_of(self.connection, self.projects[place])

    async def look(self, *places: int, after: timedelta = timedelta(seconds=1)) -> None:
        """Mark some projects, the first one if none is named, and work off what is due then."""
        self.lab.world.clock.step(after.total_seconds())
        cause = str(self.lab.world.clock.now())
        await self.mark(*(Mark(self.key(place), CONNECTION, cause) for place in places or (0,)))
        await self.replica().work_off()

    async def mark(self, *marks: Mark) -> None:
        async with transaction(self.pool) as connection:
            await mark(connection, marks, now=self.lab.world.clock.now())

    def add(self, *, triggers: bool = True, place: int = 0, **changes: Any) -> Hook:
        """Let somebody have made a hook before us."""
        hook = self.lab.world.procore.hooks.add(
            **{
                "company_id": int(self.connection.procore.company_id),
                "project_id": int(self.projects[place]),
                "payload_version": "v4.0",
                "namespace": "plumbline",
                "destination_url": URL,
                "destination_headers": {"Authorization": SECRET},
                **changes,
            }
        )
        for resource, event_type in sorted(ALL) if triggers else []:
            self.lab.world.procore.hooks.add_trigger(hook, resource, event_type)
        return hook

    def hooks(self, place: int = 0) -> list[Hook]:
        company, project = int(self.connection.procore.company_id), int(self.projects[place])
        return self.lab.world.procore.hooks.of_scope(company_id=company, project_id=project)

    def fault(self, name: str, path: str, *, method: str = "GET", **args: Any) -> None:
        match = {"path": path, "method": method}
        self.lab.world.faults.add({"name": name, "times": 1, "match": match, "args": args})

    async def answered(self, response: httpx.Response) -> None:
        path = response.request.url.path.partition("/webhooks/")[2]
        if not path:
            return  # for a token
        self.calls.append((response.request.method, path))
        if (told := self.before_answer) is not None:
            self.before_answer = None
            await told(response)


@pytest.fixture
async def bench(database_url: str) -> AsyncIterator[Bench]:
    async with (
        Laboratory() as lab,
        service_pool(database_url, schema=SCHEMA, packages=MIGRATIONS) as pool,
    ):
        company = lab.description["companies"][0]
        config = {
            "name": CONNECTION,
            "procore": {
                "account": "procore/a",
                "company_id": company["id"],
                "projects": [project["id"] for project in company["projects"]],
            },
            "quickbooks": {"realm": "1"},
        }
        connection = ConnectionConfig.model_validate(config)
        bench = Bench(lab, pool, connection, Tokens(lab, await lab.site_token()), secret_store())
        lab.procore.event_hooks = {"response": [bench.answered]}
        yield bench


def heard(hook: Hook) -> list[tuple[str, str]]:
    return sorted((t.resource_name, t.event_type) for t in hook.triggers.values())


def working(hook: Hook, version: str = "v4.0") -> bool:
    """Say whether a hook is as the keeper should leave it; every trigger is there once."""
    assert heard(hook) == sorted(ALL)
    assert (hook.destination_url, hook.destination_headers) == (URL, {"Authorization": SECRET})
    assert (hook.status, hook.payload_version, hook.namespace) == ("active", version, "plumbline")
    return True


async def test_project_without_a_hook_is_subscribed_by_four_calls(bench: Bench) -> None:
    await bench.look()
    (hook,) = bench.hooks()
    assert working(hook)
    assert bench.calls == [
        ("GET", "hooks"),
        ("POST", "hooks"),
        ("GET", f"hooks/{hook.id}/triggers"),
        ("POST", f"hooks/{hook.id}/triggers/bulk"),
    ]


async def test_company_of_six_projects_is_set_up_within_one_spike_window(bench: Bench) -> None:
    await bench.look(*range(6))
    assert all(working(hook) for place in range(6) for hook in bench.hooks(place))
    assert len(bench.calls) <= bench.lab.world.limits.procore.spike
    assert await rows(bench.pool, "SELECT 1 FROM work WHERE waiting_for IS NOT NULL") == []


async def test_working_hook_is_looked_at_again_and_left_alone(bench: Bench) -> None:
    await bench.look()
    del bench.calls[:]
    bench.lab.world.clock.step(RECHECK.total_seconds() + 1)
    await bench.replica().work_off()
    assert [method for method, _ in bench.calls] == ["GET", "GET", "GET"]
    assert len(bench.hooks()) == 1


@pytest.mark.parametrize(
    "broken",
    [
        {"destination_url": "https://old.example/webhooks/procore/lone-star"},
        {"destination_headers": {"Authorization": "Bearer Former-Secret-0"}},
        {"destination_headers": {}},
        {"triggers": False},
    ],
)
async def test_broken_hook_is_repaired_and_no_other_made(bench: Bench, broken: dict[str, Any]) -> None:
    before = bench.add(**broken)
    await bench.look()
    assert bench.hooks() == [before]
    assert working(before)


async def test_disabled_hook_without_one_trigger_is_repaired(bench: Bench) -> None:
    before = bench.add()
    before.status = "disabled"
    before.triggers.popitem()
    await bench.look()
    assert bench.hooks() == [before]
    assert working(before)


async def test_secret_that_was_renewed_reaches_the_hook(bench: Bench) -> None:
    await bench.look()
    bench.store.documents = secret_store(current="Bearer Third-Secret-2", previous=SECRET).documents
    await bench.look()
    assert bench.hooks()[0].destination_headers == {"Authorization": "Bearer Third-Secret-2"}


@pytest.mark.parametrize("version", ["v2.0", "v3.0"])
async def test_older_hook_is_adopted_at_its_payload_version(bench: Bench, version: str) -> None:
    before = bench.add(payload_version=version, destination_url="https://old.example/x", triggers=False)
    await bench.look()
    assert bench.hooks() == [before]
    assert working(before, version)


async def test_hook_that_points_to_us_is_kept_and_strangers_are_left_alone(bench: Bench) -> None:
    elsewhere = bench.add(destination_url="https://staging.example/webhooks/procore/lone-star")
    stranger = bench.add(namespace="another-app", destination_headers={"Authorization": "theirs"})
    ours = bench.add(triggers=False)
    await bench.look()
    assert bench.hooks() == [elsewhere, stranger, ours]
    assert working(ours)
    assert elsewhere.destination_url == "https://staging.example/webhooks/procore/lone-star"
    assert stranger.destination_headers == {"Authorization": "theirs"}


async def test_twin_is_removed_only_once_the_kept_hook_hears_everything(bench: Bench) -> None:
    kept, twin = bench.add(triggers=False), bench.add()
    bench.fault("status", "/triggers/bulk", method="POST")
    await bench.look()
    assert bench.hooks() == [kept, twin]
    await bench.look(after=timedelta(minutes=6))
    assert bench.hooks() == [kept]
    assert working(kept)


async def test_creation_whose_answer_was_lost_leaves_one_hook(bench: Bench) -> None:
    bench.fault("status-after-commit", "/webhooks/hooks$", method="POST")
    await bench.look()
    assert len(bench.hooks()) == 1
    await bench.look(after=timedelta(minutes=6))
    (hook,) = bench.hooks()
    assert working(hook)


async def test_throttled_project_waits_as_long_as_procore_asks_with_its_whole_connection(
    bench: Bench,
) -> None:
    bench.fault("throttle", "/webhooks/", retry_after=60)
    await bench.look()
    await bench.look(1, after=timedelta(seconds=50))
    assert bench.hooks() == bench.hooks(1) == []
    assert (await work_row(bench.pool, bench.key()))["attempt"] == 0
    await bench.look(after=timedelta(seconds=11))
    assert working(bench.hooks()[0])
    assert working(bench.hooks(1)[0])


async def test_trigger_that_procore_refuses_waits_for_a_person(bench: Bench) -> None:
    hook = bench.add(triggers=False)
    bench.lab.procore.event_hooks["request"].append(misspelling)
    await bench.look()
    row = await work_row(bench.pool, bench.key())
    assert row["announced_code"] == "triggers-refused"
    assert "Contract Payments update" in row["announced_reason"]
    assert len(heard(hook)) == len(ALL) - 1


async def misspelling(request: httpx.Request) -> None:
    """Let Procore not know one of the resources."""
    if request.url.path.endswith("/bulk"):
        wishes = request.content.replace(
            b'"Contract Payments","event_type":"update"', b'"Nothing","event_type":"update"'
        )
        request.headers["content-length"] = str(len(wishes))
        request.stream = httpx.ByteStream(wishes)


async def test_triggers_that_somebody_set_meanwhile_are_no_refusal(bench: Bench) -> None:
    hook = bench.add(triggers=False)

    async def set_by_another(_: httpx.Response) -> None:
        bench.before_answer = set_now

    async def set_now(_: httpx.Response) -> None:
        for resource, event_type in sorted(ALL):
            bench.lab.world.procore.hooks.add_trigger(hook, resource, event_type)

    bench.before_answer = set_by_another
    await bench.look()
    assert working(hook)
    assert (await work_row(bench.pool, bench.key()))["parked_at"] is None


async def test_replica_that_lost_its_lease_subscribes_nothing(bench: Bench) -> None:
    async def taken_over(_: httpx.Response) -> None:
        await expire_leases(bench.pool)
        await bench.replica("r2").work_off()

    bench.before_answer = taken_over  # the first answer says that there is no hook yet
    await bench.look()
    (hook,) = bench.hooks()
    assert working(hook)
    assert [call for call in bench.calls if call[0] == "POST"] == [
        ("POST", "hooks"),
        ("POST", f"hooks/{hook.id}/triggers/bulk"),
    ]


async def test_two_replicas_make_one_hook_per_project(bench: Bench) -> None:
    await bench.mark(*(Mark(bench.key(place), CONNECTION, "start") for place in range(6)))
    async with asyncio.TaskGroup() as both:
        for name in ("r1", "r2"):
            both.create_task(bench.replica(name).work_off())
    for place in range(6):
        (hook,) = bench.hooks(place)
        assert working(hook)
    assert len(bench.calls) == 24


async def test_project_without_a_secret_waits_for_a_person(bench: Bench) -> None:
    bench.store.documents.clear()
    await bench.look()
    assert (await work_row(bench.pool, bench.key()))["announced_code"] == "no-webhook-secret"
    assert bench.calls == []


async def test_project_that_is_no_longer_configured_is_left_alone(bench: Bench) -> None:
    await bench.mark(
        Mark("hooks/lone-star/1", "lone-star", "start"), Mark("hooks/nobody/1", "nobody", "start")
    )
    assert await bench.replica().work_off() == 2
    assert bench.calls == []


async def test_story_tells_the_last_look_and_the_last_change(bench: Bench) -> None:
    assert await bench.keeper().tell(bench.key()) is None
    await bench.look()
    (hook,) = bench.hooks()
    first = await bench.keeper().tell(bench.key())
    await bench.look(after=timedelta(hours=1))
    second = await bench.keeper().tell(bench.key())
    assert first is not None
    assert second is not None
    assert (second["hook"], second["payload_version"]) == (str(hook.id), "v4.0")
    assert f"subscribed the project with hook {hook.id}, set {len(ALL)} triggers" in first["story"][0]
    assert second["story"][0] == first["story"][0]
    assert second["story"][1] != first["story"][1]
    assert SECRET.removeprefix("Bearer ") not in str(second)


# What Procore could not deliver


def a_discarded(
    bench: Bench, hook: Hook, *, resource_id: int | str = 379913, **changes: Any
) -> dict[str, Any]:
    """Let Procore have given up one event of a hook; return the event as its list of deliveries shows it."""
    now = bench.lab.world.clock.now()
    event = {
        **V2,
        "ulid": f"01DISCARDED{len(hook.log):015}",
        "timestamp": now.isoformat(),
        "company_id": hook.company_id,
        "project_id": hook.project_id,
        "resource_id": resource_id,
        **changes,
    }
    hook.log.append(Delivery(len(hook.log) + 1, hook, event, b"", now, status="discarded"))
    return event


async def recovered(bench: Bench) -> list[ProcoreChanged]:
    query = "SELECT value FROM outbox WHERE topic = 'procore.events.v1' ORDER BY id"
    return [ProcoreChanged.model_validate_json(row["value"]) for row in await rows(bench.pool, query)]


async def test_discarded_event_is_published_once_under_its_own_id_and_key(bench: Bench) -> None:
    await bench.look()
    (hook,) = bench.hooks()
    event = a_discarded(bench, hook)
    for _ in range(3):
        await bench.look(after=RECHECK)
    (message,) = await recovered(bench)
    assert (await work_row(bench.pool, bench.key()))["attempt"] == 0
    assert message.event_id == event["ulid"]
    assert message.key == f"{hook.company_id}/{hook.project_id}/payment-applications/379913"
    assert message.occurred_at == datetime.fromisoformat(event["timestamp"])
    told = await bench.keeper().tell(bench.key())
    assert told is not None
    assert "recovered 1 events" in told["story"][0]


async def test_discarded_events_come_in_their_order_and_what_else_became_of_events_does_not_matter(
    bench: Bench,
) -> None:
    hook = bench.add()
    for resource_id in (1, 2, 3):
        a_discarded(bench, hook, resource_id=resource_id)
        bench.lab.world.clock.step(1)
    for status in ("delivered", "enqueued", "retrying"):
        a_discarded(bench, hook, resource_id=9)
        hook.log[-1].status = status
    await bench.look()
    assert [message.resource_id for message in await recovered(bench)] == ["1", "2", "3"]


async def test_event_that_was_delivered_twice_and_discarded_twice_is_one_event(bench: Bench) -> None:
    hook = bench.add()
    for _ in range(2):
        a_discarded(bench, hook, ulid="01JMYXMZRBVKK0PC6XS8SA4QRE")
    await bench.look()
    assert len(await recovered(bench)) == 1


async def test_more_discarded_events_than_a_page_holds_are_all_recovered(bench: Bench) -> None:
    hook = bench.add()
    for resource_id in range(230):
        a_discarded(bench, hook, resource_id=resource_id)
    await bench.look()
    assert {int(message.resource_id) for message in await recovered(bench)} == set(range(230))


async def test_what_was_discarded_long_before_the_last_look_is_not_searched_again(bench: Bench) -> None:
    hook = bench.add()
    a_discarded(bench, hook, resource_id=1)
    await bench.look(after=timedelta(days=4))  # the first look ever: what is older is not ours
    a_discarded(bench, hook, resource_id=2)
    await bench.look(after=timedelta(days=30))  # we were away for a month
    assert [message.resource_id for message in await recovered(bench)] == ["2"]


async def test_events_of_a_hook_that_had_to_be_repaired_are_recovered_by_the_same_look(bench: Bench) -> None:
    hook = bench.add(destination_url="https://old.example/x")
    a_discarded(bench, hook)
    await bench.look()
    assert len(await recovered(bench)) == 1
    assert working(hook)


async def test_discarded_event_that_cannot_be_read_is_one_dead_letter(bench: Bench) -> None:
    hook = bench.add()
    a_discarded(bench, hook, resource_id="1/2")
    a_discarded(bench, hook, resource_id=2)
    for _ in range(2):
        await bench.look(after=RECHECK)
    query = "SELECT value FROM outbox WHERE topic = 'dead-letters.v1'"
    (letter,) = [DeadLetter.model_validate_json(row["value"]) for row in await rows(bench.pool, query)]
    assert (letter.reason, letter.origin) == ("bad-field", bench.key())
    assert [message.resource_id for message in await recovered(bench)] == ["2"]


async def test_replica_that_lost_its_lease_recovers_nothing_twice(bench: Bench) -> None:
    hook = bench.add()
    a_discarded(bench, hook)

    async def taken_over(_: httpx.Response) -> None:
        await expire_leases(bench.pool)
        await bench.replica("r2").work_off()

    bench.before_answer = taken_over
    await bench.look()
    assert len(await recovered(bench)) == 1


async def test_event_that_procore_gave_up_after_its_whole_ladder_is_recovered(bench: Bench) -> None:
    bench.public_url = "http://127.0.0.1:9"  # where nobody listens
    await bench.look()
    (hook,) = bench.hooks()
    place = bench.lab.description["companies"][0]["projects"][0]
    bill = {
        "company_id": bench.connection.procore.company_id,
        "project_id": place["id"],
        "prime_contract_id": place["prime_contract_id"],
        "invoice_number": "A-1",
        "status": "draft",
        "billing_date": "2026-10-31",
        "period_start": "2026-10-01",
        "period_end": "2026-10-31",
        "lines": [],
    }
    made = ProcorePeople(bench.lab.world).bill(bill)
    await eventually(lambda: has_fate(hook, "retrying"))
    while not await has_fate(hook, "discarded"):
        bench.lab.world.clock.step(3600)
        await asyncio.sleep(0.01)
    await bench.look()
    (message,) = await recovered(bench)
    assert (message.resource_id, message.reason) == (made["id"], "create")


async def has_fate(hook: Hook, status: str) -> bool:
    return any(delivery.status == status for delivery in hook.log)


async def reports_of(bench: Bench) -> list[tuple[str, str, dict[str, int]]]:
    query = "SELECT value FROM outbox WHERE topic = 'credentials.reports.v1' ORDER BY id"
    said = [SecretsReport.model_validate_json(row["value"]) for row in await rows(bench.pool, query)]
    return [(report.reporter, report.says, report.versions) for report in said]


async def test_hook_that_was_given_another_secret_is_reported_to_show_it(bench: Bench) -> None:
    path = webhook_path("procore", CONNECTION)
    bench.add()
    await bench.look()
    values = {"current": "Bearer another-secret", "number": "2", "previous": SECRET}
    await bench.store.write(path, values, expected_version=None)
    await bench.look(after=timedelta(minutes=2))
    assert [hook.destination_headers["Authorization"] for hook in bench.hooks()] == ["Bearer another-secret"]
    assert await reports_of(bench) == [
        (bench.key(), "shows", {path: 1}),
        (bench.key(), "shows", {path: 2}),
    ]
