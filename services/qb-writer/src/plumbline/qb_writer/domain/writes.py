"""Writes: composing one from a plan, and reading what its answer or a look-up proves."""

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from plumbline.common.contracts.ledger import DesiredInvoice, DesiredPayment
from plumbline.qb_writer.domain.documents import (
    cents,
    encoded,
    invoice_differences,
    invoice_document,
    invoice_update,
    payment_differences,
    payment_document,
    void_document,
)
from plumbline.qb_writer.domain.identity import marker, request_id
from plumbline.qb_writer.domain.plan import Open
from plumbline.qb_writer.domain.records import Fate, Observed, Operation, Record, Write
from plumbline.quickbooks.models import Invoice, Payment

Document = Invoice | Payment
"""What QuickBooks holds of a record."""

D = TypeVar("D", Invoice, Payment)


def content_of(desired: DesiredInvoice | DesiredPayment) -> str:
    """Return the hash of what a document says: everything desired but its number and state."""
    if isinstance(desired, DesiredPayment):
        return hashlib.sha256(desired.model_dump_json().encode()).hexdigest()
    return hashlib.sha256(encoded(invoice_document(desired, number="", note=""))).hexdigest()


def compose_invoice_write(
    record: Record, desired: DesiredInvoice, step: Open, *, number: str, send_to: str | None
) -> Write:
    """Return the write that an invoice's plan asks for, with its bytes and its request id."""
    seen = record.observed
    note = marker(record.name, step.incarnation)
    match step.operation:
        case Operation.CREATE:
            document = invoice_document(desired, number=number, note=note)
        case Operation.UPDATE:
            document = invoice_update(
                invoice_document(desired, number=number, note=note),
                quickbooks_id=seen.quickbooks_id or "",
                sync_token=seen.sync_token or "",
            )
        case Operation.VOID:
            document = void_document(quickbooks_id=seen.quickbooks_id or "", sync_token=seen.sync_token or "")
        case Operation.SEND:
            document = {}
    return _write(record, step, document, number=number, send_to=send_to)


def compose_payment_write(record: Record, desired: DesiredPayment, step: Open, invoice: Observed) -> Write:
    """Return the write that pays what is still open on the invoice."""
    document = payment_document(
        desired,
        invoice_id=invoice.quickbooks_id or "",
        amount_cents=invoice.balance_cents,
        note=marker(record.name, step.incarnation),
    )
    return _write(record, step, document, number=None, send_to=None)


def _write(
    record: Record, step: Open, document: dict[str, Any], *, number: str | None, send_to: str | None
) -> Write:
    body = encoded(document) if document else b""
    write_number = record.writes + 1
    return Write(
        key=record.key,
        number=write_number,
        incarnation=step.incarnation,
        operation=step.operation,
        request_id=request_id(
            realm=record.realm,
            record=record.name,
            incarnation=step.incarnation,
            number=write_number,
            body=f"{step.operation} ".encode() + body,
        ),
        body=body,
        content=content_of(record.desired),
        document_id=None if step.operation is Operation.CREATE else record.observed.quickbooks_id,
        document_number=number,
        send_to=send_to,
    )


def is_ours(document: Document, record: Record, incarnation: int) -> bool:
    """Say whether a document carries exactly our marker."""
    return document.private_note == marker(record.name, incarnation)


def proves(write: Write, document: Document) -> bool:
    """Say whether a document shows that the write has had its effect."""
    match write.operation:
        case Operation.CREATE if isinstance(document, Payment):
            return not payment_differences(write.body, document)
        case Operation.CREATE | Operation.UPDATE if isinstance(document, Invoice):
            return not invoice_differences(write.body, document)
        case Operation.SEND if isinstance(document, Invoice):
            return document.email_status == "EmailSent"
        case Operation.VOID if isinstance(document, Invoice):
            return document.is_voided
        case _:
            return False


def observing_invoice(observed: Observed, document: Invoice | None) -> Observed:
    """Return what a fresh look at the invoice says; None means that QuickBooks has it no more."""
    if document is None:
        return replace(observed, gone=True, fresh=True)
    edited = invoice_differences(observed.applied, document) if observed.applied else ()
    return replace(
        observed,
        quickbooks_id=document.id,
        sync_token=document.sync_token,
        number=document.doc_number,
        total_cents=cents(document.total_amt),
        balance_cents=cents(document.balance),
        mailed=document.email_status == "EmailSent",
        edited=() if observed.voided else edited,
        gone=False,
        fresh=True,
    )


def after_invoice_write(record: Record, write: Write, document: Invoice, *, at: datetime) -> Record:
    """Return the record once an invoice's write is proven by the document."""
    seen = record.observed
    if write.operation is Operation.CREATE:
        seen = Observed(incarnation=write.incarnation)
    if write.operation in {Operation.CREATE, Operation.UPDATE}:
        seen = replace(seen, applied=write.body, applied_hash=write.content)
    seen = replace(seen, voided=write.operation is Operation.VOID)
    return _closed(record, write, observing_invoice(seen, document), at=at)


def after_payment_write(record: Record, write: Write, document: Payment, *, at: datetime) -> Record:
    """Return the record once a payment's write is proven by the document."""
    total = cents(document.total_amt)
    seen = Observed(
        quickbooks_id=document.id,
        sync_token=document.sync_token,
        incarnation=write.incarnation,
        applied=write.body,
        applied_hash=write.content,
        total_cents=total,
        balance_cents=cents(document.unapplied_amt),
        fresh=True,
    )
    return _closed(record, write, seen, at=at)


def _closed(record: Record, write: Write, seen: Observed, *, at: datetime) -> Record:
    return replace(record, observed=seen, open_write=None, writes=write.number, confirmed_at=at)


def confirmed(write: Write, *, at: datetime, how: str) -> Write:
    """Return the write, proven."""
    return replace(write, fate=Fate.CONFIRMED, closed_at=at, outcome=how)


def rejected(write: Write, *, at: datetime, why: str) -> Write:
    """Return the write, refused for good: it has had no effect and never will."""
    return replace(write, fate=Fate.REJECTED, closed_at=at, outcome=why)
