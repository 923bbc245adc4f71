"""How one write is settled, step by step, against a model of QuickBooks: the cases that are hard to bring about."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest
from books_model import SETTLE, CrashError, ModelBooks, ModelLab, attachment, invoice, payment
from typing_extensions import override

from plumbline.common.connections import Policies
from plumbline.common.contracts.ledger import InvoiceState, PaymentState
from plumbline.common.errors import TransientError
from plumbline.common.reconciling.verdicts import Done, Park, Verdict, Wait
from plumbline.qb_writer.domain.records import Document

INVOICE, PAYMENT, ATTACHMENT = "invoice/1/2/1", "payment/1/2/1", "attachment/1/2/1"


@dataclass
class LaggingBooks(ModelBooks):
    """An index that shows nothing for so many queries."""

    lagging: int = 0

    @override
    async def find(self, entity: str, where: Mapping[str, str]) -> list[Document]:
        self.lagging -= 1
        return [] if self.lagging >= 0 else await super().find(entity, where)


def parked(verdict: Verdict) -> str:
    assert isinstance(verdict, Park), verdict
    return verdict.code


async def test_try_that_was_refused_at_the_gate_does_not_hide_an_earlier_unknown_one() -> None:
    # The first try made it, unseen; the second was throttled. Sending the third without a look would make another.
    lab = ModelLab(books=LaggingBooks(remembers=False, lagging=2))
    lab.want(PAYMENT, payment())
    lab.books.fates = ["lost after", "throttled"]
    assert isinstance(await lab.converge(PAYMENT), Wait)
    assert isinstance(await lab.later(PAYMENT), Wait)
    assert isinstance(await lab.later(PAYMENT), Done)
    assert len(lab.books.held["payment"]) == 1


async def test_second_document_for_one_write_is_raised_as_a_duplicate_and_settled_by_a_person() -> None:
    lab = ModelLab(books=LaggingBooks(remembers=False))
    lab.want(INVOICE, invoice())
    lab.want(ATTACHMENT, attachment())
    await lab.converge(INVOICE)
    lab.books.fates = ["lost after"]
    assert isinstance(await lab.converge(ATTACHMENT), Wait)
    assert isinstance(lab.books, LaggingBooks)
    lab.books.lagging = 1
    verdict = await lab.later(ATTACHMENT)
    assert parked(verdict) == "duplicate"
    one, two = lab.books.held["attachable"]
    assert isinstance(verdict, Park)
    assert one in verdict.reason
    assert two in verdict.reason
    assert parked(await lab.later(ATTACHMENT)) == "duplicate"
    lab.books.delete("attachable", lab.books.held["attachable"][one])
    assert isinstance(await lab.later(ATTACHMENT), Done)
    assert lab.ledger.records[f"r/{ATTACHMENT}"].observed.quickbooks_id == two


async def test_mail_that_was_not_sent_is_not_sent_after_a_person_has_mailed() -> None:
    lab = ModelLab()
    lab.want(INVOICE, invoice(state=InvoiceState.SENT))
    lab.books.fates = ["answered", "throttled"]
    assert isinstance(await lab.converge(INVOICE), Wait)
    (document,) = lab.books.held["invoice"].values()
    lab.books.keep("invoice", {**document, "EmailStatus": "EmailSent"})
    assert isinstance(await lab.later(INVOICE), Done)
    assert lab.books.mails.total() == 0


async def test_open_write_is_not_looked_up_before_quickbooks_must_be_done_with_it() -> None:
    lab = ModelLab()
    lab.want(INVOICE, invoice())
    lab.books.fates = ["lost before"]
    first = await lab.converge(INVOICE)
    again = await lab.converge(INVOICE)
    assert isinstance(first, Wait)
    assert isinstance(again, Wait)
    assert (first.after, again.after) == (SETTLE, SETTLE)
    assert lab.ledger.records[f"r/{INVOICE}"].open_write is not None
    assert lab.books.held["invoice"] == {}


async def test_newer_wish_waits_until_the_open_write_is_settled_with_its_own_bytes() -> None:
    lab = ModelLab()
    lab.want(INVOICE, invoice(cents=10_000))
    lab.books.fates = ["lost before"]
    await lab.converge(INVOICE)
    opened = lab.ledger.records[f"r/{INVOICE}"].open_write
    lab.want(INVOICE, invoice(cents=20_000))
    assert isinstance(await lab.converge(INVOICE), Wait)
    lab.books.fates = ["lost before"]
    await lab.later(INVOICE)
    still = lab.ledger.records[f"r/{INVOICE}"].open_write
    assert opened is not None
    assert still is not None
    assert (still.body, still.request_id, still.tries) == (opened.body, opened.request_id, 2)
    assert isinstance(await lab.later(INVOICE), Done)
    (document,) = lab.books.held["invoice"].values()
    assert document["TotalAmt"] == 200


async def test_request_id_is_another_for_each_write_and_the_same_for_each_try() -> None:
    lab = ModelLab()
    seen = []
    for cents in (10_000, 20_000, 10_000):
        lab.want(INVOICE, invoice(cents=cents))
        lab.books.fates = ["lost before", "lost before"]
        for _ in range(2):
            await lab.later(INVOICE)
            write = lab.ledger.records[f"r/{INVOICE}"].open_write
            assert write is not None
            seen.append(write.request_id)
        await lab.later(INVOICE)
    assert len(set(seen)) == 3
    assert seen[::2] == seen[1::2]
    assert all(len(request_id) == 36 for request_id in seen)
    (document,) = lab.books.held["invoice"].values()
    assert document["TotalAmt"] == 100


async def test_correction_that_met_a_changed_version_is_planned_anew() -> None:
    lab = ModelLab()
    lab.want(INVOICE, invoice(cents=10_000))
    await lab.converge(INVOICE)
    lab.want(INVOICE, invoice(cents=20_000))
    lab.books.fates = ["not sent"]
    with pytest.raises(TransientError):
        await lab.converge(INVOICE)
    (document,) = lab.books.held["invoice"].values()
    lab.books.keep("invoice", {**document, "PrintStatus": "PrintComplete"})
    # 5010 ends the write; the document is read again, nothing of ours was changed, so it is corrected.
    assert isinstance(await lab.later(INVOICE), Done)
    (document,) = lab.books.held["invoice"].values()
    assert (document["TotalAmt"], document["PrintStatus"]) == (200, "PrintComplete")


@pytest.mark.parametrize(("policy", "date"), [("hold", "2026-01-01"), ("overwrite", "2026-10-31")])
async def test_correction_that_met_an_edit_follows_the_policy(policy: str, date: str) -> None:
    lab = ModelLab(Policies.model_validate({"person_changed_it": policy}))
    lab.want(INVOICE, invoice(cents=10_000))
    await lab.converge(INVOICE)
    lab.want(INVOICE, invoice(cents=20_000))
    lab.books.fates = ["not sent"]
    with pytest.raises(TransientError):
        await lab.converge(INVOICE)
    (document,) = lab.books.held["invoice"].values()
    lab.books.keep("invoice", {**document, "TxnDate": "2026-01-01"})
    verdict = await lab.later(INVOICE)
    assert (parked(verdict) == "changed-in-quickbooks") if policy == "hold" else isinstance(verdict, Done)
    (document,) = lab.books.held["invoice"].values()
    assert document["TxnDate"] == date


async def test_deletion_that_a_person_was_quicker_with_is_as_good() -> None:
    lab = ModelLab()
    lab.want(INVOICE, invoice())
    await lab.converge(INVOICE)
    lab.want(INVOICE, invoice(state=InvoiceState.DELETED))
    lab.books.fates = ["not sent"]
    with pytest.raises(TransientError):
        await lab.converge(INVOICE)
    (document,) = lab.books.held["invoice"].values()
    lab.books.delete("invoice", document)
    assert isinstance(await lab.later(INVOICE), Done)
    record = lab.ledger.records[f"r/{INVOICE}"]
    assert (record.observed.state, record.open_write) == ("deleted", None)


@pytest.mark.parametrize("after_commit", [False, True])
@pytest.mark.parametrize("transaction", range(3))
async def test_crash_at_any_transaction_of_a_payments_whole_life_leaves_one_effect(
    transaction: int, *, after_commit: bool
) -> None:
    lab = ModelLab(books=ModelBooks(remembers=False))
    lab.want(INVOICE, invoice(cents=20_000))
    await lab.converge(INVOICE)
    for wish in (payment(one=5_000), payment(one=20_000), payment(PaymentState.VOID, one=20_000)):
        lab.want(PAYMENT, wish)
        lab.ledger.crash = (transaction, after_commit)
        for _ in range(4):
            try:
                await lab.later(PAYMENT)
            except CrashError:
                continue
        lab.ledger.crash = None
        await lab.later(PAYMENT)
    (paid,) = lab.books.held["payment"].values()
    assert (paid["TotalAmt"], paid["PrivateNote"][:6]) == (0, "Voided")
    assert lab.books.made.total() == 2
    (billed,) = lab.books.held["invoice"].values()
    assert billed["Balance"] == 200


async def test_result_of_a_write_that_answers_with_another_document_is_not_taken() -> None:
    lab = ModelLab()
    lab.want(INVOICE, invoice())
    lab.want("invoice/1/2/2", invoice("A-2"))
    await lab.converge(INVOICE)
    lab.books.fates = ["lost before"]
    await lab.converge("invoice/1/2/2")
    write = lab.ledger.records["r/invoice/1/2/2"].open_write
    assert write is not None
    (first,) = lab.books.answers.values()
    lab.books.answers[write.request_id] = replace(first)  # what was asked under this id before, by somebody
    assert parked(await lab.later("invoice/1/2/2")) == "answer-is-not-ours"
