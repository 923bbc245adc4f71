"""The change orders of the seeded projects.

Each contractor has approved change orders over 250,000.00 in all that are on no owner invoice,
which is the story the project begins with.
"""

from datetime import timedelta
from typing import Any

from plumbline_sandbox.procore.change_orders.doors import BLANK
from plumbline_sandbox.procore.change_orders.lines import BLANK as BLANK_LINE
from plumbline_sandbox.procore.change_orders.statuses import NAMES, Statuses
from plumbline_sandbox.procore.change_orders.tree import PACKAGE, POTENTIAL, PRIME, REQUEST
from plumbline_sandbox.procore.conventions import moment
from plumbline_sandbox.procore.records import Record
from plumbline_sandbox.procore.state import Company, Procore, Row

TIERS = (1, 2, 3)
"""Tiers of a company's projects, again and again."""

OWN_STATUS = ("Owner Reviewing", "pending")
"""A status that each company made itself, and the standard one that it stands for."""

UNBILLED = ("48500.00", "31250.00", "62000.00", "27750.00", "55500.00", "25000.00")
"""What was approved in each project and never billed: 250,000.00 of a company's six projects."""

OTHERS = (
    ("Additional site lighting", "18400.00", "Owner Reviewing"),
    ("Relocated floor drains", "6275.50", "draft"),
    ("Delayed steel delivery", "12000.00", "rejected"),
)
"""Title, amount and status of change orders that are not approved."""

APPROVED_DAYS_AGO = 40
"""How long the approvals lie back."""


def name_statuses(procore: Procore, company: Company) -> None:
    """Let a company know every status by its usual name, and one of its own."""
    statuses = Statuses(procore)
    for status, name in NAMES.items():
        statuses.add(company.id, name, status)
    statuses.add(company.id, *OWN_STATUS)


def change_orders(procore: Procore, contract_id: int, place: int) -> list[dict[str, Any]]:
    """Add the change orders of the project at this place of its company; tell of them."""
    contract = procore.prime_contracts.truth(contract_id)
    assert contract is not None
    procore.change_order_tiers[contract.project_id or 0] = TIERS[place % len(TIERS)]
    rows = (("Owner-directed scope", UNBILLED[place % len(UNBILLED)], "approved"), *OTHERS)
    return [_order(procore, contract, number, *row) for number, row in enumerate(rows, 1)]


def _order(
    procore: Procore, contract: Record[Row], number: int, title: str, amount: str, status: str
) -> dict[str, Any]:
    tiers = procore.change_order_tiers[contract.project_id or 0]
    mapped = dict([OWN_STATUS]).get(status, status)
    other_id = procore.new_id() if tiers < 3 else None
    # Only contracts' own change orders have the statuses a company made itself.
    shown = status if other_id else mapped
    package = _insert(procore, contract, number, PACKAGE, title, shown, change_order_id=other_id)
    above = package
    for kind in {1: (POTENTIAL,), 2: (POTENTIAL,), 3: (REQUEST, POTENTIAL)}[tiers]:
        above = _insert(procore, contract, number, kind, title, mapped, above_id=above.id)
    assert contract.value is not None
    scope = contract.value["lines"][number % len(contract.value["lines"])]
    line = BLANK_LINE | {
        "description": title,
        "amount": amount,
        "wbs_code": scope["wbs_code"],
        "holder_id": above.id,
        "holder_type": POTENTIAL,
        "position": 1,
    }
    procore.change_order_lines.insert(
        procore.new_id(), line, company_id=contract.company_id, project_id=contract.project_id
    )
    told = {"id": None if other_id is None else str(other_id), "package_id": str(package.id)}
    return {**told, "title": title, "amount": amount, "status": shown}


def _insert(
    procore: Procore, contract: Record[Row], number: int, kind: str, title: str, status: str, **more: Any
) -> Record[Row]:
    user = procore.person
    person = {"id": user.id, "login": user.login, "name": user.name}
    row: Row = BLANK | {
        "kind": kind,
        "contract_id": contract.id,
        "type": PRIME,
        "number": f"{number:03d}",
        "position": number,
        "title": title,
        "status": status,
        "created_by": person,
        **more,
    }
    if status == "approved":
        approved_at = procore.clock.now() - timedelta(days=APPROVED_DAYS_AGO)
        row |= {"reviewed_at": moment(approved_at), "reviewed_by": person}
    return procore.change_orders.insert(
        procore.new_id(), row, company_id=contract.company_id, project_id=contract.project_id
    )
