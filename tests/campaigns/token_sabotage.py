"""The campaign against the race for tokens: the keeper is sabotaged in every way there is, and each must be caught.

`python -m tests.campaigns.token_sabotage [--seed N] [--only NAME,NAME]`. A race that cannot fail proves nothing.
"""

import re
import sys
from collections.abc import Sequence
from itertools import count, islice

from rich.console import Console
from rich.progress import Progress

from tests.campaigns.catching import catch_them
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
    """Try what the command line asks for; return 1 if a sabotage survived."""
    return catch_them("token_sabotage", __doc__, SABOTAGES, campaign)


if __name__ == "__main__":
    sys.exit(main())
