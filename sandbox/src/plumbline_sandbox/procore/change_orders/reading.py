"""Reading change orders out of what callers write."""

from typing import Any

from plumbline_sandbox.procore.change_orders.billing import ROWS_LATE_S
from plumbline_sandbox.procore.change_orders.doors import DAYS, FLAGS, NUMBERS, PEOPLE, TEXTS, Door
from plumbline_sandbox.procore.change_orders.statuses import PACKAGE_STATUSES, Statuses
from plumbline_sandbox.procore.change_orders.tree import PACKAGE, POTENTIAL, PRIME, REQUEST, Tree
from plumbline_sandbox.procore.conventions import moment, money
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.records import Record
from plumbline_sandbox.procore.state import Actor, Procore, Row


class Reading:
    """Makes the next value of a change order from the one before and what is to change."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._tree = Tree(procore)
        self._statuses = Statuses(procore)

    def read(
        self, contract: Record[Row], before: Row, values: Row, actor: Actor, door: Door
    ) -> tuple[Row, dict[str, list[str]]]:
        """Return a change order with the fields that are named, and what is wrong with them."""
        taken = {name: value for name, value in values.items() if name in door.fields}
        fields, company_id = Fields("", taken), contract.company_id
        allowed = self._statuses.known(company_id) if door.own_statuses else PACKAGE_STATUSES
        row = {
            **before,
            **{name: fields.text(name, before[name]) for name in TEXTS},
            **{name: fields.flag(name, default=before[name]) for name in FLAGS},
            **{name: fields.integer(name, before[name]) for name in NUMBERS},
            **{name: _day(fields, name, before) for name in DAYS},
            **{name: self._user(fields, name, before, company_id) for name in PEOPLE},
            "workflow": fields.flag("workflow", default=before["workflow"]),
            "above_id": self._above_id(fields, before, taken, contract),
        }
        if "status" in fields:
            row["status"] = fields.choice("status", allowed, before["status"])
        if "grand_total" in fields:
            row["given_total"] = money(fields.amount("grand_total"))
        if row["origin_id"] not in {None, before["origin_id"]} and self._is_taken(row, company_id):
            fields.complain("origin_id", "has already been taken")
        return self._reviewed(before, row, contract, actor), fields.complaints

    def _reviewed(self, before: Row, row: Row, contract: Record[Row], actor: Actor) -> Row:
        """Return the row with its approval: by whom, when, and from when on it is on invoices."""
        standard = [self._statuses.standard(contract.company_id, order["status"]) for order in (before, row)]
        if standard.count("approved") != 1:
            return row
        if standard[0] == "approved":
            return {**row, "reviewed_at": None, "reviewed_by": None, "billable_from_s": 0.0}
        return {
            **row,
            "reviewed_at": moment(self._procore.clock.now()),
            "reviewed_by": person(actor),
            "billable_from_s": self._procore.clock.time() + self._late_s(row, contract),
        }

    def _late_s(self, row: Row, contract: Record[Row]) -> float:
        target = {
            "provider": "procore",
            "company": str(contract.company_id),
            "project": str(contract.project_id),
            "change_order": row["number"],
        }
        is_billed = (row["kind"], row["type"]) == (PACKAGE, PRIME)
        rule = self._procore.faults.take("late-rows", target) if is_billed else None
        return ROWS_LATE_S if rule is None else float(rule.args.get("ms", ROWS_LATE_S * 1000)) / 1000

    def _user(self, fields: Fields, name: str, before: Row, company_id: int) -> Any:
        user_id = fields.integer(f"{name}_id")
        if user_id is None:
            return before[name]
        user = self._procore.users[company_id].truth(user_id)
        if user is None or user.value is None:
            fields.complain(f"{name}_id", "is invalid")
            return None
        return {"id": user.id, "login": user.value["email_address"], "name": user.value["name"]}

    def _above_id(self, fields: Fields, before: Row, values: Row, contract: Record[Row]) -> int | None:
        """Return what a request or a potential change order is in.

        A request is put into a package; with three tiers a potential change order into a request,
        with two into a package by way of `change_order_request` (Procore reference).
        """
        above_id: int | None = before["above_id"]
        nested = values.get("change_order_request")
        inner = Fields("", nested if isinstance(nested, dict) else {})
        request = ("change_order_request_id", REQUEST, fields.integer("change_order_request_id"))
        by_request = ("change_order_request", PACKAGE, inner.integer("change_order_package_id"))
        package = ("change_order_package_id", PACKAGE, fields.integer("change_order_package_id"))
        for name, kind, wanted in {POTENTIAL: (request, by_request), REQUEST: (package,)}.get(
            before["kind"], ()
        ):
            if wanted is not None:
                above = self._tree.find(kind, wanted)
                if above is None or above.value["contract_id"] != contract.id:
                    fields.complain(name, "is invalid")
                above_id = wanted
        return above_id

    def _is_taken(self, row: Row, company_id: int) -> bool:
        """Tell whether another change order of the kind has the origin_id."""
        key = (row["kind"], row["origin_id"])
        others = (r.value for r in self._procore.change_orders.living() if r.company_id == company_id)
        return any(other and (other["kind"], other["origin_id"]) == key for other in others)


def person(actor: Actor) -> Row:
    """Return who does something, as records name people."""
    return {"id": actor.user.id, "login": actor.user.login, "name": actor.user.name}


def _day(fields: Fields, name: str, before: Row) -> Any:
    """Return a date; a time of day is dropped, and null clears it."""
    at = fields.moment(name)
    return before[name] if name not in fields else at and at.date().isoformat()
