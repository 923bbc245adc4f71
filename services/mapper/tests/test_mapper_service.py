"""The use cases, over far sides that only remember: reading, waiting, parking, publishing, linking."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, cast

import pytest

from plumbline.common.connections import ConfigurationError, ConnectionConfig
from plumbline.common.contracts.ledger import DesiredInvoice, DesiredPayment, LedgerCommand
from plumbline.common.database import Connection
from plumbline.common.reconciling.store import Claimed
from plumbline.common.reconciling.verdicts import Done, Park, Retry, Verdict, Wait
from plumbline.common.testing.clock import DAWN, FakeClock
from plumbline.mapper.domain.errors import NotARecordError, UnknownProjectError
from plumbline.mapper.domain.status_map import StatusMap, StatusRule
from plumbline.mapper.service import Linking, Mapper
from plumbline.mapper.testing import (
    ALL_LINKS,
    APPLICATION,
    COMPANY,
    KEY,
    OWNER,
    PROJECT,
    REALM,
    FakeLinks,
    FakeProcore,
    FakeRecords,
    Spent,
    application,
    claimed,
    connection,
    connections,
    contract_payment,
    link,
    schedule_row,
)

PAUSES = (timedelta(seconds=15), timedelta(seconds=90))
PAYMENT_KEY = f"{COMPANY}/{PROJECT}/contract-payments/501"
CODES = {4: "open", 5: "pending", 6: "sent", 7: "paid"}
WORDS = {"draft": "none", "under_review": "none", "revise_and_resubmit": "void", "approved": "open"}


def rule(statuses: str, name: str, value: object, becomes: str) -> StatusRule:
    row = {"statuses": statuses, "field": name, "value": value, "name": str(value), "becomes": becomes}
    return StatusRule.model_validate({**row, "from": "2020-01-01", "checked_against": "a test"})


STATUS_MAP = StatusMap(
    [rule("brief", "status_code", code, becomes) for code, becomes in CODES.items()]
    + [rule("procore", "status", word, becomes) for word, becomes in WORDS.items()]
)


@dataclass
class World:
    """A mapper and everything around it."""

    connection: ConnectionConfig = field(default_factory=connection)
    procore: FakeProcore = field(default_factory=FakeProcore)
    records: FakeRecords = field(default_factory=FakeRecords)
    links: FakeLinks = field(default_factory=FakeLinks)
    clock: FakeClock = field(default_factory=FakeClock)

    @property
    def mapper(self) -> Mapper:
        return Mapper(
            connections=connections(self.connection),
            status_map=STATUS_MAP,
            invoices=self.procore,
            directory=self.procore,
            records=self.records,
            links=self.links,
            clock=self.clock,
            pauses=PAUSES,
        )

    def show(self, *rows: Any, **changes: Any) -> None:
        self.procore.applications[APPLICATION] = application(*rows, **changes)

    async def work(self, *causes: str, **row: Any) -> Verdict:
        return await self.finish(claimed(*causes, **row))

    async def finish(self, row: Claimed) -> Verdict:
        """Work a row and store what its verdict stores, as the loop does."""
        verdict = await self.mapper.work(row, Spent())
        assert not isinstance(verdict, Retry)
        if verdict.store is not None:
            await verdict.store(cast("Connection", None))
        return verdict

    @property
    def commands(self) -> list[LedgerCommand]:
        return [command for command, _ in self.records.commands]

    @property
    def states(self) -> list[str]:
        return [str(c.desired.state) for c in self.commands if isinstance(c.desired, DesiredInvoice)]


async def test_an_approved_invoice_is_published_once_with_its_times_and_reasons() -> None:
    world = World()
    world.show()

    verdict = await world.work("webhook event-1")

    (command,) = world.commands
    assert isinstance(verdict, Done)
    assert (command.realm, command.record, command.version) == (REALM, "invoice/4001/1001/7001", 1)
    assert (command.source, command.connection) == (KEY, "texas")
    assert (command.provider_time, command.partner_ms) == (DAWN, 120)
    assert command.why[0].startswith("status approved (approved) becomes open by the status map's row")


async def test_what_was_billed_is_looked_at_once_more_for_late_change_order_rows() -> None:
    world = World()
    world.show()

    first = await world.work("webhook event-1")
    world.clock.advance(PAUSES[-1])
    again = await world.work("webhook event-1")

    assert isinstance(first, Done)
    assert first.again_after == PAUSES[-1]
    assert isinstance(again, Done)
    assert again.again_after is None
    assert len(world.commands) == 1


async def test_a_look_that_a_payment_causes_at_once_does_not_stand_for_the_one_that_late_rows_need() -> None:
    world = World()
    world.show()
    await world.work("webhook event-1")
    early = timedelta(milliseconds=200)
    world.clock.advance(early)

    sooner = await world.work("webhook event-1", "payment 501")

    assert isinstance(sooner, Done)
    assert sooner.again_after == PAUSES[-1] - early


async def test_rows_that_came_late_make_a_new_version() -> None:
    world = World()
    world.show(schedule_row())
    await world.work("webhook event-1")
    world.show(schedule_row(), schedule_row("250.00", source="change_order"))

    verdict = await world.work("webhook event-1")

    assert isinstance(verdict, Done)
    assert [command.version for command in world.commands] == [1, 2]
    assert world.commands[-1].desired.model_dump()["total_cents"] == 133_250


async def test_an_invoice_that_falls_below_zero_becomes_a_credit_memo_and_back_again() -> None:
    world = World()
    for work in ("1000.00", "-500.00", "1000.00"):
        world.show(schedule_row(work))
        await world.work(f"webhook {work}")

    assert [(c.record.partition("/")[0], c.version, str(c.desired.state)) for c in world.commands] == [
        ("invoice", 1, "open"),
        ("credit-memo", 1, "open"),
        ("invoice", 2, "void"),
        ("invoice", 3, "open"),
        ("credit-memo", 2, "deleted"),
    ]


async def test_a_credit_memo_that_is_revised_is_deleted() -> None:
    world = World()
    world.show(schedule_row("-500.00"))
    await world.work("webhook event-1")
    world.show(schedule_row("-500.00"), status="revise_and_resubmit")
    await world.work("webhook event-2")

    assert [str(command.desired.state) for command in world.commands] == ["open", "deleted"]


async def test_a_draft_is_done_and_publishes_nothing() -> None:
    world = World()
    world.show(status="draft")

    first = await world.work()
    world.clock.advance(PAUSES[-1])
    again = await world.work()

    assert isinstance(first, Done)
    assert isinstance(again, Done)
    assert again.again_after is None
    assert world.commands == []


async def test_a_change_that_the_hint_did_not_tell_of_does_not_end_the_looking() -> None:
    world = World()
    world.show(status="draft")
    await world.work("webhook created")
    await world.work("webhook approved")  # Procore still shows the draft
    world.show(schedule_row("5.00"), status="draft")

    verdict = await world.work("webhook approved", "payment 1")

    assert isinstance(verdict, Done)
    assert verdict.again_after == PAUSES[-1]


async def test_a_hint_without_news_is_looked_at_after_each_pause_and_then_served() -> None:
    world = World()
    world.show()
    await world.work("webhook event-1")

    verdicts = [await world.work("webhook event-1", "webhook event-2") for _ in range(4)]

    assert [v.after for v in verdicts if isinstance(v, Wait)] == list(PAUSES)
    assert [type(v) for v in verdicts] == [Wait, Wait, Done, Done]
    assert len(world.commands) == 1


async def test_a_truth_that_comes_after_its_hint_is_published_by_the_next_look() -> None:
    world = World()
    world.show(status="draft")
    await world.work("webhook event-1")

    early = await world.work("webhook event-1", "webhook event-2")
    world.show(status="approved")
    late = await world.work("webhook event-1", "webhook event-2")

    assert isinstance(early, Wait)
    assert isinstance(late, Done)
    assert world.states == ["open"]


async def test_a_new_hint_begins_the_looks_anew() -> None:
    world = World()
    world.show()
    await world.work("webhook event-1")
    await world.work("webhook event-1", "webhook event-2")

    verdict = await world.work("webhook event-1", "webhook event-2", "webhook event-3")

    assert isinstance(verdict, Wait)
    assert verdict.after == PAUSES[0]


async def test_lines_that_do_not_add_up_get_the_looks_and_then_park_with_the_money() -> None:
    world = World()
    world.show(due="1750.00")

    verdicts = [await world.work() for _ in range(4)]

    assert [type(v) for v in verdicts] == [Wait, Wait, Park, Park]
    parked = verdicts[-1]
    assert isinstance(parked, Park)
    assert (parked.code, parked.amount_cents) == ("lines-do-not-add-up", 183_250)


async def test_lines_that_add_up_in_time_are_published() -> None:
    world = World()
    world.show(schedule_row(), due="1750.00")
    await world.work()
    world.show(schedule_row(), schedule_row("750.00", source="change_order"))

    verdict = await world.work()

    assert isinstance(verdict, Done)
    assert world.commands[0].desired.model_dump()["total_cents"] == 183_250


async def test_an_unlinked_owner_parks_with_the_money_and_goes_on_by_a_link() -> None:
    world = World()
    world.links.made = list(ALL_LINKS[1:])
    world.show()

    parked = await world.work("webhook event-1")
    world.links.made = list(ALL_LINKS)
    resumed = await world.work("webhook event-1", "link 1")

    assert isinstance(parked, Park)
    assert (parked.code, parked.amount_cents) == ("missing-billing-entity", 108_250)
    assert parked.resumes_on == f"link:customer:texas:vendor:{OWNER}"
    assert isinstance(resumed, Done)
    assert world.states == ["open"]


async def test_an_unknown_status_parks_with_the_money() -> None:
    world = World(connection=connection(statuses="brief"))
    world.show(status_code=9)

    parked = await world.work()

    assert isinstance(parked, Park)
    assert (parked.code, parked.amount_cents) == ("unknown-status", 108_250)
    assert world.commands == []


async def test_a_parked_record_that_is_corrected_after_its_hint_goes_on_by_the_next_look() -> None:
    world = World(connection=connection(statuses="brief"))
    world.show(status_code=9)
    await world.work("webhook event-1")

    early = await world.work("webhook event-1", "webhook event-2")
    world.show(status_code=4)
    late = await world.work("webhook event-1", "webhook event-2")

    assert isinstance(early, Wait)
    assert isinstance(late, Done)
    assert world.states == ["open"]


async def test_the_briefs_codes_go_from_open_to_paid_and_record_the_payment() -> None:
    policies = {"payment": "record", "deposit_account_id": "34"}
    world = World(connection=connection(statuses="brief", **policies))
    for place, code in enumerate((4, 5, 6, 7)):
        world.show(status_code=code)
        await world.work(*(f"webhook event-{number}" for number in range(place + 1)))

    payment = world.commands[-1]
    assert world.states == ["open", "pending", "sent", "paid"]
    assert (payment.record, payment.version) == ("payment/4001/1001/7001", 1)
    assert payment.needs == ("invoice/4001/1001/7001",)


async def test_a_recorded_payment_keeps_its_day() -> None:
    policies = {"payment": "record", "deposit_account_id": "34"}
    world = World(connection=connection(statuses="brief", **policies))
    world.show(status_code=7)
    await world.work("webhook event-1")
    world.show(status_code=7, invoice_number="3a")

    later = replace(claimed("webhook event-1", "webhook event-2"), serving_since=DAWN + timedelta(days=9))
    await world.finish(later)

    payments = [c.desired for c in world.commands if isinstance(c.desired, DesiredPayment)]
    assert [payment.received_on for payment in payments] == [date(2026, 3, 2)] * 2


async def test_an_approval_taken_back_voids_what_was_published_and_a_new_one_opens_it_again() -> None:
    world = World()
    world.show()
    await world.work("webhook event-1")
    world.show(schedule_row("900.00"), status="revise_and_resubmit")
    await world.work("webhook event-1", "webhook event-2")
    world.show(schedule_row("900.00"))
    await world.work("webhook event-1", "webhook event-2", "webhook event-3")

    assert world.states == ["open", "void", "open"]
    assert [c.desired.model_dump()["total_cents"] for c in world.commands] == [108_250, 108_250, 98_250]


async def test_an_approval_taken_back_before_anything_was_published_asks_for_nothing() -> None:
    world = World()
    world.show(status="revise_and_resubmit")

    assert isinstance(await world.work(), Done)
    assert world.commands == []


async def test_a_deletion_that_procore_confirms_voids_once() -> None:
    world = World()
    world.show()
    await world.work("webhook event-1")
    world.procore.applications.clear()

    causes = ("webhook event-1", "webhook event-2")
    verdicts = [await world.work(*causes, deletion_seen=True) for _ in range(2)]

    assert all(isinstance(verdict, Done) for verdict in verdicts)
    assert world.states == ["open", "void"]


async def test_a_deletion_that_procore_denies_voids_nothing() -> None:
    world = World()
    world.show()
    await world.work("webhook event-1")

    verdicts = [await world.work("webhook event-1", "webhook event-2", deletion_seen=True) for _ in range(3)]

    assert [type(v) for v in verdicts] == [Wait, Wait, Done]
    assert world.states == ["open"]


async def test_a_record_that_vanishes_without_a_deletion_parks_after_the_looks() -> None:
    world = World()
    world.show()
    await world.work("webhook event-1")
    world.procore.applications.clear()

    verdicts = [await world.work("webhook event-1", "webhook event-2") for _ in range(3)]

    assert [type(v) for v in verdicts] == [Wait, Wait, Park]
    assert cast("Park", verdicts[-1]).code == "invisible-in-procore"
    assert world.states == ["open"]


async def test_a_contract_payment_marks_the_invoice_it_names() -> None:
    world = World()
    world.show()
    world.procore.payments[501] = contract_payment("1082.50")

    verdict = await world.work("webhook event-8", key=PAYMENT_KEY)

    (mark,) = world.records.marks
    assert isinstance(verdict, Done)
    assert (mark.key, mark.provider_time) == (KEY, DAWN)
    assert mark.cause.startswith("payment 501 ")


async def test_an_invoice_that_its_payments_cover_becomes_paid_without_a_look() -> None:
    world = World()
    world.show()
    await world.work("webhook event-1")
    world.procore.payments[501] = contract_payment("1082.50")

    verdict = await world.work("webhook event-1", "payment 501 abc")

    assert isinstance(verdict, Done)
    assert world.states == ["open", "paid"]


async def test_a_deleted_payment_marks_the_invoice_that_it_paid() -> None:
    world = World()
    world.show()
    world.procore.payments[501] = contract_payment("1082.50")
    await world.work("webhook event-8", key=PAYMENT_KEY)
    world.procore.payments.clear()

    await world.work("webhook event-8", "webhook event-9", key=PAYMENT_KEY, deletion_seen=True)

    assert [(mark.key, mark.cause) for mark in world.records.marks[1:]] == [(KEY, "payment 501 deleted")]


async def test_a_payment_moved_to_another_invoice_marks_both() -> None:
    world = World()
    world.show()
    world.procore.applications[7002] = application(id=7002, invoice_number="4")
    world.procore.payments[501] = contract_payment("1082.50")
    await world.work("webhook event-8", key=PAYMENT_KEY)
    world.procore.payments[501] = contract_payment("1082.50", invoice_number="4")

    await world.work("webhook event-8", "webhook event-9", key=PAYMENT_KEY)

    other = f"{COMPANY}/{PROJECT}/payment-applications/7002"
    assert [mark.key for mark in world.records.marks[1:]] == [KEY, other]


@pytest.mark.parametrize(
    "changes", [{"invoice_number": None}, {"invoice_number": "99"}, {"contract_id": None}]
)
async def test_a_payment_that_names_no_known_invoice_is_done(changes: dict[str, Any]) -> None:
    world = World()
    world.show()
    world.procore.payments[501] = contract_payment("1082.50", **changes)

    assert isinstance(await world.work("webhook event-8", key=PAYMENT_KEY), Done)
    assert world.records.marks == []


async def test_an_invisible_payment_is_looked_for_and_then_parks() -> None:
    world = World()

    verdicts = [await world.work("webhook event-8", key=PAYMENT_KEY) for _ in range(3)]

    assert [type(v) for v in verdicts] == [Wait, Wait, Park]


async def test_the_briefs_companies_are_not_asked_for_payments() -> None:
    world = World(connection=connection(statuses="brief"))
    world.show(status_code=4)
    world.procore.payments[501] = contract_payment("1082.50")

    await world.work()

    assert world.states == ["open"]


@pytest.mark.parametrize("key", ["4001/-/payment-applications/7001", "4001/1001/budgets/1", "4001/1001", "x"])
async def test_a_key_that_names_no_record_of_ours_is_refused(key: str) -> None:
    with pytest.raises(NotARecordError):
        await World().work(key=key)


async def test_a_project_of_no_connection_is_named() -> None:
    with pytest.raises(UnknownProjectError, match="project 9 of company 4001"):
        await World().work(key="4001/9/payment-applications/1")


async def test_the_story_tells_what_was_heard_read_and_published() -> None:
    world = World(connection=connection(statuses="brief"))
    world.show(status_code=4)
    await world.work("webhook event-1")
    world.show(status_code=6)
    await world.work("webhook event-1", "webhook event-2")

    told = await world.mapper.tell(KEY)

    assert told is not None
    assert told["published"] == {"invoice/4001/1001/7001": 2}
    story = "\n".join(told["story"])
    assert "told of 2 changes lately, the last one as event event-2." in story
    assert "published invoice/4001/1001/7001 version 1: open for $1,082.50 as number TX01-3, because" in story
    assert "version 2: sent" in story
    assert "status_code 6 (6) becomes sent by the status map's row from 2020-01-01" in story


async def test_of_an_unknown_record_there_is_no_story() -> None:
    assert await World().mapper.tell(KEY) is None


async def test_links_are_kept_and_wake_what_waits() -> None:
    links = FakeLinks()
    made = [link("item", "03-300", "21")]

    resumed = await Linking(connections=connections(connection()), links=links).make(made)

    assert (list(resumed), links.woken_for, links.made[-1]) == ([KEY], made, made[0])


async def test_links_of_an_unknown_connection_are_refused_and_none_is_kept() -> None:
    links = FakeLinks()
    linking = Linking(connections=connections(connection()), links=links)

    with pytest.raises(ConfigurationError, match="there is no connection ohio; there are texas"):
        await linking.make([link("item", "default", "21"), link("item", "default", "21", of="ohio")])

    assert (links.made, links.woken_for) == (list(ALL_LINKS), [])


@pytest.mark.parametrize(
    ("kind", "source", "serves"),
    [
        ("customer", f"vendor:{OWNER}", True),
        ("customer", f"project:{PROJECT}", True),
        ("customer", "vendor:89", False),
        ("customer", "project:1002", False),
        ("item", "default", False),
    ],
)
def test_a_link_serves_who_waits_for_it_or_for_one_that_it_takes_precedence_of(
    kind: str, source: str, *, serves: bool
) -> None:
    waits_for = f"link:customer:texas:vendor:{OWNER}"

    assert link(kind, source, "1").may_serve(KEY, waits_for) is serves


def test_a_codes_item_serves_who_waits_for_the_default() -> None:
    assert link("item", "03-300", "1").may_serve(KEY, "link:item:texas:default")


def test_a_link_serves_nobody_who_waits_for_nothing() -> None:
    assert not link("item", "default", "1").may_serve(KEY, None)
