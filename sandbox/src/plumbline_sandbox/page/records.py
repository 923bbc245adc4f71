"""Pages of one kind of record and of single records, where a person looks and changes."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from plumbline_sandbox.markup import Markup, el
from plumbline_sandbox.page.index import VENDORS, kind_link
from plumbline_sandbox.page.kinds import OWNER_INVOICES, Item, Shelf, shelves
from plumbline_sandbox.page.parts import button, choice, field, form
from plumbline_sandbox.page.tables import act_form, described, label, records
from plumbline_sandbox.quickbooks import wire
from plumbline_sandbox.quickbooks.entities.registry import ENTITIES
from plumbline_sandbox.world import World


def shelf_page(world: World, shelf: Shelf) -> list[Markup]:
    """Return all kinds of a company, and the records of one of them."""
    links = [
        kind_link(other, other.count(), here=other.name == shelf.name)
        for other in shelves(world, shelf.vendor, shelf.company_id).values()
    ]
    billing = _billing(world, shelf) if shelf.name == OWNER_INVOICES.name else None
    return [
        trail(shelf),
        el("nav", el("ul", links, class_="kinds"), aria_label="Kinds", id="kinds"),
        el("section", records(shelf)[0], id="records"),
        billing or Markup(),
    ]


def item_page(shelf: Shelf, item: Item) -> list[Markup]:
    """Return what a record holds, and what can be done with it."""
    path = f"{shelf.path}/{item.id}"
    changing = _entity(shelf, item, path) if shelf.vendor == "quickbooks" else _record(shelf, item, path)
    acts = [act_form(shelf, item, act) for act in item.acts]
    return [
        trail(shelf, of_record=True),
        el("div", acts, class_="row") if acts else Markup(),
        el("details", el("summary", "Change it"), changing, class_="card") if changing else Markup(),
        el("section", el("h2", "What it holds"), described(item.body), id="held"),
    ]


def trail(shelf: Shelf, *, of_record: bool = False) -> Markup:
    """Return the way here: vendor, company, kind."""
    kind = [" / ", el("a", shelf.title, href=shelf.path)] if of_record else None
    steps = [el("a", VENDORS[shelf.vendor], href=f"/#{shelf.vendor}"), " / ", shelf.company, kind]
    return el("p", steps, class_="trail")


def title(shelf: Shelf, item: Item) -> str:
    """Return the heading of a record's page."""
    return (
        f"{shelf.title.removesuffix('s') if shelf.vendor == 'procore' else shelf.title} {label(shelf, item)}"
    )


def entity_change(shelf: Shelf, item: Item, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return the properties that a form gives an entity: its fields, and the rest as JSON.

    Raises:
        ValueError: A figure or the JSON cannot be read; the sentence says which.
    """
    try:
        rest = json.loads(asked.get("rest") or "{}")
    except ValueError as broken:
        raise ValueError(f"the rest is no JSON: {broken}") from broken
    if not isinstance(rest, dict):
        raise ValueError("the rest is not a JSON object")  # noqa: TRY004 -- it is the writer's mistake
    now = _writable(shelf, item)
    wanted = {**rest, **{name: _typed(name, asked[name], now[name]) for name in now if name in asked}}
    # What was left as it is may be reckoned anew from what was changed.
    return {name: value for name, value in wanted.items() if name not in now or value != now[name]}


def _entity(shelf: Shelf, item: Item, path: str) -> Markup | None:
    """Return a form of what can be written, with a field for each plain value; None if nothing can."""
    now = _writable(shelf, item)
    plain = {name: value for name, value in now.items() if not isinstance(value, dict | list)}
    rest = {name: value for name, value in now.items() if name not in plain}
    text = json.dumps(rest, indent=2, ensure_ascii=False)
    area = el("textarea", text, name="rest", rows=min(24, text.count("\n") + 2), spellcheck="false")
    fields = [field(name, name, _written(value)) for name, value in plain.items()]
    whole = form(
        path,
        el("div", fields, class_="fields"),
        el("label", el("span", "The rest, as JSON; properties left out stay as they are"), area),
        button("Save"),
        class_="change",
    )
    return whole if now else None


def _writable(shelf: Shelf, item: Item) -> dict[str, Any]:
    body = wire.plain(item.body)
    writable = ENTITIES[shelf.name.lower()].writable
    return {name: value for name, value in body.items() if name in writable}


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _typed(name: str, text: str, now: object) -> object:
    """Return what was typed, as a value of the kind that is there now."""
    if isinstance(now, str):
        return text
    try:
        return json.loads(text)
    except ValueError as broken:
        kind = "true or false" if isinstance(now, bool) else "a figure"
        raise ValueError(f"{name} takes {kind}, not “{text}”") from broken


def _record(shelf: Shelf, item: Item, path: str) -> Markup | None:
    made = [
        field(label, name, _written(item.body[name]), type=kind)
        if isinstance(kind, str)
        else choice(label, name, kind, _written(item.body[name]))
        for name, (label, kind) in shelf.fields.items()
    ]
    return form(path, el("div", made, class_="fields"), button("Save"), class_="change") if made else None


def _billing(world: World, shelf: Shelf) -> Markup:
    """Return the form that bills a share of a contract's schedule of values."""
    contracts = dict(_contracts(world, shelf))
    options = [el("option", name, value=contract) for contract, name in contracts.items()]
    return el(
        "section",
        el("h2", "Bill"),
        el(
            "p",
            "Makes a draft of the contract's next owner invoice, as a project manager would.",
            class_="soft",
        ),
        form(
            shelf.path,
            el("label", el("span", "Contract"), el("select", options, name="contract")),
            field("Work done this period, in % of each line", "percent", 10, type="number", min=0, max=100),
            button("Bill"),
        ),
    )


def _contracts(world: World, shelf: Shelf) -> Iterator[tuple[str, str]]:
    for contract in shelves(world, shelf.vendor, shelf.company_id)["prime_contracts"].items():
        yield contract.id, f"{contract.body['number']} {contract.body['title']}"
