"""What the tests of reading compare: the table of documents, and what the sandbox really holds."""

from dataclasses import dataclass
from typing import Any

from writer_lab import REALM, WriterLab

from plumbline.common.database import borrowed
from plumbline.qb_writer.adapters.holdings import HeldDocuments
from plumbline.qb_writer.domain.holdings import Horizon
from plumbline.qb_writer.domain.kinds import KINDS

Identity = tuple[str, str]
"""Entity and id."""


@dataclass(frozen=True)
class Row:
    """What is compared of a document."""

    sync_token: int
    number: str | None
    party: str | None
    note: str
    total_cents: int | None
    balance_cents: int | None


async def known(lab: WriterLab) -> dict[Identity, Row]:
    """Return what the table says that QuickBooks holds."""
    async with borrowed(lab.pool) as connection:
        rows = await connection.fetch("SELECT * FROM documents WHERE realm = $1 AND NOT is_deleted", REALM)
    return {
        (row["entity"], row["quickbooks_id"]): Row(
            row["sync_token"],
            row["number"],
            row["party"],
            row["note"] or "",
            row["total_cents"],
            row["balance_cents"],
        )
        for row in rows
    }


def truth(lab: WriterLab) -> dict[Identity, Row]:
    """Return what the sandbox holds."""
    return {
        (kind.entity, body["Id"]): _row(kind.entity, kind.note, body)
        for kind in KINDS.values()
        for body in lab.all(kind.entity)
    }


def _row(entity: str, note: str, body: dict[str, Any]) -> Row:
    open_amounts = {
        "Payment": "UnappliedAmt",
        "Invoice": "Balance",
        "CreditMemo": "Balance",
        "Bill": "Balance",
        "VendorCredit": "Balance",
    }
    party = body.get("CustomerRef") or body.get("VendorRef") or {}
    return Row(
        int(body["SyncToken"]),
        body.get("DocNumber"),
        party.get("value"),
        body.get(note, ""),
        round(body.get("TotalAmt", 0) * 100),
        round(body.get(open_amounts.get(entity, ""), 0) * 100),
    )


async def horizon(lab: WriterLab) -> Horizon:
    return await HeldDocuments(lab.pool).horizon(REALM)


async def changes_seen(lab: WriterLab) -> int:
    """Return how often records were told of a change to their documents."""
    async with borrowed(lab.pool) as connection:
        total: int = await connection.fetchval("SELECT coalesce(sum(heard), 0)::int FROM records")
    return total
