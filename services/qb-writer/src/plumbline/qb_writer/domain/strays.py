"""Documents that no record owns: which of them should not be there. Pure."""

from dataclasses import dataclass
from datetime import date

from plumbline.qb_writer.domain.comparison import Known
from plumbline.qb_writer.domain.difference import ADVICE_ON_STRAYS, Difference, unreadable
from plumbline.qb_writer.domain.documents import dollars
from plumbline.qb_writer.domain.identity import marked
from plumbline.qb_writer.domain.kinds import AnyKind
from plumbline.qb_writer.domain.records import Document
from plumbline.qb_writer.domain.writes import is_voided
from plumbline.quickbooks.answers import record_of
from plumbline.quickbooks.errors import QuickBooksUnreadableError

PARTIES = ("customer", "vendor")
"""What the facts of a document call whom it is for."""


@dataclass(frozen=True, slots=True)
class Stray:
    """A document of the company that no record owns, and that was not deleted."""

    kind: AnyKind
    known: Known
    rightful_id: str | None
    """The document of the record whose marker it carries, if that is another."""

    @property
    def subject(self) -> str:
        """What it is called where others are called by their record."""
        return f"quickbooks/{self.kind.entity}/{self.known.quickbooks_id}"


@dataclass(frozen=True, slots=True)
class Realm:
    """What of a company's books is our affair."""

    parties: frozenset[tuple[str, str]]
    """Whom our records bill and pay: customer or vendor, and the id."""
    begins_on: date
    """Older documents are nobody's business of ours, unless they carry our marker."""


def stray(found: Stray, realm: Realm) -> Difference | None:
    """Say what is wrong with a document that no record owns, if anything is."""
    document = found.known.document
    if document is None:
        return None
    try:
        return _stray(found, document, realm)
    except QuickBooksUnreadableError as error:
        if marked(document.get(found.kind.note) or "") is None:
            return None  # of a shape that we do not know, and nothing of ours
        since, quickbooks_id = found.known.changed_at, found.known.quickbooks_id
        return unreadable(found.subject, _named(found, document), quickbooks_id, error.detail, since=since)


def _stray(found: Stray, document: Document, realm: Realm) -> Difference | None:
    if is_voided(found.kind, document):
        return None
    owner = marked(document.get(found.kind.note) or "")
    if owner is not None and found.rightful_id is not None:
        what = f"it carries our note of {owner}, whose document is {found.rightful_id}"
        return _difference(found, document, "duplicate", what)
    if owner is not None:
        what = f"it carries our note of {owner}, which has no document"
        return _difference(found, document, "orphan", what)
    if not found.kind.is_made_by_people and _is_our_affair(found.kind, document, realm):
        return _difference(
            found, document, "extra", "somebody entered it, and nothing at its source asks for it"
        )
    return None


def _is_our_affair(kind: AnyKind, document: Document, realm: Realm) -> bool:
    facts = kind.facts(record_of(kind.model, document))
    day = facts.get("date")
    is_ours = any((word, facts[word]) in realm.parties for word in PARTIES if word in facts)
    return is_ours and isinstance(day, date) and day >= realm.begins_on


def _difference(found: Stray, document: Document, code: str, what: str) -> Difference:
    total = found.kind.amounts(record_of(found.kind.model, document)).total_cents
    return Difference(
        subject=found.subject,
        code=code,
        cause="not-ours",
        quickbooks_id=found.known.quickbooks_id,
        off_cents=total,
        stake_cents=total,
        sentence=f"{_named(found, document)} of {dollars(total)}: {what}.",
        advice=ADVICE_ON_STRAYS[code],
        since=found.known.changed_at,
    )


def _named(found: Stray, document: Document) -> str:
    kind = found.kind.name.replace("-", " ").capitalize()
    number = document.get("DocNumber")
    return (
        f"{kind} {number} (transaction {found.known.quickbooks_id})"
        if number
        else (f"{kind} {found.known.quickbooks_id}")
    )
