"""The process in which files are read: it has every reader loaded, and forks a child for each file.

Run as `python -I -m plumbline.compliance.adapters.reading.nursery FD LIMITS` by `IsolatedReader`, with an empty
environment. Over the socket FD come sockets, one for each file. On each of those the nursery sends a handle of the
child (a pidfd) with which it can be killed; then the file is sent, its end is shown by shutting down, and the child
sends its answer. A child reads one file, and ends; whatever happens to it happens to that file alone.
"""

import codecs
import encodings
import gc
import io
import json
import os
import pkgutil
import resource
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import pikepdf
import pypdf

from plumbline.compliance.adapters.reading.content import read_content
from plumbline.compliance.adapters.reading.limits import Limits
from plumbline.compliance.adapters.reading.pdfium import read_by_pdfium
from plumbline.compliance.ports.reading import RefusedPaperError

_PIECE_BYTES = 1024 * 1024


def main() -> None:
    """Serve until whoever started it closes the socket or ends; then leave no child behind."""
    descriptor, limits = sys.argv[1:]
    os.setsid()
    try:
        load_everything()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the children
        _serve(socket.socket(fileno=int(descriptor)), Limits(**json.loads(limits)))
    finally:
        os.killpg(0, signal.SIGKILL)


def load_everything() -> None:
    """Load what libraries load late: a child can open no file."""
    for module in pkgutil.walk_packages(pypdf.__path__, "pypdf."):
        with suppress(ImportError):  # of libraries that pypdf would use if they were there
            import_module(module.name)
    for encoding in pkgutil.iter_modules(encodings.__path__):
        with suppress(LookupError):
            codecs.lookup(encoding.name)
    paper = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(paper)
    read_by_pdfium(paper.getvalue(), read_content(paper.getvalue()).structure, max_pages=1)
    gc.freeze()


def _serve(control: socket.socket, limits: Limits) -> None:
    while True:
        _, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not descriptors:
            return
        with socket.socket(fileno=descriptors[0]) as paper, suppress(OSError):
            child = os.fork()
            if child == 0:
                control.close()
                _read(paper, limits)
            _hand_over(child, paper)


def _hand_over(child: int, paper: socket.socket) -> None:
    handle = os.pidfd_open(child)
    try:
        socket.send_fds(paper, [b"\0"], [handle])
    finally:
        os.close(handle)


def _read(paper: socket.socket, limits: Limits) -> NoReturn:
    """Read one file, and end."""
    try:
        restrict(limits)
        content = _receive(paper, limits.content_bytes)
        paper.sendall(_answer(content, limits))
    finally:
        os._exit(0)


def restrict(limits: Limits) -> None:
    """Take from this process for good what reading does not need.

    It has so much memory, processor time and time; it can write no file, open no file and no connection, and start
    no process (unless it is root's, whom the kernel lets).
    """
    Path("/proc/self/oom_score_adj").write_text(
        "1000", encoding="ascii"
    )  # short of memory, end this one first
    quiet = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(quiet, descriptor)
    os.close(quiet)
    signal.setitimer(signal.ITIMER_REAL, limits.wall_s)  # should nobody be left to kill it
    for what, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.processor_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        _, allowed = resource.getrlimit(what)
        least = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
        resource.setrlimit(what, (least, least))


def _receive(paper: socket.socket, most_bytes: int) -> bytes:
    content = bytearray()
    while len(content) <= most_bytes and (piece := paper.recv(_PIECE_BYTES)):
        content += piece
    return bytes(content)


def _answer(content: bytes, limits: Limits) -> bytes:
    try:
        found = read_content(content, max_pages=limits.pages)
    except RefusedPaperError as refusal:
        return _refusal(refusal.reason)
    answer = b'{"content":' + found.model_dump_json().encode() + b"}"
    return answer if len(answer) <= limits.answer_bytes else _refusal("too-much-inside")


def _refusal(reason: str) -> bytes:
    return json.dumps({"reason": reason}).encode()


if __name__ == "__main__":
    main()
