"""Discovery and renewal against Intuit's authorization server, as it documents them."""

import asyncio
import base64
import contextlib
import json
import socket
import traceback
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from plumbline.common.http import NotSentError, partner_client
from plumbline.common.secrets.grants import Grant, GrantDelayedError, GrantRefusedError, GrantUnknownError
from plumbline.common.testing.far_side import Heard, Play, answering, far_side
from plumbline.quickbooks.errors import QuickBooksUnavailableError, QuickBooksUnreadableError
from plumbline.quickbooks.oauth import Endpoints, discover, refresh
from plumbline_sandbox.laboratory import Laboratory

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DOCUMENT = {
    "issuer": "https://oauth.platform.intuit.com/op/v1",
    "authorization_endpoint": "https://appcenter.intuit.com/connect/oauth2",
    "token_endpoint": "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
    "revocation_endpoint": "https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
}
GRANT = {
    "access_token": "new-access",
    "refresh_token": "new-refresh",
    "expires_in": 3600,
    "x_refresh_token_expires_in": 8726400,
    "token_type": "bearer",
}


async def discovered(play: Play) -> Endpoints:
    async with far_side(play) as (url, _), partner_client(url) as http:
        return await discover(http, f"{url}/.well-known/openid_configuration", deadline_s=1)


async def renewed(
    http: httpx.AsyncClient,
    token_endpoint: str,
    *,
    client_id: str = "app",
    client_secret: str = "app-secret",
    refresh_token: str = "old-refresh",
) -> Grant:
    return await refresh(
        http,
        token_endpoint=token_endpoint,
        client_id=client_id,
        client_secret=SecretStr(client_secret),
        refresh_token=SecretStr(refresh_token),
        deadline_s=1,
        now=NOW,
    )


async def refreshed(play: Play) -> tuple[Grant, list[Heard]]:
    async with far_side(play) as (url, heard), partner_client(url) as http:
        return await renewed(http, f"{url}/oauth2/v1/tokens/bearer"), heard


async def test_endpoints_are_those_of_the_document() -> None:
    found = await discovered(answering(200, json.dumps(DOCUMENT).encode()))
    assert found.model_dump() == {**DOCUMENT, "code_challenge_methods_supported": ()}
    assert not found.knows_pkce


@pytest.mark.parametrize(
    ("play", "error"),
    [
        (answering(503), QuickBooksUnavailableError),
        (answering(200, b"<html>"), QuickBooksUnreadableError),
        (answering(200, b"{}"), QuickBooksUnreadableError),
        (answering(302, b"", location="https://elsewhere.example"), QuickBooksUnavailableError),
        (answering(200, b"[]"), QuickBooksUnreadableError),
    ],
)
async def test_document_that_is_no_use_is_told_by_kind(play: Play, error: type[Exception]) -> None:
    with pytest.raises(error):
        await discovered(play)


@pytest.mark.parametrize(
    "url",
    [
        "/bearer",
        "",
        "javascript:x",
        "ftp://x",
        "https://",
        "https://[bad",
        "https://x\x00y",
        "https://x:99999/",
        "https://" + "x" * 70_000,
        "\ud83d",
        None,
        7,
    ],
)
async def test_endpoint_that_no_request_can_be_sent_to_is_unreadable(url: object) -> None:
    with pytest.raises(QuickBooksUnreadableError, match="names no endpoints"):
        await discovered(answering(200, json.dumps({**DOCUMENT, "token_endpoint": url}).encode()))


@given(
    st.binary(max_size=80)
    | st.text().map(lambda url: json.dumps({**DOCUMENT, "token_endpoint": url}).encode())
)
def test_no_document_breaks_the_reader(body: bytes) -> None:
    async def read() -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
        async with httpx.AsyncClient(transport=transport) as http:
            with contextlib.suppress(QuickBooksUnreadableError):
                endpoints = await discover(http, "http://intuit.test/", deadline_s=5)
                http.build_request("POST", endpoints.token_endpoint)

    asyncio.run(read())


async def test_document_under_tls_may_not_send_secrets_without() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={**DOCUMENT, "token_endpoint": "http://oauth.platform.intuit.com/x"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        with pytest.raises(QuickBooksUnreadableError, match="without TLS"):
            await discover(http, "https://developer.api.intuit.test/.well-known", deadline_s=5)
        plain = await discover(http, "http://127.0.0.1/.well-known", deadline_s=5)  # the sandbox's own
    assert plain.token_endpoint.startswith("http://")


async def hang(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def cut(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    raise ConnectionResetError


@pytest.mark.parametrize("play", [hang, cut])
async def test_document_that_does_not_come_may_be_asked_for_again(play: Play) -> None:
    with pytest.raises(QuickBooksUnavailableError):
        await discovered(play)


@pytest.mark.parametrize("play", [hang, cut, answering(500), answering(200, b'{"access_token": "new-acc')])
async def test_lost_answer_to_a_renewal_leaves_it_unknown(play: Play) -> None:
    with pytest.raises(GrantUnknownError):
        await refreshed(play)


async def test_renewal_without_a_connection_spent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = closed.getsockname()[1]
    async with partner_client("") as http:
        with pytest.raises(NotSentError):
            await renewed(http, f"http://127.0.0.1:{address}/bearer")


@pytest.mark.parametrize(
    ("play", "reason"),
    [
        (answering(400, b'{"error": "invalid_grant"}'), "invalid_grant"),
        (answering(401, b'{"error": "invalid_client"}'), "invalid_client"),
    ],
)
async def test_final_refusal_names_its_reason(play: Play, reason: str) -> None:
    # Intuit: invalid_grant is terminal, with or without "Incorrect or invalid refresh token".
    with pytest.raises(GrantRefusedError) as raised:
        await refreshed(play)
    assert raised.value.reason == reason


async def test_throttled_renewal_was_not_worked_on() -> None:
    with pytest.raises(GrantDelayedError) as raised:
        await refreshed(answering(429, b"", retry_after="30"))
    assert raised.value.retry_after == timedelta(seconds=30)


async def test_sandbox_is_discovered_and_renews_its_grant() -> None:
    async with Laboratory() as lab:
        realm = lab.realms[0]
        base = str(lab.quickbooks.base_url).rstrip("/")
        found = await discover(
            lab.quickbooks, f"{base}/.well-known/openid_sandbox_configuration", deadline_s=5
        )
        grant = await renewed(
            lab.quickbooks,
            found.token_endpoint,
            client_id=realm.client_id,
            client_secret=realm.client_secret,
            refresh_token=realm.refresh_token,
        )
        answer = await lab.quickbooks.get(
            f"/v3/company/{realm.id}/companyinfo/{realm.id}",
            headers={"authorization": f"Bearer {grant.access_token.get_secret_value()}"},
        )
        with pytest.raises(GrantRefusedError, match="invalid_grant"):
            await renewed(
                lab.quickbooks,
                found.token_endpoint,
                client_id=realm.client_id,
                client_secret=realm.client_secret,
                refresh_token="never-given",
            )
    assert answer.status_code == 200
    assert grant.expires_at == NOW + timedelta(hours=1)
    assert grant.refresh_token is not None


async def test_renewal_sends_the_app_in_basic_and_gives_the_new_grant() -> None:
    # Intuit, OAuth 2.0: client credentials in Basic, the refresh token in the form.
    grant, (request,) = await refreshed(answering(200, json.dumps(GRANT).encode()))
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"app:app-secret").decode()
    assert request.body == b"grant_type=refresh_token&refresh_token=old-refresh"
    assert "new-" not in repr(grant)


@pytest.mark.parametrize(
    "play",
    [
        answering(400, b'{"error": "invalid_grant", "error_description": "Token invalid old-refresh"}'),
        answering(401, b'{"error": "invalid_client"}'),
        answering(200, b'{"access_token": "new-access"}'),
        answering(500, b"<html>"),
    ],
)
async def test_no_secret_stands_in_what_a_refusal_raises(play: Play) -> None:
    with pytest.raises(Exception) as raised:
        await refreshed(play)
    told = "".join(traceback.format_exception(raised.value))
    for secret in ("app-secret", "old-refresh", "new-access"):
        assert secret not in told.replace(__file__, "")
