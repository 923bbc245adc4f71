"""A document as the gate sees it: what it is, how far it is, and what the rules saw when they judged it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from plumbline.compliance.domain.facts import Payable

State = Literal[
    "received",
    "scanned",
    "extracted",
    "needs_review",
    "validated",
    "invalid",
    "held",
    "dispatch_ready",
    "dispatched",
    "acknowledged",
    "expired",
    "superseded",
    "withdrawn",
    "quarantined",
]
"""How far a document is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperOnFile:
    """One document of a vendor or of a payable."""

    document: str
    kind: str | None
    state: State
    file_name: str
    received_at: datetime
    vendor_id: str | None = None
    project_id: str | None = None
    payable: str | None = None
    """The payable that it belongs to; every waiver belongs to one."""
    expires_on: date | None = None
    withdrawn_at: datetime | None = None
    """When it was seen that Procore lists it no more; None while it does, or the paper came another way too."""
    blocking: tuple[str, ...] = ()
    """The sentences of its blocking decisions."""
    named: str | None = None
    """The firm that it names: a W-9's line 1, a certificate's insured, a waiver's payee, a licence's holder.

    None where no reader is sure of it.
    """
    authority: str | None = None
    """Whose licence it is: a board, or a city; None where no reader is sure of it."""
    trade: str | None = None
    """What a licence permits; None where no reader is sure of it."""
    week_ends_on: date | None = None
    """The last day of the week that a payroll is of; None where no reader is sure of it."""
    checked_against: Payable | None = None
    """The payable as it stood when the rules decided; None where they knew of none."""
