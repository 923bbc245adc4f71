"""What tests of templates share: the shipped folder, its samples, the statutory forms."""

import asyncio
import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pypdf
import pypdfium2
from rules_lab import shipped

from plumbline.compliance.adapters.rendering import Limits, Press
from plumbline.compliance.adapters.template_files import TemplateFolder
from plumbline.compliance.domain.statutory import Form
from plumbline.compliance.domain.templates.sheet import Sheet
from plumbline.compliance.domain.templates.template import Printed, Template
from plumbline.compliance.domain.templates.waiver import WaiverSheet

FOLDER = Path(__file__).parents[3] / "config" / "templates"
FORMS = {form.id: form for form in shipped().forms}
FIRM = "lone-star-air"


def folder() -> TemplateFolder:
    return TemplateFolder(FOLDER)


def copied(to: Path) -> TemplateFolder:
    """Return a folder of templates that a test may write into."""
    shutil.copytree(FOLDER, to / "templates")
    return TemplateFolder(to / "templates")


def sample(kind: str, number: int = 0, **changed: object) -> Sheet:
    sheet = folder().sample(kind)[number]
    return type(sheet).model_validate(sheet.model_dump() | changed)


def template(kind: str, *, firm: str | None = None, project: str | None = None) -> Template:
    return folder().find(kind, sample(kind).made_on, firm=firm, project=project)


def form_of(sheet: Sheet) -> Form | None:
    return sheet.form_in(FORMS.values()) if isinstance(sheet, WaiverSheet) else None


def statutory(number: int) -> Form:
    """Return the form of a sample waiver."""
    form = form_of(sample("waiver", number))
    assert form is not None
    return form


def texts(content: bytes) -> dict[str, str]:
    """Return a PDF's text as each of two readers finds it."""
    document = pypdfium2.PdfDocument(content)
    try:
        by_pdfium = "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()
    by_pypdf = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    return {"pypdf": by_pypdf, "pypdfium2": by_pdfium}


@dataclass
class Desk:
    """A press that many tests share: starting one takes half a second."""

    runner: asyncio.Runner
    press: Press

    def print(self, template: Template, sheet: Sheet) -> Printed:
        return self.runner.run(self.press.print(template, sheet, form_of(sheet)))

    def prove(self, template: Template, number: int = 0) -> tuple[Printed, tuple[str, ...]]:
        sheet = template.tried_with(sample(template.kind, number))
        return self.runner.run(self.press.prove(template, sheet, form_of(sheet)))

    def printed(self, kind: str, number: int = 0, *, firm: str | None = None, **changed: object) -> bytes:
        return self.print(template(kind, firm=firm), sample(kind, number, **changed)).content


@contextmanager
def open_desk(limits: Limits | None = None) -> Iterator[Desk]:
    with asyncio.Runner() as runner:
        press = Press(limits=limits or Limits())
        runner.run(press.__aenter__())
        try:
            yield Desk(runner, press)
        finally:
            runner.run(press.__aexit__(None, None, None))
