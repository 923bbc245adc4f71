"""The writer's part of a record's story, in words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from plumbline.qb_writer.adapters.ledger import Ledger
from plumbline.qb_writer.domain.documents import dollars
from plumbline.qb_writer.domain.holdings import Horizon
from plumbline.qb_writer.domain.kinds import kind_of
from plumbline.qb_writer.domain.plan import Aim
from plumbline.qb_writer.domain.records import Record
from plumbline.qb_writer.ports import Holdings
from plumbline.qb_writer.service.reading import is_reading, realm_of


def _time(moment: Any) -> str:
    return moment.strftime("%H:%M:%S.%f")[:-3] if moment else "-"


def _sentence(write: Mapping[str, Any]) -> str:
    tries = "once" if write["tries"] == 1 else f"{write['tries']} times"
    what = f"write {write['number']}: {write['operation']}"
    number = (
        f" as number {write['document_number']}"
        if write["operation"] == "create" and write["document_number"]
        else ""
    )
    end = f"{write['fate']} at {_time(write['closed_at'])}" if write["closed_at"] else "still open"
    outcome = f" ({write['outcome']})" if write["outcome"] else ""
    return f"{_time(write['opened_at'])} {what}{number}, request id {write['request_id']}, sent {tries}: {end}{outcome}"


def _desired(record: Record) -> str:
    wish = kind_of(record.desired).wish(record.desired)
    return f"{_time(record.received_at)} asked for version {record.version}: {wish}"


def _observed(record: Record) -> str:
    seen = record.observed
    if seen.quickbooks_id is None:
        return "QuickBooks holds nothing for it yet"
    return (
        f"QuickBooks holds {record.desired.kind} {seen.quickbooks_id}"
        + (f" (number {seen.number})" if seen.number else "")
        + f": {seen.state}, total {dollars(seen.total_cents)}, balance {dollars(seen.balance_cents)}"
        + ("; waiting for its payment to be seen there" if _lacks_payment(record) else "")
    )


def _lacks_payment(record: Record) -> bool:
    aim = kind_of(record.desired).aims[record.desired.state]
    return aim is Aim.PAID and record.observed.balance_cents != 0


def _followed(horizon: Horizon) -> list[str]:
    return [
        f"read in full at {_moment(horizon.complete_since)}"
        if horizon.complete_since
        else "not read in full yet: what nobody has told of may be missing",
        f"changes before {_moment(horizon.watermark)} have been read",
        *(
            [
                f"reading all of {', '.join(horizon.reading.entities)}, so far up to {_moment(horizon.reading.after)}"
            ]
            if horizon.reading
            else []
        ),
    ]


def _moment(moment: datetime | None) -> str:
    return moment.isoformat(sep=" ", timespec="seconds") if moment else "-"


class Storyteller:
    """Tells what the writer knows of one record, and how far it has read a company's books."""

    def __init__(self, ledger: Ledger, holdings: Holdings) -> None:
        """Read from `ledger` and `holdings`."""
        self._ledger = ledger
        self._holdings = holdings

    async def __call__(self, key: str) -> Mapping[str, Any] | None:
        """Return the facts and the story of a record, or of following a company; None if there is neither."""
        if is_reading(key):
            return {"story": _followed(await self._holdings.horizon(realm_of(key)))}
        record = await self._ledger.load(key)
        if record is None:
            return None
        writes = await self._ledger.writes_of(key)
        return {
            "source": record.source,
            "version": record.version,
            "state": record.observed.state,
            "quickbooks_id": record.observed.quickbooks_id,
            "number": record.observed.number,
            "total_cents": record.observed.total_cents,
            "story": [
                _desired(record),
                *record.why,
                *(_sentence(write) for write in writes),
                _observed(record),
            ],
        }
