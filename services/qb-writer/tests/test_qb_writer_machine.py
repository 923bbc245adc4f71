"""Histories nobody has thought of: wishes, people, lost answers and crashes between any two transactions."""

from collections.abc import Coroutine
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

from books_model import FILES, SETTLE, CrashError, ModelLab, attachment, cents_of, invoice, payment
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from typing_extensions import override

from plumbline.common.connections import Policies
from plumbline.common.contracts.ledger import (
    AttachmentState,
    Desired,
    DesiredAttachment,
    DesiredInvoice,
    DesiredPayment,
    InvoiceState,
    PaymentState,
)
from plumbline.common.errors import TransientError
from plumbline.common.reconciling.verdicts import Done, Park, Retry, Verdict
from plumbline.qb_writer.domain.identity import marker
from plumbline.qb_writer.domain.kinds import kind_of
from plumbline.qb_writer.domain.plan import Aim
from plumbline.qb_writer.domain.records import Document, Record

NAMES = ("invoice/1/2/1", "invoice/1/2/2", "payment/1/2/1", "attachment/1/2/1")
T = TypeVar("T")
FATES = st.lists(
    st.sampled_from(["answered", "lost before", "lost after", "throttled", "not sent"]), max_size=3
)

HARMLESS = {
    "void-needs-a-person",
    "delete-needs-a-person",
    "changed-after-payment",
    "more-than-is-open",
}
"""What a person is asked even if nobody has touched anything in QuickBooks."""


WISHES: dict[str, st.SearchStrategy[Desired]] = {
    "invoice/1/2/1": st.builds(
        invoice, st.just("A-1"), st.sampled_from(InvoiceState), st.sampled_from([10_000, 12_345])
    ),
    "invoice/1/2/2": st.builds(
        invoice, st.just("A-2"), st.sampled_from(InvoiceState), st.sampled_from([10_000, 54_321])
    ),
    "payment/1/2/1": st.builds(
        payment, st.sampled_from(PaymentState), st.sampled_from([0, 5_000]), st.sampled_from([0, 10_000])
    ),
    "attachment/1/2/1": st.builds(
        attachment, st.sampled_from(AttachmentState), st.sampled_from(sorted(FILES))
    ),
}


class WriterMachine(RuleBasedStateMachine):
    """The real writer over a model of QuickBooks and of the database."""

    policies = Policies()

    def __init__(self) -> None:
        super().__init__()
        self.lab = ModelLab(self.policies)
        self.books, self.ledger = self.lab.books, self.lab.ledger
        self.verdicts: dict[str, Verdict] = {}
        self.people_were_here = False

    @initialize(remembers=st.booleans())
    def found(self, *, remembers: bool) -> None:
        self.books.remembers = remembers

    @rule(data=st.data(), name=st.sampled_from(NAMES))
    def want(self, data: st.DataObject, name: str) -> None:
        desired: Desired = data.draw(WISHES[name])
        self.lab.want(name, desired)
        self.verdicts.clear()

    @rule(
        name=st.sampled_from(NAMES),
        fates=FATES,
        crash=st.none() | st.tuples(st.integers(0, 3), st.booleans()),
    )
    def work(self, name: str, fates: list[str], crash: tuple[int, bool] | None) -> None:
        self.books.fates, self.ledger.crash = list(fates), crash
        self.converge(name)
        self.books.fates, self.ledger.crash = [], None

    @rule()
    def let_time_pass(self) -> None:
        self.lab.clock.advance(SETTLE)

    @rule(data=st.data(), field=st.sampled_from(["TxnDate", "PrivateNote", "PrintStatus"]))
    def person_edits(self, data: st.DataObject, field: str) -> None:
        entity, document = self.somebodys(data, "invoice", "payment")
        if document is not None and not is_void(document):
            ours = field != "PrintStatus"
            said = f"{document[field]} (seen)" if field == "PrivateNote" else "2026-01-01"
            edited = {"edited": True} if ours else {}
            self.books.keep(entity, {**document, field: said, **edited})
            self.people_were_here |= ours
            self.forgive(document, if_unmarked=field == "PrivateNote")

    @rule(data=st.data())
    def person_mails(self, data: st.DataObject) -> None:
        entity, document = self.somebodys(data, "invoice")
        if document is not None and not is_void(document) and document.get("EmailStatus") != "EmailSent":
            self.books.mails[document["Id"]] += 1
            self.books.keep(entity, {**document, "EmailStatus": "EmailSent"})

    @rule(data=st.data())
    def person_deletes(self, data: st.DataObject) -> None:
        entity, document = self.somebodys(data, "invoice", "payment", "attachable")
        if document is not None and not document.get("LinkedTxn"):
            self.books.delete(entity, document)
            self.people_were_here = True
            self.forgive(document)

    @rule(data=st.data())
    def person_voids(self, data: st.DataObject) -> None:
        entity, document = self.somebodys(data, "invoice", "payment")
        if document is not None and not document.get("LinkedTxn") and not is_void(document):
            self.books.void(entity, document)
            self.people_were_here = True
            self.forgive(document)

    @rule(data=st.data())
    def person_pays(self, data: st.DataObject) -> None:
        _, document = self.somebodys(data, "invoice")
        if document is not None and document["Balance"] > 0:
            self.books.last_id += 1
            link = {"TxnId": document["Id"], "TxnType": "Invoice"}
            self.books.keep(
                "payment",
                {
                    "Id": str(self.books.last_id),
                    "SyncToken": "0",
                    "CustomerRef": {"value": "58"},
                    "TotalAmt": document["Balance"],
                    "TxnDate": "2026-11-20",
                    "Line": [{"Amount": document["Balance"], "LinkedTxn": [link]}],
                },
            )

    @invariant()
    def nothing_is_made_twice(self) -> None:
        assert all(count == 1 for count in self.books.made.values()), self.books.made

    @invariant()
    def nothing_is_mailed_twice(self) -> None:
        assert all(count == 1 for count in self.books.mails.values()), self.books.mails

    @invariant()
    def nobodys_change_is_trampled_on(self) -> None:
        if self.policies.person_changed_it == "hold":
            assert self.books.trampled == []

    @override
    def teardown(self) -> None:
        """Let everything heal: then each record rests, and where nobody is asked its wish is true."""
        for _ in range(8):
            self.lab.clock.advance(SETTLE)
            for name in self.ledger.records:
                self.converge(name.partition("/")[2])
        for key, record in self.ledger.records.items():
            self.check(record, self.verdicts[key.partition("/")[2]])

    def check(self, record: Record, verdict: Verdict) -> None:
        assert record.open_write is None, record
        assert not isinstance(verdict, Retry), verdict
        if isinstance(verdict, Park):
            assert verdict.code in HARMLESS or self.people_were_here, verdict
        elif isinstance(verdict, Done) and verdict.again_after is None:
            self.check_done(record)

    def check_done(self, record: Record) -> None:
        aim = kind_of(record.desired).aims[record.desired.state]
        note = marker(record.name, record.observed.incarnation)
        living = [
            document
            for held in self.books.held.values()
            for document in held.values()
            if note in {document.get("PrivateNote"), document.get("Note")}
        ]
        if self.people_were_here:
            return
        assert len(living) == (aim not in {Aim.VOID, Aim.DELETED}), (record, living)
        if isinstance(record.desired, DesiredInvoice) and living:
            assert cents_of(living[0]["TotalAmt"]) == record.desired.total_cents
            assert (living[0].get("EmailStatus") == "EmailSent") >= (aim is Aim.SENT)
            assert aim is not Aim.PAID or living[0]["Balance"] == 0
        if isinstance(record.desired, DesiredPayment) and living:
            amounts = sorted(cents_of(line["Amount"]) for line in living[0].get("Line", ()))
            assert amounts == sorted(a.amount_cents for a in record.desired.applied)
        if isinstance(record.desired, DesiredAttachment) and living:
            assert living[0]["Size"] == record.desired.size_bytes

    def converge(self, name: str) -> None:
        if f"r/{name}" not in self.ledger.records:
            return
        try:
            self.verdicts[name] = at_once(self.lab.converge(name))
        except CrashError:
            self.verdicts.pop(name, None)
        except TransientError as error:
            self.verdicts[name] = Retry(timedelta(0), str(error))

    def forgive(self, document: Document, *, if_unmarked: bool = True) -> None:
        """Let a document be made again that a person made unfindable before its lost answer was looked up.

        If QuickBooks has forgotten the request id too, nobody can know that there was one.
        """
        if if_unmarked:
            self.books.made.pop(document.get("PrivateNote") or document["Note"], None)

    def somebodys(self, data: st.DataObject, *entities: str) -> tuple[str, Document | None]:
        """Choose a document of ours that a person comes across."""
        found = [
            (entity, document)
            for entity in entities
            for document in self.books.held[entity].values()
            if "plumbline:" in str(document.get("PrivateNote") or document.get("Note"))
        ]
        return data.draw(st.sampled_from(found)) if found else ("", None)


class OverwritingMachine(WriterMachine):
    """The same where the company wants its books as its source says."""

    policies = Policies(person_changed_it="overwrite")


def is_void(document: Document) -> bool:
    return str(document["PrivateNote"]).startswith("Voided") and document["TotalAmt"] == Decimal(0)


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """Run what has nothing to wait for, for both sides are models, without a loop."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("a model waited")


HISTORIES = settings(
    max_examples=120,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

TestHolding = WriterMachine.TestCase
TestHolding.settings = HISTORIES
TestOverwriting = OverwritingMachine.TestCase
TestOverwriting.settings = HISTORIES
