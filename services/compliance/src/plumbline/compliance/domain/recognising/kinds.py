"""Which kind of paper a file is: by its form, else by its heading with words that such papers have, else by its wording.

Where two kinds fit, or none, a person says: nothing hangs on a guess.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from plumbline.compliance.domain.content import PaperContent
from plumbline.compliance.domain.recognising.cells import Line, plain
from plumbline.compliance.domain.recognising.sheet import Sheet
from plumbline.compliance.domain.statutory import SHINGLE_WORDS, Blank, Form

BY_FORM = 0.99
BY_HEADING = 0.95
BY_WORDING = 0.9
UNSURE = 0.6
"""Below every threshold that is sensible: a person looks."""

HEADING_WORDS = 14
"""A line of more words is no heading."""

HEADING_LINES = 30
"""Lines of the first page in which a heading is looked for."""

LIKE_A_FORM = 0.8
"""Share of a statutory form's shingles that a paper has when it is that form, whatever its heading says."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What is told of a paper's kind; `name` None is not known."""

    name: str | None
    confidence: float
    why: str


@dataclass(frozen=True, slots=True)
class Marks:
    """By what a kind is told."""

    kind: str
    headings: tuple[str, ...]
    anchors: tuple[str, ...]
    """Words that papers of the kind have besides."""
    at_least: int = 2
    """How many of them there must be."""


MARKS = (
    Marks(
        "ohio.notice_of_commencement",
        ("notice of commencement",),
        (
            "improvement",
            "owner",
            "designee",
            "original contractor",
            "1311 04",
            "1311 252",
            "legal description",
        ),
        3,
    ),
    Marks(
        "ohio.notice_of_furnishing",
        ("notice of furnishing",),
        ("furnished", "claimant", "1311 05", "original contractor", "labor", "commencement"),
    ),
    Marks(
        "ohio.lien_affidavit",
        ("affidavit for mechanics lien", "mechanics lien affidavit", "affidavit of mechanics lien"),
        ("claimant", "owner", "1311 06", "furnished", "sworn", "amount", "lien"),
        3,
    ),
    Marks(
        "w9",
        ("form w 9", "w 9", "request for taxpayer identification number and certification"),
        (
            "taxpayer identification number",
            "backup withholding",
            "exempt payee",
            "federal tax classification",
            "under penalties of perjury",
        ),
    ),
    Marks(
        "coi.acord25",
        ("certificate of liability insurance",),
        ("insured", "producer", "certificate holder", "policy", "acord 25", "insurer"),
        4,
    ),
    Marks(
        "payroll.wh347",
        (
            "wh 347",
            "certified payroll",
            "payroll",
            "us department of labor payroll",
            "weekly certified payroll",
        ),
        (
            "wh 347",
            "payroll no",
            "payroll number",
            "week ending",
            "statement of compliance",
            "davis bacon",
            "gross",
            "classification",
        ),
        4,
    ),
    Marks(
        "licence",
        (
            "texas department of licensing and regulation",
            "texas state board of plumbing examiners",
            "ohio construction industry licensing board",
            "contractor license",
            "contractor registration",
            "license",
            "licence",
            "license certificate",
            "license verification",
            "certificate of registration",
        ),
        (
            "license number",
            "license no",
            "licence number",
            "registration number",
            "registration no",
            "licensee",
            "expires",
            "expiration",
            "holder",
        ),
    ),
    Marks(
        "permit",
        (
            "permit",
            "building permit",
            "mechanical permit",
            "plumbing permit",
            "electrical permit",
            "construction permit",
            "trade permit",
        ),
        (
            "permit number",
            "permit no",
            "issued",
            "expires",
            "expiration",
            "jurisdiction",
            "authority",
            "inspection",
            "license",
        ),
        3,
    ),
    Marks(
        "timesheet",
        (
            "timesheet",
            "time sheet",
            "time card",
            "timecard",
            "weekly time record",
            "time record",
            "employee time record",
        ),
        ("employee", "workweek", "week", "hours", "overtime", "total", "occupation"),
        3,
    ),
    Marks(
        "invoice",
        ("invoice", "tax invoice", "progress invoice"),
        (
            "invoice no",
            "invoice number",
            "invoice date",
            "bill to",
            "amount due",
            "total due",
            "balance due",
            "remit to",
            "due date",
            "total",
        ),
    ),
    Marks(
        "daily_report",
        (
            "daily report",
            "daily log",
            "daily construction report",
            "daily field report",
            "daily site report",
            "daily progress report",
            "superintendents daily report",
            "construction daily log",
        ),
        (
            "weather",
            "work done",
            "work performed",
            "crew",
            "workers",
            "people on site",
            "equipment",
            "deliveries",
            "materials",
            "delays",
            "visitors",
            "safety",
        ),
        4,
    ),
)

_WAIVER = re.compile(r"\b(?:waiver|release)\b")
_WAIVER_HEADING = re.compile(
    r"\b(?:waiver|release)s?\b.*\b(?:lien|liens|release|payment)\b|\b(?:lien|liens)\b.*\b(?:waiver|release)\b"
)
_WAIVER_ANCHORS = ("lien", "signer", "undersigned", "claimant", "release", "waive", "payment bond")
_PROGRESS = re.compile(r"\b(?:progress|partial|interim)\b")
_FORM_TITLES = (
    ("w9", re.compile(r"\bform w 9\b")),
    ("coi.acord25", re.compile(r"\bacord 25\b")),
    ("payroll.wh347", re.compile(r"\bwh 347\b")),
)
_FORM_FIELDS = (
    ("w9", re.compile(r"^topmostSubform\[0\]\.Page1\[0\]\..*\b[cf]1_0?1(?:\[\d\])?$"), 1),
    (
        "coi.acord25",
        re.compile(r"(?:CertificateHolder_FullName|NamedInsured_FullName|Policy_GeneralLiability_\w+)_A"),
        2,
    ),
)


def kind_of(content: PaperContent, forms: Sequence[Form]) -> Kind:
    """Return which kind of paper a file is."""
    text = plain_text(content)
    if not text and not any(one.value for one in content.fields):
        return Kind(None, 0, f"nothing can be read in it ({content.media_type}); a person must look at it")
    sheet = Sheet.of(content)
    told = [*_by_form(content, text), *_by_heading(sheet, text), *_waivers(sheet, text, forms)]
    return _one(told or list(_by_wording(text, forms)))


def _one(told: Sequence[Kind]) -> Kind:
    """Return the kind that was told; of several the only one that is sure."""
    sure = [one for one in told if one.confidence > UNSURE] or list(told)
    names = sorted({one.name for one in sure if one.name})
    if not names:
        return Kind(None, 0, "neither form, heading nor wording is that of a kind of paper that is known")
    if len(names) > 1:
        return Kind(None, 0, f"it looks like {' and like '.join(names)}; a person must say which it is")
    return max(sure, key=lambda one: one.confidence)


def plain_text(content: PaperContent) -> str:
    """Return all words of a paper, as anchors are compared."""
    return " ".join(plain(line) for page in content.pages for line in page.text.splitlines()).strip()


def _by_form(content: PaperContent, text: str) -> Iterator[Kind]:
    for kind, pattern, at_least in _FORM_FIELDS:
        if sum(pattern.search(one.name) is not None for one in content.fields) >= at_least:
            yield Kind(kind, BY_FORM, "its form has the fields of that form")
    title = plain(content.title)
    for kind, pattern in _FORM_TITLES:
        if pattern.search(title) and pattern.search(text):
            yield Kind(kind, BY_FORM, f"it is titled {content.title!r} and says so itself")


def _by_heading(sheet: Sheet, text: str) -> Iterator[Kind]:
    headings = set(_headings(sheet))
    for marks in MARKS:
        heading = next((one for one in marks.headings if one in headings), None)
        if heading is None:
            continue
        found = [anchor for anchor in marks.anchors if anchor in text]
        if len(found) >= marks.at_least:
            yield Kind(marks.kind, BY_HEADING, f'it is headed "{heading}" and has {_listed(found)}')
        else:
            yield Kind(marks.kind, UNSURE, f'it is headed "{heading}" but has little else of such a paper')


def _headings(sheet: Sheet) -> Iterator[str]:
    """Give what may be a heading of the first page, with and without what stands around it; a sentence's end is none."""
    for line in _first_lines(sheet):
        for text in (line.text, *(cell.text for cell in line.cells)):
            said = plain(text)
            if 0 < len(said.split()) <= HEADING_WORDS and not text.strip()[0].islower():
                yield said
                yield from _without_edges(said)


def _without_edges(said: str) -> Iterator[str]:
    """Give a heading without what is printed beside it: a form's number and date, a town, a state."""
    bare = re.sub(r"\b(?:rev|form|state of|city of|county of|department of)\b.*$|\b\d+\b", " ", said)
    yield " ".join(bare.split())
    for mark in (
        r"^form (\S+ \S+)\b",
        r"\b(wh 347|w 9)\b",
        r"^((?:building|mechanical|plumbing|electrical) permit)\b",
    ):
        found = re.search(mark, said)
        if found:
            yield found[1]


def _first_lines(sheet: Sheet) -> Sequence[Line]:
    first = next((line.page for line in sheet.lines), 1)
    return [line for line in sheet.lines[:HEADING_LINES] if line.page == first]


def _waivers(sheet: Sheet, text: str, forms: Sequence[Form]) -> Iterator[Kind]:
    """Tell waivers by what their heading says of condition and payment."""
    heading = next((said for said in _waiver_headings(sheet) if _WAIVER_HEADING.search(said)), None)
    if heading is None or sum(anchor in text for anchor in _WAIVER_ANCHORS) < 2:
        return
    kind = waiver_kind(heading)
    rivals = [form for form in forms if form.kind != kind and cover(form, text) >= LIKE_A_FORM]
    own = max((cover(form, text) for form in forms if form.kind == kind), default=0.0)
    rival = max(rivals, key=lambda form: cover(form, text), default=None)
    if rival and cover(rival, text) > own:
        yield Kind(kind, UNSURE, f'it is headed "{heading}" but has the wording of {rival.id}')
    else:
        yield Kind(kind, BY_HEADING, f'it is headed "{heading}"')


def _waiver_headings(sheet: Sheet) -> Iterator[str]:
    """Give headings that say all, then those of two lines that go on from each other, then the rest."""
    said = [plain(line.text) for line in _first_lines(sheet)]
    short = [one if 0 < len(one.split()) <= HEADING_WORDS else "" for one in said]
    yield from (one for one in short if _is_whole(one))
    pairs = (f"{one} {other}" for one, other in pairwise(short) if one and other)
    yield from (both for both in pairs if _WAIVER.search(both) and _is_whole(both))
    yield from short


def _is_whole(heading: str) -> bool:
    return _PROGRESS.search(heading) is not None or re.search(r"\bfinal\b", heading) is not None


def waiver_kind(heading: str) -> str:
    """Return which of the waivers a heading names; one that leaves condition or payment open is none of the four."""
    conditions = set(re.findall(r"\b(?:un)?conditional\b", heading))
    payments = {"progress" for _ in _PROGRESS.findall(heading)} | set(re.findall(r"\bfinal\b", heading))
    if len(conditions) == len(payments) == 1:
        return f"lien_waiver.{conditions.pop()}_{payments.pop()}"
    return "lien_waiver.other"


def _by_wording(text: str, forms: Sequence[Form]) -> Iterator[Kind]:
    covers = sorted(((cover(form, text), form) for form in forms), key=lambda one: -one[0])
    if covers and covers[0][0] >= LIKE_A_FORM:
        share, form = covers[0]
        yield Kind(form.kind, BY_WORDING, f"it has {share:.0%} of the wording of {form.id}")


def form_like(content: PaperContent, kind: str, forms: Iterable[Form]) -> Form | None:
    """Return the form of a kind that a paper is like, else the one that a statute prescribes."""
    text = plain_text(content)
    own = [form for form in forms if form.kind == kind]
    like = [form for form in own if cover(form, text) >= LIKE_A_FORM]
    return next(iter([*like, *(form for form in own if form.statute)]), None)


def cover(form: Form, text: str) -> float:
    """Return the share of a form's shingles that a text has: quick, and good enough to tell forms apart."""
    runs = [part for part in form.parts if not isinstance(part, Blank)]
    of_form = {shingle for run in runs for shingle in _shingles(plain(" ".join(run)).split())}
    return sum(f" {shingle} " in f" {text} " for shingle in of_form) / len(of_form) if of_form else 0.0


def _shingles(said: Sequence[str]) -> Iterator[str]:
    return (" ".join(said[start : start + SHINGLE_WORDS]) for start in range(len(said) - SHINGLE_WORDS + 1))


def _listed(found: Iterable[str]) -> str:
    return ", ".join(f'"{one}"' for one in list(found)[:4])
