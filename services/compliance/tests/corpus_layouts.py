"""Ways in which papers are laid out, drawn with reportlab and typst, knowing nothing of what reads them."""

import io
from collections.abc import Callable, Iterable, Mapping, Sequence

from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

Pairs = Sequence[tuple[str, str]]
"""Labels and what stands beside them; a value of `None` text is a place left empty."""

WIDTH, HEIGHT = 612, 792
LEFT, TOP = 60, 730
BODY = ParagraphStyle("body", fontName="Times-Roman", fontSize=10.5, leading=13, spaceAfter=7)
BOLD = ParagraphStyle("bold", parent=BODY, fontName="Times-Bold", fontSize=12, leading=15)


class Pen:
    """Draws on a canvas from the top down."""

    def __init__(self, title: str = "") -> None:
        self._file = io.BytesIO()
        self.canvas = Canvas(self._file, pagesize=(WIDTH, HEIGHT), invariant=1)
        self.canvas.setTitle(title)
        self.y = float(TOP)

    def line(
        self, text: str, *, x: float = LEFT, size: float = 10, bold: bool = False, gap: float = 4
    ) -> None:
        self.at(x, text, size=size, bold=bold)
        self.down(size + gap)

    def at(self, x: float, text: str, *, size: float = 10, bold: bool = False) -> None:
        self.canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
        self.canvas.drawString(x, self.y, text)

    def right(self, x: float, text: str, *, size: float = 10) -> None:
        self.canvas.setFont("Helvetica", size)
        self.canvas.drawRightString(x, self.y, text)

    def wrapped(self, text: str, *, size: float = 10, bold: bool = False, width: float = 490) -> None:
        font = "Helvetica-Bold" if bold else "Helvetica"
        for part in simpleSplit(text, font, size, width):
            if self.y < 60:
                self.page()
            self.line(part, size=size, bold=bold)

    def field(self, name: str, value: str, *, x: float, width: float = 220) -> None:
        self.canvas.acroForm.textfield(
            name=name, value=value, x=x, y=self.y - 3, width=width, height=14, fontSize=9
        )

    def box(self, name: str, *, checked: bool, x: float) -> None:
        self.canvas.acroForm.checkbox(name=name, checked=checked, x=x, y=self.y - 2, size=10)

    def down(self, points: float) -> None:
        self.y -= points

    def page(self) -> None:
        self.canvas.showPage()
        self.y = float(TOP)

    def done(self) -> bytes:
        self.canvas.save()
        return self._file.getvalue()


def flowing(parts: Iterable[Flowable], title: str = "") -> bytes:
    file = io.BytesIO()
    SimpleDocTemplate(file, pagesize=(WIDTH, HEIGHT), title=title, invariant=1).build(list(parts))
    return file.getvalue()


def left(title: str, pairs: Pairs, notes: Sequence[str] = ()) -> bytes:
    """Labels with a colon to the left of their values."""
    pen = Pen()
    pen.line(title, size=15, bold=True, gap=14)
    for label, value in pairs:
        pen.at(LEFT, f"{label}:")
        pen.at(240, value)
        pen.down(18)
    pen.down(10)
    for note in notes:
        pen.wrapped(note)
    return pen.done()


def inline(title: str, pairs: Pairs, notes: Sequence[str] = ()) -> bytes:
    """One string for a label and its value, a line to write on where there is none."""
    pen = Pen()
    pen.at(200, title, size=13, bold=True)
    pen.down(30)
    for label, value in pairs:
        pen.line(f"{label}: {value or '______________'}", gap=6)
    pen.down(10)
    for note in notes:
        pen.wrapped(note)
    return pen.done()


def above(title: str, pairs: Pairs, notes: Sequence[str] = ()) -> bytes:
    """Small labels above their values, two in a row, in drawn boxes."""
    pen = Pen()
    pen.line(title, size=16, bold=True, gap=20)
    for start in range(0, len(pairs), 2):
        for x, (label, value) in zip((LEFT, 320), pairs[start : start + 2], strict=False):
            pen.canvas.rect(x - 4, pen.y - 18, 248, 28)
            pen.at(x, label, size=6.5)
            pen.canvas.setFont("Helvetica", 10)
            pen.canvas.drawString(x, pen.y - 13, value)
        pen.down(34)
    pen.down(8)
    for note in notes:
        pen.wrapped(note)
    return pen.done()


def table(title: str, pairs: Pairs, notes: Sequence[str] = ()) -> bytes:
    """A ruled table of bold labels and values, flowing."""
    style = TableStyle(
        [("GRID", (0, 0), (-1, -1), 0.5, colors.grey), ("FONTNAME", (0, 0), (0, -1), "Helvetica-Bold")]
    )
    rows = Table([[label, value] for label, value in pairs], colWidths=[190, 270], style=style)
    parts: list[Flowable] = [Paragraph(title, BOLD), Spacer(1, 10), rows, Spacer(1, 12)]
    return flowing([*parts, *(Paragraph(note, BODY) for note in notes)])


def form(title: str, pairs: Pairs, notes: Sequence[str] = ()) -> bytes:
    """An interactive form: the values are in its fields, not in its text."""
    pen = Pen()
    pen.line(title, size=14, bold=True, gap=16)
    for label, value in pairs:
        pen.at(LEFT, label)
        pen.field(
            "".join(word.capitalize() for word in label.replace("'", "").replace(".", "").split()),
            value,
            x=250,
        )
        pen.down(20)
    pen.down(10)
    for note in notes:
        pen.wrapped(note)
    return pen.done()


LAYOUTS: Mapping[str, Callable[[str, Pairs, Sequence[str]], bytes]] = {
    "left": left,
    "inline": inline,
    "above": above,
    "table": table,
    "form": form,
}


def appended(pages: Iterable[Sequence[str]], first: Sequence[Flowable]) -> bytes:
    """Some flowables, then pages of text."""
    parts = list(first)
    for page in pages:
        parts += [PageBreak(), *(Paragraph(line, BODY) for line in page)]
    return flowing(parts)
