"""The seeded sample of the crash sweep that runs with the integration tests."""

import pytest
from rich.console import Console

from tests.campaigns.cases import sample
from tests.campaigns.crash_sweep import campaign

SEED = 1
"""Of the sample; the whole sweep is `make campaign`."""

SIZE = 160
"""In so many cases every two points, ends, fates and retriers meet."""


@pytest.mark.campaign
async def test_sample_of_the_crash_sweep_passes() -> None:
    failures = await campaign(sample(SEED, SIZE), Console())
    assert not failures, "\n".join(map(str, failures))
