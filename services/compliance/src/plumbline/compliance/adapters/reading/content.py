"""From bytes to `PaperContent`, in this process; files of strangers belong in `IsolatedReader`, which runs this in a child."""

from plumbline.compliance.adapters.reading.clean import clean
from plumbline.compliance.adapters.reading.media import media_type_of, text_of
from plumbline.compliance.adapters.reading.pdf import MAX_PAGES, read_pdf
from plumbline.compliance.adapters.reading.refusals import refused
from plumbline.compliance.domain.content import Page, PaperContent, Structure

PAGE_CHARS_MAX, CHARS_MAX = 400_000, 2_000_000
"""The text of a page and of a paper: a full page has some 5,000, a year's table 100,000. Recognising more takes long."""


def read_content(content: bytes, *, max_pages: int = MAX_PAGES) -> PaperContent:
    """Return what stands in a file of any type that is taken. Of pictures nothing is read: a person looks at them.

    Raises:
        RefusedPaperError: needs a person; the file is of no type that is taken, or cannot be read.
    """
    match media_type_of(content):
        case "application/pdf":
            return _of_a_papers_size(read_pdf(content, max_pages=max_pages))
        case "text/csv":
            return _of_a_papers_size(_read_table(content))
        case picture:
            return PaperContent(media_type=picture, structure=Structure(page_count=1), read_by="none")


def _of_a_papers_size(paper: PaperContent) -> PaperContent:
    chars = [max(len(page.text), sum(len(run.text) for run in page.runs)) for page in paper.pages]
    if max(chars, default=0) > PAGE_CHARS_MAX or sum(chars) > CHARS_MAX:
        raise refused("too-much-inside")
    return paper


def _read_table(content: bytes) -> PaperContent:
    try:
        text = text_of(content)
    except UnicodeError as error:
        raise refused("unreadable") from error
    return PaperContent(
        media_type="text/csv",
        pages=(Page(number=1, text=clean(text)),),
        structure=Structure(page_count=1),
        read_by="csv",
    )
