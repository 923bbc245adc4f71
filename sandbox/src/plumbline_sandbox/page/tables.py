"""Records as people read them: rows of a table, and everything that one record holds."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from plumbline_sandbox.markup import Markup, el
from plumbline_sandbox.page.kinds import APPROVE, COLUMNS, Body, Item, Shelf
from plumbline_sandbox.page.parts import button, cell, form, table

NEWEST = 25
"""How many rows of one kind are shown; older ones are found by looking for them."""

_EMPTY: tuple[object, ...] = (None, "", [], {}, ())

AT_ONCE = frozenset({APPROVE})
"""What can be done from the table itself; the rest is on the record's page."""


def records(shelf: Shelf, look_for: str = "") -> tuple[Markup, int]:
    """Return a table of the newest items in whose row a text stands, newest first, and how many there are."""
    newest: deque[Item] = deque(maxlen=NEWEST)
    count = 0
    for item in shelf.items():
        if not look_for or look_for.lower() in _text(shelf, item):
            newest.appendleft(item)
            count += 1
    more = f", the newest {NEWEST} of {count}" if count > NEWEST else ""
    heads, rows = _filled([_row(shelf, item) for item in newest])
    ids = [f"{shelf.company_id}-{shelf.name}-{item.id}" for item in newest]
    caption = f"{shelf.title} of {shelf.company}{more}"
    return table(caption, heads, rows, ids=ids, empty="There are none yet."), count


def label(shelf: Shelf, item: Item) -> str:
    """Return what tells an item from others of its kind: its number or name, else its id."""
    columns = COLUMNS[shelf.vendor]
    known = (look_up(item.body, columns[head]) for head in ("Number", "Name"))
    of_project = f" of {item.project}" if item.project else ""
    return f"{next((text for text in map(shown, known) if text), item.id)}{of_project}"


def act_form(shelf: Shelf, item: Item, act: str) -> Markup:
    """Return the button that does something with an item."""
    return form(
        f"{shelf.path}/{item.id}/{act}",
        button(act.replace("-", " ").capitalize(), about=f"{shelf.title} {label(shelf, item)}", class_=act),
    )


def look_up(body: Body, names: str) -> Any:
    """Return what stands under the first of these dotted names that has something."""
    for name in names.split("|"):
        value: Any = body
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value not in (None, ""):
            return value
    return None


def shown(value: Any, *, figure: bool = False) -> str:
    """Return a value as people write it; an amount of money with its thousands."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal() | float():
            return f"{value:,.2f}"
        case str() if figure:
            return _amount(value)
        case _:
            return str(value)


def described(value: Any) -> Markup:
    """Return all that a record holds: names with values, lists of objects as tables; empty ones by name only."""
    if isinstance(value, Mapping):
        return _reference(value) or _facts(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _listed(value)
    return el("span", shown(value))


def _reference(body: Body) -> Markup | None:
    """Return the name and id of what is referred to, if that is all there is."""
    for key in ("value", "id"):
        if key in body and set(body) <= {key, "name"}:
            name = body.get("name")
            return el("span", f"{name} ({body[key]})" if name else shown(body[key]))
    return None


def _facts(body: Body) -> Markup:
    full = {name: value for name, value in body.items() if value not in _EMPTY}
    empty = [name for name in body if name not in full]
    facts = el("dl", [[el("dt", name), el("dd", described(value))] for name, value in full.items()])
    return el("div", facts, el("p", f"Empty: {', '.join(empty)}.", class_="soft") if empty else None)


def _listed(values: Sequence[Any]) -> Markup:
    if not all(isinstance(value, Mapping) for value in values):
        return el("span", ", ".join(map(shown, values)))
    lines = [_line(value) for value in values]
    heads = dict.fromkeys(name for line in lines for name, value in line.items() if value not in _EMPTY)
    rows = [
        el("tr", [cell(name, line.get(name), described(line.get(name))) for name in heads]) for line in lines
    ]
    head = el("tr", [el("th", name, scope="col") for name in heads])
    return el("div", el("table", el("thead", head), el("tbody", rows)), class_="wide", tabindex="0")


def _line(body: Body) -> Body:
    """Return a line with its detail in it: QuickBooks keeps that under a name of its own."""
    detail = body.get(str(body.get("DetailType")))
    if not isinstance(detail, Mapping):
        return body
    return {name: value for name, value in body.items() if value is not detail} | dict(detail)


def _row(shelf: Shelf, item: Item) -> dict[str, object]:
    """Return the cells of an item by their headings; the empty ones are left out."""
    texts = dict(_texts(shelf, item))
    first = next((head for head in ("Number", "Name") if head in texts), "Id")
    about = f"{shelf.title} {label(shelf, item)}"
    link = el("a", texts.pop(first), href=f"{shelf.path}/{item.id}", aria_label=f"Open {about}")
    acts = [act_form(shelf, item, act) for act in item.acts if act in AT_ONCE]
    return {first: link, **texts, **({"Do": acts} if acts else {})}


def _texts(shelf: Shelf, item: Item) -> Iterator[tuple[str, str]]:
    for head, names in COLUMNS[shelf.vendor].items():
        value = item.project if head == "Project" else look_up(item.body, names)
        if text := shown(value, figure=head.startswith("#")):
            yield head, text
    yield "Id", item.id


def _text(shelf: Shelf, item: Item) -> str:
    return " ".join(text for _, text in _texts(shelf, item)).lower()


def _filled(rows: Sequence[Mapping[str, object]]) -> tuple[list[str], list[list[object]]]:
    """Return the headings that some row fills, in their order, and the cells under them."""
    order = ["Number", "Name", *(head for columns in COLUMNS.values() for head in columns), "Do", "Id"]
    used = {head for row in rows for head in row}
    heads = [head for head in dict.fromkeys(order) if head in used]
    return heads, [[row.get(head) for head in heads] for row in rows]


def _amount(text: str) -> str:
    try:
        return f"{Decimal(text):,.2f}"
    except ArithmeticError:
        return text
