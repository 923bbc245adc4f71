"""The grant document under every order of events: two real keepers, step by step, against a small model.

Each write to the store and each call to the provider stops twice, before it has its effect and before its answer
arrives. The machine lets one replica go one step, kills it there, lets time pass, has tokens refused, answers lost,
and a person connect the account anew. The provider changes the refresh token at every call and forgives nothing, or, in
other runs, gives the same value again and again.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from keeper_lab import ACCOUNT, POLICY, Tables, converged
from pydantic import SecretStr
from typing_extensions import override

from plumbline.common.reconciling.store import BY_OPERATOR
from plumbline.common.secrets.access import access_path, lent_version
from plumbline.common.secrets.grants import Grant, GrantRefusedError, GrantUnknownError
from plumbline.common.secrets.port import StaleSecretError
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.secrets import MemorySecretStore
from plumbline.token_vault.adapters.shelf import SecretShelf
from plumbline.token_vault.domain import (
    App,
    Cause,
    Consent,
    FirstGrant,
    HeldGrant,
    Refusal,
    connected,
    supplied,
)
from plumbline.token_vault.service import Keeper

T = TypeVar("T")
DEADLINE_S = 30.0
LIFE_S = 60
"""Of an access token: so short that something is due most of the time."""


class Process(asyncio.SelectorEventLoop):
    """The event loop of one process, whose timers go by the machine's clock: a process that rests is suspended."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    @override
    def time(self) -> float:
        return self._clock.now().timestamp()


class Stop:
    """Where a replica stands still until it is let go."""

    def __init__(self) -> None:
        self.waiting: asyncio.Future[bool] | None = None

    async def here(self) -> bool:
        """Stand still; then tell whether the answer arrives."""
        self.waiting = asyncio.get_running_loop().create_future()
        try:
            return await self.waiting
        finally:
            self.waiting = None


class SteppedStore(MemorySecretStore):
    """One replica's way to the store that all share."""

    def __init__(self, shared: MemorySecretStore, stop: Stop) -> None:
        super().__init__()
        self.documents = shared.documents
        self._stop = stop

    @override
    async def write(self, path: str, values: Mapping[str, str], *, expected_version: int | None) -> int:
        await self._stop.here()
        version = await super().write(path, values, expected_version=expected_version)
        await self._stop.here()
        return version


@dataclass
class World:
    """What all replicas share: the store, the provider, the tables, the time."""

    clock: FakeClock = field(default_factory=FakeClock)
    store: MemorySecretStore = field(default_factory=MemorySecretStore)
    good: str = "r0"
    rotates: bool = True
    """Whether the refresh token changes with every call; else it changes when a person connects anew."""
    issued: int = 0
    called: list[int] = field(default_factory=list)
    """Numbers of the calls that were made."""
    open: dict[int, HeldGrant] = field(default_factory=dict)
    """Calls under way."""
    tables: Tables = field(default_factory=Tables)
    trouble: bool = False
    """Whether an answer may have been lost since a person last connected the account."""

    def grant(self, *, anew: bool = False) -> Grant:
        self.issued += 1
        if self.rotates or anew:
            self.good = f"r{self.issued}"
        return Grant(SecretStr(f"a{self.issued}"), LIFE_S, SecretStr(self.good), self.clock.now())

    async def held(self) -> HeldGrant:
        held = await SecretShelf(self.store).held(ACCOUNT)
        assert held is not None
        return held


class Replica:
    """One keeper, which goes a step when it is told to."""

    deadline_s = DEADLINE_S

    def __init__(self, world: World) -> None:
        self.world = world
        self.stop = Stop()
        self.process = Process(world.clock)
        self.task: asyncio.Task[Any] | None = None
        self.answer: Grant | None = None
        """What the provider has answered and the replica has not stored."""
        self.concerns = True
        """Whether the call under way is about the grant that is held: a person may have replaced it."""
        self._asked: HeldGrant | None = None
        self._revive()

    def _revive(self) -> None:
        self.keeper = Keeper(
            shelf=SecretShelf(SteppedStore(self.world.store, self.stop)),
            providers={"quickbooks": self},
            refusals=self.world.tables,
            notices=self.world.tables,
            policy=POLICY,
            clock=self.world.clock,
        )

    @property
    def holds_answer(self) -> bool:
        """Whether it alone knows the newest refresh token."""
        return self.answer is not None and self.concerns

    @property
    def at_provider(self) -> bool:
        """Whether it waits for an answer that the provider has given."""
        return self.answer is not None and self._asked is not None

    def start(self, *, cause: str) -> None:
        self.task = self.process.create_task(converged(self.keeper, cause=cause))
        self._settle()

    def step(self, *, arrives: bool = True) -> None:
        assert self.stop.waiting is not None
        self.stop.waiting.set_result(arrives)
        self._settle()

    def wake(self) -> None:
        """Let the process run while nothing has come: a deadline may have passed."""
        self.process.run_until_complete(asyncio.sleep(0))
        self._settle()

    def crash(self) -> None:
        assert self.task is not None
        self.task.cancel()
        self.process.run_until_complete(asyncio.gather(self.task, return_exceptions=True))
        self._lost()
        self._over()
        self._revive()

    def _settle(self) -> None:
        assert self.task is not None
        for _ in range(100):
            if self.task.done():
                error = self.task.exception()
                self._over()
                if error is not None and not isinstance(error, GrantUnknownError | StaleSecretError):
                    raise error
                return
            if self.stop.waiting is not None and not self.stop.waiting.done():
                return
            self.process.run_until_complete(asyncio.sleep(0))
        raise AssertionError("the replica neither ends nor stands still")

    def _over(self) -> None:
        self.task = self.answer = None
        self._end_call()

    def _end_call(self) -> None:
        if self._asked is not None and self._asked.intent is not None:
            self.world.open.pop(self._asked.intent.number, None)
        self._asked = None

    # ---- `Provider`
    async def renew(self, held: HeldGrant, app: App) -> Grant:
        world = self.world
        assert held.intent is not None
        assert held.intent.number not in world.called, "one intent led to two calls"
        overlapping = [n for n, other in world.open.items() if not _is_over(other, world)]
        assert overlapping == [], "a call was made before another one was over"
        world.called.append(held.intent.number)
        world.open[held.intent.number], self._asked = held, held
        self.concerns = True
        await self.stop.here()
        assert held.refresh_token is not None
        refused = held.refresh_token.get_secret_value() != world.good
        self.answer = None if refused else world.grant()
        try:
            arrives = await self.stop.here()
        except asyncio.CancelledError:
            self._lost()
            raise
        self._end_call()
        if not arrives:
            self._lost()
            raise GrantUnknownError
        if self.answer is None:
            raise GrantRefusedError("invalid_grant")
        return self.answer

    def _lost(self) -> None:
        self.world.trouble = self.world.trouble or self.holds_answer
        self.answer = None

    async def consent_url(self, consent: Consent, app: App) -> str:
        raise NotImplementedError

    async def exchange(self, code: SecretStr, consent: Consent, app: App) -> Grant:
        raise NotImplementedError

    async def revoke(self, held: HeldGrant, app: App) -> None:
        raise AssertionError("nobody disconnects here")


def _is_over(call: HeldGrant, world: World) -> bool:
    assert call.intent is not None
    return world.clock.now() >= call.intent.until


REPLICAS = st.integers(0, 1)


class GrantMachine(RuleBasedStateMachine):
    """Two replicas, a provider, a person."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = World()
        self.replicas = [Replica(self.world), Replica(self.world)]
        self.seen: list[tuple[int, int]] = [(0, 0)] * 3

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    @initialize(rotates=st.booleans())
    def import_grant(self, *, rotates: bool) -> None:
        self.world.rotates = rotates
        shelf = SecretShelf(self.world.store)
        first = supplied(None, FirstGrant(ACCOUNT, ACCOUNT, SecretStr("r0")))
        assert first is not None
        self.run(shelf.register(ACCOUNT, App("c", SecretStr("s"))))
        self.run(shelf.put(first))

    @rule(which=REPLICAS, steps=st.integers(0, 9))
    def go_on(self, which: int, steps: int) -> None:
        """Begin if idle, and go some steps."""
        if self.replicas[which].task is None:
            self.replicas[which].start(cause="look")
        for _ in range(steps):
            if self.replicas[which].task is not None:
                self.replicas[which].step()

    @rule(which=REPLICAS)
    def resume(self, which: int) -> None:
        """Begin because an operator has resumed the account."""
        if self.replicas[which].task is None:
            self.replicas[which].start(cause=BY_OPERATOR)

    @rule(which=REPLICAS)
    def lose_an_answer_of_the_provider(self, which: int) -> None:
        replica = self.replicas[which]
        if replica.task is None:
            replica.start(cause="look")
        while replica.task is not None and not replica.at_provider:
            replica.step()
        if replica.at_provider:
            replica.step(arrives=False)

    @rule(which=REPLICAS)
    def wake(self, which: int) -> None:
        if self.replicas[which].task is not None:
            self.replicas[which].wake()

    @rule(which=REPLICAS)
    def kill(self, which: int) -> None:
        if self.replicas[which].task is not None:
            self.replicas[which].crash()

    @rule(seconds=st.sampled_from([1, 20, 31, 31, 50, 400]))
    def let_time_pass(self, seconds: int) -> None:
        self.world.clock.advance(timedelta(seconds=seconds))
        # Whose call is overdue while its answer is under way may be overtaken.
        if any(replica.holds_answer for replica in self.replicas) and seconds > 1:
            self.world.trouble = True

    @rule()
    def refuse_the_newest_token(self) -> None:
        version = self.run(self.world.held()).version
        if version and (self.world.tables.refusal is None or version > self.world.tables.refusal.version):
            self.world.tables.refusal = Refusal(version, self.world.clock.now())

    @precondition(lambda self: any(self.world.tables.told))
    @rule()
    def connect_again(self) -> None:
        held = self.run(self.world.held())
        grant = self.world.grant(anew=True)
        self.run(
            SecretShelf(self.world.store).put(connected(held, account=ACCOUNT, app=ACCOUNT, grant=grant))
        )
        # Calls with the former grant concern nobody any more: their answers are lost, and no loss.
        self.world.open.clear()
        for replica in self.replicas:
            replica.concerns = False
        self.world.trouble = False

    @invariant()
    def nothing_goes_back(self) -> None:
        if not self.world.store.documents:
            return
        held = self.run(self.world.held())
        copy = self.world.store.documents.get(access_path(ACCOUNT))
        lent = (0, False) if copy is None else lent_version(copy)
        now = [(held.version, 0), (held.answered, 0), (lent[0], int(lent[1]))]
        assert all(new >= old for new, old in zip(now, self.seen, strict=True)), (self.seen, now)
        assert lent[0] <= held.version, "a token was lent before it was stored"
        self.seen = now

    @invariant()
    def no_grant_dies_but_by_a_lost_answer(self) -> None:
        if not self.world.store.documents:
            return
        held = self.run(self.world.held())
        assert held.cause in {None, Cause.ANSWER_LOST, Cause.REFUSED_ANEW}
        if held.cause is Cause.ANSWER_LOST:
            assert self.world.trouble, "nobody had to connect again"

    @invariant()
    def newest_refresh_token_is_held_unless_it_is_known_to_be_uncertain(self) -> None:
        if not self.world.store.documents or any(replica.holds_answer for replica in self.replicas):
            return
        held = self.run(self.world.held())
        known_uncertain = held.intent is not None or held.uncertain or held.cause is Cause.ANSWER_LOST
        assert held.refresh_token is not None
        assert held.refresh_token.get_secret_value() == self.world.good or known_uncertain

    @override
    def teardown(self) -> None:
        """Leave both replicas in peace: the account comes to rest, live or dead for a cause."""
        try:
            if self.world.store.documents:
                self._rest()
        finally:
            for loop in (self.loop, *(replica.process for replica in self.replicas)):
                loop.close()

    def _rest(self) -> None:
        for replica in self.replicas:
            while replica.task is not None:
                replica.step()
        self.world.tables.refusal = None
        for replica in self.replicas * 3:
            self.world.clock.advance(timedelta(seconds=31))
            replica.start(cause="look")
            while replica.task is not None:
                replica.step()
        held, now = self.run(self.world.held()), self.world.clock.now()
        assert held.intent is None
        assert self.world.open == {}
        if held.cause is None:
            assert held.refresh_token is not None
            assert (held.refresh_token.get_secret_value(), held.is_uncertain(now)) == (self.world.good, False)
        told_dead = bool(self.world.tables.told) and self.world.tables.told[-1] == "dead"
        assert told_dead == (held.cause is not None), self.world.tables.told


TestGrantMachine = GrantMachine.TestCase
TestGrantMachine.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
