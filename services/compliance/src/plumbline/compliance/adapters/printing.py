"""Sheets that are asked for, printed as they are kept: the same order gives the same bytes."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from plumbline.common.errors import NeedsHumanError
from plumbline.compliance.adapters.rendering import Press, TemplateFailedError
from plumbline.compliance.adapters.tagging import NotOursError, untagged
from plumbline.compliance.adapters.template_files import TemplateFolder
from plumbline.compliance.domain.statutory import Form
from plumbline.compliance.domain.templates.kinds import KINDS
from plumbline.compliance.domain.templates.sheet import Sheet
from plumbline.compliance.domain.templates.template import Template, UnfitSheetError
from plumbline.compliance.domain.templates.waiver import WaiverSheet


class UnknownSheetError(NeedsHumanError):
    """There is no such kind of sheet."""


class UnknownFirmError(NeedsHumanError):
    """No look of such a firm is on file; make its folder below `templates/firms` first, or leave the firm out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A sheet that is asked for."""

    kind: str
    firm: str | None
    """Whose look; None: ours."""
    project_id: str
    """The firm's `projects/<project_id>.yaml` changes its look, if there is one."""
    day: date
    """The sheet's own date, by which template and look are found."""
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SheetPrinter:
    """Prints sheets by the templates of a folder."""

    folder: Path
    press: Press
    forms: Sequence[Form]
    """The forms of waivers."""

    async def printed(self, order: Order) -> bytes:
        """Print a sheet.

        Raises:
            UnknownSheetError, UnknownFirmError, UnfitSheetError, UnfitWaiverError: need a person; about the order.
            ChangedFormError, TemplateFailedError, ConfigurationError: need a person; about the template.
            PressBusyError: wait.
        """
        sheet = _sheet(order)
        form = sheet.form_in(self.forms) if isinstance(sheet, WaiverSheet) else None
        template = await asyncio.to_thread(self._template, order)
        printed = await self.press.print(template, sheet, form)
        try:
            return await asyncio.to_thread(untagged, printed.content)
        except NotOursError as error:
            raise TemplateFailedError(f"{template.label}: what it prints does not bear our mark") from error

    def _template(self, order: Order) -> Template:
        """Find it anew each time: a firm may have saved another meanwhile."""
        if order.firm is not None and not (self.folder / "firms" / order.firm).is_dir():
            raise UnknownFirmError
        return TemplateFolder(self.folder).find(
            order.kind, order.day, firm=order.firm, project=order.project_id
        )


def _sheet(order: Order) -> Sheet:
    if order.kind not in KINDS:
        raise UnknownSheetError(f"There is no sheet {order.kind[:80]!r}; there are {', '.join(KINDS)}.")
    made_on = str(order.day)
    if order.data.get("made_on", made_on) != made_on:
        raise UnfitSheetError(f"made_on: the sheet's date is {made_on}, as `day` says; leave it out here")
    try:
        return KINDS[order.kind].model_validate({**order.data, "made_on": made_on})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise UnfitSheetError(f"{place + ': ' if place else ''}{first['msg']}"[:500]) from error
