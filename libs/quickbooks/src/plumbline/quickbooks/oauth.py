"""Intuit's authorization server: where it is, how a grant is got, renewed and ended.

The access token lives one hour, the refresh token about 100 days after its last use and five years after
the consent at most; its value changes about once a day, and the value returned last is the only one that
counts (Intuit, Refresh token policy). Parallel renewals
of one grant may look to Intuit like theft: the caller makes sure there is one at a time.
"""

import base64
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, HttpUrl, SecretStr, ValidationError

from plumbline.common.http import NoAnswerError, NotSentError, exchange
from plumbline.common.secrets.grants import Grant, request_grant, request_revocation
from plumbline.quickbooks.errors import QuickBooksUnavailableError, QuickBooksUnreadableError

ACCOUNTING = "com.intuit.quickbooks.accounting"
"""The scope of the accounting API: all that Plumbline asks for."""

RECONNECT_PATH = "/app/connect/oauth2/request"
"""At the host of the consent page (Intuit, Refresh token policy)."""


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
    code_challenge_methods_supported: tuple[str, ...] = ()

    @property
    def knows_pkce(self) -> bool:
        """Whether the server takes PKCE by S256; one that names no method knows none (RFC 8414 §2)."""
        return "S256" in self.code_challenge_methods_supported


async def discover(http: httpx.AsyncClient, url: str, *, deadline_s: float) -> Endpoints:
    """Return the endpoints that a discovery document names.

    Raises:
        QuickBooksUnavailableError: transient; the document could not be fetched.
        QuickBooksUnreadableError: permanent; it names no endpoints, or one to which secrets are sent is
            less protected than the document itself.
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
    secret = (endpoints.token_endpoint, endpoints.revocation_endpoint)
    if request.url.scheme == "https" and any(httpx.URL(url).scheme != "https" for url in secret):
        raise QuickBooksUnreadableError("the discovery document names an endpoint for tokens without TLS")
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
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token.get_secret_value()}
    request = _asking(http, token_endpoint, client_id, client_secret, form)
    return await request_grant(http, request, deadline_s=deadline_s, now=now)


def consent_url(
    *, authorization_endpoint: str, client_id: str, redirect_uri: str, state: str, challenge: str | None
) -> str:
    """Return where a person connects a company; `challenge` is that of PKCE (RFC 7636), by S256."""
    asked = {
        "client_id": client_id,
        "response_type": "code",
        "scope": ACCOUNTING,
        "redirect_uri": redirect_uri,
        "state": state,
    }
    if challenge is not None:
        asked |= {"code_challenge": challenge, "code_challenge_method": "S256"}
    return f"{authorization_endpoint}?{urlencode(asked)}"


def reconnect_url(*, authorization_endpoint: str, client_id: str, realm: str) -> str:
    """Return where a company is connected again whose grant is dead or soon will be (Intuit, Refresh token policy).

    It names neither a redirect address nor a state: Intuit leads back to the app's own address.
    """
    asked = {"appId": client_id, "realmId": realm, "mode": "reconnect"}
    return str(httpx.URL(authorization_endpoint).copy_with(path=RECONNECT_PATH, params=asked))


async def authorization_code(
    http: httpx.AsyncClient,
    *,
    token_endpoint: str,
    client_id: str,
    client_secret: SecretStr,
    code: SecretStr,
    redirect_uri: str,
    verifier: SecretStr | None,
    deadline_s: float,
    now: datetime,
) -> Grant:
    """Trade the code of a consent for its first grant; offering a code twice may end the grant.

    Raises what `request_grant` raises.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code.get_secret_value(),
        "redirect_uri": redirect_uri,
    }
    if verifier is not None:
        form["code_verifier"] = verifier.get_secret_value()
    request = _asking(http, token_endpoint, client_id, client_secret, form)
    return await request_grant(http, request, deadline_s=deadline_s, now=now)


async def revoke(
    http: httpx.AsyncClient,
    *,
    revocation_endpoint: str,
    client_id: str,
    client_secret: SecretStr,
    token: SecretStr,
    deadline_s: float,
) -> None:
    """End a grant: every token of this app for this company. Raises what `request_revocation` raises."""
    request = http.build_request(
        "POST",
        revocation_endpoint,
        json={"token": token.get_secret_value()},
        headers={"authorization": _basic(client_id, client_secret), "accept": "application/json"},
    )
    await request_revocation(http, request, deadline_s=deadline_s)


def _asking(
    http: httpx.AsyncClient,
    token_endpoint: str,
    client_id: str,
    client_secret: SecretStr,
    form: dict[str, str],
) -> httpx.Request:
    return http.build_request(
        "POST",
        token_endpoint,
        data=form,
        headers={
            "authorization": _basic(client_id, client_secret),
            "accept": "application/json",
            # Without it Intuit does not tell when the grant ends for good (Intuit, Refresh token policy).
            "x-include-refresh-token-hard-expires-in": "true",
        },
    )


def _basic(client_id: str, client_secret: SecretStr) -> str:
    app = f"{client_id}:{client_secret.get_secret_value()}"
    return f"Basic {base64.b64encode(app.encode()).decode()}"
