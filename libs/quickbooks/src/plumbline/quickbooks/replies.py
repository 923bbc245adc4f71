"""What became of a write, as far as one answer tells.

Each reply leads to another next step, and only two are final: `Confirmed` and `Rejected`. After
`RefusedAtGate` and `NotSent` the same bytes are sent again under the same request id once the cause is
gone; after `Unknown` the books are looked at first.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from plumbline.quickbooks.faults import Fault

Gate = Literal["token", "forbidden", "throttled"]
"""Where a request was turned away before the service saw it."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A 2xx with the written entity in it.

    `document` is the entity as QuickBooks holds it, its numbers `Decimal` or `int`. Whether that is what
    was sent is for the caller to compare: a replayed request id gives the answer of its first use.
    """

    document: dict[str, Any] = field(repr=False)
    tid: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The service itself refused, finally: this request has no effect and never will."""

    fault: Fault
    tid: str | None = None


@dataclass(frozen=True, slots=True)
class RefusedAtGate:
    """The request did not reach the service: no live token, no access, or too many requests.

    `retry_after` is how long to wait where that is known; for `throttled` it always is, and the whole
    realm has to wait.
    """

    kind: Gate
    retry_after: timedelta | None = None
    tid: str | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request may or may not have had its effect; `why` is one sentence for a person."""

    why: str
    tid: str | None = None


@dataclass(frozen=True, slots=True)
class NotSent:
    """QuickBooks could not be reached: nothing was sent."""

    why: str


Reply = Confirmed | Rejected | RefusedAtGate | Unknown | NotSent
"""What `QuickBooksClient.post` returns; a `match` over it is exhaustive."""
