"""The ways of running that need no containers, by name."""

from __future__ import annotations

from typing import Literal

from plumbline.stack.runners.embedded import embedded_stack
from plumbline.stack.runners.native import native_stack

Way = Literal["embedded", "native"]
"""From PyPI alone, or on the real servers."""

STACKS = {"embedded": embedded_stack, "native": native_stack}
"""What runs the suite on each way."""
