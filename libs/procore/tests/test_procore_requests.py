"""What each request looks like on its way, and how lists are read page by page."""

import json
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from plumbline.common.testing.clock import DAWN, FakeClock
from plumbline.common.testing.far_side import Tokens
from plumbline.procore import (
    ProcoreClient,
    ProcoreThrottledError,
    ProcoreUnavailableError,
    ProcoreUnreadableError,
)
from plumbline.procore.client import V1_PAGE_ROWS, V2_PAGE_ROWS
from plumbline.procore.transport import MAX_PAGES

URL = "https://ingest.example/webhooks/procore/lone-star"
SECRET = SecretStr("Bearer a-secret-of-ours")


class Recording:
    """Gives the answers it is given, the last one again and again, and keeps the requests."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.requests: list[httpx.Request] = []
        self._answers = answers
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer), base_url="https://api.test")
        self.procore = ProcoreClient(
            http, Tokens(), company_id=562949953508586, deadline_s=5.0, clock=FakeClock()
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._answers[min(len(self.requests), len(self._answers)) - 1]


def page(*ids: int, link: str = "") -> httpx.Response:
    rows = [{"id": one, "name": f"Project {one}"} for one in ids]
    return httpx.Response(200, json=rows, headers={"link": link} if link else {})


HOOK = {
    "id": "43593499",
    "status": "active",
    "payload_version": "v4.0",
    "namespace": "acme-qbo-sync",
    "destination_headers": {"Authorization": "*****ecret"},
    "destination_url": "https://x/procore",
    "trigger_count": 0,
    "company_id": "5358233",
    "project_id": None,
    "hook_type": "classic",
    "created_at": "2024-11-21T21:32:32Z",
    "updated_at": "2024-11-21T21:32:32Z",
}
"""The answer to a hook's creation in Procore's reference (Webhooks v2.0)."""


async def test_every_call_names_the_company_and_asks_for_json() -> None:
    procore = Recording(httpx.Response(200, json={"id": 7, "name": "x"}))
    await procore.procore.project(7)
    (request,) = procore.requests
    assert request.headers["procore-company-id"] == "562949953508586"  # above 32 bits
    assert request.headers["accept"] == "application/json"
    assert request.headers["authorization"] == "Bearer access-1"


async def test_pages_are_read_as_long_as_the_link_header_names_a_next_one() -> None:
    # The Link header of Procore's Pagination page; `next` is left out on the last page.
    links = [
        '<https://api.test/p?page=3>; rel="last", <https://api.test/p?page=2>; rel="next"',
        '<https://api.test/p?page=1>; rel="first", <https://api.test/p?page=3>; rel=next',
        '<https://api.test/p?page=1>; rel="first", <https://api.test/p?page=2>; rel="prev"',
    ]
    procore = Recording(page(1, 2, link=links[0]), page(3, 4, link=links[1]), page(5, link=links[2]))

    assert [project.id for project in await procore.procore.projects()] == [1, 2, 3, 4, 5]
    assert [dict(request.url.params) for request in procore.requests] == [
        {"company_id": "562949953508586", "page": str(number), "per_page": str(V1_PAGE_ROWS)}
        for number in (1, 2, 3)
    ]


async def test_list_without_link_header_is_one_page() -> None:
    procore = Recording(page(1, 2))  # not every endpoint pages
    assert len(await procore.procore.projects()) == 2
    assert len(procore.requests) == 1


async def test_list_that_never_ends_is_given_up() -> None:
    procore = Recording(page(1, link='<https://api.test/p?page=2>; rel="next"'))
    with pytest.raises(ProcoreUnavailableError, match=str(MAX_PAGES)):
        await procore.procore.projects()
    assert len(procore.requests) == MAX_PAGES


async def test_list_whose_second_page_fails_gives_nothing() -> None:
    procore = Recording(page(1, link='<https://api.test/p?page=2>; rel="next"'), httpx.Response(500))
    with pytest.raises(ProcoreUnavailableError):
        await procore.procore.projects()


async def test_enveloped_lists_ask_for_the_largest_page_of_version_two() -> None:
    procore = Recording(httpx.Response(200, json={"data": [HOOK]}))
    (hook,) = await procore.procore.hooks(7, "acme-qbo-sync")
    assert (hook.id, hook.project_id) == ("43593499", None)
    (request,) = procore.requests
    assert request.url.path == "/rest/v2.0/companies/562949953508586/projects/7/webhooks/hooks"
    assert dict(request.url.params) == {
        "namespace": "acme-qbo-sync",
        "page": "1",
        "per_page": str(V2_PAGE_ROWS),
    }


async def test_bare_list_where_an_envelope_is_documented_is_unreadable() -> None:
    with pytest.raises(ProcoreUnreadableError):
        await Recording(httpx.Response(200, json=[HOOK])).procore.hooks(7, "acme-qbo-sync")


async def test_hooks_creation_sends_the_documented_body() -> None:
    procore = Recording(httpx.Response(201, json={"data": HOOK}))
    await procore.procore.create_hook(
        7, namespace="acme-qbo-sync", destination_url=URL, authorization=SECRET, payload_version="v4.0"
    )
    (request,) = procore.requests
    assert (request.method, json.loads(request.content)) == (
        "POST",
        {
            "namespace": "acme-qbo-sync",
            "destination_url": URL,
            "destination_headers": {"Authorization": "Bearer a-secret-of-ours"},
            "payload_version": "v4.0",
        },
    )


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        ({"status": "active"}, {"status": "active"}),
        ({"destination_url": URL}, {"destination_url": URL}),
        (
            {"authorization": SECRET},
            {"destination_headers": {"Authorization": "Bearer a-secret-of-ours"}},
        ),
    ],
)
async def test_hooks_update_sends_only_what_changes(changes: dict[str, Any], body: dict[str, Any]) -> None:
    procore = Recording(httpx.Response(200, json={"data": HOOK}))
    await procore.procore.update_hook(7, "43593499", **changes)
    assert (procore.requests[0].method, json.loads(procore.requests[0].content)) == ("PATCH", body)


async def test_ids_stay_one_part_of_the_path_whatever_stands_in_them() -> None:
    procore = Recording(httpx.Response(204))
    await procore.procore.delete_hook("7/../8", "1?x=2#3")
    raw = procore.requests[0].url.raw_path.decode()
    assert raw.endswith("/projects/7%2F..%2F8/webhooks/hooks/1%3Fx%3D2%233")


async def test_rate_window_of_the_last_answer_that_told_one_is_kept() -> None:
    reset = int(DAWN.timestamp()) + 10
    window = {
        "x-rate-limit-limit": "25",
        "x-rate-limit-remaining": "24",
        "x-rate-limit-reset": str(reset),
    }
    one = {"id": 7, "name": "x"}
    procore = Recording(httpx.Response(200, json=one, headers=window), httpx.Response(500))
    assert procore.procore.rate is None
    await procore.procore.project(7)
    with pytest.raises(ProcoreUnavailableError):
        await procore.procore.project(7)
    assert procore.procore.rate is not None
    assert (procore.procore.rate.limit, procore.procore.rate.remaining) == (25, 24)


async def test_throttled_call_says_how_long_to_wait_by_our_clock() -> None:
    reset = int(DAWN.timestamp()) + 7
    window = {"x-rate-limit-limit": "25", "x-rate-limit-remaining": "0", "x-rate-limit-reset": str(reset)}
    procore = Recording(httpx.Response(429, json={"message": "wait"}, headers=window))
    with pytest.raises(ProcoreThrottledError) as raised:
        await procore.procore.project(7)
    assert raised.value.retry_after is not None
    assert (raised.value.retry_after.total_seconds(), raised.value.holds_connection) == (7, True)
    assert len(procore.requests) == 1
