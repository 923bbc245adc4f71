"""Procore's authorization server: how a grant is got and renewed.

The access token lives 90 minutes. Client credentials bring no refresh token. A refresh token of the
authorization code grant works once: any call with it, answered or not, burns it (Procore docs, OAuth
endpoints), so an unknown outcome there means that a person has to connect again.
"""

from datetime import datetime
from urllib.parse import urlencode

import httpx
from pydantic import SecretStr

from plumbline.common.secrets.grants import Grant, request_grant, request_revocation


async def client_credentials(
    http: httpx.AsyncClient,
    *,
    login_url: str,
    client_id: str,
    client_secret: SecretStr,
    deadline_s: float,
    now: datetime,
) -> Grant:
    """Return a new grant of the app's own service account; harmless to repeat.

    Raises what `request_grant` raises.
    """
    form = {"grant_type": "client_credentials"}
    return await _grant(http, login_url, client_id, client_secret, form, deadline_s=deadline_s, now=now)


async def refresh(
    http: httpx.AsyncClient,
    *,
    login_url: str,
    client_id: str,
    client_secret: SecretStr,
    refresh_token: SecretStr,
    deadline_s: float,
    now: datetime,
) -> Grant:
    """Trade a refresh token for a new grant; never safe to repeat with the same token.

    Raises what `request_grant` raises.
    """
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token.get_secret_value()}
    return await _grant(http, login_url, client_id, client_secret, form, deadline_s=deadline_s, now=now)


def consent_url(*, login_url: str, client_id: str, redirect_uri: str, state: str) -> str:
    """Return where a person agrees that the app acts for them.

    The redirect URI must be the app's own to the letter (Procore docs, OAuth endpoints).
    """
    asked = {"response_type": "code", "client_id": client_id, "redirect_uri": redirect_uri, "state": state}
    return f"{login_url.rstrip('/')}/oauth/authorize?{urlencode(asked)}"


async def authorization_code(
    http: httpx.AsyncClient,
    *,
    login_url: str,
    client_id: str,
    client_secret: SecretStr,
    code: SecretStr,
    redirect_uri: str,
    deadline_s: float,
    now: datetime,
) -> Grant:
    """Trade the code of a consent for its first grant; a code lives ten minutes and works once.

    Raises what `request_grant` raises.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code.get_secret_value(),
        "redirect_uri": redirect_uri,
    }
    return await _grant(http, login_url, client_id, client_secret, form, deadline_s=deadline_s, now=now)


async def revoke(
    http: httpx.AsyncClient,
    *,
    login_url: str,
    client_id: str,
    client_secret: SecretStr,
    token: SecretStr,
    deadline_s: float,
) -> None:
    """End a grant: its access token and its refresh token (Procore docs, OAuth endpoints).

    Procore answers 200 for a token that it does not know. Raises what `request_revocation` raises.
    """
    form = {"token": token.get_secret_value()}
    request = _request(http, f"{login_url.rstrip('/')}/oauth/revoke", client_id, client_secret, form)
    await request_revocation(http, request, deadline_s=deadline_s)


async def _grant(
    http: httpx.AsyncClient,
    login_url: str,
    client_id: str,
    client_secret: SecretStr,
    form: dict[str, str],
    *,
    deadline_s: float,
    now: datetime,
) -> Grant:
    request = _request(http, f"{login_url.rstrip('/')}/oauth/token", client_id, client_secret, form)
    return await request_grant(http, request, deadline_s=deadline_s, now=now)


def _request(
    http: httpx.AsyncClient, url: str, client_id: str, client_secret: SecretStr, form: dict[str, str]
) -> httpx.Request:
    app = {"client_id": client_id, "client_secret": client_secret.get_secret_value()}
    return http.build_request("POST", url, data={**form, **app}, headers={"accept": "application/json"})
