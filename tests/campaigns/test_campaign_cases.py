"""The cases: all of them, samples in which every two things meet, and points that can be reached."""

from collections import Counter
from itertools import combinations

import pytest

from tests.campaigns import striking
from tests.campaigns.cases import LIVES, End, Fate, Point, Retrier, Step, all_cases, sample


def test_sweep_has_every_point_with_every_end_fate_and_retrier() -> None:
    cases = all_cases(1)
    met = Counter((c.point, c.end, c.fate, c.retrier) for c in cases)
    assert max(met.values()) == 1
    for end in set(End) - {End.STALL}:
        for point in Point:
            assert sum(c.point is point and c.end is end for c in cases) == len(Fate) * len(Retrier)
    assert len(cases) >= 1296


def test_sample_lets_every_two_things_meet() -> None:
    every = {pair for c in all_cases(5) for pair in combinations((c.point, c.end, c.fate, c.retrier), 2)}
    chosen = sample(5, 170)
    assert {p for c in chosen for p in combinations((c.point, c.end, c.fate, c.retrier), 2)} == every
    assert len(chosen) >= 170
    assert len({c.number for c in chosen}) == len(chosen)


def test_seed_decides_everything() -> None:
    first, again, other = all_cases(1), all_cases(1), all_cases(2)
    assert [c.steps for c in first] == [c.steps for c in again]
    assert [c.steps for c in first] != [c.steps for c in other]
    assert [c.trouble(Step.CREATE, deadline_s=1) for c in first] == [
        c.trouble(Step.CREATE, deadline_s=1) for c in again
    ]


def test_index_never_lags_where_request_ids_are_forgotten() -> None:
    assert {c.switches["index_lag_s"] for c in all_cases(1) if c.retrier is Retrier.FORGOTTEN} == {0.0}


def test_every_fate_but_ok_makes_trouble() -> None:
    for case in all_cases(3):
        trouble = case.trouble(case.steps[0], deadline_s=1)
        assert bool(trouble.rule or trouble.switches) == (case.fate is not Fate.OK)


def test_every_life_is_lived_by_its_share_of_the_cases() -> None:
    lived = Counter(c.course for c in all_cases(1))
    assert set(lived) == set(LIVES)
    assert min(lived.values()) > len(all_cases(1)) / len(LIVES) / 2


def test_index_never_lags_where_files_are_uploaded() -> None:
    assert {c.switches["index_lag_s"] for c in all_cases(1) if Step.ATTACH in c.steps} == {0.0}


def test_every_statement_that_is_a_point_is_there() -> None:
    assert {*striking.AFTER_STATEMENT, *striking.AFTER_COMMIT} <= set(striking.watched_statements().values())


def test_point_whose_statement_was_renamed_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(striking, "AFTER_STATEMENT", {"renamed": Point.OPENING})
    with pytest.raises(LookupError, match="renamed"):
        striking.watched_statements()
