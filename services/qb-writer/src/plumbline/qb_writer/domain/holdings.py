"""What QuickBooks is known to hold, and how far it was read. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from plumbline.qb_writer.domain.documents import encoded
from plumbline.qb_writer.domain.kinds import KINDS, AnyKind, kind_of
from plumbline.qb_writer.domain.records import Document, Record
from plumbline.quickbooks.answers import record_of
from plumbline.quickbooks.changes import changed_at, is_stub
from plumbline.quickbooks.errors import QuickBooksUnreadableError

BY_ENTITY: Mapping[str, AnyKind] = MappingProxyType({kind.entity: kind for kind in KINDS.values()})
"""Every kind by what QuickBooks calls it; these are the entities that are followed."""


@dataclass(frozen=True, slots=True)
class Held:
    """A document as QuickBooks was last known to hold it, ours or not; amounts are None if it cannot be read."""

    realm: str
    entity: str
    quickbooks_id: str
    sync_token: int | None = None
    """None: nothing is known of it but its deletion."""
    number: str | None = None
    party: str | None = None
    """The id of its customer or vendor."""
    note: str | None = None
    dated_on: date | None = None
    total_cents: int | None = None
    balance_cents: int | None = None
    is_deleted: bool = False
    changed_at: datetime | None = None
    """By QuickBooks' clock."""
    body: str | None = None
    """JSON."""

    @property
    def identity(self) -> tuple[str, str]:
        """What tells it from the realm's other documents."""
        return self.entity, self.quickbooks_id

    @property
    def version(self) -> int | str:
        """Its SyncToken, or the word for its end."""
        return "deleted" if self.is_deleted or self.sync_token is None else self.sync_token


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading of whole entities, page by page: the first one, or one that has to make up for something."""

    entities: tuple[str, ...]
    """Still to be read; the first is in hand."""
    began_at: datetime
    """By the database's clock: what was not seen since then may be gone."""
    after: datetime | None = None
    """Of the entity in hand, everything last changed up to then has been read."""
    since: datetime | None = None
    """QuickBooks' time when it began: what changed later is left to the looks that follow."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far a realm was read. Times are QuickBooks' own where nothing else is said."""

    realm: str
    complete_since: datetime | None = None
    """When the first full reading ended, by the database's clock; None: there was none yet."""
    watermark: datetime | None = None
    """Every change before it has been read."""
    reading: Reading | None = None

    @property
    def read_to(self) -> datetime | None:
        """Up to when all that it holds has been read; None: not all of it was read yet."""
        return None if self.complete_since is None else self.watermark


def held(realm: str, entity: str, document: Document) -> Held:
    """Return what a document, or the stub of a deleted one, says of itself.

    People make documents that our records would not hold: whatever cannot be read is left out, not refused.
    """
    kind = BY_ENTITY[entity]
    if is_stub(document):
        return Held(realm, entity, document["Id"], is_deleted=True, changed_at=_changed_at(document))
    total, balance = _amounts(kind, document)
    party = document.get("CustomerRef") or document.get("VendorRef") or {}
    return Held(
        realm=realm,
        entity=entity,
        quickbooks_id=document["Id"],
        sync_token=int(document["SyncToken"]),
        number=_text(document.get("DocNumber")),
        party=_text(party.get("value")),
        note=_text(document.get(kind.note)),
        dated_on=_day(document.get("TxnDate")),
        total_cents=total,
        balance_cents=balance,
        changed_at=_changed_at(document),
        body=encoded(document).decode(),
    )


def held_of(record: Record) -> Held | None:
    """Return what a look in this piece of work has shown of a record's document; None: there was none."""
    seen, entity = record.observed, kind_of(record.desired).entity
    if not seen.fresh or seen.quickbooks_id is None:
        return None
    if seen.document is None:
        return Held(record.realm, entity, seen.quickbooks_id, is_deleted=True)
    return held(record.realm, entity, seen.document)


def newest(documents: Iterable[Held]) -> list[Held]:
    """Return each document once, as it was last, in the order of their identities; nothing comes after an end."""
    found: dict[tuple[str, str], Held] = {}
    for document in documents:
        known = found.get(document.identity)
        if known is None or _age(document) >= _age(known):
            found[document.identity] = document
    return [found[identity] for identity in sorted(found)]


def _age(document: Held) -> tuple[bool, int]:
    return document.is_deleted, document.sync_token or 0


def _amounts(kind: AnyKind, document: Document) -> tuple[int | None, int | None]:
    # Lines tell nothing of it, and are most of the work; of what people make they are also the strangest part.
    head = {name: value for name, value in document.items() if name != "Line"}
    try:
        amounts = kind.amounts(record_of(kind.model, head))
    except QuickBooksUnreadableError:
        return None, None
    return amounts.total_cents, amounts.balance_cents


def _changed_at(document: Document) -> datetime | None:
    try:
        return changed_at(document)
    except QuickBooksUnreadableError:
        return None


def _day(said: Any) -> date | None:
    try:
        return date.fromisoformat(said)
    except (TypeError, ValueError):
        return None


def _text(said: Any) -> str | None:
    """Return a text as PostgreSQL can hold it: without NUL, and without half a surrogate pair."""
    return said.replace("\0", "").encode(errors="ignore").decode() if isinstance(said, str) else None
