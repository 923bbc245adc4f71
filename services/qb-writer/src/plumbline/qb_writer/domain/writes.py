"""Writes: composing one from a plan, and reading what its answer or a look-up proves."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal

from plumbline.common.contracts.ledger import Desired
from plumbline.qb_writer.domain.documents import decoded, encoded, money, total_cents, without_nothing
from plumbline.qb_writer.domain.identity import marker, request_id
from plumbline.qb_writer.domain.kind import Correction, Draft, Relations
from plumbline.qb_writer.domain.kinds import AnyKind, kind_of
from plumbline.qb_writer.domain.records import Document, Fate, File, Observed, Operation, Record, Write
from plumbline.quickbooks.answers import record_of
from plumbline.quickbooks.models import Transaction

MAILED = "EmailSent"
"""The `EmailStatus` of what was mailed."""


def content_of(desired: Desired) -> str:
    """Return the hash of what a document says: everything desired but its number and state."""
    said = desired.model_dump_json(exclude={"state", "number"}, exclude_defaults=True)
    return hashlib.sha256(said.encode()).hexdigest()


def incarnation_of(record: Record, operation: Operation) -> int:
    """Return the incarnation that a write belongs to: a create after a known end begins the next one."""
    return record.observed.incarnation + (operation is Operation.CREATE and record.observed.has_ended)


def compose(
    record: Record, operation: Operation, *, number: str | None, relations: Relations, send_to: str | None
) -> Write:
    """Return the write that a plan asks for, with its bytes and its request id."""
    kind, incarnation = kind_of(record.desired), incarnation_of(record, operation)
    note = marker(record.name, incarnation)
    body = _body(kind, record, operation, number=number, note=note, relations=relations)
    return Write(
        key=record.key,
        number=record.writes + 1,
        incarnation=incarnation,
        operation=operation,
        request_id=request_id(
            realm=record.realm,
            record=record.name,
            incarnation=incarnation,
            number=record.writes + 1,
            body=f"{operation} ".encode() + body,
        ),
        body=body,
        content=content_of(record.desired),
        file=_file(kind, record, operation),
        document_id=None if operation is Operation.CREATE else record.observed.quickbooks_id,
        document_number=number,
        send_to=send_to,
        mailed_before=mailed_at(record.observed.document) if operation is Operation.SEND else None,
    )


def mailed_at(document: Document | None) -> str | None:
    """Return when QuickBooks says that a document was last mailed; None: it was not, or it does not say."""
    if document is None or document.get("EmailStatus") != MAILED:
        return None
    said: str = document.get("DeliveryInfo", {}).get("DeliveryTime", "")
    return said


def _body(
    kind: AnyKind,
    record: Record,
    operation: Operation,
    *,
    number: str | None,
    note: str,
    relations: Relations,
) -> bytes:
    seen = record.observed
    which = {"Id": seen.quickbooks_id, "SyncToken": seen.sync_token}
    match operation:
        case Operation.SEND:
            return b""
        case Operation.VOID:
            return encoded({**which, "sparse": True} if "include" in (kind.void or ()) else which)
        case Operation.DELETE:
            return encoded({**(seen.document or {}), **which} if kind.deletes_whole else which)
        case Operation.CREATE | Operation.UPDATE:
            applied = decoded(seen.standing) if seen.standing else {}
            ours = kind.compose(record.desired, Draft(number, note, relations, applied))
            if operation is Operation.CREATE:
                return encoded(without_nothing(ours))
            if kind.correction is Correction.SPARSE:
                return encoded({**without_nothing(ours), **which, "sparse": True})
            return encoded(without_nothing({**(seen.document or {}), **ours, **which, "sparse": False}))


def _file(kind: AnyKind, record: Record, operation: Operation) -> File | None:
    return kind.file(record.desired) if operation is Operation.CREATE else None


def parameters(kind: AnyKind, write: Write) -> Mapping[str, str]:
    """Return the parameters that tell QuickBooks what a post of the write's bytes means."""
    match write.operation:
        case Operation.VOID:
            return kind.void or {}
        case Operation.DELETE:
            return {"operation": "delete"}
        case _:
            return {}


def wanted(record: Record, relations: Relations) -> bytes | None:
    """Return what a record's document should say, under the number that it has; None: what it names is nowhere."""
    kind, seen = kind_of(record.desired), record.observed
    names = kind.names(record.desired)
    if any(name not in relations or relations[name].observed.quickbooks_id is None for name in names):
        return None
    applied = decoded(seen.applied) if seen.applied else {}
    draft = Draft(applied.get("DocNumber"), marker(record.name, seen.incarnation), relations, applied)
    return encoded(without_nothing(kind.compose(record.desired, draft)))


def names_others(record: Record, relations: Relations) -> bool:
    """Say whether our last write names documents in whose place there are others by now, such as a voided invoice.

    Raises:
        QuickBooksUnreadableError: permanent; it is not of the documented shape.
    """
    kind, applied = kind_of(record.desired), record.observed.standing
    if applied is None or not any(True for _ in kind.names(record.desired)):
        return False
    now = wanted(record, relations)
    return now is not None and bool(differences(kind, now, _as_if_held(decoded(applied))))


def _as_if_held(document: Document) -> Document:
    total = money(total_cents(document))
    return {"Id": "", "SyncToken": "", "TotalAmt": total, "Balance": total} | document


def disagreements(kind: AnyKind, sent: bytes, held: Document) -> dict[str, tuple[object, object]]:
    """Return each field we own in which QuickBooks holds something else than was sent, with both.

    What was sent is read as if QuickBooks held it, so that one function tells of both sides what is ours.

    Raises:
        QuickBooksUnreadableError: permanent; QuickBooks' document is not of the documented shape.
    """
    expected = kind.facts(record_of(kind.model, _as_if_held(decoded(sent))))
    found = kind.facts(record_of(kind.model, held))
    return {
        name: (value, found[name])
        for name, value in expected.items()
        if value is not None and found[name] != value
    }


def differences(kind: AnyKind, sent: bytes, held: Document) -> tuple[str, ...]:
    """Name the fields we own in which QuickBooks holds something else than was sent.

    Raises:
        QuickBooksUnreadableError: permanent; QuickBooks' document is not of the documented shape.
    """
    return tuple(disagreements(kind, sent, held))


def is_ours(kind: AnyKind, document: Document, record: Record, incarnation: int) -> bool:
    """Say whether a document carries exactly our marker; one that was voided carries more."""
    return bool(document.get(kind.note) == marker(record.name, incarnation))


def proves(kind: AnyKind, write: Write, document: Document | None, *, is_answer: bool = False) -> bool:
    """Say whether a document shows that the write has had its effect; None is a document that is not there.

    The answer to a mail tells of it, even where QuickBooks' time of the mail does not differ from the last one's.

    Raises:
        QuickBooksUnreadableError: permanent; QuickBooks' document is not of the documented shape.
    """
    if document is None or document.get("status") == "Deleted":
        return write.operation is Operation.DELETE
    if write.document_id not in {None, document.get("Id")}:
        return False
    match write.operation:
        case Operation.CREATE | Operation.UPDATE:
            return _may_be_made_by(write, document) and not differences(kind, write.body, document)
        case Operation.SEND:
            at = mailed_at(document)
            return at is not None and (is_answer or at != write.mailed_before)
        case Operation.VOID:
            return is_voided(kind, document)
        case Operation.DELETE:
            return False


def _may_be_made_by(write: Write, document: Document) -> bool:
    if write.operation is Operation.CREATE:
        return write.file is None or document.get("Size") == write.file.size_bytes
    # Not all that is written is compared, a message to the customer is not: but each update has its own version.
    return bool(document.get("SyncToken") != decoded(write.body)["SyncToken"])


def is_voided(kind: AnyKind, document: Document) -> bool:
    """Say whether a document counts no more.

    Raises:
        QuickBooksUnreadableError: permanent; QuickBooks' document is not of the documented shape.
    """
    held = record_of(kind.model, document)
    return isinstance(held, Transaction) and held.is_voided


def observing(kind: AnyKind, seen: Observed, document: Document | None) -> Observed:
    """Return what a fresh look says; None means that QuickBooks has the document no more.

    Raises:
        QuickBooksUnreadableError: permanent; QuickBooks' document is not of the documented shape.
    """
    if document is None:
        # Whoever deletes what was voided already has changed nothing.
        removed: Literal["deleted"] | None = None if seen.has_ended else "deleted"
        return replace(seen, document=None, edited=(), deleted=seen.has_ended, removed=removed, fresh=True)
    amounts = kind.amounts(record_of(kind.model, document))
    seen = replace(seen, voided=seen.voided and amounts.total_cents == 0)
    voided_by_other = is_voided(kind, document) and not seen.voided
    edited = differences(kind, seen.applied, document) if seen.applied and not seen.has_ended else ()
    return replace(
        seen,
        quickbooks_id=document["Id"],
        sync_token=document["SyncToken"],
        number=document.get("DocNumber"),
        total_cents=amounts.total_cents,
        balance_cents=amounts.balance_cents,
        mailed=document.get("EmailStatus") == MAILED,
        document=document,
        edited=() if voided_by_other else edited,
        removed="voided" if voided_by_other else None,
        fresh=True,
    )


def agreeing(record: Record, relations: Relations) -> Record:
    """Take what a person changed for our own if it says what is wanted by now: there is nothing to ask any more.

    Raises:
        QuickBooksUnreadableError: permanent; QuickBooks' document is not of the documented shape.
    """
    kind, seen = kind_of(record.desired), record.observed
    if not seen.edited or seen.document is None:
        return record
    body = wanted(record, relations)
    if body is None or differences(kind, body, seen.document):
        return record
    said = decoded(body)
    if any(name in said and said[name] != seen.document.get(name) for name in kind.uncompared):
        return record
    return record.seeing(replace(seen, applied=body, applied_hash=content_of(record.desired), edited=()))


def adopting(record: Record, relations: Relations, document: Document) -> Record:
    """Take a document that carries our marker for the record's own, as if it had been written as wished.

    Where it says something else, it was edited since, as far as anybody can tell.
    """
    kind, incarnation = kind_of(record.desired), incarnation_of(record, Operation.CREATE)
    # A payment of whatever was open then is of as much as it says now.
    draft = Draft(None, marker(record.name, incarnation), relations, document)
    body = encoded(without_nothing(kind.compose(record.desired, draft)))
    seen = Observed(incarnation=incarnation, applied=body, applied_hash=content_of(record.desired))
    return record.seeing(observing(kind, seen, document))


def linking(record: Record, document: Document) -> Record:
    """Take a document that people have made for the record's own, as it is: it stays theirs.

    No bytes of ours stand behind it, so whatever it says is nobody's edit.
    """
    seen = Observed(linked=True, applied_hash=content_of(record.desired))
    return record.seeing(observing(kind_of(record.desired), seen, document))


def acknowledging(seen: Observed) -> Observed:
    """Return what was seen as something that may be: an end by somebody else, or an edit."""
    return replace(
        seen,
        voided=seen.voided or seen.removed == "voided",
        deleted=seen.deleted or seen.removed == "deleted",
        removed=None,
        edited=(),
    )


def after(record: Record, write: Write, document: Document | None, *, at: datetime) -> Record:
    """Return the record once its write is proven by the document, or by there being none."""
    kind, seen = kind_of(record.desired), record.observed
    match write.operation:
        case Operation.CREATE:
            seen = Observed(incarnation=write.incarnation, applied=write.body, applied_hash=write.content)
        case Operation.UPDATE:
            seen = replace(seen, applied=write.body, applied_hash=write.content)
        case Operation.VOID:
            seen = replace(seen, voided=True)
        case Operation.DELETE:
            seen, document = replace(seen, deleted=True), None
        case Operation.SEND:
            pass
    seen = observing(kind, seen, document)
    ended = replace(record, observed=seen, open_write=None, writes=write.number, confirmed_at=at)
    return mailed_again(ended) if write.mailed_before is not None else ended


def mailed_again(record: Record) -> Record:
    """Return the record once a mail that was asked for has been sent, or given up."""
    return replace(record, mails_done=record.mails_asked)


def confirmed(write: Write, *, at: datetime, how: str) -> Write:
    """Return the write, proven."""
    return replace(write, fate=Fate.CONFIRMED, closed_at=at, outcome=how)


def abandoned(write: Write, *, at: datetime) -> Write:
    """Return the write, given up: nobody can know whether it had its effect."""
    return replace(write, fate=Fate.ABANDONED, closed_at=at, outcome="not known whether it was mailed")


def rejected(write: Write, *, at: datetime, why: str) -> Write:
    """Return the write, refused for good: it has had no effect and never will."""
    return replace(write, fate=Fate.REJECTED, closed_at=at, outcome=why)
