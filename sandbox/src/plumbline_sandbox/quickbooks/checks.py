"""Field checks of a request body: read a property, or note what is wrong with it.

The service reports several troubles at once, so nothing is raised before `done`.
"""

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from plumbline_sandbox.quickbooks import errors, wire
from plumbline_sandbox.quickbooks.errors import FaultError, Trouble
from plumbline_sandbox.quickbooks.wire import Body

LARGEST_AMOUNT = Decimal("99999999999.99")
"""Largest amount of one line or transaction (2140 above it)."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_EMAIL = re.compile(r"[^@\s,]+@[^@\s,]+\.[^@\s,]+")


class Checks:
    """Reads one body. Every reader returns None for an absent or a bad value and notes the bad one."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self.troubles: list[Trouble] = []

    def done(self) -> None:
        """End the checks.

        Raises:
            FaultError: with everything noted, if there is anything.
        """
        if self.troubles:
            raise FaultError(*self.troubles)

    def note(self, trouble: Trouble) -> None:
        """Note a trouble that a caller found."""
        self.troubles.append(trouble)

    def has(self, name: str) -> bool:
        """Tell whether the property is there, well formed or not."""
        return name in self._body

    def value(self, name: str) -> Any:
        """Return the property as it was sent, or None."""
        return self._body.get(name)

    def required(self, *names: str) -> None:
        """Note each of these properties that is absent (2020)."""
        for name in names:
            if name not in self._body:
                self.note(errors.missing(name))

    def text(self, name: str, *, longest: int) -> str | None:
        """Read a text of limited length (2050)."""
        value = self._body.get(name)
        if value is not None and not isinstance(value, str):
            self.note(errors.bad_property(name))
            return None
        if value is not None and len(value) > longest:
            self.note(errors.bad_length(name, len(value), longest))
            return None
        return value

    def money(self, name: str) -> Decimal | None:
        """Read an amount, as a number or a numeric text, in whole cents (2100)."""
        number = self.number(name)
        if number is not None and abs(number) > LARGEST_AMOUNT:
            self.note(errors.bad_amount(name, number))
            return None
        return None if number is None else number.quantize(wire.CENT, ROUND_HALF_UP)

    def number(self, name: str) -> Decimal | None:
        """Read a number of any precision (2100)."""
        value = self._body.get(name)
        if value is None or isinstance(value, Decimal):
            return value
        if isinstance(value, bool) or not isinstance(value, int | str):
            self.note(errors.bad_decimal(name, value))
            return None
        try:
            number = Decimal(value)
        except InvalidOperation:
            self.note(errors.bad_decimal(name, value))
            return None
        if number.is_finite():
            return number
        self.note(errors.bad_decimal(name, value))
        return None

    def day(self, name: str) -> date | None:
        """Read a date written yyyy-MM-dd (2060, 2070)."""
        value = self._body.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or not _DATE.fullmatch(value):
            self.note(errors.bad_date_format(name, value))
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.note(errors.bad_date(name, value))
            return None

    def choice(self, name: str, allowed: frozenset[str]) -> str | None:
        """Read one of the enumerated texts (2170)."""
        value = self._body.get(name)
        if value is not None and (not isinstance(value, str) or value not in allowed):
            self.note(errors.bad_choice(name, value))
            return None
        return value

    def flag(self, name: str) -> bool | None:
        """Read a boolean (2230)."""
        value = self._body.get(name)
        if value is not None and not isinstance(value, bool):
            self.note(errors.bad_flag(name, value))
            return None
        return value

    def reference(self, name: str) -> str | None:
        """Read the id in a `{"value": …}` reference (2010 if it has another shape)."""
        value = self._body.get(name)
        if value is None:
            return None
        if not isinstance(value, dict) or not isinstance(value.get("value"), str | int):
            self.note(errors.bad_property(name))
            return None
        return str(value["value"])

    def email(self, name: str) -> str | None:
        """Read an `{"Address": …}` of one or more addresses parted by commas (2210)."""
        value = self._body.get(name)
        if value is None:
            return None
        address = value.get("Address") if isinstance(value, dict) else None
        if address in (None, ""):
            return None
        if not isinstance(address, str) or not is_email(address):
            self.note(errors.bad_email(name, address))
            return None
        return address


def is_email(text: str) -> bool:
    """Tell whether the text is a comma-separated list of addresses, each with an @ and a dot."""
    return all(_EMAIL.fullmatch(part.strip()) for part in text.split(","))
