"""Where the commands print."""

import sys

from rich.console import Console


def wide_console() -> Console:
    """Return a console; wide enough for the tables where no terminal tells its width."""
    return Console(width=None if sys.stdout.isatty() else 120)
