"""What pypdf warns of: that it left something out."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from pypdf.errors import PdfReadError
from typing_extensions import override


class _Warnings(logging.Handler):
    """Counts what pypdf warns of; what it says may quote the file, so it goes nowhere."""

    count = 0

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


@contextmanager
def warnings_are_refusals() -> Iterator[None]:
    """Raise `PdfReadError` at the end, if pypdf warned of anything."""
    logger, warnings = logging.getLogger("pypdf"), _Warnings()
    logger.addHandler(warnings)
    logger.propagate = False
    try:
        yield
    finally:
        logger.propagate = True
        logger.removeHandler(warnings)
    if warnings.count:
        raise PdfReadError("pypdf left something out")
