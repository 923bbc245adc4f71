"""`ledger.drift.v1`: where the books are not as they should be, and since when."""

from typing import Literal

from plumbline.common.contracts.base import ConnectionName, Contract, Identifier, Moment, RecordKey

DriftCause = Literal[
    "person", "untold", "parked", "unknown-outcome", "not-written", "payment-awaited", "not-ours"
]
"""Who or what made it so; docs/drift.md tells of each."""


class LedgerDrift(Contract):
    """A difference between what should be in QuickBooks and what is: it came up, changed, or is gone."""

    realm: Identifier
    connection: ConnectionName
    subject: RecordKey
    """The record, or `quickbooks/<entity>/<id>` for a document that no record owns."""
    code: Identifier
    """Stable; what it differs in. A subject has one open difference of a code at most."""
    change: Literal["opened", "changed", "closed"]
    cause: DriftCause
    quickbooks_id: Identifier | None
    off_cents: int
    """By how much QuickBooks says too much, or, below zero, too little."""
    stake_cents: int
    """The money that it touches; where only its place is wrong nothing is off, and all of it is at stake."""
    sentence: str
    """What is wrong, for people."""
    advice: str
    """Who has to do what."""
    since: Moment
    """When it came about, as far as is known."""
    opened_at: Moment
    """When it was first reported: not before the time has run out in which it might have mended itself."""
    at: Moment

    @property
    def key(self) -> str:
        """The Kafka key: realm/subject."""
        return f"{self.realm}/{self.subject}"
