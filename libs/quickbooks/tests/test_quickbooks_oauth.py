"""Discovery and renewal against Intuit's authorization server, as it documents them."""

import base64
import json
import traceback
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from plumbline.common.http import partner_client
from plumbline.common.testing.far_side import Heard, Play, answering, far_side
from plumbline.quickbooks.errors import QuickBooksUnavailableError, QuickBooksUnreadableError
from plumbline.quickbooks.oauth import Endpoints, discover, refresh

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


async def refreshed(play: Play) -> tuple[object, list[Heard]]:
    async with far_side(play) as (url, heard), partner_client(url) as http:
        grant = await refresh(
            http,
            token_endpoint=f"{url}/oauth2/v1/tokens/bearer",
            client_id="app",
            client_secret=SecretStr("app-secret"),
            refresh_token=SecretStr("old-refresh"),
            deadline_s=1,
            now=NOW,
        )
        return grant, heard


async def test_endpoints_are_those_of_the_document() -> None:
    found = await discovered(answering(200, json.dumps(DOCUMENT).encode()))
    assert found.model_dump() == DOCUMENT


@pytest.mark.parametrize(
    ("play", "error"),
    [
        (answering(503), QuickBooksUnavailableError),
        (answering(200, b"<html>"), QuickBooksUnreadableError),
        (answering(200, b"{}"), QuickBooksUnreadableError),
        (
            answering(200, json.dumps({**DOCUMENT, "token_endpoint": "/bearer"}).encode()),
            QuickBooksUnreadableError,
        ),
        (
            answering(200, json.dumps({**DOCUMENT, "token_endpoint": "javascript:x"}).encode()),
            QuickBooksUnreadableError,
        ),
    ],
)
async def test_document_that_is_no_use_is_told_by_kind(play: Play, error: type[Exception]) -> None:
    with pytest.raises(error):
        await discovered(play)


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
