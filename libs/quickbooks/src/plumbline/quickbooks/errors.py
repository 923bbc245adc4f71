"""What QuickBooks' answers to reads mean when they are not what was asked for.

Writes raise none of these: their outcome is a `Reply`.
"""

from typing import Any

from plumbline.common.errors import NeedsHumanError, PermanentError, TransientError, WaitError
from plumbline.quickbooks.faults import Fault


class QuickBooksUnavailableError(TransientError):
    """QuickBooks gave no usable answer: a 5xx, a web page, half an answer or none."""


class QuickBooksTooMuchError(QuickBooksUnavailableError):
    """QuickBooks' answer was longer than we read: fewer rows have to be asked for."""


class QuickBooksThrottledError(WaitError):
    """QuickBooks asked for patience; every call of the realm has to wait."""


class QuickBooksForbiddenError(NeedsHumanError):
    """QuickBooks does not let this account into the company: it must be connected again."""


class QuickBooksFaultError(PermanentError):
    """QuickBooks refused the request as it stands; `fault` says why."""

    def __init__(self, fault: Fault, **fields: Any) -> None:
        """Carry the fault."""
        super().__init__(str(fault), fault_code=fault.code, **fields)
        self.fault = fault


class QuickBooksUnreadableError(PermanentError):
    """QuickBooks' answer lacks something Plumbline needs, or holds it in another shape."""
