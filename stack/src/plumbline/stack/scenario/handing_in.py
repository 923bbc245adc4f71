"""The papers that people hand in during the play, as PDF: waivers in the words of their statute, and labelled sheets."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path

import typst
import yaml

NOTICE_POINTS, BODY_POINTS = 12, 10
"""A statutory notice stands in the largest type (Tex. Prop. Code §53.284(c)(1))."""

_BLANK = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a paper."""

    text: str
    """A tab begins a new column."""
    points: float = BODY_POINTS
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that somebody hands in."""

    name: str
    """Of its file."""
    title: str
    lines: Sequence[Line]

    async def pdf(self) -> bytes:
        """Return it as PDF."""
        told = {
            "title": self.title,
            "lines": [{"text": line.text, "points": line.points, "bold": line.bold} for line in self.lines],
        }
        return await asyncio.to_thread(_compiled, json.dumps(told))


def _compiled(told: str) -> bytes:
    with resources.as_file(resources.files(__package__) / "paper.typ") as source:
        made = typst.compile(str(source), format="pdf", sys_inputs={"paper": told})
    assert isinstance(made, bytes)
    return made


def statutory(name: str, form: Path, values: Mapping[str, str]) -> Paper:
    """Return a statutory form with its blanks filled; a blank that is not named stays empty.

    Args:
        name: of the file.
        form: a file of `config/rules/forms`, which has the words.
        values: by the names of the blanks.
    """
    (told,) = yaml.safe_load(form.read_text(encoding="utf-8"))["forms"]
    filled = [_BLANK.sub(lambda blank: values.get(blank[1], ""), line) for line in told["text"].splitlines()]
    heading = next(line for line in filled if line.isupper())
    lines = [
        Line(line, NOTICE_POINTS, bold=True)
        if line.startswith("NOTICE")
        else Line(line, bold=line == heading)
        for line in filled
    ]
    return Paper(name, heading.capitalize(), lines)


def labelled(name: str, heading: str, values: Mapping[str, str | date], *, also: Sequence[str] = ()) -> Paper:
    """Return a sheet of labelled lines under a heading, with what else it says after them."""
    rows = [
        Line(f"{label}: {value.isoformat() if isinstance(value, date) else value}")
        for label, value in values.items()
    ]
    return Paper(name, heading, [Line(heading, NOTICE_POINTS, bold=True), *rows, *map(Line, also)])


def spoken(on: date) -> str:
    """Return a day as people write it: November 3, 2026."""
    return f"{on:%B} {on.day}, {on.year}"


def dollars(cents: int) -> str:
    """Return an amount as people write it: 48,150.00."""
    return f"{cents // 100:,}.{cents % 100:02}"
