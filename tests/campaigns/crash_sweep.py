"""The crash sweep: the writer struck at every point, in every way, under every fate, and judged from outside.

`python -m tests.campaigns.crash_sweep [--seed N] [--cases A,B,C] [--sample N]`
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from plumbline.stack.lifetime import run_until_signal
from tests.campaigns.cases import Case, all_cases, sample
from tests.campaigns.failure import Failure
from tests.campaigns.playing import play
from tests.campaigns.servers import Pace, Servers, keep_log, running_servers

AT_ONCE = 16
"""Cases that are played at the same time: most of one is waiting, and PostgreSQL takes 200 connections."""


async def sweep(
    cases: Sequence[Case],
    servers: Servers,
    progress: Progress,
    *,
    sabotage: str | None = None,
    symptom: str = "",
) -> list[Failure[Case]]:
    """Play the cases, many at once, and return those that failed.

    Args:
        cases: what to play.
        servers: where.
        progress: tells how far it is.
        sabotage: what the writer is spoiled by, if it is: then one failure with its symptom is enough.
        symptom: a regular expression.
    """
    todo = list(reversed(cases))
    failures: list[Failure[Case]] = []
    caught = asyncio.Event()
    bar = progress.add_task(sabotage or "crash sweep", total=len(cases), failed=0)
    pace = Pace()

    async def worker(name: str) -> None:
        async with servers.place(name, pace) as place:
            place.sabotage = sabotage
            while todo and not caught.is_set():
                case = todo.pop()
                if findings := await play(case, place, servers.books, pace):
                    failures.append(Failure(case, findings))
                    if sabotage is not None:
                        if failures[-1].shows(symptom):
                            caught.set()
                    else:
                        keep_log(servers, f"case-{case.number}")
                        progress.console.print(str(failures[-1]), highlight=False, markup=False)
                progress.update(bar, advance=1, failed=len(failures))

    async with asyncio.TaskGroup() as group:
        for number in range(min(AT_ONCE, len(cases))):
            group.create_task(worker(f"place {number}"))
    return failures


def progress_bar(console: Console) -> Progress:
    """Return what shows how far a campaign is."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]} failed"),
        TimeElapsedColumn(),
        console=console,
    )


async def campaign(cases: Sequence[Case], console: Console) -> list[Failure[Case]]:
    """Run the servers and the cases."""
    async with running_servers() as servers:
        with progress_bar(console) as progress:
            return await sweep(cases, servers, progress)


def main() -> int:
    """Play what the command line asks for; return 1 if a case failed."""
    parser = argparse.ArgumentParser(prog="crash_sweep", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="decides everything that is left to chance")
    parser.add_argument("--cases", default="", help="numbers of the cases to play, parted by commas")
    parser.add_argument("--sample", type=int, help="play so many cases that cover all pairs, and not all")
    asked = parser.parse_args()
    cases = sample(asked.seed, asked.sample) if asked.sample else all_cases(asked.seed)
    if asked.cases:
        wanted = {int(number) for number in asked.cases.split(",")}
        cases = [case for case in cases if case.number in wanted]
    console = Console()
    began = time.monotonic()
    failures = run_until_signal(campaign(cases, console))
    if failures is None:
        return 1
    for failure in failures:
        console.print(str(failure), highlight=False, markup=False)
    console.print(f"seed {asked.seed}, {time.monotonic() - began:.0f} s", highlight=False)
    console.print(f"{len(cases)} cases, {len(cases) - len(failures)} passed", highlight=False)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
