"""What the sandbox's own tests share."""

from collections.abc import AsyncIterator

import pytest

from plumbline_sandbox.laboratory import Laboratory


@pytest.fixture
async def lab() -> AsyncIterator[Laboratory]:
    async with Laboratory() as laboratory:
        yield laboratory
