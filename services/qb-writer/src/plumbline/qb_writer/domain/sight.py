"""From all that is known of a record to the situation that the plan looks at. Pure."""

from collections.abc import Sequence

from plumbline.common.connections import PersonPolicy
from plumbline.common.contracts.ledger import Desired
from plumbline.qb_writer.domain.holdings import Held
from plumbline.qb_writer.domain.kind import Correction, Related, Relations
from plumbline.qb_writer.domain.kinds import AnyKind, kind_of
from plumbline.qb_writer.domain.plan import (
    Aim,
    Money,
    Needs,
    Presence,
    Situation,
    Standing,
    Twin,
)
from plumbline.qb_writer.domain.records import Beginning, Observed, Record
from plumbline.qb_writer.domain.writes import content_of, names_others


def situation_of(
    record: Record,
    relations: Relations,
    *,
    policy: PersonPolicy,
    beginning: Beginning | None,
    twins: Sequence[Held] | None = None,
) -> Situation:
    """Boil a record down to what its next step depends on.

    Args:
        record: what is wanted, and what is known.
        relations: the records that it names or needs.
        policy: the company's, of what people change.
        beginning: when its company went live; None: it has not.
        twins: what QuickBooks holds under its number; None: nobody has compared.
    """
    kind, seen = kind_of(record.desired), record.observed
    return Situation(
        aim=aim_of(record),
        standing=_standing(kind, record, relations, beginning),
        twin=_twin(kind, record, beginning, twins),
        presence=_presence(seen),
        fresh=seen.fresh,
        told=record.heard > record.looked,
        as_wished=seen.applied_hash == content_of(record.desired) and not names_others(record, relations),
        edited=bool(seen.edited or seen.removed),
        mailed=seen.mailed,
        mail_again=record.mails_asked > record.mails_done,
        money=_money(seen) if kind.is_guarded else Money.UNTOUCHED,
        needs=_needs(kind, record, relations),
        policy=policy,
        sought=seen.sought or kind.number(record.desired) is not None,
        is_replaced=kind.correction is Correction.REPLACE,
    )


def aim_of(record: Record) -> Aim:
    """Return what a record's wish aims at."""
    kind = kind_of(record.desired)
    aim = kind.aims[record.desired.state]
    # Of nothing nothing can be paid: a document of zero is as paid as it will ever be.
    return Aim.HELD if aim is Aim.PAID and kind.stake_cents(record.desired) == 0 else aim


def related(record: Record, beginning: Beginning | None) -> Related:
    """Return what another record may know of this one that it refers to.

    One that is still to be corrected or ended would be paid in its old amount, and could be neither any more.
    """
    kind, seen = kind_of(record.desired), record.observed
    is_as_wished = seen.applied_hash == content_of(record.desired)
    is_to_end = kind.aims[record.desired.state].is_end
    return Related(
        kind,
        seen,
        is_from_before=_standing(kind, record, {}, beginning) is Standing.BEFORE,
        is_ready=record.open_write is None and is_as_wished and not is_to_end,
    )


def twin_among(desired: Desired, documents: Sequence[Held]) -> tuple[Twin, Held | None]:
    """Say whether one of the documents that have a wish's number is what it wishes, and which.

    The same is what is for the same customer or vendor, and of the same amount.
    """
    kind = kind_of(desired)
    party, number = kind.party(desired), kind.number(desired)
    of_party = [held for held in documents if party is not None and held.party == party.quickbooks_id]
    same = [held for held in of_party if held.total_cents == kind.stake_cents(desired)]
    if len(same) == 1:
        return Twin.SAME, same[0]
    rivals = of_party if number is not None and number.per_party else documents
    return (Twin.OTHER if rivals else Twin.NONE), None


def _standing(kind: AnyKind, record: Record, relations: Relations, beginning: Beginning | None) -> Standing:
    if record.observed.linked:
        return Standing.BEFORE
    if beginning is None:
        return Standing.OBSERVED
    if record.observed.quickbooks_id is not None and not record.observed.has_ended:
        # What we made is ours to correct and to end, whatever day its source moves it to.
        return Standing.LIVE
    day = kind.dated(record.desired)
    if day is not None:
        return Standing.BEFORE if day < beginning.from_day else Standing.LIVE
    is_from_before = any(other.is_from_before for other in relations.values())
    return Standing.BEFORE if is_from_before else Standing.LIVE


def _twin(kind: AnyKind, record: Record, beginning: Beginning | None, twins: Sequence[Held] | None) -> Twin:
    """Return what is known of a twin; only a record that was wanted before its company went live can have one."""
    is_old = beginning is not None and record.known_since < beginning.since
    if kind.number(record.desired) is None or not is_old or record.writes:
        return Twin.NONE
    return Twin.UNSOUGHT if twins is None else twin_among(record.desired, twins)[0]


def _presence(seen: Observed) -> Presence:
    if seen.quickbooks_id is None:
        return Presence.ABSENT
    if seen.removed is not None:
        return Presence.VOIDED_BY_PERSON if seen.removed == "voided" else Presence.DELETED_BY_PERSON
    if seen.has_ended:
        return Presence.DELETED if seen.deleted else Presence.VOIDED
    return Presence.HERE


def _money(seen: Observed) -> Money:
    if seen.balance_cents == seen.total_cents:
        return Money.UNTOUCHED
    return Money.PARTLY if seen.balance_cents else Money.WHOLLY


def _needs(kind: AnyKind, record: Record, relations: Relations) -> Needs:
    wanted = dict.fromkeys([*record.needs, *kind.names(record.desired)])
    if any(name not in relations or not relations[name].is_there for name in wanted):
        return Needs.MISSING
    return kind.needs(record.desired, record.observed, relations)
