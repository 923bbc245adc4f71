"""The verdict on a case, from QuickBooks' journal and books, the writer's tables and what Kafka was given.

Nothing here asks the writer's code. Every finding is one sentence; no finding means that the case passed.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Any

from plumbline.common.contracts.ledger import (
    Desired,
    DesiredAttachment,
    DesiredBill,
    DesiredBillPayment,
    DesiredCreditMemo,
    DesiredInvoice,
    DesiredPayment,
    DesiredVendorCredit,
)
from tests.campaigns.asked import (
    amount,
    applications,
    balance,
    by_record,
    content,
    final_states,
    incarnations,
)
from tests.campaigns.cases import Step
from tests.campaigns.record import ENTITIES, Record

Row = Mapping[str, Any]

CHANGES = ("created", "updated", "sent", "voided", "deleted")
"""What a write does to its own document; what it links is not its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is left once a record's life has come to rest."""

    journal: Sequence[Row]
    """Commits and mails of its company, in order."""
    documents: Mapping[str, Sequence[Row]]
    """What its company holds, by entity."""
    records: Sequence[Row]
    writes: Sequence[Row]
    unfinished: Sequence[Row]
    """Rows of work that are due, leased or parked."""
    unpublished: int
    results: Mapping[str, Sequence[Row]]
    """What Kafka was given about each ledger record, in order."""

    def commits(self, *changes: str) -> list[Row]:
        """Return what the writer changed in the books."""
        return [
            line
            for line in self.journal
            if line["kind"] == "commit" and line["origin"] == "api" and line["change"] in changes
        ]

    def held(self, record: str) -> list[Row]:
        """Return the documents that carry a record's marker, voided or not."""
        documents = self.documents.get(ENTITIES[record.partition("/")[0]], ())
        return [document for document in documents if owner_of(_note(document)) == record]

    def counting(self, record: str) -> list[Row]:
        """Return those of them that count."""
        return [document for document in self.held(record) if "voided" not in _note(document).lower()]

    def place(self, record: str) -> tuple[str, str]:
        """Return how QuickBooks refers to a record's document."""
        ids = [str(document["Id"]) for document in self.counting(record)]
        return ENTITIES[record.partition("/")[0]], ids[0] if ids else "none"


def owner_of(note: str) -> str:
    """Return the record that a document's marker names."""
    return note.partition("plumbline:")[2].partition("#")[0]


def judge(record: Record, evidence: Evidence, *, optional: frozenset[int] = frozenset()) -> list[str]:
    """Return what is wrong.

    Args:
        record: what was asked for.
        evidence: what came of it.
        optional: revisions that were overtaken before they were done: what a later one asks otherwise
            may have been left out.
    """
    return [finding for check in CHECKS for finding in check(record, evidence, optional)]


def _one_commit_per_content(record: Record, evidence: Evidence, optional: frozenset[int]) -> Iterator[str]:
    """I1: exactly one commit brings about each content of each record, and none what nobody asked for."""
    made = Counter((line["entity"], _mark(line)) for line in evidence.commits("created", "updated"))
    for name, wishes in by_record(record).items():
        for (_, is_end), same in groupby(wishes, key=lambda asked: (content(asked[1]), asked[1].is_end)):
            asked = list(same)
            if is_end:
                continue
            revision, wish = asked[0]
            times = made.pop((ENTITIES[wish.desired.kind], amount(record, wish.desired)), 0)
            may_lack = asked[-1] != wishes[-1] and all(r.version in optional for r, _ in asked)
            if times != 1 and not (times == 0 and may_lack):
                yield f"version {wish.version} of {name} ({revision.step}) was committed {times} times"
    for (entity, much), times in made.items():
        yield f"{entity} of {much}, which nobody asked for, was committed {times} times"


def _one_document_per_incarnation(record: Record, evidence: Evidence, _: frozenset[int]) -> Iterator[str]:
    """I1: no document was created twice under one marker, none stands beside another, each end came once."""
    created = Counter(_marker(line) for line in evidence.commits("created"))
    yield from (f"{note} was created {times} times" for note, times in created.items() if times > 1)
    for documents in evidence.documents.values():
        numbers = Counter(str(d["DocNumber"]).lower() for d in documents if "DocNumber" in d)
        yield from (f"number {number} stands on {n} documents" for number, n in numbers.items() if n > 1)
    ended = Counter(owner_of(_marker(line)) for line in evidence.commits("voided", "deleted"))
    for name, wishes in by_record(record).items():
        born = sum(times for note, times in created.items() if owner_of(note) == name)
        if born > incarnations([wish for _, wish in wishes]):
            yield f"{name} was created {born} times"
        standing = 0 if wishes[-1][1].is_end else 1
        if ended[name] != born - standing:
            yield f"{name} was created {born} times and ended {ended[name]} times"


def _one_mail(record: Record, evidence: Evidence, _: frozenset[int]) -> Iterator[str]:
    """I1 for what has no content of its own."""
    wanted = sum(revision.step is Step.SEND for revision in record.revisions)
    mails = sum(line["kind"] == "mail" for line in evidence.journal)
    for what, found in (("mails", mails), ("sendings", len(evidence.commits("sent")))):
        if wanted != found:
            yield f"{found} {what}, must be {wanted}"


def _books_say_what_was_asked(record: Record, evidence: Evidence, _: frozenset[int]) -> Iterator[str]:
    """I4: what counts in the books is the newest wish, to the cent, line by line."""
    for name, wish in record.newest.items():
        counting = evidence.counting(name)
        if wish.is_end:
            yield from (f"{name} counts as {d['Id']}, but should be ended" for d in counting)
            totals = [cents(d.get("TotalAmt", 0)) for d in evidence.held(name)]
            yield from (f"what is left of {name} has a total of {total}" for total in totals if total)
        elif len(counting) != 1:
            yield f"{len(counting)} documents of {name} count, must be 1"
        else:
            for what, found, wanted in _said(record, evidence, counting[0], wish.desired):
                if found != wanted:
                    yield f"{what} of {name} is {found}, must be {wanted}"


def _every_write_has_its_commit(record: Record, evidence: Evidence, _: frozenset[int]) -> Iterator[str]:
    """The tables and the journal name the same effects: no open write, none confirmed without a commit."""
    yield from (f"write {w['number']} of {w['key']} is open" for w in evidence.writes if w["fate"] == "open")
    ids = [w["request_id"] for w in evidence.writes]
    if len(set(ids)) != len(ids):
        yield "two writes have one request id"
    confirmed = Counter(w["request_id"] for w in evidence.writes if w["fate"] == "confirmed")
    committed = Counter(line["requestid"] for line in evidence.commits(*CHANGES))
    for request_id in confirmed - committed:
        yield f"write {request_id} is confirmed, but was never committed"
    for request_id in committed - confirmed:
        yield f"request {request_id} was committed, but its write is not confirmed"


def _writer_knows_what_the_books_hold(record: Record, evidence: Evidence, _: frozenset[int]) -> Iterator[str]:
    """I4: the writer's own figures are those of the books."""
    known = {row["key"]: row for row in evidence.records}
    for name, wish in record.newest.items():
        row = known.get(record.key(name))
        if row is None or row["version"] != wish.version:
            yield f"the writer does not know version {wish.version} of {name}"
            continue
        held = {str(d["Id"]): d for d in evidence.held(name)}.get(str(row["quickbooks_id"]))
        if held is None:
            if not wish.is_end:
                yield f"the writer names {name} {row['quickbooks_id']}, which is not there"
            continue
        figures = {"total_cents": held.get("TotalAmt", 0), "balance_cents": _open_amount(held)}
        for ours, theirs in figures.items():
            if row[ours] != cents(theirs):
                yield f"the writer believes in {ours} {row[ours]} of {name}, the books say {cents(theirs)}"


def _nothing_is_stuck(record: Record, evidence: Evidence, _: frozenset[int]) -> Iterator[str]:
    """I3: nothing is due, leased, parked or unpublished."""
    for row in evidence.unfinished:
        why = row["announced_reason"] or row["waiting_for"] or "no reason given"
        yield f"{row['key']} is unfinished, attempt {row['attempt']}: {why}"
    if evidence.unpublished:
        yield f"{evidence.unpublished} messages wait in the outbox"


def _results_tell_it(record: Record, evidence: Evidence, _: frozenset[int]) -> Iterator[str]:
    """I3: results come in the order of versions, and the last one tells the newest."""
    for name, wish in record.newest.items():
        results = evidence.results.get(name, ())
        versions = [result["version"] for result in results]
        if any(later < earlier for earlier, later in pairwise(versions)):
            yield f"results of versions {versions} of {name} are out of order"
        told = results[-1] if results else {}
        wanted = final_states(record, wish)
        if told.get("version") != wish.version:
            yield f"the last result of {name} tells of version {told.get('version')}, must be {wish.version}"
        elif told["state"] not in wanted:
            yield f"the last result of {name} says {told['state']}, must be {' or '.join(wanted)}"


CHECKS: Sequence[Callable[[Record, Evidence, frozenset[int]], Iterator[str]]] = (
    _one_commit_per_content,
    _one_document_per_incarnation,
    _one_mail,
    _books_say_what_was_asked,
    _every_write_has_its_commit,
    _writer_knows_what_the_books_hold,
    _nothing_is_stuck,
    _results_tell_it,
)
"""Everything that must hold."""


def _said(
    record: Record, evidence: Evidence, held: Row, desired: Desired
) -> Iterator[tuple[str, object, object]]:
    """Give what a document says and what it should say, property by property."""
    name = owner_of(_note(held))
    match desired:
        case DesiredAttachment():
            yield "name", held["FileName"], desired.file_name
            yield "size", held["Size"], desired.size_bytes
            yield "place", _attached_to(held), [evidence.place(desired.owner)]
            return
        case DesiredInvoice() | DesiredCreditMemo():
            yield "customer", held["CustomerRef"]["value"], desired.customer_id
            yield "lines", _held_lines(held, "SalesItemLineDetail", "ItemRef"), _sold(desired)
            yield "tax", cents(held["TxnTaxDetail"]["TotalTax"]), desired.tax_cents
            yield "mailing", held.get("EmailStatus") == "EmailSent", desired.state == "sent"
            yield "balance", _open_amount_cents(held), balance(record, name)
        case DesiredBill() | DesiredVendorCredit():
            yield "vendor", held["VendorRef"]["value"], desired.vendor_id
            yield "lines", _held_lines(held, "AccountBasedExpenseLineDetail", "AccountRef"), _bought(desired)
            yield "balance", _open_amount_cents(held), balance(record, name)
        case DesiredPayment() | DesiredBillPayment():
            yield "shares", _held_shares(held), _shares(record, evidence, desired)
    yield "total", cents(held["TotalAmt"]), amount(record, desired)


def _sold(desired: DesiredInvoice | DesiredCreditMemo) -> list[tuple[str, int, str | None]]:
    return [(line.description, line.amount_cents, line.item_id) for line in desired.lines]


def _bought(desired: DesiredBill | DesiredVendorCredit) -> list[tuple[str, int, str | None]]:
    return [(line.description, line.amount_cents, line.account_id) for line in desired.lines]


def _held_lines(held: Row, detail: str, place: str) -> list[tuple[str, int, str | None]]:
    lines = [line for line in held["Line"] if line["DetailType"] == detail]
    return [(line["Description"], cents(line["Amount"]), line[detail][place]["value"]) for line in lines]


def _shares(record: Record, evidence: Evidence, desired: Desired) -> dict[tuple[str, str], int]:
    return {evidence.place(a.record): a.amount_cents for a in applications(record, desired)}


def _held_shares(held: Row) -> dict[tuple[str, str], int]:
    found: Counter[tuple[str, str]] = Counter()
    for line in held["Line"]:
        for link in line.get("LinkedTxn", ()):
            found[link["TxnType"], str(link["TxnId"])] += cents(line["Amount"])
    return dict(found)


def _attached_to(held: Row) -> list[tuple[str, str]]:
    refs = [ref["EntityRef"] for ref in held["AttachableRef"]]
    return [(ref["type"], str(ref["value"])) for ref in refs]


def _open_amount(held: Row) -> object:
    return held.get("Balance", held.get("UnappliedAmt", 0))


def _open_amount_cents(held: Row) -> int:
    return cents(_open_amount(held))


def _note(document: Row) -> str:
    return str(document.get("PrivateNote", document.get("Note", "")))


def _marker(line: Row) -> str:
    return str(line.get("private_note", line.get("note", "")))


def _mark(line: Row) -> int:
    return int(line["total_cents"] if "total_cents" in line else line["size_bytes"])


def cents(amount: object) -> int:
    """Return an amount of the books as whole cents."""
    return int((Decimal(str(amount)) * 100).to_integral_exact())
