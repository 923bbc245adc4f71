"""Making and changing change orders of every kind, for API callers and persons alike.

Sources: Procore docs, working with change orders, integrating with financial tools.
"""

from collections.abc import Sequence

from plumbline_sandbox.procore.application_edit import Applications
from plumbline_sandbox.procore.change_orders.doors import BLANK, Door
from plumbline_sandbox.procore.change_orders.lines import BLANK as BLANK_LINE
from plumbline_sandbox.procore.change_orders.lines import Lines
from plumbline_sandbox.procore.change_orders.reading import Reading, person
from plumbline_sandbox.procore.change_orders.telling import Telling
from plumbline_sandbox.procore.change_orders.tree import COMMITMENT, PACKAGE, POTENTIAL, PRIME, Tree
from plumbline_sandbox.procore.conventions import invalid
from plumbline_sandbox.procore.records import Record
from plumbline_sandbox.procore.state import Actor, Procore, Row

BY_WORKFLOW = "The status of this {} cannot be changed because it is set via workflow."
"""What a caller is told who changes a status that a workflow sets; seen with prime contracts."""

NAMES = {PRIME: "Prime Contract Change Order", COMMITMENT: "Commitment Contract Change Order"}
"""What a change order is called in sentences; that of commitments is inferred."""

LOCKED = "cannot be deleted because it is approved"
"""The complaint about deleting an approved change order (status and wording are inferred)."""

MIRRORED = ("title", "description", "given_total")
"""What the potential change order of a single tier has from its package (inferred)."""


class ChangeOrders:
    """The rules of change orders; every method makes its change a fact."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._tree = Tree(procore)
        self._telling = Telling(procore)
        self._lines = Lines(procore)
        self._reading = Reading(procore)
        self._applications = Applications(procore)

    def create(
        self,
        kind: str,
        contract: Record[Row],
        values: Row,
        actor: Actor,
        path: str,
        door: Door,
        *,
        lines: Sequence[Row] = (),
        record_id: int | None = None,
    ) -> Record[Row]:
        """Add a change order; with a single tier a package gets a potential one, which holds the lines.

        `record_id` is the id it is to have; None: the next one.

        Raises:
            RefusedError: A field is invalid.
        """
        blank = BLANK | self._place(kind, contract, actor)
        row, complaints = self._reading.read(contract, blank, values, actor, door)
        if complaints:
            raise invalid(path, complaints, door.refusal)
        rows = [self._lines.read(contract, BLANK_LINE, line, path) for line in lines]
        made = [self._insert(contract, row, record_id)]
        if kind == PACKAGE and self._tree.tiers(contract.project_id) == 1:
            made.append(self._insert(contract, self._behind(made[0], contract, actor)))
        held = [self._lines.insert(made[-1], line) for line in rows]
        for order in made:
            self._telling.created(order, actor)
        for line in held:
            self._lines.tell(line, actor)
        self._telling.touched([order.id for order in self._tree.above(made[0])], actor)
        self._bill(blank, made[0], contract, actor)
        return made[0]

    def update(self, record: Record[Row], values: Row, actor: Actor, path: str, door: Door) -> None:
        """Change the fields that are named.

        Raises:
            RefusedError: A field is invalid; 422, the status is a workflow's.
        """
        before = record.value
        assert before is not None
        contract = self._tree.contract(before["contract_id"])
        assert contract is not None
        row, complaints = self._reading.read(contract, before, values, actor, door)
        if complaints:
            raise invalid(path, complaints, door.refusal)
        if before["workflow"] and row["status"] != before["status"] and actor.origin != "person":
            raise invalid(path, {"status": [BY_WORKFLOW.format(NAMES[before["type"]])]})
        was_in = [order.id for order in self._tree.above(record)]
        self._telling.changed(record, row, actor)
        if before["kind"] == PACKAGE and self._tree.tiers(record.project_id) == 1:
            for below in self._below(record):
                assert below.value is not None
                shared = {name: row[name] for name in MIRRORED}
                self._telling.changed(below, below.value | shared, actor)
        is_in = [order.id for order in self._tree.above(record)]
        self._telling.touched(dict.fromkeys((*was_in, *is_in)), actor)
        self._bill(before, record, contract, actor)

    def delete(self, record: Record[Row], actor: Actor, path: str) -> None:
        """Delete a package; what a single tier has behind it goes too, anything else is set free.

        Source: Procore docs, integrating with financial tools, record locking.

        Raises:
            RefusedError: 400, it is approved.
        """
        if self._tree.standard(record) == "approved":
            raise invalid(path, {"base": [LOCKED]}, 400)
        below = self._below(record)
        self._telling.deleted(record, actor)
        for order in below:
            assert order.value is not None
            if self._tree.tiers(record.project_id) == 1:
                self._telling.deleted(order, actor)
            else:
                self._telling.changed(order, {**order.value, "above_id": None}, actor)

    def _place(self, kind: str, contract: Record[Row], actor: Actor) -> Row:
        """Return what makes a change order the next one of its contract."""
        rows = self._tree.of_project(kind, contract.project_id)
        position = 1 + sum(row.value["contract_id"] == contract.id for row in rows)
        is_prime = self._procore.prime_contracts.truth(contract.id) is not None
        has_other_id = kind == PACKAGE and self._tree.tiers(contract.project_id) < 3
        return {
            "kind": kind,
            "contract_id": contract.id,
            "type": PRIME if is_prime else COMMITMENT,
            "change_order_id": self._procore.new_id() if has_other_id else None,
            "number": f"{position:03d}",
            "position": position,
            "created_by": person(actor),
        }

    def _behind(self, package: Record[Row], contract: Record[Row], actor: Actor) -> Row:
        """Return the potential change order that a single tier has behind a package."""
        assert package.value is not None
        shared = {name: package.value[name] for name in MIRRORED}
        return BLANK | self._place(POTENTIAL, contract, actor) | shared | {"above_id": package.id}

    def _insert(self, contract: Record[Row], row: Row, record_id: int | None = None) -> Record[Row]:
        return self._procore.change_orders.insert(
            record_id or self._procore.new_id(),
            row,
            company_id=contract.company_id,
            project_id=contract.project_id,
        )

    def _below(self, record: Record[Row]) -> list[Record[Row]]:
        found = (self._procore.change_orders.truth(order.id) for order in self._tree.below(record))
        return [order for order in found if order is not None]

    def _bill(self, before: Row, record: Record[Row], contract: Record[Row], actor: Actor) -> None:
        """Renew the rows on a prime contract's open invoices when an approval came or went."""
        assert record.value is not None
        row = record.value
        if row["type"] == PRIME and row["kind"] == PACKAGE and row["reviewed_at"] != before["reviewed_at"]:
            self._applications.renew_rows(record, contract, actor)
