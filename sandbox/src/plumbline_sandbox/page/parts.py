"""What every page is made of: the frame, tables, small forms."""

from collections.abc import Iterable, Sequence

from plumbline_sandbox.page.markup import Markup, el

SECTIONS = {
    "procore": "Procore",
    "quickbooks": "QuickBooks",
    "faults": "Faults",
    "clock": "Clock",
    "journal": "Journal",
}
"""The parts of the index page, by their anchors."""

STYLE = "/page/style.css"
"""Where the style sheet is."""

SCRIPT = "/page/live.js"
"""Where the script is."""


def frame(title: str, *content: object) -> bytes:
    """Return a whole page."""
    links = [el("a", name, href=f"/#{anchor}") for anchor, name in SECTIONS.items()]
    page = el(
        "html",
        el(
            "head",
            el("meta", charset="utf-8"),
            el("meta", name="viewport", content="width=device-width, initial-scale=1"),
            el("meta", name="color-scheme", content="light dark"),
            el("title", f"{title} - sandbox"),
            el("link", rel="stylesheet", href=STYLE),
            el("script", src=SCRIPT, defer=True),
        ),
        el(
            "body",
            el("a", "Skip to content", href="#content", class_="skip"),
            el("header", el("p", el("a", "Sandbox", href="/")), el("nav", links, aria_label="Sections")),
            el("main", el("h1", title), content, id="content", tabindex="-1"),
        ),
        lang="en",
    )
    return b"<!doctype html>" + page.encode()


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Markup:
    """Return a table; the first cell of each row is its header. Heads that begin with `#` are of figures."""
    body = [
        el("tr", [_cell(place, heads[place], content) for place, content in enumerate(row)]) for row in rows
    ]
    head = el("tr", [el("th", name.removeprefix("#"), scope="col", class_=_kind(name)) for name in heads])
    content = el("tbody", body) if body else el("tbody", el("tr", el("td", "none", colspan=len(heads))))
    # Wide tables scroll by themselves, with the keyboard too.
    whole = el("table", el("caption", caption), el("thead", head), content)
    return el("div", whole, class_="wide", tabindex="0", role="region", aria_label=caption)


def form(action: str, *content: object) -> Markup:
    """Return a form that posts."""
    return el("form", content, method="post", action=action)


def button(label: str, *, about: str = "", **attributes: object) -> Markup:
    """Return a button that sends its form; `about` tells those who hear it which of many it is."""
    return el("button", label, aria_label=f"{label} {about}" if about else None, **attributes)


def field(label: str, name: str, value: object, **attributes: object) -> Markup:
    """Return a labelled line of text."""
    return el("label", label, " ", el("input", name=name, value=value, **attributes))


def choice(label: str, name: str, options: Iterable[str], chosen: str = "") -> Markup:
    """Return a labelled choice."""
    made = [el("option", option or "any", value=option, selected=option == chosen) for option in options]
    return el("label", label, " ", el("select", made, name=name))


def _cell(place: int, head: str, content: object) -> Markup:
    if place == 0:
        return el("th", content, scope="row")
    return el("td", content, class_=_kind(head))


def _kind(head: str) -> str | None:
    return "figure" if head.startswith("#") else None
