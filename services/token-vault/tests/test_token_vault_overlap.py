"""How one webhook secret follows another: every step as a table, and a machine of crashes, replicas and late deliveries."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pydantic import SecretStr
from typing_extensions import override

from plumbline.common.secrets.webhooks import WebhookSecret
from plumbline.token_vault.rotation.overlap import (
    Begin,
    Heard,
    Hold,
    Rest,
    Situation,
    Step,
    Store,
    Terms,
    begun,
    promoted,
    step_of_bearer,
    step_of_signature,
)

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
TERMS = Terms(heard_within=timedelta(minutes=3), overlap=timedelta(hours=24))
LONG_AGO = NOW - timedelta(days=1)

LIVE = WebhookSecret(SecretStr("one"), number=4, since=LONG_AGO)
OFFERED = begun(LIVE, SecretStr("two"), now=NOW - TERMS.heard_within)
SWITCHING = promoted(OFFERED)
OVERLAPPING = replace(SWITCHING, previous_until=NOW + timedelta(hours=1))


def situation(
    *,
    rotate: bool = False,
    replicas: dict[str, Heard] | None = None,
    hooks: dict[str, int] | None = None,
    signed: int = 0,
) -> Situation:
    given = {"a": Heard(5), "b": Heard(5)} if replicas is None else replicas
    return Situation(NOW, rotate, given, {"p1": 5, "p2": 5} if hooks is None else hooks, signed)


@pytest.mark.parametrize(
    ("secret", "seen", "step"),
    [
        (replace(LIVE, since=None), situation(rotate=True), Store(replace(LIVE, since=NOW))),
        (LIVE, situation(), Rest()),
        (LIVE, situation(rotate=True), Begin()),
        (OFFERED, situation(), Store(SWITCHING)),
        (
            replace(OFFERED, next_since=NOW - timedelta(seconds=1)),
            situation(),
            Hold("Every replica of ingest is given 3 min to report."),
        ),
        (OFFERED, situation(replicas={}), Hold("No replica of ingest was heard of for 3 min.")),
        (
            OFFERED,
            situation(replicas={"a": Heard(5), "b": Heard(4), "c": Heard(0, "the store is sealed")}),
            Hold("The new value is not accepted yet by b, c (the store is sealed)."),
        ),
        (
            SWITCHING,
            situation(hooks={"p1": 5, "p2": 4, "p3": 0}),
            Hold("The former value is shown still by p2, p3: ingest-hooks has to get there."),
        ),
        (SWITCHING, situation(), Store(replace(SWITCHING, previous_until=NOW + TERMS.overlap))),
        (SWITCHING, situation(hooks={}), Store(replace(SWITCHING, previous_until=NOW + TERMS.overlap))),
        (OVERLAPPING, situation(rotate=True), Rest(NOW + timedelta(hours=1))),
        (
            replace(OVERLAPPING, previous_until=NOW),
            situation(),
            Store(replace(SWITCHING, previous=None)),
        ),
        (
            replace(OVERLAPPING, previous_until=NOW),
            situation(hooks={"p1": 4}),
            Hold("The former value is shown still by p1: ingest-hooks has to get there."),
        ),
    ],
)
def test_step_of_a_bearer_value(secret: WebhookSecret, seen: Situation, step: Step) -> None:
    assert step_of_bearer(secret, seen, TERMS) == step


FROM_BEFORE = WebhookSecret(SecretStr("new"), previous=SecretStr("old"))


@pytest.mark.parametrize(
    ("secret", "seen", "step"),
    [
        (LIVE, situation(rotate=True), Rest()),
        (OFFERED, situation(signed=5), Store(SWITCHING)),
        (SWITCHING, situation(hooks={}), Store(replace(SWITCHING, previous_until=NOW + TERMS.overlap))),
        (replace(OVERLAPPING, previous_until=NOW), situation(), Store(replace(SWITCHING, previous=None))),
        (
            FROM_BEFORE,
            situation(),
            Store(
                WebhookSecret(SecretStr("old"), since=NOW, next=SecretStr("new"), next_since=NOW),
            ),
        ),
    ],
)
def test_step_of_a_verifier_token(secret: WebhookSecret, seen: Situation, step: Step) -> None:
    assert step_of_signature(secret, seen, TERMS) == step


def test_verifier_token_that_signed_nothing_yet_waits() -> None:
    step = step_of_signature(OFFERED, situation(signed=4), TERMS)
    assert isinstance(step, Hold)
    assert "developer portal" in step.why


REPORT_EVERY = timedelta(minutes=1)
RETRIED_FOR = timedelta(hours=12)
PROJECTS = ("p1", "p2")


@dataclass
class Replica:
    """One replica of ingest: what it knows, and what it can do."""

    known: WebhookSecret | None = None
    reads: bool = True
    reports: bool = True
    began_at: datetime = NOW


@dataclass(frozen=True)
class Delivery:
    """A webhook that shows a value, and is sent again until it is taken."""

    value: str
    made_at: datetime


@dataclass
class Told:
    """What token-vault has heard of a replica."""

    heard: Heard
    at: datetime
    queue: list[Heard] = field(default_factory=list)


class Rotating(RuleBasedStateMachine):
    """Time, replicas that come, die, cannot read or report, a slow keeper of hooks, and rotators that die anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.document = LIVE
        self.values = 1
        self.replicas: dict[str, Replica] = {}
        self.told: dict[str, Told] = {}
        self.hooks = dict.fromkeys(PROJECTS, "one")
        self.shown = dict.fromkeys(PROJECTS, 4)
        self.hooks_know = self.document
        self.late: list[Delivery] = []
        self.asked = False
        self.pending: tuple[WebhookSecret, WebhookSecret, frozenset[str]] | None = None
        self.heard_when_switched: frozenset[str] = frozenset()

    @initialize(count=st.integers(1, 3))
    def start(self, count: int) -> None:
        for number in range(count):
            self.replicas[f"r{number}"] = Replica(known=self.document)
            self._report(f"r{number}")

    # ---- replicas

    @rule(name=st.sampled_from(["r0", "r1", "r2"]), reads=st.booleans())
    def replica_begins(self, name: str, *, reads: bool) -> None:
        self.replicas[name] = Replica(known=self.document if reads else None, reads=reads, began_at=self.now)
        self._report(name)

    @rule(name=st.sampled_from(["r0", "r1", "r2"]))
    def replica_dies(self, name: str) -> None:
        self.replicas.pop(name, None)

    @rule(name=st.sampled_from(["r0", "r1", "r2"]), reads=st.booleans(), reports=st.booleans())
    def replica_loses_or_finds_its_servers(self, name: str, *, reads: bool, reports: bool) -> None:
        if replica := self.replicas.get(name):
            replica.reads, replica.reports = reads, reports

    # ---- time

    @rule(minutes=st.integers(1, 4))
    def some_minutes_pass(self, minutes: int) -> None:
        for _ in range(minutes):
            self.now += REPORT_EVERY
            for name, replica in self.replicas.items():
                if replica.reads:
                    replica.known = self.document
                self._report(name)

    @rule(hours=st.sampled_from([1, 11, 13, 25]))
    def hours_pass(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.late = [d for d in self.late if self.now - d.made_at <= RETRIED_FOR]
        self.some_minutes_pass(1)

    # ---- the rotator: read, decide, write; another may do so in between, and each may die before it writes

    @rule()
    def person_asks(self) -> None:
        self.asked = True

    @rule()
    def rotator_decides(self) -> None:
        made = self._step(self.document)
        self.pending = None if made is None else (self.document, made, self._heard())

    @precondition(lambda self: self.pending is not None)
    @rule()
    def rotator_writes_late(self) -> None:
        assert self.pending is not None
        read, made, heard = self.pending
        self.pending = None
        if read == self.document:  # check-and-set
            self._write(made, heard)

    @rule()
    def rotator_goes_on(self) -> None:
        if (made := self._step(self.document)) is not None:
            self._write(made, self._heard())

    # ---- the keeper of hooks, whose knowledge may be old

    @rule()
    def keeper_reads(self) -> None:
        self.hooks_know = self.document

    @rule(project=st.sampled_from(PROJECTS))
    def keeper_looks(self, project: str) -> None:
        self.hooks[project] = self.hooks_know.current.get_secret_value()
        self.shown[project] = self.hooks_know.number

    @rule(minutes=st.sampled_from([0, 1, 4]))
    def everything_goes_on(self, minutes: int) -> None:
        self.asked = self.asked or self.document.next is None
        self.some_minutes_pass(minutes)
        self.rotator_goes_on()
        self.keeper_reads()
        for project in PROJECTS:
            self.keeper_looks(project)
        self.rotator_goes_on()

    # ---- Procore

    @rule(project=st.sampled_from(PROJECTS))
    def something_happens(self, project: str) -> None:
        delivery = Delivery(self.hooks[project], self.now)
        self._deliver(delivery)
        self.late.append(delivery)

    @invariant()
    def no_true_webhook_is_refused(self) -> None:
        for project in PROJECTS:
            self._deliver(Delivery(self.hooks[project], self.now))
        for delivery in self.late:
            self._deliver(delivery)

    @override
    def teardown(self) -> None:
        """Once every server answers, the rotation comes to its end."""
        for replica in self.replicas.values():
            replica.reads = replica.reports = True
        if not self.replicas:
            self.replica_begins("r0", reads=True)
        self.late.clear()
        for _ in range(12):
            self.some_minutes_pass(4)
            self.rotator_goes_on()
            self.keeper_reads()
            for project in PROJECTS:
                self.keeper_looks(project)
            if self.document.previous_until is not None:
                self.hours_pass(25)
        assert not self.asked
        assert len(self.document.accepted) == 1
        assert set(self.hooks.values()) == {self.document.current.get_secret_value()}

    def _report(self, name: str) -> None:
        replica = self.replicas[name]
        if replica.reports:
            self.told[name] = Told(Heard(replica.known.newest if replica.known else 0), self.now)

    def _step(self, document: WebhookSecret) -> WebhookSecret | None:
        heard = {name: self.told[name].heard for name in self._heard()}
        seen = Situation(self.now, self.asked, heard, dict(self.shown))
        match step_of_bearer(document, seen, TERMS):
            case Begin():
                return begun(document, SecretStr(f"value {self.values}"), now=self.now)
            case Store(secret):
                return secret
            case _:
                return None

    def _heard(self) -> frozenset[str]:
        return frozenset(n for n, told in self.told.items() if self.now - told.at <= TERMS.heard_within)

    def _write(self, made: WebhookSecret, heard: frozenset[str]) -> None:
        if made.current != self.document.current:
            self.heard_when_switched = heard
        self.values += made.next is not None
        self.asked = self.asked and made.next is None
        self.document = made

    def _deliver(self, delivery: Delivery) -> None:
        for name, replica in self.replicas.items():
            if _accepts(replica.known, delivery.value):
                continue
            # It looks once more; where it cannot, it asks Procore to come again, and refuses nothing.
            assert not replica.reads or _accepts(self.document, delivery.value), (name, delivery)
            # Whoever is heard of again only after the switch could not hold it up.
            heard = name in self.heard_when_switched
            has_read = replica.known is not None
            assert not (heard and has_read and self.now - replica.began_at > TERMS.heard_within), (
                f"{name} was heard of, and holds nothing up"
            )


def _accepts(secret: WebhookSecret | None, value: str) -> bool:
    return secret is not None and value in {known.get_secret_value() for known in secret.accepted}


TestRotating = Rotating.TestCase
TestRotating.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
