"""What the seeded projects ordered of subcontractors and suppliers, and what these have billed so far."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from plumbline_sandbox.procore.billing_periods import period
from plumbline_sandbox.procore.commitment_kinds import PURCHASE_ORDERS, WORK_ORDERS, Kind
from plumbline_sandbox.procore.commitment_lines import BLANK as BLANK_LINE
from plumbline_sandbox.procore.conventions import money
from plumbline_sandbox.procore.furnishing import COST_CODES
from plumbline_sandbox.procore.records import Record
from plumbline_sandbox.procore.requisition import priced
from plumbline_sandbox.procore.requisition_edit import Editor, Requisitions
from plumbline_sandbox.procore.state import Actor, Company, Procore, Row
from plumbline_sandbox.procore.vendors import BLANK as BLANK_VENDOR

SUPPLIERS = {
    "TX": (("Gulf Ready Mix", "Concrete"), ("Alamo Supply House", "Plumbing")),
    "OH": (("Erie Shore Concrete", "Concrete"), ("Buckeye Pipe and Supply", "Plumbing")),
}
"""Vendors that deliver, with their trade."""

NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30), date(2026, 12, 30))
"""The second billing period of every project; the seed's first is October."""

COMMITMENT_TYPE = {"name": "Commitment", "code": "C", "base_type": "commitment"}
"""The cost type of what others are paid for; budget codes are a cost code with it."""


@dataclass(frozen=True, slots=True)
class Order:
    """One commitment of every project: who it is with, and its lines.

    A line of an amount is `(description, dollars)`, one of a unit contract `(description, quantity,
    price, unit)`. `statuses` take turns over the projects, and so do those of each of its `bills`.
    """

    kind: Kind
    trade: str
    code: str
    title: str
    retainage_percent: str
    lines: tuple[tuple[Any, ...], ...]
    statuses: tuple[str, ...] = ("Approved",)
    bills: tuple[tuple[str, ...], ...] = ()


ORDERS = (
    Order(
        WORK_ORDERS,
        "Plumbing",
        "15-400",
        "Plumbing",
        "10.00",
        (("Underground", 18_000), ("Rough-in", 42_000), ("Fixtures and trim", 30_000)),
        bills=(("approved",), ("draft", "under_review", "revise_and_resubmit", "pending_owner_approval")),
    ),
    Order(
        WORK_ORDERS,
        "HVAC",
        "23-050",
        "Heating and air conditioning",
        "10.00",
        (("Equipment", 60_000), ("Ductwork", 55_000), ("Controls and balancing", 20_000)),
        bills=(("approved_as_noted", "under_review"),),
    ),
    Order(
        PURCHASE_ORDERS,
        "Concrete",
        "03-300",
        "Ready-mixed concrete",
        "0.00",
        (("Concrete, 4000 psi", 420, "165", "cy"), ("Pump, by the day", 12, "950", "ea")),
        bills=(("approved", "draft"),),
    ),
    Order(
        PURCHASE_ORDERS,
        "Plumbing",
        "15-400",
        "Pipe and fittings",
        "0.00",
        (("Pipe", 9_500), ("Fittings", 5_000)),
        statuses=("Submitted", "Draft", "Partially Received"),
    ),
)
"""The commitments of every project; their amounts differ a little."""


def subcontract(
    procore: Procore, company: Company, state: str, furnished: Mapping[str, Any], rng: random.Random
) -> dict[str, Any]:
    """Add suppliers, budget codes, commitments and requisitions to a furnished company; give their ids.

    It comes after everything else of the seed, so that no other id depends on it.
    """
    suppliers = [_supplier(procore, company, state, *row) for row in SUPPLIERS[state]]
    builders = {vendor["trade"]: int(vendor["id"]) for vendor in furnished["subcontractors"]}
    vendors = {
        WORK_ORDERS.type: builders,
        PURCHASE_ORDERS.type: {vendor["trade"]: int(vendor["id"]) for vendor in suppliers},
    }
    codes: dict[str, Any] = {}
    commitments: dict[str, Any] = {}
    for place, (project, cost_codes) in enumerate(furnished["cost_codes"].items()):
        project_id = int(project)
        procore.project_vendors[project_id] |= set(vendors[PURCHASE_ORDERS.type].values())
        _november(procore, company, project_id)
        codes[project] = {
            code: _budget_code(procore, company, project_id, code, name, int(cost_codes[code]))
            for code, name in COST_CODES
        }
        site = _Site(procore, company, project_id, place, codes[project], rng)
        commitments[project] = [site.order(order, vendors[order.kind.type][order.trade]) for order in ORDERS]
    return {"suppliers": suppliers, "wbs_codes": codes, "commitments": commitments}


class _Site:
    """One project, on which commitments are placed one after the other."""

    def __init__(
        self,
        procore: Procore,
        company: Company,
        project_id: int,
        place: int,
        codes: Mapping[str, str],
        rng: random.Random,
    ) -> None:
        self._procore = procore
        self._company = company
        self._project_id = project_id
        self._place = place
        self._codes = codes
        self._rng = rng
        self._numbers = {WORK_ORDERS.type: 0, PURCHASE_ORDERS.type: 0}
        self._editor = Editor(Actor("person", procore.person), "")
        self._rules = Requisitions(procore)

    def order(self, order: Order, vendor_id: int) -> dict[str, Any]:
        """Place one commitment with what was billed on it."""
        self._numbers[order.kind.type] += 1
        user = self._editor.actor.user
        row: Row = order.kind.blank() | {
            "number": f"{order.kind.prefix}-{self._numbers[order.kind.type]:03d}",
            "title": order.title,
            "status": self._turn(order.statuses),
            "executed": True,
            "accounting_method": "unit" if len(order.lines[0]) > 2 else "amount",
            "retainage_percent": order.retainage_percent,
            "vendor_id": vendor_id,
            "created_by": {"id": user.id, "login": user.login, "name": user.name},
            "origin_owner": None,
        }
        contract = self._insert(self._procore.commitments, row)
        lines = [self._line(order, contract, number) for number in range(len(order.lines))]
        bills = [self._bill(contract, turns, number) for number, turns in enumerate(order.bills)]
        return {
            "id": str(contract.id),
            "type": order.kind.type,
            "number": row["number"],
            "vendor_id": str(vendor_id),
            "lines": [str(line.id) for line in lines],
            "requisitions": bills,
        }

    def _line(self, order: Order, contract: Record[Row], number: int) -> Record[Row]:
        description, *told = order.lines[number]
        row = BLANK_LINE | {
            "holder_id": contract.id,
            "position": number + 1,
            "description": description,
            "wbs_code_id": int(self._codes[order.code]),
        }
        if len(told) == 1:
            # Within a tenth of what is usual, in whole hundreds.
            row["amount"] = money(Decimal(told[0] * self._rng.randint(90, 110) // 10_000 * 100))
        else:
            quantity, price, uom = told
            row |= {"quantity": str(quantity), "unit_cost": price, "uom": uom}
            row |= {"extended_type": "calculated", "amount": money(priced(Decimal(quantity), Decimal(price)))}
        return self._insert(self._procore.commitment_lines, row)

    def _bill(self, contract: Record[Row], statuses: tuple[str, ...], number: int) -> dict[str, str]:
        """Make the requisition of the period of this number, in which part of every line is done."""
        status = self._turn(statuses)
        periods = list(self._procore.billing_periods.living_of_project(self._project_id))
        values: Row = {"period_id": periods[number].id, "status": status, "items": [*self._work(contract)]}
        requisition = self._rules.draft(contract, values, self._editor)
        record = self._rules.insert(contract, requisition)
        return {"id": str(record.id), "status": status}

    def _work(self, contract: Record[Row]) -> Iterator[Row]:
        for line in self._procore.commitment_lines.living_of_project(self._project_id):
            if line.value is None or line.value["holder_id"] != contract.id:
                continue
            percent = self._rng.randrange(10, 45, 5)
            row = {"line_item_id": line.id, "item_type": "contract_item"}
            if line.value["quantity"] is None:
                yield {
                    **row,
                    "work_completed_this_period": money(Decimal(line.value["amount"]) * percent / 100),
                }
            else:
                yield {
                    **row,
                    "work_completed_this_period_quantity": int(line.value["quantity"]) * percent // 100,
                }

    def _turn(self, choices: tuple[str, ...]) -> str:
        return choices[self._place % len(choices)]

    def _insert(self, table: Any, row: Row) -> Record[Row]:
        record: Record[Row] = table.insert(
            self._procore.new_id(), row, company_id=self._company.id, project_id=self._project_id
        )
        return record


def _supplier(procore: Procore, company: Company, state: str, name: str, trade: str) -> dict[str, str]:
    record_id, trade_id = procore.new_id(), procore.new_id()
    row = BLANK_VENDOR | {"name": name, "company": name, "state_code": state, "country_code": "US"}
    row |= {"trades": [{"id": trade_id, "name": trade}]}
    procore.vendors.insert(record_id, row, company_id=company.id)
    return {"id": str(record_id), "name": name, "trade": trade}


def _november(procore: Procore, company: Company, project_id: int) -> None:
    start, end, due = NOVEMBER
    row = period(project_id, 2, start=start, end=end, due=due)
    procore.billing_periods.insert(procore.new_id(), row, company_id=company.id, project_id=project_id)


def _budget_code(
    procore: Procore, company: Company, project_id: int, code: str, name: str, cost_code_id: int
) -> str:
    record_id, type_id = procore.new_id(), procore.new_id()
    row: Row = {
        "flat_code": f"{code}.{COMMITMENT_TYPE['code']}",
        "description": f"{name}.{COMMITMENT_TYPE['name']}",
        "cost_code_id": cost_code_id,
        "line_item_type": {"id": type_id, **COMMITMENT_TYPE},
    }
    procore.wbs_codes.insert(record_id, row, company_id=company.id, project_id=project_id)
    return str(record_id)
