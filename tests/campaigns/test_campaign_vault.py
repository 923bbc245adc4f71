"""The sample of Vault's campaign that runs with the integration tests: one trouble, and no clock."""

from pathlib import Path

import pytest
from rich.console import Console

from tests.campaigns.vault import Act, Outcome, problems, run_vault

HOLD_S = 10.0


@pytest.mark.campaign
async def test_vault_that_is_sealed_while_people_bill_costs_nothing(tmp_path: Path) -> None:
    outcome = await run_vault(["sealed"], hold_s=HOLD_S, state_dir=tmp_path, console=Console())
    assert not outcome.found, "\n".join(outcome.found)
    assert outcome.acts[0].resumed_s is not None


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (Act(name="sealed", company="Ohio", kept=3), None),
        (Act(name="sealed", company="Ohio"), "were not written to"),
        (Act(name="sealed", company="Ohio", kept=3, stopped=1), "did not bite"),
        (Act(name="slow", kept=3), None),
    ],
)
def test_trouble_that_stops_too_much_or_too_little_is_found(act: Act, says: str | None) -> None:
    found = problems(act)
    assert len(found) == (says is not None)
    assert says is None or says in found[0]


@pytest.mark.parametrize(
    ("company", "resumed_s", "late"),
    [("Ohio", 15.0, 0), ("Ohio", 15.1, 1), ("Ohio", None, 1), ("", None, 0)],
)
def test_company_that_is_written_to_again_too_late_or_never_is_found(
    company: str, resumed_s: float | None, late: int
) -> None:
    assert len(Outcome([Act(name="sealed", company=company, resumed_s=resumed_s)], []).late) == late
