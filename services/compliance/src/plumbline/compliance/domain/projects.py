"""What we know of projects and vendors that Procore does not: the data file that people keep."""

import re
from collections.abc import Iterable, Mapping
from typing import Self

from pydantic import Field, model_validator

from plumbline.compliance.domain.facts import Project
from plumbline.compliance.domain.reading import Fact

_PROCORES = ("state", "county", "city", "authorities")
"""What Procore's address and the directory of authorities say; nobody may say otherwise here."""


class ProjectSheet(Project):
    """One project's sheet: property class, contract dates, insurance that is asked for, and the like."""

    @model_validator(mode="after")
    def _leaves_procores_facts_to_procore(self) -> Self:
        wrong = [name for name in _PROCORES if getattr(self, name) is not None]
        if wrong:
            raise ValueError(f"{', '.join(wrong)} is Procore's to say: correct the project's address there")
        return self


class VendorSheet(Fact):
    """One vendor's sheet, by its id in Procore."""

    legal_name: str | None = None
    """As on its W-9, where the directory has another."""
    trade: str | None = None
    """Where the directory names none, or several."""


class Sheets(Fact):
    """Every sheet."""

    projects: Mapping[str, ProjectSheet] = Field(default_factory=dict)
    vendors: Mapping[str, VendorSheet] = Field(default_factory=dict)

    def trade(
        self, *, vendor_id: str | None, project_id: str | None, in_directory: Iterable[str]
    ) -> str | None:
        """Return the trade in which a vendor works on a project; None if nobody says, or several are said.

        The vendor's sheet counts first, then the only trade that the directory names, then the project's sheet.
        """
        said = self.vendor(vendor_id).trade
        if said:
            return said
        trades = {re.sub(r"[^a-z0-9]+", "_", trade.lower()).strip("_") for trade in in_directory}
        return trades.pop() if len(trades) == 1 else self.project(project_id).trade

    def project(self, project_id: str | None) -> ProjectSheet:
        """Return a project's sheet; an empty one where there is none."""
        return self.projects.get(project_id or "", ProjectSheet())

    def vendor(self, vendor_id: str | None) -> VendorSheet:
        """Return a vendor's sheet; an empty one where there is none."""
        return self.vendors.get(vendor_id or "", VendorSheet())
