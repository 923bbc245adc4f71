"""Vendors, employees and the time they work."""

import pytest
from sandbox_books import Body, codes, fault
from sandbox_payables import Payables
from sandbox_rules import rule

from plumbline_sandbox.laboratory import Laboratory

VENDOR = "Intuit, Vendor"
EMPLOYEE = "Intuit, Employee"
TIME = "Intuit, TimeActivity"
CODES = "Intuit, Error codes"


@pytest.mark.parametrize("place", range(4))
async def test_companies_have_subcontractors_and_bills(lab: Laboratory, place: int) -> None:
    payables = Payables(lab, place=place)
    vendors = await payables.found("select * from Vendor orderby Id")
    assert [vendor["DisplayName"] for vendor in vendors] == list(payables.vendors)
    company = next(c for c in lab.description["companies"] if vendors[0]["DisplayName"] in str(c))
    told = {vendor["name"] for vendor in company["subcontractors"]}
    assert {vendor["DisplayName"] for vendor in vendors[:2]} == told, "the first two are in Procore too"
    bills = await payables.found("select * from Bill")
    today = lab.world.clock.now().date().isoformat()
    assert all(bill["TxnDate"] < today for bill in bills)
    for vendor in vendors:
        own = [bill for bill in bills if bill["VendorRef"]["value"] == vendor["Id"]]
        assert vendor["Balance"] == sum(bill["Balance"] for bill in own)
    assert [bill["Balance"] > 0 for bill in bills] == [False, False, True] * 2


async def employee(payables: Payables, **more: str) -> Body:
    return await payables.write("Employee", {"GivenName": "Emily", "FamilyName": "Platt", **more})


@rule("A vendor needs one name: DisplayName, or parts of which it is made (6080 without).", VENDOR)
async def test_vendor_needs_a_name(payables: Payables) -> None:
    made = await payables.write("Vendor", {"GivenName": "Ada", "FamilyName": "Lovelace", "Suffix": "Jr."})
    assert (made["DisplayName"], made["PrintOnCheckName"]) == ("Ada Lovelace Jr.", "Ada Lovelace Jr.")
    assert await payables.refused("Vendor", {"CompanyName": "Acme"}) == ["6080"]


@rule("Names of vendors and employees take no colon, tab or newline (2040).", VENDOR)
@pytest.mark.parametrize("name", ["A:B", "A\tB", "A\nB"])
async def test_vendor_names_take_no_separators(payables: Payables, name: str) -> None:
    assert await payables.refused("Vendor", {"DisplayName": name}) == ["2040"]
    assert await payables.refused("Employee", {"GivenName": name}) == ["2040"]


@rule("DisplayName takes 500 characters, GivenName 100, Suffix 16 (2050).", VENDOR)
@pytest.mark.parametrize(("name", "longest"), [("DisplayName", 500), ("GivenName", 100), ("Suffix", 16)])
async def test_vendor_names_have_a_longest(payables: Payables, name: str, longest: int) -> None:
    assert await payables.refused("Vendor", {name: "x" * (longest + 1)}) == ["2050"]
    assert (await payables.write("Vendor", {name: "x" * longest}))[name] == "x" * longest


@rule("A name is unique over customers, vendors and employees, in any case of letters (6240).", VENDOR)
async def test_names_are_unique_over_all_three(payables: Payables) -> None:
    made = await payables.write("Vendor", {"DisplayName": "Pat Jones"})
    refused = fault(await payables.post("Customer", {"DisplayName": "PAT JONES"}))
    assert (refused["code"], refused["Detail"].endswith(f"Id={made['Id']}")) == ("6240", True)
    assert await payables.refused("Employee", {"GivenName": "Pat", "FamilyName": "Jones"}) == ["6240"]
    await employee(payables)
    assert await payables.refused("Vendor", {"DisplayName": "Emily Platt"}) == ["6240"]


@rule("A vendor keeps its own name when it changes otherwise, and a new name frees the old one.", VENDOR)
async def test_rename_frees_the_name(payables: Payables) -> None:
    made = await payables.write("Vendor", {"DisplayName": "Old"})
    renamed = await payables.change("Vendor", made, DisplayName="New", AcctNum="17")
    assert (renamed["SyncToken"], renamed["DisplayName"], renamed["AcctNum"]) == ("1", "New", "17")
    assert (await payables.write("Vendor", {"DisplayName": "Old"}))["Id"] != made["Id"]


@rule("A full update clears what it leaves out; a sparse one keeps it.", "Intuit, Vendor, full update")
async def test_full_update_of_a_vendor_clears(payables: Payables) -> None:
    made = await payables.write("Vendor", {"DisplayName": "Acme", "AcctNum": "17", "Vendor1099": True})
    kept = await payables.change("Vendor", made, CompanyName="Acme Inc")
    assert (kept["AcctNum"], kept["Vendor1099"]) == ("17", True)
    whole = {"Id": made["Id"], "SyncToken": kept["SyncToken"], "DisplayName": "Acme"}
    cleared = await payables.write("Vendor", whole)
    assert "AcctNum" not in cleared
    assert (cleared["Vendor1099"], cleared["SyncToken"]) == (False, "2")


@rule("PrimaryEmailAddr needs an @ and a dot (2210).", VENDOR)
async def test_vendor_mail_address_is_checked(payables: Payables) -> None:
    wrong = {"DisplayName": "Acme", "PrimaryEmailAddr": {"Address": "nobody"}}
    assert await payables.refused("Vendor", wrong) == ["2210"]


@rule("TaxIdentifier is masked in answers, and a masked one that comes back changes nothing.", VENDOR)
async def test_tax_number_is_masked_and_survives_a_round_trip(payables: Payables) -> None:
    made = await payables.write("Vendor", {"DisplayName": "Acme", "TaxIdentifier": "123-45-6789"})
    assert made["TaxIdentifier"] == "XXXXXXX6789"
    back = await payables.write("Vendor", {**made, "CompanyName": "Acme"})
    assert back["TaxIdentifier"] == "XXXXXXX6789"
    realm = payables.lab.world.quickbooks.realm(payables.realm_id)
    assert (realm.get("Vendor", made["Id"]) or {})["TaxIdentifier"] == "123-45-6789"


@rule(
    "A vendor cannot be deleted; Active false takes it out of queries, and using it is refused (610).", VENDOR
)
async def test_inactive_vendor_cannot_be_used(payables: Payables) -> None:
    made = await payables.write("Vendor", {"DisplayName": "Acme"})
    handle = {"Id": made["Id"], "SyncToken": "0"}
    assert await payables.refused("Vendor", handle, operation="delete") == ["500"]
    await payables.change("Vendor", made, Active=False)
    assert await payables.found("select * from Vendor where DisplayName = 'Acme'") == []
    (found,) = await payables.found(
        "select * from Vendor where DisplayName = 'Acme' and Active in (true, false)"
    )
    assert found["Id"] == made["Id"]
    form = payables.bill_form(100, VendorRef={"value": made["Id"]})
    assert await payables.refused("Bill", form) == ["610"]


@rule(
    "A vendor with an open balance stays active.", "Captured answer: Delete List Has Balance", inferred=True
)
async def test_vendor_who_is_owed_stays_active(payables: Payables) -> None:
    await payables.bill(100)
    vendor = await payables.read("Vendor", payables.vendor)
    sparse = {"Id": vendor["Id"], "SyncToken": vendor["SyncToken"], "sparse": True, "Active": False}
    assert await payables.refused("Vendor", sparse) == ["6000"]


@rule("Vendors can be asked for by Balance and Vendor1099.", "Intuit, Vendor, query")
async def test_vendors_are_found_by_balance(payables: Payables) -> None:
    await payables.bill(12_345)
    found = await payables.found("select * from Vendor where Balance > '12000' and Vendor1099 = false")
    assert [vendor["Id"] for vendor in found] == [payables.vendor]


@rule("An employee needs GivenName or FamilyName (2020); DisplayName follows from them.", EMPLOYEE)
async def test_employee_needs_a_given_or_family_name(payables: Payables) -> None:
    assert await payables.refused("Employee", {"DisplayName": "Emily"}) == ["2020"]
    assert (await employee(payables, MiddleName="Jane"))["DisplayName"] == "Emily Jane Platt"


@rule(
    "A social security number is shown as XXX-XX-XXXX, and that text coming back changes nothing.", EMPLOYEE
)
async def test_social_security_number_is_masked(payables: Payables) -> None:
    made = await employee(payables, SSN="444-55-6666")
    assert made["SSN"] == "XXX-XX-XXXX"
    again = await payables.write("Employee", {**made, "EmployeeNumber": "7"})
    assert (again["SSN"], again["EmployeeNumber"]) == ("XXX-XX-XXXX", "7")
    realm = payables.lab.world.quickbooks.realm(payables.realm_id)
    assert (realm.get("Employee", made["Id"]) or {})["SSN"] == "444-55-6666"


@rule("An employee leaves by Active false; there is no delete.", EMPLOYEE)
async def test_employee_is_not_deleted(payables: Payables) -> None:
    made = await employee(payables)
    assert await payables.refused("Employee", {"Id": made["Id"], "SyncToken": "0"}, operation="delete") == [
        "500"
    ]
    assert (await payables.change("Employee", made, Active=False))["Active"] is False
    assert await payables.found("select * from Employee where DisplayName = 'Emily Platt'") == []


@rule("A time activity needs NameOf and the reference it names (2020).", TIME)
async def test_time_needs_somebody(payables: Payables) -> None:
    assert await payables.refused("TimeActivity", {"Hours": 1}) == ["2020"]
    refused = fault(await payables.post("TimeActivity", {"Hours": 1, "NameOf": "Employee"}))
    assert (refused["code"], refused["element"]) == ("2020", "EmployeeRef")
    assert await payables.refused("TimeActivity", {"Hours": 1, "NameOf": "Customer"}) == ["2170"]


@rule("A time activity has Hours and Minutes, or StartTime and EndTime (2020).", TIME)
async def test_time_is_hours_or_a_span(payables: Payables) -> None:
    who = {"NameOf": "Vendor", "VendorRef": {"value": payables.vendor}}
    assert await payables.refused("TimeActivity", who) == ["2020"]
    assert await payables.refused("TimeActivity", {**who, "StartTime": "08:00:00"}) == ["2020"]
    hours = await payables.write("TimeActivity", {**who, "Hours": 3, "Minutes": 30})
    assert (hours["Hours"], hours["Minutes"], hours["BillableStatus"]) == (3, 30, "NotBillable")
    span = {"TxnDate": "2026-02-02", "StartTime": "08:00:00-08:00", "EndTime": "17:00:00-08:00"}
    worked = await payables.write("TimeActivity", {**who, **span})
    assert worked["StartTime"] == "2026-02-02T08:00:00-08:00"
    assert worked["EndTime"] == "2026-02-02T17:00:00-08:00"


@rule("An activity lasts 8760 hours and 59 minutes at most.", TIME)
@pytest.mark.parametrize("wrong", [{"Hours": 8761}, {"Minutes": 60}, {"Hours": -1}, {"Hours": 1.5}])
async def test_time_has_a_longest(payables: Payables, wrong: Body) -> None:
    who = {"NameOf": "Vendor", "VendorRef": {"value": payables.vendor}}
    assert await payables.refused("TimeActivity", {**who, **wrong}) == ["2140"]


@rule("Billable time needs a customer and a rate (2020), and HasBeenBilled cannot be set (2170).", TIME)
async def test_billable_time_needs_customer_and_rate(payables: Payables) -> None:
    who = {"NameOf": "Vendor", "VendorRef": {"value": payables.vendor}, "Hours": 1}
    assert await payables.refused("TimeActivity", {**who, "BillableStatus": "Billable"}) == ["2020", "2020"]
    assert await payables.refused("TimeActivity", {**who, "BillableStatus": "HasBeenBilled"}) == ["2170"]
    billable = {"BillableStatus": "Billable", "HourlyRate": 75, "CustomerRef": {"value": payables.job}}
    assert (await payables.write("TimeActivity", {**who, **billable}))["HourlyRate"] == 75


@rule("A time activity can be changed and deleted.", TIME)
async def test_time_is_changed_and_deleted(payables: Payables) -> None:
    who = {"NameOf": "Vendor", "VendorRef": {"value": payables.vendor}}
    made = await payables.write("TimeActivity", {**who, "Hours": 3, "TxnDate": "2026-03-01"})
    changed = await payables.change("TimeActivity", made, Description="Trim")
    assert (changed["Hours"], changed["SyncToken"]) == (3, "1")
    (found,) = await payables.found("select * from TimeActivity where TxnDate > '2026-02-28'")
    assert found["Id"] == made["Id"]
    await payables.delete("TimeActivity", changed)
    assert codes(await payables.get(f"/timeactivity/{made['Id']}")) == ["610"]


@rule("Time of closed books can neither be entered nor deleted (6210).", "Intuit, Error codes, 6210")
async def test_time_of_closed_books(payables: Payables) -> None:
    form = {"NameOf": "Vendor", "VendorRef": {"value": payables.vendor}, "Hours": 1, "TxnDate": "2025-12-31"}
    made = await payables.write("TimeActivity", form)
    payables.lab.world.quickbooks.configure(payables.realm_id, closed_until="2025-12-31")
    assert await payables.refused("TimeActivity", form) == ["6210"]
    handle = {"Id": made["Id"], "SyncToken": "0"}
    assert await payables.refused("TimeActivity", handle, operation="delete") == ["6210"]
