"""From all that is known of a record to the situation that the plan looks at. Pure."""

from plumbline.common.connections import PersonPolicy
from plumbline.qb_writer.domain.kind import Correction, Related, Relations
from plumbline.qb_writer.domain.kinds import AnyKind, kind_of
from plumbline.qb_writer.domain.plan import Aim, Money, Needs, Presence, Situation
from plumbline.qb_writer.domain.records import Observed, Record
from plumbline.qb_writer.domain.writes import content_of


def situation_of(record: Record, relations: Relations, *, policy: PersonPolicy) -> Situation:
    """Boil a record down to what its next step depends on."""
    kind, seen = kind_of(record.desired), record.observed
    return Situation(
        aim=_aim(kind, record),
        presence=_presence(seen),
        fresh=seen.fresh,
        told=record.heard > record.looked,
        as_wished=seen.applied_hash == content_of(record.desired),
        edited=bool(seen.edited or seen.removed),
        mailed=seen.mailed,
        money=_money(seen) if kind.is_guarded else Money.UNTOUCHED,
        needs=_needs(kind, record, relations),
        policy=policy,
        sought=seen.sought or kind.number(record.desired) is not None,
        is_replaced=kind.correction is Correction.REPLACE,
    )


def related(record: Record) -> Related:
    """Return what another record may know of this one that it refers to.

    One that is still to be corrected or ended would be paid in its old amount, and could be neither any more.
    """
    kind, seen = kind_of(record.desired), record.observed
    is_as_wished = seen.applied_hash == content_of(record.desired)
    is_to_end = kind.aims[record.desired.state] in {Aim.VOID, Aim.DELETED}
    return Related(kind, seen, is_ready=record.open_write is None and is_as_wished and not is_to_end)


def _aim(kind: AnyKind, record: Record) -> Aim:
    aim = kind.aims[record.desired.state]
    # Of nothing nothing can be paid: a document of zero is as paid as it will ever be.
    return Aim.HELD if aim is Aim.PAID and kind.stake_cents(record.desired) == 0 else aim


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
