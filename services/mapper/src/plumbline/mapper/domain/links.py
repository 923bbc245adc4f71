"""Links: which customer, item or class of QuickBooks stands for something in Procore.

People make links; Plumbline creates none and guesses none.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field

from plumbline.common.contracts.base import ConnectionName, Contract, Identifier
from plumbline.mapper.domain.errors import MissingBillingEntityError, MissingItemError
from plumbline.mapper.domain.target import Target
from plumbline.procore.models import PrimeContract


class LinkKind(StrEnum):
    """What a link leads to."""

    CUSTOMER = "customer"
    ITEM = "item"
    CLASS = "class"


class Link(Contract):
    """One link of one connection."""

    connection: ConnectionName
    kind: LinkKind
    source: Identifier
    """What it stands for: `project:<id>`, `vendor:<id>`, a budget code, `change-order`, `retainage`, `default`."""
    quickbooks_id: Identifier
    name: str = Field(default="", max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")
    """What people call it in QuickBooks; shown, never looked up by."""

    def told(self) -> str:
        """Say in words what the link does."""
        name = f" ({self.name})" if self.name else ""
        return f"{self.source} is {self.kind} {self.quickbooks_id}{name}"

    def may_serve(self, key: str, resumes_on: str | None) -> bool:
        """Say whether a record that waits for an event may go on because of this link.

        A record waits for the link of lowest precedence; one of higher precedence serves it as
        well: that of its project in place of the owner's, that of a code in place of a default.
        """
        if resumes_on is None or not resumes_on.startswith(waiting_for(self.kind, self.connection, "")):
            return False
        mine = project_source(Target.of(key).project_id)
        return self.kind is LinkKind.ITEM or self.source == mine or resumes_on.endswith(f":{self.source}")


def project_source(project_id: str) -> str:
    """Return what a project is called in links."""
    return f"project:{project_id}"


def vendor_source(vendor_id: int) -> str:
    """Return what a company of Procore's directory is called in links."""
    return f"vendor:{vendor_id}"


def waiting_for(kind: LinkKind, connection: str, source: str) -> str:
    """Return the event that a record waits for which lacks a link."""
    return f"link:{kind}:{connection}:{source}"


def link_command(kind: LinkKind, connection: str, source: str) -> str:
    """Return the command by which a person makes a link."""
    return f"plumbline link {connection} {kind} {source} QUICKBOOKS_ID"


@dataclass(frozen=True, slots=True)
class Links:
    """The links of one connection that concern one invoice."""

    connection: str
    made: Sequence[Link] = ()

    def customer(self, project_id: str, contract: PrimeContract) -> Link:
        """Return who is billed: the project's own customer, else the one of the contract's owner.

        Raises:
            MissingBillingEntityError: needs a person; resumes when the link is made.
        """
        project = project_source(project_id)
        owner = contract.vendor
        sources = (project, vendor_source(owner.id)) if owner else (project,)
        if found := self._first(LinkKind.CUSTOMER, sources):
            return found
        name = (
            (owner.name or owner.company or "the owner")
            if owner
            else "the project, whose contract has no owner,"
        )
        raise MissingBillingEntityError(
            f"missing billing entity: {name} ({sources[-1]}) is linked to no QuickBooks customer; run "
            f"`{link_command(LinkKind.CUSTOMER, self.connection, sources[-1])}` and it goes on by itself",
            resumes_on=waiting_for(LinkKind.CUSTOMER, self.connection, sources[-1]),
        )

    def item(self, sources: Sequence[str]) -> Link:
        """Return the item of a line: the first of `sources` that is linked.

        Raises:
            MissingItemError: needs a person; resumes when the link is made.
        """
        if found := self._first(LinkKind.ITEM, sources):
            return found
        raise MissingItemError(
            f"missing item: {' and '.join(sources)} are linked to no QuickBooks item; run "
            f"`{link_command(LinkKind.ITEM, self.connection, sources[-1])}` and it goes on by itself",
            resumes_on=waiting_for(LinkKind.ITEM, self.connection, sources[-1]),
        )

    def class_of(self, project_id: str) -> Link | None:
        """Return the class of a project's lines, if it has one."""
        return self._first(LinkKind.CLASS, (project_source(project_id),))

    def _first(self, kind: LinkKind, sources: Iterable[str]) -> Link | None:
        by_source = {link.source: link for link in self.made if link.kind == kind}
        return next((by_source[source] for source in sources if source in by_source), None)
