"""What every page is made of: the frame, tables, small forms."""

import json
from collections.abc import Iterable, Mapping, Sequence

from plumbline_sandbox.markup import Markup, el

STYLE = "/page/style.css"
"""Where the style sheet is."""

SCRIPT = "/page/live.js"
"""Where the script is."""

SECTIONS = {"/": "Companies", "/#faults": "Faults", "/#clock": "Clock", "#journal": "Journal"}
"""Where the links at the top lead."""

BRIEF_CHARS = 24
"""How long a text may be that is never broken."""

JOURNAL_KINDS = ("", "commit", "answer", "bytes-lost", "mail", "webhook-attempt", "fault", "token")
"""What the journal beside each page can be narrowed to."""


def frame(title: str, *content: object, standing: Markup, beside: Markup, look_for: str = "") -> bytes:
    """Return a whole page: with a note of how things stand at its top, and the journal beside it."""
    links = [el("a", name, href=href) for href, name in SECTIONS.items()]
    finding = el(
        "form",
        field("Look for", "find", look_for, type="search", placeholder="number, name, status"),
        button("Find"),
        action="/",
        role="search",
    )
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
            el(
                "header",
                el("a", "Sandbox", href="/", class_="home"),
                el("nav", links, aria_label="Sections"),
                standing,
                finding,
            ),
            el("main", el("h1", title), content, id="content", tabindex="-1"),
            beside,
        ),
        lang="en",
    )
    return b"<!doctype html>" + page.encode()


def journal(since: int, names: Mapping[str, str]) -> Markup:
    """Return an empty list that the script fills, and what to do without it.

    Args:
        since: The number of the last entry that is not shown.
        names: What people call the companies and realms that entries name by id.
    """
    entries = el(
        "ol",
        id="entries",
        data_since=since,
        data_names=json.dumps(names),
        role="log",
        aria_label="What happens",
        tabindex="0",
    )
    return el(
        "aside",
        el("h2", "Journal"),
        choice("Show", "kind", JOURNAL_KINDS),
        el("p", "Nothing has happened yet. What clients and people do appears here.", id="quiet"),
        entries,
        el("noscript", el("p", el("a", "The journal as JSON", href="/journal"))),
        id="journal",
        aria_label="Journal",
    )


def table(
    caption: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    ids: Sequence[str] | None = None,
    empty: str = "none",
) -> Markup:
    """Return a table; the first cell of each row is its header. Heads that begin with `#` are of figures."""
    body = [
        el(
            "tr",
            [
                el("th", row[0], scope="row"),
                [cell(head, value, value) for head, value in zip(heads[1:], row[1:], strict=True)],
            ],
            id=ids[number] if ids else None,
        )
        for number, row in enumerate(rows)
    ]
    if not body:
        return el("div", el("p", el("b", caption)), el("p", empty, class_="soft"), class_="none")
    head = el("tr", [el("th", name.removeprefix("#"), scope="col", class_=_kind(name)) for name in heads])
    # Wide tables scroll by themselves, with the keyboard too.
    whole = el("table", el("caption", caption), el("thead", head), el("tbody", body))
    return el("div", whole, class_="wide", tabindex="0", role="region", aria_label=caption)


def form(action: str, *content: object, **attributes: object) -> Markup:
    """Return a form that posts."""
    return el("form", content, method="post", action=action, **attributes)


def button(label: str, *, about: str = "", **attributes: object) -> Markup:
    """Return a button that sends its form; `about` tells those who hear it which of many it is."""
    return el("button", label, aria_label=f"{label} {about}" if about else None, **attributes)


def field(label: str, name: str, value: object, **attributes: object) -> Markup:
    """Return a labelled line of text."""
    return el("label", el("span", label), el("input", name=name, value=value, **attributes))


def choice(label: str, name: str, options: Iterable[str], chosen: str = "") -> Markup:
    """Return a labelled choice."""
    made = [el("option", option or "any", value=option, selected=option == chosen) for option in options]
    return el("label", el("span", label), el("select", made, name=name))


def cell(head: str, value: object, content: object) -> Markup:
    """Return a cell under a heading; a brief text, and a figure, stand on one line."""
    brief = not isinstance(value, str) or len(value) <= BRIEF_CHARS
    return el("td", content, class_=_kind(head) or ("brief" if brief else None))


def _kind(head: str) -> str | None:
    return "figure" if head.startswith("#") else None
