"""The comparison of a record with its document: all in which QuickBooks is not as it should be. Pure.

What is compared is what is written: a kind's own `facts` tell of the wish, composed as it would be sent, and of
the document as QuickBooks holds it. Whether it should be there, and what it waits for, the plan's own situation
tells. So there is no second list of fields or states that something could be missing from.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from plumbline.common.connections import Policies
from plumbline.common.contracts.drift import DriftCause
from plumbline.qb_writer.domain.difference import ADVICE, Difference, money_in, told, unreadable
from plumbline.qb_writer.domain.documents import dollars
from plumbline.qb_writer.domain.kind import Refusal, Related, Relations
from plumbline.qb_writer.domain.kinds import kind_of
from plumbline.qb_writer.domain.plan import Aim, Money, Needs, Presence, Standing
from plumbline.qb_writer.domain.records import Beginning, Document, Observed, Record
from plumbline.qb_writer.domain.refusals import named, stake_cents
from plumbline.qb_writer.domain.sight import related, situation_of
from plumbline.qb_writer.domain.writes import disagreements, is_voided, observing, wanted
from plumbline.quickbooks.answers import record_of
from plumbline.quickbooks.errors import QuickBooksUnreadableError

_ASKED_OF_PEOPLE = frozenset({"changed-in-quickbooks", "deleted-in-quickbooks"})


@dataclass(frozen=True, slots=True)
class Known:
    """A document, as QuickBooks is known to hold it."""

    quickbooks_id: str
    sync_token: int | None
    document: Document | None
    """None: it was deleted."""
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Pair:
    """What is known of a record and of its document at one moment."""

    record: Record
    known: Known | None = None
    """None: no document of its id is known."""
    parked: Refusal | None = None
    """What a person was asked about it."""

    @property
    def seen(self) -> Observed:
        """What a look at the document would show.

        Raises:
            QuickBooksUnreadableError: permanent; QuickBooks' document is not of the documented shape.
        """
        seen = self.record.observed
        if self.known is None or seen.quickbooks_id is None:
            return replace(seen, fresh=True)
        # What we deleted is not there, even where what is known of it is older.
        document = None if seen.deleted else self.known.document
        return observing(kind_of(self.record.desired), seen, document)

    def related(self, beginning: Beginning | None) -> Related:
        """Return what another record may know of this one."""
        try:
            return related(self.record.seeing(self.seen), beginning)
        except QuickBooksUnreadableError:
            return related(self.record, beginning)


@dataclass(frozen=True, slots=True)
class View:
    """From where a record is looked at."""

    relations: Relations
    beginning: Beginning
    policies: Policies
    complete_since: datetime | None
    """Since when every document of the company is known; None: they are still being read."""


def compared(now: Pair, view: View) -> list[Difference] | None:
    """Return all in which a record's document differs from its wish, what is under way as well.

    None: what QuickBooks holds now is not known.
    """
    if not _is_seen(now, view):
        return None
    try:
        return list(_Comparison(now, view).differences())
    except QuickBooksUnreadableError as error:
        since = now.known.changed_at if now.known else now.record.received_at
        name, quickbooks_id = named(now.record), now.record.observed.quickbooks_id
        return [unreadable(now.record.name, name, quickbooks_id, error.detail, since=since)]


def _is_seen(now: Pair, view: View) -> bool:
    """Say whether what is known is at least as new as what the writer itself has seen last."""
    seen = now.record.observed
    if seen.quickbooks_id is None or seen.has_ended:
        return True
    if now.known is None:
        return _is_gone(now, view)
    return now.known.document is None or (now.known.sync_token or 0) >= int(seen.sync_token or 0)


def _is_gone(now: Pair, view: View) -> bool:
    """Say whether a document that was there is none of all that QuickBooks has."""
    confirmed_at = now.record.confirmed_at
    return view.complete_since is not None and confirmed_at is not None and confirmed_at < view.complete_since


class _Comparison:
    """One record, compared."""

    def __init__(self, now: Pair, view: View) -> None:
        self._now = now
        self._view = view
        self._record = record = now.record
        self._kind = kind_of(record.desired)
        seen = now.seen
        is_lost = now.known is None and seen.quickbooks_id is not None and not seen.has_ended
        self._seen = replace(seen, removed="deleted") if is_lost else seen
        policy = view.policies.when_changed(record.desired.kind)
        self._situation = situation_of(
            record.seeing(self._seen), view.relations, policy=policy, beginning=view.beginning
        )

    def differences(self) -> Iterator[Difference]:
        """Give all of them."""
        if self._situation.standing is not Standing.LIVE:
            return
        if self._situation.aim.is_end:
            yield from self._of_end()
        elif self._situation.presence is Presence.HERE:
            yield from self._of_contents()
            yield from self._of_progress()
        else:
            yield from self._of_absence()

    def _of_end(self) -> Iterator[Difference]:
        document = self._seen.document
        if document is None:
            return
        ending = "voided" if self._situation.aim is Aim.VOID else "deleted"
        counts = not is_voided(self._kind, document)
        if counts or ending == "deleted":
            total = self._total(document)
            what = f"it should be {ending}, and is in QuickBooks{_worth(total)}"
            give = self._edited if self._record.observed.has_ended and counts else self._ours
            yield give(f"not-{ending}", what, off=total, stake=total)

    def _of_absence(self) -> Iterator[Difference]:
        cents = stake_cents(self._record) or 0
        if (how := self._seen.removed) is not None:
            if self._situation.policy == "accept":
                return
            what = f"it was {how} in QuickBooks, and should be there{_worth(cents)}"
            yield self._edited(how, what, off=-cents, stake=cents)
        elif self._situation.needs is not Needs.NOTHING_OPEN:
            what = f"it should be in QuickBooks{_worth(cents)}, and is not{self._waiting()}"
            yield self._ours("missing", what, off=-cents, stake=cents)

    def _waiting(self) -> str:
        wanted = dict.fromkeys([*self._record.needs, *self._kind.names(self._record.desired)])
        relations = self._view.relations
        absent = [name for name in wanted if name not in relations or not relations[name].is_there]
        return f"; it waits for {', '.join(absent)}" if absent else ""

    def _of_contents(self) -> Iterator[Difference]:
        fields = list(self._of_fields())
        yield from fields
        if not fields and not self._situation.as_wished:
            what = "what changed of it at its source is not in QuickBooks yet"
            yield self._ours("not-written", what, stake=stake_cents(self._record) or 0)

    def _of_fields(self) -> Iterator[Difference]:
        document, should_be = self._seen.document, self._wanted()
        if document is None or should_be is None:
            return
        # Whether anything was edited of what was written is known already; most records need no more.
        is_as_applied = should_be == self._seen.applied and not self._seen.edited
        differing = {} if is_as_applied else disagreements(self._kind, should_be, document)
        total = self._total(document) if differing else 0
        for name, (expected, found) in differing.items():
            is_edited = name in self._seen.edited
            if is_edited and self._situation.policy == "accept" and self._situation.as_wished:
                continue
            off, moved = money_in(expected, found)
            what = told(name, expected, found, called=_called(document, name))
            if name == "total" and "lines" not in differing:
                what += "; its lines agree, so it is tax, a discount or something else beside them"
            give = self._edited if is_edited else self._ours
            yield give(name.replace(" ", "-"), what, off=off, stake=total if moved is None else moved)
        yield from self._of_file(document)

    def _of_file(self, document: Document) -> Iterator[Difference]:
        file, size = self._kind.file(self._record.desired), document.get("Size")
        if file is not None and size != file.size_bytes:
            yield self._ours("file", f"its file has {size} bytes, and should have {file.size_bytes}")

    def _wanted(self) -> bytes | None:
        """Return the document as it should be; as it was written last, if what it refers to is nowhere."""
        record = self._record.seeing(self._seen)
        return wanted(record, self._view.relations) or self._seen.applied

    def _of_progress(self) -> Iterator[Difference]:
        now, open_cents = self._situation, self._seen.balance_cents
        if now.aim is Aim.SENT and not now.mailed:
            what = "it should have been mailed, and was not"
            yield self._ours("not-sent", what, stake=stake_cents(self._record) or 0)
        if now.aim is Aim.PAID and now.money is not Money.WHOLLY:
            what = f"it should be paid, and {dollars(open_cents)} of it is open"
            cause: DriftCause = "parked" if self._now.parked else "payment-awaited"
            yield self._difference("unpaid", cause, what, since=self._record.received_at, stake=open_cents)

    def _ours(self, code: str, what: str, *, off: int = 0, stake: int = 0) -> Difference:
        """Return a difference that is left for us to mend."""
        return self._difference(
            code, self._our_cause(), what, since=self._record.received_at, off=off, stake=stake
        )

    def _edited(self, code: str, what: str, *, off: int, stake: int) -> Difference:
        """Return a difference that somebody made in QuickBooks."""
        known, lost_at = self._now.known, self._view.complete_since
        since = known.changed_at if known else lost_at or self._record.received_at
        return self._difference(code, self._persons_cause(), what, since=since, off=off, stake=stake)

    def _our_cause(self) -> DriftCause:
        write = self._record.open_write
        if self._now.parked is not None:
            return "person" if self._now.parked.code in _ASKED_OF_PEOPLE else "parked"
        return "unknown-outcome" if write is not None and write.sent_at is not None else "not-written"

    def _persons_cause(self) -> DriftCause:
        """Tell an edit that the writer knows of from one of which nobody has told it."""
        record = self._record
        is_told = self._now.parked is not None or record.heard > record.looked
        known = self._now.known
        is_new = known is not None and (known.sync_token or 0) > int(record.observed.sync_token or 0)
        return "untold" if is_new and not is_told else "person"

    def _difference(
        self, code: str, cause: DriftCause, what: str, *, since: datetime, off: int = 0, stake: int = 0
    ) -> Difference:
        parked = self._now.parked
        return Difference(
            subject=self._record.name,
            code=code,
            cause=cause,
            quickbooks_id=self._seen.quickbooks_id,
            off_cents=off,
            stake_cents=stake,
            sentence=f"{named(self._record)}: {what}.",
            advice=parked.reason if parked is not None else ADVICE[cause],
            since=since,
            may_mend_itself=parked is None,
        )

    def _total(self, document: Document) -> int:
        return self._kind.amounts(record_of(self._kind.model, document)).total_cents


def _worth(cents: int) -> str:
    return f" with {dollars(cents)}" if cents else ""


def _called(document: Document, name: str) -> str | None:
    """Return what QuickBooks calls whom a document refers to, where it says so."""
    reference = document.get(f"{name.capitalize()}Ref")
    return reference.get("name") if isinstance(reference, dict) else None
