"""What a contractor's books start with: accounts, items and lists, as plain data."""

ACCOUNTS = (
    ("Checking", "Bank", "Checking"),
    ("Savings", "Bank", "Savings"),
    ("Petty Cash", "Bank", "CashOnHand"),
    ("Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
    ("Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    ("Retainage Receivable", "Other Current Asset", "Retainage"),
    ("Prepaid Insurance", "Other Current Asset", "PrepaidExpenses"),
    ("Equipment", "Fixed Asset", "MachineryAndEquipment"),
    ("Vehicles", "Fixed Asset", "Vehicles"),
    ("Accumulated Depreciation", "Fixed Asset", "AccumulatedDepreciation"),
    ("Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable"),
    ("Company Card", "Credit Card", "CreditCard"),
    ("Retainage Payable", "Other Current Liability", "OtherCurrentLiabilities"),
    ("Sales Tax Payable", "Other Current Liability", "GlobalTaxPayable"),
    ("Payroll Liabilities", "Other Current Liability", "PayrollTaxPayable"),
    ("Line of Credit", "Other Current Liability", "LineOfCredit"),
    ("Equipment Loans", "Long Term Liability", "NotesPayable"),
    ("Opening Balance Equity", "Equity", "OpeningBalanceEquity"),
    ("Retained Earnings", "Equity", "RetainedEarnings"),
    ("Construction Income", "Income", "ServiceFeeIncome"),
    ("Change Order Income", "Income", "ServiceFeeIncome"),
    ("Discounts Given", "Income", "DiscountsRefundsGiven"),
    ("Interest Earned", "Other Income", "InterestEarned"),
    ("Job Materials", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    ("Subcontractors", "Cost of Goods Sold", "CostOfLaborCos"),
    ("Job Labor", "Cost of Goods Sold", "CostOfLaborCos"),
    ("Equipment Rental", "Cost of Goods Sold", "EquipmentRentalCos"),
    ("Permits and Fees", "Cost of Goods Sold", "OtherCostsOfServiceCos"),
    ("Office Expenses", "Expense", "OfficeGeneralAdministrativeExpenses"),
    ("Insurance", "Expense", "Insurance"),
    ("Legal and Accounting", "Expense", "LegalProfessionalFees"),
    ("Fuel", "Expense", "Auto"),
    ("Rent", "Expense", "RentOrLeaseOfBuildings"),
    ("Utilities", "Expense", "Utilities"),
    ("Depreciation", "Other Expense", "Depreciation"),
)
"""Name, type and subtype of every account."""

OPENING = {
    "Checking": 182_450,
    "Savings": 95_000,
    "Petty Cash": 500,
    "Prepaid Insurance": 14_400,
    "Equipment": 268_000,
    "Vehicles": 141_500,
    "Accumulated Depreciation": -96_300,
    "Company Card": -3_280,
    "Payroll Liabilities": -11_750,
    "Line of Credit": -60_000,
    "Equipment Loans": -154_200,
    "Retained Earnings": -208_900,
}
"""What stood on the accounts when the books were opened: debits positive; the rest is Opening Balance Equity."""

OVERHEAD = (
    ("Check", "Checking", "Rent", 4_200),
    ("Check", "Checking", "Utilities", 610),
    ("CreditCard", "Company Card", "Fuel", 1_340),
    ("CreditCard", "Company Card", "Office Expenses", 275),
    ("Check", "Checking", "Equipment Rental", 2_850),
)
"""What every month costs: how it is paid, from which account, for what, and how much."""

ITEMS = (
    ("Progress billing", "Construction Income"),
    ("Change order work", "Change Order Income"),
    ("Stored materials", "Construction Income"),
    ("Retainage", "Retainage Receivable"),
    ("Services", "Construction Income"),
    ("Design", "Construction Income"),
    ("Demolition", "Construction Income"),
    ("Mobilization", "Construction Income"),
)
"""Name and income account of every item. `Retainage` books withheld amounts as an asset, on negative lines."""

TERMS = (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30), ("Net 60", 60))
"""Name and days of the terms every company starts with (Intuit, Term, sample query)."""

DEFAULT_TERM = "Net 30"
"""The terms of forms that name none, whose customer has none."""

PAYMENT_METHODS = (
    ("Cash", "NON_CREDIT_CARD"),
    ("Check", "NON_CREDIT_CARD"),
    ("Visa", "CREDIT_CARD"),
    ("MasterCard", "CREDIT_CARD"),
    ("Discover", "CREDIT_CARD"),
    ("American Express", "CREDIT_CARD"),
    ("Diners Club", "CREDIT_CARD"),
    ("ACH", "NON_CREDIT_CARD"),
)
"""Name and type of the payment methods (Intuit, PaymentMethod, defaults), and one more."""

CLASSES = ("Commercial", "Public", "Residential", "Overhead")
"""The segments of a contractor's business."""

DEPARTMENTS = ("Main office", "Yard")
"""Where a contractor works from."""

TAXES = {
    "TX": ("Texas", "Texas State Comptroller", (("Texas State", "6.25"), ("Texas Local", "2"))),
    "OH": ("Ohio", "Ohio Department of Taxation", (("Ohio State", "5.75"), ("Ohio County", "1.75"))),
}
"""By state: the tax code, the agency, and name and percentage of its rates."""
