"""Webhooks of the payments API: signed, tried again with growing pauses, in no promised order.

Sources: Modern Treasury docs, webhooks (five seconds, 2xx, `X-Signature` = hex HMAC-SHA256 of
the body, one `X-Webhook-ID` per webhook, exponential backoff). First pause, growth and end of
the ladder are inferred, and so are the headers `X-Topic` and `X-Event`.
"""

import asyncio
import hashlib
import hmac
import json
from typing import Any

from plumbline_sandbox.clock import Clock
from plumbline_sandbox.faults import Faults
from plumbline_sandbox.journal import Journal
from plumbline_sandbox.payments.state import Payments, Record
from plumbline_sandbox.sending import HttpSender, Mischief, Sender, UndeliveredError

TIMEOUT_S = 5.0
"""Real seconds an endpoint has to answer."""

FIRST_PAUSE_S = 10.0
"""Sandbox seconds before the second try; each further one waits twice as long."""

TRIES = 10
"""Most tries of one webhook."""


class PaymentWebhooks:
    """The deliveries to one endpoint."""

    def __init__(
        self, payments: Payments, clock: Clock, journal: Journal, faults: Faults, sender: Sender | None = None
    ) -> None:
        self._payments = payments
        self._clock = clock
        self._journal = journal
        self._sender = sender or HttpSender(TIMEOUT_S)
        self._mischief = Mischief(faults)
        self._under_way: set[asyncio.Task[None]] = set()
        self.url: str | None = None
        payments.changed = self.announce

    def announce(self, event: str, order: Record) -> None:
        """Start delivering an event; nothing happens while there is no endpoint."""
        if self.url is None:
            return
        target = {
            "provider": "payments",
            "resource": order["object"],
            "id": order["id"],
            "action": event,
            "url": self.url,
        }
        if self._mischief.drops(target):
            return
        webhook_id = self._payments.new_id()
        body = json.dumps({"event": event, "data": order}).encode()
        if garbage := self._mischief.garbage(target, '{"event":'):
            self._start(target, self._payments.new_id(), garbage)
        self._mischief.spread(target, lambda: self._start(target, webhook_id, body))

    def pending(self) -> int:
        """Return how many deliveries are under way or held back."""
        return len(self._under_way) + self._mischief.held

    async def aclose(self) -> None:
        """Stop delivering."""
        await self._mischief.aclose()
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._sender.aclose()

    def _start(self, target: dict[str, Any], webhook_id: str, body: bytes) -> None:
        task = asyncio.create_task(self._deliver(target, webhook_id, body))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _deliver(self, target: dict[str, Any], webhook_id: str, body: bytes) -> None:
        headers = {
            "Content-Type": "application/json",
            "X-Signature": signature(self._payments.webhook_key, body),
            "X-Webhook-ID": webhook_id,
            "X-Topic": str(target["resource"]),
            "X-Event": str(target["action"]),
        }
        for attempt in range(TRIES):
            try:
                status = (await self._sender.post(target["url"], headers, body)).status
            except UndeliveredError:
                status = None
            self._journal.write("webhook-attempt", **target, webhook=webhook_id, status=status)
            if status is not None and 200 <= status < 300:
                return
            await self._clock.sleep(FIRST_PAUSE_S * 2**attempt)
        self._journal.write("webhook-discarded", **target, webhook=webhook_id)


def signature(key: str, body: bytes) -> str:
    """Sign the body of a webhook."""
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
