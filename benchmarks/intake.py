"""How long a paper waits from its bytes to a decision: a waiver with nine pages of its statement, read in a child.

Each paper has other words. What is taken is the clock's time of one paper after the other, with the child that
is started for it, recognition and all rules; beside it pdfplumber reading the same pages in this process, unguarded.
"""

import asyncio
import hashlib
import io
import random
import time
from collections.abc import Iterator, Sequence
from datetime import date
from importlib import import_module
from pathlib import Path

import pypdf
from reportlab.lib.pagesizes import LETTER
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Table

from benchmarks.machine import percentile
from plumbline.compliance.adapters.reading.isolation import IsolatedReader
from plumbline.compliance.adapters.rendering import Press
from plumbline.compliance.adapters.rule_files import load_rule_set, read_book
from plumbline.compliance.adapters.template_files import TemplateFolder
from plumbline.compliance.domain.facts import DocumentFacts, Project
from plumbline.compliance.domain.recognising.recognition import recognise
from plumbline.compliance.domain.rules.deciding import decide
from plumbline.compliance.domain.rules.rule_set import RuleSet
from plumbline.compliance.domain.statutory import Form

CONFIG = Path(__file__).parents[1] / "config"

PAPERS = 100
"""That are taken in for a figure."""

STATEMENT_PAGES = 9

TARGET_S = 1.0
"""For 99 of 100 papers of ten pages."""

DAY = date(2026, 11, 30)


def intake() -> Iterator[tuple[object, ...]]:
    """Measure intake, and reading alone by a rival."""
    papers = asyncio.run(_papers())
    took = asyncio.run(_taken_in(papers))
    yield _told("ten pages, read in a child, recognised, decided: p99", took, f"target ≤ {TARGET_S:g} s")
    try:
        pdfplumber = import_module("pdfplumber")
    except ImportError:
        yield (
            "intake",
            "ten pages read by pdfplumber",
            "",
            0,
            "left out: `uv sync --all-packages --group rivals`",
        )
        return
    rival = []
    for paper in papers[:10]:
        began = time.perf_counter()
        with pdfplumber.open(io.BytesIO(paper)) as pdf:
            for page in pdf.pages:
                page.extract_text()
        rival.append(time.perf_counter() - began)
    yield _told("ten pages read by pdfplumber, in this process: longest", rival, "read alone, without limits")


def p99_s(row: Sequence[object]) -> float:
    """Return a row's figure in seconds."""
    return float(str(row[2])) / 1e6


def _told(what: str, took: Sequence[float], note: str) -> tuple[object, ...]:
    ninety_nine, middle = percentile(took, 99), percentile(took, 50)
    return "intake", what, f"{ninety_nine * 1e6:.0f}", len(took), f"p50 {middle * 1e3:.0f} ms; {note}"


async def _taken_in(papers: Sequence[bytes]) -> list[float]:
    rule_set = load_rule_set(CONFIG / "rules")
    forms = read_book(CONFIG / "rules")[0].forms
    took = []
    async with IsolatedReader() as reader:
        for number, paper in enumerate(papers):
            began = time.perf_counter()
            await _decided(reader, paper, rule_set, forms)
            if number:  # the first one finds nothing ready
                took.append(time.perf_counter() - began)
    return took


async def _decided(reader: IsolatedReader, paper: bytes, rule_set: RuleSet, forms: Sequence[Form]) -> None:
    found = recognise(await reader.read(paper), forms)
    assert found.kind == "lien_waiver.conditional_progress", found.why
    assert found.fields is not None
    facts = DocumentFacts(
        document=hashlib.sha256(paper).hexdigest(),
        kind=found.kind,
        kind_confidence=found.kind_confidence,
        fields=found.fields,
        project=Project(state="TX", trade="hvac"),
        received_on=DAY,
        as_of=DAY,
    )
    assert decide(facts, rule_set)


async def _papers() -> list[bytes]:
    """Return waivers of ours, each with a statement of its own."""
    folder = TemplateFolder(CONFIG / "templates")
    sheet = folder.sample("waiver")[0]
    form = next(one for one in read_book(CONFIG / "rules")[0].forms if one.id == "tx-53-284-b")
    async with Press() as press:
        waiver = (await press.print(folder.find("waiver", DAY), sheet, form)).content
    return [_joined(waiver, _statement(number)) for number in range(PAPERS + 1)]


def _joined(first: bytes, second: bytes) -> bytes:
    writer, out = pypdf.PdfWriter(), io.BytesIO()
    writer.append(io.BytesIO(first))
    writer.append(io.BytesIO(second))
    writer.write(out)
    return out.getvalue()


def _statement(number: int) -> bytes:
    chance = random.Random(number)
    style = getSampleStyleSheet()["BodyText"]
    out, story = io.BytesIO(), []
    for page in range(STATEMENT_PAGES):
        rows = [
            [f"{page}-{row}", f"Item {chance.randint(1, 9999)}", f"{chance.randint(100, 99999)}.00"]
            for row in range(28)
        ]
        story += [Paragraph(f"Schedule of values, sheet {page + 1}", style), Table(rows), PageBreak()]
    SimpleDocTemplate(out, pagesize=LETTER).build(story)
    return out.getvalue()
