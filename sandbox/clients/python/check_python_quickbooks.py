"""python-quickbooks: create, read, update, delete, query, paging, batch, changes, files, errors."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
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
    Term,
    TimeActivity,
    Transfer,
    Vendor,
    VendorCredit,
)
from quickbooks.objects.base import EmailAddress, PhoneNumber, Ref
from quickbooks.objects.companycurrency import CompanyCurrency
from quickbooks.objects.detailline import SalesItemLine, SalesItemLineDetail
from quickbooks.objects.payment import PaymentLine
from requests import Session

LISTED = [
    Account, Bill, BillPayment, Class, CompanyCurrency, CreditMemo, Customer, Department, Deposit, Employee,
    Estimate, Invoice, Item, JournalEntry, Payment, PaymentMethod, Purchase, PurchaseOrder, RefundReceipt,
    SalesReceipt, TaxAgency, TaxCode, TaxRate, Term, TimeActivity, Transfer, Vendor, VendorCredit, Attachable,
]  # fmt: skip


class TokenSession(Session):
    """What `QuickBooks` needs of a session: requests, and the access token."""

    def __init__(self, access_token):
        super().__init__()
        self.access_token = access_token


@pytest.fixture(scope="module")
def qb(sandbox, realm):
    client = QuickBooks(
        company_id=realm["id"],
        minorversion=75,
        auth_client=SimpleNamespace(
            environment="production",
            access_token=realm["access_token"],
            refresh_token=realm["refresh_token"],
            client_id=realm["client_id"],
        ),
    )
    client.session = TokenSession(realm["access_token"])
    client.api_url_v3 = sandbox["quickbooks"]["url"] + "/v3"
    return client


def ref(thing, name="Name"):
    made = Ref()
    made.value, made.name = thing.Id, getattr(thing, name, None)
    return made


def name(what):
    return f"{what} {uuid4().hex[:8]}"


@pytest.fixture
def customer(qb):
    made = Customer()
    made.DisplayName = name("Owner")
    made.PrimaryEmailAddr = EmailAddress()
    made.PrimaryEmailAddr.Address = "ap@owner.example"
    made.PrimaryPhone = PhoneNumber()
    made.PrimaryPhone.FreeFormNumber = "+1 512 555 0100"
    return made.save(qb=qb)


@pytest.fixture
def item(qb):
    return Item.filter(Type="Service", qb=qb)[0]


def line(item, amount):
    made = SalesItemLine()
    made.Amount = amount
    made.SalesItemLineDetail = SalesItemLineDetail()
    made.SalesItemLineDetail.ItemRef = ref(item)
    return made


@pytest.fixture
def invoice(qb, customer, item):
    made = Invoice()
    made.CustomerRef = ref(customer, "DisplayName")
    made.DocNumber = uuid4().hex[:12]
    made.Line = [line(item, 100.25)]
    return made.save(qb=qb)


@pytest.mark.parametrize("family", LISTED, ids=lambda family: family.__name__)
def test_family_is_listed_and_counted(qb, family):
    rows = family.all(max_results=1000, qb=qb)
    assert len(rows) == family.count(qb=qb)


@pytest.mark.parametrize("family", LISTED, ids=lambda family: family.__name__)
def test_family_is_read_by_id(qb, family):
    for row in family.all(max_results=1, qb=qb):
        assert family.get(row.Id, qb=qb).Id == row.Id


def test_invoice_is_made_read_updated_and_deleted(qb, invoice):
    assert (invoice.SyncToken, invoice.TotalAmt, invoice.Balance) == ("0", 100.25, 100.25)
    read = Invoice.get(invoice.Id, qb=qb)
    assert read.DocNumber == invoice.DocNumber
    read.PrivateNote = "seen"
    saved = read.save(qb=qb)
    assert (saved.SyncToken, saved.PrivateNote) == ("1", "seen")
    saved.delete(qb=qb)
    with pytest.raises(ObjectNotFoundException):
        Invoice.get(invoice.Id, qb=qb)


def test_request_id_makes_one_invoice(qb, customer, item):
    made = []
    key = uuid4().hex
    for _ in range(2):
        document = Invoice()
        document.CustomerRef = ref(customer, "DisplayName")
        document.Line = [line(item, 10)]
        made.append(document.save(qb=qb, request_id=key).Id)
    assert made[0] == made[1]


def test_invoice_is_voided_sent_and_printed(qb, invoice):
    invoice.send(qb=qb, send_to="ap@owner.example")
    assert Invoice.get(invoice.Id, qb=qb).EmailStatus == "EmailSent"
    assert invoice.download_pdf(qb=qb).startswith(b"%PDF")
    read = Invoice.get(invoice.Id, qb=qb)
    read.void(qb=qb)
    assert Invoice.get(invoice.Id, qb=qb).TotalAmt == 0


def test_payment_moves_the_balance(qb, customer, invoice):
    payment = Payment()
    payment.CustomerRef = ref(customer, "DisplayName")
    payment.TotalAmt = 60.25
    part = PaymentLine()
    part.Amount = 60.25
    part.LinkedTxn = [invoice.to_linked_txn()]
    payment.Line = [part]
    payment.save(qb=qb)
    paid = Invoice.get(invoice.Id, qb=qb)
    assert paid.Balance == 40
    assert paid.SyncToken == "1"


def test_updates_of_lists(qb):
    for family, field in ((Vendor, "DisplayName"), (Employee, "GivenName")):
        made = family()
        setattr(made, field, name("New"))
        if family is Employee:
            made.FamilyName = name("Hand")
        saved = made.save(qb=qb)
        setattr(saved, field, name("Renamed"))
        again = saved.save(qb=qb)
        assert (again.Id, again.SyncToken) == (saved.Id, "1")
    for family in (Class, Department, Term, PaymentMethod):
        made = family()
        made.Name = name("N")[:30]
        if family is Term:
            made.DueDays = 10
        assert made.save(qb=qb).Name == made.Name


def test_account_is_made(qb):
    made = Account()
    made.Name, made.AccountType, made.AccountSubType = name("Site cash"), "Bank", "CashOnHand"
    saved = made.save(qb=qb)
    assert Account.get(saved.Id, qb=qb).Classification == "Asset"


def test_pages_of_a_query_cover_everything_once(qb):
    seen, start = [], 1
    while rows := Account.all(order_by="Id", start_position=start, max_results=7, qb=qb):
        seen += [row.Id for row in rows]
        start += 7
    assert len(seen) == len(set(seen)) == Account.count(qb=qb)


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


def test_changes_since_are_told_by_family(qb, customer):
    since = datetime.now(UTC) - timedelta(minutes=5)
    changes = change_data_capture([Customer, Invoice], since.isoformat(timespec="seconds"), qb=qb)
    assert customer.Id in {row.Id for row in changes.Customer}


def test_note_and_file_are_attached(qb, invoice, tmp_path):
    note = Attachable()
    note.Note = "agreed on site"
    assert note.save(qb=qb).Id
    file = tmp_path / "application.pdf"
    file.write_bytes(b"%PDF-1.4\n%%EOF\n")
    upload = Attachable()
    upload.FileName, upload.ContentType = file.name, "application/pdf"
    upload._FilePath = str(file)
    saved = upload.save(qb=qb)
    assert saved.Size == file.stat().st_size
    assert Attachable.get(saved.Id, qb=qb).TempDownloadUri


def test_company_and_preferences(qb, realm):
    assert CompanyInfo.get(realm["id"], qb=qb).CompanyName == realm["name"]
    assert Preferences.get(qb=qb).SalesFormsPrefs is not None


def test_missing_customer_is_a_validation_error(qb, item):
    document = Invoice()
    document.Line = [line(item, 1)]
    with pytest.raises(ValidationException) as refused:
        document.save(qb=qb)
    assert refused.value.error_code == 2020


def test_stale_and_duplicate_are_told_by_code(qb, invoice, customer, item):
    stale = Invoice.get(invoice.Id, qb=qb)
    Invoice.get(invoice.Id, qb=qb).save(qb=qb)
    with pytest.raises(QuickbooksException) as refused:
        stale.save(qb=qb)
    assert refused.value.error_code == 5010
    twin = Invoice()
    twin.CustomerRef = ref(customer, "DisplayName")
    twin.DocNumber = invoice.DocNumber
    twin.Line = [line(item, 5)]
    with pytest.raises(QuickbooksException) as refused:
        twin.save(qb=qb)
    assert refused.value.error_code == 6140


def test_refused_token_is_an_authorization_error(qb, sandbox, realm):
    session, qb.session = qb.session, TokenSession("no such token")
    try:
        with pytest.raises(AuthorizationException):
            Customer.all(qb=qb)
    finally:
        qb.session = session
