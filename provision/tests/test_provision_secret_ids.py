"""When a secret id is made anew, and which ones are destroyed: the rules, without a Vault."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from plumbline.provision.changes import NOTHING, Changes
from plumbline.provision.secret_ids import SecretId, Terms, done_with, why_new

NOW = datetime(2026, 12, 1, tzinfo=UTC)
TERMS = Terms(uses=1000, renewed_after=timedelta(days=25), wrapped_for=timedelta(days=1))


def made(days_ago: float, *, is_used: bool = True, ends: bool = True) -> SecretId:
    at = NOW - timedelta(days=days_ago)
    return SecretId(f"{days_ago}", at, at + timedelta(days=40) if ends else None, is_used)


@pytest.mark.parametrize(
    ("ids", "why"),
    [
        ([], "none that ends is in use"),
        ([made(1)], None),
        ([made(24.9)], None),
        ([made(25)], "the present one is 25 days old"),
        ([made(26), made(0.5, is_used=False)], None),
        ([made(26), made(1.5, is_used=False)], "the present one is 26 days old"),
        ([made(0.5, is_used=False)], None),
        ([made(1.5, is_used=False)], "none that ends is in use"),
        ([made(3, ends=False)], "none that ends is in use"),
        ([made(3, ends=False), made(0.1, is_used=False)], None),
        ([made(26), made(2)], None),
    ],
)
def test_new_one_is_made_where_none_ends_or_the_present_one_is_old(
    ids: list[SecretId], why: str | None
) -> None:
    assert why_new(ids, TERMS, now=NOW, is_lost=False, is_asked_for=False) == why


def test_new_one_is_made_where_it_was_lost_or_is_asked_for() -> None:
    ids = [made(1)]
    assert why_new(ids, TERMS, now=NOW, is_lost=True, is_asked_for=False) == "the process has none"
    assert why_new(ids, TERMS, now=NOW, is_lost=False, is_asked_for=True) == "rotation was asked for"


@pytest.mark.parametrize(
    ("ids", "destroyed"),
    [
        ([made(30), made(26)], {"30"}),
        ([made(26), made(0.5, is_used=False)], set()),
        ([made(26), made(1.5, is_used=False)], {"1.5"}),
        ([made(30, ends=False), made(1)], {"30"}),
        ([made(30, ends=False)], set()),
        ([made(30, is_used=False), made(2), made(0.5, is_used=False)], {"30"}),
        ([], set()),
    ],
)
def test_only_what_was_overtaken_by_one_in_use_or_never_taken_is_destroyed(
    ids: list[SecretId], destroyed: set[str]
) -> None:
    assert {found.accessor for found in done_with(ids, TERMS, now=NOW)} == destroyed


async def test_dry_run_tells_and_does_not() -> None:
    done: list[str] = []

    async def change() -> None:
        done.append("x")

    dry, wet = Changes(dry_run=True), Changes()
    assert str(dry) == NOTHING
    for changes in (dry, wet):
        await changes.make("write policy p", change)
    assert done == ["x"]
    assert (str(dry), str(wet)) == ("would write policy p", "done: write policy p")
