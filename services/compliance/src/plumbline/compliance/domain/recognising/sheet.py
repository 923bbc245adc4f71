"""A paper as cells on lines, and what stands beside a label: in its cell, to the right, below, above."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from plumbline.compliance.domain.content import PaperContent
from plumbline.compliance.domain.recognising.cells import (
    Cell,
    Line,
    had_room,
    in_line,
    inner_label,
    is_close,
    label_words,
    lines_of,
    over,
    plain,
    right_edge,
)
from plumbline.compliance.domain.recognising.values import is_blank

_INDENT = 72
"""Points by which a line may be set in behind the one that it goes on from; beyond them is another column."""


@dataclass(frozen=True, slots=True)
class Found:
    """What stands beside a label."""

    text: str
    """Empty where nothing does."""
    page: int
    at: str
    """The label as it is printed."""
    is_sure: bool
    """Whether it can belong to no other label."""


class Sheet:
    """All pages of a paper, or some lines of it."""

    def __init__(self, lines: Sequence[Line], labels: frozenset[str]) -> None:
        """Take lines, from the top of the first page to the bottom of the last, and the labels of the kind."""
        self.lines = tuple(lines)
        self._labels = labels

    @classmethod
    def of(cls, content: PaperContent, labels: Iterable[str] = ()) -> "Sheet":
        """Lay out a paper, with the labels that its kind may have."""
        known = frozenset(label_words(label) for label in labels)
        inner = inner_label(known)
        return cls([line for page in content.pages for line in lines_of(page, known, inner)], known)

    @cached_property
    def text(self) -> str:
        """Return its text, line by line."""
        return "\n".join(line.text for line in self.lines)

    def after(self, *phrases: str) -> "Sheet":
        """Return what comes after the first line that has one of some words; nothing if none has."""
        for number, line in enumerate(self.lines):
            if any(phrase in plain(line.text) for phrase in phrases):
                return Sheet(self.lines[number + 1 :], self._labels)
        return Sheet((), self._labels)

    def before(self, *phrases: str) -> "Sheet":
        """Return what comes before the first line that has one of some words; all if none has."""
        for number, line in enumerate(self.lines):
            if any(phrase in plain(line.text) for phrase in phrases):
                return Sheet(self.lines[:number], self._labels)
        return self

    def beside(self, *labels: str, wraps: bool = False, far: bool = True) -> Iterator[Found]:
        """Give what stands beside each place where one of some labels is printed; below and above only if it is `far`."""
        wanted = {label_words(label) for label in labels}
        for number, line in enumerate(self.lines):
            for place, cell in enumerate(line.cells):
                said = self._said(cell, wanted)
                if said:
                    text = self._whole(cell, number, said, wraps=wraps)
                    is_whole = wraps or not self._may_go_on(cell, number)
                    yield Found(text, cell.page, _label(cell), is_sure=is_whole)
                elif said is not None:
                    found = self._near(cell, number, line.cells[place + 1 : place + 2], wraps=wraps, far=far)
                    if found is not None:
                        yield found

    def _said(self, cell: Cell, wanted: set[str]) -> str | None:
        """Return what a cell says after its label; None if it has no such label."""
        head, colon, rest = cell.text.partition(":")
        if label_words(head) in wanted:
            return rest.strip() if colon else ""
        if colon and label_words(head) in self._labels:
            return None
        words = cell.text.split()
        for count in range(min(len(words) - 1, 7), 0, -1):
            if label_words(" ".join(words[:count])) in wanted and (short := _short(" ".join(words[count:]))):
                return short
        return None

    def _near(
        self, cell: Cell, number: int, right: Sequence[Cell], *, wraps: bool, far: bool
    ) -> Found | None:
        beside = next((one for one in right if not self.is_label(one)), None)
        below = self._below(cell, number) if far else None
        if below and (self._stand == "beside" or (not wraps and _is_prose(below.text))):
            below = None
        if beside and below and ":" not in cell.text:
            return self._chosen(cell, beside, below, number, wraps=wraps)
        if beside:
            return self._found(cell, beside, number, wraps=wraps)
        if below:
            return self._found(cell, below, number, wraps=wraps)
        above = (
            self._above(cell, number) if far and ":" not in cell.text and self._stand != "beside" else None
        )
        if above:
            return Found(above.text, cell.page, _label(cell), is_sure=cell.text.strip().startswith("("))
        return (
            Found("", cell.page, _label(cell), is_sure=not self._may_be_rest(cell, number)) if far else None
        )

    def _chosen(self, cell: Cell, beside: Cell, below: Cell, number: int, *, wraps: bool) -> Found:
        """Tell which of two neighbours is the value: as other labels have theirs, else by type, else neither is sure."""
        of_label, of_beside, of_below = ((one.is_bold, one.points) for one in (cell, beside, below))
        if self._stand == "below" or (of_beside == of_label != of_below):
            return self._found(cell, below, number, wraps=wraps)
        if of_below == of_label != of_beside:
            return self._found(cell, beside, number, wraps=wraps)
        return Found(beside.text, cell.page, _label(cell), is_sure=False)

    def _found(self, label: Cell, value: Cell, number: int, *, wraps: bool) -> Found:
        number = next(n for n in range(number, len(self.lines)) if value in self.lines[n].cells)
        text = self._whole(value, number, value.text, wraps=wraps)
        is_whole = wraps or not self._may_go_on(value, number)
        return Found("" if is_blank(text) else text, label.page, _label(label), is_sure=is_whole)

    def _may_go_on(self, value: Cell, number: int) -> bool:
        """Say whether the line below may belong to a value too: close, in line, what had no room, and no label."""
        if number + 1 >= len(self.lines) or any(self.is_label(one) for one in self.lines[number + 1].cells):
            return False
        return any(
            is_close(value, one)
            and over(self.lines[number], one) == (place := self.lines[number].cells.index(value))
            and not had_room(self.lines[number], place, one, self._right_edge)
            for one in self.lines[number + 1].cells
        )

    def _may_be_rest(self, label: Cell, number: int) -> bool:
        """Say whether a label may be the end of what stands above it, that is none."""
        if number == 0:
            return False
        above = self.lines[number - 1]
        place = over(above, label)
        return (
            place is not None
            and is_close(above.cells[place], label)
            and not self.is_label(above.cells[place])
        )

    @cached_property
    def _right_edge(self) -> float:
        return right_edge(self.lines)

    def _whole(self, cell: Cell, number: int, text: str, *, wraps: bool) -> str:
        """Return a text with the lines that it goes on for, as long as nothing else stands on them."""
        if not wraps:
            return text
        for line in self.lines[number + 1 : number + 4]:
            alone = line.cells[0]
            is_near = alone.page == cell.page and 0 < cell.y - alone.y <= 1.5 * cell.points * (
                1 + text.count("\n")
            )
            if (
                len(line.cells) > 1
                or not is_near
                or self.is_label(alone)
                or ":" in alone.text
                or not -1 <= alone.x - cell.x <= _INDENT
            ):
                break
            text = f"{text}\n{alone.text}"
        return " ".join(text.split())

    @cached_property
    def _stand(self) -> str:
        """Return where this paper's labels have their values, if most of those that leave no choice agree."""
        told = {"beside": 0, "below": 0}
        for number, line in enumerate(self.lines):
            for place, cell in enumerate(line.cells):
                head, _, rest = cell.text.partition(":")
                if label_words(head) not in self._labels:
                    continue
                has_right = any(not self.is_label(one) for one in line.cells[place + 1 : place + 2])
                has_below = self._below(cell, number) is not None
                told["beside"] += bool(rest.strip() or has_right > has_below)
                told["below"] += not rest.strip() and has_below > has_right
        most, least = sorted(told, key=lambda where: -told[where])
        return most if told[most] > 2 * told[least] else ""

    def is_label(self, cell: Cell) -> bool:
        """Say whether a cell is a label, by its colon or its words."""
        head, colon, _ = cell.text.partition(":")
        return label_words(head) in self._labels or bool(
            colon and not _[:1].isdigit() and len(head.split()) <= 6
        )

    def _below(self, cell: Cell, number: int) -> Cell | None:
        for line in self.lines[number + 1 : number + 4]:
            gap = cell.y - line.y
            if line.page != cell.page or gap > 3.2 * cell.points:
                return None
            under = in_line(cell, line)
            if under:
                return None if self.is_label(under) else under
        return None

    def _above(self, cell: Cell, number: int) -> Cell | None:
        for line in reversed(self.lines[max(0, number - 2) : number]):
            if line.page != cell.page or line.y - cell.y > 2.2 * cell.points:
                return None
            over = in_line(cell, line)
            if over:
                return None if self.is_label(over) or is_blank(over.text) else over
        return None


def _label(cell: Cell) -> str:
    return " ".join(cell.text.partition(":")[0].split())[:60]


def _short(rest: str) -> str:
    """Return what a cell says after a label without a colon, if that can be no sentence: numbers, or nothing else."""
    said = rest.strip()
    return said if re.fullmatch(r"[$#]?\s*[\d,./:-]+|_+", said) else ""


def _is_prose(text: str) -> bool:
    """Say whether a text is a sentence, and so no name, number or day."""
    said = text.split()
    return len(said) > 12 or (
        len(said) > 3 and said[-1].endswith(".") and sum(one.islower() for one in said) > 1
    )
