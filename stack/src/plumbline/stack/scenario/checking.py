"""The check: do the books agree? Judged by the sandbox's own state and journal, not by the suite's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from plumbline.stack.scenario.plan import PlannedInvoice

FAULTS_MET_MIN = {
    "lose-answer": 10,
    "status-after-commit": 10,
    "status": 10,
    "throttle": 10,
    "refuse-token": 10,
    "stale-truth": 10,
    "late-rows": 10,
    "webhook-repeat": 10,
    "webhook-shuffle": 10,
    "webhook-garbage": 1,
}
"""How often each fault must have been met for the demo to count."""

WEBHOOKS_MET_MIN = {"v2.0": 10, "v3.0": 10, "v4.0": 10, "cloudevents": 10, "legacy": 10, "signed garbage": 1}
"""How many events must have been taken in each of Procore's payload versions and each of QuickBooks' forms."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one invoice ended."""

    invoice: PlannedInvoice
    state: str
    """What QuickBooks shows, or the code it is parked with, or `missing`."""
    total_cents: int
    copies: int
    mails: int

    @property
    def problem(self) -> str | None:
        """What is wrong, in words; None if all is as it must be."""
        if self.copies > 1:
            return f"{self.copies} copies in QuickBooks"
        if self.state != self.invoice.end:
            return f"is {self.state}, must be {self.invoice.end}"
        if self.copies and self.total_cents != self.invoice.total_cents:
            return f"amount is {self.total_cents}, must be {self.invoice.total_cents} cents"
        if self.mails > 1:
            return f"was mailed {self.mails} times"
        return None


def judge(
    invoices: Sequence[PlannedInvoice],
    *,
    ids: Mapping[str, str],
    books: Mapping[str, Sequence[Mapping[str, Any]]],
    mails: Sequence[Mapping[str, Any]],
    parked: Mapping[str, str],
) -> list[Verdict]:
    """Return a verdict per invoice.

    Args:
        invoices: the plan.
        ids: Procore's id by document number.
        books: every invoice that QuickBooks holds, by realm.
        mails: the journal's mails.
        parked: parking codes by the id of the Procore record they concern.
    """
    mailed = Counter((str(mail.get("realm")), str(mail.get("id"))) for mail in mails)
    return [_judge(i, ids.get(i.document_number, ""), books[i.realm], mailed, parked) for i in invoices]


def _judge(
    invoice: PlannedInvoice,
    procore_id: str,
    held: Sequence[Mapping[str, Any]],
    mailed: Mapping[tuple[str, str], int],
    parked: Mapping[str, str],
) -> Verdict:
    note = f"plumbline:invoice/{invoice.company_id}/{invoice.project['id']}/{procore_id}#"
    ours = [i for i in held if str(i.get("PrivateNote", "")).startswith(note)]
    shown = ours[0] if ours else {}
    return Verdict(
        invoice=invoice,
        state=parked.get(procore_id) or _state(shown),
        total_cents=_cents(shown.get("TotalAmt", 0)),
        copies=len(ours),
        mails=mailed[invoice.realm, str(shown.get("Id"))],
    )


def _state(shown: Mapping[str, Any]) -> str:
    if not shown:
        return "missing"
    if _cents(shown["Balance"]) == 0:
        return "paid"
    return "sent" if shown.get("EmailStatus") == "EmailSent" else "open"


def _cents(amount: object) -> int:
    return int((Decimal(str(amount)) * 100).to_integral_value())


def webhooks_taken(attempts: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """Return how many events were acknowledged in each payload version and form, by the journal's webhook attempts."""
    taken: Counter[str] = Counter()
    for attempt in attempts:
        if attempt["provider"] == "procore" and attempt["status"] in {200, 202, 204}:
            taken[attempt["payload_version"]] += 1
        elif attempt["provider"] == "quickbooks" and attempt["status"] == 200:
            taken[attempt["format"]] += len(attempt["events"])
            taken["signed garbage"] += not attempt["events"]
    return taken


def met_too_seldom(faults: Mapping[str, int], webhooks: Mapping[str, int]) -> list[str]:
    """Return the faults and webhooks that were met less often than the demo promises.

    Args:
        faults: how often each was met.
        webhooks: how many events were taken, as `webhooks_taken` counts them.
    """
    promised = [(FAULTS_MET_MIN, faults), (WEBHOOKS_MET_MIN, webhooks)]
    return [
        f"{name} {met.get(name, 0)} of {least}"
        for least_of, met in promised
        for name, least in least_of.items()
        if met.get(name, 0) < least
    ]
