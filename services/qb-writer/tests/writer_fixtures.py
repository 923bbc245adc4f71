"""What the writer's tests share; a test file names this module in `pytest_plugins`."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from writer_lab import WriterLab, writer_lab

from plumbline.common.connections import Policies


@pytest.fixture
def policies() -> Policies:
    return Policies()


@pytest.fixture
async def lab(database_url: str, policies: Policies) -> AsyncIterator[WriterLab]:
    async with writer_lab(database_url, policies) as laboratory:
        yield laboratory


@pytest.fixture
async def hurried(database_url: str, tmp_path: Path, policies: Policies) -> AsyncIterator[WriterLab]:
    """A laboratory without limits on calls."""
    async with writer_lab(database_url, policies, files=tmp_path, governed=False) as laboratory:
        yield laboratory
