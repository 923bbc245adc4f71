"""Making, changing and deleting requisitions, for API callers and persons alike.

Sources: Procore reference, Requisitions (Subcontractor Invoices), v1.0 and v1.1; Procore docs,
working with subcontractor invoices. Only the latest requisition of a commitment may be changed or
deleted, as the guide says; the reference lets administrators change earlier ones too, which is not
played. Below the level admin it must be open as well: `draft` or `revise_and_resubmit`.
"""

from dataclasses import dataclass, replace
from typing import Any

from plumbline_sandbox.procore.change_orders.tree import Tree
from plumbline_sandbox.procore.commitment_kinds import BY_TYPE
from plumbline_sandbox.procore.conventions import SYNCED, forbidden, invalid, moment, not_found
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.g702 import summarize
from plumbline_sandbox.procore.records import Record, Shown, fresh
from plumbline_sandbox.procore.requisition import Item, Requisition
from plumbline_sandbox.procore.requisition_items import edited, of_change_order, schedule
from plumbline_sandbox.procore.state import REQUISITION, Actor, Procore, Row

STATUSES = (
    "draft",
    "under_review",
    "revise_and_resubmit",
    "approved",
    "approved_as_noted",
    "pending_owner_approval",
)
"""Statuses of a requisition."""

OPEN = ("draft", "revise_and_resubmit")
"""Statuses in which whoever does not administer commitments may still change it."""

SUBMITTING = ("draft", "under_review")
"""Statuses that whoever does not administer commitments may give it: save, and submit."""

DAYS = ("requisition_start", "requisition_end", "billing_date", "payment_date", "submitted_at")
"""Dates that may be told."""

TRACKED = ("status", "invoice_number", "period_id", "final", *DAYS)
"""Fields whose changes are listed (that these are all is inferred)."""

NOT_LATEST = "is not the latest requisition of its commitment"
"""The complaint about a change to an earlier requisition (the wording is inferred)."""


@dataclass(frozen=True, slots=True)
class Editor:
    """Who changes requisitions, at which path, and whether it administers commitments."""

    actor: Actor
    path: str
    is_admin: bool = True


class Requisitions:
    """The rules of requisitions; every method makes its change a fact."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._tree = Tree(procore)

    def create(self, contract: Record[Row], values: Row, editor: Editor) -> Record[Requisition]:
        """Add a commitment's next requisition with its schedule of values and approved change orders.

        Raises:
            RefusedError: 422, a field is invalid, or the commitment takes no requisitions.
        """
        requisition = self.draft(contract, values, editor)
        record = self.insert(contract, requisition)
        self._procore.created(REQUISITION, record, editor.actor, **_facts(requisition))
        return record

    def update(self, record: Record[Requisition], values: Row, editor: Editor) -> None:
        """Change the fields that are named, and the lines that `items` names.

        Raises:
            RefusedError: 422, a field is invalid, or the requisition may not be changed.
        """
        before = self._editable(record, editor)
        self._store(record, before, self._filled(before, values, editor), editor)

    def update_items(self, record: Record[Requisition], rows: list[Row], editor: Editor) -> None:
        """Change lines, all of them or none; each is named by `id` and `item_type`.

        Raises:
            RefusedError: 422, a field is invalid, or the requisition may not be changed.
        """
        before = self._editable(record, editor)
        after = replace(before, items=edited(before.items, rows, editor.path, is_admin=editor.is_admin))
        self._store(record, before, after, editor)

    def add_change_order(
        self, record: Record[Requisition], package_id: int, editor: Editor
    ) -> tuple[Item, ...]:
        """Add the lines of an approved change order of the commitment, and return them.

        Raises:
            RefusedError: 404, there is no such change order; 422, it is not approved, or there already.
        """
        before = self._editable(record, editor)
        package = self._package(before, package_id, editor.path)
        if self._tree.standard(package) != "approved":
            raise invalid(editor.path, {"change_order_package_id": ["is not approved"]})
        if any(item.change_order_id == package.id for item in before.items):
            raise invalid(editor.path, {"change_order_package_id": ["has already been added"]})
        contract = self._contract(before)
        added = of_change_order(self._procore, contract, package, self._previous(before), len(before.items))
        self._store(record, before, replace(before, items=(*before.items, *added)), editor)
        return added

    def remove_change_order(self, record: Record[Requisition], package_id: int, editor: Editor) -> None:
        """Take the lines of a change order off.

        Raises:
            RefusedError: 404, there is no such change order; 422, it is not on the requisition.
        """
        before = self._editable(record, editor)
        package = self._package(before, package_id, editor.path)
        kept = tuple(item for item in before.items if item.change_order_id != package.id)
        if kept == before.items:
            raise invalid(editor.path, {"change_order_package_id": ["is not on the requisition"]})
        self._store(record, before, replace(before, items=kept), editor)

    def set_due_date(self, record: Record[Requisition], values: Row, editor: Editor) -> None:
        """Set when it is to be paid; that this may be done to any requisition is inferred.

        Raises:
            RefusedError: 422, the date is invalid.
        """
        assert record.value is not None
        fields = Fields(editor.path, values)
        after = replace(record.value, due_date=fields.day("due_date", record.value.due_date))
        fields.done()
        self._store(record, record.value, after, editor)

    def delete(self, record: Record[Requisition], editor: Editor) -> None:
        """Delete a requisition.

        Raises:
            RefusedError: 422, it may not be changed.
        """
        before = self._editable(record, editor)
        self._procore.requisitions.change(record, None)
        self._procore.deleted(REQUISITION, record, editor.actor, **_facts(before))

    def refusal(self, requisition_id: int, requisition: Requisition, *, is_admin: bool) -> str | None:
        """Return why a requisition may not be changed or deleted; None when it may."""
        if requisition.origin_id is not None:
            return SYNCED
        if requisition_id not in {row.id for row in self.of(requisition.commitment_id)[-1:]}:
            return NOT_LATEST
        if not is_admin and requisition.status not in OPEN:
            return f"cannot be edited in status {requisition.status}"
        return None

    def draft(self, contract: Record[Row], values: Row, editor: Editor) -> Requisition:
        """Return a commitment's next requisition as wished, without storing it; see `create`."""
        self._check_billable(contract, editor.path)
        return self._filled(self._blank(contract, editor.actor), values, editor)

    def _blank(self, contract: Record[Row], actor: Actor) -> Requisition:
        """Return the next draft of a commitment with nothing billed yet, for its newest open period."""
        earlier = self.of(contract.id)
        today = self._procore.clock.now().date()
        previous = fresh(earlier[-1]) if earlier else None
        number = previous.value.number + 1 if previous else 1
        draft = Requisition(
            commitment_id=contract.id,
            previous_id=previous.id if previous else None,
            number=number,
            invoice_number=str(number),
            status="draft",
            final=False,
            period_id=None,
            requisition_start=today.replace(day=1),
            requisition_end=today,
            billing_date=today,
            payment_date=None,
            submitted_at=None,
            due_date=None,
            items=schedule(self._procore, contract, previous.value if previous else None),
            created_by={"id": actor.user.id, "login": actor.user.login, "name": actor.user.name},
        )
        periods = self._procore.billing_periods.living_of_project(contract.project_id)
        open_ones = [period for period in periods if period.value and period.value["status"] == "open"]
        return self._in_period(draft, open_ones[-1].id) if open_ones else draft

    def insert(self, contract: Record[Row], requisition: Requisition) -> Record[Requisition]:
        """Store a requisition; the caller makes it a fact."""
        return self._procore.requisitions.insert(
            self._procore.new_id(),
            requisition,
            company_id=contract.company_id,
            project_id=contract.project_id,
        )

    def of(self, commitment_id: int) -> list[Record[Requisition]]:
        """Return a commitment's requisitions as they truly are, oldest first."""
        rows = self._procore.requisitions.living()
        return [row for row in rows if row.value and row.value.commitment_id == commitment_id]

    def _editable(self, record: Record[Requisition], editor: Editor) -> Requisition:
        assert record.value is not None
        if why := self.refusal(record.id, record.value, is_admin=editor.is_admin):
            raise invalid(editor.path, {"base": [why]})
        return record.value

    def _check_billable(self, contract: Record[Row], path: str) -> None:
        assert contract.value is not None
        if not contract.value["allow_payment_applications"]:
            raise invalid(path, {"commitment_id": ["does not allow requisitions"]})
        if contract.value["status"] not in BY_TYPE[contract.value["type"]].billable:
            raise invalid(path, {"commitment_id": ["is not approved"]})

    def _filled(self, base: Requisition, values: Row, editor: Editor) -> Requisition:
        """Return the requisition as wished.

        Raises:
            RefusedError: 422, a field is invalid; 403, the status is an administrator's to give.
        """
        fields = Fields(editor.path, values)
        base = self._with_period(base, fields)
        status = fields.choice("status", STATUSES, base.status)
        if not editor.is_admin and status not in {base.status, *SUBMITTING}:
            raise forbidden()
        dates: dict[str, Any] = {name: fields.day(name, getattr(base, name)) for name in DAYS}
        if dates["requisition_end"] < dates["requisition_start"]:
            fields.complain("requisition_end", "must be on or after requisition_start")
        if status == "under_review" and dates["submitted_at"] is None:
            dates["submitted_at"] = self._procore.clock.now().date()
        after = replace(
            base,
            invoice_number=fields.text("invoice_number", base.invoice_number) or base.invoice_number,
            status=status,
            final=fields.flag("final", default=base.final),
            **dates,
            comment=fields.text("comment", base.comment),
            origin_id=fields.text("origin_id", base.origin_id),
            origin_data=fields.text("origin_data", base.origin_data),
        )
        rows = values.get("items") or []
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            fields.complain("items", "is not a list of objects")
            rows = []
        self._check_origin(base, after, fields)
        fields.done()
        return replace(after, items=edited(base.items, rows, editor.path, is_admin=editor.is_admin))

    def _with_period(self, base: Requisition, fields: Fields) -> Requisition:
        """Move the requisition to another period of the project, if one is told."""
        period_id = fields.integer("period_id", base.period_id)
        if period_id in {None, base.period_id}:
            return base
        period = self._procore.billing_periods.truth(period_id or 0)
        if period is None or period.project_id != self._contract(base).project_id:
            fields.complain("period_id", "is invalid")
            return base
        return self._in_period(base, period.id)

    def _in_period(self, base: Requisition, period_id: int) -> Requisition:
        """Put a requisition into a period: it has its dates, and is billed when that is due (inferred)."""
        period = self._procore.billing_periods.truth(period_id)
        assert period is not None
        assert period.value is not None
        dates = Fields("", period.value)
        return replace(
            base,
            period_id=period_id,
            requisition_start=dates.required_day("start_date"),
            requisition_end=dates.required_day("end_date"),
            billing_date=dates.required_day("due_date"),
        )

    def _check_origin(self, base: Requisition, after: Requisition, fields: Fields) -> None:
        if after.origin_id is None or after.origin_id == base.origin_id:
            return
        company_id = self._contract(base).company_id
        rows = (row for row in self._procore.requisitions.living() if row.company_id == company_id)
        if any(row.value and row.value.origin_id == after.origin_id for row in rows):
            fields.complain("origin_id", "has already been taken")

    def _contract(self, requisition: Requisition) -> Record[Row]:
        contract = self._procore.commitments.truth(requisition.commitment_id)
        assert contract is not None
        return contract

    def _previous(self, requisition: Requisition) -> Requisition | None:
        record = self._procore.requisitions.truth(requisition.previous_id or 0)
        return None if record is None else record.value

    def _package(self, requisition: Requisition, package_id: int, path: str) -> Shown[Row]:
        """Return a change order of the commitment."""
        for package in self._tree.packages(self._contract(requisition)):
            if package.id == package_id:
                return package
        raise not_found(path)

    def _store(
        self, record: Record[Requisition], before: Requisition, after: Requisition, editor: Editor
    ) -> None:
        history = (*before.history, *self._changes(record.id, before, after, editor.actor))
        after = replace(after, history=history)
        self._procore.requisitions.change(record, after)
        self._procore.updated(REQUISITION, record, editor.actor, **_facts(after))

    def _changes(
        self, requisition_id: int, before: Requisition, after: Requisition, actor: Actor
    ) -> list[Row]:
        pairs = {name: (getattr(before, name), getattr(after, name)) for name in TRACKED}
        return [
            {
                "id": self._procore.new_id(),
                "column": name,
                "old_value": None if old is None else str(old),
                "new_value": None if new is None else str(new),
                "action_by": actor.user.name,
                "action_by_id": actor.user.id,
                "created_at": moment(self._procore.clock.now()),
                "ref_id": requisition_id,
                "ref_type": "Billings::Requisition",
            }
            for name, (old, new) in pairs.items()
            if old != new
        ]


def _facts(requisition: Requisition) -> dict[str, Any]:
    due = summarize(requisition.items).current_payment_due
    return {
        "commitment": str(requisition.commitment_id),
        "status": requisition.status,
        "total_cents": int(due * 100),
    }
