"""A page as cells on lines: what was set in one piece is a cell, what goes on below it belongs to it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise

from plumbline.compliance.domain.content import Page, Run

_HINT = re.compile(r"\([^()]*\)")
_NUMBERING = re.compile(r"^\s*\(?(?:\d{1,2}[a-z]?|[a-z])[.)]\s+|^\s*\d{1,2}[a-z]?\s+(?=[a-z])", re.IGNORECASE)
_NO_WORD = re.compile(r"[^a-z0-9]+")
_INITIALS = re.compile(r"(?<=\b[a-z])\.(?=[a-z]\b)")
_COLUMNS = re.compile(r"\s{3,}|\t")
_ARTICLES = frozenset({"the", "this", "an"})

_WIDTHS = {
    letter: width
    for width, letters in (
        (0.27, "ijl.,:;'|! "), (0.33, "ftrI()[]/-"), (0.46, "ckszvxyJ"), (0.67, "ABCDEFGHKLNOPQRSTUVXYZ"), (0.85, "mwMW@%"),
    )
    for letter in letters
}  # fmt: skip
"""Widths of letters in parts of their size: between those of a type with serifs and one without."""

_NEAR_X = 8.0
"""Points by which what stands below a label may be out of line with it."""

TIGHT = 1.45
"""Lines of one paragraph are so many sizes of their type apart, and no more."""

_APART = 1.2
"""Rows are so much farther apart than the lines of one."""

_SAME_X = 2.0


def plain(text: str) -> str:
    """Return a text's words alone, lower case, without numbering and hints in parentheses, unless it is all hint."""
    numbered = _NUMBERING.sub("", text)
    bare = _HINT.sub(" ", numbered)
    bare = bare if bare.strip(" .:") else numbered
    return _NO_WORD.sub(" ", _INITIALS.sub("", bare.lower().replace("'", "").replace("\u2019", ""))).strip()


def label_words(text: str) -> str:
    """Return a label's words without articles: "the owner of this property" is "owner of property"."""
    said = plain(text)
    return " ".join(word for word in said.split() if word not in _ARTICLES) or said


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
        return self.x + self.points * _width(self.text.lstrip()) * (1.06 if self.is_bold else 1)


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


def _width(text: str) -> float:
    return sum(_WIDTHS.get(letter, 0.51) for letter in text)


def in_line(label: Cell, line: Line) -> Cell | None:
    """Return the cell of a line that begins in line with one, else the one that ends so."""
    begins = (one for one in line.cells if abs(one.x - label.x) <= _NEAR_X)
    ends = (one for one in line.cells if abs(one.ends_at - label.ends_at) <= _NEAR_X)
    return next(chain(begins, ends), None)


def inner_label(labels: frozenset[str]) -> re.Pattern[str] | None:
    """Return where a known label with its colon begins in the midst of a cell."""
    if not labels:
        return None
    words = sorted(labels, key=len, reverse=True)
    either = "|".join(re.escape(label).replace(r"\ ", r"[\s'./-]+") for label in words)
    return re.compile(rf"(?<=[\s_])(?=(?:{either})\s*:)", re.IGNORECASE)


def lines_of(page: Page, labels: frozenset[str], inner: re.Pattern[str] | None) -> list[Line]:
    """Return a page's lines from top to bottom, each cell with what goes on below it."""
    return _rejoined(list(_lines(page, labels, inner)), labels)


def _rejoined(lines: Sequence[Line], labels: frozenset[str]) -> list[Line]:
    """Put the lines on which cells of a row go on together with the row, where rows are farther apart than lines."""
    edge = right_edge(lines)
    rows: list[Line] = []
    number = 0
    while number < len(lines):
        first = row = lines[number]
        number += 1
        while number < len(lines) and _is_within_row(lines, number):
            if not _goes_on_below(first, row, lines[number], labels, edge):
                break
            row = _joined(first, row, lines[number])
            number += 1
        rows.append(row)
    return rows


def right_edge(lines: Sequence[Line]) -> float:
    """Return where the longest of some lines ends."""
    return max((line.cells[-1].ends_at for line in lines), default=0.0)


def _is_within_row(lines: Sequence[Line], number: int) -> bool:
    """Say whether a line is so close to the one above it as no two rows around it are."""
    gaps = [one.y - other.y for one, other in pairwise(lines[max(0, number - 3) : number + 3])]
    gap = lines[number - 1].y - lines[number].y
    return gap <= TIGHT * lines[number].cells[0].points and max(gaps) > _APART * gap


def _goes_on_below(first: Line, row: Line, below: Line, labels: frozenset[str], edge: float) -> bool:
    """Say whether a line is the next one of a row's cells: in line with some, what had no room there, and no label."""
    return 2 <= len(row.cells) > len(below.cells) and all(
        (place := over(first, cell)) is not None
        and (
            label_words(f"{row.cells[place].text} {cell.text}") in labels
            or not (
                label_words(cell.text) in labels or ":" in cell.text or had_room(first, place, cell, edge)
            )
        )
        for cell in below.cells
    )


def is_close(above: Cell, below: Cell) -> bool:
    """Say whether two cells are no farther apart than lines of one paragraph."""
    return above.page == below.page and 0 < above.y - below.y <= TIGHT * below.points


def over(line: Line, cell: Cell) -> int | None:
    """Return the place of the cell of a line that stands over one, in the same type."""
    return next(
        (
            place
            for place, one in enumerate(line.cells)
            if abs(one.x - cell.x) <= _SAME_X and (one.points, one.is_bold) == (cell.points, cell.is_bold)
        ),
        None,
    )


def had_room(line: Line, place: int, below: Cell, edge: float) -> bool:
    """Say whether the first word of a cell would have had its place behind the one above it."""
    above = line.cells[place]
    bound = line.cells[place + 1].x if place + 1 < len(line.cells) else edge
    longer = replace(above, text=f"{above.text} {below.text.split()[0]}")
    return above.x + (longer.ends_at - above.x) * 1.1 < bound - above.points


def _joined(first: Line, row: Line, below: Line) -> Line:
    cells = list(row.cells)
    for cell in below.cells:
        place = over(first, cell)
        assert place is not None
        cells[place] = replace(cells[place], text=f"{cells[place].text} {cell.text}")
    return Line(tuple(cells))


def _lines(page: Page, labels: frozenset[str], inner: re.Pattern[str] | None) -> Iterator[Line]:
    cells = [part for cell in _cells(page, labels) for part in _parts(cell, inner)]
    line: list[Cell] = []
    for cell in sorted(cells, key=lambda cell: -cell.y):
        if line and line[0].y - cell.y > max(1.5, line[0].points * 0.3):
            yield Line(tuple(sorted(line, key=lambda cell: cell.x)))
            line = []
        line.append(cell)
    if line:
        yield Line(tuple(sorted(line, key=lambda cell: cell.x)))


def _cells(page: Page, labels: frozenset[str]) -> Iterator[Cell]:
    """Put runs together that go on in one line; without runs every line of the text is cells."""
    if not page.runs:
        for number, line in enumerate(page.text.splitlines()):
            if line.strip():
                yield Cell(line, page.number, 0, -float(number) * 12, 10, is_bold=False)
        return
    edges = _edges(page.runs)
    cell = _cell(page.runs[0])
    ended = page.runs[0].text.endswith("\n")
    for run in page.runs[1:]:
        is_apart = ended or round(run.x) in edges or _is_own_label(cell, run, labels)
        if not is_apart and _goes_on(cell, run):
            cell = Cell(cell.text + run.text, cell.page, cell.x, cell.y, cell.points, cell.is_bold)
        else:
            yield from _stripped(cell)
            cell = _cell(run)
        ended = run.text.endswith("\n")
    yield from _stripped(cell)


def _edges(runs: Sequence[Run]) -> frozenset[int]:
    """Return where columns begin, as some line's wide gap tells: a line whose text nearly fills its column has none."""
    edges: set[int] = set()
    cell = _cell(runs[0])
    for run in runs[1:]:
        if _goes_on(cell, run):
            cell = Cell(cell.text + run.text, cell.page, cell.x, cell.y, cell.points, cell.is_bold)
            continue
        if abs(cell.y - run.y) < 1 and run.x > cell.ends_at:
            edges.add(round(run.x))
        cell = _cell(run)
    return frozenset(edges)


def _is_own_label(cell: Cell, run: Run, labels: frozenset[str]) -> bool:
    """Say whether a label in other type begins where a value ends, however close."""
    return run.is_bold != cell.is_bold and label_words(run.text.partition(":")[0]) in labels


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
