"""What one owner invoice becomes: a golden file for each case, and the refusals.

The golden files are written anew with `PLUMBLINE_UPDATE_GOLDEN=1`, and read in review.
"""

import json
import os
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from plumbline.common.contracts.ledger import DesiredCreditMemo, DesiredInvoice, DesiredPayment, InvoiceState
from plumbline.mapper.domain.errors import (
    LinesDoNotAddUpError,
    MissingBillingEntityError,
    MissingDateError,
    MissingItemError,
    NothingToBillError,
    NumberTemplateError,
)
from plumbline.mapper.domain.links import Links
from plumbline.mapper.domain.target import Target
from plumbline.mapper.domain.translation import Facts, Translation, translate
from plumbline.mapper.testing import (
    ALL_LINKS,
    CONTRACT,
    KEY,
    OWNER,
    PROJECT,
    application,
    connection,
    contract_payment,
    link,
    schedule_row,
)
from plumbline.procore.models import PrimeContract, Project

GOLDEN = Path(__file__).parent / "golden"

RETAINED = (
    schedule_row("1000.00", retained="100.00", code="01-100", description="General conditions"),
    schedule_row("2500.50", retained="250.05", stored="400.00", stored_retained="40.00"),
)
CHANGED = (*RETAINED, schedule_row("750.00", source="change_order", code="CO-2", description="Added drain"))


def facts(**changes: Any) -> Facts:
    contract = {"id": CONTRACT, "status": "Approved", "number": "PC-7"}
    standard = Facts(
        target=Target.of(KEY),
        connection=connection(),
        invoice=application(),
        contract=PrimeContract.model_validate({**contract, "vendor": {"id": OWNER, "name": "Alamo Plaza"}}),
        project=Project.model_validate({"id": PROJECT, "name": "Depot Lofts", "project_number": "TX01"}),
        links=Links("texas", ALL_LINKS),
        state=InvoiceState.OPEN,
        payments=(),
        settled_on=date(2026, 3, 2),
    )
    return replace(standard, **changes)


CASES: dict[str, Facts] = {
    "open": facts(),
    "pending-held": facts(state=InvoiceState.PENDING),
    "sent": facts(state=InvoiceState.SENT),
    "sent-on-approval": facts(connection=connection(send="on_approval")),
    "paid-verified": facts(state=InvoiceState.PAID),
    "paid-recorded": facts(
        state=InvoiceState.PAID, connection=connection(payment="record", deposit_account_id="34")
    ),
    "paid-by-contract-payments": facts(
        payments=(contract_payment("1000.00"), contract_payment("82.50", date="2026-04-02")),
        connection=connection(payment="record", deposit_account_id="34"),
    ),
    "retainage-line": facts(invoice=application(*RETAINED)),
    "retainage-net": facts(invoice=application(*RETAINED), connection=connection(retainage="net")),
    "change-order": facts(invoice=application(*CHANGED)),
    "no-tax": facts(invoice=application(tax=None)),
    "sub-customer-and-class": facts(
        links=Links(
            "texas",
            (
                *ALL_LINKS,
                link("customer", f"project:{PROJECT}", "52"),
                link("class", f"project:{PROJECT}", "7"),
            ),
        )
    ),
    "item-of-its-own": facts(links=Links("texas", (*ALL_LINKS, link("item", "03-300", "21", "Concrete")))),
    "credit": facts(invoice=application(schedule_row("-5000.00"), RETAINED[0], tax="-41.25")),
    "credit-sent": facts(invoice=application(schedule_row("-500.00"), tax=None), state=InvoiceState.SENT),
    "credit-never-paid": facts(
        invoice=application(schedule_row("-500.00"), tax=None),
        state=InvoiceState.PAID,
        connection=connection(payment="record", deposit_account_id="34"),
    ),
    "other-number": facts(connection=connection(number="{contract_number}/{invoice_number}")),
}


def shown(translation: Translation) -> dict[str, Any]:
    return {
        "wanted": [
            {"record": item.record, "needs": item.needs, "desired": item.desired.model_dump(mode="json")}
            for item in translation.wanted
        ],
        "why": translation.why,
    }


@pytest.mark.parametrize("name", CASES)
def test_each_case_becomes_what_its_golden_file_says(name: str) -> None:
    path = GOLDEN / f"{name}.json"
    text = json.dumps(shown(translate(CASES[name])), indent=2) + "\n"
    if os.environ.get("PLUMBLINE_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")

    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_the_total_is_the_sum_of_lines_and_tax(name: str) -> None:
    invoice = translate(CASES[name]).wanted[0].desired

    assert isinstance(invoice, DesiredInvoice | DesiredCreditMemo)
    assert invoice.total_cents > 0
    assert invoice.total_cents == sum(line.amount_cents for line in invoice.lines) + invoice.tax_cents


def test_payments_that_cover_all_but_a_cent_leave_it_open() -> None:
    short = translate(facts(payments=(contract_payment("1082.49"),)))
    exact = translate(facts(payments=(contract_payment("1082.50"),)))

    assert [state_of(short), state_of(exact)] == [InvoiceState.OPEN, InvoiceState.PAID]


def test_payments_of_other_invoices_do_not_count() -> None:
    payments = (
        contract_payment("5000.00", invoice_number="2"),
        contract_payment("5000.00", invoice_number=None),
    )

    assert state_of(translate(facts(payments=payments))) is InvoiceState.OPEN


def test_a_payment_without_a_date_is_received_when_the_change_was_told() -> None:
    translation = translate(
        facts(
            payments=(contract_payment("1082.50", date=None),),
            connection=connection(payment="record", deposit_account_id="34"),
        )
    )

    payment = translation.wanted[1].desired
    assert isinstance(payment, DesiredPayment)
    assert payment.received_on == date(2026, 3, 2)


def test_an_unlinked_owner_is_a_missing_billing_entity_with_the_command_that_mends_it() -> None:
    with pytest.raises(MissingBillingEntityError) as caught:
        translate(facts(links=Links("texas", ALL_LINKS[1:])))

    assert caught.value.code == "missing-billing-entity"
    assert caught.value.resumes_on == f"link:customer:texas:vendor:{OWNER}"
    assert "missing billing entity: Alamo Plaza" in caught.value.detail
    assert f"`plumbline link texas customer vendor:{OWNER} QUICKBOOKS_ID`" in caught.value.detail


def test_a_contract_without_an_owner_asks_for_a_link_of_the_project() -> None:
    contract = PrimeContract.model_validate({"id": CONTRACT, "status": "Approved"})

    with pytest.raises(MissingBillingEntityError) as caught:
        translate(facts(contract=contract))

    assert caught.value.resumes_on == f"link:customer:texas:project:{PROJECT}"


@pytest.mark.parametrize(
    ("missing", "row"),
    [
        ("default", schedule_row()),
        ("change-order", schedule_row(source="change_order")),
        ("retainage", schedule_row(retained="10.00")),
    ],
)
def test_an_unlinked_item_is_named_and_never_replaced_by_another(missing: str, row: dict[str, Any]) -> None:
    links = Links("texas", [one for one in ALL_LINKS if one.source != missing])

    with pytest.raises(MissingItemError) as caught:
        translate(facts(invoice=application(row), links=links))

    assert caught.value.resumes_on == f"link:item:texas:{missing}"


def test_a_total_of_zero_needs_a_person() -> None:
    with pytest.raises(NothingToBillError, match="above zero"):
        translate(facts(invoice=application(schedule_row("-82.50"))))


def test_an_invoice_that_does_not_add_up_needs_another_look() -> None:
    with pytest.raises(LinesDoNotAddUpError) as caught:
        translate(facts(invoice=application(due="1750.00")))

    assert caught.value.may_cure_itself
    assert "$1,000.00, but the payment due is $1,750.00" in caught.value.detail


def test_an_invoice_without_any_date_needs_a_person() -> None:
    with pytest.raises(MissingDateError):
        translate(facts(invoice=application(billing_date=None, period_end=None)))


@pytest.mark.parametrize("template", ["{owner}", "{", "{0}", "{invoice_number.x}"])
def test_a_template_that_makes_no_number_names_itself(template: str) -> None:
    with pytest.raises(NumberTemplateError, match=r"connections\.yaml"):
        translate(facts(connection=connection(number=template)))


def state_of(translation: Translation) -> InvoiceState:
    desired = translation.wanted[0].desired
    assert isinstance(desired, DesiredInvoice)
    return desired.state
