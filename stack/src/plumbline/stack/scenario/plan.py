"""The plan of the demo: sixty owner invoices, each with its life and its expected end. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

RETAINAGE_PERCENT = Decimal(10)
"""Held back from every line, rounded half up to the cent, as Procore does."""

TEXAS_LIVES = ((4,), (4, 5), (4, 5, 6), (4, 5, 6, 7), (4, 7))
"""Codes of the brief's dialect that an invoice goes through; states may be skipped."""

END_OF_CODE = {4: "open", 5: "open", 6: "sent", 7: "paid"}
"""What QuickBooks shows in the end; Pending is Open with sending held."""

INVOICES_PER_PROJECT = (9, 5, 5, 5, 1, 5)
"""Of a company's six projects; the fifth of Texas is the one whose owner is not linked at first."""

UNLINKED_PROJECT = "TX05"
MUTE_PROJECT = "TX06"
STRANGER_NUMBER = "TX01-9"
UNKNOWN_STATUS_NUMBER = "TX01-8"
CORRECTED_NUMBER = "TX04-1"
"""Its tax is corrected while nobody can know whether its create came through; in QuickBooks nothing checks its number."""

CORRECTION = Decimal("12.34")
"""What the tax was short of at first."""


@dataclass(frozen=True, slots=True)
class PlannedInvoice:
    """One owner invoice: where it is made, what it bills, how it lives, how it must end."""

    company_id: str
    project: Mapping[str, Any]
    number: str
    lines: tuple[dict[str, str], ...]
    tax: Decimal
    codes: tuple[int, ...]
    """Texas: the codes it goes through. Ohio: empty."""
    paid: bool
    """Ohio: whether the owner pays it."""
    end: str
    """`open`, `sent` or `paid`, or the code it must be parked with."""
    correction: Decimal = Decimal(0)
    """What the tax was short of at first; set right once the invoice has lived the rest of its life."""

    @property
    def realm(self) -> str:
        """The QuickBooks company it belongs to."""
        return str(self.project["quickbooks"]["realm"])

    @property
    def document_number(self) -> str:
        """The number it must have in QuickBooks."""
        return f"{self.project['number']}-{self.number}"

    @property
    def loses_its_create(self) -> bool:
        """Whether its tax is corrected while its create is unknown."""
        return self.document_number == CORRECTED_NUMBER

    @property
    def tax_at_first(self) -> Decimal:
        """The tax it is made with."""
        return self.tax - self.correction

    @property
    def total_cents(self) -> int:
        """What it must come to: work less retainage, and tax. Computed apart from the suite."""
        return int((sum((_net(line) for line in self.lines), Decimal(0)) + self.tax) * 100)


def _net(line: Mapping[str, str]) -> Decimal:
    work = Decimal(line["work_completed_this_period"])
    return work - (work * RETAINAGE_PERCENT / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)


def planned(seed: Mapping[str, Any], realm_names: Mapping[str, str]) -> list[PlannedInvoice]:
    """Return the sixty invoices for a sandbox's seed."""
    return [invoice for company in seed["companies"] for invoice in _of_company(company, realm_names)]


def _of_company(company: Mapping[str, Any], realm_names: Mapping[str, str]) -> Iterator[PlannedInvoice]:
    for project, count in zip(company["projects"], INVOICES_PER_PROJECT, strict=True):
        for place in range(count):
            number = str(place + 1)
            codes, paid, end = (
                _texas(project["number"], number, place)
                if company["brief_statuses"]
                else _ohio(realm_names[project["quickbooks"]["realm"]], place)
            )
            yield PlannedInvoice(
                company_id=company["id"],
                project=project,
                number=number,
                lines=schedule(place),
                tax=Decimal(2000 + place * 137).scaleb(-2),
                codes=codes,
                paid=paid,
                end=end,
                correction=CORRECTION if f"{project['number']}-{number}" == CORRECTED_NUMBER else Decimal(0),
            )


def _texas(project: str, number: str, place: int) -> tuple[tuple[int, ...], bool, str]:
    name = f"{project}-{number}"
    if name == STRANGER_NUMBER:
        return (4,), False, "invoice-already-exists"
    if name == UNKNOWN_STATUS_NUMBER:
        return (9,), False, "unknown-status"
    if project == MUTE_PROJECT:
        # Its owner has no e-mail address: one invoice is to be sent all the same.
        return ((4, 6), False, "customer-has-no-email") if place == 3 else ((4,), False, "open")
    codes = TEXAS_LIVES[place % len(TEXAS_LIVES)]
    return codes, False, END_OF_CODE[codes[-1]]


def _ohio(realm: str, place: int) -> tuple[tuple[int, ...], bool, str]:
    if place % 3 == 2:
        return (), True, "paid"
    return (), False, "sent" if realm.endswith("South") else "open"


def schedule(place: int) -> tuple[dict[str, str], ...]:
    """Return the lines of an invoice; those with an odd place have one of a change order."""
    base = Decimal(12_345 + place * 1_111).scaleb(-2) * 10
    rows = [
        ("01-100", "General conditions", "60000.00", base, "contract"),
        ("03-300", "Cast-in-place concrete", "240000.00", base * 3 + Decimal("0.05"), "contract"),
        ("23-050", "HVAC", "180000.00", base * 2 + Decimal("0.33"), "contract"),
    ]
    if place % 2:
        rows.append(("", f"Change order {place}", "15000.00", Decimal("2500.55") + place, "change_order"))
    return tuple(
        {
            "flat_code": code,
            "description_of_work": work,
            "scheduled_value": scheduled,
            "work_completed_this_period": str(amount.quantize(Decimal("0.01"))),
            "retainage_percent": str(RETAINAGE_PERCENT),
            "added_from_source": source,
        }
        for code, work, scheduled, amount, source in rows
    )
