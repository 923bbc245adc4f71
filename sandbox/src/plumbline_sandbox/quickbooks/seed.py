"""A contractor's company: accounts, items, customers with jobs, preferences."""

from dataclasses import dataclass, field

from plumbline_sandbox.blueprint import CustomerBlueprint, RealmBlueprint
from plumbline_sandbox.quickbooks.entities.registry import ENTITIES
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.wire import Body

ACCOUNTS = (
    ("Checking", "Bank", "Checking"),
    ("Savings", "Bank", "Savings"),
    ("Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
    ("Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    ("Retainage Receivable", "Other Current Asset", "Retainage"),
    ("Equipment", "Fixed Asset", "MachineryAndEquipment"),
    ("Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable"),
    ("Retainage Payable", "Other Current Liability", "OtherCurrentLiabilities"),
    ("Sales Tax Payable", "Other Current Liability", "GlobalTaxPayable"),
    ("Opening Balance Equity", "Equity", "OpeningBalanceEquity"),
    ("Construction Income", "Income", "ServiceFeeIncome"),
    ("Change Order Income", "Income", "ServiceFeeIncome"),
    ("Job Materials", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    ("Subcontractors", "Cost of Goods Sold", "CostOfLaborCos"),
    ("Office Expenses", "Expense", "OfficeGeneralAdministrativeExpenses"),
)
"""Name, type and subtype of every account of a new company."""

ITEMS = (
    ("Progress billing", "Construction Income"),
    ("Change order work", "Change Order Income"),
    ("Stored materials", "Construction Income"),
    ("Retainage", "Retainage Receivable"),
    ("Services", "Construction Income"),
)
"""Name and income account of every item. `Retainage` books withheld amounts as an asset, on negative lines."""

PREFERENCES: Body = {
    "AccountingInfoPrefs": {
        "UseAccountNumbers": False,
        "ClassTrackingPerTxn": False,
        "CustomerTerminology": "Customers",
    },
    "SalesFormsPrefs": {"CustomTxnNumbers": False, "AllowDeposit": True, "DefaultTerms": {"value": "3"}},
    "CurrencyPrefs": {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": "USD"}},
    "TaxPrefs": {"UsingSalesTax": True},
    "OtherPrefs": {"NameValue": [{"Name": "ProjectsEnabled", "Value": "false"}]},
}
"""Preferences of a new company: the service numbers invoices itself, one currency, no classes."""

_SEED = Call(origin="seed")


@dataclass(frozen=True, slots=True)
class SeededRealm:
    """Ids of what was made, by name. Jobs are keyed by job name."""

    accounts: dict[str, str]
    items: dict[str, str]
    customers: dict[str, str] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)


def furnish(realm: Realm, blueprint: RealmBlueprint) -> SeededRealm:
    """Fill an empty company. The journal says `origin: seed`."""
    realm.settings = realm.settings.changed(duplicate_check=blueprint.checks_duplicate_numbers)
    make(realm, "CompanyInfo", {"CompanyName": blueprint.name, "LegalName": f"{blueprint.name} LLC"})
    make(realm, "Preferences", PREFERENCES)
    accounts = {name: _account(realm, name, kind, subtype) for name, kind, subtype in ACCOUNTS}
    items = {name: _item(realm, name, accounts[income]) for name, income in ITEMS}
    seeded = SeededRealm(accounts, items)
    for customer in blueprint.customers:
        _customer(realm, customer, seeded)
    return seeded


def make(realm: Realm, entity: str, body: Body) -> str:
    """Create one entity with the checks of the API; return its id."""
    return str(ENTITIES[entity.lower()].write(realm, body, _SEED)["Id"])


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
