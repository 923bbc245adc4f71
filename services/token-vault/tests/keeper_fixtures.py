"""What the keeper's tests share; a test file names this module in `pytest_plugins`."""

from collections.abc import AsyncIterator

import pytest
from keeper_lab import Vault, opened


@pytest.fixture
async def vault(database_url: str) -> AsyncIterator[Vault]:
    """Two replicas over a fake Intuit."""
    async with opened(database_url) as vault:
        yield vault
