"""Documents: what is kept of them, their desks, and the rules that decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.verdicts import Effect
from plumbline.compliance.domain.decision import Desk
from plumbline.compliance.domain.document import Document
from plumbline.compliance.domain.facts import DocumentFacts
from plumbline.compliance.domain.judging import Ticket
from plumbline.compliance.domain.on_file import PaperOnFile
from plumbline.compliance.domain.rules.rule_set import RuleSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one step changes about a document; all of it is stored, and told, at once."""

    before: Document
    after: Document
    at: datetime
    facts: DocumentFacts | None = None
    """What a new decision rests on."""
    issue: Ticket | None = None
    withdraw: Ticket | None = None
    why_held: str = ""
    """Told once for each code of `held`."""
    marks: Sequence[Mark] = ()
    """Other records that this is news to."""
    traceparent: str | None = None


class Documents(Protocol):
    """Documents, and what happens to them."""

    async def read(self, connection: str, document: str) -> Document | None:
        """Return a document; None if there is none."""

    async def in_order(self, connection: str, vendor_id: str, kind: str) -> Sequence[Document]:
        """Return a vendor's papers of a kind whose checks have passed, oldest first; none that is superseded."""

    async def newer(self, document: Document) -> str | None:
        """Return the newest paper in order that takes a document's place; None if none does."""

    async def near_duplicate(self, document: Document) -> str | None:
        """Return the newest other paper of its vendor and kind that says nearly the same, of the same occasion."""

    async def older(self, document: Document) -> Sequence[str]:
        """Return the keys of the papers whose place a document takes while it is in order."""

    async def living(
        self, *, connection: str | None = None, project_id: str | None = None, vendor_id: str | None = None
    ) -> Sequence[str]:
        """Return the keys of the documents that news around them may change."""

    def keeping(self, step: Step) -> Effect:
        """Return what stores a step, in the transaction that it is given."""


class Desks(Protocol):
    """The errands of desks."""

    async def live(self, document: Document, *, late_before: datetime) -> Ticket | None:
        """Return the errand of a document that is not withdrawn; late if it was given out before a time."""

    async def turn(self, document: Document, rule_set: str, desk: Desk) -> int:
        """Return how many errands of a document were withdrawn from a desk under some rules."""


class RuleBooks(Protocol):
    """Rule sets that have decided, and by which papers are decided now."""

    async def begin(self, rule_set: RuleSet, digest: str, *, now: datetime) -> None:
        """Decide by these rules from now on. What was decided by others is due once it was gone through."""

    async def go_through(self, digest: str, *, now: datetime) -> int:
        """Make due what was decided by others than these rules, some at a time; return how much.

        Safe to repeat, to be killed at, and to do in several replicas at once; nothing if other rules decide by now.
        """

    async def digest(self) -> str:
        """Return by what papers are decided now."""

    async def past(self, rule_set: str) -> RuleSet | None:
        """Return a rule set that decided once, by its hash."""


class Papers(Protocol):
    """The documents of a vendor, a project or a payable."""

    async def of_vendor(self, connection: str, vendor_id: str) -> Sequence[PaperOnFile]:
        """Return the papers of a vendor on any project: W-9, certificates, licences."""

    async def of_payable(self, payable: str) -> Sequence[PaperOnFile]:
        """Return the papers that belong to one payable: waivers, payrolls, invoices."""
