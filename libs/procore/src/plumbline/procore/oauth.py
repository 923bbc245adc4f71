"""Procore's authorization server: how a grant is got and renewed.

The access token lives 90 minutes. Client credentials bring no refresh token. A refresh token of the
authorization code grant works once: any call with it, answered or not, burns it (Procore docs, OAuth
endpoints), so an unknown outcome there means that a person has to connect again.
"""

from datetime import datetime

import httpx
from pydantic import SecretStr

from plumbline.common.secrets.grants import Grant, request_grant


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
    app = {"client_id": client_id, "client_secret": client_secret.get_secret_value()}
    request = http.build_request(
        "POST",
        f"{login_url.rstrip('/')}/oauth/token",
        data={**form, **app},
        headers={"accept": "application/json"},
    )
    return await request_grant(http, request, deadline_s=deadline_s, now=now)
