"""How changes of change orders become facts."""

from collections.abc import Iterable

from plumbline_sandbox.procore.change_orders.tree import FAMILIES, Tree
from plumbline_sandbox.procore.conventions import moment
from plumbline_sandbox.procore.records import Record
from plumbline_sandbox.procore.state import Actor, Procore, Row


class Telling:
    """Stores change orders and tells of them."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._tree = Tree(procore)

    def created(self, record: Record[Row], actor: Actor) -> None:
        """Make a change order that was stored a fact."""
        assert record.value is not None
        self._procore.created(FAMILIES[record.value["kind"]], record, actor, **self._facts(record))

    def changed(self, record: Record[Row], row: Row, actor: Actor) -> None:
        """Store a change."""
        self._procore.change_orders.change(record, row)
        self._procore.updated(FAMILIES[row["kind"]], record, actor, **self._facts(record))

    def deleted(self, record: Record[Row], actor: Actor) -> None:
        """Store a deletion; lists can still show what was deleted."""
        assert record.value is not None
        row = {**record.value, "deleted_at": moment(self._procore.clock.now())}
        self._procore.change_orders.change(record, row)
        self._procore.deleted(FAMILIES[row["kind"]], record, actor, **self._facts(record))

    def touched(self, order_ids: Iterable[int], actor: Actor) -> None:
        """Update change orders that are worth something else now, though their fields are the same.

        That they count as updated is inferred.
        """
        for order_id in order_ids:
            record = self._procore.change_orders.truth(order_id)
            if record is not None and record.value is not None:
                self.changed(record, record.value, actor)

    def _facts(self, record: Record[Row]) -> Row:
        assert record.value is not None
        return {"status": record.value["status"], "total_cents": int(self._tree.total(record) * 100)}
