"""The verdict on a case, from QuickBooks' journal and books, the writer's tables and what Kafka was given.

Nothing here asks the writer's code. Every finding is one sentence; no finding means that the case passed.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from plumbline.common.contracts.ledger import DesiredInvoice
from tests.campaigns.cases import Step
from tests.campaigns.record import CHANGING, Record

Row = Mapping[str, Any]

FINAL_STATES = {
    Step.CREATE: "open",
    Step.UPDATE: "open",
    Step.RENEW: "open",
    Step.SEND: "sent",
    Step.PAY: "paid",
    Step.VOID: "void",
}
"""What the last result says of the invoice, by the last step of its life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is left once a record's life has come to rest."""

    journal: Sequence[Row]
    """Commits and mails of its company, in order."""
    invoices: Sequence[Row]
    payments: Sequence[Row]
    """What its company holds."""
    records: Sequence[Row]
    writes: Sequence[Row]
    unfinished: Sequence[Row]
    """Rows of work that are due, leased or parked."""
    unpublished: int
    results: Sequence[Row]
    """What Kafka was given about the invoice, in order."""

    def commits(self, *changes: str, entity: str = "Invoice") -> list[Row]:
        """Return what the writer changed in the books."""
        return [
            line
            for line in self.journal
            if line["kind"] == "commit"
            and line["origin"] == "api"
            and line["entity"] == entity
            and line["change"] in changes
        ]


def judge(record: Record, evidence: Evidence, *, optional: frozenset[int] = frozenset()) -> list[str]:
    """Return what is wrong.

    Args:
        record: what was asked for.
        evidence: what came of it.
        optional: versions that were overtaken before they were done, and may have been left out.
    """
    return [finding for check in CHECKS for finding in check(record, evidence, optional)]


def _one_commit_per_revision(record: Record, evidence: Evidence, optional: frozenset[int]) -> Iterator[str]:
    """I1: exactly one commit brings about each revision's content."""
    made = Counter(line["total_cents"] for line in evidence.commits("created", "updated"))
    for revision in record.revisions:
        if revision.step in CHANGING:
            times = made.pop(revision.desired.total_cents, 0)
            if times != 1 and not (times == 0 and revision.version in optional):
                yield f"version {revision.version} ({revision.step}) was committed {times} times"
    for cents, times in made.items():
        yield f"{cents} cents, which nobody asked for, were committed {times} times"


def _one_document_per_incarnation(record: Record, evidence: Evidence, _: frozenset[int]) -> Iterator[str]:
    """I1: no document was created twice under one marker."""
    notes = Counter(line.get("private_note") for line in evidence.commits("created"))
    yield from (f"{note} was created {times} times" for note, times in notes.items() if times > 1)
    numbers = Counter(str(i.get("DocNumber")).lower() for i in evidence.invoices)
    yield from (f"number {number} stands on {n} invoices" for number, n in numbers.items() if n > 1)


def _one_mail_one_void_one_payment(
    record: Record, evidence: Evidence, optional: frozenset[int]
) -> Iterator[str]:
    """I1 for what has no content of its own. A void of what was never created is none."""
    steps = [revision.step for revision in record.revisions]
    created = len(evidence.commits("created"))
    # Renewed after a void: the invoice of before had to be voided, if it was ever made.
    voids = max(0, created - steps.count(Step.RENEW)) if Step.VOID in steps else 0
    expected = {
        "mails": (steps.count(Step.SEND), sum(line["kind"] == "mail" for line in evidence.journal)),
        "sendings": (steps.count(Step.SEND), len(evidence.commits("sent"))),
        "voids": (voids, len(evidence.commits("voided"))),
        "payments": (steps.count(Step.PAY), len(evidence.commits("created", entity="Payment"))),
    }
    for what, (wanted, found) in expected.items():
        if wanted != found:
            yield f"{found} {what}, must be {wanted}"


def _books_say_what_was_asked(record: Record, evidence: Evidence, _: frozenset[int]) -> Iterator[str]:
    """I4: what counts in the books is the newest revision, to the cent, line by line."""
    last = record.revisions[-1]
    counting = [i for i in evidence.invoices if "voided" not in i.get("PrivateNote", "").lower()]
    if last.step is Step.VOID:
        yield from (f"invoice {i['Id']} counts, but should be void" for i in counting)
        yield from (f"void invoice {i['Id']} has a total" for i in evidence.invoices if cents(i["TotalAmt"]))
        return
    if len(counting) != 1:
        yield f"{len(counting)} invoices count, must be 1"
        return
    [held] = counting
    said = {
        "total": (cents(held["TotalAmt"]), last.desired.total_cents),
        "balance": (cents(held["Balance"]), 0 if record.is_paid else last.desired.total_cents),
        "tax": (cents(held["TxnTaxDetail"]["TotalTax"]), last.desired.tax_cents),
        "lines": (_held_lines(held), _lines(last.desired)),
        "customer": (held["CustomerRef"]["value"], last.desired.customer_id),
        "mailed": (held.get("EmailStatus") == "EmailSent", last.step is Step.SEND),
    }
    for what, (found, wanted) in said.items():
        if found != wanted:
            yield f"{what} is {found}, must be {wanted}"
    paid = [cents(payment["TotalAmt"]) for payment in evidence.payments]
    if record.is_paid and paid != [last.desired.total_cents]:
        yield f"payments of {paid} cents, must be one of {last.desired.total_cents}"


def _every_write_has_its_commit(record: Record, evidence: Evidence, _: frozenset[int]) -> Iterator[str]:
    """The tables and the journal name the same effects: no open write, none confirmed without a commit."""
    yield from (f"write {w['number']} of {w['key']} is open" for w in evidence.writes if w["fate"] == "open")
    ids = [w["request_id"] for w in evidence.writes]
    if len(set(ids)) != len(ids):
        yield "two writes have one request id"
    confirmed = Counter(w["request_id"] for w in evidence.writes if w["fate"] == "confirmed")
    committed = Counter(
        line["requestid"]
        for entity in ("Invoice", "Payment")
        for line in evidence.commits("created", "updated", "sent", "voided", entity=entity)
    )
    for request_id in confirmed - committed:
        yield f"write {request_id} is confirmed, but was never committed"
    for request_id in committed - confirmed:
        yield f"request {request_id} was committed, but its write is not confirmed"


def _writer_knows_what_the_books_hold(record: Record, evidence: Evidence, _: frozenset[int]) -> Iterator[str]:
    """I4: the writer's own figures are those of the books."""
    known = {row["key"]: row for row in evidence.records}
    newest = record.revisions[-1].version
    if (row := known.get(record.key)) is None or row["version"] != newest:
        yield f"the writer does not know version {newest}"
        return
    held = {str(i["Id"]): i for i in evidence.invoices}.get(str(row["quickbooks_id"]))
    if held is None:
        if evidence.invoices:
            yield f"the writer names invoice {row['quickbooks_id']}, which is not there"
        return
    for ours, theirs in (("total_cents", "TotalAmt"), ("balance_cents", "Balance")):
        if row[ours] != cents(held[theirs]):
            yield f"the writer believes in {ours} {row[ours]}, the books say {cents(held[theirs])}"


def _nothing_is_stuck(record: Record, evidence: Evidence, _: frozenset[int]) -> Iterator[str]:
    """I3: nothing is due, leased, parked or unpublished."""
    for row in evidence.unfinished:
        why = row["announced_reason"] or row["waiting_for"] or "no reason given"
        yield f"{row['key']} is unfinished, attempt {row['attempt']}: {why}"
    if evidence.unpublished:
        yield f"{evidence.unpublished} messages wait in the outbox"


def _results_tell_it(record: Record, evidence: Evidence, optional: frozenset[int]) -> Iterator[str]:
    """I3: results come in the order of versions, and the last one tells the newest."""
    last = record.revisions[-1]
    versions = [result["version"] for result in evidence.results]
    if any(later < earlier for earlier, later in pairwise(versions)):
        yield f"results of versions {versions} are out of order"
    told = evidence.results[-1] if evidence.results else {}
    if told.get("version") != last.version:
        yield f"the last result tells of version {told.get('version')}, must be {last.version}"
    elif told["state"] != FINAL_STATES[last.step] and evidence.invoices:
        yield f"the last result says {told['state']}, must be {FINAL_STATES[last.step]}"


CHECKS: Sequence[Callable[[Record, Evidence, frozenset[int]], Iterator[str]]] = (
    _one_commit_per_revision,
    _one_document_per_incarnation,
    _one_mail_one_void_one_payment,
    _books_say_what_was_asked,
    _every_write_has_its_commit,
    _writer_knows_what_the_books_hold,
    _nothing_is_stuck,
    _results_tell_it,
)
"""Everything that must hold."""


def _lines(desired: DesiredInvoice) -> list[tuple[str, int]]:
    return [(line.description, line.amount_cents) for line in desired.lines]


def _held_lines(held: Row) -> list[tuple[str, int]]:
    lines = [line for line in held["Line"] if line["DetailType"] == "SalesItemLineDetail"]
    return [(line["Description"], cents(line["Amount"])) for line in lines]


def cents(amount: object) -> int:
    """Return an amount of the books as whole cents."""
    return int((Decimal(str(amount)) * 100).to_integral_exact())
