"""What QuickBooks may answer without telling what it did, for every kind: one effect of each create, correction and end.

What only a real connection shows (resets, half-closed connections, one byte and then silence) is played over
sockets by `test_quickbooks_wire` and by the campaign `silence`.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from writer_lab import REALM, WriterLab
from writer_wishes import attachment, credit_memo, ended, one_of_each

from plumbline.common.contracts.ledger import CreditMemoState, Desired, InvoiceState
from plumbline.qb_writer.domain.kinds import KINDS, kind_of
from plumbline.qb_writer.domain.plan import Aim

pytest_plugins = ["writer_fixtures"]


def fault(code: int, message: str = "m") -> dict[str, Any]:
    error = {"Message": message, "Detail": message, "code": str(code), "element": ""}
    return {"Fault": {"Error": [error], "type": "SystemFault"}, "time": "2026-03-02T08:00:00.000-08:00"}


@dataclass(frozen=True)
class Outcome:
    """One fault of the sandbox."""

    name: str
    args: dict[str, Any] = field(default_factory=dict)


HTML = {"headers": {"content-type": "text/html"}, "body": "<html>Bad gateway</html>"}

OUTCOMES = {
    "nothing, before the commit": Outcome("lose-request"),
    "503, before the commit": Outcome("status", {"status": 503}),
    "504, before the commit": Outcome("status", {"status": 504}),
    "HTML, before the commit": Outcome("html", {"status": 502}),
    "HTML with 200, before the commit": Outcome("html", {"status": 200}),
    "302, before the commit": Outcome("status", {"status": 302, "headers": {"location": "https://sorry"}}),
    "200 with Fault 10000, before the commit": Outcome("status", {"status": 200, "body": fault(10000)}),
    "nothing, after the commit": Outcome("lose-answer"),
    "500, after the commit": Outcome("status-after-commit", {"status": 500}),
    "504, after the commit": Outcome("status-after-commit", {"status": 504}),
    "HTML, after the commit": Outcome("status-after-commit", {"status": 502, **HTML}),
    "half of the JSON, after the commit": Outcome(
        "status-after-commit", {"status": 200, "body": '{"Invoice": {"Id": "1'}
    ),
    "200 without a body, after the commit": Outcome("status-after-commit", {"status": 200, "body": ""}),
    "200 with Fault 10000, after the commit": Outcome(
        "status-after-commit", {"status": 200, "body": fault(10000)}
    ),
    "200 with an unexpected Fault 6000, after the commit": Outcome(
        "status-after-commit", {"status": 200, "body": fault(6000, "An unexpected error occurred")}
    ),
    "401, after the commit": Outcome("refuse-token", {"after_commit": True}),
}


def corrected(lab: WriterLab, desired: Desired) -> Desired:
    """Return the wish with something else in it that moves no money."""
    changes: dict[str, Any] = {
        "invoice": {"due_on": date(2026, 12, 15)},
        "bill": {"due_on": date(2026, 12, 15)},
        "credit-memo": {"issued_on": date(2026, 11, 3)},
        "vendor-credit": {"issued_on": date(2026, 11, 3)},
        "payment": {"reference": "CHK 1208"},
        "bill-payment": {"reference": "4712"},
    }
    if desired.kind == "attachment":
        return attachment(lab, b"%PDF-1.7 corrected")
    return desired.model_copy(update=changes[desired.kind])


def shows(lab: WriterLab, desired: Desired) -> bool:
    """Say whether the one document of the kind is the corrected one."""
    body = lab.only(desired)
    properties = {
        "invoice": ("DueDate", "2026-12-15"),
        "bill": ("DueDate", "2026-12-15"),
        "credit-memo": ("TxnDate", "2026-11-03"),
        "vendor-credit": ("TxnDate", "2026-11-03"),
        "payment": ("PaymentRefNum", "CHK 1208"),
        "bill-payment": ("DocNumber", "4712"),
        "attachment": ("Size", len(b"%PDF-1.7 corrected")),
    }
    name, value = properties[desired.kind]
    return bool(body[name] == value)


@pytest.mark.parametrize("said", OUTCOMES)
async def test_create_correction_and_end_of_each_kind_have_one_effect_whatever_is_said(
    hurried: WriterLab, said: str
) -> None:
    outcome = OUTCOMES[said]
    wishes = one_of_each(hurried)
    for desired in wishes:
        for version, wish in enumerate((desired, corrected(hurried, desired)), start=1):
            hurried.fault(outcome.name, **outcome.args)
            await hurried.want(wish, version)
            assert hurried.only(wish), wish.kind
        assert shows(hurried, desired), desired.kind
    for desired in reversed(wishes):
        gone = ended(desired, Aim.DELETED)
        assert gone is not None
        hurried.fault(outcome.name, **outcome.args)
        await hurried.want(gone, 3)
        assert hurried.held(kind_of(desired).entity) == []
    assert hurried.world.faults.totals == {outcome.name: 3 * len(KINDS)}
    assert await hurried.parked() == {}
    commits = hurried.commits()
    for desired in wishes:
        entity = kind_of(desired).entity
        made = 2 if desired.kind == "attachment" else 1
        changed = (commits[f"{entity} created"], commits[f"{entity} updated"], commits[f"{entity} deleted"])
        assert changed == (made, 2 - made, made), entity


@pytest.mark.parametrize("said", OUTCOMES)
async def test_mail_goes_out_once_whatever_is_said(hurried: WriterLab, said: str) -> None:
    outcome = OUTCOMES[said]
    for wish, state in (
        (hurried.wish(), InvoiceState.SENT),
        (credit_memo(hurried), CreditMemoState.SENT),
    ):
        await hurried.want(wish)
        hurried.fault(outcome.name, path="/send", **outcome.args)
        await hurried.want(wish.model_copy(update={"state": state}), 2)
        assert hurried.only(wish)["EmailStatus"] == "EmailSent"
    assert hurried.mails() == 2
    assert hurried.world.faults.totals == {outcome.name: 2}
    assert await hurried.parked() == {}


async def test_correction_of_a_memo_alone_is_made_though_its_first_request_was_lost(
    hurried: WriterLab,
) -> None:
    for wish in (hurried.wish(), credit_memo(hurried)):
        await hurried.want(wish.model_copy(update={"memo": "Pay application 3"}))
        hurried.fault("lose-request")
        await hurried.want(wish.model_copy(update={"memo": "Pay application 3, corrected"}), 2)
        assert hurried.only(wish)["CustomerMemo"]["value"] == "Pay application 3, corrected"
        record = await hurried.ledger.load(f"{REALM}/{wish.kind}/1/2/1")
        assert record is not None
        assert record.open_write is None
