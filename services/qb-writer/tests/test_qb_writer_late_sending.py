"""A process that stood still sends nothing that another may have looked up meanwhile."""

from datetime import timedelta
from typing import cast

import pytest

from plumbline.common.reconciling.marks import Lane
from plumbline.common.testing.clock import DAWN, FakeClock
from plumbline.common.testing.far_side import Tokens
from plumbline.qb_writer.adapters.books import RealmBooks
from plumbline.qb_writer.adapters.governor import Governor
from plumbline.qb_writer.adapters.reads import Reads
from plumbline.qb_writer.domain.records import Operation, Write
from plumbline.quickbooks.client import QuickBooksClient
from plumbline.quickbooks.replies import NotSent, Reply, Unknown

SEND_WITHIN = timedelta(seconds=10)
WRITE = Write("r/invoice", 1, 1, Operation.CREATE, "id-1", b"{}", sent_at=DAWN)


class Client:
    """Counts what is sent."""

    def __init__(self) -> None:
        self.sent = 0

    async def post(self, *_: object, **__: object) -> Reply:
        self.sent += 1
        return Unknown("no answer")


@pytest.mark.parametrize(
    ("stood_still", "sent"), [(SEND_WITHIN, 1), (SEND_WITHIN + timedelta(milliseconds=1), 0)]
)
async def test_write_is_sent_only_soon_after_it_was_stored(stood_still: timedelta, sent: int) -> None:
    clock, client = FakeClock(), Client()
    books = RealmBooks(
        realm="r",
        lane=Lane.LIVE,
        client=cast("QuickBooksClient", client),
        tokens=Tokens(),
        governor=cast("Governor", None),
        reads=cast("Reads", None),
        clock=clock,
        send_within=SEND_WITHIN,
    )
    clock.advance(stood_still)
    reply = await books.post("invoice", WRITE, params={}, content=None)
    assert client.sent == sent
    assert isinstance(reply, NotSent) == (sent == 0)
