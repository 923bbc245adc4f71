"""The data of a certified payroll for one week, laid out like the DOL's WH-347 of January 2025.

A data sheet, not the form: the form is optional, its data are not (29 CFR 5.5(a)(3)). It has no place for a
whole Social Security number, an address or a telephone number of a worker.
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from typing_extensions import override

from plumbline.compliance.domain.reading import Fact
from plumbline.compliance.domain.templates.sheet import Sheet, Words
from plumbline.compliance.domain.wages import earned_cents

LastFour = Annotated[str, StringConstraints(pattern=r"^\d{4}$")]


class PayrollLine(Fact):
    """A worker in one classification."""

    entry: Words
    """Worker entry number (1A)."""
    name: Words
    last_four: LastFour
    status: Literal["J", "RA"]
    """Journeyworker, or registered apprentice."""
    progress: Words = ""
    """An apprentice's level of progression."""
    classification: Words
    straight_minutes: Annotated[tuple[int, ...], Field(min_length=7, max_length=7)]
    overtime_minutes: Annotated[tuple[int, ...], Field(min_length=7, max_length=7)]
    base_cents: int = Field(gt=0)
    """6A."""
    fringe_credit_cents: int = Field(default=0, ge=0)
    """Hourly credit for plans; 6B is this by the hours."""
    fringe_paid_cents: int = Field(default=0, ge=0)
    """6C: paid in lieu of fringe benefits for the week."""
    all_work_cents: int | None = None
    """Gross of all the worker's projects in the week, if there were others."""
    taxes_cents: int = Field(default=0, ge=0)
    other_deductions_cents: int = Field(default=0, ge=0)

    def told(self) -> dict[str, Any]:
        """Return the line with its sums, each rounded by itself as printed."""
        straight, overtime = sum(self.straight_minutes), sum(self.overtime_minutes)
        gross = earned_cents(straight + overtime, overtime, self.base_cents, self.fringe_paid_cents)
        credit = earned_cents(straight + overtime, 0, self.fringe_credit_cents, 0)
        paid = self.all_work_cents if self.all_work_cents is not None else gross
        return self.model_dump(mode="json") | {
            "straight_total": straight,
            "overtime_total": overtime,
            "credit_cents": credit,
            "gross_cents": gross,
            "paid_cents": paid,
            "net_cents": paid - self.taxes_cents - self.other_deductions_cents,
        }


class Plan(Fact):
    """A fringe benefit plan."""

    name: Words
    kind: Words
    number: Words = ""
    hourly_cents: int = Field(ge=0)


class Programme(Fact):
    """A registered apprenticeship programme."""

    name: Words
    registered_with: Literal["OA", "SAA"]
    classification: Words


class PayrollSheet(Sheet):
    """A week of a contractor on a project."""

    kind: ClassVar[str] = "wh347_data_sheet"
    sections: ClassVar[frozenset[str]] = frozenset({"authorities", "custom", "plans", "programmes"})

    contractor: Words
    contractor_address: Words
    is_subcontractor: bool
    number: int = Field(ge=1)
    week_ends_on: date
    wage_determination: Words
    is_final: bool = False
    paid_on: date
    workers: Annotated[tuple[PayrollLine, ...], Field(max_length=200)] = ()
    """Empty: no work was done in the week."""
    plans: Annotated[tuple[Plan, ...], Field(max_length=20)] = ()
    programmes: Annotated[tuple[Programme, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _has_programmes_for_apprentices(self) -> Self:
        if any(worker.status == "RA" for worker in self.workers) and not self.programmes:
            raise ValueError("an apprentice is paid, but no apprenticeship programme is named")
        return self

    @override
    def told(self) -> dict[str, Any]:
        """Give each worker's line with its sums."""
        workers = [worker.told() for worker in self.workers]
        return super().told() | {
            "workers": workers,
            "gross_cents": sum(worker["gross_cents"] for worker in workers),
        }

    @override
    def must_show(self) -> Sequence[str]:
        """Return what no template may leave out."""
        names = [worker.name for worker in self.workers]
        return (
            *super().must_show(),
            self.contractor,
            self.wage_determination,
            "Statement of Compliance",
            *names,
        )
