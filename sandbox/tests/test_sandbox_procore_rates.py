"""Procore's two rate limits and the headers that tell of them."""

from sandbox_rules import rule
from sandbox_site import Site

LIMITS = "Procore docs, Rate Limiting"
ERRORS = "Procore docs, Error Code Reference"
HEADERS = ("x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset")
ME = "/rest/v1.0/me"
SENTENCE = "You have surpassed the max number of requests for an hour. Please wait until your limit resets."


def limit(site: Site, *, spike: int, hourly: int) -> None:
    site.lab.world.limits.configure({"procore": {"spike": spike, "hourly": hourly}})


async def figures(site: Site) -> tuple[int, int]:
    answer = await site.call("GET", ME)
    return int(answer.headers[HEADERS[0]]), int(answer.headers[HEADERS[1]])


@rule("By default 3600 calls an hour and 25 in ten seconds are let through.", LIMITS)
async def test_the_default_limits_are_the_documented_ones(site: Site) -> None:
    limits = type(site.lab.world.limits.procore)()
    assert (limits.hourly, limits.spike, limits.spike_window_s) == (3600, 25, 10)


@rule("Each answer tells the limit, what remains, and when it resets.", LIMITS)
async def test_every_answer_carries_the_three_headers(site: Site) -> None:
    limit(site, spike=25, hourly=3600)
    answer = await site.call("GET", ME)
    assert [int(answer.headers[name]) for name in HEADERS[:2]] == [25, 24]
    now_s = site.lab.world.clock.time()
    assert now_s < int(answer.headers[HEADERS[2]]) <= now_s + 11


@rule("The headers describe whichever limit is nearer to being exceeded.", LIMITS)
async def test_the_headers_change_to_the_nearer_limit(site: Site) -> None:
    limit(site, spike=5, hourly=6)
    assert [await figures(site) for _ in range(3)] == [(5, 4), (5, 3), (5, 2)]
    site.lab.world.clock.step(11)
    assert await figures(site) == (6, 2)


@rule("What remains rises again as the window rolls on.", LIMITS)
async def test_the_spike_window_rolls(site: Site) -> None:
    limit(site, spike=5, hourly=1000)
    assert [await figures(site) for _ in range(2)] == [(5, 4), (5, 3)]
    site.lab.world.clock.step(11)
    assert await figures(site) == (5, 4)


@rule(
    "Beyond either limit the answer is 429 with the same sentence, and the headers are still there.", LIMITS
)
async def test_beyond_the_limit_the_answer_is_429(site: Site) -> None:
    for spike, hourly in ((1, 1000), (1000, 2)):
        limit(site, spike=spike, hourly=hourly)
        await figures(site)
        answer = await site.call("GET", ME)
        assert (answer.status_code, answer.json()["message"]) == (429, SENTENCE)
        assert answer.headers["x-rate-limit-remaining"] == "0"
        site.lab.world.clock.step(11)


@rule("A 429 says in `Retry-After` how many seconds to wait, and then the call goes through.", ERRORS)
async def test_retry_after_is_long_enough(site: Site) -> None:
    limit(site, spike=1, hourly=2)
    for window_s in (10, 3600):
        assert (await site.call("GET", ME)).status_code == 200
        wait_s = int((await site.call("GET", ME)).headers["retry-after"])
        assert window_s - 12 < wait_s <= window_s + 1
        site.lab.world.clock.step(wait_s)
    assert (await site.call("GET", ME)).status_code == 200


@rule("Failed calls count too.", LIMITS)
async def test_failed_calls_count(site: Site) -> None:
    limit(site, spike=10, hourly=1000)
    await site.refused(404, "GET", "/rest/v1.0/projects/1", company_id=site.company_id)
    await site.refused(400, "GET", "/rest/v1.0/payment_applications")
    site.install.levels["webhooks"] = "none"
    await site.refused(403, "GET", f"{site.v2}/webhooks/hooks")
    assert await figures(site) == (10, 6)


@rule("Each company has a limit of its own for one service account.", LIMITS)
async def test_companies_do_not_share_a_limit(site: Site) -> None:
    other = Site(site.lab, place=1)
    site.app.installs[other.company_id] = other.install
    limit(site, spike=5, hourly=1000)
    assert await figures(site) == (5, 4)
    headers = {**await site.headers(), "procore-company-id": str(other.company_id)}
    answer = await site.lab.procore.get(ME, headers=headers)
    assert answer.headers["x-rate-limit-remaining"] == "4"


@rule("A throttled call is not counted once more.", LIMITS, inferred=True)
async def test_a_throttled_call_does_not_prolong_the_wait(site: Site) -> None:
    limit(site, spike=1, hourly=1000)
    await figures(site)
    site.lab.world.clock.step(8)
    assert int((await site.call("GET", ME)).headers["retry-after"]) <= 3
    site.lab.world.clock.step(3)
    assert (await site.call("GET", ME)).status_code == 200


@rule("Under heavy load the answer is 503 with `Retry-After` in seconds.", LIMITS)
async def test_heavy_load_is_503_with_a_wait(site: Site) -> None:
    await site.headers()
    site.lab.world.faults.add({"name": "status", "args": {"headers": {"Retry-After": "7"}}, "times": 1})
    answer = await site.call("GET", ME)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
