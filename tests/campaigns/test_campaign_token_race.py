"""The race for tokens: a seeded sample of it, and proof that its verdict can fail."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from tests.campaigns.race.cases import (
    TROUBLES,
    Case,
    Cause,
    Deed,
    Point,
    Queue,
    Vendor,
    case_of,
)
from tests.campaigns.race.sabotages import SABOTAGES
from tests.campaigns.race.verdict import Evidence, judge
from tests.campaigns.token_race import RUNS, campaign

SEED = 1
"""Of the sample; the whole race is `make campaign CAMPAIGN=token_race`."""

SAMPLES = {"embedded": range(60), "vault": range(60, 80)}
"""By the store that grants are kept in: the 80 pairs of trouble and vendor, each once."""

GRANT = {"version": "8", "access_token": "a8", "refresh_token": "r8", "calls": "1", "answered": "1"}
REPORT = {"got": {"8": 10}, "statuses": {"x": 200}, "without": {}, "longest_s": 0.5}
CALL = {"outcome": "granted", "grant_type": "refresh_token"}


@pytest.mark.campaign
@pytest.mark.parametrize("store", SAMPLES)
async def test_sample_of_the_token_race_passes(store: str) -> None:
    cases = [case_of(SEED, number) for number in SAMPLES[store]]
    failures = await campaign(cases, Console(), on_vault=store == "vault")
    assert not failures, "\n".join(map(str, failures))


def case(trouble: str = "nothing", *, vendor: Vendor = Vendor.PERSON) -> Case:
    found = next(t for t in TROUBLES if t.name == trouble)
    return Case(1, 0, vendor, found, Cause.AGE, Queue.SHARED, callers=10, processes=1)


def well(**changes: Any) -> Evidence:
    ideal = Evidence(
        calls=[CALL],
        grant=GRANT,
        access={"version": "8", "access_token": "a8"},
        reports=[REPORT],
        events=[{"change": "renewed"}],
        refreshes=True,
        access_holds=True,
        is_met=True,
        first_version=7,
    )
    return replace(ideal, **changes)


def test_race_without_a_fault_is_well() -> None:
    assert judge(case(), well()) == []


def test_grant_that_was_truly_lost_is_well_if_it_says_so() -> None:
    dead = {"version": "7", "access_token": "a7", "refresh_token": "r7", "cause": "answer-lost"}
    left = well(
        grant=dead,
        calls=[CALL, {**CALL, "outcome": "refused"}],
        reports=[{**REPORT, "got": {}, "statuses": {}, "without": {"in vain": 10}}],
        refreshes=False,
        events=[{"change": "dead"}],
    )
    assert judge(case("answer lost"), left) == []
    assert judge(case("answer lost", vendor=Vendor.QUICKBOOKS), left) != []
    assert judge(case(), left) != []


@pytest.mark.parametrize(
    ("finding", "changes"),
    [
        ("nothing met the trouble", {"is_met": False}),
        ("2 token calls", {"calls": [CALL, CALL]}),
        ("0 token calls", {"calls": []}),
        ("renewed by client_credentials", {"calls": [{**CALL, "grant_type": "client_credentials"}]}),
        ("revoked at the provider", {"calls": [CALL, {"outcome": "revoked", "realm": "1"}]}),
        ("nothing was lost", {"grant": {**GRANT, "cause": "refused"}}),
        ("not the newest", {"refreshes": False}),
        ("not accepted", {"access_holds": False}),
        ("was not renewed", {"grant": {**GRANT, "version": "7"}, "access": {**GRANT, "version": "7"}}),
        ("intent was left open", {"grant": {**GRANT, "intent_number": "2"}}),
        ("called uncertain", {"grant": {**GRANT, "uncertain": "true"}}),
        ("not what is stored: access_token", {"access": {"version": "8", "access_token": "a7"}}),
        ("not what is stored: version", {"access": {"version": "9", "access_token": "a8"}}),
        ("1 callers got no token", {"reports": [{**REPORT, "got": {"8": 9}, "without": {"late": 1}}]}),
        ("got version 7", {"reports": [{**REPORT, "got": {"7": 10}}]}),
        ("answered 401", {"reports": [{**REPORT, "statuses": {"x": 401}}]}),
        ("waited 99.0 s", {"reports": [{**REPORT, "longest_s": 99.0}]}),
        ("came to no end", {"reports": [{**REPORT, "got": {"8": 9}}]}),
        ("told dead, and it lives", {"events": [{"change": "dead"}]}),
        ("death was told 2 times", {"events": [{"change": "dead"}, {"change": "dead"}]}),
    ],
)
def test_everything_that_can_be_wrong_is_found(finding: str, changes: dict[str, Any]) -> None:
    assert any(finding in found for found in judge(case(), well(**changes)))


def test_wrong_cause_of_a_lost_grant_is_found() -> None:
    left = well(grant={**GRANT, "cause": "refused"}, refreshes=False)
    assert any("cause is said to be refused" in found for found in judge(case("half an answer"), left))
    alive = well(grant={**GRANT, "cause": "answer-lost"})
    assert any("the provider takes it" in found for found in judge(case("half an answer"), alive))


def test_all_of_a_race_meets_every_trouble_of_every_vendor_and_every_crowd() -> None:
    cases = [case_of(SEED, number) for number in range(RUNS)]
    assert RUNS >= 1000
    assert {(c.trouble.name, c.vendor) for c in cases} == {(t.name, v) for t in TROUBLES for v in t.of}
    assert {c.trouble.point for c in cases if c.trouble.deed is Deed.KILL} == set(Point)
    crowds = {(c.callers, c.processes, c.queue) for c in cases}
    assert crowds == {(n, p, q) for n in (1, 10, 200) for p in range(1, 9) for q in Queue}


@pytest.mark.parametrize("name", SABOTAGES)
def test_every_sabotage_has_cases_that_must_catch_it(name: str) -> None:
    wanted: Callable[[Case], bool] = SABOTAGES[name].cases
    assert any(wanted(case_of(SEED, number)) for number in range(RUNS))
