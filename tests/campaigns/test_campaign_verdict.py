"""The verdict finds what it is there to find: every planted wrong is named, and a right case has none."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from plumbline.common.contracts.ledger import DesiredInvoice
from tests.campaigns.books import Company
from tests.campaigns.cases import Step
from tests.campaigns.record import Record
from tests.campaigns.verdict import Evidence, judge

COMPANY = Company(
    realm="9",
    access_token="token",
    customer_id="58",
    items={"Progress billing": "11", "Retainage": "12"},
    accounts={"Undeposited Funds": "35"},
)
NOTE = "plumbline:invoice/1/2/7#1"


def record(*steps: Step) -> Record:
    return Record.of(COMPANY, "7", steps, random.Random(1))


def commit(change: str, desired: DesiredInvoice, n: int, entity: str = "Invoice") -> dict[str, Any]:
    return {
        "kind": "commit",
        "origin": "api",
        "entity": entity,
        "change": change,
        "total_cents": desired.total_cents,
        "private_note": NOTE,
        "requestid": f"id-{n}",
    }


def held(desired: DesiredInvoice, *, balance_cents: int, mailed: bool = False) -> dict[str, Any]:
    lines = [
        {
            "DetailType": "SalesItemLineDetail",
            "Description": line.description,
            "Amount": line.amount_cents / 100,
        }
        for line in desired.lines
    ]
    return {
        "Id": "101",
        "DocNumber": "C-7",
        "PrivateNote": NOTE,
        "TotalAmt": desired.total_cents / 100,
        "Balance": balance_cents / 100,
        "TxnTaxDetail": {"TotalTax": desired.tax_cents / 100},
        "Line": lines,
        "CustomerRef": {"value": "58"},
        "EmailStatus": "EmailSent" if mailed else "NotSet",
    }


def sent_invoice() -> tuple[Record, Evidence]:
    """Return a life that ended as it should: created, corrected, mailed."""
    life = record(Step.CREATE, Step.UPDATE, Step.SEND)
    first, last = life.revisions[0].desired, life.revisions[2].desired
    journal = [
        commit("created", first, 1),
        commit("updated", last, 2),
        commit("sent", last, 3),
        {"kind": "mail"},
    ]
    return life, Evidence(
        journal=journal,
        invoices=[held(last, balance_cents=last.total_cents, mailed=True)],
        payments=[],
        records=[
            {
                "key": life.key,
                "version": 3,
                "quickbooks_id": "101",
                "total_cents": last.total_cents,
                "balance_cents": last.total_cents,
            }
        ],
        writes=[
            {"key": life.key, "number": n, "request_id": f"id-{n}", "fate": "confirmed"} for n in (1, 2, 3)
        ],
        unfinished=[],
        unpublished=0,
        results=[
            {"version": 1, "state": "open"},
            {"version": 2, "state": "open"},
            {"version": 3, "state": "sent"},
        ],
    )


def without(lines: list[Any], place: int) -> list[Any]:
    return [line for n, line in enumerate(lines) if n != place]


def changed(rows: Any, **facts: Any) -> list[Any]:
    return [{**rows[0], **facts}, *rows[1:]]


def test_case_in_which_all_is_right_has_no_findings() -> None:
    life, evidence = sent_invoice()
    assert judge(life, evidence) == []


WRONGS: dict[str, tuple[Callable[[Evidence], Evidence], str]] = {
    "created twice": (
        lambda e: replace(e, journal=[e.journal[0], *e.journal]),
        "version 1 (create) was committed 2 times",
    ),
    "update lost": (
        lambda e: replace(e, journal=without(list(e.journal), 1)),
        "version 2 (update) was committed 0 times",
    ),
    "wrong amount on the way": (
        lambda e: replace(e, journal=changed(e.journal, total_cents=1)),
        "1 cents, which nobody asked for, were committed 1 times",
    ),
    "mailed twice": (lambda e: replace(e, journal=[*e.journal, {"kind": "mail"}]), "2 mails, must be 1"),
    "never mailed": (lambda e: replace(e, journal=without(list(e.journal), 3)), "0 mails, must be 1"),
    "a cent too much": (
        lambda e: replace(e, invoices=changed(e.invoices, TotalAmt=e.invoices[0]["TotalAmt"] + 0.01)),
        "total is ",
    ),
    "paid by nobody": (lambda e: replace(e, invoices=changed(e.invoices, Balance=0)), "balance is 0"),
    "a second document": (
        lambda e: replace(e, invoices=[*e.invoices, {**e.invoices[0], "Id": "102"}]),
        "2 invoices count, must be 1",
    ),
    "a line lost": (
        lambda e: replace(e, invoices=changed(e.invoices, Line=e.invoices[0]["Line"][:1])),
        "lines is ",
    ),
    "open write": (
        lambda e: replace(e, writes=changed(e.writes, fate="open")),
        "write 1 of 9/invoice/1/2/7 is open",
    ),
    "confirmed without a commit": (
        lambda e: replace(e, writes=changed(e.writes, request_id="id-9")),
        "write id-9 is confirmed, but was never committed",
    ),
    "committed without a confirmation": (
        lambda e: replace(e, writes=changed(e.writes, fate="rejected")),
        "request id-1 was committed, but its write is not confirmed",
    ),
    "one id twice": (
        lambda e: replace(e, writes=changed(e.writes, request_id="id-2")),
        "two writes have one request id",
    ),
    "wrong figure in the tables": (
        lambda e: replace(e, records=changed(e.records, total_cents=5)),
        "the writer believes in total_cents 5",
    ),
    "newest version unknown": (
        lambda e: replace(e, records=changed(e.records, version=2)),
        "the writer does not know version 3",
    ),
    "another document in the tables": (
        lambda e: replace(e, records=changed(e.records, quickbooks_id="999")),
        "the writer names invoice 999, which is not there",
    ),
    "stuck": (
        lambda e: replace(
            e,
            unfinished=[{"key": "k", "attempt": 2, "announced_reason": None, "waiting_for": "a token"}],
        ),
        "k is unfinished, attempt 2: a token",
    ),
    "unpublished": (lambda e: replace(e, unpublished=1), "1 messages wait in the outbox"),
    "result lost": (
        lambda e: replace(e, results=e.results[:2]),
        "the last result tells of version 2, must be 3",
    ),
    "results out of order": (
        lambda e: replace(e, results=[e.results[1], e.results[0], e.results[2]]),
        "results of versions [2, 1, 3] are out of order",
    ),
    "result says otherwise": (
        lambda e: replace(e, results=[*e.results[:2], {"version": 3, "state": "open"}]),
        "the last result says open, must be sent",
    ),
}


@pytest.mark.parametrize("wrong", WRONGS)
def test_planted_wrong_is_found(wrong: str) -> None:
    plant, words = WRONGS[wrong]
    life, evidence = sent_invoice()
    findings = judge(life, plant(evidence))
    assert any(words in finding for finding in findings), findings


def test_overtaken_revision_may_be_left_out_but_not_made_twice() -> None:
    life, evidence = sent_invoice()
    last = life.revisions[1].desired
    skipping = [commit("created", last, 1), *evidence.journal[2:]]
    writes = [evidence.writes[0], evidence.writes[2]]
    assert judge(life, replace(evidence, journal=skipping, writes=writes), optional=frozenset({1})) == []
    twice = [evidence.journal[0], *evidence.journal]
    assert judge(life, replace(evidence, journal=twice), optional=frozenset({1})) != []


def void_invoice() -> tuple[Record, Evidence]:
    """Return a life that ended with a void."""
    life = record(Step.CREATE, Step.VOID)
    desired = life.revisions[0].desired
    voided = {**held(desired, balance_cents=0), "TotalAmt": 0, "PrivateNote": f"Voided - {NOTE}"}
    return life, Evidence(
        journal=[commit("created", desired, 1), commit("voided", desired, 2)],
        invoices=[voided],
        payments=[],
        records=[
            {"key": life.key, "version": 2, "quickbooks_id": "101", "total_cents": 0, "balance_cents": 0}
        ],
        writes=[{"key": life.key, "number": n, "request_id": f"id-{n}", "fate": "confirmed"} for n in (1, 2)],
        unfinished=[],
        unpublished=0,
        results=[{"version": 2, "state": "void"}],
    )


def test_void_that_did_not_happen_is_found() -> None:
    life, evidence = void_invoice()
    assert judge(life, evidence) == []
    standing = [{**evidence.invoices[0], "PrivateNote": NOTE}]
    assert "invoice 101 counts, but should be void" in judge(life, replace(evidence, invoices=standing))


def test_second_payment_is_found() -> None:
    life = record(Step.CREATE, Step.PAY)
    desired = life.revisions[0].desired
    payment = commit("created", desired, 2, entity="Payment")
    _, evidence = void_invoice()
    paid = replace(
        evidence,
        journal=[commit("created", desired, 1), payment],
        invoices=[held(desired, balance_cents=0)],
        payments=[{"TotalAmt": desired.total_cents / 100}],
        records=changed(evidence.records, total_cents=desired.total_cents),
        results=[{"version": 2, "state": "paid"}],
    )
    assert judge(life, paid) == []
    again = replace(paid, journal=[*paid.journal, payment], payments=[*paid.payments, *paid.payments])
    findings = judge(life, again)
    assert "2 payments, must be 1" in findings
    assert any("must be one of" in finding for finding in findings)
