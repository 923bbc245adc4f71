"""The verdict finds what it is there to find: every planted wrong is named, and a right case has none."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.campaigns.books import Company
from tests.campaigns.cases import LIVES, Course, Step, Subject
from tests.campaigns.ideal import ideal
from tests.campaigns.record import Record
from tests.campaigns.verdict import Evidence, judge

COMPANY = Company(
    realm="9",
    access_token="token",
    customer_id="58",
    vendor_id="59",
    items={"Progress billing": "11", "Retainage": "12"},
    accounts={
        "Undeposited Funds": "35",
        "Checking": "36",
        "Subcontractors": "37",
        "Retainage Payable": "38",
    },
)

Spoil = Callable[[Evidence], Evidence]


def life(subject: Subject, *steps: Step) -> Record:
    return Record.of(COMPANY, "7", Course(subject, steps), random.Random(1))


SENT = life(Subject.INVOICE, Step.CREATE, Step.UPDATE, Step.SEND)
PAID = life(Subject.INVOICE, Step.CREATE, Step.PAY)
VOID = life(Subject.INVOICE, Step.CREATE, Step.VOID)
BILL = life(Subject.BILL, Step.CREATE, Step.UPDATE, Step.PAY)
CREDIT = life(Subject.VENDOR_CREDIT, Step.CREATE, Step.PAY)
UNPAID = life(Subject.BILL, Step.CREATE, Step.PAY, Step.UNPAY)
FILE = life(Subject.INVOICE, Step.CREATE, Step.ATTACH, Step.REPLACE)


@pytest.mark.parametrize("course", LIVES)
def test_life_in_which_all_went_right_has_no_findings(course: Course) -> None:
    record = Record.of(COMPANY, "7", course, random.Random(2))
    assert judge(record, ideal(record)) == []


def without(place: int) -> Spoil:
    """Leave a line out of the journal."""
    return lambda e: replace(e, journal=[line for n, line in enumerate(e.journal) if n != place])


def again(place: int) -> Spoil:
    """Let a line stand in the journal twice."""
    return lambda e: replace(e, journal=[*e.journal, e.journal[place]])


def line(place: int, **facts: Any) -> Spoil:
    """Change a line of the journal."""
    return lambda e: replace(e, journal=_changed(e.journal, place, facts))


def document(entity: str, **facts: Any) -> Spoil:
    """Change the first document of a family."""
    return lambda e: replace(e, documents={**e.documents, entity: _changed(e.documents[entity], 0, facts)})


def write(place: int, **facts: Any) -> Spoil:
    """Change a write in the tables."""
    return lambda e: replace(e, writes=_changed(e.writes, place, facts))


def row(place: int, **facts: Any) -> Spoil:
    """Change a record in the tables."""
    return lambda e: replace(e, records=_changed(e.records, place, facts))


def results(name: str, change: Callable[[list[Any]], list[Any]]) -> Spoil:
    """Change what was told of a record."""
    return lambda e: replace(e, results={**e.results, name: change(list(e.results[name]))})


def _changed(rows: Sequence[Any], place: int, facts: Mapping[str, Any]) -> list[Any]:
    return [{**one, **facts} if n == place else one for n, one in enumerate(rows)]


def doubled(entity: str) -> Spoil:
    """Let another document like the first stand beside it."""

    def spoil(e: Evidence) -> Evidence:
        held = e.documents[entity]
        return replace(e, documents={**e.documents, entity: [*held, {**held[0], "Id": "999"}]})

    return spoil


INVOICE, PAYMENT, ATTACHMENT = "invoice/1/2/7", "payment/1/2/7", "attachment/1/2/7"
STUCK = [{"key": "k", "attempt": 2, "announced_reason": None, "waiting_for": "a token"}]

WRONGS: dict[str, tuple[Record, Spoil, str]] = {
    "created twice": (SENT, again(0), f"version 1 of {INVOICE} (create) was committed 2 times"),
    "update lost": (SENT, without(1), f"version 2 of {INVOICE} (update) was committed 0 times"),
    "wrong amount on the way": (SENT, line(0, total_cents=1), "Invoice of 1, which nobody asked for"),
    "mailed twice": (SENT, again(3), "2 mails, must be 1"),
    "never mailed": (SENT, without(3), "0 mails, must be 1"),
    "mailed by nobody's wish": (SENT, document("Invoice", EmailStatus="NotSet"), f"mailing of {INVOICE} is"),
    "a cent too much": (SENT, document("Invoice", TotalAmt=Decimal("0.01")), f"total of {INVOICE} is 1"),
    "paid by nobody": (SENT, document("Invoice", Balance=0), f"balance of {INVOICE} is 0"),
    "a second document": (SENT, doubled("Invoice"), f"2 documents of {INVOICE} count, must be 1"),
    "a line lost": (SENT, document("Invoice", Line=[]), f"lines of {INVOICE} is []"),
    "another customer": (
        SENT,
        document("Invoice", CustomerRef={"value": "1"}),
        f"customer of {INVOICE} is 1",
    ),
    "open write": (SENT, write(0, fate="open"), f"write 1 of 9/{INVOICE} is open"),
    "confirmed without a commit": (
        SENT,
        write(0, request_id="id-9"),
        "write id-9 is confirmed, but was never committed",
    ),
    "committed without a confirmation": (
        SENT,
        write(0, fate="rejected"),
        "request id-1 was committed, but its write is not confirmed",
    ),
    "one id twice": (SENT, write(0, request_id="id-2"), "two writes have one request id"),
    "wrong figure in the tables": (SENT, row(0, total_cents=5), "the writer believes in total_cents 5"),
    "newest version unknown": (SENT, row(0, version=2), "the writer does not know version 3"),
    "another document in the tables": (SENT, row(0, quickbooks_id="999"), "999, which is not there"),
    "stuck": (SENT, lambda e: replace(e, unfinished=STUCK), "k is unfinished, attempt 2: a token"),
    "unpublished": (SENT, lambda e: replace(e, unpublished=1), "1 messages wait in the outbox"),
    "result lost": (
        SENT,
        results(INVOICE, lambda told: told[:2]),
        f"the last result of {INVOICE} tells of version 2, must be 3",
    ),
    "results out of order": (
        SENT,
        results(INVOICE, lambda told: [told[1], told[0], told[2]]),
        f"results of versions [2, 1, 3] of {INVOICE} are out of order",
    ),
    "result says otherwise": (
        SENT,
        results(INVOICE, lambda told: [*told[:2], {"version": 3, "state": "open"}]),
        f"the last result of {INVOICE} says open, must be sent",
    ),
    "void that did not happen": (
        VOID,
        document("Invoice", PrivateNote=f"plumbline:{INVOICE}#1"),
        f"{INVOICE} counts as 101, but should be ended",
    ),
    "void that left money": (VOID, document("Invoice", TotalAmt=5), f"what is left of {INVOICE} has a total"),
    "voided twice": (VOID, again(1), f"{INVOICE} was created 1 times and ended 2 times"),
    "paid twice": (PAID, again(1), f"version 1 of {PAYMENT} (pay) was committed 2 times"),
    "a second payment stands": (PAID, doubled("Payment"), f"2 documents of {PAYMENT} count"),
    "paid another invoice": (
        PAID,
        document("Payment", Line=[{"Amount": 5, "LinkedTxn": [{"TxnType": "Invoice", "TxnId": "5"}]}]),
        f"shares of {PAYMENT} is",
    ),
    "writer believes it is unpaid": (PAID, row(0, balance_cents=7), "the writer believes in balance_cents 7"),
    "bill of another vendor": (BILL, document("Bill", VendorRef={"value": "1"}), "vendor of bill/1/2/7 is 1"),
    "bill on another account": (
        BILL,
        lambda e: document("Bill", Line=e.documents["Bill"][0]["Line"][:1])(e),
        "lines of bill/1/2/7 is",
    ),
    "bill paid twice": (BILL, again(2), "version 1 of bill-payment/1/2/7 (pay) was committed 2 times"),
    "bill still open": (BILL, document("Bill", Balance=Decimal(1)), "balance of bill/1/2/7 is 100"),
    "check of another amount": (
        BILL,
        document("BillPayment", TotalAmt=Decimal(1)),
        "total of bill-payment/1/2/7 is 100",
    ),
    "credit not used up": (
        CREDIT,
        document("VendorCredit", Balance=Decimal(1)),
        "balance of vendor-credit/1/2/7 is 100, must be 0",
    ),
    "deleted payment still stands": (
        UNPAID,
        lambda e: replace(e, documents={**e.documents, "BillPayment": [_payment(UNPAID)]}),
        "bill-payment/1/2/7 counts as 102, but should be ended",
    ),
    "deletion lost": (UNPAID, without(2), "bill-payment/1/2/7 was created 1 times and ended 0 times"),
    "uploaded twice": (FILE, again(3), f"version 2 of {ATTACHMENT} (replace) was committed 2 times"),
    "a second file hangs there": (FILE, doubled("Attachable"), f"2 documents of {ATTACHMENT} count"),
    "file of another size": (FILE, document("Attachable", Size=1), f"size of {ATTACHMENT} is 1"),
    "file on another document": (
        FILE,
        document("Attachable", AttachableRef=[{"EntityRef": {"type": "Bill", "value": "1"}}]),
        f"place of {ATTACHMENT} is",
    ),
    "the old file not taken off": (
        FILE,
        without(2),
        f"{ATTACHMENT} was created 2 times and ended 0 times",
    ),
}


def _payment(record: Record) -> Any:
    paid = Record(record.company, record.name, record.revisions[:2])
    return ideal(paid).documents["BillPayment"][0]


@pytest.mark.parametrize("wrong", WRONGS)
def test_planted_wrong_is_found(wrong: str) -> None:
    record, plant, words = WRONGS[wrong]
    findings = judge(record, plant(ideal(record)))
    assert any(words in finding for finding in findings), findings


def test_overtaken_revision_may_be_left_out_but_not_made_twice() -> None:
    evidence = ideal(SENT)
    created = {**evidence.journal[1], "change": "created", "requestid": "id-1"}
    skipping = [created, *evidence.journal[2:]]
    writes = [evidence.writes[0], evidence.writes[2]]
    skipped = replace(evidence, journal=skipping, writes=writes)
    assert judge(SENT, skipped, optional=frozenset({1})) == []
    assert judge(SENT, skipped) != []
    assert judge(SENT, again(0)(evidence), optional=frozenset({1})) != []


def test_revision_of_another_record_is_never_left_out() -> None:
    # The invoice has one version only; that its attachment came meanwhile does not excuse it.
    assert judge(FILE, without(0)(ideal(FILE)), optional=frozenset({1, 2})) != []
