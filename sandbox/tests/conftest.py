"""What the sandbox's own tests share."""

from collections.abc import AsyncIterator

import pytest
from sandbox_books import Books

from plumbline_sandbox.laboratory import Laboratory


@pytest.fixture
async def lab() -> AsyncIterator[Laboratory]:
    async with Laboratory() as laboratory:
        yield laboratory


@pytest.fixture
def books(lab: Laboratory) -> Books:
    return Books(lab)
