"""Reading typed values out of JSON objects, gathering every complaint before refusing."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from plumbline_sandbox.procore.conventions import invalid

CENT = Decimal("0.01")
"""The unit every amount is a whole multiple of."""

MAX_AMOUNT = Decimal(10) ** 15
"""Amounts are smaller than this."""

MAX_QUANTITY = Decimal(10) ** 9
"""Quantities and prices of one are smaller than this, so that their product is an exact amount."""


class Fields:
    """The fields of one JSON object; a field that is absent or null reads as its default."""

    def __init__(self, path: str, values: Mapping[str, Any]) -> None:
        self._path = path
        self._values = values
        self._errors: dict[str, list[str]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._values

    @property
    def complaints(self) -> dict[str, list[str]]:
        """What was wrong so far, by field."""
        return self._errors

    def complain(self, name: str, message: str) -> None:
        """Note one complaint about a field."""
        self._errors.setdefault(name, []).append(message)

    def text(self, name: str, default: str | None = None) -> str | None:
        """Return a string."""
        value = self._values.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            self.complain(name, "is not a string")
            return default
        return value

    def required_text(self, name: str) -> str:
        """Return a string that must be there and not be blank; "" stands in until `done` refuses."""
        value = self.text(name)
        if not value and name not in self._errors:
            self.complain(name, "can't be blank")
        return value or ""

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return true or false; forms say it in words."""
        value = self._values.get(name)
        if value is None:
            return default
        if not isinstance(value, bool | str) or value not in {True, False, "true", "false"}:
            self.complain(name, "is not true or false")
            return default
        return value in {True, "true"}

    def choice(self, name: str, allowed: Collection[str], default: str) -> str:
        """Return one of the allowed strings."""
        value = self.text(name, default) or default
        if value not in allowed:
            self.complain(name, "is not included in the list")
        return value

    def integer(self, name: str, default: int | None = None) -> int | None:
        """Return a whole number; digits in a string count as one (v2 ids)."""
        value = self._values.get(name)
        if value is None:
            return default
        if isinstance(value, str) and value.isdecimal():
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self.complain(name, "is not a number")
            return default
        return value

    def amount(self, name: str, default: Decimal = Decimal("0.00")) -> Decimal:
        """Return an amount or percent with at most two decimals, from a string or a number."""
        return self._decimal(name, default, CENT, MAX_AMOUNT, "is not a number with at most two decimals")

    def quantity(self, name: str, default: Decimal = Decimal(0)) -> Decimal:
        """Return a quantity or a price of one, with at most four decimals, from a string or a number."""
        unit, message = Decimal("0.0001"), "is not a number with at most four decimals"
        return self._decimal(name, default, unit, MAX_QUANTITY, message)

    def percent(self, name: str, default: Decimal) -> Decimal:
        """Return a percentage from 0 to 100 with at most two decimals."""
        percent = self.amount(name, default)
        if not 0 <= percent <= 100:
            self.complain(name, "must be from 0 to 100")
        return percent

    def day(self, name: str, default: date | None = None) -> date | None:
        """Return a date written YYYY-MM-DD."""
        value = self._values.get(name)
        if value is None:
            return default
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.complain(name, "is not a date")
            return default

    def iso_day(self, name: str, default: str | None = None) -> str | None:
        """Return a date as it is written."""
        chosen = self.day(name)
        return default if chosen is None else chosen.isoformat()

    def moment(self, name: str) -> datetime | None:
        """Return a date-time in ISO 8601; one without an offset is UTC."""
        value = self._values.get(name)
        if value is None:
            return None
        try:
            at = datetime.fromisoformat(str(value))
        except ValueError:
            self.complain(name, "is not a date-time")
            return None
        return at if at.tzinfo else at.replace(tzinfo=UTC)

    def required_day(self, name: str) -> date:
        """Return a date that must be there; `date.min` stands in until `done` refuses."""
        value = self.day(name)
        if value is None and name not in self._errors:
            self.complain(name, "can't be blank")
        return value or date.min

    def required_integer(self, name: str) -> int:
        """Return a whole number that must be there; 0 stands in until `done` refuses."""
        value = self.integer(name)
        if value is None and name not in self._errors:
            self.complain(name, "can't be blank")
        return value or 0

    def _decimal(self, name: str, default: Decimal, unit: Decimal, bound: Decimal, message: str) -> Decimal:
        value = self._values.get(name)
        if value is None:
            return default
        try:
            number = Decimal(str(value))
            if not abs(number) < bound or number != number.quantize(unit):
                raise InvalidOperation
        except InvalidOperation:
            self.complain(name, message)
            return default
        return number.quantize(unit)

    def done(self, status: int = 422) -> None:
        """Refuse when there was any complaint.

        Raises:
            RefusedError: The status with every complaint, in the shape of the path's API version.
        """
        if self._errors:
            raise invalid(self._path, self._errors, status)
