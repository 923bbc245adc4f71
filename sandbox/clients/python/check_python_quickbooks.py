"""python-quickbooks: each family made, read, changed, ended, paged and refused; batch, changes, files, webhooks."""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import requests
from forms import FORMS, filled, references
from intuitlib.client import AuthClient
from quickbooks import QuickBooks
from quickbooks.batch import batch_create
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import (
    AuthorizationException,
    ObjectNotFoundException,
    QuickbooksException,
    ValidationException,
)
from quickbooks.objects import (
    Account,
    Attachable,
    Bill,
    BillPayment,
    Budget,
    Class,
    CompanyInfo,
    CreditMemo,
    Customer,
    Department,
    Deposit,
    Employee,
    Estimate,
    Invoice,
    Item,
    JournalEntry,
    Payment,
    PaymentMethod,
    Preferences,
    Purchase,
    PurchaseOrder,
    RefundReceipt,
    SalesReceipt,
    TaxAgency,
    TaxCode,
    TaxRate,
    TaxService,
    Term,
    TimeActivity,
    Transfer,
    Vendor,
    VendorCredit,
)
from quickbooks.objects.base import Ref
from quickbooks.objects.companycurrency import CompanyCurrency
from quickbooks.objects.customertype import CustomerType
from quickbooks.objects.detailline import SalesItemLine, SalesItemLineDetail
from quickbooks.objects.exchangerate import ExchangeRate
from quickbooks.objects.payment import PaymentLine
from quickbooks.objects.recurringtransaction import RecurringTransaction
from quickbooks.objects.taxservice import TaxRateDetails

LISTED = [
    Account, Attachable, Bill, BillPayment, Class, CompanyCurrency, CreditMemo, Customer, Department, Deposit, Employee,
    Estimate, Invoice, Item, JournalEntry, Payment, PaymentMethod, Purchase, PurchaseOrder, RefundReceipt, SalesReceipt,
    TaxAgency, TaxCode, TaxRate, Term, TimeActivity, Transfer, Vendor, VendorCredit,
]  # fmt: skip
REFUSED = [family for family in LISTED if family.qbo_object_name in FORMS]
MADE = [family for family in REFUSED if "create" in FORMS[family.qbo_object_name]]
VOIDED, SENT, PRINTED = (
    [family for family in MADE if hasattr(family, ability)] for ability in ("void", "send", "download_pdf")
)


def each(families):
    return pytest.mark.parametrize("family", families, ids=lambda family: family.__name__)


@pytest.fixture(scope="module")
def qb(sandbox, realm):
    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
    oauth = AuthClient(
        realm["client_id"],
        realm["client_secret"],
        "http://127.0.0.1/callback",
        sandbox["quickbooks"]["discovery_url"],
    )
    client = QuickBooks(
        auth_client=oauth, refresh_token=realm["refresh_token"], company_id=realm["id"], minorversion=75
    )
    client.api_url_v3 = sandbox["quickbooks"]["url"] + "/v3"
    return client


@pytest.fixture(scope="module")
def known(seed, realm):
    return references(seed, realm["id"])


def name(what):
    return f"{what} {uuid4().hex[:8]}"


def make(family, qb, known, **more):
    """Make the least there can be of a family; payments get something to pay first."""
    owed = {
        place: make(of, qb, known).Id
        for place, of in (("$invoice", Invoice), ("$bill", Bill))
        if place in json.dumps(FORMS[family.qbo_object_name]["create"])
    }
    form = filled(FORMS[family.qbo_object_name]["create"], known | owed)
    return family.from_json({**form, **more}).save(qb=qb)


@pytest.fixture
def invoice(qb, known):
    return make(Invoice, qb, known, DocNumber=uuid4().hex[:12])


@each(MADE)
def test_family_is_made_read_changed_and_ended(qb, known, family):
    form = FORMS[family.qbo_object_name]
    made = make(family, qb, known)
    assert made.SyncToken == "0"
    assert family.get(made.Id, qb=qb).to_json() == made.to_json()
    if form["change"]:
        ((field, wanted),) = filled(form["change"], known).items()
        setattr(made, field, wanted)
        made = made.save(qb=qb)
        assert (made.SyncToken, getattr(made, field)) == ("1", wanted)
        assert getattr(family.get(made.Id, qb=qb), field) == wanted
    end(family, made, form["end"], qb)


def end(family, made, how, qb):
    if how == "inactive":
        made.Active = False
        assert made.save(qb=qb).Active is False
        assert made.Id not in {row.Id for row in family.all(max_results=1000, qb=qb)}
    elif how == "delete":
        made.delete(qb=qb)
        with pytest.raises(ObjectNotFoundException):
            family.get(made.Id, qb=qb)
    elif how == "void":
        made.void(qb=qb)
        assert family.get(made.Id, qb=qb).TotalAmt == 0


@each(REFUSED)
def test_family_refuses_with_a_code(qb, known, family):
    refused = FORMS[family.qbo_object_name]["refused"]
    with pytest.raises(QuickbooksException) as told:
        family.from_json(filled(refused["body"], known)).save(qb=qb)
    assert told.value.error_code == refused["code"]


@each(MADE)
def test_stale_version_is_refused(qb, known, family):
    if not FORMS[family.qbo_object_name]["change"]:
        return
    made = make(family, qb, known)
    family.get(made.Id, qb=qb).save(qb=qb)
    with pytest.raises(QuickbooksException) as told:
        made.save(qb=qb)
    assert told.value.error_code == 5010


@each(LISTED)
def test_pages_of_a_family_cover_it_once(qb, known, family):
    while family.count(qb=qb) < 3 and family in MADE:
        make(family, qb, known)
    seen, start = [], 1
    while rows := family.all(order_by="Id", start_position=start, max_results=2, qb=qb):
        seen += [row.Id for row in rows]
        start += 2
    assert len(seen) == len(set(seen)) == family.count(qb=qb)


@each(LISTED)
def test_id_that_is_not_there_is_refused(qb, family):
    with pytest.raises(ObjectNotFoundException):
        family.get("999999", qb=qb)


@each(VOIDED)
def test_family_is_voided(qb, known, family):
    made = make(family, qb, known)
    made.void(qb=qb)
    assert family.get(made.Id, qb=qb).TotalAmt == 0


@each(SENT)
def test_family_is_sent(qb, known, family):
    made = make(family, qb, known)
    assert made.send(qb=qb, send_to="ap@owner.example")


@each(PRINTED)
def test_family_is_printed(qb, known, family):
    assert make(family, qb, known).download_pdf(qb=qb).startswith(b"%PDF")


def test_request_id_makes_one_invoice(qb, known):
    form, key = filled(FORMS["Invoice"]["create"], known), uuid4().hex
    one, two = (Invoice.from_json(form).save(qb=qb, request_id=key) for _ in range(2))
    assert one.Id == two.Id


def test_line_with_an_amount_alone_is_taken(qb, known):
    # A line as this client's own classes make it: quantity 0 and price 0 beside the amount.
    document, line = Invoice(), SalesItemLine()
    document.CustomerRef = Ref()
    document.CustomerRef.value = known["$customer"]
    line.Amount = 100.25
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = Ref()
    line.SalesItemLineDetail.ItemRef.value = known["$sale"]["SalesItemLineDetail"]["ItemRef"]["value"]
    document.Line = [line]
    assert document.save(qb=qb).TotalAmt == 100.25


def test_payment_moves_the_balance(qb, invoice):
    payment = Payment()
    payment.CustomerRef = invoice.CustomerRef
    payment.TotalAmt = 60.25
    part = PaymentLine()
    part.Amount = 60.25
    part.LinkedTxn = [invoice.to_linked_txn()]
    payment.Line = [part]
    payment.save(qb=qb)
    paid = Invoice.get(invoice.Id, qb=qb)
    assert paid.Balance == 40
    assert paid.SyncToken == "1"


def test_quotes_in_a_query(qb):
    made = Customer()
    made.DisplayName = name("O'Brien & Sons")
    made.save(qb=qb)
    assert [c.Id for c in Customer.filter(DisplayName=made.DisplayName, qb=qb)] == [made.Id]
    assert [c.Id for c in Customer.choose([made.Id], field="Id", qb=qb)] == [made.Id]


def test_batch_makes_each_and_tells_which_failed(qb):
    made = []
    for number in range(3):
        customer = Customer()
        customer.DisplayName = name(f"Batch {number}")
        made.append(customer)
    made[1].DisplayName = made[0].DisplayName
    results = batch_create(made, qb=qb)
    assert len(results.successes) == 2
    assert len(results.faults) == 1


def test_changes_since_are_told_by_family(qb, known):
    customer = make(Customer, qb, known)
    since = datetime.now(UTC) - timedelta(minutes=5)
    changes = change_data_capture([Customer, Invoice], since.isoformat(timespec="seconds"), qb=qb)
    assert customer.Id in {row.Id for row in changes.Customer}


def test_file_is_attached(qb, tmp_path):
    file = tmp_path / "application.pdf"
    file.write_bytes(b"%PDF-1.4\n%%EOF\n")
    upload = Attachable()
    upload.FileName, upload.ContentType = file.name, "application/pdf"
    upload._FilePath = str(file)
    saved = upload.save(qb=qb)
    assert saved.Size == file.stat().st_size
    assert Attachable.get(saved.Id, qb=qb).TempDownloadUri


def test_tax_code_is_made_with_a_rate(qb):
    agency = TaxAgency.all(qb=qb)[0]
    rate = TaxRateDetails()
    rate.TaxRateName, rate.RateValue, rate.TaxAgencyId = name("Rate"), 8.25, agency.Id
    service = TaxService()
    service.TaxCode, service.TaxRateDetails = name("Code"), [rate]
    made = service.save(qb=qb)
    assert TaxCode.get(made.TaxCodeId, qb=qb).Name == service.TaxCode
    assert rate.TaxRateName in {row.Name for row in TaxRate.all(max_results=1000, qb=qb)}


def test_company_and_preferences_are_read_and_changed(qb, realm):
    company = CompanyInfo.get(realm["id"], qb=qb)
    assert company.CompanyName == realm["name"]
    company.LegalName = name("Lone Star")
    assert company.save(qb=qb).LegalName == company.LegalName
    preferences = Preferences.get(qb=qb)
    assert preferences.save(qb=qb).SalesFormsPrefs is not None


def test_company_of_one_currency_has_no_rates(qb):
    assert ExchangeRate.filter(SourceCurrencyCode="CAD", AsOfDate="2026-11-02", qb=qb) == []


def test_families_that_are_not_there_are_refused(qb):
    for family in (Budget, CustomerType, RecurringTransaction):
        with pytest.raises(QuickbooksException):
            family.all(qb=qb)


def test_duplicate_number_is_told_by_code(qb, known, invoice):
    with pytest.raises(QuickbooksException) as refused:
        make(Invoice, qb, known, DocNumber=invoice.DocNumber)
    assert refused.value.error_code == 6140


def test_missing_customer_is_a_validation_error(qb, known):
    with pytest.raises(ValidationException) as refused:
        Invoice.from_json({"Line": [known["$sale"]]}).save(qb=qb)
    assert refused.value.error_code == 2020


def test_refused_token_is_an_authorization_error(qb):
    token = dict(qb.session.token)
    qb.session.token = {**token, "access_token": "no such token"}
    try:
        with pytest.raises(AuthorizationException):
            Customer.all(qb=qb)
    finally:
        qb.session.token = token


def test_signature_of_a_webhook_is_verified(qb, sandbox, realm, known, endpoint):
    control = sandbox["control_url"] + "/control/quickbooks/webhooks"
    app = {"client_id": realm["client_id"], "url": endpoint.url, "aggregate_s": 0}
    verifier = requests.post(control, json=app, timeout=5).json()["verifier_token"]
    make(Customer, qb, known)
    deadline = time.monotonic() + 10
    while not endpoint.taken and time.monotonic() < deadline:
        time.sleep(0.02)
    requests.delete(f"{control}/{realm['client_id']}", timeout=5).raise_for_status()
    headers, body = endpoint.taken[0]
    assert qb.validate_webhook_signature(body, headers["intuit-signature"], verifier)
    assert not qb.validate_webhook_signature(body + " ", headers["intuit-signature"], verifier)
