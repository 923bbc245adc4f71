"""Signature escrow: an unconditional waiver that came before the money is read by nobody."""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from safe_lab import ABOUT, CONNECTION, CONTENT, Lab, opened_lab

from plumbline.common.database import Pool
from plumbline.common.testing.database import rows
from plumbline.compliance.adapters.safe.objects import memory_objects
from plumbline.compliance.ports.safe import EscrowedDocumentError

PAYABLE = "payable/4001/1001/requisition/7001"
UNCONDITIONAL = "lien_waiver.unconditional_progress"


@pytest.fixture
async def lab(database_url: str, tmp_path: Path) -> AsyncIterator[Lab]:
    async with opened_lab(database_url, memory_objects(), tmp_path) as lab:
        yield lab


async def recognised(lab: Lab, document: str, kind: str, payable: str | None = PAYABLE) -> None:
    await rows(
        lab.pool,
        "INSERT INTO documents (connection, document, source, source_record, file_name, received_at, state, kind, "
        "payable, changed_at) VALUES ($1, $2, 'upload', 'a', 'waiver.pdf', now(), 'held', $3, $4, now())",
        CONNECTION,
        document,
        kind,
        payable,
    )


async def arrives(pool: Pool, *, owed_cents: int, arrived_cents: int) -> None:
    await rows(
        pool,
        "INSERT INTO payables (payable, connection, project_id, vendor_id, commitment_id, state, amount_cents, is_lost, "
        "owes_waiver, billed, said) VALUES ($1, $2, '1001', '88', '5', 'paid', $3, false, true, '', '')",
        PAYABLE,
        CONNECTION,
        owed_cents,
    )
    await rows(
        pool,
        "INSERT INTO settlements (payable, reference, settled_on, amount_cents, told_at) "
        "VALUES ($1, 'ACH 1', now(), $2, now())",
        PAYABLE,
        arrived_cents,
    )


async def refused(lab: Lab, document: str) -> bool:
    try:
        content = await lab.safe.get(CONNECTION, document, who="ana", why="curious")
    except EscrowedDocumentError:
        return True
    assert content == CONTENT
    return False


async def test_an_unconditional_waiver_is_read_by_nobody_before_the_money_has_arrived(lab: Lab) -> None:
    document = (await lab.safe.put(CONTENT, ABOUT)).document
    make = partial(lab.whole.links.make, CONNECTION, document, who="ana", why="curious", uses=9)
    token = await make(life=timedelta(hours=1))  # before anybody knows what it is
    await recognised(lab, document, UNCONDITIONAL)

    assert await refused(lab, document)
    with pytest.raises(EscrowedDocumentError):
        await make(life=timedelta(hours=1))
    with pytest.raises(EscrowedDocumentError):
        await lab.whole.links.follow(token.get_secret_value())

    await arrives(lab.pool, owed_cents=100, arrived_cents=100)
    assert not await refused(lab, document)
    assert (await lab.whole.links.follow(token.get_secret_value())).content == CONTENT


async def test_money_of_another_amount_sets_nothing_free(lab: Lab) -> None:
    document = (await lab.safe.put(CONTENT, ABOUT)).document
    await recognised(lab, document, UNCONDITIONAL)
    await arrives(lab.pool, owed_cents=100, arrived_cents=99)

    assert await refused(lab, document)


@pytest.mark.parametrize(
    ("kind", "payable", "escrowed"),
    [
        (UNCONDITIONAL, None, True),
        ("lien_waiver.unconditional_final", PAYABLE, True),
        ("lien_waiver.conditional_progress", PAYABLE, False),
        ("w9", None, False),
    ],
)
async def test_only_unconditional_waivers_are_kept_in_escrow(
    lab: Lab, kind: str, payable: str | None, escrowed: bool
) -> None:
    document = (await lab.safe.put(CONTENT, ABOUT)).document
    await recognised(lab, document, kind, payable)

    assert await refused(lab, document) is escrowed
