"""The plan: from what should be and what is, the one next step. Pure, and finite.

A record's state is boiled down to a `Situation`, of which there are so many that all can be looked at:
docs/plan.md is the whole table, and a test walks every way through it.
"""

from dataclasses import dataclass
from enum import StrEnum

from plumbline.common.connections import PersonPolicy
from plumbline.qb_writer.domain.records import Operation


class Standing(StrEnum):
    """Whether a record may be written."""

    LIVE = "live"
    OBSERVED = "observed"
    """Its company is not written to yet."""
    BEFORE = "from before"
    """It was billed before its company's beginning, or is linked to what was there: it is never written."""


class Twin(StrEnum):
    """Whether QuickBooks held a document of the same number when the company went live."""

    UNSOUGHT = "not known"
    NONE = "none"
    SAME = "the same"
    """For the same customer or vendor, of the same amount."""
    OTHER = "another"
    """For somebody else, of another amount, or several."""


class Aim(StrEnum):
    """What a wish aims at, whatever it is a wish for."""

    HELD = "held"
    """QuickBooks holds it."""
    SENT = "sent"
    """And it was mailed, once."""
    PAID = "paid"
    """And nothing of it is open."""
    VOID = "void"
    """It counts no more."""
    DELETED = "deleted"
    """It is not there."""

    @property
    def is_end(self) -> bool:
        """Whether the document should count no more."""
        return self in {Aim.VOID, Aim.DELETED}


class Presence(StrEnum):
    """Whether there is a document."""

    ABSENT = "absent"
    """None of this incarnation was ever confirmed."""
    HERE = "here"
    VOIDED = "voided"
    DELETED = "deleted"
    VOIDED_BY_PERSON = "voided by a person"
    DELETED_BY_PERSON = "deleted by a person"


class Money(StrEnum):
    """What has become of the document's amount."""

    UNTOUCHED = "untouched"
    PARTLY = "partly applied"
    WHOLLY = "wholly applied"


class Needs(StrEnum):
    """Whether the records that this one refers to let it be written."""

    MET = "met"
    MISSING = "missing"
    """At least one is not in QuickBooks, or being written."""
    UNSEEN = "unseen"
    """Their balances have to be read first."""
    SHORT = "short"
    """At least one has less open than should be applied to it."""
    NOTHING_OPEN = "nothing open"
    """There is nothing left to pay."""


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the next step depends on. What is not fresh may be different by now."""

    aim: Aim
    standing: Standing = Standing.LIVE
    twin: Twin = Twin.NONE
    presence: Presence = Presence.ABSENT
    fresh: bool = False
    told: bool = False
    """Whether QuickBooks tells that it may have changed, and it was not read since."""
    as_wished: bool = True
    """Whether our last write said what is wanted now."""
    edited: bool = False
    """Whether a person changed it, or ended it."""
    mailed: bool = False
    mail_again: bool = False
    """Whether a person has asked for another mail."""
    money: Money = Money.UNTOUCHED
    needs: Needs = Needs.MET
    policy: PersonPolicy = "hold"
    sought: bool = True
    """Whether something would keep it from being made twice: a number of ours, or a look for it just now."""
    is_replaced: bool = False
    """Whether a correction deletes the document and makes another."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """QuickBooks holds what it should."""


@dataclass(frozen=True, slots=True)
class Look:
    """The next step needs to know how the document stands now."""


@dataclass(frozen=True, slots=True)
class Seek:
    """Look whether it is there already: a database that was restored may have forgotten it."""


@dataclass(frozen=True, slots=True)
class Compare:
    """See among what QuickBooks was read to hold whether people have made this document already."""


@dataclass(frozen=True, slots=True)
class Link:
    """People have made it: take their document for the record's own, and leave it to them."""


@dataclass(frozen=True, slots=True)
class LookAtNeeds:
    """The next step needs to know what is open on the documents that this one refers to."""


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Somebody else did it, and may have: take note of it as it is."""


@dataclass(frozen=True, slots=True)
class Open:
    """Open a write. A create begins a new incarnation if the last one has ended."""

    operation: Operation


@dataclass(frozen=True, slots=True)
class AwaitPayment:
    """Written as far as it goes: the payment is still to be seen in QuickBooks."""


@dataclass(frozen=True, slots=True)
class AwaitNeeds:
    """What it refers to is not in QuickBooks yet."""


@dataclass(frozen=True, slots=True)
class Observe:
    """Nothing is written to its company yet; `plumbline plan` shows what would be."""


@dataclass(frozen=True, slots=True)
class LeaveBe:
    """It is from before the company's beginning, and not in QuickBooks: it is never made."""


@dataclass(frozen=True, slots=True)
class AskPerson:
    """Nothing may be written without a person's word; `refusals` has the sentence for the code."""

    code: str


Seeing = Look | Seek | Compare | Link | LookAtNeeds | Acknowledge
"""Steps that only learn something; another one follows at once."""

Rest = Nothing | AwaitPayment | AwaitNeeds | Observe | LeaveBe | AskPerson
"""Where a record rests until there is news."""

Step = Seeing | Open | Rest
"""What is done next."""


def plan(now: Situation) -> Step:
    """Return the next step. Every situation has exactly one."""
    match now.standing:
        case Standing.OBSERVED:
            return Observe()
        case Standing.BEFORE:
            return _from_before(now)
        case Standing.LIVE:
            return _live(now)


def _from_before(now: Situation) -> Step:
    if now.presence is not Presence.ABSENT:
        return Look() if now.told and not now.fresh else Nothing()
    match now.twin:
        case Twin.UNSOUGHT:
            return Compare()
        case Twin.SAME:
            return Link()
        case Twin.NONE | Twin.OTHER:
            return LeaveBe()


def _live(now: Situation) -> Step:
    if now.aim.is_end:
        return _end(now)
    match now.presence:
        case Presence.VOIDED_BY_PERSON | Presence.DELETED_BY_PERSON:
            return _of_end_by_person(now)
        case Presence.HERE if now.told and not now.fresh:
            return Look()
        case Presence.HERE:
            return _of_edit(now) or _correct(now) or _progress(now)
        case Presence.VOIDED if not now.fresh:
            # Whoever gives a voided document its amounts back has it count again: no second one is made beside it.
            return Look()
        case Presence.ABSENT | Presence.VOIDED | Presence.DELETED:
            return _begin(now)


def _begin(now: Situation) -> Step:
    match now.twin:
        case Twin.UNSOUGHT:
            return Compare()
        case Twin.SAME:
            return Link()
        case Twin.OTHER:
            return AskPerson("number-is-taken")
        case Twin.NONE:
            return _make(now)


def _make(now: Situation) -> Step:
    if not now.sought and now.needs is not Needs.MISSING:
        return Seek()
    return _once_needs_are_met(now, Operation.CREATE)


def _end(now: Situation) -> Step:
    match now.presence:
        case Presence.VOIDED_BY_PERSON | Presence.DELETED_BY_PERSON:
            return Acknowledge()
        case Presence.VOIDED if not now.fresh and (now.told or now.aim is Aim.DELETED):
            return Look()
        case Presence.VOIDED if now.aim is Aim.DELETED:
            return Open(Operation.DELETE)
        case Presence.ABSENT | Presence.VOIDED | Presence.DELETED:
            return Nothing()
        case Presence.HERE if not now.fresh:
            return Look()
        case Presence.HERE:
            return _of_edit(now) or _end_if_harmless(now)


def _end_if_harmless(now: Situation) -> Step:
    ending = Operation.VOID if now.aim is Aim.VOID else Operation.DELETE
    if now.mailed or now.money is not Money.UNTOUCHED:
        return AskPerson(f"{ending}-needs-a-person")
    return Open(ending)


def _of_edit(now: Situation) -> Step | None:
    """What a person changed is nobody's to change back in silence."""
    if not now.edited or now.policy == "overwrite":
        return None
    return AskPerson("changed-in-quickbooks") if now.policy == "hold" else Acknowledge()


def _of_end_by_person(now: Situation) -> Step:
    """What a person has ended is not made anew."""
    if not now.fresh:
        return Look()
    if now.policy == "accept":
        return Nothing()
    is_voided = now.presence is Presence.VOIDED_BY_PERSON
    return AskPerson("changed-in-quickbooks" if is_voided else "deleted-in-quickbooks")


def _correct(now: Situation) -> Step | None:
    if now.as_wished and not now.edited:
        return None
    if not now.fresh:
        return Look()
    if now.money is not Money.UNTOUCHED:
        return AskPerson("changed-after-payment")
    if now.is_replaced:
        return Open(Operation.DELETE)
    return _once_needs_are_met(now, Operation.UPDATE)


def _once_needs_are_met(now: Situation, operation: Operation) -> Step:
    match now.needs:
        case Needs.MET:
            return Open(operation)
        case Needs.MISSING:
            return AwaitNeeds()
        case Needs.UNSEEN:
            return LookAtNeeds()
        case Needs.SHORT:
            return AskPerson("more-than-is-open")
        case Needs.NOTHING_OPEN:
            return Nothing()


def _progress(now: Situation) -> Step:
    if now.mailed and now.mail_again:
        return Open(Operation.SEND) if now.fresh else Look()
    match now.aim:
        case Aim.SENT if not now.mailed:
            return Open(Operation.SEND) if now.fresh else Look()
        case Aim.PAID if not now.fresh:
            return Look()
        case Aim.PAID if now.money is not Money.WHOLLY:
            return AwaitPayment()
        case _:
            return Nothing()
