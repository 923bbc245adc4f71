"""A paper as cells on lines, and what stands beside a label: in its cell, to the right, below, above."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from plumbline.compliance.domain.content import Page, PaperContent, Run
from plumbline.compliance.domain.recognising.values import is_blank

_HINT = re.compile(r"\([^()]*\)")
_NUMBERING = re.compile(r"^\s*\(?(?:\d{1,2}[a-z]?|[a-z])[.)]\s+|^\s*\d{1,2}[a-z]?\s+(?=[a-z])", re.IGNORECASE)
_NO_WORD = re.compile(r"[^a-z0-9]+")
_INITIALS = re.compile(r"(?<=\b[a-z])\.(?=[a-z]\b)")
_COLUMNS = re.compile(r"\s{3,}|\t")

_NARROW = frozenset("iljtfrI.,:;'|!()[] ")
_NEAR_X = 8.0
"""Points by which what stands below a label may be out of line with it."""


def plain(text: str) -> str:
    """Return a text's words alone, lower case, without numbering and hints in parentheses, unless it is all hint."""
    numbered = _NUMBERING.sub("", text)
    bare = _HINT.sub(" ", numbered)
    bare = bare if bare.strip(" .:") else numbered
    return _NO_WORD.sub(" ", _INITIALS.sub("", bare.lower().replace("'", "").replace("\u2019", ""))).strip()


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of text that stands by itself."""

    text: str
    page: int
    x: float
    y: float
    points: float
    is_bold: bool

    @property
    def ends_at(self) -> float:
        """Return about where it ends; readers do not tell how wide type is."""
        return self.x + self.points * sum(0.3 if letter in _NARROW else 0.54 for letter in self.text)


@dataclass(frozen=True, slots=True)
class Line:
    """Cells of one height, from left to right."""

    cells: tuple[Cell, ...]

    @property
    def text(self) -> str:
        """Return its text."""
        return " ".join(cell.text for cell in self.cells)

    @property
    def y(self) -> float:
        """Return its height on the page."""
        return self.cells[0].y

    @property
    def page(self) -> int:
        """Return the page it is on."""
        return self.cells[0].page


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
        known = frozenset(plain(label) for label in labels)
        inner = _inner_label(known)
        return cls([line for page in content.pages for line in _lines(page, inner)], known)

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
        wanted = {plain(label) for label in labels}
        for number, line in enumerate(self.lines):
            for place, cell in enumerate(line.cells):
                said = self._said(cell, wanted)
                if said:
                    yield Found(
                        self._whole(cell, number, said, wraps=wraps), cell.page, _label(cell), is_sure=True
                    )
                elif said is not None:
                    found = self._near(cell, number, line.cells[place + 1 : place + 2], wraps=wraps, far=far)
                    if found is not None:
                        yield found

    def _said(self, cell: Cell, wanted: set[str]) -> str | None:
        """Return what a cell says after its label; None if it has no such label."""
        head, colon, rest = cell.text.partition(":")
        if plain(head) in wanted:
            return rest.strip() if colon else ""
        if colon and plain(head) in self._labels:
            return None
        words = cell.text.split()
        for count in range(min(len(words) - 1, 7), 0, -1):
            if plain(" ".join(words[:count])) in wanted and (short := _short(" ".join(words[count:]))):
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
            return self._found(cell, below, number + 1, wraps=wraps)
        above = (
            self._above(cell, number) if far and ":" not in cell.text and self._stand != "beside" else None
        )
        if above:
            return Found(above.text, cell.page, _label(cell), is_sure=cell.text.strip().startswith("("))
        return Found("", cell.page, _label(cell), is_sure=True) if far else None

    def _chosen(self, cell: Cell, beside: Cell, below: Cell, number: int, *, wraps: bool) -> Found:
        """Tell which of two neighbours is the value: as other labels have theirs, else by type, else neither is sure."""
        of_label, of_beside, of_below = ((one.is_bold, one.points) for one in (cell, beside, below))
        if self._stand == "below" or (of_beside == of_label != of_below):
            return self._found(cell, below, number + 1, wraps=wraps)
        if of_below == of_label != of_beside:
            return self._found(cell, beside, number, wraps=wraps)
        return Found(beside.text, cell.page, _label(cell), is_sure=False)

    def _found(self, label: Cell, value: Cell, number: int, *, wraps: bool) -> Found:
        text = self._whole(value, number, value.text, wraps=wraps)
        return Found("" if is_blank(text) else text, label.page, _label(label), is_sure=True)

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
                or alone.x < cell.x - 1
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
                if plain(head) not in self._labels:
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
        return plain(head) in self._labels or bool(colon and not _[:1].isdigit() and len(head.split()) <= 6)

    def _below(self, cell: Cell, number: int) -> Cell | None:
        for line in self.lines[number + 1 : number + 4]:
            gap = cell.y - line.y
            if line.page != cell.page or gap > 3.2 * cell.points:
                return None
            under = next((one for one in line.cells if _is_in_line(cell, one)), None)
            if under:
                return None if self.is_label(under) else under
        return None

    def _above(self, cell: Cell, number: int) -> Cell | None:
        for line in reversed(self.lines[max(0, number - 2) : number]):
            if line.page != cell.page or line.y - cell.y > 2.2 * cell.points:
                return None
            over = next((one for one in line.cells if _is_in_line(cell, one)), None)
            if over:
                return None if self.is_label(over) or is_blank(over.text) else over
        return None


def _is_in_line(label: Cell, one: Cell) -> bool:
    return abs(one.x - label.x) <= _NEAR_X or abs(one.ends_at - label.ends_at) <= _NEAR_X


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


def _inner_label(labels: frozenset[str]) -> re.Pattern[str] | None:
    """Return where a known label with its colon begins in the midst of a cell."""
    if not labels:
        return None
    words = sorted(labels, key=len, reverse=True)
    either = "|".join(re.escape(label).replace(r"\ ", r"[\s'./-]+") for label in words)
    return re.compile(rf"(?<=[\s_])(?=(?:{either})\s*:)", re.IGNORECASE)


def _lines(page: Page, inner: re.Pattern[str] | None) -> Iterator[Line]:
    cells = [part for cell in _cells(page) for part in _parts(cell, inner)]
    line: list[Cell] = []
    for cell in sorted(cells, key=lambda cell: -cell.y):
        if line and line[0].y - cell.y > max(1.5, line[0].points * 0.3):
            yield Line(tuple(sorted(line, key=lambda cell: cell.x)))
            line = []
        line.append(cell)
    if line:
        yield Line(tuple(sorted(line, key=lambda cell: cell.x)))


def _cells(page: Page) -> Iterator[Cell]:
    """Put runs together that go on in one line; without runs every line of the text is cells."""
    if not page.runs:
        for number, line in enumerate(page.text.splitlines()):
            if line.strip():
                yield Cell(line, page.number, 0, -float(number) * 12, 10, is_bold=False)
        return
    cell = _cell(page.runs[0])
    ended = page.runs[0].text.endswith("\n")
    for run in page.runs[1:]:
        if not ended and _goes_on(cell, run):
            cell = Cell(cell.text + run.text, cell.page, cell.x, cell.y, cell.points, cell.is_bold)
        else:
            yield from _stripped(cell)
            cell = _cell(run)
        ended = run.text.endswith("\n")
    yield from _stripped(cell)


def _cell(run: Run) -> Cell:
    return Cell(run.text, run.page, run.x, run.y, run.points, run.is_bold)


def _goes_on(cell: Cell, run: Run) -> bool:
    near = 0.35 * run.points + 0.06 * (cell.ends_at - cell.x)
    return abs(cell.y - run.y) < 1 and (run.x == cell.x or abs(run.x - cell.ends_at) <= near)


def _stripped(cell: Cell) -> Iterator[Cell]:
    """Give each line of what was read as one run; lines stand below each other."""
    for number, text in enumerate(cell.text.splitlines()):
        if text.strip():
            y = cell.y - number * cell.points * 1.2
            yield Cell(" ".join(text.split(" ")).strip("\n"), cell.page, cell.x, y, cell.points, cell.is_bold)


def _parts(cell: Cell, inner: re.Pattern[str] | None) -> Iterator[Cell]:
    """Divide a cell at wide gaps and at known labels."""
    start = 0
    text = cell.text
    labelled = {match.start() for match in inner.finditer(text)} if inner else set()
    ends = labelled | (
        {match.end() for match in _COLUMNS.finditer(text.strip())} if _COLUMNS.search(text.strip()) else set()
    )
    for end in [*sorted(ends), len(text)]:
        if end in labelled and ":" not in text[start:end]:
            continue
        part = text[start:end].strip()
        if part:
            x = Cell(text[:start], cell.page, cell.x, cell.y, cell.points, cell.is_bold).ends_at
            yield Cell(part, cell.page, x, cell.y, cell.points, cell.is_bold)
        start = end
