"""Sales tax: agencies, rates, codes, the service that makes codes, and the tax of a form.

Intuit, TaxService: codes and rates are made by `POST /taxservice/taxcode` only.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors, wire
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import Entity
from plumbline_sandbox.quickbooks.entities.company import preference
from plumbline_sandbox.quickbooks.entities.lines import Lines
from plumbline_sandbox.quickbooks.entities.transaction import listed, take
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.ledger import ZERO
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.store import Family, text_of
from plumbline_sandbox.quickbooks.wire import Body

TAXABLE, UNTAXED = "TAX", "NON"
"""The pseudo codes of a US company's lines; they are TaxCodes of every company."""

_RATE = frozenset({"TaxRateId", "TaxRateName", "RateValue", "TaxAgencyId", "TaxApplicableOn"})


class TaxAgency(Entity):
    """Intuit, TaxAgency: created by name, never changed."""

    family = Family("TaxAgency", "tax-agency", "tax-agencies", lambda body: body["DisplayName"])
    writable: ClassVar[frozenset[str]] = frozenset({"DisplayName"})
    ignored: ClassVar[frozenset[str]] = frozenset(
        {"TaxTrackedOnSales", "TaxTrackedOnPurchases", "TaxRegistrationNumber", "LastFileDate"}
        | {"TaxAgencyConfig"}
    )
    fields: ClassVar = {"DisplayName": Field("DisplayName", sortable=True)}

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check the name."""
        checks = Checks(wanted)
        if before is not None:
            raise FaultError(errors.unsupported_operation("update"))
        checks.required("DisplayName")
        name = checks.text("DisplayName", longest=100) or ""
        checks.done()
        if holder := realm.registers[self.family.register].holder(name):
            raise FaultError(errors.duplicate_name(holder[1]))
        tracked = {"TaxTrackedOnSales": True, "TaxTrackedOnPurchases": False}
        return {**wanted, **tracked, "TaxAgencyConfig": "USER_DEFINED"}


class _MadeByService(Entity):
    """A family that `TaxService` makes and nobody writes."""

    writable: ClassVar[frozenset[str]] = frozenset()

    @override
    def write(self, realm: Realm, sent: Body, call: Call) -> Body:
        raise FaultError(errors.unsupported_operation("create or update"))


class TaxRate(_MadeByService):
    """Intuit, TaxRate: a percentage that goes to an agency."""

    family = Family("TaxRate", "tax-rate", "tax-rates", lambda body: body["Name"])
    fields: ClassVar = {
        "Name": Field("Name", sortable=True),
        "AgencyRef": Field("AgencyRef", sortable=True),
        "Active": Field("Active", "flag", sortable=True),
        "Description": Field("Description", sortable=True),
    }


class TaxCode(_MadeByService):
    """Intuit, TaxCode: the rates that a taxed form carries, and the pseudo codes TAX and NON."""

    family = Family("TaxCode", "tax-code", "tax-codes", lambda body: body["Name"])
    fields: ClassVar = {
        "Name": Field("Name", sortable=True),
        "Active": Field("Active", "flag"),
        "Description": Field("Description", sortable=True),
    }


class TaxService(Entity):
    """Intuit, TaxService: makes a code of rates that exist or are made with it. It keeps nothing itself."""

    family = Family("TaxService", "tax-service")
    writable: ClassVar[frozenset[str]] = frozenset({"TaxCode", "TaxRateDetails"})
    ignored: ClassVar[frozenset[str]] = frozenset({"TaxCodeId"})
    fields: ClassVar = {}

    @override
    def write(self, realm: Realm, sent: Body, call: Call) -> Body:
        """Make the code, and the rates that have no id."""
        wanted = self._wanted(sent)
        checks = Checks(wanted)
        checks.required("TaxCode", "TaxRateDetails")
        name = checks.text("TaxCode", longest=100) or ""
        details = listed(checks, "TaxRateDetails", wanted.get("TaxRateDetails", []))
        if details == [] and not checks.troubles:
            checks.note(errors.missing("TaxRateDetails"))
        rates = [_RateReader(realm, checks, detail) for detail in details]
        known = [rate.id for rate in rates if rate.id]
        if len(set(known)) < len(known):
            checks.note(errors.business("A tax rate may be listed once only."))
        checks.done()
        for register, new in (("tax-codes", name), *(("tax-rates", r.name) for r in rates if not r.id)):
            if holder := realm.registers[register].holder(new):
                raise FaultError(errors.duplicate_name(holder[1]))
        told = [rate.settle(call) for rate in rates]
        code = realm.commit("TaxCode", _code(name, rates), change="created", call=call)
        return {"TaxCode": name, "TaxCodeId": code["Id"], "TaxRateDetails": told}

    @override
    def find(self, realm: Realm, entity_id: str, asked: Mapping[str, str]) -> Body:
        raise FaultError(errors.unsupported_operation("read"))

    @override
    def element(self, realm: Realm, body: Body) -> Body:
        """Return the answer as it is: this one has no name around it."""
        return body


class _RateReader:
    """One entry of `TaxRateDetails`: a rate that exists, or one to be made."""

    def __init__(self, realm: Realm, outer: Checks, sent: Body) -> None:
        checks = Checks(sent)
        for unknown in sent.keys() - _RATE:
            checks.note(errors.bad_property(unknown))
        self._realm = realm
        self.side = checks.choice("TaxApplicableOn", frozenset({"Sales", "Purchase"})) or "Sales"
        self.id = str(sent.get("TaxRateId") or "")
        known = realm.get("TaxRate", self.id)
        if self.id:
            if known is None:
                checks.note(errors.bad_reference("TaxRate", self.id, "TaxRateId"))
            self.name, self.value = (known or {}).get("Name", ""), (known or {}).get("RateValue", ZERO)
            self.agency_id = text_of(known or {}, "AgencyRef") or ""
        else:
            checks.required("TaxRateName", "RateValue", "TaxAgencyId")
            self.name = checks.text("TaxRateName", longest=100) or ""
            self.value = checks.number("RateValue") or ZERO
            self.agency_id = str(sent.get("TaxAgencyId", ""))
            self._check_new(checks, sent)
        take(outer, checks)

    def _check_new(self, checks: Checks, sent: Body) -> None:
        if not 0 <= self.value <= 100:
            checks.note(errors.bad_range("RateValue", self.value))
        if "TaxAgencyId" in sent and self._realm.get("TaxAgency", self.agency_id) is None:
            checks.note(errors.bad_reference("TaxAgency", self.agency_id, "TaxAgencyId"))

    def settle(self, call: Call) -> Body:
        """Make the rate if it is new; return it as the service tells it."""
        if not self.id:
            rate = {
                "Name": self.name,
                "Description": self.name,
                "Active": True,
                "RateValue": self.value,
                "AgencyRef": {"value": self.agency_id},
                "SpecialTaxType": "NONE",
                "DisplayType": "ReadOnly",
            }
            self.id = str(self._realm.commit("TaxRate", rate, change="created", call=call)["Id"])
        return {
            "TaxRateId": self.id,
            "TaxRateName": self.name,
            "RateValue": f"{self.value}%",
            "TaxAgencyId": self.agency_id,
            "TaxApplicableOn": self.side,
        }


def _code(name: str, rates: list[_RateReader]) -> Body:
    def listing(side: str) -> Body:
        return {
            "TaxRateDetail": [
                {
                    "TaxTypeApplicable": "TaxOnAmount",
                    "TaxRateRef": {"value": rate.id, "name": rate.name},
                    "TaxOrder": 0,
                }
                for rate in rates
                if rate.side == side
            ]
        }

    return {
        "Name": name,
        "Description": name,
        "Active": True,
        "Hidden": False,
        "Taxable": True,
        "TaxGroup": True,
        "SalesTaxRateList": listing("Sales"),
        "PurchaseTaxRateList": listing("Purchase"),
        "TaxCodeConfigType": "USER_DEFINED",
    }


def pseudo_code(name: str) -> Body:
    """Return TAX or NON, whose id is its name (Intuit, TaxCode, query response)."""
    kinds = {"Taxable": name == TAXABLE, "TaxGroup": False, "Active": True, "Hidden": False}
    return {"Id": name, "Name": name, "Description": name, **kinds}


def form_tax(realm: Realm, checks: Checks, wanted: Body, lines: Lines) -> Body:
    """Return `TxnTaxDetail` of a form.

    With a `TxnTaxCodeRef` the service reckons the tax of the lines marked TAX, whatever total was
    sent (reported: python-quickbooks #301). Without one the sent total stands, as a tax that somebody
    else reckoned. A company that does not use sales tax keeps none of it (Intuit, Invoice, TxnTaxDetail).
    """
    sent = wanted.get("TxnTaxDetail", {})
    if not isinstance(sent, dict):
        checks.note(errors.bad_property("TxnTaxDetail"))
        return {"TotalTax": ZERO}
    if not sent or preference(realm, "TaxPrefs", "UsingSalesTax") is False:
        return {"TotalTax": ZERO}
    of_tax = Checks(sent)
    code_id = of_tax.reference("TxnTaxCodeRef")
    total = of_tax.money("TotalTax") or ZERO
    code = realm.get("TaxCode", code_id)
    if code_id is not None and code is None:
        of_tax.note(errors.bad_reference("TaxCode", code_id, "TxnTaxCodeRef"))
    take(checks, of_tax)
    if code is None:
        return {**sent, "TotalTax": total}
    taxable = lines.taxable_after_discount() if wanted.get("ApplyTaxAfterDiscount") else lines.taxable
    tax_lines = [_tax_line(realm, rate, taxable) for rate in _sales_rates(code)]
    reckoned = sum((line["Amount"] for line in tax_lines), ZERO)
    return {"TxnTaxCodeRef": {"value": code_id}, "TotalTax": reckoned, "TaxLine": tax_lines}


def _sales_rates(code: Body) -> list[str]:
    details: list[Any] = code.get("SalesTaxRateList", {}).get("TaxRateDetail", [])
    return [detail["TaxRateRef"]["value"] for detail in details]


def _tax_line(realm: Realm, rate_id: str, taxable: Decimal) -> Body:
    percent = (realm.get("TaxRate", rate_id) or {})["RateValue"]
    detail = {
        "TaxRateRef": {"value": rate_id},
        "PercentBased": True,
        "TaxPercent": percent,
        "NetAmountTaxable": taxable,
    }
    amount = (taxable * percent / 100).quantize(wire.CENT, ROUND_HALF_UP)
    return {"Amount": amount, "DetailType": "TaxLineDetail", "TaxLineDetail": detail}
