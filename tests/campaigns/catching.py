"""Trying sabotages from the command line: whether each is caught, in a table."""

import argparse
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from plumbline.stack.lifetime import run_until_signal

Caught = Mapping[str, tuple[bool, str]]
"""By the name of a sabotage: whether it was caught, and by what."""


class Told(Protocol):
    """A sabotage, as far as the table shows it."""

    @property
    def what(self) -> str:
        """What is taken out."""


def catch_them(
    name: str,
    description: str | None,
    sabotages: Mapping[str, Told],
    campaign: Callable[[Sequence[str], int, Console], Coroutine[Any, Any, Caught]],
) -> int:
    """Try the sabotages that the command line asks for, and print the table; return 1 if one survived.

    Args:
        name: the campaign's.
        description: of the command.
        sabotages: all there are.
        campaign: tries some, given their names, the seed of the cases that must catch them, and where to show progress.
    """
    parser = argparse.ArgumentParser(prog=name, description=description)
    parser.add_argument("--seed", type=int, default=1, help="of the cases that must catch it")
    parser.add_argument("--only", help="names, parted by commas")
    asked = parser.parse_args()
    names = asked.only.split(",") if asked.only else list(sabotages)
    console = Console()
    found = run_until_signal(campaign(names, asked.seed, console))
    if found is None:
        return 1
    table = Table("sabotage", "what is taken out", Column("caught by", overflow="fold"))
    for each, (is_caught, by) in found.items():
        table.add_row(each, sabotages[each].what, escape(by if is_caught else f"NOT CAUGHT: {by}"))
    console.print(table)
    survivors = [each for each, (is_caught, _) in found.items() if not is_caught]
    console.print(f"{len(found)} sabotages, {len(found) - len(survivors)} caught", highlight=False)
    return 1 if survivors else 0
