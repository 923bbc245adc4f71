"""A QuickBooks of a few dozen lines, and a ledger in memory: for histories by the thousand."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import cast

from plumbline.common.connections import Policies
from plumbline.common.contracts.ledger import (
    Application,
    AttachmentState,
    Desired,
    DesiredAttachment,
    DesiredInvoice,
    DesiredPayment,
    InvoiceLine,
    InvoiceState,
    PaymentState,
)
from plumbline.common.database import Connection
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.marks import Lane
from plumbline.common.reconciling.store import Claimed, WorkStore
from plumbline.common.reconciling.verdicts import Verdict
from plumbline.common.testing.clock import FakeClock
from plumbline.qb_writer.domain.documents import decoded
from plumbline.qb_writer.domain.holdings import Held
from plumbline.qb_writer.domain.kind import Party
from plumbline.qb_writer.domain.records import Beginning, Document, Fate, File, Operation, Record, Write
from plumbline.qb_writer.ports import PartyFacts
from plumbline.qb_writer.service import Patience, Viewer, Writer
from plumbline.quickbooks.faults import Fault
from plumbline.quickbooks.replies import Confirmed, NotSent, RefusedAtGate, Rejected, Reply, Unknown


class RefusedError(Exception):
    """The service refuses, with a code."""


@dataclass
class ModelBooks:
    """Holds documents, remembers request ids, reckons balances, and loses answers as it is told."""

    remembers: bool = True
    fates: list[str] = field(default_factory=list)
    held: defaultdict[str, dict[str, Document]] = field(default_factory=lambda: defaultdict(dict))
    answers: dict[str, Reply] = field(default_factory=dict)
    made: Counter[str] = field(default_factory=Counter)
    mails: Counter[str] = field(default_factory=Counter)
    trampled: list[str] = field(default_factory=list)
    """Writes of ours upon a document that a person had changed."""
    last_id: int = 0

    async def permit(self) -> None:
        """Let everybody through."""

    async def post(
        self, entity: str, write: Write, *, params: Mapping[str, str], content: bytes | None
    ) -> Reply:
        match self.fates.pop(0) if self.fates else "answered":
            case "not sent":
                return NotSent("no route")
            case "throttled":
                return RefusedAtGate("throttled", timedelta(seconds=1))
            case "lost before":
                return Unknown("silence")
            case fate:
                honoured = write.operation is not Operation.SEND and content is None and self.remembers
                known = self.answers.get(write.request_id) if honoured else None
                reply = known or self._reply(entity, write, params, content)
                self.answers[write.request_id] = reply
                return Unknown("silence") if fate == "lost after" else deepcopy(reply)

    def _reply(self, entity: str, write: Write, params: Mapping[str, str], content: bytes | None) -> Reply:
        try:
            return Confirmed(self.change(entity, write, params, content))
        except RefusedError as error:
            return Rejected(Fault(int(str(error)), "refused"))

    def change(self, entity: str, write: Write, params: Mapping[str, str], content: bytes | None) -> Document:
        """Do what a write of ours asks for."""
        sent: Document = decoded(write.body) if write.body else {"Id": write.document_id}
        if "Id" not in sent:
            numbers = {doc.get("DocNumber") for doc in self.held[entity].values()}
            if sent.get("DocNumber") in numbers - {None}:
                raise RefusedError("6140")
            self.made[sent.get("PrivateNote") or sent["Note"]] += 1
            size = {} if content is None else {"Size": len(content)}
            self.last_id += 1
            return self.keep(entity, {**sent, **size, "Id": str(self.last_id), "SyncToken": "0"})
        before = self.held[entity].get(sent["Id"])
        if before is None:
            raise RefusedError("610")
        if sent.get("SyncToken", before["SyncToken"]) != before["SyncToken"]:
            raise RefusedError("5010")
        if write.operation is Operation.SEND:
            self.mails[before["Id"]] += 1
            return self.keep(entity, {**before, "EmailStatus": "EmailSent"})
        if before.get("edited"):
            self.trampled.append(f"{write.operation} {before}")
        if "void" in params.values():
            return self.void(entity, before)
        if params.get("operation") == "delete":
            return self.delete(entity, before)
        return self.keep(entity, {**before, **sent} if sent.get("sparse") else sent)

    def keep(self, entity: str, document: Document) -> Document:
        """Hold a document under its next version, and reckon what is open."""
        token = str(int(document["SyncToken"]) + (document["Id"] in self.held[entity]))
        lines = sum((line.get("Amount", 0) for line in document.get("Line", ())), Decimal(0))
        tax = document.get("TxnTaxDetail", {}).get("TotalTax", Decimal(0))
        total = {"TotalAmt": lines + tax} if entity == "invoice" else {}
        self.held[entity][document["Id"]] = {**document, **total, "SyncToken": token}
        self._reckon()
        return self.held[entity][document["Id"]]

    def void(self, entity: str, before: Document) -> Document:
        """Leave nothing of a document but its number and its note."""
        nothing = {"TotalAmt": Decimal(0), "Line": [], "TxnTaxDetail": {}}
        return self.keep(entity, {**before, **nothing, "PrivateNote": f"Voided - {before['PrivateNote']}"})

    def delete(self, entity: str, before: Document) -> Document:
        """Drop a document; what payments paid of it they have again."""
        if entity == "invoice" and before["LinkedTxn"]:
            raise RefusedError("800")
        del self.held[entity][before["Id"]]
        self._reckon()
        return {"Id": before["Id"], "status": "Deleted"}

    def _reckon(self) -> None:
        for invoice_id, invoice in self.held["invoice"].items():
            paid = {
                payment_id: line["Amount"]
                for payment_id, payment in self.held["payment"].items()
                for line in payment.get("Line", ())
                if line["LinkedTxn"][0]["TxnId"] == invoice_id
            }
            links = [{"TxnId": payment_id, "TxnType": "Payment"} for payment_id in paid]
            balance = invoice["TotalAmt"] - sum(paid.values(), Decimal(0))
            if (links, balance) != (invoice.get("LinkedTxn"), invoice.get("Balance")):
                token = str(int(invoice["SyncToken"]) + ("Balance" in invoice))
                invoice.update(LinkedTxn=links, Balance=balance, SyncToken=token)

    async def read(self, entity: str, quickbooks_id: str) -> Document | None:
        return deepcopy(self.held[entity].get(quickbooks_id))

    async def find(self, entity: str, where: Mapping[str, str]) -> list[Document]:
        found = self.held[entity.lower()].values()
        return [deepcopy(doc) for doc in found if all(_has(doc, name, v) for name, v in where.items())]

    async def party(self, party: Party) -> PartyFacts | None:
        return PartyFacts(email="ap@owner.example", currency=None)


def _has(document: Document, name: str, value: str) -> bool:
    if name.startswith("AttachableRef"):
        kind = "type" if name.endswith("Type") else "value"
        return any(ref["EntityRef"][kind] == value for ref in document["AttachableRef"])
    said = document.get(name)
    return bool((said["value"] if isinstance(said, dict) else said) == value)


class CrashError(Exception):
    """The process dies here."""


@dataclass
class MemoryLedger:
    """Records and writes in memory; every transaction commits or is rolled back as a whole."""

    records: dict[str, Record] = field(default_factory=dict)
    numbers: dict[tuple[str, int], str] = field(default_factory=dict)
    crash: tuple[int, bool] | None = None
    """Die at the n-th transaction from now, after its commit or before it."""

    @asynccontextmanager
    async def fenced(self, _: Claimed) -> AsyncIterator[Connection]:
        records, numbers = dict(self.records), dict(self.numbers)
        dies, committed = False, False
        if self.crash is not None:
            count, committed = self.crash
            self.crash = (count - 1, committed) if count else None
            dies = count == 0
        yield cast("Connection", None)
        if dies and not committed:
            self.records, self.numbers = records, numbers
        if dies:
            raise CrashError

    def claim(self, key: str) -> Claim:
        row = Claimed(key, "lone-star", Lane.LIVE, 1, 1, 0, None, False, None, (), None)
        return Claim(row, cast("WorkStore", self))

    def want(self, record: Record) -> None:
        """Store a newer wish, as the edge does."""
        known = self.records.get(record.key)
        if known is None:
            self.records[record.key] = record
        else:
            self.records[record.key] = replace(known, desired=record.desired, version=known.version + 1)

    async def load(self, key: str) -> Record | None:
        known = self.records.get(key)
        if known is None:
            return None
        # What is only known while it is fresh is not stored.
        seen = replace(known.observed, fresh=False, document=None, edited=(), removed=None)
        return replace(known, observed=seen)

    async def keep(self, _: Connection, record: Record) -> None:
        known = self.records[record.key]
        self.records[record.key] = replace(
            record, open_write=known.open_write, desired=known.desired, version=known.version
        )

    async def keep_write(self, _: Connection, write: Write) -> None:
        known = self.records[write.key]
        assert known.open_write is None or known.open_write.number == write.number, "two open writes"
        still_open = write if write.fate is Fate.OPEN else None
        self.records[write.key] = replace(known, open_write=still_open)

    async def allot_number(
        self, _: Connection, record: Record, incarnation: int, *, space: str, candidates: Iterable[str]
    ) -> str:
        return self.numbers.setdefault((record.key, incarnation), next(iter(candidates)))

    async def wake(self, _: Connection, record: Record, *, moved: Iterable[str], now: datetime) -> None:
        """Everything is worked again and again anyway."""

    async def tell(self, _: Connection, record: Record, *, now: datetime) -> None:
        """Nobody listens."""


class NoPast:
    """A company that was always live, and had nothing before."""

    async def beginning(self, _: str) -> Beginning | None:
        return Beginning(date.min, datetime.min.replace(tzinfo=UTC), None)

    async def read_to(self, _: str) -> datetime | None:
        return None

    async def numbered(self, _: str, __: str, ___: Iterable[str]) -> Mapping[str, list[Held]]:
        return {}

    async def alike(self, _: str, __: str, ___: Iterable[str], ____: Iterable[int]) -> list[Held]:
        return []

    async def pages(self, _: str) -> AsyncIterator[Sequence[Record]]:
        pages: Sequence[Sequence[Record]] = ()
        for page in pages:
            yield page

    async def begin(self, _: str, beginning: Beginning, *, reader: str, now: datetime) -> int:
        return 0


@dataclass
class MemoryFiles:
    """Files by their hash."""

    contents: dict[str, bytes]

    async def read(self, file: File) -> bytes:
        return self.contents[file.sha256]


SETTLE = timedelta(seconds=130)
FILES = {hashlib.sha256(content).hexdigest(): content for content in (b"%PDF one", b"%PDF two, longer")}


@dataclass
class ModelLab:
    """The real writer over both models."""

    policies: Policies = field(default_factory=Policies)
    books: ModelBooks = field(default_factory=ModelBooks)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    clock: FakeClock = field(default_factory=FakeClock)

    def want(self, name: str, desired: Desired) -> None:
        self.ledger.want(
            Record(
                key=f"r/{name}",
                realm="r",
                name=name,
                connection="lone-star",
                source=name,
                version=1,
                content_hash="",
                desired=desired,
                needs=(),
                why=(),
                provider_time=None,
                partner_ms=0,
                received_at=self.clock.now(),
                known_since=self.clock.now(),
            )
        )

    async def converge(self, name: str) -> Verdict:
        """Do one piece of work as the loop does."""

        async def books(_: str, __: Lane) -> ModelBooks:
            return self.books

        writer = Writer(
            records=self.ledger,
            following=self.ledger,
            viewer=Viewer(records=self.ledger, past=NoPast(), books=books, policies=lambda _: self.policies),
            files=MemoryFiles(FILES),
            clock=self.clock,
            patience=Patience(settle=SETTLE, gate=SETTLE, payment=SETTLE, invoice=SETTLE),
        )
        claim = self.ledger.claim(f"r/{name}")
        verdict = await writer.converge(claim)
        store = getattr(verdict, "store", None)
        if store is not None:
            async with claim.transaction() as connection:
                await store(connection)
        return verdict

    async def later(self, name: str) -> Verdict:
        """Do one piece of work when nothing can be under way any more."""
        self.clock.advance(SETTLE)
        return await self.converge(name)


def cents_of(amount: Decimal) -> int:
    return int(amount * 100)


def invoice(
    number: str = "A-1", state: InvoiceState = InvoiceState.OPEN, cents: int = 10_000
) -> DesiredInvoice:
    return DesiredInvoice(
        state=state,
        number=number,
        customer_id="58",
        issued_on=date(2026, 10, 31),
        lines=(InvoiceLine(description="Concrete", amount_cents=cents, item_id="1"),),
        total_cents=cents,
    )


def payment(state: PaymentState = PaymentState.RECORDED, one: int = 0, two: int = 0) -> DesiredPayment:
    parts = {"invoice/1/2/1": one, "invoice/1/2/2": two}
    return DesiredPayment(
        state=state,
        customer_id="58",
        received_on=date(2026, 11, 15),
        deposit_account_id="35",
        total_cents=20_000,
        applied=tuple(Application(record=name, amount_cents=cents) for name, cents in parts.items() if cents),
    )


def attachment(
    state: AttachmentState = AttachmentState.ATTACHED, sha256: str = min(FILES)
) -> DesiredAttachment:
    return DesiredAttachment(
        state=state,
        owner="invoice/1/2/1",
        file_name="application.pdf",
        content_type="application/pdf",
        sha256=sha256,
        size_bytes=len(FILES[sha256]),
    )
