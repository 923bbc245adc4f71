"""All that rules may ask about one document: the paper itself, and what Procore and we know around it."""

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, SerializeAsAny, StringConstraints, model_validator

from plumbline.compliance.domain.content import Structure
from plumbline.compliance.domain.papers import FIELDS, Fields
from plumbline.compliance.domain.reading import Fact

State = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""Two capital letters."""


class RequiredCover(Fact):
    """Insurance that the contract asks of the vendor."""

    kind: str
    limit_cents: int


class Project(Fact):
    """The project, from Procore's data, never from the paper; what is None is not known."""

    state: State | None = None
    county: str | None = None
    city: str | None = None
    trade: str | None = None
    """`hvac`, `plumbing`, `electrical`, `hydronics`, `refrigeration`, …"""
    discipline: str | None = None
    authorities: tuple[str, ...] | None = None
    """Ids of the authorities having jurisdiction that the directory matches; empty if it matches none."""
    property_class: Literal["family", "other", "oil_gas"] | None = None
    """`family`: one- or two-family dwelling, or condominium."""
    is_public: bool | None = None
    is_commercial: bool | None = None
    original_contract_on: date | None = None
    """The day of the contract between owner and general contractor, not of the subcontract."""
    federal_contract_cents: int | None = None
    """The federal prime contract's amount; 0 without one."""
    work_starts_on: date | None = None
    work_ends_on: date | None = None
    cooling_tons: float | None = None
    heating_btu_per_hour: int | None = None
    firm: str | None = None
    """Our own firm's legal name."""
    owner: str | None = None
    required_covers: tuple[RequiredCover, ...] | None = None
    wage_rates: dict[str, int] | None = None
    """The wage determination's hourly rates by classification, fringe included, in cents; those of journeyworkers."""


class HeldLicence(Fact):
    """A licence of the vendor that was checked before."""

    state: State
    authority: str
    trade: str
    grade: str
    number: str
    acr_class: str = ""
    expires_on: date


class LastPayroll(Fact):
    """The certified payroll that the vendor delivered before this one."""

    number: int
    week_ends_on: date
    is_final: bool


class Vendor(Fact):
    """Who the paper is from or about, by QuickBooks and our own records."""

    legal_name: str | None = None
    licences: tuple[HeldLicence, ...] = ()
    last_payroll: LastPayroll | None = None


class Payable(Fact):
    """What is to be paid, and to whom, where the paper belongs to a payment."""

    amount_cents: int
    payee: str
    maker: str
    through_on: date | None = None
    is_settled: bool
    """Whether the bank says that the money has arrived; sent is not settled."""
    open_invoices: int = 0
    """Other unpaid invoices of the same commitment."""
    retention_cents: int = 0
    """Still retained of the same commitment."""


class DocumentFacts(Fact):
    """One document and its surroundings, on one day."""

    document: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Its SHA-256."""
    kind: str
    kind_confidence: float = Field(default=1.0, ge=0, le=1)
    file: Structure = Structure()
    """What is in its file besides what it says."""
    fields: SerializeAsAny[Fields]
    project: Project = Project()
    vendor: Vendor = Vendor()
    payable: Payable | None = None
    received_on: date
    as_of: date
    """The day for which rules are asked."""
    accepted: tuple[str, ...] = ()
    """What asked for a person's look, and had it: rule and sentence, for another sentence asks for another look."""

    @model_validator(mode="before")
    @classmethod
    def _typed_by_kind(cls, given: Any) -> Any:
        """Read `fields` as those of the kind, and refuse kinds that nobody knows."""
        if not isinstance(given, Mapping):
            return given
        of_kind = FIELDS.get(given.get("kind", ""))
        if of_kind is None:
            raise ValueError(f"kind {given.get('kind')!r} is unknown; known are {', '.join(FIELDS)}")
        fields = given.get("fields")
        return {**given, "fields": fields if isinstance(fields, of_kind) else of_kind.model_validate(fields)}

    def digest(self) -> str:
        """Return the SHA-256 of all facts, the same for the same facts whatever order they came in."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()
