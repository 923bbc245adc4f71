"""Looking: what is known of a record before its next step, and the steps that only learn something."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from plumbline.common.connections import Policies
from plumbline.common.errors import NeedsHumanError
from plumbline.common.reconciling.marks import Lane
from plumbline.qb_writer.domain.documents import decoded
from plumbline.qb_writer.domain.holdings import Held
from plumbline.qb_writer.domain.kind import Find, Follow, LookUp, Refusal, Related
from plumbline.qb_writer.domain.kinds import AnyKind, kind_of
from plumbline.qb_writer.domain.plan import (
    Acknowledge,
    Compare,
    Link,
    Look,
    LookAtNeeds,
    Seeing,
    Seek,
    Situation,
    Standing,
)
from plumbline.qb_writer.domain.records import Beginning, Document, Operation, Record, Write
from plumbline.qb_writer.domain.sight import related, situation_of, twin_among
from plumbline.qb_writer.domain.writes import (
    acknowledging,
    adopting,
    agreeing,
    compose,
    is_ours,
    linking,
    observing,
)
from plumbline.qb_writer.ports import Books, BooksUnreadError, Past, Records

READING_WAIT = timedelta(seconds=0.5)
"""Between looks whether a company's books have been read."""


class DuplicateError(NeedsHumanError):
    """QuickBooks holds several documents for one write."""


@dataclass(slots=True)
class View:
    """A record, and what is known of it so far."""

    record: Record
    beginning: Beginning | None
    """When its company went live; None: it has not."""
    relations: dict[str, Related]
    books: Books
    twins: Sequence[Held] | None = None
    """What QuickBooks holds under its number; None: nobody has compared."""

    @property
    def kind(self) -> AnyKind:
        """The record's kind."""
        return kind_of(self.record.desired)

    async def look(self) -> None:
        """Read the record's own document."""
        seen = self.record.observed
        document = await self.read(seen.quickbooks_id or "")
        seen = observing(self.kind, seen, document)
        self.record = agreeing(self.record.seeing(seen), self.relations)

    async def read(self, quickbooks_id: str) -> Document | None:
        """Return a document of the record's kind."""
        return await self.books.read(self.kind.path(), quickbooks_id)


class Viewer:
    """Knows what the next step of a record depends on. Writes nothing."""

    def __init__(
        self,
        *,
        records: Records,
        past: Past,
        books: Callable[[str, Lane], Awaitable[Books]],
        policies: Callable[[str], Policies],
    ) -> None:
        """Look at what `records` has and `books(realm, lane)` shows, by `policies(connection)`."""
        self._records = records
        self._past = past
        self._books = books
        self._policies = policies

    async def view(self, record: Record, *, lane: Lane) -> View:
        """Return a record with what is stored of it and of the records that it names; calls are made in a lane."""
        beginning = await self._past.beginning(record.connection)
        names = dict.fromkeys([*record.needs, *kind_of(record.desired).names(record.desired)])
        known = {name: await self._records.load(f"{record.realm}/{name}") for name in names}
        relations = {name: related(other, beginning) for name, other in known.items() if other is not None}
        return View(record, beginning, relations, await self._books(record.realm, lane))

    def situation(self, view: View) -> Situation:
        """Return what the next step depends on."""
        policy = self._policies(view.record.connection).when_changed(view.record.desired.kind)
        return situation_of(
            view.record,
            view.relations,
            policy=policy,
            beginning=view.beginning,
            twins=view.twins,
        )

    def refusal(self, view: View, now: Situation) -> Refusal | None:
        """Return why a wish must not go out, if so; whatever it says, it can be taken back."""
        if now.standing is not Standing.LIVE or now.aim.is_end:
            return None
        return view.kind.refusal(view.record.desired)

    async def see(self, view: View, step: Seeing) -> None:
        """Take a step that only learns something.

        Raises:
            DuplicateError: needs a person.
            BooksUnreadError: wait; the company's books have not been read since it went live.
        """
        match step:
            case Look():
                await view.look()
            case Seek():
                await self._seek(view)
            case Compare():
                await self._compare(view)
            case Link():
                _link(view)
            case LookAtNeeds():
                await _look_at_needs(view)
            case Acknowledge():
                view.record = view.record.seeing(acknowledging(view.record.observed))

    async def _seek(self, view: View) -> None:
        """Look for a document with our marker before one is made; adopt it if it is there."""
        record = view.record
        draft = compose(record, Operation.CREATE, number=None, relations=view.relations, send_to=None)
        queries = [way for way in view.kind.look_ups(decoded(draft.body)) if isinstance(way, Find)]
        found = await ours(view, draft, queries)
        if len(found) > 1:
            raise DuplicateError(duplicate(found))
        if found:
            view.record = adopting(record, view.relations, found[0])
        else:
            view.record = record.seeing(replace(record.observed, sought=True))

    async def _compare(self, view: View) -> None:
        """Learn what QuickBooks held under the record's number when its company went live."""
        beginning, number = view.beginning, view.kind.number(view.record.desired)
        if beginning is None or number is None:
            return
        if beginning.read_to is not None:
            read_to = await self._past.read_to(view.record.realm)
            if read_to is None or read_to <= beginning.read_to:
                raise BooksUnreadError(
                    "its books are being read once more before anything is made", retry_after=READING_WAIT
                )
        held = await self._past.numbered(view.record.realm, view.kind.entity, [number.wanted])
        view.twins = held.get(number.wanted.lower(), [])


def _link(view: View) -> None:
    """Take the one twin for the record's own, as it was read a moment ago."""
    _, twin = twin_among(view.record.desired, view.twins or ())
    if twin is not None and twin.body is not None:
        view.record = linking(view.record, decoded(twin.body.encode()))


async def _look_at_needs(view: View) -> None:
    for name in view.kind.names(view.record.desired):
        known = view.relations[name]
        if not known.observed.fresh:
            document = await view.books.read(known.kind.path(), known.observed.quickbooks_id or "")
            view.relations[name] = replace(known, observed=observing(known.kind, known.observed, document))


async def ours(view: View, write: Write, ways: Iterable[LookUp]) -> Sequence[Document]:
    """Return the documents with the write's marker that the first successful way finds."""
    for way in ways:
        candidates = await _candidates(view, way)
        found = {d["Id"]: d for d in candidates if is_ours(view.kind, d, view.record, write.incarnation)}
        if found:
            return list(found.values())
    return []


async def _candidates(view: View, look_up: LookUp) -> list[Document]:
    match look_up:
        case Find(where=where):
            return await view.books.find(view.kind.entity, where)
        case Follow(entity=entity, quickbooks_id=quickbooks_id, link_types=types):
            start = await view.books.read(entity.lower(), quickbooks_id) or {}
            links = [link for link in start.get("LinkedTxn", ()) if link["TxnType"] in types]
            held = [await view.read(link["TxnId"]) for link in links]
            return [document for document in held if document is not None]


def duplicate(found: Sequence[Document | None]) -> str:
    """Say what a person does about several documents for one write."""
    ids = ", ".join(document["Id"] for document in found if document)
    return f"QuickBooks holds {len(found)} documents for one write: {ids}. Delete all but one, then resume."
