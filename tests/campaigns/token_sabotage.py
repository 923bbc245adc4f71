"""The campaign against the race for tokens: the keeper is sabotaged in every way there is, and each must be caught.

`python -m tests.campaigns.token_sabotage [--seed N] [--only NAME,NAME]`. A race that cannot fail proves nothing.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from itertools import count, islice

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Column, Table

from plumbline.stack.lifetime import run_until_signal
from tests.campaigns.crash_sweep import progress_bar
from tests.campaigns.race.cases import case_of
from tests.campaigns.race.places import AT_ONCE, Ground, ground
from tests.campaigns.race.sabotages import SABOTAGES
from tests.campaigns.token_race import race

CASES = 12
"""How many cases of the race may catch a sabotage; the first that does is enough."""


async def caught(name: str, on: Ground, progress: Progress, seed: int) -> tuple[bool, str]:
    """Say whether a sabotage was caught by what had to come of it, and what was found."""
    sabotage = SABOTAGES[name]
    cases = list(islice(filter(sabotage.cases, (case_of(seed, number) for number in count())), CASES))
    failures = await race(cases, on, progress, sabotage=name, symptom=sabotage.symptom)
    for failure in failures:
        for finding in failure.findings:
            if re.search(sabotage.symptom, finding):
                return True, f"case {failure.case.number}: {finding}"
    others = "; ".join(f"case {failure.case.number}: {failure.findings[0]}" for failure in failures)
    return False, others or f"nothing in {len(cases)} cases"


async def campaign(names: Sequence[str], seed: int, console: Console) -> dict[str, tuple[bool, str]]:
    """Try every sabotage; say whether it was caught, and by what."""
    async with ground(AT_ONCE) as on:
        with progress_bar(console) as progress:
            return {name: await caught(name, on, progress, seed) for name in names}


def main() -> int:
    """Print the table; return 1 if a sabotage survived."""
    parser = argparse.ArgumentParser(prog="token_sabotage", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the cases that must catch it")
    parser.add_argument("--only", help="names, parted by commas")
    asked = parser.parse_args()
    names = asked.only.split(",") if asked.only else list(SABOTAGES)
    console = Console()
    found = run_until_signal(campaign(names, asked.seed, console))
    if found is None:
        return 1
    table = Table("sabotage", "what is taken out", Column("caught by", overflow="fold"))
    for name, (is_caught, by) in found.items():
        table.add_row(name, SABOTAGES[name].what, escape(by if is_caught else f"NOT CAUGHT: {by}"))
    console.print(table)
    survivors = [name for name, (is_caught, _) in found.items() if not is_caught]
    console.print(f"{len(found)} sabotages, {len(found) - len(survivors)} caught", highlight=False)
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
