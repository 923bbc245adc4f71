"""The campaign against the campaigns: the writer is sabotaged in every way there is, and each must be caught.

`python -m tests.campaigns.sabotage [--seed N] [--only NAME,NAME]`. A sweep that cannot fail proves nothing.
"""

import asyncio
import os
import re
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.progress import Progress

from tests.campaigns.cases import Case, all_cases
from tests.campaigns.catching import catch_them
from tests.campaigns.crash_sweep import progress_bar, sweep
from tests.campaigns.sabotages import SABOTAGES, Sabotage
from tests.campaigns.servers import Servers, running_servers

CASES = 10
"""How many cases of the sweep may catch a sabotage; the first that does is enough."""

TESTS_MAX_S = 300
"""How long the tests that must catch a sabotage may take."""

TESTS_FAILED = 1
"""pytest's exit status when tests failed; any other says that they did not run."""


async def caught(
    name: str, sabotage: Sabotage, servers: Servers, progress: Progress, seed: int
) -> tuple[bool, str]:
    """Say whether a sabotage was caught by what had to come of it, and what was found."""
    if sabotage.cases is not None:
        cases = [case for case in all_cases(seed) if sabotage.cases(case)]
        return await _caught_by_cases(name, cases, servers, progress)
    return await _caught_by_tests(name, sabotage.tests)


async def _caught_by_cases(
    name: str, cases: Sequence[Case], servers: Servers, progress: Progress
) -> tuple[bool, str]:
    spread, symptom = cases[:: max(1, len(cases) // CASES)][:CASES], SABOTAGES[name].symptom
    failures = await sweep(spread, servers, progress, sabotage=name, symptom=symptom)
    for failure in failures:
        if failure.shows(symptom):
            finding = next(finding for finding in failure.findings if re.search(symptom, finding))
            return True, f"{failure.case}: {finding}"
    return False, "; ".join(
        f"{f.case}: {f.findings[0]}" for f in failures
    ) or f"nothing in {len(spread)} cases"


async def _caught_by_tests(name: str, tests: Sequence[str]) -> tuple[bool, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", "-p", "tests.campaigns.sabotaged", *tests,
        env={**os.environ, "SABOTAGE": name}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(TESTS_MAX_S):
        output, _ = await process.communicate()
    said = output.decode("utf-8", "replace")
    errors = re.findall(r"^E[ \t]+(.*)$", said, re.MULTILINE)
    failed = re.search(r"^FAILED \S+::(\w+)", said, re.MULTILINE)
    if process.returncode != TESTS_FAILED or failed is None:
        return False, "tests did not run" if process.returncode else "all tests passed"
    right = next((error for error in errors if re.search(SABOTAGES[name].symptom, error)), None)
    return right is not None, f"{failed.group(1)}: {right or ' / '.join(errors[:3])}"


async def campaign(names: Sequence[str], seed: int, console: Console) -> dict[str, tuple[bool, str]]:
    """Try every sabotage; say whether it was caught, and by what."""
    found: dict[str, tuple[bool, str]] = {}
    async with running_servers() as servers:
        with progress_bar(console) as progress:
            for name in names:
                found[name] = await caught(name, SABOTAGES[name], servers, progress, seed)
    return found


def main() -> int:
    """Try what the command line asks for; return 1 if a sabotage survived."""
    return catch_them("sabotage", __doc__, SABOTAGES, campaign)


if __name__ == "__main__":
    sys.exit(main())
