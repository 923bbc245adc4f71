"""The faults: what each does, which rules are in force, and a form to flip it."""

from collections.abc import Iterator

from plumbline_sandbox.faults import FAULTS, Rule
from plumbline_sandbox.markup import Markup, el
from plumbline_sandbox.page.parts import button, choice, field, form
from plumbline_sandbox.world import World

PROVIDERS = ("", "quickbooks", "procore")
"""Whom a fault may be limited to."""


def switches(world: World) -> Markup:
    """Return how many faults are in force, and a line for each there is."""
    rules = world.faults.rules()
    said = f"{len(rules)} in force." if rules else "None is in force: everything goes as it should."
    return el("div", el("p", said), el("ul", list(_lines(world)), class_="faults"))


def in_force(world: World) -> Markup:
    """Return a note at the top of each page while faults are in force."""
    count = len(world.faults.rules())
    said = f"{count} {'fault' if count == 1 else 'faults'} in force" if count else None
    return el("p", el("a", said, href="/#faults") if said else None, id="standing")


def _lines(world: World) -> Iterator[Markup]:
    rules = world.faults.rules()
    for name, what in FAULTS.items():
        mine = [rule for rule in rules if rule.name == name]
        played = world.faults.totals.get(name, 0)
        yield el(
            "li",
            el("b", name),
            el(
                "div",
                el("p", f"{what[0].upper()}{what[1:]}."),
                [el("p", "In force: ", _sentence(rule), class_="on") for rule in mine],
                el("p", f"Played {played} times so far.", class_="soft") if played else None,
                form(f"/page/faults/{name}/off", button("Off", about=name)) if mine else None,
                _on(name),
            ),
        )


def _on(name: str) -> Markup:
    limits = [
        choice("For", "provider", PROVIDERS),
        field("Path (a pattern)", "path", "", placeholder="/invoice$"),
        field("Every n-th", "every", 1, type="number", min=1),
        field("How often", "times", "", type="number", min=1, placeholder="no end"),
        field("Arguments (JSON)", "args", "", placeholder='{"ms": 3000}'),
    ]
    return el(
        "details",
        el("summary", "On…", aria_label=f"Put {name} in force"),
        form(f"/page/faults/{name}/on", limits, button("On", about=name)),
    )


def _sentence(rule: Rule) -> str:
    match = ", ".join(f"{key} {wanted}" for key, wanted in rule.match.items()) or "every request"
    every = f", one in {rule.every}" if rule.every > 1 else ""
    times = f", {rule.hits} of {rule.times} times played" if rule.times is not None else ""
    args = "".join(f", {name} {value}" for name, value in rule.args.items())
    return f"{match}{every}{times}{args}"
