"""Delivery: one queue per endpoint, strictly in order, with the documented retry ladder.

Source: Procore docs, webhooks. Success is any 2xx within five seconds. After a failure all
deliveries to the endpoint pause while the failing one is retried, one second later at first
and doubling up to an hour; twelve hours after the first failure the whole queue is discarded,
and the next new event starts afresh. One success resets the ladder.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from plumbline_sandbox.clock import Clock
from plumbline_sandbox.faults import Faults
from plumbline_sandbox.journal import Entry, Journal
from plumbline_sandbox.procore.conventions import dumps
from plumbline_sandbox.procore.webhooks import resources
from plumbline_sandbox.procore.webhooks.hooks import Attempt, Delivery, Hook, Hooks, canonical_version
from plumbline_sandbox.procore.webhooks.payloads import UNREADABLE, Event, Identity, new_ulid, payload
from plumbline_sandbox.sending import Mischief, Sender, Settled, UndeliveredError

TIMEOUT_S = 5.0
"""Real seconds an endpoint has to answer."""

FIRST_RETRY_S = 1.0
"""Sandbox seconds before the first retry; each further one waits twice as long."""

LONGEST_RETRY_S = 3600.0
"""Longest wait between two tries."""

PATIENCE = timedelta(hours=12)
"""How long after the first failure the queue of an endpoint is discarded."""


FIRST_EVENT_ID = 2043593499
"""Where ids of events start; they are counted apart, because timing must not move what clients see."""

FIRST_ID = 1043593499
"""Where ids of deliveries and attempts start."""


class Deliveries:
    """Takes events, finds the hooks that want them, and queues one delivery for each."""

    def __init__(
        self, clock: Clock, journal: Journal, faults: Faults, sender: Sender, hooks: Hooks, rng: random.Random
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._mischief = Mischief(faults)
        self._sender = sender
        self._hooks = hooks
        self._rng = rng
        self._new_event_id = count(FIRST_EVENT_ID).__next__
        self._new_id = count(FIRST_ID).__next__
        self._endpoints: dict[str, Endpoint] = {}
        self._settled = Settled()

    def announce(self, event: Event) -> None:
        """Queue the event for every hook with a matching trigger; never waits."""
        of_project = resources.find(event.resource, of_project=True) is not None
        scope = event.project_id if of_project else None
        for hook in self._hooks.of_scope(company_id=event.company_id, project_id=scope):
            if hook.wants(event.resource, event.action):
                self._queue(hook, event)

    def recall(self, entry: Entry) -> None:
        """Remember what the journal says of a delivery of an earlier process."""
        if entry.kind == "webhook-discarded" or 200 <= (entry.facts["status"] or 0) < 300:
            self._settled.note(entry.facts["ulid"], entry)

    def wake(self) -> None:
        """Look again at every queue: a hook was enabled, disabled or removed."""
        for endpoint in self._endpoints.values():
            endpoint.wake()

    def pending(self) -> int:
        """Return how many deliveries are queued or being shuffled."""
        return self._mischief.held + sum(endpoint.length for endpoint in self._endpoints.values())

    async def aclose(self) -> None:
        """Stop delivering; what is queued stays undelivered."""
        await self._mischief.aclose()
        for endpoint in self._endpoints.values():
            await endpoint.aclose()
        await self._sender.aclose()

    def _queue(self, hook: Hook, event: Event) -> None:
        target = _target(hook, event)
        if self._mischief.drops(target):
            return
        identity = Identity(self._new_event_id(), new_ulid(event.at, self._rng))
        if garbage := self._mischief.garbage(target, UNREADABLE):
            self._push(self._delivery(hook, event, identity, garbage))
        body = dumps(payload(event, identity, canonical_version(hook.payload_version)))
        self._mischief.spread(target, lambda: self._push(self._delivery(hook, event, identity, body)))

    def _delivery(self, hook: Hook, event: Event, identity: Identity, body: bytes) -> Delivery:
        delivery = Delivery(
            id=self._new_id(),
            hook=hook,
            event=payload(event, identity, "v2.0"),
            body=body,
            queued_at=self._clock.now(),
        )
        hook.log.append(delivery)
        return delivery

    def _push(self, delivery: Delivery) -> None:
        if end := self._settled.take(delivery.event["ulid"]):
            self._restore(delivery, end)
            return
        url = delivery.hook.destination_url
        endpoint = self._endpoints.get(url)
        if endpoint is None:
            endpoint = Endpoint(url, self._clock, self._journal, self._sender, self._hooks, self._new_id)
            self._endpoints[url] = endpoint
        endpoint.push(delivery)

    def _restore(self, delivery: Delivery, end: Entry) -> None:
        """Give a delivery the end it had; what the endpoint answered then is forgotten but for its status."""
        if end.kind == "webhook-discarded":
            delivery.status = "discarded"
            return
        delivery.status = "delivered"
        delivery.attempts.append(Attempt(self._new_id(), end.at, end.at, end.facts["status"], "", {}))


def _target(hook: Hook, event: Event) -> dict[str, Any]:
    return {
        "provider": "procore",
        "company": str(event.company_id),
        "project": str(event.project_id),
        "resource": event.resource,
        "id": str(event.resource_id),
        "action": event.action,
        "hook": str(hook.id),
        "url": hook.destination_url,
    }


class Endpoint:
    """The queue of one destination URL and the task that empties it."""

    def __init__(
        self,
        url: str,
        clock: Clock,
        journal: Journal,
        sender: Sender,
        hooks: Hooks,
        new_id: Callable[[], int],
    ) -> None:
        self._url = url
        self._clock = clock
        self._journal = journal
        self._sender = sender
        self._hooks = hooks
        self._new_id = new_id
        self._queue: deque[Delivery] = deque()
        self._failing_since: datetime | None = None
        self._failures = 0
        self._worker: asyncio.Task[None] | None = None

    @property
    def length(self) -> int:
        """How many deliveries wait here."""
        return len(self._queue)

    def push(self, delivery: Delivery) -> None:
        """Put a delivery at the end of the queue."""
        self._queue.append(delivery)
        self.wake()

    def wake(self) -> None:
        """Start the worker unless it is at work."""
        if self._clock.held:
            return  # whoever holds the clock wakes all queues afterwards
        if self._queue and (self._worker is None or self._worker.done()):
            self._worker = asyncio.create_task(self._empty())

    async def aclose(self) -> None:
        """Stop the worker."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)

    async def _empty(self) -> None:
        while (delivery := self._next()) is not None:
            await self._try(delivery)

    def _next(self) -> Delivery | None:
        """Return the first delivery whose hook is active; those of removed hooks are dropped."""
        while self._queue and not self._hooks.alive(self._queue[0].hook):
            self._settle(self._queue[0], "discarded")
        return next((delivery for delivery in self._queue if delivery.hook.status == "active"), None)

    async def _try(self, delivery: Delivery) -> None:
        attempt = await self._attempt(delivery)
        if attempt.success:
            self._failing_since, self._failures = None, 0
            self._settle(delivery, "delivered")
            return
        delivery.status = "retrying"
        self._failing_since = self._failing_since or attempt.completed_at
        self._failures += 1
        if attempt.completed_at - self._failing_since >= PATIENCE:
            self._flush()
            return
        await self._clock.sleep(self._pause_s())

    def _pause_s(self) -> float:
        # The exponent is bounded so that a long-failing endpoint makes no astronomic number.
        doubled = FIRST_RETRY_S * float(2 ** min(self._failures - 1, 20))
        return min(doubled, LONGEST_RETRY_S)

    def _flush(self) -> None:
        """Discard everything that waits; the ladder starts afresh with the next event."""
        self._failing_since, self._failures = None, 0
        for delivery in tuple(self._queue):
            self._settle(delivery, "discarded")

    def _settle(self, delivery: Delivery, status: str) -> None:
        delivery.status = status
        self._queue.remove(delivery)
        if status == "discarded":
            self._journal.write("webhook-discarded", **self._facts(delivery))

    async def _attempt(self, delivery: Delivery) -> Attempt:
        started_at = self._clock.now()
        status, body, headers = await self._post(delivery)
        attempt = Attempt(self._new_id(), started_at, self._clock.now(), status, body, headers)
        delivery.attempts.append(attempt)
        self._journal.write(
            "webhook-attempt",
            **self._facts(delivery),
            attempt=len(delivery.attempts),
            status=status,
            error=None if status is not None else body,
        )
        return attempt

    async def _post(self, delivery: Delivery) -> tuple[int | None, str, dict[str, str]]:
        headers = {**delivery.hook.destination_headers, "Content-Type": "application/json"}
        try:
            reply = await self._sender.post(self._url, headers, delivery.body)
        except UndeliveredError as lost:
            return None, str(lost), {}
        return reply.status, reply.body, reply.headers

    def _facts(self, delivery: Delivery) -> dict[str, Any]:
        event = delivery.event
        return {
            "provider": "procore",
            "url": self._url,
            "hook": str(delivery.hook.id),
            "payload_version": canonical_version(delivery.hook.payload_version),
            "delivery": str(delivery.id),
            "ulid": event["ulid"],
            "company": str(event["company_id"]),
            "project": None if event["project_id"] is None else str(event["project_id"]),
            "resource": event["resource_name"],
            "resource_id": str(event["resource_id"]),
            "action": event["event_type"],
        }
