"""Where the commands print, and lists that they are given."""

import sys
from decimal import Decimal

from rich.console import Console


def wide_console() -> Console:
    """Return a console; wide enough for the tables where no terminal tells its width."""
    return Console(width=None if sys.stdout.isatty() else 120)


def dollars(cents: int) -> str:
    """Return cents as people read them."""
    amount = Decimal(cents).scaleb(-2)
    return f"-${-amount:,.2f}" if amount < 0 else f"${amount:,.2f}"


def victims(kill: str) -> list[str]:
    """Return what is named with commas between, to be killed in mid-play."""
    return [name for name in kill.split(",") if name]
