"""A play as a timeline: each step a sentence that a project accountant understands, with what was expected of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table


class DisagreementError(Exception):
    """A step did not end as it must, and what comes after it rests on it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a play: what somebody does, or what must come of it."""

    at_s: float
    who: str
    sentence: str
    expected: str = ""
    """Empty: somebody does something, and nothing is judged."""
    found: str = ""

    @property
    def agrees(self) -> bool:
        """Whether it ended as expected."""
        return self.expected == self.found


@dataclass(slots=True)
class Timeline:
    """The steps of a play, in their order."""

    began: float = field(default_factory=time.monotonic)
    steps: list[Step] = field(default_factory=list)

    def did(self, who: str, sentence: str) -> None:
        """Write down what somebody did."""
        self.steps.append(Step(self._now(), who, sentence))

    def saw(self, who: str, sentence: str, *, expected: str, found: str) -> None:
        """Write down what came of it.

        Raises:
            DisagreementError: it is not what was expected.
        """
        step = Step(self._now(), who, sentence, expected, found)
        self.steps.append(step)
        if not step.agrees:
            raise DisagreementError

    def _now(self) -> float:
        return time.monotonic() - self.began


@dataclass(frozen=True, slots=True)
class TimelineSummary:
    """How a play ended."""

    title: str
    steps: Sequence[Step]
    is_whole: bool
    """Whether it came to its last step."""

    @property
    def problems(self) -> list[str]:
        """Return what is wrong, a line each."""
        wrong = [f"{s.who}: expected {s.expected}, found {s.found}" for s in self.steps if not s.agrees]
        return wrong if self.is_whole else [*wrong, "the play was broken off"]

    @property
    def agrees(self) -> bool:
        """Whether all of it was played, and every step ended as expected."""
        return self.is_whole and any(step.expected for step in self.steps) and not self.problems

    def as_json(self) -> dict[str, Any]:
        """Return the summary as `summary.json` has it."""
        return {
            "steps": [
                {
                    "at_s": round(step.at_s, 1),
                    "who": step.who,
                    "sentence": step.sentence,
                    "expected": step.expected,
                    "found": step.found,
                }
                for step in self.steps
            ],
            "judged": sum(bool(step.expected) for step in self.steps),
            "problems": self.problems,
        }


def print_timeline(console: Console, summary: TimelineSummary, *, seconds: float) -> None:
    """Print the timeline that a person reads."""
    table = Table(title=summary.title, pad_edge=False, show_lines=True)
    table.add_column("s", justify="right", no_wrap=True)
    table.add_column("who", no_wrap=True)
    table.add_column("what")
    table.add_column("expected")
    table.add_column("")
    for step in summary.steps:
        table.add_row(
            f"{step.at_s:.1f}", escape(step.who), escape(step.sentence), escape(step.expected), _verdict(step)
        )
    console.print(table)
    for problem in summary.problems:
        console.print(f"[red]{escape(problem)}[/]")
    judged = summary.as_json()["judged"]
    verdict = (
        f"[green]All {judged} checks agree.[/]"
        if summary.agrees
        else "[red]What happened is not what must happen.[/]"
    )
    console.print(f"{verdict} {seconds:.1f} s in all.")


def _verdict(step: Step) -> str:
    if not step.expected:
        return ""
    return "[green]agrees[/]" if step.agrees else f"[red]{escape(step.found)}[/]"
