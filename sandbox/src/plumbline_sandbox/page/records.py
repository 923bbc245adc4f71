"""Pages of single records, where a person changes them."""

import json

from plumbline_sandbox.page.markup import el
from plumbline_sandbox.page.parts import button, choice, field, form, frame
from plumbline_sandbox.procore.application_edit import STATUSES
from plumbline_sandbox.procore.change_orders.statuses import Statuses
from plumbline_sandbox.procore.change_orders.tree import Tree
from plumbline_sandbox.procore.g702 import Application, Line
from plumbline_sandbox.procore.records import Record, Shown
from plumbline_sandbox.procore.requisition import Item, Requisition
from plumbline_sandbox.procore.requisition_edit import STATUSES as REQUISITION_STATUSES
from plumbline_sandbox.procore.state import Row
from plumbline_sandbox.quickbooks import wire
from plumbline_sandbox.quickbooks.entities.registry import ENTITIES
from plumbline_sandbox.world import World

CODES = {4: "approved for invoicing", 5: "invoice ready", 6: "invoice sent", 7: "paid"}
"""The codes of the brief's dialect."""

OPERATIONS = {"Invoice": ("void", "delete", "send"), "Payment": ("void", "delete")}
"""What can be done to a transaction besides changing it."""


def application_page(world: World, record: Record[Application]) -> bytes:
    """Return the page of a payment application."""
    value = record.value
    assert value is not None
    texts = {
        "Invoice number": ("invoice_number", value.invoice_number, "text"),
        "Billing date": ("billing_date", value.billing_date, "date"),
        "Period from": ("period_start", value.period_start, "date"),
        "Period to": ("period_end", value.period_end, "date"),
        "Tax": ("tax", value.tax, "text"),
    }
    fields = [field(label, name, text, type=kind) for label, (name, text, kind) in texts.items()]
    code = None
    if world.procore.companies[record.company_id].brief_statuses:
        known = ", ".join(f"{number} {name}" for number, name in CODES.items())
        code = field(f"Code ({known})", "status_code", value.status_code or "", type="number")
    path = f"/page/procore/{record.id}"
    return frame(
        f"Payment application {value.invoice_number}",
        form(path, choice("Status", "status", STATUSES, value.status), code, fields, button("Save")),
        form(f"{path}/delete", button("Delete")),
        el("h2", "Schedule of values"),
        el("ul", [el("li", _line(line)) for line in value.lines]),
    )


def requisition_page(record: Record[Requisition]) -> bytes:
    """Return the page of a requisition."""
    value = record.value
    assert value is not None
    texts = {
        "Invoice number": ("invoice_number", value.invoice_number, "text"),
        "Period from": ("requisition_start", value.requisition_start, "date"),
        "Period to": ("requisition_end", value.requisition_end, "date"),
        "Billing date": ("billing_date", value.billing_date, "date"),
        "Paid on": ("payment_date", value.payment_date or "", "date"),
    }
    fields = [field(label, name, text, type=kind) for label, (name, text, kind) in texts.items()]
    path = f"/page/procore/requisitions/{record.id}"
    return frame(
        f"Requisition {value.invoice_number}",
        form(path, choice("Status", "status", REQUISITION_STATUSES, value.status), fields, button("Save")),
        form(f"{path}/delete", button("Delete")),
        el("h2", "Schedule of values"),
        el("ul", [el("li", _item(item)) for item in value.items]),
    )


def change_order_page(world: World, record: Record[Row]) -> bytes:
    """Return the page of a change order."""
    value = record.value
    assert value is not None
    tree, statuses = Tree(world.procore), Statuses(world.procore).known(record.company_id)
    path = f"/page/procore/change_orders/{record.id}"
    return frame(
        f"Change order {value['number']} {value['title'] or ''}",
        form(
            path,
            choice("Status", "status", statuses, value["status"]),
            choice("Executed", "executed", ("false", "true"), str(value["executed"]).lower()),
            field("Title", "title", value["title"] or ""),
            button("Save"),
        ),
        form(f"{path}/delete", button("Delete")),
        el("h2", "Schedule of values"),
        el("ul", [el("li", _order_line(line)) for line in tree.lines(record)]),
    )


def entity_page(world: World, realm_id: str, entity: str, entity_id: str) -> bytes:
    """Return the page of a QuickBooks entity.

    Raises:
        KeyError: There is no such company or family.
        FaultError: There is no such entity.
    """
    realm, family = world.quickbooks.realm(realm_id), ENTITIES[entity.lower()]
    shown = wire.plain(family.render(realm, family.read(realm, entity_id)))
    path = f"/page/quickbooks/{realm_id}/{entity}/{entity_id}"
    text = json.dumps(shown, indent=2, ensure_ascii=False)
    area = el("textarea", text, name="body", rows=min(30, text.count("\n") + 2), spellcheck="false")
    others = [
        form(f"{path}/{operation}", button(operation.capitalize()))
        for operation in OPERATIONS.get(entity, ())
    ]
    return frame(
        f"{entity} {entity_id} of {realm.name}",
        form(
            path,
            el("label", "What it is to be, as JSON; properties left out stay as they are", area),
            button("Save"),
        ),
        el("div", others, class_="row"),
    )


def problem_page(sentence: str) -> bytes:
    """Return the page that says why something was not done."""
    return frame("That was refused", el("p", sentence, role="alert"), el("p", el("a", "Back", href="/")))


def _order_line(line: Shown[Row]) -> str:
    code = (line.value["wbs_code"] or {}).get("flat_code", "")
    return f"{code} {line.value['description'] or ''}: {line.value['amount']}"


def _line(line: Line) -> str:
    return (
        f"{line.flat_code} {line.description_of_work}: {line.work_this_period:,.2f} of "
        f"{line.scheduled_value:,.2f} this period, {line.retainage_percent} % retained"
    )


def _item(item: Item) -> str:
    return (
        f"{item.description_of_work}: {item.work_this_period:,.2f} of {item.scheduled_value:,.2f} this period, "
        f"{item.work_retained:,.2f} retained; {item.status}"
    )
