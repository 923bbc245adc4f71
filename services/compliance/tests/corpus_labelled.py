"""Papers that are labels and values, in every layout."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from corpus_cases import Case, dated
from corpus_layouts import LAYOUTS, Pairs

Values = Mapping[str, tuple[Any, str]]
"""What a paper says: by the name of a field its value, and how it is printed."""


class Blank(str):
    """Words that say that a place is empty."""

    __slots__ = ()


def printed(layout: str, **values: Any) -> dict[str, tuple[Any, str]]:
    """Values as such a layout prints them."""
    return {
        name: (None if isinstance(value, Blank) else value, _print(layout, value))
        for name, value in values.items()
    }


def _print(layout: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, date):
        return dated(layout, value)
    return str(value)


def money(cents: int) -> str:
    return f"${cents // 100:,}.{cents % 100:02d}"


def pairs(values: Values, labels: Mapping[str, str]) -> Pairs:
    return [(label, values[name][1]) for name, label in labels.items()]


def labelled(
    kind: str,
    base: str,
    title: str,
    layout: str,
    values: Values,
    labels: Mapping[str, str],
    notes: Sequence[str],
    **more: Any,
) -> Case:
    """A paper that is labels and values."""
    said = {name: value for name, (value, _) in values.items() if not name.startswith("_")}
    return Case(
        name=f"{kind} {layout} {more.pop('seed', '')}",
        kind=kind,
        sort="right",
        layout=layout,
        content=LAYOUTS[layout](title, pairs(values, labels), notes),
        base=base,
        fields=said | more.pop("fields", {}),
        **more,
    )


def series(
    make: Callable[..., Case], wrongs: Sequence[tuple[str, set[str], Mapping[str, Any]]], seeds: int = 2
) -> Iterator[Case]:
    """Right papers in every layout, and each wrong one in one of them, in turn."""
    names = list(LAYOUTS)
    for seed in range(seeds):
        for place, layout in enumerate(names):
            yield make(layout, seed * 13 + place)
    for number, (name, fires, change) in enumerate(wrongs):
        layout = names[number % len(names)]
        case = make(layout, 500 + number, **change)
        yield replace(case, name=f"{case.name}: {name}", sort="wrong", fires=frozenset(fires), desk=None)
