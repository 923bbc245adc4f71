"""Why something is not written, as people read it: codes that stay, and sentences that say what to do. Pure."""

from collections.abc import Sequence
from datetime import timedelta

from plumbline.common.reconciling.verdicts import Park, Verdict, Wait
from plumbline.qb_writer.domain.holdings import Held
from plumbline.qb_writer.domain.kind import Refusal
from plumbline.qb_writer.domain.kinds import kind_of
from plumbline.qb_writer.domain.records import Record
from plumbline.quickbooks.faults import Fault, Reaction

COMPANY_BUSY = timedelta(seconds=60)
"""A company that is moved or maintained is asked again after a minute."""

SUBSCRIPTION_LAPSED = timedelta(minutes=15)
"""A lapsed subscription is looked at again four times an hour; nothing is lost meanwhile."""

QUESTIONS = {
    "deleted-in-quickbooks": "{It} was deleted in QuickBooks. Restore it there, or take it back at its source.",
    "changed-in-quickbooks": "{It} was changed in QuickBooks ({edited}). Set it back there, or make the "
    "same change at its source.",
    "changed-after-payment": "{It} changed at its source after money was applied to it in QuickBooks. "
    "Unapply that, or write the difference as a document of its own.",
    "void-needs-a-person": "{It} should be voided, but it is {done}. Void or credit it in QuickBooks.",
    "delete-needs-a-person": "{It} should be deleted, but it is {done}. Undo that in QuickBooks.",
    "number-is-taken": "QuickBooks held a document of this number before the company went live, for somebody else or "
    "of another amount ({twin}). Renumber that one, or this one at its source.",
    "more-than-is-open": "{It} applies more than is open in QuickBooks. See whether it was paid there already.",
}
"""What a person is asked, by the code of the plan's `AskPerson`; docs/plan.md tells when."""

UNKNOWN_PARTY = {"Customer": "unknown-customer", "Vendor": "unknown-vendor"}
"""The code for a customer or vendor that QuickBooks does not have, or has made inactive."""

_UNKNOWN = {
    "CustomerRef": "unknown-customer",
    "VendorRef": "unknown-vendor",
    "ItemRef": "unknown-item",
    "AccountRef": "unknown-account",
    "BankAccountRef": "unknown-account",
    "CCAccountRef": "unknown-account",
    "DepositToAccountRef": "unknown-account",
    "Accounts": "unknown-account",
    "Items": "unknown-item",
    "Class": "unknown-class",
    "ClassRef": "unknown-class",
    "CurrencyRef": "unknown-currency",
}
"""The code for what a fault says is missing, by its element or by the word of its detail (captured ones)."""

_CLOSED_BOOKS = frozenset({6200, 6210})
"""The codes of a closed accounting period, without and with a password."""

_ADVICE = {
    Reaction.CONFIGURE: ("quickbooks-set-up", "Change the company's settings in QuickBooks"),
    Reaction.RECONNECT: ("missing-scopes", "Connect the company again"),
}


def named(record: Record) -> str:
    """Return what a person calls the record: its kind, and its number where it has one."""
    kind, wish = kind_of(record.desired), record.desired
    wanted = kind.number(wish)
    known = record.observed.number or (wanted.wanted if wanted else kind.title(wish))
    return f"{kind.name.replace('-', ' ').capitalize()} {known or record.name.partition('/')[2]}"


def question(record: Record, code: str, *, twins: Sequence[Held] = ()) -> Refusal:
    """Return what a person is asked about a record that the plan cannot go on with."""
    seen = record.observed
    edited = "voided" if seen.removed == "voided" else ", ".join(seen.edited)
    done = "mailed to the customer" if seen.mailed else "paid or used, at least in part"
    twin = ", ".join(f"transaction {held.quickbooks_id}" for held in twins)
    sentence = QUESTIONS[code].format(It=named(record), edited=edited, done=done, twin=twin)
    return Refusal(code, f"{sentence} Then resume this record.")


def mail_unknown(record: Record) -> Refusal:
    """Return what a person is asked about a mail that was asked for again, and whose answer was lost."""
    return Refusal(
        "mail-unknown",
        f"{named(record)} should have been mailed again, and nobody can know whether it was: the answer was lost, and "
        "QuickBooks tells only of the mail before. Ask the customer, then `plumbline resend` it if need be.",
    )


def verdict_of(record: Record, fault: Fault, *, number: str | None) -> Verdict:
    """Return what follows from a refusal by QuickBooks, once its write is closed."""
    if (wait := _holding(fault)) is not None:
        return wait
    match fault.reaction:
        case Reaction.ADOPT_OR_CONFLICT:
            return _parked(record, _conflict(record, fault, number))
        case Reaction.REMAP:
            return _parked(
                record, Refusal(_unknown(record, fault), f"{fault}. Correct the link with `plumbline link`")
            )
        case reaction:
            closed = fault.code in _CLOSED_BOOKS
            otherwise = (
                "Open the books for its date, or date it later at its source" if closed else "Set it right"
            )
            code, advice = _ADVICE.get(reaction, (f"quickbooks-{fault.code}", otherwise))
            return _parked(record, Refusal(code, f"{fault}. {advice}"))


def refused_reading(fault: Fault) -> Verdict:
    """Return what follows if QuickBooks refuses to tell of a company's documents."""
    code, advice = _ADVICE.get(fault.reaction, (f"quickbooks-{fault.code}", "Set it right"))
    return _holding(fault) or Park(code, f"The books are not followed: {fault}. {advice}, then resume this.")


def _holding(fault: Fault) -> Wait | None:
    """Return for how long nothing is asked of the company, if that is what the fault is about."""
    match fault.reaction:
        case Reaction.BACK_OFF:
            return Wait(COMPANY_BUSY, str(fault), holds_connection=True)
        case Reaction.PAUSE_REALM:
            return Wait(SUBSCRIPTION_LAPSED, str(fault), holds_connection=True)
        case _:
            return None


def _parked(record: Record, refusal: Refusal) -> Park:
    return Park(refusal.code, f"{refusal.reason}, then resume this record.", amount_cents=stake_cents(record))


def _conflict(record: Record, fault: Fault, number: str | None) -> Refusal:
    kind = kind_of(record.desired).name
    other = f" (transaction {fault.taken_by_id})" if fault.taken_by_id else ""
    taken = f"number {number}" if number else "its number"
    return Refusal(
        f"{kind}-already-exists",
        f"{kind.replace('-', ' ').capitalize()} already exists: {taken} belongs to another document in "
        f"QuickBooks{other}. Renumber that one, or this one at its source",
    )


def _unknown(record: Record, fault: Fault) -> str:
    if fault.element in _UNKNOWN:
        return _UNKNOWN[fault.element]
    party = kind_of(record.desired).party(record.desired)
    if "Names element" in fault.detail and party is not None:
        return UNKNOWN_PARTY[party.entity]
    named = (code for word, code in _UNKNOWN.items() if f"{word} element" in fault.detail)
    return next(named, "invalid-link")


def stake_cents(record: Record) -> int | None:
    """Return how much money waits while the record is parked."""
    cents: int | None = kind_of(record.desired).stake_cents(record.desired)
    return cents
