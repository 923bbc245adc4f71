"""What a kind of record is: a table of the pure functions in which it differs from the others.

A kind is one file in `kinds/`. The service, the plan and the ledger know no kind by its name.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from plumbline.qb_writer.domain.plan import Aim, Needs
from plumbline.qb_writer.domain.records import Document, File, Observed
from plumbline.quickbooks.models import Attachable, Transaction

W = TypeVar("W")
"""The wish: what a command says that QuickBooks should hold."""

D = TypeVar("D", bound=Transaction | Attachable)
"""The document as QuickBooks holds it."""


class Correction(StrEnum):
    """How a document that says something else than it should is set right."""

    SPARSE = "sparse"
    """By an update of what we own; what is left out of it stays as it is."""
    FULL = "full"
    """By an update of the whole document as it was read, with ours laid over it; what is left out is cleared."""
    REPLACE = "replace"
    """By deleting it and making another: QuickBooks cannot change what matters of it."""


@dataclass(frozen=True, slots=True)
class Related:
    """Another record that this one names, and what is known of its document."""

    kind: "Kind[Any, Any]"
    observed: Observed
    is_from_before: bool
    """Whether it was there, or was billed, before its company went live."""
    is_ready: bool
    """Whether it says what it should: no write of it is under way, and none is due that money would keep from it."""

    @property
    def entity(self) -> str:
        """What QuickBooks calls its kind, as links do too."""
        return self.kind.entity

    @property
    def is_there(self) -> bool:
        """Whether it can be referred to."""
        return self.is_ready and self.observed.exists


Relations = Mapping[str, Related]
"""The records that a record names or needs, by their names; unknown ones are left out."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What the composing of a document needs to know besides the wish."""

    number: str | None
    note: str
    """The private note, which says whose document it is."""
    relations: Relations
    applied: Document
    """What our last write said, while the document that it made counts; else empty."""


@dataclass(frozen=True, slots=True)
class Find:
    """Look a document up by a query, which may lag behind a write."""

    where: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Follow:
    """Look a document up through the links of another one, which do not lag."""

    entity: str
    quickbooks_id: str
    link_types: frozenset[str]


LookUp = Find | Follow
"""How a create is found whose answer was lost."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """What a document comes to, and what of it is still open, in cents."""

    total_cents: int = 0
    balance_cents: int = 0


@dataclass(frozen=True, slots=True)
class Party:
    """Who a document is for."""

    entity: str
    quickbooks_id: str
    currency: str | None = None
    """In which its documents are said to be; None: the realm's only one."""

    @property
    def word(self) -> str:
        """What people call it: customer, vendor."""
        return self.entity.lower()


@dataclass(frozen=True, slots=True)
class Number:
    """A document number as it is wanted, and the space within which it is unique."""

    space: str
    wanted: str
    per_party: bool = False
    """Whether every customer or vendor has numbers of its own."""


VOIDED_AS_OPERATION: Mapping[str, str] = MappingProxyType({"operation": "void"})
"""How invoices are voided (Intuit, Invoice, void)."""

VOIDED_AS_UPDATE: Mapping[str, str] = MappingProxyType({"operation": "update", "include": "void"})
"""How payments are voided (Intuit, BillPayment, void; Intuit's PHP library for Payment)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[W, D]):
    """One kind of record."""

    name: str
    """As in `kind` of a command."""
    entity: str
    """As in QuickBooks' API; in paths it is written in lower case."""
    model: type[D]
    aims: Mapping[Any, Aim]
    """What each state of a wish aims at."""
    correction: Correction
    void: Mapping[str, str] | None = None
    """The parameters that make a post a void; None: QuickBooks has no void for it."""
    note: str = "PrivateNote"
    """The property that carries our marker."""
    deletes_whole: bool = False
    """Whether a delete sends the whole document, not only which one it is."""
    is_guarded: bool = True
    """Whether money that was applied to it keeps us from changing or ending it."""
    is_made_by_people: bool = False
    """Whether people make such documents beside ours as a matter of course, as they enter payments."""
    number: Callable[[W], Number | None] = lambda _: None
    """Its document number as it is wanted; None: it has none of ours."""
    dated: Callable[[W], date | None]
    """Its day in the books; None: it goes with what it names."""
    title: Callable[[W], str | None] = lambda _: None
    """What people call it that has no number of ours, such as the number of a check."""
    party: Callable[[W], Party | None]
    stake_cents: Callable[[W], int | None]
    """How much money waits while it is parked."""
    wish: Callable[[W], str]
    """What is wanted, in words."""
    compose: Callable[[W, Draft], Document]
    """What we own of the document as it should be, without id and version; None: it must not say that at all."""
    facts: Callable[[D], Mapping[str, object]]
    """What we own of a document: sent and held must agree in it. None: not ours to say."""
    uncompared: tuple[str, ...] = ()
    """Properties that we write and people may reword."""
    amounts: Callable[[D], Amounts]
    look_ups: Callable[[Document], Iterable[LookUp]]
    """How the create of a document is found whose answer was lost; the first way that finds it counts."""
    names: Callable[[W], Iterable[str]] = lambda _: ()
    """The ledger records that it refers to."""
    needs: Callable[[W, Observed, Relations], Needs] = lambda *_: Needs.MET
    """Whether what it refers to lets it be written, once all of that is in QuickBooks."""
    refusal: Callable[[W], "Refusal | None"]
    """Why the wish as it stands must not go out, if so."""
    file: Callable[[W], File | None] = lambda _: None
    """What is uploaded with it."""

    def path(self) -> str:
        """Return the entity as paths have it."""
        return self.entity.lower()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something must not be written: a stable code, and a sentence that says what to do."""

    code: str
    reason: str
