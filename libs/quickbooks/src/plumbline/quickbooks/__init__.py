"""QuickBooks Online: a typed async client of its Accounting API v3, for the calls Plumbline needs."""

from plumbline.quickbooks.client import QuickBooksClient
from plumbline.quickbooks.errors import (
    QuickBooksFaultError,
    QuickBooksForbiddenError,
    QuickBooksThrottledError,
    QuickBooksTooMuchError,
    QuickBooksUnavailableError,
    QuickBooksUnreadableError,
)
from plumbline.quickbooks.faults import FAULTS, Fault, Reaction
from plumbline.quickbooks.replies import Confirmed, NotSent, RefusedAtGate, Rejected, Reply, Unknown

__all__ = [
    "FAULTS",
    "Confirmed",
    "Fault",
    "NotSent",
    "QuickBooksClient",
    "QuickBooksFaultError",
    "QuickBooksForbiddenError",
    "QuickBooksThrottledError",
    "QuickBooksTooMuchError",
    "QuickBooksUnavailableError",
    "QuickBooksUnreadableError",
    "Reaction",
    "RefusedAtGate",
    "Rejected",
    "Reply",
    "Unknown",
]
