"""Tables of a sheet: a line of column titles, and below it what stands under each.

A line that cannot be told apart into the columns spoils the table: a row that nobody saw is worse than none.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from plumbline.compliance.domain.recognising.cells import Cell, Line, plain
from plumbline.compliance.domain.recognising.sheet import Sheet

Titles = Mapping[str, tuple[str, ...]]
"""Columns by their name, with the titles that they may have."""

DAYS = tuple(f"day_{number}" for number in range(1, 8))
"""The columns of a week's days, in their order."""

_DAY = re.compile(
    r"(?:s|m|t|w|th|f|su|mo|tu|we|fr|sa|sun|mon|tue|wed|thu|fri|sat|sunday|monday|tuesday|wednesday|thursday|friday|saturday)"
    r"(?: \d{1,2}(?: \d{1,2})?)?|\d{1,2} \d{1,2}"
)
"""Titles of days: their names, the beginning of their names, their dates."""

ROW_CELLS = 3
"""A line of fewer cells is no row: a note, or the end of a cell that goes on."""

_STACKED = 25.0
"""Points by which two lines of a title may be out of line."""

_FAR = 5.0
"""Line heights after which a table is over."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows by the names of their columns."""

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]
    is_whole: bool
    """Whether every line of it was told apart."""
    page: int


@dataclass(frozen=True, slots=True)
class _Header:
    names: tuple[str, ...]
    cells: tuple[Cell, ...]
    after: int
    """The number of the line after it."""


def tables(sheet: Sheet, titles: Titles, *, needs: Sequence[str], ends: Sequence[str]) -> Iterator[Table]:
    """Give each table whose titles include what is needed."""
    number = 0
    while number < len(sheet.lines):
        header = _header(sheet.lines, number, titles, needs)
        if header is None:
            number += 1
            continue
        number, table = _body(sheet.lines, header, ends)
        yield table


def _header(lines: Sequence[Line], number: int, titles: Titles, needs: Sequence[str]) -> _Header | None:
    """Read a line, or two lines that stand above each other, as column titles; the second alone comes before both."""
    one = lines[number]
    header = _titled(one.cells, number + 1, titles, needs)
    if header or number + 1 == len(lines) or lines[number + 1].page != one.page:
        return header
    other = lines[number + 1]
    if _titled(other.cells, number + 2, titles, needs):
        return None
    return _titled(_stacked(one, other), number + 2, titles, needs)


def _titled(cells: Sequence[Cell], after: int, titles: Titles, needs: Sequence[str]) -> _Header | None:
    names = tuple(_columns(cells, titles))
    are_distinct = len(set(names) - {""}) == len([name for name in names if name])
    return _Header(names, tuple(cells), after) if set(needs) <= set(names) and are_distinct else None


def _stacked(one: Line, other: Line) -> tuple[Cell, ...]:
    """Put titles together that stand above each other: of each only the nearest, and none that is far."""
    cells = list(one.cells)
    pairs = sorted(product(range(len(cells)), other.cells), key=lambda pair: _apart(cells[pair[0]], pair[1]))
    above: dict[int, Cell] = {}
    for place, below in pairs:
        if place not in above and below not in above.values() and _apart(cells[place], below) <= _STACKED:
            above[place] = below
    for place, below in above.items():
        cell = cells[place]
        cells[place] = replace(cell, text=f"{cell.text} {below.text}", x=min(cell.x, below.x))
    cells += [below for below in other.cells if below not in above.values()]
    return tuple(sorted(cells, key=lambda cell: cell.x))


def _apart(one: Cell, other: Cell) -> float:
    return min(abs(one.x - other.x), abs(_middle(one) - _middle(other)))


def _middle(cell: Cell) -> float:
    return (cell.x + cell.ends_at) / 2


def _columns(cells: Iterable[Cell], titles: Titles) -> Iterator[str]:
    """Name columns by their titles; days are numbered in their order."""
    days = iter(DAYS)
    for cell in cells:
        said = plain(cell.text) or cell.text.strip().lower()
        name = next((name for name, either in titles.items() if said in either), "")
        yield name or (next(days, "") if _DAY.fullmatch(said) else "")


def _body(lines: Sequence[Line], header: _Header, ends: Sequence[str]) -> tuple[int, Table]:
    rows: list[Mapping[str, str]] = []
    is_whole = True
    number, last = header.after, lines[header.after - 1]
    while number < len(lines) and not _is_over(lines[number], last, ends):
        line = last = lines[number]
        number += 1
        row = _row(line, header)
        if row is not None:
            rows.append(row)
        elif len(line.cells) >= ROW_CELLS:
            is_whole = False
    return number, Table(header.names, tuple(rows), is_whole, header.cells[0].page)


def _is_over(line: Line, last: Line, ends: Sequence[str]) -> bool:
    said = plain(line.text)
    is_far = line.page != last.page or last.y - line.y > _FAR * last.cells[0].points
    return is_far or any(said.startswith(end) for end in ends)


def _row(line: Line, header: _Header) -> Mapping[str, str] | None:
    """Tell a line apart: by the order of its cells where none is missing, else by where they stand."""
    if len(line.cells) < ROW_CELLS:
        return _day_off(line, header)
    has_title = line.cells[0].ends_at < header.cells[0].x
    cells = line.cells[1:] if has_title else line.cells
    if len(cells) == len(header.cells):
        pairs = list(zip(header.names, cells, strict=True))
    else:
        placed = [(_nearest(cell, header), cell) for cell in cells]
        if len({place for place, _ in placed}) != len(placed):
            return None
        pairs = [(header.names[place], cell) for place, cell in placed]
    return dict.fromkeys(filter(None, header.names), "") | {name: cell.text for name, cell in pairs if name}


def _day_off(line: Line, header: _Header) -> Mapping[str, str] | None:
    """Read a line that names a day in the first column, and has nothing else, as a day on which nothing was done."""
    if len(line.cells) > 1 or header.names[0] != "day" or not _DAY.fullmatch(plain(line.text)):
        return None
    return dict.fromkeys(filter(None, header.names), "") | {"day": line.text}


def _nearest(cell: Cell, header: _Header) -> int:
    def far(place: int) -> float:
        title = header.cells[place]
        return min(
            abs(cell.x - title.x), abs(cell.ends_at - title.ends_at), abs(_middle(cell) - _middle(title))
        )

    return min(range(len(header.cells)), key=far)
