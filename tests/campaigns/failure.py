"""A case of a campaign that did not pass."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from typing_extensions import override


class Numbered(Protocol):
    """A case that can be played again."""

    @property
    def seed(self) -> int:
        """What decides everything that is left to chance."""

    @property
    def number(self) -> int:
        """Which case of the seed's it is."""


C = TypeVar("C", bound=Numbered)


@dataclass(frozen=True, slots=True)
class Failure(Generic[C]):
    """A case, what was found, and the settings beside its seed and number by which it is played again."""

    case: C
    findings: Sequence[str]
    campaign: str = ""
    """The campaign's name; the default one's needs none."""
    options: str = ""

    def shows(self, symptom: str) -> bool:
        """Say whether a finding is what a sabotage must bring about."""
        return any(re.search(symptom, finding) for finding in self.findings)

    @override
    def __str__(self) -> str:
        """Say which case it is, what was found, and how to play it again."""
        campaign = f"CAMPAIGN={self.campaign} " if self.campaign else ""
        options = f"--seed {self.case.seed} --cases {self.case.number}{self.options}"
        again = f'make campaign {campaign}OPTIONS="{options}"'
        return "\n".join([f"FAILED {self.case}", *(f"    {f}" for f in self.findings), f"    again: {again}"])
