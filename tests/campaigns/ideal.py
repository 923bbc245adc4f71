"""What would be left of a life if nothing ever went wrong: the evidence that the verdict's own tests spoil."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
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
    ExpenseLine,
    InvoiceLine,
)
from tests.campaigns.record import ENTITIES, Record, Wish
from tests.campaigns.verdict import Evidence

Document = dict[str, Any]

STATES = {"payment": "paid", "bill-payment": "paid"}
"""What results call a document of which nothing is open."""


def ideal(life: Record) -> Evidence:
    """Return the evidence of a life in which every wish was brought about at once."""
    books = _Books(life)
    for revision in life.revisions:
        for wish in revision.wishes:
            books.bring_about(wish)
    return books.evidence()


@dataclass(slots=True)
class _Books:
    life: Record
    journal: list[Document] = field(default_factory=list)
    writes: list[Document] = field(default_factory=list)
    held: dict[str, Document] = field(default_factory=dict)
    """The document that a record has now."""
    former: list[tuple[str, Document]] = field(default_factory=list)
    """What was voided: records and documents."""
    born: dict[str, int] = field(default_factory=dict)
    wanted: dict[str, Desired] = field(default_factory=dict)
    ids: int = 100

    def bring_about(self, wish: Wish) -> None:
        """Do what a wish asks for."""
        name, before = wish.record, self.wanted.get(wish.record)
        self.wanted[name] = wish.desired
        if wish.is_end:
            return self._end(name, wish.desired)
        replaced = isinstance(wish.desired, DesiredAttachment) and before not in {None, wish.desired}
        if replaced and name in self.held:
            self._end(name, wish.desired.model_copy(update={"state": "deleted"}))
        if name not in self.held:
            self._create(name, wish.desired)
        elif _document(self, wish.desired) != {k: self.held[name][k] for k in _document(self, wish.desired)}:
            self.held[name] |= _document(self, wish.desired)
            self._commit("updated", name)
        if wish.desired.state == "sent":
            self.held[name]["EmailStatus"] = "EmailSent"
            self._commit("sent", name)
            self.journal.append({"kind": "mail"})
        return None

    def id_of(self, record: str) -> tuple[str, str]:
        """Return how links name a record's document."""
        return ENTITIES[record.partition("/")[0]], self.held[record]["Id"]

    def total_of(self, invoice: str) -> Decimal:
        """Return what an invoice comes to."""
        total: Decimal = self.held[invoice]["TotalAmt"]
        return total

    def evidence(self) -> Evidence:
        """Return what is left."""
        self._settle()
        documents: dict[str, list[Document]] = {entity: [] for entity in self.life.entities}
        for name, document in [*self.former, *self.held.items()]:
            documents[ENTITIES[name.partition("/")[0]]].append(document)
        newest = self.life.newest
        return Evidence(
            journal=self.journal,
            documents=documents,
            records=[self._row(name, wish.version) for name, wish in newest.items()],
            writes=self.writes,
            unfinished=[],
            unpublished=0,
            results={name: self._results(name, wish) for name, wish in newest.items()},
        )

    def _create(self, name: str, desired: Desired) -> None:
        self.ids += 1
        self.born[name] = self.born.get(name, 0) + 1
        marker = f"plumbline:{name}#{self.born[name]}"
        note = "Note" if isinstance(desired, DesiredAttachment) else "PrivateNote"
        self.held[name] = {"Id": str(self.ids), note: marker, **_document(self, desired)}
        if number := getattr(desired, "number", None):
            self.held[name]["DocNumber"] = number if self.born[name] == 1 else f"{number}~{self.born[name]}"
        self._commit("created", name)

    def _end(self, name: str, desired: Desired) -> None:
        if name not in self.held:
            return
        document = self.held[name]
        if desired.state == "void":
            document |= {
                "TotalAmt": Decimal(0),
                "Balance": Decimal(0),
                "UnappliedAmt": Decimal(0),
                "Line": [],
            }
            document["PrivateNote"] = f"Voided - {document['PrivateNote']}"
            self.former.append((name, document))
        self._commit("voided" if desired.state == "void" else "deleted", name)
        del self.held[name]

    def _commit(self, change: str, name: str) -> None:
        document, n = self.held[name], len(self.writes) + 1
        facts: Document = {
            "entity": ENTITIES[name.partition("/")[0]],
            "change": change,
            "requestid": f"id-{n}",
        }
        if "Size" in document:
            facts |= {"note": document["Note"], "size_bytes": document["Size"]}
        else:
            facts |= {"private_note": document["PrivateNote"], "total_cents": int(document["TotalAmt"] * 100)}
        self.journal.append({"kind": "commit", "origin": "api", **facts})
        key = self.life.key(name)
        self.writes.append({"key": key, "number": n, "request_id": f"id-{n}", "fate": "confirmed"})

    def _settle(self) -> None:
        """Reckon what is open."""
        for document in self.held.values():
            if "TotalAmt" in document and "Line" in document and not _links(document):
                document["Balance"] = document["TotalAmt"]
        by_id = {document["Id"]: document for document in self.held.values()}
        for payment in list(by_id.values()):
            for line in payment.get("Line", ()):
                for link in line.get("LinkedTxn", ()):
                    by_id[link["TxnId"]]["Balance"] -= line["Amount"]

    def _row(self, name: str, version: int) -> Document:
        document = self.held.get(name) or dict(self.former).get(name, {})
        return {
            "key": self.life.key(name),
            "version": version,
            "quickbooks_id": document.get("Id"),
            "total_cents": int(document.get("TotalAmt", 0) * 100),
            "balance_cents": int(document.get("Balance", 0) * 100),
        }

    def _results(self, name: str, wish: Wish) -> list[Document]:
        document = self.held.get(name)
        paid = document is not None and "TotalAmt" in document and not document.get("Balance", 0)
        state = "paid" if paid else str(wish.desired.state) if document is None else "open"
        if wish.desired.state == "sent":
            state = "sent"
        return [{"version": n, "state": state} for n in range(1, wish.version + 1)]


def _document(books: _Books, desired: Desired) -> Document:
    match desired:
        case DesiredAttachment():
            entity, owner = books.id_of(desired.owner)
            refs = [{"EntityRef": {"type": entity, "value": owner}}]
            return {"FileName": desired.file_name, "Size": desired.size_bytes, "AttachableRef": refs}
        case DesiredInvoice() | DesiredCreditMemo():
            return {
                "TotalAmt": _money(desired.total_cents),
                "TxnTaxDetail": {"TotalTax": _money(desired.tax_cents)},
                "CustomerRef": {"value": desired.customer_id},
                "Line": [_sold(line) for line in desired.lines],
            }
        case DesiredBill() | DesiredVendorCredit():
            return {
                "TotalAmt": _money(desired.total_cents),
                "VendorRef": {"value": desired.vendor_id},
                "Line": [_bought(line) for line in desired.lines],
            }
        case DesiredPayment(invoice=str() as invoice):
            total = books.total_of(invoice)
            return {"TotalAmt": total, "Line": [_paid(books.id_of(invoice), total)]}
        case DesiredPayment():
            parts = [*desired.applied, *desired.credits]
        case DesiredBillPayment():
            parts = [*desired.bills, *desired.credits]
    lines = [_paid(books.id_of(part.record), _money(part.amount_cents)) for part in parts]
    return {"TotalAmt": _money(desired.total_cents or 0), "Line": lines}


def _money(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def _sold(line: InvoiceLine) -> Document:
    detail = {"ItemRef": {"value": line.item_id}}
    return _line("SalesItemLineDetail", line.description, line.amount_cents, detail)


def _bought(line: ExpenseLine) -> Document:
    detail = {"AccountRef": {"value": line.account_id}}
    return _line("AccountBasedExpenseLineDetail", line.description, line.amount_cents, detail)


def _line(kind: str, description: str, cents: int, detail: Document) -> Document:
    return {"DetailType": kind, "Description": description, "Amount": _money(cents), kind: detail}


def _paid(place: tuple[str, str], amount: Decimal) -> Document:
    return {"Amount": amount, "LinkedTxn": [{"TxnType": place[0], "TxnId": place[1]}]}


def _links(document: Document) -> Sequence[Document]:
    return [link for line in document["Line"] for link in line.get("LinkedTxn", ())]
