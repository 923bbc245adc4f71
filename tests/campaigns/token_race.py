"""The race for a token at its expiry: many callers, many replicas, one grant call, whatever goes wrong meanwhile.

`python -m tests.campaigns.token_race [--seed N] [--runs N] [--cases A,B,C]`
"""

import argparse
import asyncio
import shutil
import sys
import time
from collections.abc import Sequence

from rich.console import Console
from rich.progress import Progress

from plumbline.stack.lifetime import run_until_signal
from tests.campaigns.crash_sweep import progress_bar
from tests.campaigns.failure import Failure
from tests.campaigns.race.cases import Case, case_of
from tests.campaigns.race.places import AT_ONCE, Ground, Place, ground
from tests.campaigns.race.playing import log_of, play
from tests.campaigns.servers import LOGS

RUNS = 1040
"""Each of the 80 pairs of trouble and vendor thirteen times."""


TRIES = 3
"""How often a case is played at most."""


async def race(
    cases: Sequence[Case], on: Ground, progress: Progress, *, sabotage: str | None = None, symptom: str = ""
) -> list[Failure[Case]]:
    """Play the cases, many at once, and return those that failed.

    Args:
        cases: what to play.
        on: where.
        progress: tells how far it is.
        sabotage: what the keeper is spoiled by, if it is: then one failure with its symptom is enough.
        symptom: a regular expression.
    """
    todo = list(reversed(cases))
    failures: list[Failure[Case]] = []
    options = " --store vault" if on.on_vault else ""
    bar = progress.add_task(sabotage or "token race", total=len(cases), failed=0)

    async def worker(place: Place) -> None:
        while todo:
            case = todo.pop()
            if findings := await _findings(case, on, place, sabotage):
                failures.append(Failure(case, findings, "token_race", options))
                if sabotage is None:
                    keep_log(case, on)
                    progress.console.print(str(failures[-1]), highlight=False, markup=False)
                elif failures[-1].shows(symptom):
                    todo.clear()
            progress.update(bar, advance=1, failed=len(failures))

    async with asyncio.TaskGroup() as group:
        for place in on.places:
            group.create_task(worker(place))
    return failures


async def _findings(case: Case, on: Ground, place: Place, sabotage: str | None) -> Sequence[str]:
    """Play a case; once more, at most twice, if the machine was too slow for its deadlines and something was found."""
    for _ in range(TRIES):
        played = await play(case, on, place, sabotage=sabotage)
        await place.clear(case.databases)
        if not (played.findings and played.was_cut):
            break
    return played.findings


def keep_log(case: Case, on: Ground) -> None:
    """Keep what the lives of a case wrote, for whoever looks into a failure."""
    LOGS.mkdir(parents=True, exist_ok=True)
    if log_of(case, on.folder).exists():
        shutil.copy(log_of(case, on.folder), LOGS)


async def campaign(cases: Sequence[Case], console: Console, *, on_vault: bool = False) -> list[Failure[Case]]:
    """Run what is needed, and the cases."""
    async with ground(min(AT_ONCE, len(cases)), on_vault=on_vault) as on:
        with progress_bar(console) as progress:
            return await race(cases, on, progress)


def main() -> int:
    """Play what the command line asks for; return 1 if a case failed."""
    parser = argparse.ArgumentParser(prog="token_race", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="decides everything that is left to chance")
    parser.add_argument("--runs", type=int, default=RUNS, help="how many expiries")
    parser.add_argument("--cases", default="", help="numbers of the cases to play, parted by commas")
    parser.add_argument(
        "--store", choices=["embedded", "vault"], default="embedded", help="where grants are kept"
    )
    asked = parser.parse_args()
    numbers = [int(n) for n in asked.cases.split(",")] if asked.cases else range(asked.runs)
    cases = [case_of(asked.seed, number) for number in numbers]
    console = Console()
    began = time.monotonic()
    failures = run_until_signal(campaign(cases, console, on_vault=asked.store == "vault"))
    if failures is None:
        return 1
    for failure in failures:
        console.print(str(failure), highlight=False, markup=False)
    console.print(f"seed {asked.seed}, {time.monotonic() - began:.0f} s", highlight=False)
    console.print(f"{len(cases)} runs, {len(cases) - len(failures)} passed", highlight=False)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
