"""Delivery: one queue per app, gathered into notifications, one after the other.

Intuit, "Webhooks, best practices" and "Introducing enhanced webhooks monitoring" (October 2025):
an endpoint acknowledges with HTTP 200 within three seconds; a notification that is not acknowledged
is tried again after growing pauses, and later events wait until it is. That any other 2xx is no
acknowledgement, and that tries never end, follow from the wording and are inferred.
"""

import asyncio
import base64
import hashlib
import random
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from plumbline_sandbox.clock import Clock
from plumbline_sandbox.faults import Faults
from plumbline_sandbox.journal import Entry, Journal
from plumbline_sandbox.quickbooks.webhooks.events import (
    ENTITIES,
    OPERATIONS,
    Event,
    cloud_events,
    event_notifications,
    operation_of,
    signature,
)
from plumbline_sandbox.quickbooks.webhooks.subscriptions import Subscription, subscription
from plumbline_sandbox.sending import Mischief, Sender, Settled, UndeliveredError

TIMEOUT_S = 3.0
"""Real seconds an endpoint has to answer."""

PAUSES_S = (10.0, 20.0, 30.0, 300.0, 1200.0, 7200.0, 14400.0, 21600.0)
"""Sandbox seconds between the tries of one notification; the last pause repeats."""

MOST_EVENTS = 100
"""Largest number of events in one notification (Intuit, webhooks webinar of February 2025)."""

UNREADABLE = '[{"specversion":"1.0","id":"unreadable","type":"qbo.invoice.crea'
"""What the `webhook-garbage` fault sends, signed like everything else."""

Connected = Callable[[str, str], bool]
"""Tells whether an app (client id) is connected to a company (realm id)."""


class Webhooks:
    """The subscriptions of all apps, and the events on their way."""

    def __init__(
        self,
        clock: Clock,
        journal: Journal,
        faults: Faults,
        sender: Sender,
        connected: Connected,
        rng: random.Random,
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._mischief = Mischief(faults)
        self._sender = sender
        self._connected = connected
        self._rng = rng
        # Apart, because how events are gathered is a matter of timing and must not move their ids.
        self._notification_rng = random.Random(rng.random())
        self._feeds: dict[str, Feed] = {}
        self._settled = Settled()

    def subscribe(self, body: Mapping[str, Any]) -> Subscription:
        """Enter an app's endpoint, or change it; what is queued goes to the new one.

        Raises:
            ValueError: The subscription is malformed.
        """
        feed = self._feeds.get(str(body.get("client_id")))
        made = subscription(body, former=feed.subscription if feed else None)
        if feed:
            feed.subscription = made
        else:
            self._feeds[made.client_id] = Feed(
                made, self._clock, self._journal, self._sender, self._new_notification_id
            )
        return made

    async def unsubscribe(self, client_id: str) -> None:
        """Remove an app's endpoint; what is queued is discarded.

        Raises:
            KeyError: The app has none.
        """
        await self._feeds.pop(client_id).aclose()

    def subscriptions(self) -> list[Subscription]:
        """Return every subscription."""
        return [feed.subscription for feed in self._feeds.values()]

    def announce(self, realm: str, entity: str, entity_id: str, change: str) -> None:
        """Queue a change for every app that is connected to its company and wants to hear of it."""
        if not self._feeds or entity not in ENTITIES:
            return
        event = Event(self._new_id(), realm, entity, entity_id, operation_of(change), self._clock.now())
        for feed in self._feeds.values():
            if entity in feed.subscription.entities and self._connected(feed.subscription.client_id, realm):
                self._queue(feed, event)

    def send_test(self, body: Mapping[str, Any]) -> None:
        """Queue an event that never happened, as the developer portal's "Send test events" does.

        Args:
            body: `client_id`, `realm`, `entity`, `id`, `operation`; `deleted_id` for a merge.

        Raises:
            KeyError: A field is missing, or the app has no subscription.
            ValueError: There is no such operation.
        """
        if body["operation"] not in OPERATIONS:
            raise ValueError(f"operation must be one of {', '.join(OPERATIONS)}")
        event = Event(
            id=self._new_id(),
            realm=str(body["realm"]),
            entity=str(body["entity"]),
            entity_id=str(body["id"]),
            operation=body["operation"],
            at=self._clock.now(),
            deleted_id=str(body.get("deleted_id", "")),
        )
        self._queue(self._feeds[body["client_id"]], event)

    def recall(self, entry: Entry) -> None:
        """Remember what the journal says of a notification of an earlier process."""
        facts = entry.facts
        if facts["status"] == 200:
            for event_id in facts["events"] or [UNREADABLE]:
                self._settled.note(f"{facts['client_id']} {event_id}", entry)

    def wake(self) -> None:
        """Look again at every queue."""
        for feed in self._feeds.values():
            feed.wake()

    def pending(self) -> int:
        """Return how many events wait to be acknowledged or to be queued."""
        return self._mischief.held + sum(feed.length for feed in self._feeds.values())

    async def aclose(self) -> None:
        """Stop delivering; what is queued stays undelivered."""
        await self._mischief.aclose()
        for feed in self._feeds.values():
            await feed.aclose()
        await self._sender.aclose()

    def _queue(self, feed: "Feed", event: Event) -> None:
        target = _target(feed.subscription, event)
        if self._mischief.drops(target):
            return
        if garbage := self._mischief.garbage(target, UNREADABLE):
            self._push(feed, garbage, UNREADABLE)
        self._mischief.spread(target, lambda: self._push(feed, event, event.id))

    def _push(self, feed: "Feed", entry: "Event | bytes", key: str) -> None:
        if self._settled.take(f"{feed.subscription.client_id} {key}") is None:
            feed.push(entry)

    def _new_id(self) -> str:
        return _uuid(self._rng)

    def _new_notification_id(self) -> str:
        return _uuid(self._notification_rng)


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(bytes=rng.randbytes(16), version=4))


def _target(to: Subscription, event: Event) -> dict[str, Any]:
    return {
        "provider": "quickbooks",
        "realm": event.realm,
        "entity": event.entity,
        "id": event.entity_id,
        "operation": event.operation,
        "client_id": to.client_id,
        "url": to.url,
    }


@dataclass(frozen=True, slots=True)
class Notification:
    """What is posted at once; `events` is empty for a body nobody can read."""

    id: str
    events: tuple[Event, ...]
    body: bytes
    attempts: int = 0


class Feed:
    """One app's queue, and the task that empties it."""

    def __init__(
        self,
        to: Subscription,
        clock: Clock,
        journal: Journal,
        sender: Sender,
        new_id: Callable[[], str],
    ) -> None:
        self.subscription = to
        self._clock = clock
        self._journal = journal
        self._sender = sender
        self._new_id = new_id
        self._queue: deque[Event | bytes] = deque()
        self._sending: Notification | None = None
        self._worker: asyncio.Task[None] | None = None

    @property
    def length(self) -> int:
        """How many events are queued or not acknowledged."""
        return len(self._queue) + (max(1, len(self._sending.events)) if self._sending else 0)

    def push(self, entry: Event | bytes) -> None:
        """Queue an event, or a body to be sent as it is."""
        self._queue.append(entry)
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
        while self._queue:
            await self._clock.sleep(self.subscription.aggregate_s)
            self._sending = self._gathered()
            await self._deliver()
            self._sending = None

    def _gathered(self) -> Notification:
        """Take what goes into the next notification; events of other companies keep their places."""
        first = self._queue.popleft()
        if isinstance(first, bytes):
            return Notification(self._new_id(), (), first)
        events, rest = [first], deque[Event | bytes]()
        for entry in self._queue:
            fits = isinstance(entry, Event) and len(events) < MOST_EVENTS
            if isinstance(entry, Event) and fits and self._may_join(entry, first):
                events.append(entry)
            else:
                rest.append(entry)
        self._queue = rest
        return Notification(self._new_id(), tuple(events), self._body(events))

    def _may_join(self, event: Event, first: Event) -> bool:
        return self.subscription.mixes_realms or event.realm == first.realm

    def _body(self, events: list[Event]) -> bytes:
        if self.subscription.format == "legacy":
            return event_notifications(events)
        return cloud_events(events, _source(self.subscription.client_id))

    async def _deliver(self) -> None:
        """Post the notification until it is acknowledged."""
        while self._sending and not await self._try(self._sending):
            pause_s = PAUSES_S[min(self._sending.attempts, len(PAUSES_S) - 1)]
            self._sending = replace(self._sending, attempts=self._sending.attempts + 1)
            await self._clock.sleep(pause_s)

    async def _try(self, notification: Notification) -> bool:
        status, error = None, None
        try:
            reply = await self._sender.post(
                self.subscription.url, self._headers(notification), notification.body
            )
            status = reply.status
        except UndeliveredError as lost:
            error = str(lost)
        self._journal.write(
            "webhook-attempt",
            provider="quickbooks",
            client_id=self.subscription.client_id,
            url=self.subscription.url,
            format=self.subscription.format,
            notification=notification.id,
            events=[event.id for event in notification.events],
            changes=[f"{e.realm} {e.entity} {e.entity_id} {e.operation}" for e in notification.events],
            attempt=notification.attempts + 1,
            status=status,
            error=error,
        )
        return status == 200

    def _headers(self, notification: Notification) -> dict[str, str]:
        return {
            "content-type": self.subscription.content_type,
            "accept": "application/json",
            "user-agent": "intuit_notification_server/0.1",
            "intuit-signature": signature(self.subscription.verifier_token, notification.body),
            "intuit-created-time": self._clock.now().strftime("%Y-%m-%dT%H:%M:%S%z"),
            "intuit-t-id": notification.id,
            "intuit-notification-schema-version": "0.1",
        }


def _source(client_id: str) -> str:
    """Return what stands for an app in `source`: captured ones look like a hash; its making is unknown."""
    return f"intuit.{base64.b64encode(hashlib.sha256(client_id.encode()).digest()).decode()}"
