"""The event resources that exist, by scope, as `/webhooks/resources` lists them.

Financial resources exist at project scope only, and the two lists are disjoint. There is none
for requisitions, prime contract change orders, commitment change orders or billing periods.
"""

from dataclasses import dataclass

ALL = ("create", "update", "delete")
"""The actions of most resources."""

PAYLOAD_VERSIONS = ("v2.0", "v3.0", "v4.0")
"""Payload versions a hook may ask for."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource one can set a trigger on; names are exact and case-sensitive."""

    category: str
    tool: str
    name: str
    actions: tuple[str, ...] = ALL

    def as_json(self, payload_version: str) -> dict[str, object]:
        """Return the row of `/webhooks/resources`."""
        return {
            "category": self.category,
            "tool": self.tool,
            "name": self.name,
            "payload_version": payload_version,
            "actions": list(self.actions),
        }


COMPANY_RESOURCES = (
    Resource("Company Admin", "Portfolio", "Projects", ("create", "update")),
    Resource("Core", "Directory", "Company Users", ("create", "update")),
    Resource("Core", "Directory", "Company Vendors", ("create", "update")),
    Resource("Core", "Directory", "Company Insurances"),
    Resource("Company Admin", "Admin", "ERP Requests"),
    Resource("Company Admin", "Admin", "Standard Cost Codes"),
    Resource("Company Admin", "Admin", "Line Item Types"),
    Resource("Company Admin", "Admin", "Timecard Time Types", ("create", "delete")),
    Resource("Company Admin", "Admin", "Offices"),
    Resource("Company Admin", "Admin", "Project Regions"),
    Resource("Company Admin", "Admin", "Departments"),
    Resource("Core", "Documents", "Company Files"),
    Resource("Core", "Documents", "Company Folders"),
)
"""Resources of company hooks."""

PROJECT_RESOURCES = (
    Resource("Financial Management", "Prime Contracts", "Prime Contracts"),
    Resource("Financial Management", "Prime Contracts", "Prime Contract Line Items"),
    Resource("Financial Management", "Prime Contracts", "Payment Applications"),
    Resource("Financial Management", "Prime Contracts", "Contract Payments"),
    Resource("Financial Management", "Commitments", "Draw Requests"),
    Resource("Financial Management", "Commitments", "Work Order Contracts"),
    Resource("Financial Management", "Commitments", "Work Order Contract Line Items"),
    Resource("Financial Management", "Commitments", "Purchase Order Contracts"),
    Resource("Financial Management", "Commitments", "Purchase Order Contract Line Items"),
    Resource("Financial Management", "Change Orders", "Change Order Packages"),
    Resource("Financial Management", "Change Orders", "Change Order Requests"),
    Resource("Financial Management", "Change Orders", "Potential Change Orders"),
    Resource("Financial Management", "Change Orders", "Potential Change Order Line Items"),
    Resource("Financial Management", "Change Events", "Change Events"),
    Resource("Financial Management", "Change Events", "Change Event Line Items"),
    Resource("Financial Management", "Direct Costs", "Direct Costs"),
    Resource("Financial Management", "Direct Costs", "Direct Cost Line Items"),
    Resource("Financial Management", "Budget", "Budget Line Items"),
    Resource("Financial Management", "Budget", "Budget Changes"),
    Resource("Financial Management", "Budget", "Budget Modifications"),
    Resource("Financial Management", "Budget", "Budget View Snapshots", ("create",)),
    Resource("Financial Management", "Admin", "Cost Codes"),
    Resource("Financial Management", "Admin", "Sub Jobs"),
    Resource("Financial Management", "Change Events", "RFQs"),
    Resource("Workforce", "Timesheets", "Timecard Entries"),
    Resource("Core", "Documents", "Project Files"),
    Resource("Core", "Documents", "Project Folders"),
    Resource("Core", "Documents", "Project File Versions"),
    Resource("Core", "Directory", "Project Insurances"),
    # Their updates were withdrawn on 30 June 2026 (Procore docs, webhook fanout migration).
    Resource("Core", "Directory", "Project Users", ("create", "delete")),
    Resource("Core", "Directory", "Project Vendors", ("create", "delete")),
    Resource("Project Management", "Submittals", "Submittals"),
    Resource("Project Management", "RFI", "RFIs"),
)
"""Resources of project hooks."""


def find(name: object, *, of_project: bool) -> Resource | None:
    """Return the resource of this exact name in a scope, or None."""
    rows = PROJECT_RESOURCES if of_project else COMPANY_RESOURCES
    return next((row for row in rows if row.name == name), None)
