"""The authorization server over HTTP: discovery, consent, tokens, revocation, user info."""

import base64
import binascii
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from plumbline_sandbox.clock import Clock
from plumbline_sandbox.http import Answer, RefusedError, Request, json_answer
from plumbline_sandbox.quickbooks import openid, wire
from plumbline_sandbox.quickbooks.consent_page import consent_page, refusal_page
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

RECONNECT = "/app/connect/oauth2/request"
"""Where a browser asks for consent again, for a company whose grant is dead or soon will be."""

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

JWKS = "/op/v1/jwks"
"""The public key of id tokens."""

PAYMENT = "com.intuit.quickbooks.payment"
"""The scope of the payments API, which is not emulated."""

_CUSTOM_FIELDS = "app-foundations.custom-field-definitions"

SCOPES = (
    frozenset({ACCOUNTING, PAYMENT, "project-management.project", _CUSTOM_FIELDS, f"{_CUSTOM_FIELDS}.read"})
    | openid.SCOPES
)
"""Scopes that can be asked for."""

BAD_REDIRECT = (
    "The redirect_uri query parameter value is invalid. Make sure it is listed in the Redirect URIs section "
    "on your app's keys tab and matches it exactly."
)
"""What a person sees instead of the consent page; a captured sentence."""

BAD_COMPANY = "The realmId query parameter value is invalid. Make sure it is a company's."
"""The same for an unknown company; our own words."""

BAD_CLIENT = "The client_id query parameter value is invalid. Make sure it is the one on your app's keys tab."
"""The same for an unknown app; our own words."""


class OAuthApi:
    """Answers the paths of the authorization server.

    Args:
        authority: Its state.
        companies: Returns id and name of every company that can be connected.
        signer: Signs id tokens.
        clock: Dates them.
    """

    def __init__(
        self,
        authority: Authority,
        companies: Callable[[], dict[str, str]],
        signer: openid.Signer,
        clock: Clock,
    ) -> None:
        self._authority = authority
        self._companies = companies
        self._signer = signer
        self._clock = clock
        self._routes: dict[tuple[str, str], Callable[[Request], Answer]] = {
            ("GET", DISCOVERY): self._discovery,
            ("GET", SANDBOX_DISCOVERY): self._discovery,
            ("GET", AUTHORIZE): self._ask,
            ("POST", AUTHORIZE): self._decide,
            ("GET", RECONNECT): self._ask_again,
            ("POST", TOKEN): self._token,
            ("POST", REVOKE): self._revoke,
            ("GET", USERINFO): self._userinfo,
            ("GET", JWKS): lambda _: json_answer(200, self._signer.jwks()),
        }

    def answer(self, request: Request) -> Answer:
        """Return the answer; 404 for paths that are none of the server's."""
        route = self._routes.get((request.method, request.path))
        return route(request) if route else Answer(404)

    @staticmethod
    def _discovery(request: Request) -> Answer:
        base = f"http://{request.headers.get('host', 'localhost')}"
        document = {
            "issuer": openid.ISSUER,
            "authorization_endpoint": base + AUTHORIZE,
            "token_endpoint": base + TOKEN,
            "userinfo_endpoint": base + USERINFO,
            "revocation_endpoint": base + REVOKE,
            "jwks_uri": base + JWKS,
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile", "address", "phone"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
        }
        return json_answer(200, document)

    def _ask(self, request: Request) -> Answer:
        """Show the consent page, a page that says what is wrong with the app, or go back with an error."""
        asked = request.query
        client = self._authority.client(asked.get("client_id", ""))
        if client is None:
            return refusal_page(BAD_CLIENT)
        if not client.takes(asked.get("redirect_uri", "")):
            return refusal_page(BAD_REDIRECT)
        if asked.get("response_type") != "code":
            return _redirect(asked, error="unsupported_response_type")
        scopes = set(asked.get("scope", "").split())
        if not scopes or not scopes <= SCOPES:
            return _redirect(asked, error="invalid_scope")
        return consent_page(client.name, asked, self._companies() if scopes - openid.SCOPES else {})

    def _ask_again(self, request: Request) -> Answer:
        """Show the consent page for one company (Intuit, refresh token policy: `appId`, `realmId`, `mode`).

        It leads back to the first of the app's redirect addresses (inferred: the request names none).
        """
        asked = request.query
        client = self._authority.client(asked.get("appId", ""))
        if client is None or asked.get("mode") != "reconnect":
            return refusal_page(BAD_CLIENT)
        if not client.redirect_uris:
            return refusal_page(BAD_REDIRECT)
        known = {realm: name for realm, name in self._companies().items() if realm == asked.get("realmId")}
        again = {"client_id": client.id, "redirect_uri": min(client.redirect_uris), "scope": ACCOUNTING}
        return consent_page(client.name, again, known) if known else refusal_page(BAD_COMPANY)

    def _decide(self, request: Request) -> Answer:
        """Take what the person clicked; everything that was asked comes back with it."""
        asked = _form(request)
        client = self._authority.client(asked.get("client_id", ""))
        if client is None or not client.takes(asked.get("redirect_uri", "")):
            return refusal_page(BAD_REDIRECT)
        if asked.get("decision") != "connect":
            return _redirect(asked, error="access_denied")
        # Without a QuickBooks scope there is no company in the grant (Intuit, "OpenID Connect").
        of_company = bool(set(asked.get("scope", "").split()) - openid.SCOPES)
        realm = asked.get("realmId", "") if of_company else ""
        if of_company and realm not in self._companies():
            return _redirect(asked, error="access_denied")
        code = self._authority.consent(
            realm=realm,
            client_id=client.id,
            redirect_uri=asked["redirect_uri"],
            scope=asked.get("scope", ""),
        )
        return _redirect(asked, code=code, **({"realmId": realm} if realm else {}))

    def _token(self, request: Request) -> Answer:
        client = self._client(request)
        form = _form(request)
        grant_type = form.get("grant_type", "")
        try:
            tokens = self._tokens(client, grant_type, form)
        except GrantRefusedError as refused:
            self._authority.note(grant_type=grant_type, outcome=refused.code, client_id=client.id)
            error = {"error": refused.code, "error_description": refused.description}
            return json_answer(400, error)
        self._note_success(grant_type, tokens, client)
        return json_answer(200, self._tokens_body(tokens, request), committed=True)

    def _tokens(self, client: Client, grant_type: str, form: dict[str, str]) -> Tokens:
        match grant_type:
            case "authorization_code":
                code, address = _needed(form, "code"), _needed(form, "redirect_uri")
                return self._authority.exchange(client_id=client.id, code=code, redirect_uri=address)
            case "refresh_token":
                value = _needed(form, "refresh_token")
                return self._authority.refresh(client_id=client.id, refresh_token=value)
            case _:
                raise RefusedError(json_answer(400, {"error": "unsupported_grant_type"}))

    def _tokens_body(self, tokens: Tokens, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = {
            "token_type": "bearer",
            "access_token": tokens.access_token,
            "expires_in": ACCESS_S,
            "x_refresh_token_expires_in": tokens.refresh_expires_in_s,
        }
        if tokens.refresh_token:
            body["refresh_token"] = tokens.refresh_token
        if request.headers.get("x-include-refresh-token-hard-expires-in", "").lower() == "true":
            body["x_refresh_token_hard_expires_in"] = tokens.hard_expires_in_s
        if id_token := self._id_token(tokens):
            body["id_token"] = id_token
        return body

    def _id_token(self, tokens: Tokens) -> str | None:
        grant = self._authority.grant_of(tokens.access_token)
        if grant is None or "openid" not in grant.scope.split():
            return None
        now_s = int(self._clock.time())
        claims = {
            "sub": openid.person_of(grant.realm, grant.scope)["sub"],
            "aud": [grant.client_id],
            "iss": openid.ISSUER,
            "realmid": grant.realm,
            "auth_time": int(grant.consented_at_s),
            "iat": now_s,
            "exp": now_s + ACCESS_S,
        }
        return self._signer.token(claims)

    def _note_success(self, grant_type: str, tokens: Tokens, client: Client) -> None:
        grant = self._authority.grant_of(tokens.access_token)
        realm = grant.realm if grant else None
        self._authority.note(grant_type=grant_type, outcome="ok", realm=realm, client_id=client.id)

    def _revoke(self, request: Request) -> Answer:
        client = self._client(request)
        try:
            sent = wire.parse(request.body)
        except ValueError:
            sent = _form(request)
        token = sent.get("token", "") if isinstance(sent, dict) else ""
        if not self._authority.revoke(str(token), client.id):
            return json_answer(400, {"error": "invalid_request"})
        return Answer(200, committed=True)

    def _userinfo(self, request: Request) -> Answer:
        grant = self._authority.grant_of(bearer(request))
        if grant is None or "openid" not in grant.scope.split():
            return json_answer(401, {"error": "invalid_token"})
        return json_answer(200, openid.person_of(grant.realm, grant.scope))

    def _client(self, request: Request) -> Client:
        """Return the app named by Basic authentication, or by the form as the discovery document allows.

        Raises:
            RefusedError: 401 `invalid_client`.
        """
        if "authorization" in request.headers:
            client_id, secret = _basic(request.headers["authorization"])
        else:
            form = _form(request)
            client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        client = self._authority.client(client_id, secret)
        if client is None:
            raise RefusedError(json_answer(401, {"error": "invalid_client"}))
        return client


def bearer(request: Request) -> str:
    """Return the bearer token of a request, or an empty text."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def calling_client(request: Request) -> str:
    """Return the id of the app that makes a token call, as far as it tells it."""
    if "authorization" in request.headers:
        return _basic(request.headers["authorization"])[0]
    return _form(request).get("client_id", "")


def _basic(header: str) -> tuple[str, str]:
    scheme, _, coded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        client_id, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client_id, secret


def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode("utf-8", "replace")))


def _needed(form: dict[str, str], name: str) -> str:
    if value := form.get(name, ""):
        return value
    raise RefusedError(json_answer(400, {"error": "invalid_request"}))


def _redirect(asked: dict[str, str], **result: str) -> Answer:
    if "state" in asked:
        result["state"] = asked["state"]
    address = asked.get("redirect_uri", "")
    joint = "&" if urlsplit(address).query else "?"
    return Answer(302, b"", {"location": f"{address}{joint}{urlencode(result)}"})
