"""Foreseeing: what the writer would do next with a record, looked up in QuickBooks and not done."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from plumbline.common.reconciling.marks import Lane
from plumbline.qb_writer.domain.plan import (
    AskPerson,
    AwaitNeeds,
    AwaitPayment,
    LeaveBe,
    Nothing,
    Observe,
    Open,
    Rest,
    Seeing,
    plan,
)
from plumbline.qb_writer.domain.records import Operation
from plumbline.qb_writer.domain.refusals import question
from plumbline.qb_writer.domain.writes import compose, differences
from plumbline.qb_writer.ports import Records
from plumbline.qb_writer.service.seeing import View, Viewer
from plumbline.qb_writer.service.writer import STEPS_MAX, EndlessPlanError

_RESTS: dict[type[Rest], tuple[str, str]] = {
    Nothing: ("nothing", "QuickBooks holds what it should"),
    AwaitPayment: ("wait", "its payment is still to be seen in QuickBooks"),
    AwaitNeeds: ("wait", "what it refers to is not in QuickBooks yet"),
    Observe: ("nothing", "its company is not live; `plumbline plan` shows what would be"),
    LeaveBe: ("nothing", "it is from before its company's beginning"),
}


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would be done next with a record."""

    record: str
    step: str
    """`create`, `update`, `send`, `void`, `delete`, `settle`, `ask`, `wait` or `nothing`."""
    why: str
    """In words; of an update, the fields in which QuickBooks holds something else."""
    would_write: bool


class Foreseer:
    """Foresees. Reads QuickBooks, at the cost of a look or a few, and neither writes nor stores anything."""

    def __init__(self, *, records: Records, viewer: Viewer) -> None:
        """Foresee of what `records` has."""
        self._records = records
        self._viewer = viewer

    async def foresee(self, key: str) -> Foreseen | None:
        """Say what would be done next with a record after a fresh look; None: no command ever named it.

        Raises:
            EndlessPlanError: permanent; two rules of the plan disagree.
            SuiteError: as reads of QuickBooks raise it.
        """
        record = await self._records.load(key)
        if record is None:
            return None
        if record.open_write is not None:
            why = f"the outcome of its {record.open_write.operation} is not known yet; it is looked up first"
            return Foreseen(record.name, "settle", why, would_write=True)
        looking = replace(record, heard=record.looked + 1)
        view = await self._viewer.view(looking, lane=Lane.REPAIR)
        for _ in range(STEPS_MAX):
            now = self._viewer.situation(view)
            if (refusal := self._viewer.refusal(view, now)) is not None:
                return Foreseen(record.name, "ask", f"{refusal.code}: {refusal.reason}", would_write=False)
            step = plan(now)
            if isinstance(step, Seeing):
                await self._viewer.see(view, step)
                continue
            match step:
                case Open(operation=operation):
                    return Foreseen(record.name, operation, _change(view, operation), would_write=True)
                case AskPerson(code=code):
                    asked = question(view.record, code, twins=view.twins or ())
                    return Foreseen(record.name, "ask", f"{asked.code}: {asked.reason}", would_write=False)
                case _:
                    word, why = _RESTS[type(step)]
                    return Foreseen(record.name, word, why, would_write=False)
        raise EndlessPlanError(key=key)


def _change(view: View, operation: Operation) -> str:
    """Return what a write would change."""
    if operation is not Operation.UPDATE:
        return view.kind.wish(view.record.desired)
    number = view.record.observed.number
    write = compose(view.record, operation, number=number, relations=view.relations, send_to=None)
    fields: Sequence[str] = differences(view.kind, write.body, view.record.observed.document or {})
    return f"{', '.join(fields)}: {view.kind.wish(view.record.desired)}"
