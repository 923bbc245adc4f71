"""What reading a broken file may raise: libraries fail on it in more ways than they name."""

import struct
import zlib

import pikepdf
from pypdf.errors import PyPdfError

FAILURES: tuple[type[Exception], ...] = (
    PyPdfError,
    pikepdf.PdfError,
    struct.error,
    zlib.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,  # with it RecursionError, and what pypdfium2 raises
    TypeError,
    ValueError,
)
