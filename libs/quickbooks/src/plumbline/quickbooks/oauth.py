"""Intuit's authorization server: where it is, and how a grant is renewed.

The access token lives one hour, the refresh token about 100 days; its value changes about once a day,
and the value returned last is the only one that counts (Intuit, Refresh token policy). Parallel renewals
of one grant may look to Intuit like theft: the caller makes sure there is one at a time.
"""

import base64
from datetime import datetime
from typing import Annotated

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, HttpUrl, SecretStr, ValidationError

from plumbline.common.http import NoAnswerError, NotSentError, exchange
from plumbline.common.secrets.grants import Grant, request_grant
from plumbline.quickbooks.errors import QuickBooksUnavailableError, QuickBooksUnreadableError


def _absolute(url: str) -> str:
    return str(HttpUrl(url))


Url = Annotated[str, AfterValidator(_absolute)]
"""An address that a request can be sent to."""


class Endpoints(BaseModel):
    """The part of the discovery document (OpenID Connect Discovery 1.0) that Plumbline uses."""

    model_config = ConfigDict(frozen=True)

    issuer: str
    authorization_endpoint: Url
    token_endpoint: Url
    revocation_endpoint: Url


async def discover(http: httpx.AsyncClient, url: str, *, deadline_s: float) -> Endpoints:
    """Return the endpoints that a discovery document names.

    Raises:
        QuickBooksUnavailableError: transient; the document could not be fetched.
        QuickBooksUnreadableError: permanent; it names no endpoints, or its token endpoint is less
            protected than the document itself.
    """
    request = http.build_request("GET", url, headers={"accept": "application/json"})
    try:
        answer = await exchange(http, request, deadline_s=deadline_s)
    except (NotSentError, NoAnswerError) as error:
        raise QuickBooksUnavailableError(error.detail) from error
    if answer.status != 200:
        raise QuickBooksUnavailableError(f"the discovery document was answered with {answer.status}")
    try:
        endpoints = Endpoints.model_validate_json(answer.body)
    except ValidationError as error:
        raise QuickBooksUnreadableError("the discovery document names no endpoints") from error
    if request.url.scheme == "https" and httpx.URL(endpoints.token_endpoint).scheme != "https":
        raise QuickBooksUnreadableError("the discovery document names a token endpoint without TLS")
    return endpoints


async def refresh(
    http: httpx.AsyncClient,
    *,
    token_endpoint: str,
    client_id: str,
    client_secret: SecretStr,
    refresh_token: SecretStr,
    deadline_s: float,
    now: datetime,
) -> Grant:
    """Renew a grant; store what comes back before using it.

    After an unknown outcome the old refresh token may be tried once more: its value may still hold.
    Raises what `request_grant` raises.
    """
    app = base64.b64encode(f"{client_id}:{client_secret.get_secret_value()}".encode()).decode()
    request = http.build_request(
        "POST",
        token_endpoint,
        data={"grant_type": "refresh_token", "refresh_token": refresh_token.get_secret_value()},
        headers={"authorization": f"Basic {app}", "accept": "application/json"},
    )
    return await request_grant(http, request, deadline_s=deadline_s, now=now)
