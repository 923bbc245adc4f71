"""An organisation that pays: internal accounts, counterparties, payment orders and their states.

Sources: Modern Treasury docs, payment orders (states and events), counterparties; Python SDK
1.80.0, types.
"""

import random
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from plumbline_sandbox.clock import Clock
from plumbline_sandbox.journal import Journal

Record = dict[str, Any]
"""The JSON of one object."""

EVENTS = {
    "approved": "approved",
    "denied": "denied",
    "cancelled": "cancelled",
    "processing": "begin_processing",
    "sent": "finish_processing",
    "completed": "completed",
    "failed": "failed",
    "returned": "returned",
    "reversed": "reversed",
    "held": "held",
    "stopped": "stopped",
}
"""The event a webhook tells when a payment order reaches a status; the last four are inferred."""

NEXT = {
    "needs_approval": {"approved", "denied", "cancelled"},
    "approved": {"processing", "cancelled", "held", "failed"},
    "held": {"approved", "cancelled", "denied"},
    "processing": {"sent", "failed", "stopped"},
    "sent": {"completed", "failed", "returned"},
    "completed": {"returned", "reversed"},
    "failed": {"approved", "cancelled"},
}
"""Which status may follow which (in part inferred: the docs draw the usual way)."""

BY_CLIENT = {"approved", "denied", "cancelled"}
"""Statuses a client may set; the others are the bank's."""

EDITABLE = {"needs_approval", "approved", "failed"}
"""Statuses in which an order may be changed: not once it is being processed."""


class Payments:
    """One organisation; `changed` is called with event and order whenever one reaches a status."""

    def __init__(self, clock: Clock, journal: Journal, rng: random.Random) -> None:
        self.clock = clock
        self._journal = journal
        self._rng = rng
        self.organization_id = self.new_id()
        self.api_key = f"test-{rng.randbytes(20).hex()}"
        self.webhook_key = rng.randbytes(20).hex()
        self.needs_approval = False
        self.changed: Callable[[str, Record], None] | None = None
        self.internal_accounts: dict[str, Record] = {}
        self.counterparties: dict[str, Record] = {}
        self.external_accounts: dict[str, Record] = {}
        self.payment_orders: dict[str, Record] = {}
        self._found("Operating account")

    def new_id(self) -> str:
        """Return a fresh UUID."""
        return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))

    def moment(self) -> str:
        """Return the present moment as the API tells it."""
        return moment(self.clock.now())

    def add(self, kind: str, table: dict[str, Record], fields: Record) -> Record:
        """Make a new object a fact."""
        record = self._new(kind, table, fields)
        self._note(record, "created", "api")
        return record

    def reach(self, order: Record, status: str, *, origin: str = "api") -> None:
        """Move a payment order to a status and tell of it; `origin` is `person` for what a bank does.

        Raises:
            ValueError: It cannot get there from where it is.
        """
        if status not in NEXT.get(order["status"], set()):
            raise ValueError(f"a payment order that is {order['status']} cannot become {status}")
        order |= {"status": status, "updated_at": self.moment()}
        self._note(order, status, origin)
        self._tell(EVENTS[status], order)

    def edit(self, order: Record, fields: Record) -> None:
        """Change fields of a payment order and tell of it."""
        order |= {**fields, "updated_at": self.moment()}
        self._note(order, "updated", "api")
        self._tell("updated", order)

    def _new(self, kind: str, table: dict[str, Record], fields: Record) -> Record:
        now = self.moment()
        head: Record = {"id": self.new_id(), "object": kind, "live_mode": False}
        record = table[head["id"]] = {**head, **fields, "created_at": now, "updated_at": now}
        return record

    def _tell(self, event: str, order: Record) -> None:
        if self.changed is not None:
            self.changed(event, order)

    def _found(self, name: str) -> None:
        fields: Record = {"name": name, "currency": "USD", "party_name": "Sandbox", "metadata": {}}
        self._new("internal_account", self.internal_accounts, fields)

    def _note(self, record: Record, action: str, origin: str) -> None:
        facts = {"origin": origin} | {
            name: record[name] for name in ("amount", "status", "external_id") if name in record
        }
        self._journal.write(
            "commit", provider="payments", entity=record["object"], id=record["id"], action=action, **facts
        )


def moment(at: datetime) -> str:
    """Format a timestamp in UTC with a `Z`."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
