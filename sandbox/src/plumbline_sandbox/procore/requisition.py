"""A requisition, which people call a subcontractor invoice, as data.

Amounts are exact cents; what a line of a unit contract is worth is its quantity times its price,
rounded half up (inferred).
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal, TypeAlias

from plumbline_sandbox.procore.g702 import CENT, ZERO, total

ItemType: TypeAlias = Literal[
    "contract_item", "contract_detail_item", "change_order_item", "whole_change_order_item"
]
"""Kinds of lines; a change order is billed as a whole where its lines do not add up to it (inferred)."""

APPROVED = ("approved", "approved_as_noted")
"""Statuses in which a requisition is to be paid; `pending_owner_approval` is not among them."""


def priced(quantity: Decimal, unit_price: Decimal) -> Decimal:
    """Return what a quantity costs, to the cent."""
    return (quantity * unit_price).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a requisition, and what the requisition before left of it (see `g702.Billed`).

    `line_item_id` is the line of the contract or of the change order it bills, or a whole change
    order, `detail_id` the subcontractor's own breakdown of that line, `change_order_id` the package.
    Quantity and price are those of a unit contract.
    """

    id: int
    item_type: ItemType
    line_item_id: int
    description_of_work: str
    wbs_code_id: int | None
    position: int
    scheduled_value: Decimal
    work_retainage_percent: Decimal
    materials_retainage_percent: Decimal
    detail_id: int | None = None
    change_order_id: int | None = None
    scheduled_quantity: Decimal | None = None
    unit_price: Decimal | None = None
    uom: str | None = None
    previous_id: int | None = None
    previous_work: Decimal = ZERO
    previous_quantity: Decimal = ZERO
    previous_materials: Decimal = ZERO
    previously_retained: Decimal = ZERO
    previous_materials_retained: Decimal = ZERO
    work_this_period: Decimal = ZERO
    quantity_this_period: Decimal = ZERO
    materials_stored: Decimal = ZERO
    new_materials: Decimal = ZERO
    work_retained: Decimal = ZERO
    materials_retained: Decimal = ZERO
    retainage_released: Decimal = ZERO
    claimed: Decimal | None = None
    status: str = "no_action"
    comment: str | None = None

    @property
    def key(self) -> tuple[str, int, int | None]:
        """What makes it the same line on the next requisition."""
        return self.item_type, self.line_item_id, self.detail_id

    @property
    def by_unit(self) -> bool:
        """Whether it is accounted by quantity and price."""
        return self.unit_price is not None

    @property
    def added_from_source(self) -> str:
        """Where it comes from, as owner invoices call it."""
        return "contract" if self.change_order_id is None else "change_order"

    @property
    def billed_this_period(self) -> Decimal:
        """Work of this period and what has been added to the materials."""
        return self.work_this_period + self.materials_stored - self.previous_materials

    @property
    def claimed_amount(self) -> Decimal:
        """What the subcontractor claimed at first; what is billed unless it was noted (inferred)."""
        return self.billed_this_period if self.claimed is None else self.claimed


@dataclass(frozen=True, slots=True)
class Requisition:
    """One requisition. `history` are the changes of its fields, as they are listed."""

    commitment_id: int
    previous_id: int | None
    number: int
    invoice_number: str
    status: str
    final: bool
    period_id: int | None
    requisition_start: date
    requisition_end: date
    billing_date: date
    payment_date: date | None
    submitted_at: date | None
    due_date: date | None
    items: tuple[Item, ...]
    created_by: dict[str, Any]
    comment: str | None = None
    origin_id: str | None = None
    origin_data: str | None = None
    history: tuple[dict[str, Any], ...] = ()

    @property
    def invoice_type(self) -> str:
        """Whether it bills work, releases retainage, or both."""
        if not any(item.retainage_released for item in self.items):
            return "progress"
        only_releases = not any(item.billed_this_period for item in self.items)
        return "retainage_release" if only_releases else "progress_and_retainage_release"

    @property
    def claimed_amount(self) -> Decimal:
        """What the subcontractor claimed in all."""
        return total(item.claimed_amount for item in self.items)
