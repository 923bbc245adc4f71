"""Sending webhooks: what every vendor's deliveries share.

A vendor decides what an event is, which queue it goes to and when a failed one is tried again;
the way to an endpoint and the mischief that fault rules play with an event are the same.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from plumbline_sandbox.faults import Faults
from plumbline_sandbox.journal import Entry

KEPT_BODY_CHARS = 1000
"""How much of an endpoint's answer is kept."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What an endpoint answered."""

    status: int
    body: str
    headers: dict[str, str]


class UndeliveredError(Exception):
    """The endpoint could not be reached or did not answer in time."""


class Sender(Protocol):
    """The way to an endpoint."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Post a body, following no redirect.

        Raises:
            UndeliveredError: no answer within the vendor's patience, or no connection.
        """

    async def aclose(self) -> None:
        """Close what connections are open."""


class HttpSender:
    """Posts over HTTP; connections are kept open between deliveries.

    Args:
        timeout_s: Real seconds an endpoint has to answer.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._client: httpx.AsyncClient | None = None

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Post a body; see `Sender`."""
        if self._client is None:  # made here because it belongs to the running loop
            self._client = httpx.AsyncClient(timeout=self._timeout_s, trust_env=False)
        try:
            async with asyncio.timeout(2 * self._timeout_s):  # connecting has a timeout of its own
                response = await self._client.post(url, content=body, headers=dict(headers))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as lost:
            raise UndeliveredError(f"{type(lost).__name__}: {lost}") from lost
        return Reply(response.status_code, response.text[:KEPT_BODY_CHARS], dict(response.headers))

    async def aclose(self) -> None:
        """Close what connections are open."""
        if self._client is not None:
            await self._client.aclose()


class Settled:
    """What an earlier process of this sandbox delivered or gave up, by what identifies an event.

    Events are announced again when that process's requests are executed again; those that found
    their end then must not be sent once more. Copies of an event have one end each.
    """

    def __init__(self) -> None:
        self._ends: defaultdict[str, deque[Entry]] = defaultdict(deque)

    def note(self, key: str, end: Entry) -> None:
        """Remember how one copy of an event ended."""
        self._ends[key].append(end)

    def take(self, key: str) -> Entry | None:
        """Return how the next copy of an event ended, once; None if it is still to be sent."""
        ends = self._ends.get(key)
        return ends.popleft() if ends else None


class Mischief:
    """Plays the webhook faults on events that are about to be queued."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._late: set[asyncio.Task[None]] = set()

    @property
    def held(self) -> int:
        """How many events are held back to be queued out of order."""
        return len(self._late)

    def drops(self, target: Mapping[str, Any]) -> bool:
        """Tell whether an event is never to be delivered."""
        return self._faults.take("webhook-drop", target) is not None

    def garbage(self, target: Mapping[str, Any], unreadable: str) -> bytes | None:
        """Return a body nobody can read, to be delivered before an event; or None."""
        rule = self._faults.take("webhook-garbage", target)
        return str(rule.args.get("body", unreadable)).encode() if rule else None

    def spread(self, target: Mapping[str, Any], push: Callable[[], None]) -> None:
        """Call `push` once for every copy of an event, at once or after a while."""
        for _ in range(self._copies(target)):
            if shuffle := self._faults.take("webhook-shuffle", target):
                window_s = float(shuffle.args.get("window_ms", 500)) / 1000
                self._later(shuffle.rng.uniform(0, window_s), push)
            else:
                push()

    async def aclose(self) -> None:
        """Forget the events that are held back."""
        for task in self._late:
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)

    def _copies(self, target: Mapping[str, Any]) -> int:
        rule = self._faults.take("webhook-repeat", target)
        return rule.rng.randint(2, max(2, int(rule.args.get("max", 3)))) if rule else 1

    def _later(self, seconds: float, push: Callable[[], None]) -> None:
        async def wait() -> None:
            await asyncio.sleep(seconds)
            push()

        task = asyncio.create_task(wait())
        self._late.add(task)
        task.add_done_callback(self._late.discard)
