"""What a job changes, told in sentences; with a dry run it only tells."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from typing_extensions import override

NOTHING = "nothing to change"
"""Said where all is as it should be."""


@dataclass(slots=True)
class Changes:
    """Collects what is changed, and changes it unless this is a dry run."""

    dry_run: bool = False
    told: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What a person should know or do; no change of ours."""

    async def make(self, sentence: str, change: Callable[[], Awaitable[object]]) -> None:
        """Tell of a change, and make it.

        Args:
            sentence: in the imperative, such as `write policy plumbline-mapper`.
            change: makes it; not called in a dry run.
        """
        self.told.append(sentence)
        if not self.dry_run:
            await change()

    @override
    def __str__(self) -> str:
        """Return one line per change and note."""
        doing = "would" if self.dry_run else "done:"
        return "\n".join([f"{doing} {change}" for change in self.told] or [NOTHING]) + "".join(
            f"\n{note}" for note in self.notes
        )
