"""The chart of accounts."""

from decimal import Decimal
from typing import ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import CURRENCY
from plumbline_sandbox.quickbooks.entities.tree import Tree, full_name
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.store import Family, text_of
from plumbline_sandbox.quickbooks.wire import Body

CLASSIFICATIONS = {
    "Bank": "Asset",
    "Accounts Receivable": "Asset",
    "Other Current Asset": "Asset",
    "Fixed Asset": "Asset",
    "Other Asset": "Asset",
    "Accounts Payable": "Liability",
    "Credit Card": "Liability",
    "Other Current Liability": "Liability",
    "Long Term Liability": "Liability",
    "Equity": "Equity",
    "Income": "Revenue",
    "Other Income": "Revenue",
    "Cost of Goods Sold": "Expense",
    "Expense": "Expense",
    "Other Expense": "Expense",
}
"""Account type to `Classification`, which the service derives (Intuit, Account)."""

ON_BALANCE_SHEET = frozenset({"Asset", "Liability", "Equity"})
"""Classifications whose accounts show a balance (Intuit, Account: "valid for Balance Sheet accounts")."""

SUBTYPES = {
    "Bank": ("Checking", "Savings", "CashOnHand", "MoneyMarket", "RentsHeldInTrust", "TrustAccounts"),
    "Accounts Receivable": ("AccountsReceivable",),
    "Other Current Asset": (
        "OtherCurrentAssets",
        "UndepositedFunds",
        "Retainage",
        "Inventory",
        "PrepaidExpenses",
        "EmployeeCashAdvances",
        "LoansToOfficers",
        "DevelopmentCosts",
        "AllowanceForBadDebts",
    ),
    "Fixed Asset": (
        "OtherFixedAssets",
        "MachineryAndEquipment",
        "Vehicles",
        "FurnitureAndFixtures",
        "Buildings",
        "Land",
        "LeaseholdImprovements",
        "AccumulatedDepreciation",
    ),
    "Other Asset": ("OtherLongTermAssets", "SecurityDeposits", "Goodwill", "Licenses"),
    "Accounts Payable": ("AccountsPayable",),
    "Credit Card": ("CreditCard",),
    "Other Current Liability": (
        "OtherCurrentLiabilities",
        "SalesTaxPayable",
        "GlobalTaxPayable",
        "PayrollTaxPayable",
        "PayrollClearing",
        "LineOfCredit",
        "LoanPayable",
        "InsurancePayable",
    ),
    "Long Term Liability": ("NotesPayable", "OtherLongTermLiabilities", "ShareholderNotesPayable"),
    "Equity": (
        "OpeningBalanceEquity",
        "RetainedEarnings",
        "OwnersEquity",
        "PartnersEquity",
        "CommonStock",
        "PaidInCapitalOrSurplus",
    ),
    "Income": (
        "ServiceFeeIncome",
        "SalesOfProductIncome",
        "OtherPrimaryIncome",
        "NonProfitIncome",
        "DiscountsRefundsGiven",
        "UnappliedCashPaymentIncome",
    ),
    "Other Income": ("OtherMiscellaneousIncome", "InterestEarned", "DividendIncome", "OtherInvestmentIncome"),
    "Cost of Goods Sold": (
        "SuppliesMaterialsCogs",
        "CostOfLaborCos",
        "EquipmentRentalCos",
        "OtherCostsOfServiceCos",
        "ShippingFreightDeliveryCos",
    ),
    "Expense": (
        "OtherMiscellaneousServiceCost",
        "AdvertisingPromotional",
        "Auto",
        "BankCharges",
        "BadDebts",
        "DuesSubscriptions",
        "EquipmentRental",
        "Insurance",
        "InterestPaid",
        "LegalProfessionalFees",
        "OfficeGeneralAdministrativeExpenses",
        "PayrollExpenses",
        "RentOrLeaseOfBuildings",
        "RepairMaintenance",
        "SuppliesMaterials",
        "TaxesPaid",
        "Travel",
        "TravelMeals",
        "Utilities",
        "UnappliedCashBillPaymentExpense",
    ),
    "Other Expense": ("OtherMiscellaneousExpense", "Depreciation", "PenaltiesSettlements", "Amortization"),
}
"""The usual subtypes of each account type; the first is what an account gets that names none."""

_OWNERS = {subtype: kind for kind, subtypes in SUBTYPES.items() for subtype in subtypes}


class Account(Tree):
    """Intuit, Account: a name and a type, or a subtype from which the type follows."""

    family = Family("Account", "account", "accounts", full_name, ("Name", "ParentRef"))
    writable: ClassVar[frozenset[str]] = frozenset(
        {"Name", "AccountType", "AccountSubType", "AcctNum", "Description", "Active"}
        | {"ParentRef", "CurrencyRef", "TaxCodeRef", "TxnLocationType", "AccountAlias"}
    )
    ignored: ClassVar[frozenset[str]] = frozenset(
        {"FullyQualifiedName", "Classification", "SubAccount"}
        | {"CurrentBalance", "CurrentBalanceWithSubAccounts"}
    )
    fields: ClassVar = {
        "Name": Field("Name", sortable=True),
        "FullyQualifiedName": Field("FullyQualifiedName", sortable=True),
        "AccountType": Field("AccountType", sortable=True),
        "AccountSubType": Field("AccountSubType", sortable=True),
        "Classification": Field("Classification", sortable=True),
        "AcctNum": Field("AcctNum", sortable=True),
        "Active": Field("Active", "flag"),
        "ParentRef": Field("ParentRef", sortable=True),
        "SubAccount": Field("SubAccount", "flag", sortable=True),
        "CurrentBalance": Field("CurrentBalance", "number", sortable=True),
        "CurrentBalanceWithSubAccounts": Field("CurrentBalanceWithSubAccounts", "number", sortable=True),
    }
    lists_active_only = True
    marks_child = "SubAccount"
    forbidden = ':"\t\n'

    @override
    def render(self, realm: Realm, body: Body) -> Body:
        """Return the account with its balances: debits positive, credits negative (Intuit, Account, sample)."""
        own, below = self._balance(realm, body), self._below(realm, body["Id"])
        return {**body, "CurrentBalance": own, "CurrentBalanceWithSubAccounts": own + below}

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check name, type and parent; derive the classification."""
        checks = Checks(wanted)
        kind = self._type(checks, wanted)
        named = self.named(realm, checks, before)
        parent = realm.get("Account", text_of(wanted, "ParentRef"))
        if parent and parent["AccountType"] != kind:
            raise FaultError(errors.business("A subaccount must be of the same type as its parent account."))
        derived = {"AccountType": kind, "Classification": CLASSIFICATIONS[kind]}
        return {"AccountSubType": SUBTYPES[kind][0], "CurrencyRef": CURRENCY, **wanted, **derived, **named}

    def _below(self, realm: Realm, account_id: str) -> Decimal:
        below = self.children(realm, account_id)
        return sum((self._balance(realm, a) + self._below(realm, a["Id"]) for a in below), Decimal(0))

    @staticmethod
    def _balance(realm: Realm, body: Body) -> Decimal:
        shown = body["Classification"] in ON_BALANCE_SHEET
        return realm.general_ledger.balance(body["Id"]) if shown else Decimal(0)

    def _type(self, checks: Checks, wanted: Body) -> str:
        subtype = checks.text("AccountSubType", longest=100)
        kind = checks.text("AccountType", longest=100) or _OWNERS.get(subtype or "")
        if kind is None:
            checks.required("AccountType")
        elif kind not in CLASSIFICATIONS:
            checks.note(errors.bad_choice("AccountType", kind))
        return str(kind)
