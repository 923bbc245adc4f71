"""Answer times: constant, spread, and now and then a stall."""

import random
import statistics
from typing import Any

import pytest

from plumbline_sandbox.clock import Clock
from plumbline_sandbox.journal import Journal
from plumbline_sandbox.laboratory import Laboratory
from plumbline_sandbox.latency import Latency, Pace


def drawn(pace: Pace, count: int = 4000) -> list[float]:
    rng = random.Random(1)
    return sorted(pace.draw_ms(rng) for _ in range(count))


def test_constant_time_varies_by_its_jitter() -> None:
    times = drawn(Pace(ms=40, jitter_ms=20))
    assert 20 <= times[0] < 21
    assert 59 < times[-1] <= 60


def test_lognormal_time_has_its_median_and_its_99th_percentile() -> None:
    times = drawn(Pace(p50_ms=300, p99_ms=3000), 20_000)
    assert statistics.median(times) == pytest.approx(300, rel=0.05)
    assert times[int(len(times) * 0.99)] == pytest.approx(3000, rel=0.12)


def test_share_of_the_answers_stalls() -> None:
    times = drawn(Pace(ms=10, stall_ms=5000, stall_share=0.1))
    assert sum(t > 5000 for t in times) == pytest.approx(400, rel=0.2)
    assert times[0] == 10


def test_provider_without_a_pace_answers_at_once() -> None:
    latency = Latency(random.Random(1), Journal(Clock()))
    latency.configure({"provider": "procore", "ms": 40})
    assert (latency.draw_s("quickbooks"), latency.draw_s("procore")) == (0.0, 0.04)


@pytest.mark.parametrize(
    "body",
    [
        {"ms": 40},
        {"provider": "sage", "ms": 40},
        {"provider": "procore", "seconds": 4},
        {"provider": "procore", "ms": "slow"},
        {"provider": "procore", "p50_ms": 300, "p99_ms": 100},
    ],
)
async def test_malformed_pace_is_refused(lab: Laboratory, body: dict[str, Any]) -> None:
    assert (await lab.control.post("/control/latency", json=body)).status_code == 400
