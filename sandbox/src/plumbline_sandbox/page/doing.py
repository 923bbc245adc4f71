"""What people do with Procore's records on the page."""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from plumbline_sandbox.page.kinds import (
    APPROVE,
    ATTACH,
    CHANGE_ORDERS,
    DELETE,
    DETACH,
    OWNER_INVOICES,
    REQUISITIONS,
    Item,
    Shelf,
)
from plumbline_sandbox.people import ProcorePeople

Form = Mapping[str, str]
"""What a form sent."""


class Doing:
    """Hands what was clicked to the people of Procore.

    A kind whose records people change is a line in `_changes`; what else they do with them, in `_acts`.

    Raises:
        ValueError: One does not do that here; the sentence says why. So in all methods.
        RefusedError: Procore refuses.
    """

    def __init__(self, people: ProcorePeople) -> None:
        self._people = people
        self._changes: Mapping[str, Callable[[int, dict[str, Any]], object]] = {
            OWNER_INVOICES.name: people.rebill,
            CHANGE_ORDERS.name: people.handle_change_order,
            REQUISITIONS.name: people.review,
        }
        self._acts: Mapping[tuple[str, str], Callable[[int], object]] = {
            (OWNER_INVOICES.name, APPROVE): lambda one: people.rebill(one, {"status": "approved"}),
            (OWNER_INVOICES.name, DELETE): people.unbill,
            (CHANGE_ORDERS.name, APPROVE): lambda one: people.handle_change_order(
                one, {"status": "approved"}
            ),
            (CHANGE_ORDERS.name, ATTACH): lambda one: people.handle_change_order(one, {"workflow": True}),
            (CHANGE_ORDERS.name, DETACH): lambda one: people.handle_change_order(one, {"workflow": False}),
            (CHANGE_ORDERS.name, DELETE): people.drop_change_order,
            (REQUISITIONS.name, APPROVE): lambda one: people.review(one, {"status": "approved"}),
            (REQUISITIONS.name, DELETE): people.withdraw,
        }

    def change(self, shelf: Shelf, item: Item, asked: Form) -> None:
        """Save what can be changed in a record; a figure that is left empty stays as it is, a date goes."""
        if shelf.name not in self._changes:
            raise ValueError(f"{shelf.title} are not changed here")
        fields: dict[str, Any] = {}
        for name, (label, kind) in shelf.fields.items():
            if kind != "number":
                fields |= (
                    {name: (asked[name] or None) if kind == "date" else asked[name]} if name in asked else {}
                )
            elif asked.get(name):
                fields[name] = whole(label.partition(" (")[0], asked[name])
        self._changes[shelf.name](int(item.id), fields)

    def act(self, shelf: Shelf, item: Item, act: str) -> None:
        """Do with a record what its kind allows now."""
        if act not in item.acts:
            raise ValueError(f"one cannot {act} this record of {shelf.title}")
        self._acts[shelf.name, act](int(item.id))

    def bill(self, shelf: Shelf, asked: Form) -> str:
        """Make a draft of a contract's next owner invoice, with a share of each line billed; give its id."""
        if shelf.name != OWNER_INVOICES.name:
            raise ValueError(f"{shelf.title} are not made here")
        share = _figure("the share", asked.get("percent", "")) / 100
        made = self._people.bill({"prime_contract_id": asked.get("contract", "")})
        lines = [_billed(line, share) for line in shelf.find(made["id"]).body["lines"]]
        self._people.rebill(int(made["id"]), {"lines": lines})
        invoice_id: str = made["id"]
        return invoice_id


def whole(what: str, text: str) -> int:
    """Return the whole number that was typed.

    Raises:
        ValueError: It is none.
    """
    if not text.isdecimal():
        raise ValueError(f"{what} is a whole number, not “{text}”")
    return int(text)


def _figure(what: str, text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as broken:
        raise ValueError(f"{what} is a figure, not “{text}”") from broken


def _billed(line: Mapping[str, Any], share: Decimal) -> dict[str, str]:
    """Return a row of the schedule of values with this share of it done in the period."""
    return {
        "source_id": line["source_id"],
        "added_from_source": line["added_from_source"],
        "description_of_work": line["description_of_work"],
        "flat_code": line["flat_code"],
        "scheduled_value": str(line["scheduled_value"]),
        "work_completed_from_previous_application": str(line["previous_work"]),
        "work_completed_this_period": f"{line['scheduled_value'] * share:.2f}",
        "retainage_percent": str(line["retainage_percent"]),
    }
