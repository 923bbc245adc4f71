"""Invocations of one function on their way to its runtime and back."""

import asyncio
import json
import random
import uuid
from collections import deque
from dataclasses import dataclass, field

from plumbline_sandbox.clock import Clock
from plumbline_sandbox.journal import Journal

TIMEOUT_S = 3.0
"""How long a function may take unless it is configured (Lambda docs, function timeout)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an invocation; `error` is the kind of a function error (None: there is none)."""

    payload: bytes
    error: str | None = None


@dataclass(slots=True)
class Invocation:
    """One event for the function."""

    id: str
    function: str
    payload: bytes
    deadline_ms: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)
    outcome: Outcome | None = None


class Lambda:
    """One execution environment: events wait until the runtime asks for the next one."""

    def __init__(self, clock: Clock, journal: Journal, rng: random.Random) -> None:
        self._clock = clock
        self._journal = journal
        self._rng = rng
        self.timeout_s = TIMEOUT_S
        self._queue: deque[Invocation] = deque()
        self._given: dict[str, Invocation] = {}
        self._poll: asyncio.Future[Invocation] | None = None

    def invoke(self, function: str, payload: bytes) -> Invocation:
        """Queue an event; the runtime gets it when it asks."""
        number = uuid.UUID(int=self._rng.getrandbits(128), version=4)
        invocation = Invocation(str(number), function, payload)
        self._queue.append(invocation)
        self._hand_over()
        return invocation

    async def next(self) -> Invocation | None:
        """Wait for the next event; None when a newer runtime asks instead of this one."""
        if self._poll is not None:
            self._poll.cancel()
        poll: asyncio.Future[Invocation] = asyncio.get_running_loop().create_future()
        self._poll = poll
        self._hand_over()
        try:
            return await poll
        except asyncio.CancelledError:
            if poll.cancelled():
                return None
            raise

    def given(self, request_id: str) -> Invocation | None:
        """Return an invocation that the runtime has and has not answered."""
        return self._given.get(request_id)

    def settle(self, invocation: Invocation, outcome: Outcome) -> None:
        """Note what became of an invocation."""
        self._given.pop(invocation.id, None)
        invocation.outcome = outcome
        invocation.done.set()
        self._journal.write(
            "commit",
            provider="lambda",
            entity="invocation",
            id=invocation.id,
            action="failed" if outcome.error else "succeeded",
            origin="api",
            function=invocation.function,
            error=outcome.error,
        )

    def fail_all(self, outcome: Outcome) -> None:
        """Fail what waits: the function cannot start."""
        while self._queue:
            self.settle(self._queue.popleft(), outcome)

    async def outcome(self, invocation: Invocation) -> Outcome:
        """Wait until the function has answered, or for its time to run out.

        The time is real time, as the function's own process has no other, and runs from the call.
        """
        try:
            async with asyncio.timeout(self.timeout_s):
                await invocation.done.wait()
        except TimeoutError:
            self._withdraw(invocation)
            text = f"RequestId: {invocation.id} Error: Task timed out after {self.timeout_s:.2f} seconds"
            body = json.dumps({"errorType": "Sandbox.Timedout", "errorMessage": text})
            self.settle(invocation, Outcome(body.encode(), "Unhandled"))
        assert invocation.outcome is not None
        return invocation.outcome

    def close(self) -> None:
        """Let go of a runtime that is waiting."""
        if self._poll is not None:
            self._poll.cancel()

    def _withdraw(self, invocation: Invocation) -> None:
        if invocation in self._queue:
            self._queue.remove(invocation)

    def _hand_over(self) -> None:
        if self._queue and self._poll is not None and not self._poll.done():
            invocation = self._queue.popleft()
            invocation.deadline_ms = int((self._clock.time() + self.timeout_s) * 1000)
            self._given[invocation.id] = invocation
            self._poll.set_result(invocation)
