"""Procore's token endpoint: what is sent, what comes back, and that no secret shows anywhere."""

import asyncio
import logging
import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from pydantic import SecretStr

from plumbline.common.errors import SuiteError
from plumbline.common.http import NotSentError
from plumbline.common.secrets.grants import (
    Grant,
    GrantDelayedError,
    GrantRefusedError,
    GrantUnknownError,
)
from plumbline.common.testing.clock import DAWN
from plumbline.common.testing.far_side import Play, answering, far_side
from plumbline.procore.oauth import client_credentials, refresh
from plumbline_sandbox.laboratory import Laboratory

GRANT = {
    "access_token": "new-access",
    "token_type": "bearer",
    "expires_in": 5400,
    "created_at": 1484786897,
}
"""The answer to client credentials (Procore docs, OAuth endpoints): there is no refresh token in it."""

SECRETS = ("app-secret", "old-refresh", "new-access", "new-refresh")
Answer = Callable[[httpx.Request], httpx.Response]


def answers(response: httpx.Response) -> Answer:
    return lambda _: response


def breaks(kind: type[httpx.TransportError]) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        raise kind("broken", request=request)

    return answer


async def renew(answer: Answer, *, login_url: str = "https://login.test") -> Grant:
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        return await refresh(
            http,
            login_url=login_url,
            client_id="app",
            client_secret=SecretStr("app-secret"),
            refresh_token=SecretStr("old-refresh"),
            deadline_s=5.0,
            now=DAWN,
        )


async def ask(answer: Answer, *, login_url: str = "https://login.test") -> Grant:
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        return await client_credentials(
            http,
            login_url=login_url,
            client_id="app",
            client_secret=SecretStr("app-secret"),
            deadline_s=5.0,
            now=DAWN,
        )


@pytest.mark.parametrize("login_url", ["https://login.test", "https://login.test/"])
async def test_client_credentials_are_sent_as_a_form_to_the_login_host(login_url: str) -> None:
    heard: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return httpx.Response(200, json=GRANT)

    grant = await ask(answer, login_url=login_url)

    (request,) = heard
    assert (request.method, str(request.url)) == ("POST", "https://login.test/oauth/token")
    assert dict(parse_qsl(request.content.decode())) == {
        "grant_type": "client_credentials",
        "client_id": "app",
        "client_secret": "app-secret",
    }
    assert grant.access_token.get_secret_value() == "new-access"
    assert grant.refresh_token is None
    assert grant.expires_at == DAWN + timedelta(minutes=90)


async def test_refresh_sends_the_token_once_and_gives_the_next_one() -> None:
    heard: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return httpx.Response(200, json={**GRANT, "refresh_token": "new-refresh"})

    grant = await renew(answer)

    (request,) = heard
    assert dict(parse_qsl(request.content.decode())) == {
        "grant_type": "refresh_token",
        "refresh_token": "old-refresh",
        "client_id": "app",
        "client_secret": "app-secret",
    }
    assert grant.refresh_token is not None
    assert grant.refresh_token.get_secret_value() == "new-refresh"


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        # RFC 6749 §5.2 in Doorkeeper's words, as Procore's clients report them.
        (
            httpx.Response(400, json={"error": "invalid_grant", "error_description": "is invalid, expired"}),
            GrantRefusedError,
            "invalid_grant",
        ),
        (httpx.Response(401, json={"error": "invalid_client"}), GrantRefusedError, "invalid_client"),
        (httpx.Response(401, text="The provided authorization grant is"), GrantRefusedError, "unauthorized"),
        (httpx.Response(429, headers={"retry-after": "30"}), GrantDelayedError, None),
        (httpx.Response(400, html="<html>"), GrantUnknownError, None),
        (httpx.Response(500), GrantUnknownError, None),
        (httpx.Response(502, html="<html>"), GrantUnknownError, None),
        (httpx.Response(302, headers={"location": "https://elsewhere.test"}), GrantUnknownError, None),
        (httpx.Response(200, html="<html>"), GrantUnknownError, None),
        (httpx.Response(200, content=b'{"access_token": "new-acc'), GrantUnknownError, None),
        (httpx.Response(200, json={"access_token": "new-access"}), GrantUnknownError, None),
        (httpx.Response(200, json=[GRANT]), GrantUnknownError, None),
        (httpx.Response(200), GrantUnknownError, None),
    ],
)
async def test_every_other_answer_is_an_error_that_names_no_secret(
    answer: httpx.Response, error: type[SuiteError], reason: str | None
) -> None:
    with pytest.raises(error) as raised:
        await renew(answers(answer))

    if isinstance(raised.value, GrantRefusedError):
        assert raised.value.reason == reason
    assert_no_secret(raised.value)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (httpx.ConnectError, NotSentError),
        (httpx.ConnectTimeout, NotSentError),
        (httpx.ReadError, GrantUnknownError),
        (httpx.ReadTimeout, GrantUnknownError),
        (httpx.RemoteProtocolError, GrantUnknownError),
        (httpx.WriteError, GrantUnknownError),
    ],
)
async def test_lost_answer_may_have_burnt_the_token_but_no_connection_has_not(
    kind: type[httpx.TransportError], error: type[SuiteError]
) -> None:
    # Any call, answered or not, burns the refresh token (Procore docs, OAuth endpoints).
    with pytest.raises(error) as raised:
        await renew(breaks(kind))
    assert_no_secret(raised.value)


async def _hang(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("play", [_hang, answering(307, b"", location="https://elsewhere.test/oauth/token")])
async def test_secrets_stay_out_of_logs_and_of_other_hosts(
    play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with far_side(play) as (url, heard), httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(GrantUnknownError) as raised:
            await client_credentials(
                http,
                login_url=url,
                client_id="app",
                client_secret=SecretStr("app-secret"),
                deadline_s=0.2,
                now=DAWN,
            )
    assert len(heard) == 1
    assert b"app-secret" in heard[0].body
    assert_no_secret(raised.value)
    assert "app-secret" not in caplog.text


async def test_grant_shows_no_secret() -> None:
    grant = await renew(answers(httpx.Response(200, json={**GRANT, "refresh_token": "new-refresh"})))
    assert not any(secret in f"{grant!r} {grant}" for secret in SECRETS)


async def test_sandbox_gives_a_token_that_its_api_takes() -> None:
    async with Laboratory() as lab:
        app = lab.companies[0].app
        grant = await client_credentials(
            lab.procore,
            login_url=str(lab.procore.base_url),
            client_id=app.client_id,
            client_secret=SecretStr(app.client_secret),
            deadline_s=5.0,
            now=DAWN,
        )
        company = str(lab.companies[0].company.id)
        answer = await lab.procore.get(
            "/rest/v1.0/projects",
            params={"company_id": company},
            headers={
                "authorization": f"Bearer {grant.access_token.get_secret_value()}",
                "procore-company-id": company,
            },
        )
        assert answer.status_code == 200
        with pytest.raises(GrantRefusedError) as raised:
            await client_credentials(
                lab.procore,
                login_url=str(lab.procore.base_url),
                client_id=app.client_id,
                client_secret=SecretStr("another"),
                deadline_s=5.0,
                now=DAWN,
            )
    assert raised.value.reason == "invalid_client"


def assert_no_secret(error: SuiteError) -> None:
    told: list[Any] = [*traceback.format_exception(error), error.log_fields(), repr(error)]
    assert not [secret for secret in SECRETS if secret in " ".join(map(str, told))]
