"""Bills, vendor credits and what pays them, against the sandbox."""

from typing import Any

from writer_lab import WriterLab
from writer_wishes import applied, bill, bill_payment, vendor_credit

from plumbline.common.contracts.ledger import PayableState, PaymentState

pytest_plugins = ["writer_fixtures"]


def balances(lab: WriterLab) -> dict[str, float]:
    return {body["DocNumber"]: body["Balance"] for body in lab.held("Bill")}


async def test_bill_is_entered_with_its_project_and_its_retainage(hurried: WriterLab) -> None:
    await hurried.want(bill(hurried, 200_000))
    body = hurried.only(bill(hurried))
    work, retained = body["Line"]
    assert (body["TotalAmt"], body["Balance"], body["DocNumber"]) == (1800, 1800, "SUB-17")
    assert (work["Amount"], retained["Amount"]) == (2000, -200)
    assert work["AccountBasedExpenseLineDetail"]["CustomerRef"]["value"] == hurried.customers["TX01 Depot"]


async def test_bills_of_two_vendors_may_have_one_number(hurried: WriterLab) -> None:
    hurried.configure(duplicate_check=False)
    await hurried.want(bill(hurried), name="1")
    await hurried.want(bill(hurried, vendor=1), name="2")
    assert [body["DocNumber"] for body in hurried.held("Bill")] == ["SUB-17", "SUB-17"]


async def test_second_bill_of_a_vendor_under_one_number_is_told_apart(hurried: WriterLab) -> None:
    await hurried.want(bill(hurried), name="1")
    await hurried.want(bill(hurried), name="2")
    first, second = sorted(body["DocNumber"] for body in hurried.held("Bill"))
    assert first == "SUB-17"
    assert second.startswith("SUB-17~")


async def test_number_of_22_characters_is_shortened_where_everybody_sees_it(hurried: WriterLab) -> None:
    await hurried.want(bill(hurried, number="SUB-2026-10-0000000017"))
    number = hurried.only(bill(hurried))["DocNumber"]
    assert len("SUB-2026-10-0000000017") == 22
    assert len(number) == 21
    assert number.startswith("SUB-2026-10-00~")


async def test_check_pays_several_bills_with_a_credit_to_the_cent(hurried: WriterLab) -> None:
    await hurried.want(bill(hurried, 200_000), name="1")
    await hurried.want(bill(hurried, 50_010, number="SUB-18"), name="2")
    await hurried.want(vendor_credit(hurried, 30_025))
    wish = bill_payment(
        hurried, 180_004, applied(bill_1=180_000, bill_2=30_029), applied(vendor_credit_1=30_025)
    )
    await hurried.want(wish)
    body = hurried.only(wish)
    assert (body["TotalAmt"], body["DocNumber"], body["PayType"]) == (1800.04, "4711", "Check")
    assert balances(hurried) == {"SUB-17": 0, "SUB-18": 149.80}
    assert hurried.only(vendor_credit(hurried))["Balance"] == 0


async def test_bill_and_credit_are_unlinked_by_a_later_version(hurried: WriterLab) -> None:
    await hurried.want(bill(hurried, 200_000), name="1")
    await hurried.want(bill(hurried, 100_000, number="SUB-18"), name="2")
    await hurried.want(vendor_credit(hurried, 30_000))
    await hurried.want(
        bill_payment(
            hurried, 240_000, applied(bill_1=180_000, bill_2=90_000), applied(vendor_credit_1=30_000)
        )
    )
    assert balances(hurried) == {"SUB-17": 0, "SUB-18": 0}
    await hurried.want(bill_payment(hurried, 180_000, applied(bill_1=180_000)), 2)
    assert balances(hurried) == {"SUB-17": 0, "SUB-18": 900}
    assert hurried.only(vendor_credit(hurried))["Balance"] == 300
    assert hurried.commits()["BillPayment created"] == 1


async def test_void_of_a_check_opens_everything_again(hurried: WriterLab) -> None:
    await hurried.want(bill(hurried, 200_000))
    await hurried.want(bill_payment(hurried, 180_000, applied(bill_1=180_000)))
    void = bill_payment(hurried, 180_000, applied(bill_1=180_000), state=PaymentState.VOID)
    await hurried.want(void, 2)
    assert balances(hurried) == {"SUB-17": 1800}
    again = bill_payment(hurried, 180_000, applied(bill_1=180_000))
    await hurried.want(again.model_copy(update={"reference": "4712"}), 3)
    assert balances(hurried) == {"SUB-17": 0}
    assert sorted(body["TotalAmt"] for body in hurried.all("BillPayment")) == [
        0,
        1800,
    ]


async def test_card_pays_from_its_own_account(hurried: WriterLab) -> None:
    await hurried.want(bill(hurried, 200_000))
    card = next(a for a in hurried.all("Account") if a["AccountType"] == "Credit Card")
    wish = bill_payment(hurried, 180_000, applied(bill_1=180_000))
    await hurried.want(wish.model_copy(update={"pay_type": "credit-card", "account_id": card["Id"]}))
    body = hurried.only(wish)
    assert body["PayType"] == "CreditCard"
    assert body["CreditCardPayment"]["CCAccountRef"]["value"] == card["Id"]
    assert balances(hurried) == {"SUB-17": 0}


async def test_bill_is_corrected_while_nothing_is_paid_of_it_and_never_after(hurried: WriterLab) -> None:
    await hurried.want(bill(hurried, 200_000))
    department = hurried.all("Department")[0]["Id"]
    hurried.person("Bill", {"Id": hurried.only(bill(hurried))["Id"], "DepartmentRef": {"value": department}})
    await hurried.want(bill(hurried, 300_000), 2)
    body = hurried.only(bill(hurried))
    assert (body["TotalAmt"], body["DepartmentRef"]["value"]) == (2700, department)
    await hurried.want(bill_payment(hurried, 1, applied(bill_1=1)))
    await hurried.want(bill(hurried, 400_000), 3)
    assert await hurried.parked() == {"bill/1/2/1": "changed-after-payment"}
    assert hurried.only(bill(hurried))["TotalAmt"] == 2700


async def test_paid_bill_is_deleted_by_itself_once_its_payment_is_gone(hurried: WriterLab) -> None:
    await hurried.want(bill(hurried, 200_000))
    await hurried.want(bill_payment(hurried, 180_000, applied(bill_1=180_000)))
    await hurried.want(bill(hurried, 200_000, state=PayableState.DELETED), 2)
    assert await hurried.parked() == {"bill/1/2/1": "delete-needs-a-person"}
    gone = bill_payment(hurried, 180_000, applied(bill_1=180_000), state=PaymentState.DELETED)
    await hurried.want(gone, 2)
    assert (hurried.held("Bill"), hurried.held("BillPayment")) == ([], [])
    assert await hurried.parked() == {}


def stranger(lab: WriterLab, **changes: Any) -> dict[str, Any]:
    """Return what our bill looks like in QuickBooks."""
    detail = {
        "AccountRef": {"value": lab.accounts["Subcontractors"]},
        "CustomerRef": {"value": lab.customers["TX01 Depot"]},
    }
    kind = "AccountBasedExpenseLineDetail"
    retained = {"AccountRef": {"value": lab.accounts["Retainage Payable"]}}
    return {
        "VendorRef": {"value": next(iter(lab.vendors.values()))},
        "DocNumber": "SUB-17",
        "TxnDate": "2026-10-31",
        "DueDate": "2026-11-30",
        "PrivateNote": "plumbline:bill/1/2/1#1",
        "Line": [
            {"DetailType": kind, "Amount": 2000, "Description": "Plumbing rough-in", kind: detail},
            {"DetailType": kind, "Amount": -200, "Description": "Retainage held back", kind: retained},
        ],
    } | changes


async def test_document_that_is_exactly_ours_is_adopted(hurried: WriterLab) -> None:
    made = hurried.person("Bill", stranger(hurried))
    await hurried.want(bill(hurried))
    assert (await hurried.record("bill/1/2/1")).observed.quickbooks_id == made["Id"]
    assert await hurried.parked() == {}
    assert hurried.commits() == {}


async def test_document_that_only_looks_like_ours_is_a_conflict_that_names_it(hurried: WriterLab) -> None:
    for changes in (
        {"PrivateNote": "plumbline:bill/1/2/1#2"},
        {"PrivateNote": "plumbline:bill/1/2/11#1"},
        {"VendorRef": {"value": list(hurried.vendors.values())[1]}},
        {"TxnDate": "2026-10-30"},
    ):
        other = hurried.person("Bill", stranger(hurried, **changes))
        if "bill/1/2/1" in await hurried.parked():
            await hurried.resume("bill/1/2/1")
        else:
            await hurried.want(bill(hurried))
        assert await hurried.parked() == {"bill/1/2/1": "bill-already-exists"}
        assert f"transaction {other['Id']}" in await hurried.reason("bill/1/2/1")
        hurried.person("Bill", {"Id": other["Id"]}, "delete")
    await hurried.resume("bill/1/2/1")
    assert balances(hurried) == {"SUB-17": 1800}
