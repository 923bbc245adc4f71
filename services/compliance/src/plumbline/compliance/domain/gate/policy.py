"""What a company asks for before it pays: typed data, from `gate.yaml`.

Of what is said at several places the narrowest counts: a vendor's word before its project's, before its
connection's, before everybody's. What is asked of one kind of paper is merged field by field.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from plumbline.common.connections import Connections
from plumbline.common.contracts.base import ConnectionName, Identifier

Code = Literal[
    "w9", "certificate", "licence", "names", "lien-waiver", "prior-waiver", "unconditional-waiver", "payroll"
]
"""What may be asked for; stable, and the code of the requirement."""


def _word(given: Any) -> Any:
    # YAML 1.1 reads a bare `off` as false.
    return "off" if given is False else given


Demand = Annotated[Literal["off", "warn", "block"], BeforeValidator(_word)]
"""Not asked for; asked for and told; asked for, and nothing is paid without it."""

Bills = Literal["on_approval", "on_release", "never"]
"""When a bill is written into QuickBooks: once Procore approves it, once nothing holds it, or not by us."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Asked(_Section):
    """What is asked of one kind of paper; None where a wider place decides."""

    policy: Demand | None = None
    days: Annotated[int, Field(ge=-90, le=365)] | None = None
    """Due so many days after the last day that is billed; of an unconditional waiver, after the money arrived."""


class Scope(_Section):
    """What one place of the file says."""

    bills: Bills | None = None
    papers: Mapping[Code, Asked] = Field(default_factory=dict)


class Books(_Section):
    """How the bills of a connection are written into its QuickBooks company."""

    expense_account_id: Identifier
    """Where subcontractors' work is booked, such as Subcontractors."""
    retainage_account_id: Identifier
    """Retainage Payable: what is held back is a negative line on it."""
    vendors: Mapping[Identifier, Identifier] = Field(default_factory=dict)
    """QuickBooks' vendors by the ids of Procore's."""


class OfConnection(Scope):
    """What a connection's company asks for."""

    firm: str = Field(min_length=1)
    """Our own firm's legal name: the maker of checks, as waivers name it."""
    books: Books | None = None
    projects: Mapping[Identifier, Scope] = Field(default_factory=dict)
    vendors: Mapping[Identifier, Scope] = Field(default_factory=dict)


class Term(_Section):
    """What is asked of one kind of paper, decided."""

    policy: Demand
    days: int


class Terms(_Section):
    """All that is asked of the payables of one vendor on one project."""

    firm: str
    bills: Bills
    papers: Mapping[Code, Term]

    def asked(self) -> Iterator[tuple[Code, Term]]:
        """Go through what is asked for, in the order of the file."""
        return ((code, term) for code, term in self.papers.items() if term.policy != "off")


class GatePolicy(_Section):
    """The whole file."""

    override_days_max: int = Field(default=30, ge=1, le=366)
    """The longest that an override may last."""
    bills: Bills
    papers: Mapping[Code, Term]
    """Every kind must stand here; `off` is an answer."""
    connections: Mapping[ConnectionName, OfConnection]

    def terms(self, connection: str, *, project_id: str, vendor_id: str) -> Terms:
        """Return what is asked of a vendor's payables on a project."""
        company = self.connections[connection]
        nothing = Scope()
        scopes = (
            company,
            company.projects.get(project_id, nothing),
            company.vendors.get(vendor_id, nothing),
        )
        return Terms(
            firm=company.firm,
            bills=_last([self.bills, *(scope.bills for scope in scopes)]),
            papers={
                code: _narrowed(term, [scope.papers.get(code) for scope in scopes])
                for code, term in self.papers.items()
            },
        )


def _last(said: Iterable[Bills | None]) -> Bills:
    *_, narrowest = (word for word in said if word is not None)
    return narrowest


def _narrowed(term: Term, asked: Iterable[Asked | None]) -> Term:
    said = [one.model_dump(exclude_none=True) for one in asked if one is not None]
    merged = term.model_dump()
    for one in said:
        merged |= one
    return Term.model_validate(merged)


def faults(policy: GatePolicy, connections: Connections) -> Iterator[str]:
    """Say what is wrong with a policy, in sentences that name the place and what to do."""
    missing = [code for code in get_args(Code) if code not in policy.papers]
    if missing:
        yield f"papers: {', '.join(missing)} must be decided for everybody; `policy: off` asks for nothing"
    for connection in connections:
        if connection.name not in policy.connections:
            yield f"connections: {connection.name} is not there; name at least its `firm`"
    for place, scope in _scopes(policy):
        asked = scope.papers.get("unconditional-waiver")
        if asked is not None and asked.policy == "block":
            yield (
                f"{place}.papers.unconditional-waiver cannot block: nobody may ask for it before the money has "
                "arrived (Tex. Prop. Code §53.283); `prior-waiver` holds the next payment for it"
            )
    for name, company in policy.connections.items():
        yield from _faults_of(policy, connections, name, company)


def _faults_of(
    policy: GatePolicy, connections: Connections, name: str, company: OfConnection
) -> Iterator[str]:
    known = connections.get(name)
    if known is None:
        yield f"connections.{name}: connections.yaml has no such connection"
        return
    for project in company.projects:
        if project not in known.procore.projects:
            yield f"connections.{name}.projects.{project}: the connection has no such project"
    scopes = (company, *company.projects.values(), *company.vendors.values())
    posts = any((scope.bills or "never") != "never" for scope in scopes)
    if company.books is None and (posts or (company.bills is None and policy.bills != "never")):
        yield f"connections.{name}: bills are to be written, but `books` names no accounts; or say `bills: never`"


def _scopes(policy: GatePolicy) -> Iterator[tuple[str, Any]]:
    yield "gate", policy
    for name, company in policy.connections.items():
        yield f"connections.{name}", company
        for kind, scopes in (("projects", company.projects), ("vendors", company.vendors)):
            for key, scope in scopes.items():
                yield f"connections.{name}.{kind}.{key}", scope
