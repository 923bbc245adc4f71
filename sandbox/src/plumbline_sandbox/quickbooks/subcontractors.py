"""A contractor's subcontractors and suppliers, and what they billed in the past months."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from plumbline_sandbox.quickbooks import wire
from plumbline_sandbox.quickbooks.history import make
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.wire import Body

VENDORS = {
    "TX": (
        ("Hill Country Plumbing", "Plumbing", "Austin"),
        ("Brazos Mechanical", "HVAC", "Waco"),
        ("Trinity Concrete", "Concrete", "Dallas"),
        ("Llano Electric", "Electrical", "Lubbock"),
        ("Gulf Coast Drywall", "Gypsum board", "Houston"),
        ("Permian Equipment Rental", "Equipment", "Midland"),
    ),
    "OH": (
        ("Lake Erie Plumbing", "Plumbing", "Sandusky"),
        ("Maumee Air Systems", "HVAC", "Toledo"),
        ("Great Miami Concrete", "Concrete", "Dayton"),
        ("Hocking Electric", "Electrical", "Athens"),
        ("Cuyahoga Drywall", "Gypsum board", "Cleveland"),
        ("Scioto Equipment Rental", "Equipment", "Columbus"),
    ),
}
"""By state: name, trade and city of every vendor. The first two are in Procore's directory too."""

RETAINED_PERCENT = 10
"""What is withheld of every progress bill until the work is done."""

_BILLED_DAYS_AGO = (75, 45, 15)
_PAID_AFTER_DAYS = 20
_RENTAL = "Equipment"


@dataclass(frozen=True, slots=True)
class Ledger:
    """Ids of the lists that bills refer to, by name."""

    accounts: Mapping[str, str]
    terms: Mapping[str, str]
    jobs: Mapping[str, str]


def hire(realm: Realm, state: str, terms: Mapping[str, str]) -> dict[str, str]:
    """Make the vendors of a state; return their ids by name. All but the rental yards get a 1099."""
    return {
        name: make(
            realm,
            "Vendor",
            {
                "DisplayName": name,
                "CompanyName": name,
                "Vendor1099": trade != _RENTAL,
                "TermRef": {"value": terms["Net 30"]},
                "BillAddr": {"City": city, "CountrySubDivisionCode": state, "Country": "USA"},
            },
        )
        for name, trade, city in VENDORS[state]
    }


def bill(realm: Realm, vendors: Sequence[str], ledger: Ledger) -> None:
    """Enter three bills of each of the first two vendors on the first job; all but the last are paid.

    Dates lie before the clock's present day. What was retained stays on Retainage Payable.
    """
    today = wire.today(realm.clock.now())
    for place, vendor_id in enumerate(vendors[:2]):
        for number, days_ago in enumerate(_BILLED_DAYS_AGO, start=1):
            day = today - timedelta(days=days_ago - place)
            amount = 8_000 + 1_500 * number + 500 * place
            form = _bill(vendor_id, f"{vendor_id}-{number:03d}", amount, ledger)
            bill_id = make(realm, "Bill", {**form, "TxnDate": day.isoformat()})
            if number < len(_BILLED_DAYS_AGO):
                paid = (day + timedelta(days=_PAID_AFTER_DAYS)).isoformat()
                check = _check(vendor_id, bill_id, amount - _retained(amount), ledger)
                make(
                    realm,
                    "BillPayment",
                    {**check, "TxnDate": paid, "DocNumber": str(2001 + 2 * number + place)},
                )


def _bill(vendor_id: str, number: str, amount: int, ledger: Ledger) -> Body:
    job_id = next(iter(ledger.jobs.values()))
    return {
        "VendorRef": {"value": vendor_id},
        "DocNumber": number,
        "SalesTermRef": {"value": ledger.terms["Net 30"]},
        "Line": [
            _line(amount, ledger.accounts["Subcontractors"], job_id),
            _line(-_retained(amount), ledger.accounts["Retainage Payable"], job_id),
        ],
    }


def _line(amount: int, account_id: str, job_id: str) -> Body:
    detail = {"AccountRef": {"value": account_id}, "CustomerRef": {"value": job_id}}
    return {
        "DetailType": "AccountBasedExpenseLineDetail",
        "Amount": amount,
        "AccountBasedExpenseLineDetail": detail,
    }


def _check(vendor_id: str, bill_id: str, amount: int, ledger: Ledger) -> Body:
    return {
        "VendorRef": {"value": vendor_id},
        "PayType": "Check",
        "CheckPayment": {"BankAccountRef": {"value": ledger.accounts["Checking"]}},
        "TotalAmt": amount,
        "Line": [{"Amount": amount, "LinkedTxn": [{"TxnId": bill_id, "TxnType": "Bill"}]}],
    }


def _retained(amount: int) -> int:
    return amount * RETAINED_PERCENT // 100
