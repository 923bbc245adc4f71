"""The process that prints: `python -m plumbline.compliance.adapters.render_worker FONTS MEMORY_BYTES CPU_SECONDS`.

It reads requests from its standard input, a JSON line each, and answers each with a JSON line and, if it could
print, the PDF's bytes. It writes no file, and ends when its parent does. A template can do no more than
this process: read what lies under its root, and use up the limits.
"""

import json
import os
import resource
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import typst

from plumbline.compliance.adapters.print_reading import read_print

STANDARDS: list[Any] = ["a-2a", "ua-1"]
"""Archivable with its structure told, and accessible; typst refuses what it sees to be neither."""

KEPT = 64
"""Compilers, and drawn texts, that are kept for the next sheet."""

REFUSED_CHARS = 10_000
"""Of what the compiler says of a template: that may quote all of it, and whatever it makes."""

_DRAWN = b"""#set page(width: auto, height: auto, margin: 0pt, fill: none)
#let it = json(bytes(sys.inputs.it))
#set text(font: "Source Sans Pro", size: it.points * 1pt, fill: luma(25%), number-type: "lining", hyphenate: false)
#set text(weight: "bold") if it.bold
#set text(top-edge: "ascender", bottom-edge: "descender")
#set par(leading: 0.1em)
#it.lines.join(linebreak())
"""


class Press:
    """Compilers, one for each template, and one for what is drawn."""

    def __init__(self, fonts: Path) -> None:
        """Read the fonts; those of the system have no say, so that any machine gives the same bytes."""
        self._fonts = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(fonts)]
        )
        self.compiler = lru_cache(KEPT)(self._compiler)
        self.drawn = lru_cache(KEPT)(self._draw)
        self._pen = self._compiler(str(fonts))

    def printed(self, root: str, given: dict[str, Any], timestamp: int) -> bytes:
        """Return a sheet as PDF."""
        drawn = {
            name: self.drawn(json.dumps(it, sort_keys=True)) for name, it in given.get("draw", {}).items()
        }
        content = self.compiler(root).compile(
            f"{root}/template.typ",
            format="pdf",
            sys_inputs={"given": json.dumps(given | {"drawn": drawn})},
            pdf_standards=STANDARDS,
            timestamp=timestamp,
        )
        assert isinstance(content, bytes)
        return content

    def _compiler(self, root: str) -> typst.Compiler:
        # There are no packages here, and no network to fetch them by.
        return typst.Compiler(
            root=root, font_paths=self._fonts, package_path=os.devnull, package_cache_path=os.devnull
        )

    def _draw(self, it: str) -> dict[str, str]:
        """Return text as outlines: SVG that people see, and readers of a page's text do not."""
        svg = self._pen.compile(_DRAWN, format="svg", sys_inputs={"it": it})
        whole = svg if isinstance(svg, bytes) else svg[0] if svg else b""
        return {"svg": whole.decode(), "says": " ".join(json.loads(it)["lines"])}


def answer(press: Press, request: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Print what is asked for, or say why not."""
    try:
        content = press.printed(request["root"], request["given"], request["timestamp"])
    except typst.TypstError as error:
        return {"refused": (error.diagnostic or error.message)[:REFUSED_CHARS]}, b""
    read = read_print(content) if request["read"] else None
    return {"size": len(content), "read": read and read.model_dump(mode="json")}, content


def serve(press: Press, requests: BinaryIO, answers: BinaryIO, allow: Callable[[], None]) -> None:
    """Answer until there are no more requests."""
    for line in requests:
        allow()
        head, content = answer(press, json.loads(line))
        answers.write(json.dumps(head).encode() + b"\n" + content)
        answers.flush()


def main(arguments: Sequence[str]) -> None:
    """Take the limits, then serve."""
    fonts, memory_bytes, cpu_seconds = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else prints does not spoil the answers
    press = Press(fonts)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def allow() -> None:
        """Give the next sheet its processor time; the kernel ends the process that uses more."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime) + 1 + cpu_seconds
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))

    serve(press, sys.stdin.buffer, answers, allow)


if __name__ == "__main__":
    main(sys.argv[1:])
