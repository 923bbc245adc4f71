"""The lines of a requisition: where they come from, and how they are changed.

Sources: Procore reference, Requisition Contract Items, Contract Detail Items and Change Order
Items, Bulk Update Subcontractor Invoice Items, Requisitions v1.1.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from plumbline_sandbox.procore.change_orders.tree import Tree
from plumbline_sandbox.procore.conventions import invalid
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.g702 import ZERO, percent_of, share, total, work_currently_retained
from plumbline_sandbox.procore.records import Record, Shown
from plumbline_sandbox.procore.requisition import Item, ItemType, Requisition, priced
from plumbline_sandbox.procore.state import Procore, Row

STATUSES = ("approved", "rejected", "no_action")
"""What a reviewer says of a line."""

NO_QUANTITY = "Quantity update not allowed on amount accounting contract"
"""The complaint about a quantity where there is none, as practitioners saw it on owner invoices."""

NEEDS_QUANTITY = "Quantity is required on unit accounting contract"
"""The complaint about an amount where a quantity is wanted (the wording is inferred)."""

ADMIN_ONLY = (
    "work_completed_retainage_retained_this_period",
    "materials_stored_retainage_currently_retained",
)
"""Fields that are an administrator's to set."""

_WORK, _QUANTITY = "work_completed_this_period", "work_completed_this_period_quantity"
_WORK_KEPT, _MATERIALS_KEPT = ADMIN_ONLY
_RELEASED = "work_completed_retainage_released_this_period"


def schedule(procore: Procore, contract: Record[Row], previous: Requisition | None) -> tuple[Item, ...]:
    """Return the lines of a commitment's next requisition: its schedule, then its approved change orders."""
    items = [*_of_contract(procore, contract)]
    tree = Tree(procore)
    for package in tree.packages(contract):
        if tree.standard(package) == "approved":
            items += _of_package(procore, contract, package, len(items))
    return _carried(items, previous)


def of_change_order(
    procore: Procore, contract: Record[Row], package: Shown[Row], previous: Requisition | None, count: int
) -> tuple[Item, ...]:
    """Return the lines of one change order, to stand after so many others."""
    return _carried(_of_package(procore, contract, package, count), previous)


def edited(items: tuple[Item, ...], rows: Sequence[Row], path: str, *, is_admin: bool) -> tuple[Item, ...]:
    """Return the lines with the changes that rows ask for.

    A row names its line by `id`, or by `line_item_id` or `detail_line_item_id`, and may tell its
    `item_type`.

    Raises:
        RefusedError: 422, a row names no line or a field is invalid.
    """
    held = {item.id: item for item in items}
    for row in rows:
        fields = Fields(path, row)
        item = _named(held.values(), fields)
        if item is None:
            raise invalid(path, {"items": ["is invalid"]})
        held[item.id] = _changed(item, fields, row, is_admin=is_admin)
        fields.done()
    return tuple(held.values())


def _of_contract(procore: Procore, contract: Record[Row]) -> Iterator[Item]:
    position = 0
    for line in _living(procore.commitment_lines.living_of_project(contract.project_id), contract.id):
        details = [
            detail
            for detail in _living(
                procore.commitment_details.living_of_project(contract.project_id), contract.id
            )
            if detail["line_item_id"] == line["id"]
        ]
        for row in details or [line]:
            position += 1
            yield _item(
                procore,
                contract,
                "contract_detail_item" if details else "contract_item",
                {**row, "wbs_code_id": line["wbs_code_id"]},
                position=position,
                line_item_id=line["id"],
                detail_id=row["id"] if details else None,
            )


def _of_package(procore: Procore, contract: Record[Row], package: Shown[Row], count: int) -> list[Item]:
    tree = Tree(procore)
    lines, whole = tree.lines(package), tree.total(package)
    rows = [
        {"id": line.id, **line.value, "wbs_code_id": (line.value["wbs_code"] or {}).get("id")}
        for line in lines
    ]
    item_type: ItemType = "change_order_item"
    if not rows or total(Decimal(row["amount"]) for row in rows) != whole:
        item_type = "whole_change_order_item"
        rows = [{"id": package.id, "description": package.value["title"], "amount": whole}]
    return [
        _item(
            procore,
            contract,
            item_type,
            row,
            position=count + place,
            line_item_id=row["id"],
            change_order_id=package.id,
        )
        for place, row in enumerate(rows, 1)
    ]


def _item(
    procore: Procore, contract: Record[Row], item_type: ItemType, row: Mapping[str, Any], **more: Any
) -> Item:
    assert contract.value is not None
    percent = Decimal(contract.value["retainage_percent"])
    by_unit = contract.value["accounting_method"] == "unit" and row.get("unit_cost") is not None
    return Item(
        id=procore.new_id(),
        item_type=item_type,
        description_of_work=row.get("description") or "",
        wbs_code_id=row.get("wbs_code_id"),
        scheduled_value=Decimal(row["amount"]),
        work_retainage_percent=percent,
        materials_retainage_percent=percent,
        scheduled_quantity=Decimal(row["quantity"] or 0) if by_unit else None,
        unit_price=Decimal(row["unit_cost"]) if by_unit else None,
        uom=row.get("uom"),
        **more,
    )


def _living(records: Iterable[Record[Row]], holder_id: int) -> list[Row]:
    rows = [{"id": row.id, **row.value} for row in records if row.value]
    return sorted((row for row in rows if row["holder_id"] == holder_id), key=lambda row: row["position"])


def _carried(items: Iterable[Item], previous: Requisition | None) -> tuple[Item, ...]:
    """Return fresh lines with what the requisition before left of them; materials stay stored."""
    before = {item.key: item for item in previous.items} if previous else {}
    return tuple(_after(item, before.get(item.key)) for item in items)


def _after(item: Item, before: Item | None) -> Item:
    if before is None:
        return item
    return replace(
        item,
        previous_id=before.id,
        previous_work=before.previous_work + before.work_this_period,
        previous_quantity=before.previous_quantity + before.quantity_this_period,
        previous_materials=before.materials_stored,
        previously_retained=work_currently_retained(before),
        previous_materials_retained=before.materials_retained,
        materials_stored=before.materials_stored,
        materials_retained=before.materials_retained,
        work_retainage_percent=before.work_retainage_percent,
        materials_retainage_percent=before.materials_retainage_percent,
    )


def _named(items: Iterable[Item], fields: Fields) -> Item | None:
    item_type = fields.text("item_type")
    mine = [item for item in items if item_type in {None, item.item_type}]
    for name, attribute in (
        ("id", "id"),
        ("detail_line_item_id", "detail_id"),
        ("line_item_id", "line_item_id"),
    ):
        wanted = fields.integer(name)
        if wanted is not None:
            return next((item for item in mine if getattr(item, attribute) == wanted), None)
    return None


def _changed(item: Item, fields: Fields, row: Row, *, is_admin: bool) -> Item:
    if not is_admin:
        for name in ADMIN_ONLY:
            if row.get(name) is not None:
                fields.complain(name, "can be set by administrators only")
    done = _with_quantity(item, fields, row) if item.by_unit else _with_amounts(item, fields, row)
    kept = _with_released(_with_work_kept(_with_percents(done, fields), item, fields, row), fields)
    return replace(
        kept,
        claimed=fields.amount("subcontractor_claimed_amount")
        if _told(row, "subcontractor_claimed_amount")
        else item.claimed,
        status=fields.choice("status", STATUSES, item.status),
        comment=fields.text("comment", item.comment),
    )


def _with_quantity(item: Item, fields: Fields, row: Row) -> Item:
    """Set the work of a line of a unit contract; it has no materials."""
    if _told(row, _WORK) and not _told(row, _QUANTITY):
        fields.complain(_QUANTITY, NEEDS_QUANTITY)
    quantity = fields.quantity(_QUANTITY, item.quantity_this_period)
    assert item.unit_price is not None
    return replace(item, quantity_this_period=quantity, work_this_period=priced(quantity, item.unit_price))


def _with_amounts(item: Item, fields: Fields, row: Row) -> Item:
    """Set work and materials; `materials_presently_stored` counts only without the two parts it is made of."""
    if _told(row, _QUANTITY):
        fields.complain(_QUANTITY, NO_QUANTITY)
    work = fields.amount(_WORK, item.work_this_period)
    if _told(row, "new_materials") or _told(row, "stored_materials"):
        new = fields.amount("new_materials", item.new_materials)
        materials = new + fields.amount("stored_materials", item.materials_stored - item.new_materials)
    else:
        materials = fields.amount("materials_presently_stored", item.materials_stored)
        new = item.new_materials
        if materials != item.materials_stored:
            new = max(materials - item.previous_materials, ZERO)
    return _with_materials_kept(
        replace(item, work_this_period=work, materials_stored=materials, new_materials=new), item, fields, row
    )


def _with_percents(item: Item, fields: Fields) -> Item:
    """Set the percentages, each of which counts only where there is nothing yet to keep it of."""
    work = fields.percent("work_completed_retainage_percent_this_period", item.work_retainage_percent)
    materials = fields.percent(
        "materials_stored_retainage_percent_this_period", item.materials_retainage_percent
    )
    return replace(
        item,
        work_retainage_percent=item.work_retainage_percent if item.work_this_period else work,
        materials_retainage_percent=item.materials_retainage_percent if item.materials_stored else materials,
    )


def _with_work_kept(item: Item, before: Item, fields: Fields, row: Row) -> Item:
    if not _told(row, _WORK_KEPT):
        same = item.work_this_period == before.work_this_period
        kept = (
            before.work_retained if same else percent_of(item.work_this_period, item.work_retainage_percent)
        )
        return replace(item, work_retained=kept)
    kept = fields.amount(_WORK_KEPT)
    if kept and not item.work_this_period:
        fields.complain(_WORK_KEPT, "needs work completed this period")
        return item
    percent = share(kept, item.work_this_period) if item.work_this_period else item.work_retainage_percent
    return replace(item, work_retained=kept, work_retainage_percent=percent)


def _with_materials_kept(item: Item, before: Item, fields: Fields, row: Row) -> Item:
    if not _told(row, _MATERIALS_KEPT):
        same = item.materials_stored == before.materials_stored
        rate = item.materials_retainage_percent
        kept = before.materials_retained if same else percent_of(item.materials_stored, rate)
        return replace(item, materials_retained=kept)
    kept = fields.amount(_MATERIALS_KEPT)
    if kept and not item.materials_stored:
        fields.complain(_MATERIALS_KEPT, "needs materials presently stored")
        return item
    percent = (
        share(kept, item.materials_stored) if item.materials_stored else item.materials_retainage_percent
    )
    return replace(item, materials_retained=kept, materials_retainage_percent=percent)


def _with_released(item: Item, fields: Fields) -> Item:
    """Set what is released: no more than is retained (inferred)."""
    released = fields.amount(_RELEASED, item.retainage_released)
    if not 0 <= released <= item.previously_retained + item.work_retained:
        fields.complain(_RELEASED, "must be no more than the retainage")
    return replace(item, retainage_released=released)


def _told(row: Row, name: str) -> bool:
    return row.get(name) is not None
