"""What must be true of a sheet once it is printed: nothing that must be said is missing, no statute's word is changed."""

from collections.abc import Iterator, Sequence

from plumbline.compliance.domain.reading import Fact
from plumbline.compliance.domain.statutory import Form, compare, words
from plumbline.compliance.domain.templates.sheet import Sheet
from plumbline.compliance.domain.templates.template import MADE_BY

NOTICE = "NOTICE"
"""What the notice of an unconditional form begins with (Tex. Prop. Code §53.284(c)(1), (e)(1))."""

LEAST_NOTICE_POINTS = 10.0


class Type(Fact):
    """A stretch of text that is set alike."""

    text: str
    points: float
    is_bold: bool


class Print(Fact):
    """A printed sheet as its readers find it."""

    keywords: str
    text: str
    types: tuple[Type, ...]


def faults(sheet: Sheet, form: Form | None, read: Print) -> tuple[str, ...]:
    """Return what is wrong with a printed sheet, each in a sentence; nothing if it may leave."""
    return (*_lost(sheet, read), *(() if form is None else _unlawful(form, read)))


def _lost(sheet: Sheet, read: Print) -> Iterator[str]:
    if MADE_BY not in read.keywords:
        yield "it does not say what it was printed with; begin it with `#show: sheet.with(…)` of the layout"
    text = " ".join(words(read.text))
    for must in sheet.must_show():
        if " ".join(words(must)) not in text:
            yield f'it leaves out "{must}"'


def _unlawful(form: Form, read: Print) -> Iterator[str]:
    wording = compare(form, read.text)
    if wording.changed_words:
        yield f"it changes the words of {form.statute}: {wording.first_change}"
    if form.text.startswith(NOTICE):
        yield from _unseen(form.statute, read.types)


def _unseen(statute: str, types: Sequence[Type]) -> Iterator[str]:
    """Tell what is wrong with the notice: it stands first, in bold, and nothing is larger."""
    first = next((found for found in types if found.text.strip()), None)
    largest = max((found.points for found in types), default=0.0)
    if first is None or not first.text.strip().startswith(NOTICE):
        yield f"{statute} wants its notice before all other text"
    elif not first.is_bold:
        yield f"{statute} wants its notice in bold type"
    elif first.points < max(largest, LEAST_NOTICE_POINTS):
        yield f"{statute} wants its notice in the largest type, and no smaller than 10 points"
