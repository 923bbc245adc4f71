"""QuickBooks as far as the plan can tell: what is really there, what a look shows of it, what a write does to it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from plumbline.qb_writer.domain.plan import (
    Acknowledge,
    Compare,
    Link,
    Look,
    LookAtNeeds,
    Money,
    Needs,
    Open,
    Presence,
    Seeing,
    Seek,
    Situation,
    Standing,
    Twin,
)
from plumbline.qb_writer.domain.records import Operation

HERE, VOIDED, DELETED = Presence.HERE, Presence.VOIDED, Presence.DELETED
BY_PERSON = {VOIDED: Presence.VOIDED_BY_PERSON, DELETED: Presence.DELETED_BY_PERSON}
ENDED = {by_person: end for end, by_person in BY_PERSON.items()}


@dataclass(frozen=True)
class Truth:
    """What QuickBooks holds, whatever the writer believes."""

    presence: Presence
    edited: bool
    mailed: bool
    money: Money
    needs: Needs
    twin: Twin = Twin.NONE

    def told(self, belief: Situation, step: Seeing) -> Situation:
        """Return what the writer believes after a step that only learns something."""
        match step:
            case Look():
                has_news = belief.presence is not VOIDED and self.presence is not belief.presence
                ended = has_news and self.presence is not HERE
                presence = BY_PERSON[self.presence] if ended else self.presence
                shown = replace(belief, presence=presence, mailed=self.mailed, money=self.money, fresh=True)
                return replace(shown, edited=self.edited if self.presence is HERE else presence in ENDED)
            case Seek():
                return replace(belief, sought=True)
            case Compare():
                return replace(belief, twin=self.twin)
            case Link():
                linked = replace(belief, presence=HERE, twin=Twin.NONE, standing=Standing.BEFORE)
                return replace(linked, as_wished=True, edited=False, fresh=True)
            case LookAtNeeds():
                return replace(belief, needs=self.needs)
            case Acknowledge():
                presence = ENDED.get(belief.presence, belief.presence)
                return replace(belief, presence=presence, edited=False)

    def written(self, belief: Situation, step: Open) -> tuple["Truth", Situation]:
        """Return what is there and what is believed once a write is proven."""
        truth = self
        match step.operation:
            case Operation.CREATE:
                truth = replace(self, presence=HERE, edited=False, mailed=False, money=Money.UNTOUCHED)
                belief = replace(belief, as_wished=True)
            case Operation.UPDATE:
                truth, belief = replace(self, edited=False), replace(belief, as_wished=True)
            case Operation.SEND:
                truth, belief = replace(self, mailed=True), replace(belief, mail_again=False)
            case Operation.VOID:
                truth = replace(self, presence=VOIDED)
            case Operation.DELETE:
                truth = replace(self, presence=DELETED)
        return truth, truth.told(replace(belief, presence=truth.presence), Look())


def truths(belief: Situation) -> Iterator[Truth]:
    """Return everything that may really be there while the writer believes this."""
    now = ENDED.get(belief.presence, belief.presence)
    later = {HERE: (HERE, VOIDED, DELETED), VOIDED: (VOIDED, DELETED, HERE)}.get(now, (now,))
    presences = (now,) if belief.fresh else later
    needs = (belief.needs,) if belief.needs is not Needs.UNSEEN else tuple(set(Needs) - {Needs.UNSEEN})
    twins = (belief.twin,) if belief.twin is not Twin.UNSOUGHT else (Twin.NONE, Twin.SAME, Twin.OTHER)
    for presence, edited, mailed, money, need, twin in product(
        presences, (False, True), (False, True), Money, needs, twins
    ):
        truth = Truth(presence, edited, mailed, money, need, twin)
        as_read = (edited, mailed, money) == (belief.edited, belief.mailed, belief.money)
        if as_read or (not belief.fresh and mailed >= belief.mailed):
            yield truth
