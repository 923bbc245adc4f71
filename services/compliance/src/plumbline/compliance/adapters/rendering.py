"""Printing in processes of their own, each with its memory, its time for a sheet, and no network.

A process keeps its compilers, so that the next sheet of a template takes about ten milliseconds.
One that takes too long, or too much, is ended; the next sheet gets a new one.
"""

import asyncio
import json
import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from importlib.util import find_spec
from pathlib import Path
from signal import Signals
from types import TracebackType
from typing import Any, ClassVar, Self

from plumbline.common.errors import NeedsHumanError, WaitError
from plumbline.compliance.domain.statutory import Form
from plumbline.compliance.domain.templates.proof import Print, faults
from plumbline.compliance.domain.templates.sheet import Sheet
from plumbline.compliance.domain.templates.template import Printed, Template

FONTS = {
    "font_source_sans_pro": ("SourceSansPro", ("Regular", "It", "Semibold", "Bold")),
    "font_source_serif_pro": ("SourceSerifPro", ("Regular", "Bold")),
}
"""The fonts of all sheets, by the package that has them; no other is seen, so that any machine gives the same bytes."""

_NO_NETWORK = "http://127.0.0.1:9"
"""A proxy that nobody runs: what asks for the network is refused at once."""

_LAST_BREATH = timedelta(seconds=1)
"""For a process whose answers have ended to end too, and tell how."""

_OUR_PATHS = re.compile(r" \(searched at [^)]*\)|\(http[^)]*\)?|\S*/plumbline-press-[^/]*/[0-9a-f]{64}/")


class PressBusyError(WaitError):
    """All printing processes are at work; try again in a moment."""


class TemplateFailedError(NeedsHumanError):
    """A template cannot print a sheet; the sentence says why. Mend it and save it as a new version."""

    code: ClassVar[str] = "template-failed"


@dataclass(frozen=True, slots=True)
class Limits:
    """What printing a sheet may take."""

    memory_bytes: int = 1 << 30
    cpu: timedelta = timedelta(seconds=5)
    deadline: timedelta = timedelta(seconds=10)
    """From asking to the last byte."""
    wait: timedelta = timedelta(seconds=30)
    """For a process to become free."""
    pdf_bytes: int = 25 << 20


@dataclass(slots=True)
class _Worker:
    """A printing process, started when it is needed."""

    fonts: Path
    limits: Limits
    process: asyncio.subprocess.Process | None = None

    async def ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Put one request to the process, and end it if it does not answer in time."""
        try:
            async with asyncio.timeout(self.limits.deadline.total_seconds()):
                return await self._exchange(json.dumps(request).encode() + b"\n")
        except TimeoutError as error:
            await self.end()
            raise TemplateFailedError(
                f"it takes longer than {self.limits.deadline.total_seconds():g} s"
            ) from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            code = await self.end(wait=_LAST_BREATH)
            raise TemplateFailedError(_ending(code, self.limits)) from error
        except (
            asyncio.LimitOverrunError
        ) as error:  # what is left of its answer would be taken for the next one's
            await self.end()
            raise TemplateFailedError(f"it prints more than {self.limits.pdf_bytes >> 20} MiB") from error
        except asyncio.CancelledError:  # an answer that nobody awaits would be taken for the next one's
            await self.end()
            raise

    async def end(self, *, wait: timedelta = timedelta()) -> int:
        """Wait for the process to end by itself, then kill it; return how it ended."""
        process, self.process = self.process, None
        if process is None:
            return 0
        try:
            async with asyncio.timeout(wait.total_seconds()):
                return await process.wait()
        except TimeoutError:
            process.kill()
            return await process.wait()

    async def _exchange(self, line: bytes) -> tuple[dict[str, Any], bytes]:
        process = self.process = self.process or await self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(line)
        await process.stdin.drain()
        head = json.loads(await process.stdout.readuntil(b"\n"))
        size = head.get("size", 0)
        if size > self.limits.pdf_bytes:
            raise asyncio.LimitOverrunError("a PDF that is too large", 0)
        return head, await process.stdout.readexactly(size)

    async def _started(self) -> asyncio.subprocess.Process:
        proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), _NO_NETWORK)
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "plumbline.compliance.adapters.render_worker", str(self.fonts)),
            *(str(self.limits.memory_bytes), str(int(self.limits.cpu.total_seconds()))),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PATH": os.defpath, "RAYON_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2", **proxies},
            limit=self.limits.pdf_bytes,
        )


@dataclass(slots=True)
class Press:
    """Prints sheets; use it as a context.

    What is printed is a function of template, sheet and form alone: the same bytes on any day and machine.
    """

    size: int = 1
    """Processes, each with a core."""
    limits: Limits = field(default_factory=Limits)
    _folder: Path | None = None
    _free: asyncio.Queue[_Worker] = field(default_factory=asyncio.Queue)

    async def __aenter__(self) -> Self:
        """Lay out the fonts."""
        self._folder = await asyncio.to_thread(laid_out)
        for _ in range(self.size):
            self._free.put_nowait(_Worker(self._folder / "fonts", self.limits))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the processes, and remove what was laid out."""
        for _ in range(self.size):
            await (await self._free.get()).end()
        assert self._folder is not None
        await asyncio.to_thread(shutil.rmtree, self._folder)

    async def print(self, template: Template, sheet: Sheet, form: Form | None = None) -> Printed:
        """Print a sheet; a statutory form is read back, and leaves only if its words are the statute's.

        Raises:
            UnfitSheetError, UnfitWaiverError, ChangedFormError: need a person; about the data.
            TemplateFailedError: needs a person; about the template.
            PressBusyError: wait.
        """
        content, read = await self._asked(template, sheet, form, read=form is not None)
        if read is not None and (wrong := faults(sheet, form, read)):
            raise TemplateFailedError(f"{template.label}: {wrong[0]}")
        return Printed(content, template.name, template.version.version, template.sha256)

    async def prove(
        self, template: Template, sheet: Sheet, form: Form | None = None
    ) -> tuple[Printed, tuple[str, ...]]:
        """Print a sheet, and return what is wrong with it, each in a sentence.

        Raises: as `print`.
        """
        content, read = await self._asked(template, sheet, form, read=True)
        assert read is not None
        printed = Printed(content, template.name, template.version.version, template.sha256)
        return printed, faults(sheet, form, read)

    async def _asked(
        self, template: Template, sheet: Sheet, form: Form | None, *, read: bool
    ) -> tuple[bytes, Print | None]:
        given = template.given(sheet, form)
        root = await asyncio.to_thread(self._staged, template)
        midnight = datetime.combine(sheet.made_on, time(), UTC)
        request = {"root": str(root), "given": given, "timestamp": int(midnight.timestamp()), "read": read}
        head, content = await self._answered(request)
        if "refused" in head:
            raise TemplateFailedError(f"{template.label}: {_in_a_line(head['refused'])}")
        return content, Print.model_validate(head["read"]) if read else None

    async def _answered(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        try:
            async with asyncio.timeout(self.limits.wait.total_seconds()):
                worker = await self._free.get()
        except TimeoutError as error:
            raise PressBusyError from error
        try:
            return await worker.ask(request)
        finally:
            self._free.put_nowait(worker)

    def _staged(self, template: Template) -> Path:
        """Lay a template's files out under a root of its own: it can read nothing of another firm."""
        assert self._folder is not None
        root = self._folder / template.sha256
        if root.exists():
            return root
        building = Path(tempfile.mkdtemp(dir=self._folder))
        for path, content in template.files.items():
            (building / path).write_bytes(content)
        try:
            building.rename(root)
        except OSError:  # another task was first
            shutil.rmtree(building)
        return root


def laid_out() -> Path:
    """Return a new folder with the fonts in `fonts`; their packages have each in two formats, and one must win."""
    folder = Path(tempfile.mkdtemp(prefix="plumbline-press-"))
    (folder / "fonts").mkdir()
    for package, (family, faces) in FONTS.items():
        spec = find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        for face in faces:
            shutil.copy(Path(spec.origin).parent / "files" / f"{family}-{face}.ttf", folder / "fonts")
    return folder


def _ending(code: int, limits: Limits) -> str:
    if code == -Signals.SIGXCPU:
        return f"it takes more than {limits.cpu.total_seconds():g} s of processor time"
    return f"the printing process ended ({code}); it has {limits.memory_bytes >> 20} MiB of memory"


def _in_a_line(diagnostic: str) -> str:
    """Return what the compiler says and where, without its drawing of the place, and with no path of ours."""
    said = _OUR_PATHS.sub("", diagnostic)
    lines = [line.strip(" │╭╰─┌└") for line in said.splitlines()]
    if "failed to download package" in said:
        lines.insert(0, "packages are not fetched: put what it needs into the template itself.")
    return " ".join(line for line in lines if line)[:600]
