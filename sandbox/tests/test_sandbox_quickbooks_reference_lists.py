"""The lists that forms refer to: classes, departments, terms, payment methods, tax, currencies."""

from typing import Any

import pytest
from sandbox_books import Body, Books, codes
from sandbox_rules import rule

TERM = "Intuit, Term"
TAX = "Intuit, TaxService"
CURRENCY = "Intuit, CompanyCurrency"
RATE = "Intuit, Exchangerate"


@rule(
    "Classes and departments nest five levels deep under full names; the sixth is refused with 6180.",
    "Intuit, Class, Department",
)
@pytest.mark.parametrize(("entity", "flag"), [("Class", "SubClass"), ("Department", "SubDepartment")])
async def test_segments_nest(books: Books, entity: str, flag: str) -> None:
    top = deepest = await books.write(entity, {"Name": "L0"})
    assert (top["FullyQualifiedName"], top[flag], top["Active"]) == ("L0", False, True)
    for level in range(1, 5):
        deepest = await books.write(entity, {"Name": f"L{level}", "ParentRef": {"value": deepest["Id"]}})
    assert (deepest["FullyQualifiedName"], deepest[flag]) == ("L0:L1:L2:L3:L4", True)
    assert await books.refused(entity, {"Name": "L5", "ParentRef": {"value": deepest["Id"]}}) == ["6180"]
    await books.change(entity, top, Name="Zero")
    assert (await books.read(entity, deepest["Id"]))["FullyQualifiedName"] == "Zero:L1:L2:L3:L4"


@rule(
    "A name may be used again below another parent, not below the same one (6240).",
    "Intuit, Class",
    inferred=True,
)
async def test_names_differ_below_one_parent(books: Books) -> None:
    one, two = [await books.write("Class", {"Name": name}) for name in ("One", "Two")]
    await books.write("Class", {"Name": "Same", "ParentRef": {"value": one["Id"]}})
    await books.write("Class", {"Name": "Same", "ParentRef": {"value": two["Id"]}})
    assert await books.refused("Class", {"Name": "same", "ParentRef": {"value": one["Id"]}}) == ["6240"]


@rule(
    "Lists have no delete (500): an entry is made inactive, and no new form may name it (610).",
    "Intuit, Department, PaymentMethod",
)
@pytest.mark.parametrize(
    ("entity", "reference"),
    [
        ("Class", "ClassRef"),
        ("Department", "DepartmentRef"),
        ("PaymentMethod", "PaymentMethodRef"),
        ("Term", "SalesTermRef"),
    ],
)
async def test_entries_are_made_inactive(books: Books, entity: str, reference: str) -> None:
    await books.prefer("AccountingInfoPrefs", ClassTrackingPerTxn=True)
    made = await books.write(entity, {"Name": "Old", **({"DueDays": 5} if entity == "Term" else {})})
    used = await books.invoice(1, **{reference: {"value": made["Id"]}})
    assert used[reference] == {"value": made["Id"], "name": "Old"}
    assert await books.refused(entity, made, operation="delete") == ["500"]
    await books.change(entity, made, Active=False)
    assert await books.refused("Invoice", books.form(1, **{reference: {"value": made["Id"]}})) == ["610"]
    assert await books.refused("Invoice", books.form(1, **{reference: {"value": "99999"}})) == ["2500"]


@rule("A line's class is checked and named.", "Intuit, Invoice, SalesItemLineDetail.ClassRef")
async def test_class_of_a_line(books: Books) -> None:
    made = await books.write("Class", {"Name": "Roads"})
    line = books.line(1, ClassRef={"value": made["Id"]})
    invoice = await books.write("Invoice", {**books.form(), "Line": [line]})
    assert invoice["Line"][0]["SalesItemLineDetail"]["ClassRef"] == {"value": made["Id"], "name": "Roads"}
    wrong = books.line(1, ClassRef={"value": "99999"})
    assert await books.refused("Invoice", {**books.form(), "Line": [wrong]}) == ["2500"]


@rule("A term says after how many days, or on which day of the month; days may come as a text.", TERM)
async def test_terms_say_when(books: Books) -> None:
    standard = await books.write("Term", {"Name": "Term120", "DueDays": "120"})
    assert (standard["Type"], standard["DueDays"], standard["DiscountPercent"]) == ("STANDARD", 120, 0)
    by_date = await books.write("Term", {"Name": "First", "DayOfMonthDue": 1, "DueNextMonthDays": 5})
    assert by_date["Type"] == "DATE_DRIVEN"
    assert await books.refused("Term", {"Name": "Never"}) == ["2020"]
    assert await books.refused("Term", {"Name": "Far", "DueDays": 1000}) == ["2180"]
    assert await books.refused("Term", {"Name": "x" * 32, "DueDays": 1}) == ["2050"]
    assert await books.refused("Term", {"Name": "term120", "DueDays": 1}) == ["6240"]


DUE: list[tuple[Body, str, str]] = [
    ({"DueDays": 0}, "2026-01-31", "2026-01-31"),
    ({"DueDays": 30}, "2026-01-31", "2026-03-02"),
    ({"DayOfMonthDue": 15}, "2026-01-10", "2026-01-15"),
    ({"DayOfMonthDue": 15}, "2026-01-20", "2026-02-15"),
    ({"DayOfMonthDue": 15, "DueNextMonthDays": 10}, "2026-01-10", "2026-02-15"),
    ({"DayOfMonthDue": 31}, "2026-02-05", "2026-02-28"),
    ({"DayOfMonthDue": 1}, "2026-12-31", "2027-01-01"),
]


@rule("The due date follows from the form's terms.", TERM)
@pytest.mark.parametrize(("term", "dated", "due"), DUE)
async def test_due_date_by_terms(books: Books, term: Body, dated: str, due: str) -> None:
    made = await books.write("Term", {"Name": "T", **term})
    invoice = await books.invoice(TxnDate=dated, SalesTermRef={"value": made["Id"]})
    assert invoice["DueDate"] == due


@rule(
    "Without terms of its own a form has its customer's, or else the company's default.",
    "Intuit, Preferences, SalesFormsPrefs.DefaultTerms",
    inferred=True,
)
async def test_terms_of_customer_and_company(books: Books) -> None:
    assert (await books.invoice())["SalesTermRef"]["name"] == "Net 30"
    terms = {
        t["Name"]: t["Id"]
        for t in (await books.lab.query("select * from Term")).json()["QueryResponse"]["Term"]
    }
    customer = await books.read("Customer", books.customer)
    await books.change("Customer", customer, SalesTermRef={"value": terms["Net 15"]})
    invoice = await books.invoice(TxnDate="2026-01-01")
    assert (invoice["SalesTermRef"]["name"], invoice["DueDate"]) == ("Net 15", "2026-01-16")


@rule(
    "A payment method is NON_CREDIT_CARD unless told; its name takes 31 characters.", "Intuit, PaymentMethod"
)
async def test_payment_methods(books: Books) -> None:
    made = await books.write("PaymentMethod", {"Name": "Business Check"})
    assert (made["Type"], made["Active"]) == ("NON_CREDIT_CARD", True)
    assert await books.refused("PaymentMethod", {"Name": "X", "Type": "BARTER"}) == ["2170"]
    assert await books.refused("PaymentMethod", {"Name": "x" * 32}) == ["2050"]
    paid = await books.write("Payment", books.money(1, PaymentMethodRef={"value": made["Id"]}))
    assert paid["PaymentMethodRef"]["value"] == made["Id"]


async def texas(books: Books) -> Body:
    """Return the state's tax code that every company has."""
    found = await books.lab.query("select * from TaxCode where Name = 'Texas'")
    code: Body = found.json()["QueryResponse"]["TaxCode"][0]
    return code


def taxed(books: Books, *amounts: float, **more: Any) -> Body:
    """Return an invoice whose first line is taxed and whose others are not."""
    first, *others = amounts
    lines = [books.line(first, TaxCodeRef={"value": "TAX"}), *(books.line(amount) for amount in others)]
    return {**books.form(), "Line": lines, **more}


@rule(
    "TAX and NON are tax codes of every US company; a code lists its rates for sales and purchases.",
    "Intuit, TaxCode",
)
async def test_tax_codes(books: Books) -> None:
    assert (await books.read("TaxCode", "TAX"))["Taxable"] is True
    assert (await books.read("TaxCode", "NON"))["Taxable"] is False
    code = await texas(books)
    rates = [detail["TaxRateRef"]["name"] for detail in code["SalesTaxRateList"]["TaxRateDetail"]]
    assert (rates, code["PurchaseTaxRateList"]["TaxRateDetail"]) == (["Texas State", "Texas Local"], [])
    assert await books.refused("TaxCode", {"Name": "X"}) == ["500"]
    assert await books.refused("TaxRate", {"Name": "X"}) == ["500"]


async def test_tax_codes_can_be_sorted_by_id(books: Books) -> None:
    found = (await books.lab.query("select * from TaxCode orderby Id")).json()["QueryResponse"]["TaxCode"]
    assert [code["Id"] for code in found] == ["NON", "TAX", (await texas(books))["Id"]]


@rule(
    "With a TxnTaxCodeRef the service reckons the tax of the lines marked TAX, whatever total is sent.",
    "Reported: python-quickbooks #172, #301",
)
async def test_tax_is_reckoned_by_its_code(books: Books) -> None:
    code = await texas(books)
    detail = {"TxnTaxCodeRef": {"value": code["Id"]}, "TotalTax": 99}
    made = await books.write("Invoice", taxed(books, 100, 50, TxnTaxDetail=detail))
    assert (made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"], made["Balance"]) == (8.25, 158.25, 158.25)
    shares = [(t["Amount"], t["TaxLineDetail"]["TaxPercent"]) for t in made["TxnTaxDetail"]["TaxLine"]]
    assert shares == [(6.25, 6.25), (2, 2)]
    assert {t["TaxLineDetail"]["NetAmountTaxable"] for t in made["TxnTaxDetail"]["TaxLine"]} == {100}
    after = await books.change("Invoice", made, Line=[books.line(10, TaxCodeRef={"value": "TAX"})])
    assert (after["TxnTaxDetail"]["TotalTax"], after["TotalAmt"]) == (0.83, 10.83)


@rule(
    "A discount lowers the taxed amount only with ApplyTaxAfterDiscount.",
    "Intuit, Invoice, ApplyTaxAfterDiscount",
)
@pytest.mark.parametrize(("after", "tax"), [(True, 7.43), (False, 8.25)])
async def test_discount_before_or_after_tax(books: Books, after: bool, tax: float) -> None:
    code = await texas(books)
    discount = {
        "DetailType": "DiscountLineDetail",
        "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10},
    }
    form = taxed(books, 100, 50, TxnTaxDetail={"TxnTaxCodeRef": {"value": code["Id"]}})
    made = await books.write(
        "Invoice", {**form, "ApplyTaxAfterDiscount": after, "Line": [*form["Line"], discount]}
    )
    assert made["TxnTaxDetail"]["TotalTax"] == tax
    assert made["TotalAmt"] == pytest.approx(135 + tax)


@rule(
    "Without sales tax (TaxPrefs.UsingSalesTax false) TxnTaxDetail is ignored and not stored.",
    "Intuit, CreditMemo, TxnTaxDetail",
)
async def test_company_without_sales_tax(books: Books) -> None:
    preferences = (await books.get("/preferences")).json()["Preferences"]
    await books.change("Preferences", preferences, TaxPrefs={"UsingSalesTax": False})
    made = await books.invoice(100, TxnTaxDetail={"TotalTax": 8})
    assert (made["TotalAmt"], made["TxnTaxDetail"]) == (100, {"TotalTax": 0})


@rule(
    "A code that does not exist is refused with 2500, on the form and on a line.",
    "Intuit, Error codes",
    inferred=True,
)
async def test_unknown_tax_codes(books: Books) -> None:
    detail = {"TxnTaxCodeRef": {"value": "999"}}
    assert await books.refused("Invoice", taxed(books, 1, TxnTaxDetail=detail)) == ["2500"]
    line = books.line(1, TaxCodeRef={"value": "999"})
    assert await books.refused("Invoice", {**books.form(), "Line": [line]}) == ["2500"]


@rule(
    "TaxService makes a code with new rates, and with rates that exist; its answer has no name around it.",
    TAX,
)
async def test_tax_service_makes_codes(books: Books) -> None:
    agency = await books.write("TaxAgency", {"DisplayName": "City"})
    assert (agency["TaxTrackedOnSales"], agency["TaxTrackedOnPurchases"]) == (True, False)
    new = {"TaxRateName": "City", "RateValue": "8", "TaxAgencyId": agency["Id"], "TaxApplicableOn": "Sales"}
    made = (await books.post("taxservice/taxcode", {"TaxCode": "CityCode", "TaxRateDetails": [new]})).json()
    rate_id = made["TaxRateDetails"][0]["TaxRateId"]
    assert made["TaxRateDetails"][0]["RateValue"] == "8%"
    assert (await books.read("TaxRate", rate_id))["RateValue"] == 8
    again = {"TaxCode": "Again", "TaxRateDetails": [{"TaxRateId": rate_id, "TaxApplicableOn": "Purchase"}]}
    other = (await books.post("taxservice/taxcode", again)).json()
    code = await books.read("TaxCode", other["TaxCodeId"])
    assert code["PurchaseTaxRateList"]["TaxRateDetail"][0]["TaxRateRef"]["value"] == rate_id
    assert code["SalesTaxRateList"]["TaxRateDetail"] == []


BAD_RATES: list[tuple[str, list[Body], list[str]]] = [
    ("none", [], ["2020"]),
    ("nothing of a new one", [{}], ["2020", "2020", "2020"]),
    ("more than all", [{"TaxRateName": "R", "RateValue": "101", "TaxAgencyId": "1"}], ["2180"]),
    ("an unknown agency", [{"TaxRateName": "R", "RateValue": "1", "TaxAgencyId": "99"}], ["2500"]),
    ("an unknown rate", [{"TaxRateId": "99"}], ["2500"]),
    ("one twice", [{"TaxRateId": "1"}, {"TaxRateId": "1"}], ["6000"]),
]


@rule("Rates are between 0 and 100, of an agency that exists, and listed once each.", TAX)
@pytest.mark.parametrize(("what", "details", "expected"), BAD_RATES, ids=[case[0] for case in BAD_RATES])
async def test_bad_rates(books: Books, what: str, details: list[Body], expected: list[str]) -> None:
    body = {"TaxCode": "X", "TaxRateDetails": details}
    assert codes(await books.post("taxservice/taxcode", body)) == expected


@rule("A tax code's name is taken once (6240).", TAX, inferred=True)
async def test_tax_code_names_are_unique(books: Books) -> None:
    body = {"TaxCode": "texas", "TaxRateDetails": [{"TaxRateId": "1"}]}
    assert codes(await books.post("taxservice/taxcode", body)) == ["6240"]


def switch_on(books: Books) -> None:
    """Switch multicurrency on, as a person does, and use the euro."""
    quickbooks, realm = books.lab.world.quickbooks, books.realm_id
    currency = {"MultiCurrencyEnabled": True, "HomeCurrency": {"value": "USD"}}
    quickbooks.person(realm, "Preferences", {"Id": "1", "CurrencyPrefs": currency})
    quickbooks.person(realm, "CompanyCurrency", {"Code": "EUR"})


@rule("A company of one currency has no use for others (6000).", CURRENCY, inferred=True)
async def test_one_currency_only(books: Books) -> None:
    assert await books.refused("CompanyCurrency", {"Code": "EUR"}) == ["6000"]
    assert codes(await books.get("/exchangerate", sourcecurrencycode="EUR")) == ["6000"]
    rate = {"SourceCurrencyCode": "EUR", "AsOfDate": "2026-01-01", "Rate": 1.1}
    assert await books.refused("ExchangeRate", rate) == ["6000"]


@rule("A company currency is created by its code, which gives its name, and made inactive.", CURRENCY)
async def test_company_currencies(books: Books) -> None:
    switch_on(books)
    made = await books.write("CompanyCurrency", {"Code": "GBP"})
    assert (made["Name"], made["Active"]) == ("British Pound Sterling", True)
    assert await books.refused("CompanyCurrency", {"Code": "gbp"}) == ["2170"]
    assert await books.refused("CompanyCurrency", {"Code": "GBP"}) == ["6240"]
    assert (await books.change("CompanyCurrency", made, Active=False))["Active"] is False


@rule("An exchange rate is set for a date and read for any later one; today's if no date is named.", RATE)
async def test_exchange_rates(books: Books) -> None:
    switch_on(books)
    for day, rate in (("2026-01-01", 1.1), ("2026-02-01", 1.2)):
        set_ = await books.write("ExchangeRate", {"SourceCurrencyCode": "EUR", "AsOfDate": day, "Rate": rate})
        assert (set_["TargetCurrencyCode"], set_["SyncToken"]) == ("USD", "0")
        assert "Id" not in set_
    for day, rate in (("2026-01-31", 1.1), ("2026-02-01", 1.2), ("2025-12-31", 1)):
        read = await books.get("/exchangerate", sourcecurrencycode="EUR", asofdate=day)
        assert read.json()["ExchangeRate"]["Rate"] == rate
    assert (await books.get("/exchangerate", sourcecurrencycode="EUR")).json()["ExchangeRate"]["Rate"] == 1.2


@rule("Setting a date's rate again raises its SyncToken; an old one is refused with 5010.", RATE)
async def test_rate_is_set_again(books: Books) -> None:
    switch_on(books)
    body = {"SourceCurrencyCode": "EUR", "AsOfDate": "2026-01-01", "Rate": 1.1, "SyncToken": "0"}
    await books.write("ExchangeRate", body)
    assert (await books.write("ExchangeRate", body))["SyncToken"] == "1"
    assert await books.refused("ExchangeRate", body) == ["5010"]


@rule("The home currency has no rate (6000); currency, date and rate are required (2020).", RATE)
async def test_bad_exchange_rates(books: Books) -> None:
    switch_on(books)
    body = {"SourceCurrencyCode": "USD", "AsOfDate": "2026-01-01", "Rate": 1}
    assert await books.refused("ExchangeRate", body) == ["6000"]
    assert await books.refused("ExchangeRate", {}) == ["2020", "2020", "2020"]
    assert codes(await books.get("/exchangerate")) == ["2020"]


@rule(
    "With multicurrency on, a form must name its currency (2020), one the company uses (2500).",
    "Intuit, Invoice, CurrencyRef",
)
async def test_forms_name_their_currency(books: Books) -> None:
    switch_on(books)
    assert await books.refused("Invoice", books.form(1)) == ["2020"]
    assert await books.refused("Payment", books.money(1)) == ["2020"]
    assert await books.refused("Invoice", books.form(1, CurrencyRef={"value": "JPY"})) == ["2500"]
    made = await books.invoice(1, CurrencyRef={"value": "USD"})
    assert (made["ExchangeRate"], made["HomeTotalAmt"]) == (1, 1)


@rule(
    "A form in another currency tells total and balance at home by the rate of its date.",
    "Intuit, Invoice, HomeTotalAmt, HomeBalance",
)
async def test_amounts_at_home(books: Books) -> None:
    switch_on(books)
    await books.write("ExchangeRate", {"SourceCurrencyCode": "EUR", "AsOfDate": "2026-01-01", "Rate": 1.25})
    customer = await books.write("Customer", {"DisplayName": "Berlin", "CurrencyRef": {"value": "EUR"}})
    euro = {
        "CurrencyRef": {"value": "EUR"},
        "CustomerRef": {"value": customer["Id"]},
        "TxnDate": "2026-03-01",
    }
    made = await books.invoice(100, **euro)
    assert (made["TotalAmt"], made["ExchangeRate"], made["HomeTotalAmt"]) == (100, 1.25, 125)
    other = {**euro, "CurrencyRef": {"value": "USD"}}
    assert await books.refused("Invoice", books.form(1, **other)) == ["6000"]


@rule(
    "A payment of a foreign form lowers HomeBalance by the form's rate.",
    "Intuit, Invoice, HomeBalance",
)
async def test_balance_at_home_follows(books: Books) -> None:
    switch_on(books)
    customer = await books.write("Customer", {"DisplayName": "Berlin", "CurrencyRef": {"value": "EUR"}})
    euro = {"CurrencyRef": {"value": "EUR"}, "CustomerRef": {"value": customer["Id"]}, "ExchangeRate": 1.25}
    made = await books.invoice(100, **euro)
    assert (made["Balance"], made["HomeBalance"]) == (100, 125)
    await books.pay(made, 40, **euro)
    paid = await books.read("Invoice", made["Id"])
    assert (paid["Balance"], paid["HomeBalance"], paid["HomeTotalAmt"]) == (60, 75, 125)


@rule(
    "Currency of every transaction is its customer's or vendor's (6000); the code is inferred.",
    "Intuit, Invoice, CurrencyRef",
    inferred=True,
)
async def test_currency_is_the_partys(books: Books) -> None:
    switch_on(books)
    euro = {"CurrencyRef": {"value": "EUR"}}
    assert await books.refused("Invoice", books.form(1, **euro)) == ["6000"]
    assert await books.refused("Payment", books.money(1, **euro)) == ["6000"]
    vendor = await books.write("Vendor", {"DisplayName": "Local"})
    detail = {"AccountRef": {"value": books.accounts["Fuel"]}}
    name = "AccountBasedExpenseLineDetail"
    line = {"DetailType": name, "Amount": 1, name: detail}
    bill = {"VendorRef": {"value": vendor["Id"]}, "Line": [line]}
    assert await books.refused("Bill", {**bill, **euro}) == ["6000"]
    assert (await books.write("Bill", {**bill, "CurrencyRef": {"value": "USD"}}))["TotalAmt"] == 1


@rule(
    "A rate is a positive number (2180, 2100); 0, which python-quickbooks sends, leaves it open.",
    "Intuit, Invoice, ExchangeRate",
    inferred=True,
)
async def test_rate_of_a_form(books: Books) -> None:
    switch_on(books)
    dollar = {"CurrencyRef": {"value": "USD"}}
    for rate, code in ((-1, "2180"), ("much", "2100")):
        assert await books.refused("Invoice", books.form(1, ExchangeRate=rate, **dollar)) == [code]
    assert (await books.write("Invoice", books.form(1, ExchangeRate=0, **dollar)))["ExchangeRate"] == 1
