"""What is to be done next with a grant, as a table; and when it is renewed."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keeper_lab import ACCOUNT, POLICY, Vault
from pydantic import SecretStr

from plumbline.common.testing.clock import DAWN
from plumbline.token_vault.domain import (
    Await,
    Cause,
    GiveUp,
    HeldGrant,
    Intent,
    Reconnect,
    Refusal,
    Renew,
    Rest,
    Step,
    dead,
    disconnected,
    is_revoked,
    next_step,
)
from plumbline.token_vault.domain.steps import renewal_at
from plumbline.token_vault.policy import AccessPolicy, GrantPolicy, Policy

pytest_plugins = ["keeper_fixtures"]

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
OLD = DAWN + timedelta(minutes=46)
HELD = HeldGrant(
    account=ACCOUNT,
    app=ACCOUNT,
    version=3,
    access_token=SecretStr("a"),
    refresh_token=SecretStr("r"),
    issued_at=DAWN,
    expires_at=DAWN + timedelta(hours=1),
    calls=3,
    answered=3,
)
REFUSED = Refusal(3, DAWN + MINUTE)
GOOD = Refusal(3, DAWN + MINUTE, was_good=True)


def step(held: HeldGrant, now: datetime, refusal: Refusal | None = None) -> Step:
    return next_step(held, refusal=refusal, policy=POLICY, now=now)


@pytest.mark.parametrize(
    ("held", "refusal", "now", "expected"),
    [
        (replace(HELD, issued_at=None), None, DAWN, Renew()),
        (HELD, None, OLD, Renew()),
        (HELD, REFUSED, DAWN + MINUTE, Renew(in_vain=1)),
        (HELD, Refusal(2, DAWN + MINUTE), OLD, Renew()),
        (replace(HELD, intent=Intent(4, OLD + SECOND)), None, OLD, Await),
        (replace(HELD, intent=Intent(4, OLD + SECOND)), REFUSED, OLD, Await),
        (replace(HELD, intent=Intent(4, OLD)), None, OLD, Renew()),
        (replace(HELD, in_vain=1), REFUSED, DAWN + 2 * MINUTE - SECOND, Await),
        (replace(HELD, in_vain=1), REFUSED, DAWN + 2 * MINUTE, Renew(in_vain=2)),
        (replace(HELD, in_vain=2), REFUSED, DAWN + 6 * MINUTE - SECOND, Await),
        (replace(HELD, in_vain=2), REFUSED, DAWN + 6 * MINUTE, Renew(in_vain=3)),
        (replace(HELD, in_vain=5), REFUSED, DAWN + MINUTE, GiveUp()),
        (replace(HELD, in_vain=5), Refusal(3, DAWN + 11 * MINUTE), DAWN + 11 * MINUTE, Renew(in_vain=1)),
        (HELD, GOOD, DAWN + MINUTE, Renew(in_vain=1)),
        (replace(HELD, in_vain=1), GOOD, DAWN + 2 * MINUTE - SECOND, Await),
        (replace(HELD, in_vain=5), GOOD, DAWN + 2 * MINUTE - SECOND, Await),
        (replace(HELD, in_vain=5), GOOD, DAWN + 2 * MINUTE, Renew(in_vain=2)),
        (replace(HELD, in_vain=3), None, OLD, Renew()),
        (dead(HELD, Cause.REFUSED), None, OLD, Reconnect()),
        (dead(HELD, Cause.REFUSED_ANEW), REFUSED, OLD, Reconnect()),
    ],
)
def test_next_step(
    held: HeldGrant, refusal: Refusal | None, now: datetime, expected: Step | type[Step]
) -> None:
    found = step(held, now, refusal)
    assert (type(found) if isinstance(expected, type) else found) == expected


@pytest.mark.parametrize(
    ("held", "refusal", "revoked"),
    [
        (HELD, None, False),
        (HELD, Refusal(2, DAWN + MINUTE), False),
        (HELD, REFUSED, True),
        (HELD, Refusal(9, DAWN + MINUTE), True),
        (HELD, Refusal(9, DAWN - SECOND), False),
        (replace(HELD, version=0, issued_at=None), Refusal(0, DAWN), False),
        (replace(HELD, issued_at=None), REFUSED, True),
        (disconnected(HELD), None, True),
        (dead(HELD, Cause.REFUSED), None, False),
    ],
)
def test_tokens_that_are_handed_out_no_more(
    held: HeldGrant, refusal: Refusal | None, *, revoked: bool
) -> None:
    assert is_revoked(held, refusal) is revoked


@given(
    version=st.integers(1, 10_000),
    life_s=st.integers(60, 400 * 86_400),
    shares=st.tuples(st.floats(0.01, 0.98), st.floats(0.01, 0.98)).map(sorted).filter(lambda s: s[0] < s[1]),
    age_days=st.integers(1, 30),
)
def test_renewal_lies_within_the_shares_of_life_and_the_maximum_age(
    version: int, life_s: int, shares: list[float], age_days: int
) -> None:
    policy = Policy(
        access=AccessPolicy(renew_from=shares[0], renew_until=shares[1]),
        grants=GrantPolicy(maximum_age_days=age_days),
    )
    life = timedelta(seconds=life_s)
    at = renewal_at(replace(HELD, version=version, expires_at=DAWN + life), policy)
    assert at is not None
    assert at <= DAWN + min(life * shares[1] + SECOND, age_days * DAY)
    assert at >= DAWN + min(life * shares[0] - SECOND, age_days * DAY)


def test_renewals_are_spread_over_accounts() -> None:
    held = [replace(HELD, account=f"quickbooks/{number}") for number in range(50)]
    assert len({renewal_at(grant, POLICY) for grant in held}) == 50


def test_grant_is_looked_at_when_a_reminder_is_due_before_the_renewal() -> None:
    lasting = replace(HELD, expires_at=DAWN + 100 * DAY, ends_at=DAWN + 40 * DAY)
    assert step(lasting, DAWN) == Rest(DAWN + 10 * DAY)
    assert step(lasting, DAWN + 10 * DAY) == Rest(DAWN + 26 * DAY)
    assert step(lasting, DAWN + 26 * DAY) == Rest(DAWN + 30 * DAY)


async def test_grant_whose_token_lives_long_is_renewed_by_age(vault: Vault) -> None:
    vault.intuit.access_life_s = 400 * 86_400
    await vault.look()
    await vault.work()
    days = []
    for day in range(1, 101):
        calls = vault.intuit.calls
        await vault.work(DAY + SECOND)
        days += [day] if vault.intuit.calls > calls else []
    assert days == [30, 60, 90]
