"""Notifications as bytes: an array of CloudEvents, or the older `eventNotifications`.

Intuit, "Webhooks" and "Upcoming change to webhooks payload structure" (November 2025): the older
form ended in July 2026 and is a switch here. An event only names what changed; clients fetch it.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plumbline_sandbox.quickbooks import wire

OPERATIONS = {
    "Create": "created",
    "Update": "updated",
    "Delete": "deleted",
    "Merge": "merged",
    "Void": "void",
    "Emailed": "emailed",
}
"""The operations of the older form, with the suffix of the CloudEvents type (`void` as captured)."""

ENTITIES = frozenset(
    {"Account", "Bill", "BillPayment", "Budget", "Class", "CreditMemo", "Currency", "Customer", "Department"}
    | {"Deposit", "Employee", "Estimate", "Invoice", "Item", "JournalCode", "JournalEntry", "Payment"}
    | {"PaymentMethod", "Preferences", "Purchase", "PurchaseOrder", "RefundReceipt", "SalesReceipt"}
    | {"TaxAgency", "Term", "TimeActivity", "Transfer", "Vendor", "VendorCredit", "ChangeOrder"}
)
"""Entities that webhooks tell of (Intuit, Webhooks, step 3); of others nothing is told."""

_CHANGES = {"created": "Create", "deleted": "Delete", "voided": "Void", "sent": "Emailed"}


@dataclass(frozen=True, slots=True)
class Event:
    """One change. `deleted_id` is the entity that a merge took away."""

    id: str
    realm: str
    entity: str
    entity_id: str
    operation: str
    at: datetime
    deleted_id: str = ""


def operation_of(change: str) -> str:
    """Return the operation for a change as the journal names it; linking and renaming are updates."""
    return _CHANGES.get(change, "Update")


def cloud_events(events: Iterable[Event], source: str) -> bytes:
    """Return the array form. `data` is empty, as captured, but for the id that a merge took away."""
    return wire.dump(
        [
            {
                "specversion": "1.0",
                "id": event.id,
                "source": source,
                "type": f"qbo.{event.entity.lower()}.{OPERATIONS[event.operation]}.v1",
                "datacontenttype": "application/json",
                # Nine digits as captured: readers must not count on six.
                "time": event.at.strftime("%Y-%m-%dT%H:%M:%S.%f000Z"),
                "intuitentityid": event.entity_id,
                "intuitaccountid": event.realm,
                "data": {"deletedId": event.deleted_id} if event.deleted_id else {},
            }
            for event in events
        ]
    )


def event_notifications(events: Iterable[Event]) -> bytes:
    """Return the older form: one notification per realm."""
    by_realm: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        told = {
            "name": event.entity,
            "id": event.entity_id,
            "operation": event.operation,
            "lastUpdated": f"{event.at:%Y-%m-%dT%H:%M:%S}.{event.at.microsecond // 1000:03d}Z",
        }
        if event.deleted_id:
            told["deletedId"] = event.deleted_id
        by_realm.setdefault(event.realm, []).append(told)
    notifications = [
        {"realmId": realm, "dataChangeEvent": {"entities": entities}} for realm, entities in by_realm.items()
    ]
    return wire.dump({"eventNotifications": notifications})


def signature(verifier_token: str, body: bytes) -> str:
    """Return the `intuit-signature` of a body: base64 of its HMAC-SHA256 under the verifier token."""
    return base64.b64encode(hmac.digest(verifier_token.encode(), body, hashlib.sha256)).decode()
