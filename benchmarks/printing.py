"""How long a page takes to print: our templates against bare typst, reportlab and WeasyPrint, over the same words.

Each prints the same daily report: a logo, twelve fields, a table of twelve rows, 250 words, two lines to sign on.
Words and rows change from sheet to sheet, so that nothing is printed from memory. Processor time is taken, of
all threads, after a first sheet, in turns: whatever slows the machine slows all. Ours is measured without and with
the process that it is printed in; bare typst (`bare.typ`) is the floor, below which no template of ours can come.
"""

import asyncio
import io
import json
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pypdfium2
from reportlab.graphics.shapes import Circle, Drawing, Rect
from reportlab.lib import colors
from reportlab.lib.pagesizes import LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

os.environ["RAYON_NUM_THREADS"] = "1"  # before typst is loaded: a core is a core

import typst

from plumbline.compliance.adapters import render_worker
from plumbline.compliance.adapters.rendering import Press, laid_out
from plumbline.compliance.adapters.tagging import untagged
from plumbline.compliance.adapters.template_files import TemplateFolder
from plumbline.compliance.domain.templates.daily_report import Crew, DailyReport
from plumbline.compliance.domain.templates.sheet import Signature, Site
from plumbline.compliance.domain.templates.template import Template

ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "config" / "templates"
FIRM = "lone-star-air"

SHEETS = 60
"""That are printed in a round."""

ROUNDS = 3
"""Times that every way prints its sheets; the quickest counts, for what else runs on the machine only adds."""

TARGET_PAGES_PER_S = 80.0
"""On one core."""

_WORDS = [
    "duct",
    "hanger",
    "riser",
    "level",
    "grid",
    "sealed",
    "insulated",
    "cable",
    "valve",
    "inspector",
    "rough",
    "passed",
    "set",
    "crane",
    "roof",
    "unit",
    "chilled",
    "water",
    "line",
    "tested",
    "pressure",
    "held",
    "hours",
    "crew",
    "foreman",
    "delivered",
    "dented",
    "returned",
    "schedule",
    "weather",
    "delay",
    "moved",
    "north",
    "south",
]

Printer = Callable[[DailyReport], bytes]


class Way(NamedTuple):
    """A way to print."""

    name: str
    printer: Printer
    sheets: int
    note: str


def printing() -> Iterator[tuple[object, ...]]:
    """Measure each way to print."""
    template = one_page()
    with TemporaryDirectory() as root:
        for path, content in template.files.items():
            (Path(root) / path).write_bytes(content)
        ways = list(_ways(template, root, laid_out() / "fonts"))
        spent = [[_spent(way, number) for way in ways] for number in range(ROUNDS)]
    for way, took in zip(ways, zip(*spent, strict=True), strict=True):
        spent_s, printed = min(took)
        yield _told(way.name, spent_s, printed, way.note)
    yield asyncio.run(_in_its_process(template))
    if not any(way.name.startswith("WeasyPrint") for way in ways):
        left_out = "left out: `uv sync --all-packages --group rivals`, and Pango"
        yield "printing", "one page: WeasyPrint", "", 0, left_out


def one_page() -> Template:
    """Return the shipped daily report in a firm's look, with the sections that the rivals print."""
    found = TemplateFolder(TEMPLATES).find("daily_report", date(2026, 11, 30), firm=FIRM)
    shown = {section: section in {"crews", "notes", "signatures"} for section in DailyReport.sections}
    sections = found.look.sections | {"daily_report": shown}
    return replace(found, look=found.look.model_copy(update={"sections": sections, "fields": {}}))


def pages_per_s(row: Sequence[object]) -> float:
    """Return a row's pages for each second of a core."""
    return 1e6 / float(str(row[2]))


def report_of(number: int) -> DailyReport:
    """Return a report that is like no other."""
    chance = random.Random(number)
    words = [chance.choice(_WORDS) for _ in range(250)]
    crews = [
        Crew(
            company=f"{chance.choice(_WORDS)} {number} LLC",
            trade=chance.choice(_WORDS),
            workers=chance.randint(1, 12),
            minutes=chance.randint(60, 6000),
            cost_code=f"23-{chance.randint(100, 999)}",
            work=" ".join(chance.sample(_WORDS, 8)),
        )
        for _ in range(12)
    ]
    return DailyReport(
        made_on=date(2026, 11, 3),
        site=Site(
            name=f"Pecan Street {number}", number=f"26-{number}", city="Austin", county="Travis", state="TX"
        ),
        number=number + 1,
        written_by="Ana Ruiz",
        crews=tuple(crews),
        notes=" ".join(words),
        signatures=(Signature(role="Superintendent"), Signature(role="Project manager")),
    )


def _ways(template: Template, root: str, fonts: Path) -> Iterator[Way]:
    press = _typst(template, root, fonts)
    yield Way("typst, PDF/A-2a and PDF/UA-1", press, SHEETS, f"target ≥ {TARGET_PAGES_PER_S:g}")
    yield Way(
        "the same, made ready for tags", lambda report: untagged(press(report)), SHEETS, "as it is kept"
    )
    yield Way("bare typst, neither", _bare(fonts), SHEETS, "no look: the floor")
    yield Way("reportlab, neither", _reportlab(fonts), SHEETS, "untagged, no PDF/A")
    try:
        weasyprint = import_module("weasyprint")
    except (ImportError, OSError):  # it, or Pango, is not installed
        return
    yield Way("WeasyPrint, PDF/A-3b", _weasyprint(weasyprint), 6, "")


def _spent(way: Way, number: int) -> tuple[float, list[bytes]]:
    """Print other sheets than in any other round; return the processor time, and what was printed."""
    first, *reports = (report_of(number * SHEETS + one) for one in range(way.sheets + 1))
    way.printer(first)
    began = time.process_time()
    printed = [way.printer(one) for one in reports]
    return time.process_time() - began, printed


def _told(name: str, spent_s: float, printed: Sequence[bytes], note: str) -> tuple[object, ...]:
    pages = sum(len(pypdfium2.PdfDocument(content)) for content in printed)
    each = spent_s / pages * 1e6
    told = f"{1e6 / each:.0f} pages/s of a core, {len(printed[0]) // 1024} KB"
    return "printing", f"one page: {name}", f"{each:.0f}", pages, "; ".join(filter(None, (told, note)))


def _typst(template: Template, root: str, fonts: Path) -> Printer:
    press = render_worker.Press(fonts)
    return lambda report: press.printed(root, template.given(report), 0)


def _bare(fonts: Path) -> Printer:
    faces = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(fonts)])
    compiler = typst.Compiler(root=str(ROOT), font_paths=faces)

    def printer(report: DailyReport) -> bytes:
        words = {"fields": _fields(report), "crews": _crews(report), "notes": report.notes}
        content = compiler.compile(
            f"{ROOT}/benchmarks/bare.typ", format="pdf", sys_inputs={"report": json.dumps(words)}, timestamp=0
        )
        assert isinstance(content, bytes)
        return content

    return printer


async def _in_its_process(template: Template) -> tuple[object, ...]:
    """Measure what a service sees: hand-over, waiting and all; the time is the clock's."""
    async with Press() as press:
        await press.print(template, report_of(SHEETS))
        began = time.perf_counter()
        printed = [(await press.print(template, report_of(number))).content for number in range(SHEETS)]
        spent = time.perf_counter() - began
    return _told("typst, in its process, by the clock", spent, printed, "one after the other")


def _reportlab(fonts: Path) -> Printer:
    pdfmetrics.registerFont(TTFont("Sans", fonts / "SourceSansPro-Regular.ttf"))
    pdfmetrics.registerFont(TTFont("Sans-Bold", fonts / "SourceSansPro-Bold.ttf"))
    plain = ParagraphStyle("plain", fontName="Sans", fontSize=9, leading=12)
    small = ParagraphStyle("small", parent=plain, fontSize=8.5, leading=11)
    title = ParagraphStyle("title", fontName="Sans-Bold", fontSize=19, leading=24)
    heading = ParagraphStyle(
        "heading", fontName="Sans-Bold", fontSize=9.5, leading=16, textColor=colors.HexColor("#b3261e")
    )
    ruled = TableStyle(
        [("LINEBELOW", (0, 0), (-1, 0), 0.7, colors.grey), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    )

    def table(rows: Sequence[Sequence[str]], widths: Sequence[float]) -> Table:
        return Table(
            [[Paragraph(cell, small) for cell in row] for row in rows],
            colWidths=widths,
            repeatRows=1,
            style=ruled,
        )

    def printer(report: DailyReport) -> bytes:
        out = io.BytesIO()
        story: list[Flowable] = [
            _logo(),
            Paragraph("Daily report", title),
            table(_fields(report), [130.0] * 4),
            Paragraph("CREWS AND WORK", heading),
            table(_crews(report), [110.0, 70.0, 40.0, 45.0, 60.0, 195.0]),
            Paragraph("NOTES", heading),
            Paragraph(report.notes, plain),
            Spacer(1, 30),
            table([["Superintendent", "Project manager"]], [260.0, 260.0]),
        ]
        SimpleDocTemplate(
            out, pagesize=LETTER, leftMargin=46, rightMargin=46, topMargin=43, bottomMargin=54
        ).build(story)
        return out.getvalue()

    return printer


def _logo() -> Drawing:
    """Return shapes like those of the firm's logo."""
    logo = Drawing(30, 30)
    logo.add(Rect(0, 0, 30, 30, rx=6, ry=6, fillColor=colors.HexColor("#b3261e"), strokeColor=None))
    logo.add(Circle(15, 17, 7, fillColor=colors.white, strokeColor=None))
    return logo


def _weasyprint(weasyprint: Any) -> Printer:
    style = weasyprint.CSS(
        string="@page{size:Letter;margin:.6in .65in} body{font:9pt sans-serif} table{width:100%;border-collapse:collapse}"
        "th{border-bottom:.7pt solid gray;text-align:left} h1{font-size:19pt} h2{font-size:9.5pt;color:#b3261e}"
    )
    logo = (
        (TEMPLATES / "firms" / FIRM / "logo.svg")
        .read_text(encoding="utf-8")
        .replace("<svg", '<svg width="30"', 1)
    )

    def printer(report: DailyReport) -> bytes:
        text = (
            f"<html lang=en><title>Daily report</title>{logo}<h1>Daily report</h1>{_html(_fields(report))}<h2>Crews</h2>"
            f"{_html(_crews(report))}<h2>Notes</h2><p>{report.notes}</p>{_html([['Superintendent', 'Project manager']])}"
        )
        content = weasyprint.HTML(string=text).write_pdf(stylesheets=[style], pdf_variant="pdf/a-3b")
        assert isinstance(content, bytes)
        return content

    return printer


def _html(rows: Sequence[Sequence[str]]) -> str:
    told = ["".join(f"<{'td' if number else 'th'}>{cell}" for cell in row) for number, row in enumerate(rows)]
    return f"<table>{''.join(f'<tr>{row}' for row in told)}</table>"


def _fields(report: DailyReport) -> list[list[str]]:
    site = report.site
    return [
        ["Project", site.name, "Number", site.number],
        ["Date", str(report.made_on), "City", site.city],
        ["Written by", report.written_by, "State", site.state or ""],
    ]


def _crews(report: DailyReport) -> list[list[str]]:
    head = ["Company", "Trade", "People", "Hours", "Cost code", "Work done"]
    rows = [
        [one.company, one.trade, str(one.workers), f"{one.minutes / 60:.2f}", one.cost_code, one.work]
        for one in report.crews
    ]
    return [head, *rows]
