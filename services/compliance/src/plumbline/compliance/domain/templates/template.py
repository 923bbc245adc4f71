"""A template as it applies to a firm, a project and a day, and what was printed with it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import Field

from plumbline.common.errors import NeedsHumanError
from plumbline.compliance.domain.statutory import Form
from plumbline.compliance.domain.templates.kinds import KINDS
from plumbline.compliance.domain.templates.look import Dated, Look
from plumbline.compliance.domain.templates.sheet import Sheet
from plumbline.compliance.domain.templates.waiver import WaiverSheet

MADE_BY = "plumbline-compliance"
"""The mark of what we print, in its keywords."""


class UnfitSheetError(NeedsHumanError):
    """The data of a sheet lack what the firm's template asks for, or have what it does not know."""


class ChangedFormError(NeedsHumanError):
    """A form is not the one that a template was written for; let counsel confirm it, and save a new version."""


class TemplateVersion(Dated):
    """What stands beside a template's file; with it the file is saved, and does not change any more."""

    kind: str
    layout: int = Field(ge=1)
    """The version of the common layout that it is written for."""
    sha256: str
    """Of the template's file."""
    layout_sha256: str
    forms: dict[str, str] = Field(default_factory=dict)
    """The forms that it sets, each with the hash of its words."""


@dataclass(frozen=True)
class Template:
    """A template with the look that it is printed in."""

    name: str
    """`daily_report`, or `lone-star-air/daily_report` of a firm's own."""
    version: TemplateVersion
    look: Look
    files: Mapping[str, bytes]
    """Everything that it may read, by path from its root; `template.typ` is where it begins."""

    @property
    def kind(self) -> str:
        """Return the kind of sheet."""
        return self.version.kind

    @cached_property
    def sha256(self) -> str:
        """Return one hash over its files and its look."""
        digest = hashlib.sha256(json.dumps(self.look.model_dump(mode="json"), sort_keys=True).encode())
        for path in sorted(self.files):
            digest.update(f"\0{path}\0{len(self.files[path])}\0".encode() + self.files[path])
        return digest.hexdigest()

    @property
    def mark(self) -> tuple[str, ...]:
        """Return the keywords by which a PDF tells what it was printed with."""
        return (MADE_BY, f"template:{self.name}@{self.version.version}", f"template-sha256:{self.sha256}")

    @property
    def label(self) -> str:
        """Return what stands at the foot of each page."""
        return f"{self.name} v{self.version.version} · {self.sha256[:12]}"

    def given(self, sheet: Sheet, form: Form | None = None) -> dict[str, Any]:
        """Return what the template is given: the sheet's data, the look, and its mark.

        Raises:
            UnfitSheetError: needs a person; a field of the firm's own is missing, or unknown.
            UnfitWaiverError: needs a person; a form's blanks do not take the values.
            ChangedFormError: needs a person; the form is not the one that the template was saved for.
        """
        if not isinstance(sheet, KINDS[self.kind]):
            raise UnfitSheetError(f"{self.name} prints {self.kind}, not {sheet.kind}")
        self._check_fields(sheet)
        given = {
            "sheet": sheet.told(),
            "look": self.look.model_dump(mode="json", exclude={"sections", "fields", "signers"}),
            "shown": self.look.sections.get(self.kind, {}),
            "fields": [field.model_dump() for field in self.look.fields.get(self.kind, ())],
            "signers": self.look.signers.get(self.kind, ()),
            "mark": self.mark,
            "template": self.label,
        }
        return given | self._statutory(sheet, form) if isinstance(sheet, WaiverSheet) else given

    def tried_with(self, sample: Sheet) -> Sheet:
        """Return sample data with the firm's own fields filled in."""
        fields = self.look.fields.get(self.kind, ())
        return sample.model_copy(
            update={"custom": {field.name: field.example or field.label for field in fields}}
        )

    def _check_fields(self, sheet: Sheet) -> None:
        fields = self.look.fields.get(self.kind, ())
        if unknown := sorted(sheet.custom.keys() - {field.name for field in fields}):
            raise UnfitSheetError(
                f"{self.name} has no field {unknown[0]}; add it to the firm's look or leave it out"
            )
        for field in fields:
            if field.required and not sheet.custom.get(field.name):
                raise UnfitSheetError(f"{field.label} ({field.name}) must be filled in")

    def _statutory(self, sheet: WaiverSheet, form: Form | None) -> dict[str, Any]:
        """Return the form's words, and what is drawn beside them: whoever reads the page reads the form alone."""
        if form is None or self.version.forms.get(form.id) != form.sha256:
            named = (
                f"there is no such form of {sheet.site.state}"
                if form is None
                else f"{form.id} has other words"
            )
            raise ChangedFormError(f"{self.name} v{self.version.version} cannot print {sheet.form}: {named}")
        mark = f"{form.origin}, {form.status}. Words SHA-256 {form.sha256}"
        return {
            "form": sheet.set_in(form),
            "draw": {
                "mark": {"lines": [mark, self.label], "points": 6.5, "bold": False},
                "firm": {"lines": [self.look.name], "points": 11, "bold": True},
            },
        }


@dataclass(frozen=True, slots=True)
class Printed:
    """A PDF, and what it was printed with."""

    content: bytes
    template: str
    version: int
    template_sha256: str
