"""Overrides: a person lets something pass, for a reason and for a while."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import ClassVar
from uuid import NAMESPACE_URL, uuid5

from pydantic import model_validator

from plumbline.common.errors import PermanentError
from plumbline.compliance.domain.gate.payable import Billed
from plumbline.compliance.domain.gate.policy import Code
from plumbline.compliance.domain.reading import Fact

REASON_CHARS_MIN = 10
"""A reason that an auditor can do something with takes at least a few words."""


class OverrideRefusedError(PermanentError):
    """An override is not taken; `reason` is its stable code."""

    code: ClassVar[str] = "override-refused"

    def __init__(self, reason: str, detail: str) -> None:
        """Say which of the stable reasons it is, and what to do."""
        super().__init__(detail)
        self.reason = reason


class Wish(Fact):
    """What a person asks to let pass: of one payable, or of all of a vendor, on one project or on all."""

    payable: str | None = None
    connection: str | None = None
    project_id: str | None = None
    vendor_id: str | None = None
    code: Code
    reason: str = ""
    by: str = ""
    until: date | None = None
    """The last day on which it counts."""

    @model_validator(mode="after")
    def _one_scope(self) -> "Wish":
        of_vendor = self.connection is not None and self.vendor_id is not None
        if (self.payable is None) != of_vendor or (self.payable and self.project_id):
            raise ValueError("name a payable, or a connection and a vendor, with a project or without")
        return self


class Override(Fact):
    """What a person let pass."""

    id: str
    connection: str
    payable: str | None
    project_id: str | None
    vendor_id: str | None
    code: Code
    reason: str
    by: str
    until: date

    def covers(self, billed: Billed, *, on: date) -> bool:
        """Say whether it counts for a payable on a day."""
        if on > self.until or self.connection != billed.connection:
            return False
        if self.payable is not None:
            return self.payable == billed.payable
        return self.vendor_id == billed.vendor_id and self.project_id in {None, billed.project_id}


def granted(wish: Wish, *, connection: str, today: date, days_max: int) -> Override:
    """Return the override that a person asks for; the same wish is the same override.

    Raises:
        OverrideRefusedError: it has no reason, nobody who answers for it, no end, or too late a one.
    """
    if len(wish.reason.strip()) < REASON_CHARS_MIN:
        raise OverrideRefusedError(
            "override-needs-a-reason",
            f"say why, in at least {REASON_CHARS_MIN} characters; an auditor will read it",
        )
    if not wish.by.strip():
        raise OverrideRefusedError("override-needs-a-person", "say who answers for it")
    if wish.until is None:
        raise OverrideRefusedError("override-needs-an-expiry", "say until when it counts, as a day")
    if wish.until < today:
        raise OverrideRefusedError("override-is-over", f"{wish.until} is past")
    last = today + timedelta(days=days_max)
    if wish.until > last:
        raise OverrideRefusedError(
            "override-too-long", f"an override lasts {days_max} days at most, so until {last}; renew it then"
        )
    told = (wish.payable, connection, wish.project_id, wish.vendor_id, wish.code, wish.reason, wish.by)
    return Override(
        id=str(uuid5(NAMESPACE_URL, "\x1f".join(str(part) for part in (*told, wish.until)))),
        connection=connection,
        payable=wish.payable,
        project_id=wish.project_id,
        vendor_id=wish.vendor_id,
        code=wish.code,
        reason=wish.reason.strip(),
        by=wish.by.strip(),
        until=wish.until,
    )


def in_force(overrides: Iterable[Override], billed: Billed, code: Code, *, on: date) -> Override | None:
    """Return the override of a requirement that lasts longest, if one counts."""
    found = [one for one in overrides if one.code == code and one.covers(billed, on=on)]
    return max(found, key=lambda one: (one.until, one.id), default=None)
