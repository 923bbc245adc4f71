"""HTML that escapes by construction: only `el` makes markup, and all else it is given is text."""

from html import escape

VOID = frozenset({"br", "input", "link", "meta"})
"""Elements without content or end tag."""


class Markup(str):
    """A text that is HTML already."""

    __slots__ = ()


def el(tag: str, *children: object, **attributes: object) -> Markup:
    """Return an element.

    Args:
        tag: Its name.
        children: Markup, sequences of children, or anything else, which is escaped; None is nothing.
        attributes: `aria_label` stands for `aria-label`, `for_` for `for`. True is an attribute
            without a value; None and False leave it out.
    """
    head = f"<{tag}{''.join(_attribute(name, value) for name, value in attributes.items())}>"
    return Markup(head if tag in VOID else f"{head}{together(children)}</{tag}>")


def together(child: object) -> Markup:
    """Return a child or a sequence of children as markup."""
    match child:
        case None:
            return Markup()
        case Markup():
            return child
        case list() | tuple():
            return Markup("".join(map(together, child)))
        case _:
            return Markup(escape(str(child)))


def _attribute(name: str, value: object) -> str:
    name = name.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
