"""What reading is worth, in figures: precision and recall over the corpus, for each kind and each field.

`python services/compliance/tests/corpus_report.py` writes docs/compliance-corpus.md.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from corpus import ENOUGH, Result, must_not_pass, results
from rules_lab import ROOT

PAGE = ROOT / "docs" / "compliance-corpus.md"

HEAD = """# What reading is worth

{count} papers that were made for this: {right} that are right, {wrong} that are wrong in one thing, {hostile} that try to talk their way past the rules,
each with what it says, which checks must not pass, and which desk it must reach. Every one goes the whole way: its bytes are read, its kind is
recognised, its fields are read, and the shipped rules decide. Papers of real senders look different; these figures say what the readers do with
layouts like these, and no more. Written by `make docs`.

A value counts as *read* where it was read surely enough for the rules ({enough:.0%}). **Precision**: of what was read, how much is right.
**Recall**: of what the papers say, how much was read and is right. What is not read goes to a person.

*Held out*: {held_out} papers in layouts and words that were written after the readers. Of what they brought to light one thing was changed: a waiver's
heading that breaks within its words is read over both lines. Before them two other sets were held out, until the readers were mended by them. Of the first
37 papers 19 went to a person without need, and 7 values were read wrongly and surely; they are among the known layouts now. Of {seen}
more, 22 and 4: *seen*, for some of them still go to a person.

| | papers | wrongly let through | stopped without need | wrong desk | check that should have spoken and did not |
|---|---|---|---|---|---|
"""


@dataclass(slots=True)
class Tally:
    """How many values were there, were read, and were read right."""

    said: int = 0
    read: int = 0
    right: int = 0

    def count(self, *, was_read: bool, is_right: bool) -> None:
        """Take in one value."""
        self.said += 1
        self.read += was_read
        self.right += was_read and is_right

    @property
    def precision(self) -> float:
        """Of what was read, the part that is right."""
        return self.right / self.read if self.read else 1.0

    @property
    def recall(self) -> float:
        """Of what is said, the part that was read right."""
        return self.right / self.said if self.said else 1.0

    def cells(self) -> str:
        """Return both figures as cells of a table."""
        return f"{self.precision:.3f} | {self.recall:.3f}"


def wrongly_through(found: Iterable[Result]) -> list[str]:
    """Name the papers that something should have stopped, and nothing did."""
    return [one.case.name for one in found if must_not_pass(one.case) and not one.blocks]


def needlessly_stopped(found: Iterable[Result]) -> list[str]:
    """Name the papers that are right, and went to a person all the same."""
    return [one.case.name for one in found if not must_not_pass(one.case) and one.blocks]


def at_wrong_desk(found: Iterable[Result]) -> list[str]:
    """Name the papers that reached a desk which is not theirs."""
    return [one.case.name for one in found if one.desk is not None and one.desk != one.case.desk]


def silent_checks(found: Iterable[Result]) -> list[str]:
    """Name the checks that passed where they must not, each with its paper."""
    return [f"{one.case.name}: {rule}" for one in found for rule in sorted(one.case.fires - set(one.fired))]


def of_kinds(found: Iterable[Result]) -> dict[str, tuple[Tally, Tally]]:
    """Return for each kind how it was told, and how its fields were read.

    A paper taken for another kind counts against both kinds.
    """
    tallies: dict[str, tuple[Tally, Tally]] = {}
    for one in found:
        for kind in {one.case.kind, one.kind} - {None}:
            told, _ = tallies.setdefault(str(kind), (Tally(), Tally()))
            told.said += one.case.kind == kind
            told.read += one.kind == kind
            told.right += one.case.kind == one.kind == kind
        if one.case.kind is not None:
            for _, was_read, is_right in _values(one):
                tallies[one.case.kind][1].count(was_read=was_read, is_right=is_right)
    return dict(sorted(tallies.items()))


def of_fields(found: Iterable[Result]) -> dict[str, Tally]:
    """Return for each field of each kind how it was read; rows count under one name."""
    tallies: dict[str, Tally] = {}
    for one in found:
        for name, was_read, is_right in _values(one):
            family = "lien_waiver" if (one.case.kind or "").startswith("lien_waiver") else one.case.kind
            field = ".".join("*" if part.isdigit() else part for part in name.split("."))
            tallies.setdefault(f"{family}: {field}", Tally()).count(was_read=was_read, is_right=is_right)
    return dict(sorted(tallies.items()))


def _values(one: Result) -> Iterator[tuple[str, bool, bool]]:
    for name, value in one.case.fields.items():
        got = one.read(name)
        was_read = got is not None and got.confidence >= ENOUGH
        yield name, was_read, got is not None and got.value == value


def page() -> str:
    """Return the page."""
    found = results()
    held_out = [one for one in found if one.case.held_out]
    seen = [one for one in found if one.case.seen]
    known = [one for one in found if not one.case.held_out and not one.case.seen]
    sorts = Counter[str](one.case.sort for one in found)
    head = HEAD.format(count=len(found), enough=ENOUGH, held_out=len(held_out), seen=len(seen), **sorts)
    return "\n".join(
        [
            head + _row("known layouts", known),
            _row("seen", seen),
            _row("held out", held_out),
            *_tables(known, held_out),
            "",
        ]
    )


def _row(said: str, found: list[Result]) -> str:
    figures = (wrongly_through(found), needlessly_stopped(found), at_wrong_desk(found), silent_checks(found))
    return f"| {said} | {len(found)} | " + " | ".join(str(len(one)) for one in figures) + " |"


def _tables(known: list[Result], held_out: list[Result]) -> Iterator[str]:
    yield "\n## By kind\n\nThe last two columns are those of the held-out papers' fields.\n"
    yield "| kind | papers | kind: precision | recall | fields: precision | recall | held out: precision | recall |"
    yield "|---|---|---|---|---|---|---|---|"
    apart = of_kinds(held_out)
    for kind, (told, fields) in of_kinds(known).items():
        other = apart[kind][1].cells() if kind in apart else "none | none"
        yield f"| `{kind}` | {told.said} | {told.cells()} | {fields.cells()} | {other} |"
    yield "\n## By field\n\n| field | values | precision | recall |\n|---|---|---|---|"
    for name, tally in of_fields(known).items():
        yield f"| {name} | {tally.said} | {tally.cells()} |"
    yield "\n## Held out: read, and wrong\n\nThese are what a person would have to notice.\n"
    for one in held_out:
        for name, was_read, is_right in _values(one):
            if was_read and not is_right:
                yield f"- {one.case.name.removeprefix('held out: ')}: {name}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
