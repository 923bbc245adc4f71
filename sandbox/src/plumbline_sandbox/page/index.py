"""The index page: what both vendors hold, what goes wrong, what time it is, and what happens."""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal

from plumbline_sandbox.faults import FAULTS, Rule
from plumbline_sandbox.page.markup import Markup, el
from plumbline_sandbox.page.parts import button, choice, field, form, frame, table
from plumbline_sandbox.procore.application_edit import is_approved
from plumbline_sandbox.procore.change_orders.tree import PACKAGE, Tree
from plumbline_sandbox.procore.g702 import Application, summarize
from plumbline_sandbox.procore.records import Record, Shown
from plumbline_sandbox.procore.requisition import APPROVED, Requisition
from plumbline_sandbox.procore.state import Company, Row
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.quickbooks.wire import Body
from plumbline_sandbox.world import World

NEWEST = 25
"""How many rows of one kind are shown; older ones are found by looking for them."""

PROVIDERS = ("", "quickbooks", "procore")
"""Whom a fault may be limited to."""

STEPS = {"one minute": 60, "one hour": 3600, "one day": 86_400, "31 days": 31 * 86_400, "100 days": 8_640_000}
"""How far the clock can be stepped."""

SCALES = {"stands still": 0.0, "real time": 1.0, "a minute a second": 60.0, "an hour a second": 3600.0}
"""How fast the clock can run."""

ORDER_HEADS = ("Change order", "Project", "Title", "Status", "Executed", "Workflow", "#Amount", "Do")
"""Columns of change orders."""

_TAG = re.compile(r"<[^>]*>")
_Columns = dict[str, Callable[[Body], object]]

_ENTITIES: dict[str, _Columns] = {
    "Invoice": {
        "Number": lambda body: body.get("DocNumber", ""),
        "Customer": lambda body: body["CustomerRef"].get("name", ""),
        "Date": lambda body: body["TxnDate"],
        "#Total": lambda body: _money(body["TotalAmt"]),
        "#Open": lambda body: _money(body["Balance"]),
        "E-mail": lambda body: body["EmailStatus"],
    },
    "Payment": {
        "Customer": lambda body: body["CustomerRef"].get("name", ""),
        "Date": lambda body: body["TxnDate"],
        "#Amount": lambda body: _money(body["TotalAmt"]),
        "#Not applied": lambda body: _money(body["UnappliedAmt"]),
    },
    "Customer": {
        "Name": lambda body: body["FullyQualifiedName"],
        "E-mail": lambda body: body.get("PrimaryEmailAddr", {}).get("Address", ""),
        "Active": lambda body: "yes" if body["Active"] else "no",
    },
}


def index(world: World, look_for: str = "") -> bytes:
    """Return the page; with `look_for` only the records in whose row this stands."""
    finding = el(
        "form", field("Look for", "find", look_for, type="search"), " ", button("Find"), role="search"
    )
    return frame(
        "Everything there is",
        finding,
        el("section", el("h2", "Procore"), list(_procore(world, look_for)), id="procore"),
        el("section", el("h2", "QuickBooks"), list(_quickbooks(world, look_for)), id="quickbooks"),
        el("section", el("h2", "Faults"), _faults(world), id="faults"),
        el("section", el("h2", "Clock"), _clock(world), id="clock"),
        el("section", el("h2", "Journal"), _journal(world), id="journal"),
    )


def _procore(world: World, look_for: str) -> Iterator[Markup]:
    for company in world.procore.companies.values():
        of_company = [row for row in world.procore.projects.living() if row.company_id == company.id]
        names = {
            row.id: f"{row.value['project_number']} {row.value['name']}" for row in of_company if row.value
        }
        yield el("h3", f"{company.name} ", el("small", f"company {company.id}"))
        yield el("p", f"Projects: {', '.join(names.values())}")
        rows = (
            _application(company, names[record.project_id], record)
            for record in world.procore.applications.living()
            if record.project_id in names
        )
        brief = ["Code"] if company.brief_statuses else []
        heads = ["Invoice", "Project", "Status", *brief, "Billed on", "#Due", "#Tax", "Do"]
        yield _shown(f"Payment applications of {company.name}", heads, rows, look_for)
        bills = (
            _requisition(world, names[record.project_id], record)
            for record in world.procore.requisitions.living()
            if record.project_id in names
        )
        heads = ["Invoice", "Project", "Commitment", "Vendor", "Status", "Billed on", "#Due", "Do"]
        yield _shown(f"Requisitions of {company.name}", heads, bills, look_for)
        yield _shown(f"Change orders of {company.name}", ORDER_HEADS, _orders(world, names), look_for)


def _application(company: Company, project: str, record: Record[Application]) -> list[object]:
    value = record.value
    assert value is not None
    brief = [value.status_code] if company.brief_statuses else []
    about = f"invoice {value.invoice_number} of {project}"
    approve = form(f"/page/procore/{record.id}/approve", button("Approve", about=about))
    return [
        el("a", value.invoice_number, href=f"/page/procore/{record.id}", aria_label=f"Edit {about}"),
        project,
        value.status,
        *brief,
        value.billing_date,
        _money(summarize(value.lines).current_payment_due),
        _money(value.tax),
        None if is_approved(value) else approve,
    ]


def _requisition(world: World, project: str, record: Record[Requisition]) -> list[object]:
    value = record.value
    assert value is not None
    contract = world.procore.commitments.truth(value.commitment_id)
    assert contract is not None
    assert contract.value is not None
    vendor = world.procore.vendors.truth(contract.value["vendor_id"] or 0)
    number = contract.value["number"]
    about = f"requisition {value.invoice_number} on {number} of {project}"
    path = f"/page/procore/requisitions/{record.id}"
    approve = form(f"{path}/approve", button("Approve", about=about))
    return [
        el("a", value.invoice_number, href=path, aria_label=f"Edit {about}"),
        project,
        number,
        vendor.value["name"] if vendor and vendor.value else "",
        value.status,
        value.billing_date,
        _money(summarize(value.items).current_payment_due),
        None if value.status in APPROVED else approve,
    ]


def _orders(world: World, names: dict[int, str]) -> Iterator[list[object]]:
    tree = Tree(world.procore)
    for project_id, project in names.items():
        for package in tree.of_project(PACKAGE, project_id):
            if not package.value["deleted_at"]:
                yield _order(tree, package, project)


def _order(tree: Tree, package: Shown[Row], project: str) -> list[object]:
    value = package.value
    number = f"{value['type'].removesuffix('ContractChangeOrder')} {value['number']}"
    path, about = f"/page/procore/change_orders/{package.id}", f"change order {number} of {project}"
    tie = form(f"{path}/workflow", button("Detach" if value["workflow"] else "Attach workflow", about=about))
    approve = form(f"{path}/approve", button("Approve", about=about))
    return [
        el("a", number, href=path, aria_label=f"Edit {about}"),
        project,
        value["title"],
        value["status"],
        "yes" if value["executed"] else "no",
        "attached" if value["workflow"] else "none",
        _money(tree.total(package)),
        [None if tree.standard(package) == "approved" else approve, tie],
    ]


def _quickbooks(world: World, look_for: str) -> Iterator[Markup]:
    for realm_id, name in world.quickbooks.company_names().items():
        realm = world.quickbooks.realm(realm_id)
        yield el("h3", f"{name} ", el("small", f"realm {realm_id}"))
        for entity, columns in _ENTITIES.items():
            rows = (_row(realm, entity, columns, body) for body in realm.stores[entity].all())
            yield _shown(f"{entity}s of {name}", ["Id", *columns], rows, look_for)


def _row(realm: Realm, entity: str, columns: _Columns, body: Body) -> list[object]:
    path = f"/page/quickbooks/{realm.id}/{entity}/{body['Id']}"
    link = el("a", body["Id"], href=path, aria_label=f"Edit {entity} {body['Id']}")
    return [link, *(column(body) for column in columns.values())]


def _shown(caption: str, heads: Sequence[str], rows: Iterable[Sequence[object]], look_for: str) -> Markup:
    """Return a table of the newest rows that have a text in them, newest first."""
    newest: deque[Sequence[object]] = deque(maxlen=NEWEST)
    count = 0
    for row in rows:
        if look_for.lower() in _TAG.sub("", " ".join(map(str, row))).lower():
            newest.appendleft(row)
            count += 1
    more = f" (newest {NEWEST} of {count})" if count > NEWEST else ""
    return table(caption + more, heads, newest)


def _faults(world: World) -> Markup:
    in_force = world.faults.rules()
    switches = [_switch(name, what, in_force, world) for name, what in FAULTS.items()]
    return el("div", table("Every fault there is", ["Fault", "Does", "In force", "#Played", "Do"], switches))


def _switch(name: str, what: str, in_force: Sequence[Rule], world: World) -> list[object]:
    mine = [rule for rule in in_force if rule.name == name]
    path = f"/page/faults/{name}"
    off = form(f"{path}/off", button("Off", about=name)) if mine else None
    limits = [
        choice("for", "provider", PROVIDERS),
        field("every", "every", 1, type="number", min=1),
        field("times", "times", "", type="number", min=1, placeholder="no end"),
    ]
    on = el(
        "details",
        el("summary", "On…", aria_label=f"Put {name} in force"),
        form(f"{path}/on", limits, button("On", about=name)),
    )
    return [name, what, [_rule(rule) for rule in mine], world.faults.totals.get(name, 0), [off, on]]


def _rule(rule: Rule) -> Markup:
    match = ", ".join(f"{key} {wanted}" for key, wanted in rule.match.items()) or "always"
    every = f", every {rule.every}." if rule.every > 1 else ""
    times = f", {rule.hits} of {rule.times} times" if rule.times is not None else ""
    return el("p", f"{match}{every}{times}")


def _clock(world: World) -> Markup:
    now = f"{world.clock.now():%Y-%m-%d %H:%M:%S} UTC"
    pace = next(
        (name for name, factor in SCALES.items() if factor == world.clock.factor),
        f"{world.clock.factor:g} times real time",
    )
    return el(
        "div",
        el("p", "It is ", el("time", now, id="now"), f", and time runs: {pace}."),
        form("/page/clock", choice("Step", "step", STEPS, "one hour"), button("Step")),
        form("/page/clock", choice("Let it run", "scale", SCALES, pace), button("Set")),
    )


def _journal(world: World) -> Markup:
    """Return an empty list that the script fills, and what to do without it."""
    kinds = ("", "commit", "answer", "bytes-lost", "mail", "webhook-attempt", "fault", "token")
    return el(
        "div",
        choice("Show", "kind", kinds),
        el("p", "Nothing has happened since this page was opened.", id="quiet"),
        el("ol", id="entries", data_since=world.journal.last, role="log", aria_label="What happens"),
        el("noscript", el("p", el("a", "The journal as JSON", href="/journal"))),
    )


def _money(amount: Decimal | float) -> str:
    return f"{amount:,.2f}"
