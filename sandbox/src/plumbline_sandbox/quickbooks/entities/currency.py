"""Currencies of a company that uses more than one, their rates, and the currency of a form."""

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors, wire
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import CURRENCY, Entity
from plumbline_sandbox.quickbooks.entities.company import preference
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.store import Family, text_of
from plumbline_sandbox.quickbooks.wire import Body

NAMES = {
    "USD": "United States Dollar",
    "AUD": "Australian Dollar",
    "CAD": "Canadian Dollar",
    "CHF": "Swiss Franc",
    "EUR": "Euro",
    "GBP": "British Pound Sterling",
    "INR": "Indian Rupee",
    "JPY": "Japanese Yen",
    "MXN": "Mexican Peso",
    "NZD": "New Zealand Dollar",
}
"""The currencies there are here; other codes are refused."""

LARGEST_RATE = 1_000_000
"""A bound of the sandbox's own, so that amounts at home stay amounts."""


class CompanyCurrency(Entity):
    """Intuit, CompanyCurrency: a currency that the company uses. Needs multicurrency."""

    family = Family("CompanyCurrency", "currency", "currencies", lambda body: body["Code"])
    writable: ClassVar[frozenset[str]] = frozenset({"Code", "Active"})
    ignored: ClassVar[frozenset[str]] = frozenset({"Name", "CustomField"})
    fields: ClassVar = {
        "Code": Field("Code", sortable=True),
        "Name": Field("Name", sortable=True),
        "Active": Field("Active", "flag", sortable=True),
    }
    lists_active_only = True

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check the code; the name follows from it."""
        checks = Checks(wanted)
        checks.required("Code")
        code = checks.text("Code", longest=100) or ""
        if code and code not in NAMES:
            checks.note(errors.bad_choice("Code", code))
        active = checks.flag("Active") is not False
        checks.done()
        refuse_single_currency(realm)
        holder = realm.registers[self.family.register].holder(code, but=before["Id"] if before else None)
        if holder:
            raise FaultError(errors.duplicate_name(holder[1]))
        return {"Code": code, "Name": NAMES[code], "Active": active}


class ExchangeRate(Entity):
    """Intuit, Exchangerate: what one unit of a currency is worth at home, from a date on.

    An update writes the rate of its date whether there is one or not; there is no create. Answers
    show no Id.
    """

    family = Family("ExchangeRate", "exchange-rate", indexed=("SourceCurrencyCode",))
    writable: ClassVar[frozenset[str]] = frozenset(
        {"SourceCurrencyCode", "TargetCurrencyCode", "AsOfDate", "Rate"}
    )
    ignored: ClassVar[frozenset[str]] = frozenset({"CustomField"})
    fields: ClassVar = {
        "SourceCurrencyCode": Field("SourceCurrencyCode", sortable=True),
        "AsOfDate": Field("AsOfDate", "day", sortable=True),
    }

    @override
    def render(self, realm: Realm, body: Body) -> Body:
        return {name: value for name, value in body.items() if name != "Id"}

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check the rate; the body's id is its currency and date."""
        checks = Checks(wanted)
        checks.required("SourceCurrencyCode", "AsOfDate", "Rate")
        source = checks.choice("SourceCurrencyCode", frozenset(NAMES))
        day, rate = checks.day("AsOfDate"), checks.number("Rate")
        if rate is not None and not 0 < rate <= LARGEST_RATE:
            checks.note(errors.bad_range("Rate", rate))
        if source == home(realm):
            checks.note(errors.business("You cannot set an exchange rate for your home currency."))
        checks.done()
        refuse_single_currency(realm)
        assert day is not None
        assert rate is not None
        held = {"SourceCurrencyCode": source, "AsOfDate": day.isoformat(), "Rate": rate}
        return {**held, "TargetCurrencyCode": home(realm), "Id": f"{source}-{day.isoformat()}"}

    @override
    def find(self, realm: Realm, entity_id: str, asked: Mapping[str, str]) -> Body:
        """Return the rate of `sourcecurrencycode` on `asofdate`; today's if none is named.

        A currency that never got a rate has 1 (inferred: the service asks a market, which is not here).
        """
        checks = Checks(dict(asked))
        checks.required("sourcecurrencycode")
        currency = checks.choice("sourcecurrencycode", frozenset(NAMES)) or ""
        day = checks.day("asofdate") or wire.today(realm.clock.now())
        checks.done()
        refuse_single_currency(realm)
        unset = {"SyncToken": "0", "domain": "QBO", "sparse": False, "SourceCurrencyCode": currency}
        unset |= {"TargetCurrencyCode": home(realm), "AsOfDate": day.isoformat(), "Rate": 1}
        return self.latest(realm, currency, day) or unset

    @override
    def write(self, realm: Realm, sent: Body, call: Call) -> Body:
        """Set the rate of a day; a token that is sent must be the present one of that day's rate."""
        known = realm.get(self.name, f"{sent.get('SourceCurrencyCode')}-{sent.get('AsOfDate')}")
        if known and str(sent.get("SyncToken", known["SyncToken"])) != known["SyncToken"]:
            raise FaultError(errors.stale())
        return self._build_and_save(realm, None, self._wanted(sent), call)

    @override
    def query_fields(self) -> Mapping[str, Field]:
        return {name: field for name, field in super().query_fields().items() if name != "Id"}

    def latest(self, realm: Realm, currency: str, day: date) -> Body | None:
        """Return the last rate that was set for this day or before."""
        rates = realm.stores[self.name].candidates("SourceCurrencyCode", currency) or ()
        known = [rate for rate in rates if rate["AsOfDate"] <= day.isoformat()]
        return max(known, key=lambda rate: str(rate["AsOfDate"]), default=None)


EXCHANGE_RATES = ExchangeRate()
"""The family of rates, which forms ask too."""


def home(realm: Realm) -> str:
    """Return the code of the company's home currency."""
    reference = preference(realm, "CurrencyPrefs", "HomeCurrency") or CURRENCY
    return str(reference["value"])


def many(realm: Realm) -> bool:
    """Tell whether a person switched multicurrency on; it cannot be switched off again."""
    return preference(realm, "CurrencyPrefs", "MultiCurrencyEnabled") is True


def refuse_single_currency(realm: Realm) -> None:
    """Refuse what needs more than one currency.

    Raises:
        FaultError: 6000; the code is inferred.
    """
    if not many(realm):
        raise FaultError(errors.business("Multicurrency is not enabled for this company."))


def form_currency(realm: Realm, checks: Checks, customer: Body | None, day: date) -> Body:
    """Return `CurrencyRef`, and `ExchangeRate` where there are several currencies.

    Then the form must name its currency (2020), which must be its customer's (6000, inferred).
    """
    rate = checks.number("ExchangeRate") or None  # 0 is how published clients leave it open (inferred)
    if rate is not None and not 0 < rate <= LARGEST_RATE:
        checks.note(errors.bad_range("ExchangeRate", rate))
    if not many(realm):
        return {"CurrencyRef": CURRENCY}
    checks.required("CurrencyRef")
    code = checks.reference("CurrencyRef") or home(realm)
    if code != home(realm) and realm.registers["currencies"].holder(code) is None:
        checks.note(errors.bad_reference("CompanyCurrency", code, "CurrencyRef"))
    elif customer is not None and code != (text_of(customer, "CurrencyRef") or home(realm)):
        checks.note(errors.business("The transaction's currency is not the customer's currency."))
    if code == home(realm):
        rate = Decimal(1)
    elif rate is None:
        rate = (EXCHANGE_RATES.latest(realm, code, day) or {}).get("Rate", Decimal(1))
    return {"CurrencyRef": {"value": code, "name": NAMES.get(code, code)}, "ExchangeRate": rate}


def at_home(realm: Realm, body: Body) -> Body:
    """Return total and balance of a form in home currency; nothing where there is one currency only."""
    if not many(realm):
        return {}
    names = {"TotalAmt": "HomeTotalAmt", "Balance": "HomeBalance"}
    rate = body["ExchangeRate"]
    return {
        at_home: (body[name] * rate).quantize(wire.CENT, ROUND_HALF_UP)
        for name, at_home in names.items()
        if name in body
    }
