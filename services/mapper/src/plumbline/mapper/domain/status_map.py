"""The status map: dated rows that say what a status in Procore becomes in QuickBooks.

Data, not code: rows stand in `status-map.yaml`, each with the days it holds and the API
version it was checked against. What no row covers is never guessed.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from itertools import combinations
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from plumbline.common.connections import ConfigurationError
from plumbline.mapper.domain.errors import UnknownStatusError
from plumbline.procore.models import PaymentApplication

Dialect = Literal["procore", "brief"]
"""Whose statuses a connection speaks: Procore's own words, or the numeric codes 4 to 7 as well."""


class Becomes(StrEnum):
    """What a status asks of QuickBooks."""

    NONE = "none"
    """Nothing yet; what is there already stays as it is."""
    OPEN = "open"
    PENDING = "pending"
    SENT = "sent"
    PAID = "paid"
    VOID = "void"
    """What was published before must not count any more; nothing if nothing was."""


class StatusRule(BaseModel):
    """One row of the map."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    statuses: Dialect
    """Which connections it is for."""
    field: Literal["status", "status_code"]
    """The field of the owner invoice that it reads."""
    value: str
    name: str
    """What people call it: `ApprovedForInvoicing`."""
    becomes: Becomes
    since: date = Field(alias="from")
    """The first day on which it holds."""
    until: date | None = None
    """The first day on which it holds no more; None while it holds."""
    checked_against: str
    """The API version or document that it was last compared with."""

    @property
    def place(self) -> tuple[str, str, str]:
        """What it decides about: no two rows may decide about one thing on one day."""
        return self.statuses, self.field, self.value

    def holds_on(self, day: date) -> bool:
        """Say whether the row counts on a day."""
        return self.since <= day and (self.until is None or day < self.until)

    def told(self) -> str:
        """Say in words what the row does."""
        return (
            f"{self.field} {self.value} ({self.name}) becomes {self.becomes} by the status map's row "
            f"from {self.since}, checked against {self.checked_against}"
        )


class StatusMap:
    """All rows."""

    def __init__(self, rules: Sequence[StatusRule]) -> None:
        """Hold the rows.

        Raises:
            ConfigurationError: needs a person; two rows decide about one thing on one day.
        """
        for one, other in combinations(rules, 2):
            if one.place == other.place and _overlap(one, other):
                raise ConfigurationError(f"the status map decides twice about {' '.join(one.place)}")
        self._rules = tuple(rules)

    def rule_for(self, dialect: Dialect, invoice: PaymentApplication, *, on: date) -> StatusRule:
        """Return the row for an owner invoice read on a day.

        In the brief's dialect the numeric code decides where there is one.

        Raises:
            UnknownStatusError: needs a person; no row covers what Procore says.
        """
        field, value = _said(dialect, invoice)
        for rule in self._rules:
            if rule.place == (dialect, field, value) and rule.holds_on(on):
                return rule
        raise UnknownStatusError(
            f"unknown status: Procore says {field} {value}, and status-map.yaml has no row for it on {on} "
            f"(statuses: {dialect}); add a row, restart the mapper, then resume the record"
        )


def _said(dialect: Dialect, invoice: PaymentApplication) -> tuple[str, str]:
    if dialect == "brief" and invoice.status_code is not None:
        return "status_code", str(invoice.status_code)
    return "status", invoice.status


def _overlap(one: StatusRule, other: StatusRule) -> bool:
    return (one.until is None or other.since < one.until) and (other.until is None or one.since < other.until)
