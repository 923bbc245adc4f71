"""The authorization server over HTTP: discovery, consent, tokens, revocation, user info."""

import base64
import binascii
from collections.abc import Callable
from html import escape
from urllib.parse import parse_qsl, urlencode

from plumbline_sandbox.http import Answer, RefusedError, Request, json_answer
from plumbline_sandbox.quickbooks import wire
from plumbline_sandbox.quickbooks.oauth import (
    ACCESS_S,
    ACCOUNTING,
    Authority,
    Client,
    GrantRefusedError,
    Tokens,
)

AUTHORIZE = "/connect/oauth2"
"""Where a browser asks for consent."""

TOKEN = "/oauth2/v1/tokens/bearer"  # noqa: S105 - a path
"""The token endpoint, the same for sandbox and production companies."""

REVOKE = "/v2/oauth2/tokens/revoke"
"""Where a grant is ended."""

USERINFO = "/v1/openid_connect/userinfo"
"""Who gave the consent."""

DISCOVERY = "/.well-known/openid_configuration"
"""The discovery document of production apps; `SANDBOX_DISCOVERY` holds the same here."""

SANDBOX_DISCOVERY = "/.well-known/openid_sandbox_configuration"
"""The discovery document of development apps."""

ISSUER = "https://oauth.platform.intuit.com/op/v1"
"""The issuer named in id tokens and discovery."""

SCOPES = frozenset(
    {ACCOUNTING, "com.intuit.quickbooks.payment", "openid", "profile", "email", "phone", "address"}
)
"""Scopes that can be asked for."""


class OAuthApi:
    """Answers the paths of the authorization server.

    Args:
        authority: Its state.
        companies: Returns id and name of every company that can be connected.
    """

    def __init__(self, authority: Authority, companies: Callable[[], dict[str, str]]) -> None:
        self._authority = authority
        self._companies = companies
        self._routes: dict[tuple[str, str], Callable[[Request], Answer]] = {
            ("GET", DISCOVERY): self._discovery,
            ("GET", SANDBOX_DISCOVERY): self._discovery,
            ("GET", AUTHORIZE): self._consent_page,
            ("GET", f"{AUTHORIZE}/answer"): self._consent_answer,
            ("POST", TOKEN): self._token,
            ("POST", REVOKE): self._revoke,
            ("GET", USERINFO): self._userinfo,
        }

    def answer(self, request: Request) -> Answer:
        """Return the answer; 404 for paths that are none of the server's."""
        route = self._routes.get((request.method, request.path))
        return route(request) if route else Answer(404)

    @staticmethod
    def _discovery(request: Request) -> Answer:
        base = f"http://{request.headers.get('host', 'localhost')}"
        document = {
            "issuer": ISSUER,
            "authorization_endpoint": base + AUTHORIZE,
            "token_endpoint": base + TOKEN,
            "userinfo_endpoint": base + USERINFO,
            "revocation_endpoint": base + REVOKE,
            "jwks_uri": f"{base}/op/v1/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile", "address", "phone"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
        }
        return json_answer(200, document)

    def _consent_page(self, request: Request) -> Answer:
        asked = request.query
        if self._authority.client(asked.get("client_id", "")) is None or "redirect_uri" not in asked:
            return Answer(400, b"Unknown app or no redirect address.", {"content-type": "text/plain"})
        if not set(asked.get("scope", "").split()) <= SCOPES or not asked.get("scope"):
            return _redirect(asked, error="invalid_scope")
        links = "".join(
            f'<li><a href="{AUTHORIZE}/answer?{escape(urlencode({**asked, "realmId": realm}))}">{escape(name)}</a></li>'
            for realm, name in self._companies().items()
        )
        deny = f'<a href="{AUTHORIZE}/answer?{escape(urlencode(asked))}">No, thanks</a>'
        page = f"<!doctype html><title>Connect</title><h1>Connect which company?</h1><ul>{links}</ul>{deny}"
        return Answer(200, page.encode(), {"content-type": "text/html; charset=utf-8"})

    def _consent_answer(self, request: Request) -> Answer:
        asked = request.query
        realm = asked.get("realmId", "")
        if realm not in self._companies():
            return _redirect(asked, error="access_denied")
        code = self._authority.consent(
            realm=realm,
            client_id=asked.get("client_id", ""),
            redirect_uri=asked.get("redirect_uri", ""),
            scope=asked.get("scope", ""),
        )
        return _redirect(asked, code=code, realmId=realm)

    def _token(self, request: Request) -> Answer:
        client = self._client(request)
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        grant_type = form.get("grant_type", "")
        try:
            tokens = self._tokens(client, grant_type, form)
        except GrantRefusedError as refused:
            self._authority.note(grant_type=grant_type, outcome=refused.code, client_id=client.id)
            error = {"error": refused.code, "error_description": refused.description}
            return json_answer(400, error)
        self._note_success(grant_type, tokens, client)
        return _tokens_answer(tokens, request)

    def _tokens(self, client: Client, grant_type: str, form: dict[str, str]) -> Tokens:
        match grant_type:
            case "authorization_code":
                code, address = form.get("code", ""), form.get("redirect_uri", "")
                return self._authority.exchange(client_id=client.id, code=code, redirect_uri=address)
            case "refresh_token":
                value = form.get("refresh_token", "")
                return self._authority.refresh(client_id=client.id, refresh_token=value)
            case _:
                raise RefusedError(json_answer(400, {"error": "unsupported_grant_type"}))

    def _note_success(self, grant_type: str, tokens: Tokens, client: Client) -> None:
        grant = self._authority.grant_of(tokens.access_token)
        realm = grant.realm if grant else None
        self._authority.note(grant_type=grant_type, outcome="ok", realm=realm, client_id=client.id)

    def _revoke(self, request: Request) -> Answer:
        client = self._client(request)
        try:
            sent = wire.parse(request.body)
        except ValueError:
            sent = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        token = sent.get("token", "") if isinstance(sent, dict) else ""
        if not self._authority.revoke(str(token), client.id):
            return json_answer(400, {"error": "invalid_request"})
        return Answer(200)

    def _userinfo(self, request: Request) -> Answer:
        grant = self._authority.grant_of(bearer(request))
        if grant is None or "openid" not in grant.scope.split():
            return json_answer(401, {"error": "invalid_token"})
        person = {"sub": f"user-of-{grant.realm}", "email": "controller@example.com", "emailVerified": True}
        return json_answer(200, person)

    def _client(self, request: Request) -> Client:
        """Return the app named by Basic authentication.

        Raises:
            RefusedError: 401 `invalid_client`.
        """
        client_id, secret = _basic(request.headers.get("authorization", ""))
        client = self._authority.client(client_id, secret)
        if client is None:
            raise RefusedError(json_answer(401, {"error": "invalid_client"}))
        return client


def bearer(request: Request) -> str:
    """Return the bearer token of a request, or an empty text."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _basic(header: str) -> tuple[str, str]:
    scheme, _, coded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        client_id, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client_id, secret


def _redirect(asked: dict[str, str], **result: str) -> Answer:
    if "state" in asked:
        result["state"] = asked["state"]
    return Answer(302, b"", {"location": f"{asked.get('redirect_uri', '')}?{urlencode(result)}"})


def _tokens_answer(tokens: Tokens, request: Request) -> Answer:
    body = {
        "token_type": "bearer",
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "expires_in": ACCESS_S,
        "x_refresh_token_expires_in": tokens.refresh_expires_in_s,
    }
    if request.headers.get("x-include-refresh-token-hard-expires-in", "").lower() == "true":
        body["x_refresh_token_hard_expires_in"] = tokens.hard_expires_in_s
    return json_answer(200, body)
