"""What the sandbox's own tests share."""

from collections.abc import AsyncIterator

import pytest
from sandbox_books import Books
from sandbox_mailbox import Mailbox
from sandbox_payables import Payables
from sandbox_site import Site

from plumbline_sandbox.laboratory import Laboratory


@pytest.fixture
async def lab() -> AsyncIterator[Laboratory]:
    async with Laboratory() as laboratory:
        yield laboratory


@pytest.fixture
def books(lab: Laboratory) -> Books:
    return Books(lab)


@pytest.fixture
def payables(lab: Laboratory) -> Payables:
    return Payables(lab)


@pytest.fixture
def site(lab: Laboratory) -> Site:
    return Site(lab)


@pytest.fixture
def mailbox(lab: Laboratory) -> Mailbox:
    return Mailbox(lab)
