"""What must be true of a sheet once it is printed: nothing that must be said is missing, no word of a form is changed."""

from collections.abc import Iterator, Sequence

from plumbline.compliance.domain.content import PaperContent, Run
from plumbline.compliance.domain.reading import Fact
from plumbline.compliance.domain.statutory import Form, compare, words
from plumbline.compliance.domain.templates.sheet import Sheet
from plumbline.compliance.domain.templates.template import MADE_BY

NOTICE = "NOTICE"
"""What the notice of an unconditional form begins with (Tex. Prop. Code §53.284(c)(1), (e)(1))."""

LEAST_NOTICE_POINTS = 10.0


class Print(Fact):
    """A printed sheet as its readers find it."""

    keywords: str
    content: PaperContent


def faults(sheet: Sheet, form: Form | None, read: Print) -> tuple[str, ...]:
    """Return what is wrong with a printed sheet, each in a sentence; nothing if it may leave."""
    return (*_lost(sheet, read), *(() if form is None else _unlawful(form, read)))


def _lost(sheet: Sheet, read: Print) -> Iterator[str]:
    if MADE_BY not in read.keywords:
        yield "it does not say what it was printed with; begin it with `#show: sheet.with(…)` of the layout"
    text = " ".join(words(read.content.text))
    for must in sheet.must_show():
        if " ".join(words(must)) not in text:
            yield f'it leaves out "{must}"'


def _unlawful(form: Form, read: Print) -> Iterator[str]:
    wording = compare(form, read.content.text)
    if wording.changed_words:
        yield f"it changes the words of {form.origin}: {wording.first_change}"
    if form.text.startswith(NOTICE):
        yield from _unseen(form.origin, [run for page in read.content.pages for run in page.runs])


def _unseen(origin: str, runs: Sequence[Run]) -> Iterator[str]:
    """Tell what is wrong with the notice: it stands first, in bold, and nothing is larger."""
    largest = max((run.points for run in runs), default=0.0)
    if not runs or not runs[0].text.strip().startswith(NOTICE):
        yield f"{origin} wants its notice before all other text"
    elif not runs[0].is_bold:
        yield f"{origin} wants its notice in bold type"
    elif runs[0].points < max(largest, LEAST_NOTICE_POINTS):
        yield f"{origin} wants its notice in the largest type, and no smaller than 10 points"
