"""What `plumbline replay --dry-run` prints: what would change, while it is being looked up."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.progress import track

AS_IT_SHOULD_BE = frozenset({"nothing", "wait"})
"""Steps of which only the number is told."""


def print_foreseen(console: Console, answers: Iterable[Mapping[str, Any]], *, total: int) -> None:
    """Print what `GET /next/{key}` answered of each record, as the answers come."""
    steps: Counter[str] = Counter()
    for said in track(answers, "Looking", total=total, console=console, transient=True):
        steps[said["step"]] += 1
        if said["step"] not in AS_IT_SHOULD_BE:
            console.print(
                f"would {said['step']:7} {said['record']}\n              {said['why']}", soft_wrap=True
            )
    quiet = sum(steps[step] for step in AS_IT_SHOULD_BE)
    told = ", ".join(
        f"{count} would {step}" for step, count in sorted(steps.items()) if step not in AS_IT_SHOULD_BE
    )
    console.print(
        f"{total} records: {told or 'none would change'}, {quiet} are as they should be. Nothing was written."
    )
