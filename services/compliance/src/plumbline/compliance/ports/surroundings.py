"""What stands around a paper: its project, its firm, what is owed, and which authorities there are."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from plumbline.compliance.domain.facts import Payable

_POSTAL = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class Place:
    """A project as Procore has it."""

    number: str
    name: str
    state: str | None
    county: str | None
    city: str | None

    @property
    def postal_state(self) -> str | None:
        """The state as rules name it, in two capital letters; None if Procore says none, or something else."""
        return self.state if self.state and _POSTAL.fullmatch(self.state) else None


@dataclass(frozen=True, slots=True)
class Firm:
    """A vendor as Procore has it."""

    name: str
    trades: tuple[str, ...]


class Directory(Protocol):
    """Procore's projects and vendors. Both are None where Procore shows none; raises what its client raises."""

    async def project(self, connection: str, project_id: str) -> Place | None:
        """Return a project."""

    async def vendor(self, connection: str, vendor_id: str) -> Firm | None:
        """Return a vendor."""


class Payables(Protocol):
    """What is owed, as papers are checked against it."""

    async def facts(self, connection: str, payable: str) -> Payable | None:
        """Return a payable's facts; None while it is not known."""


class Authorities(Protocol):
    """The directory of authorities having jurisdiction."""

    def __call__(
        self, *, state: str | None, county: str | None, city: str | None, discipline: str | None, day: date
    ) -> tuple[str, ...]:
        """Return the ids of those that have jurisdiction; none if none is known."""
