"""A refused token: replaced once, the same request again, and then the account waits."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from plumbline.common.secrets.tokens import NoLiveTokenError
from plumbline.common.testing.far_side import Tokens
from plumbline.procore import ProcoreClient, ProcoreForbiddenError

PROJECT = {"id": 1001, "name": "Depot Lofts"}
REFUSED = {
    "code": 401,
    "message": "The access token is invalid",
    "fields": "",
    "reason": "invalid_token",
    "error": "Unauthorized",
}


class Procore:
    """Accepts the tokens it is told to, and keeps every request."""

    def __init__(self, *accepted: str, refusal: Callable[[], httpx.Response] | None = None) -> None:
        self.requests: list[httpx.Request] = []
        self.take_only(*accepted)
        self._refusal = refusal or (lambda: httpx.Response(401, json=REFUSED))
        self.http = httpx.AsyncClient(
            transport=httpx.MockTransport(self._answer), base_url="https://api.procore.test"
        )

    def client(self, tokens: Any) -> ProcoreClient:
        return ProcoreClient(self.http, tokens, company_id=4001, deadline_s=5.0)

    @property
    def tried(self) -> list[str]:
        return [request.headers["authorization"].removeprefix("Bearer ") for request in self.requests]

    def take_only(self, *accepted: str) -> None:
        """Refuse every other token from now on."""
        self._accepted = {f"Bearer {token}" for token in accepted}

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.headers["authorization"] not in self._accepted:
            return self._refusal()
        if request.method == "POST":
            return httpx.Response(
                201, json={"data": {"id": "5", "resource_name": "Projects", "event_type": "CREATED"}}
            )
        return httpx.Response(200, json=PROJECT)


async def test_refused_token_is_replaced_and_the_call_succeeds() -> None:
    procore, tokens = Procore("access-2"), Tokens()

    assert (await procore.client(tokens).project(1001)).id == 1001
    assert procore.tried == ["access-1", "access-2"]
    assert tokens.refused == [1]


async def test_token_that_procore_took_before_was_good() -> None:
    procore, tokens = Procore("access-1", "access-2"), Tokens(newest=3)
    client = procore.client(tokens)
    await client.project(1001)
    procore.take_only("access-3")
    with pytest.raises(NoLiveTokenError):
        await client.project(1001)
    assert (tokens.refused, tokens.were_good) == ([1, 2], [True, False])


async def test_second_request_is_the_first_but_for_its_token() -> None:
    procore = Procore("access-2")
    await procore.client(Tokens()).create_trigger(1001, 7, resource_name="Projects", event_type="create")

    first, second = procore.requests
    assert (first.method, first.url, first.content) == (second.method, second.url, second.content)
    differing = {
        name for name in first.headers if first.headers[name] != second.headers.get(name)
    } | second.headers.keys() - first.headers.keys()
    assert differing == {"authorization"}


@pytest.mark.parametrize(
    "refusal",
    [
        lambda: httpx.Response(401, json=REFUSED),
        lambda: httpx.Response(401, json={"errors": "Unauthorized"}),  # as the Ruby SDK's fixture has it
        lambda: httpx.Response(401, html="<html>Sign in</html>"),
        lambda: httpx.Response(401),
    ],
)
async def test_two_refusals_in_a_row_hold_the_account_and_the_source_is_told_of_both(
    refusal: Callable[[], httpx.Response],
) -> None:
    procore, tokens = Procore(refusal=refusal), Tokens(newest=2)

    with pytest.raises(NoLiveTokenError) as raised:
        await procore.client(tokens).project(1001)

    assert raised.value.holds_connection
    assert tokens.refused == [1, 2]
    assert procore.tried == ["access-1", "access-2"]


async def test_third_token_of_a_generous_source_is_not_tried() -> None:
    procore, tokens = Procore(), Tokens(newest=9)

    with pytest.raises(NoLiveTokenError, match="two access tokens in a row") as raised:
        await procore.client(tokens).project(1001)

    assert raised.value.holds_connection
    assert procore.tried == ["access-1", "access-2"]


async def test_without_a_live_token_nothing_is_sent() -> None:
    procore = Procore("access-1")

    with pytest.raises(NoLiveTokenError):
        await procore.client(Tokens(newest=0)).project(1001)

    assert procore.requests == []


async def test_no_permission_is_no_reason_to_replace_the_token() -> None:
    procore = Procore(
        refusal=lambda: httpx.Response(403, json={"errors": ["App is not connected to this company."]})
    )
    tokens = Tokens()

    with pytest.raises(ProcoreForbiddenError, match="not connected"):
        await procore.client(tokens).project(1001)

    assert (procore.tried, tokens.refused) == (["access-1"], [])
