"""A contractor's company: accounts, items, lists, customers with jobs, preferences."""

from dataclasses import dataclass, field

from plumbline_sandbox.blueprint import CustomerBlueprint, RealmBlueprint
from plumbline_sandbox.quickbooks import chart, history, subcontractors
from plumbline_sandbox.quickbooks.entities.registry import ENTITIES
from plumbline_sandbox.quickbooks.entities.tax import TAXABLE, UNTAXED, pseudo_code
from plumbline_sandbox.quickbooks.history import SEED, make
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.wire import Body

PREFERENCES: Body = {
    "AccountingInfoPrefs": {
        "UseAccountNumbers": False,
        "ClassTrackingPerTxn": False,
        "ClassTrackingPerTxnLine": True,
        "TrackDepartments": True,
        "DepartmentTerminology": "Location",
        "CustomerTerminology": "Customers",
    },
    "SalesFormsPrefs": {"CustomTxnNumbers": False, "AllowDeposit": True, "AllowEstimates": True},
    "CurrencyPrefs": {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": "USD"}},
    "TaxPrefs": {"UsingSalesTax": True},
    "OtherPrefs": {"NameValue": [{"Name": "ProjectsEnabled", "Value": "false"}]},
}
"""Preferences of a new company: the service numbers invoices itself, one currency, classes per line."""


OFFERING = [
    {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
    {"Name": "ItemCategoriesFeature", "Value": "true"},
]
"""What CompanyInfo tells of the company's plan (Intuit, guide to projects: the check before any project)."""


@dataclass(frozen=True, slots=True)
class SeededRealm:
    """Ids of what was made, by name. Jobs are keyed by job name."""

    accounts: dict[str, str]
    items: dict[str, str]
    terms: dict[str, str]
    payment_methods: dict[str, str]
    classes: dict[str, str]
    departments: dict[str, str]
    tax_codes: dict[str, str]
    customers: dict[str, str] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)
    vendors: dict[str, str] = field(default_factory=dict)


def furnish(realm: Realm, blueprint: RealmBlueprint) -> SeededRealm:
    """Fill an empty company. The journal says `origin: seed`."""
    realm.settings = realm.settings.changed(duplicate_check=blueprint.checks_duplicate_numbers)
    company = {"CompanyName": blueprint.name, "LegalName": f"{blueprint.name} LLC", "NameValue": OFFERING}
    make(realm, "CompanyInfo", company)
    seeded = _lists(realm, blueprint.state)
    sales = {**PREFERENCES["SalesFormsPrefs"], "DefaultTerms": {"value": seeded.terms[chart.DEFAULT_TERM]}}
    make(realm, "Preferences", {**PREFERENCES, "SalesFormsPrefs": sales})
    for customer in blueprint.customers:
        _customer(realm, customer, seeded)
    seeded.vendors.update(subcontractors.hire(realm, blueprint.state, seeded.terms))
    if blueprint.history:
        past = history.Lists(seeded.accounts, seeded.customers, seeded.items, seeded.payment_methods)
        history.open_books(realm, past)
        history.play(realm, past)
        lists = subcontractors.Ledger(seeded.accounts, seeded.terms, seeded.jobs)
        subcontractors.bill(realm, list(seeded.vendors.values()), lists)
    return seeded


def _lists(realm: Realm, state: str) -> SeededRealm:
    accounts = {name: _account(realm, name, kind, subtype) for name, kind, subtype in chart.ACCOUNTS}
    methods = chart.PAYMENT_METHODS
    return SeededRealm(
        accounts=accounts,
        items={name: _item(realm, name, accounts[income]) for name, income in chart.ITEMS},
        terms={name: make(realm, "Term", {"Name": name, "DueDays": days}) for name, days in chart.TERMS},
        payment_methods={n: make(realm, "PaymentMethod", {"Name": n, "Type": kind}) for n, kind in methods},
        classes={name: make(realm, "Class", {"Name": name}) for name in chart.CLASSES},
        departments={name: make(realm, "Department", {"Name": name}) for name in chart.DEPARTMENTS},
        tax_codes=_taxes(realm, state),
    )


def _taxes(realm: Realm, state: str) -> dict[str, str]:
    """Make the pseudo codes, and the state's code with its rates."""
    for name in (TAXABLE, UNTAXED):
        realm.commit("TaxCode", pseudo_code(name), change="created", call=SEED)
    code, agency, rates = chart.TAXES[state]
    agency_id = make(realm, "TaxAgency", {"DisplayName": agency})
    details = [
        {"TaxRateName": name, "RateValue": percent, "TaxAgencyId": agency_id, "TaxApplicableOn": "Sales"}
        for name, percent in rates
    ]
    service = ENTITIES["taxservice"]
    made = service.write(realm, {"TaxCode": code, "TaxRateDetails": details}, SEED)
    return {TAXABLE: TAXABLE, UNTAXED: UNTAXED, code: made["TaxCodeId"]}


def _account(realm: Realm, name: str, kind: str, subtype: str) -> str:
    return make(realm, "Account", {"Name": name, "AccountType": kind, "AccountSubType": subtype})


def _item(realm: Realm, name: str, account_id: str) -> str:
    return make(realm, "Item", {"Name": name, "Type": "Service", "IncomeAccountRef": {"value": account_id}})


def _customer(realm: Realm, blueprint: CustomerBlueprint, seeded: SeededRealm) -> None:
    body: Body = {"DisplayName": blueprint.name, "CompanyName": blueprint.name}
    if blueprint.email:
        body["PrimaryEmailAddr"] = {"Address": blueprint.email}
    parent_id = make(realm, "Customer", body)
    seeded.customers[blueprint.name] = parent_id
    for job in blueprint.jobs:
        of_job = {"DisplayName": job, "Job": True, "ParentRef": {"value": parent_id}, "BillWithParent": True}
        seeded.jobs[job] = make(realm, "Customer", of_job)
