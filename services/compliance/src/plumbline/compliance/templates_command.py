"""What the command does with templates: shows a sheet, checks a folder, saves a firm's own."""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from plumbline.common.connections import ConfigurationError
from plumbline.common.errors import SuiteError
from plumbline.compliance.adapters.rendering import Press
from plumbline.compliance.adapters.rule_files import read_book
from plumbline.compliance.adapters.template_files import TemplateFolder, read_sheet
from plumbline.compliance.domain.statutory import Form
from plumbline.compliance.domain.templates.kinds import KINDS
from plumbline.compliance.domain.templates.sheet import Sheet
from plumbline.compliance.domain.templates.template import Printed, Template
from plumbline.compliance.domain.templates.waiver import WaiverSheet

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_templates(parts: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `templates preview|check|save` to the command."""
    part = parts.add_parser("templates", help="the templates of sheets that are printed")
    part.add_argument(
        "--rules", type=Path, default=Path("config/rules"), help="the folder of rules, with the forms"
    )
    commands = part.add_subparsers(dest="command", required=True)
    shown = commands.add_parser("preview", help="print a sheet, of sample data if none is given")
    shown.add_argument("kind", choices=list(KINDS))
    shown.add_argument("--firm", help="its folder's name")
    shown.add_argument("--project", help="its file's name")
    shown.add_argument("--data", type=Path, help="JSON of the kind's data")
    shown.add_argument("--out", type=Path, help="where to; KIND.pdf if left out")
    tried = commands.add_parser(
        "check", help="try every template with the samples; ends with 1 if one is unusable"
    )
    kept = commands.add_parser("save", help="try a firm's own template, and save it under its next version")
    kept.add_argument("file", type=Path, help="KIND.typ")
    kept.add_argument("--firm", required=True, help="its folder's name")
    for command in (shown, kept):
        command.add_argument("--templates", type=Path, default=Path("config/templates"), help="the folder")
    tried.add_argument("templates", type=Path, nargs="?", default=Path("config/templates"), help="the folder")


def templates(given: argparse.Namespace) -> int:
    """Do what the command says; return how the process ends."""
    is_usable = True
    match given.command:
        case "preview":
            out = given.out or Path(f"{given.kind}.pdf")
            text = preview(
                given.templates, given.rules, given.kind,
                firm=given.firm, project=given.project, data=given.data, out=out,
            )  # fmt: skip
        case "check":
            text, is_usable = check(given.templates, given.rules)
        case _:
            text = save(given.templates, given.rules, given.file, firm=given.firm)
    sys.stdout.write(text + "\n")
    return 0 if is_usable else 1


def preview(
    folder: Path,
    rules: Path,
    kind: str,
    *,
    firm: str | None,
    project: str | None,
    data: Path | None,
    out: Path,
) -> str:
    """Print a sheet, of sample data if none is given, into a file; say with what.

    Raises:
        SuiteError: says what is wrong.
    """
    library = TemplateFolder(folder)
    sheet = library.sample(kind)[0] if data is None else read_sheet(kind, _json(data), data)
    day = sheet.made_on if data is not None else _today()
    template = library.find(kind, day, firm=firm, project=project)
    sheet = template.tried_with(sheet) if data is None else sheet
    printed = asyncio.run(_printed(template, sheet, _form(rules, sheet)))
    out.write_bytes(printed.content)
    return f"{out}: {len(printed.content):,} bytes, {printed.template} v{printed.version}, {printed.template_sha256}"


def check(folder: Path, rules: Path) -> tuple[str, bool]:
    """Try every template of every firm and project with the samples; say what is wrong, and whether all are usable."""
    problems, tried = asyncio.run(_checked(TemplateFolder(folder), rules))
    return ("\n".join(problems), False) if problems else (f"{tried} sheets printed, nothing wrong", True)


def save(folder: Path, rules: Path, source: Path, *, firm: str) -> str:
    """Try a firm's own template, called `KIND.typ`, and save it under its next version.

    Raises:
        SuiteError: it is refused; says why.
    """
    library = TemplateFolder(folder)
    if source.stem not in KINDS:
        raise ConfigurationError(
            f"{source.name} names no kind; call it one of {', '.join(f'{kind}.typ' for kind in KINDS)}"
        )
    template = library.candidate(source, source.stem, _today(), firm)
    problems = asyncio.run(_proved(template, library.sample(source.stem), rules))
    if problems:
        raise ConfigurationError("\n".join(problems))
    saved = library.save(template, firm)
    return f"{saved} is saved: {template.label}"


async def _printed(template: Template, sheet: Sheet, form: Form | None) -> Printed:
    async with Press() as press:
        return await press.print(template, sheet, form)


async def _checked(library: TemplateFolder, rules: Path) -> tuple[list[str], int]:
    problems: list[str] = []
    tried = 0
    async with Press() as press:
        for firm, project in library.places():
            for kind in KINDS:
                for sheet in library.sample(kind):
                    tried += 1
                    try:
                        template = library.find(kind, _today(), firm=firm, project=project)
                        problems += await _faults(press, template, sheet, rules)
                    except SuiteError as error:
                        problems.append(f"{error.code}: {error.detail}")
    return list(dict.fromkeys(problems)), tried


async def _proved(template: Template, sheets: Iterable[Sheet], rules: Path) -> list[str]:
    async with Press() as press:
        return [fault for sheet in sheets for fault in await _faults(press, template, sheet, rules)]


async def _faults(press: Press, template: Template, sheet: Sheet, rules: Path) -> list[str]:
    _, wrong = await press.prove(template, template.tried_with(sheet), _form(rules, sheet))
    return [f"{template.label}: {one}" for one in wrong]


def _form(rules: Path, sheet: Sheet) -> Form | None:
    """Return the form of a waiver."""
    if not isinstance(sheet, WaiverSheet):
        return None
    book, _ = read_book(rules)
    return sheet.form_in(book.forms)


def _today() -> date:
    return datetime.now(UTC).date()


def _json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(f"{path} is no JSON: {error}") from error
