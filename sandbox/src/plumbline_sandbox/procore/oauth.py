"""The authorization server: `/oauth/authorize`, `/oauth/token`, `/oauth/token/info`, `/oauth/revoke`.

The token endpoint takes what published clients send: forms, multipart forms, JSON, and client
credentials in the body or by HTTP Basic (Procore docs, OAuth endpoints; procore-oss SDKs).
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from plumbline_sandbox import multipart
from plumbline_sandbox.dialog import dialog, question
from plumbline_sandbox.http import Answer, RefusedError, Request, json_answer
from plumbline_sandbox.journal import Journal
from plumbline_sandbox.markup import el
from plumbline_sandbox.procore.conventions import unauthorized
from plumbline_sandbox.procore.grants import ACCESS_LIFE_S, OUT_OF_BAND, App, Grant, Grants, User

_DESCRIPTIONS = {
    "access_denied": "The resource owner or authorization server denied the request.",
    "invalid_client": "Client authentication failed due to unknown client, no client authentication included, "
    "or unsupported authentication method.",
    "invalid_grant": "The provided authorization grant is invalid, expired, revoked, does not match the "
    "redirection URI used in the authorization request, or was issued to another client.",
    "invalid_request": "The request is missing a required parameter, includes an unsupported parameter value, "
    "or is otherwise malformed.",
    "unsupported_grant_type": "The authorization grant type is not supported by the authorization server.",
}


class OAuth:
    """The endpoints; `consenting_user` is the person who is asked to agree."""

    def __init__(self, grants: Grants, journal: Journal, consenting_user: User) -> None:
        self._grants = grants
        self._journal = journal
        self._consenting_user = consenting_user
        self._grant_types: Mapping[str, Callable[[App | None, Mapping[str, str]], tuple[str, Grant]]] = {
            "client_credentials": self._client_credentials,
            "authorization_code": self._authorization_code,
            "refresh_token": self._refresh_token,
        }

    def authorize(self, request: Request) -> Answer:
        """Ask the person whether the app may act for them; that there is such a page is inferred.

        Raises:
            RefusedError: 401 for an unknown app, 400 for a redirect URI that is not to the letter its own.
        """
        asked = request.query
        self._asking(asked)
        user = self._consenting_user
        return dialog(
            "Authorize access to Procore",
            el("h1", "An app wants to act for you in Procore"),
            el(
                "p", f"{user.name} ({user.login}) lets the app {asked['client_id']} see and do what they may."
            ),
            question("/oauth/authorize", asked, answers={"allow": "Allow", "deny": "Don't allow"}),
        )

    def decide(self, request: Request) -> Answer:
        """Take what the person clicked, and lead back with a code or an error (out of band: as text).

        Raises:
            RefusedError: As `authorize`.
        """
        asked = _body(request)
        app = self._asking(asked)
        redirect_uri = asked["redirect_uri"]
        if asked.get("decision") != "allow":
            back = {"error": "access_denied", "error_description": _DESCRIPTIONS["access_denied"]}
        else:
            back = {"code": self._grants.consent(app, self._consenting_user, redirect_uri)}
        if redirect_uri == OUT_OF_BAND:
            text = back.get("code", back.get("error_description", ""))
            return Answer(200, text.encode(), {"content-type": "text/plain"}, committed=True)
        back |= {"state": asked["state"]} if "state" in asked else {}
        mark = "&" if "?" in redirect_uri else "?"
        return Answer(302, b"", {"location": f"{redirect_uri}{mark}{urlencode(back)}"}, committed=True)

    def token(self, request: Request) -> Answer:
        """Grant an access token, and journal the call whatever becomes of it."""
        form = read_form(request)
        grant_type = form.get("grant_type", "")
        client_id = form.get("client_id", "")
        try:
            access_token, grant = self._granted(grant_type, form)
        except RefusedError as refused:
            self._note(grant_type, client_id, outcome="refused", status=refused.answer.status)
            raise
        self._note(grant_type, client_id, outcome="granted", status=200)
        body = {
            "access_token": access_token,
            "token_type": "bearer",
            "expires_in": ACCESS_LIFE_S,
            "created_at": int(grant.granted_at_s),
        }
        if grant.refresh_token:
            body["refresh_token"] = grant.refresh_token
        return json_answer(200, body, committed=True)

    def info(self, request: Request, now_s: float) -> Answer:
        """Describe the bearer token."""
        grant = self._grants.find(request.headers)
        if grant is None or self._grants.expired(grant):
            return unauthorized(request.path, "The access token is invalid")
        body = {
            "resource_owner_id": grant.user.id,
            "scopes": [],
            "expires_in_seconds": int(grant.expires_at_s - now_s),
            "application": {"uid": grant.app.client_id},
            "created_at": int(grant.granted_at_s),
        }
        return json_answer(200, body)

    def revoke(self, request: Request) -> Answer:
        """Kill a token and its other half; 200 for an unknown token too.

        Raises:
            RefusedError: 401, the client credentials are wrong.
        """
        form = read_form(request)
        if self._client(form) is None:
            raise _refused("invalid_client", 401)
        self._grants.revoke(form.get("token", ""))
        self._note("revoke", form.get("client_id", ""), outcome="revoked", status=200)
        return json_answer(200, {}, committed=True)

    def _asking(self, asked: Mapping[str, str]) -> App:
        """Return the app that asks for consent."""
        app = self._grants.apps.get(asked.get("client_id", ""))
        if app is None:
            raise _refused("invalid_client", 401)
        if not app.takes(asked.get("redirect_uri", "")) or asked.get("response_type") != "code":
            raise _refused("invalid_request", 400)
        return app

    def _granted(self, grant_type: str, form: Mapping[str, str]) -> tuple[str, Grant]:
        grant = self._grant_types.get(grant_type)
        if grant is None:
            raise _refused("unsupported_grant_type", 400)
        return grant(self._client(form), form)

    def _client_credentials(self, app: App | None, _form: Mapping[str, str]) -> tuple[str, Grant]:
        if app is None:
            raise _refused("invalid_client", 401)
        return self._grants.issue(app, app.user, refreshable=False)

    def _authorization_code(self, app: App | None, form: Mapping[str, str]) -> tuple[str, Grant]:
        if app is None:
            raise _refused("invalid_client", 401)
        consent = self._grants.redeem(form.get("code", ""))
        if consent is None or consent.app is not app or consent.redirect_uri != form.get("redirect_uri"):
            raise _refused("invalid_grant", 400)
        return self._grants.issue(app, consent.user, refreshable=True)

    def _refresh_token(self, app: App | None, form: Mapping[str, str]) -> tuple[str, Grant]:
        burnt = self._grants.burn_refresh(form.get("refresh_token", ""))
        if app is None:
            raise _refused("invalid_client", 401)
        if burnt is None or burnt[0] is not app:
            raise _refused("invalid_grant", 400)
        return self._grants.issue(app, burnt[1], refreshable=True)

    def _client(self, form: Mapping[str, str]) -> App | None:
        app = self._grants.apps.get(form.get("client_id", ""))
        return app if app and app.client_secret == form.get("client_secret") else None

    def _note(self, grant_type: str, client_id: str, *, outcome: str, status: int) -> None:
        self._journal.write(
            "token",
            provider="procore",
            grant_type=grant_type,
            account=client_id,
            client_id=client_id,
            outcome=outcome,
            status=status,
        )


def read_form(request: Request) -> dict[str, str]:
    """Read the parameters of a token call; HTTP Basic credentials stand in for those missing."""
    return {**_basic(request.headers.get("authorization", "")), **_body(request)}


def calling_client(request: Request) -> str:
    """Return the id of the app that makes a token call, as far as it tells it."""
    try:
        return read_form(request).get("client_id", "")
    except RefusedError:
        return ""


def _body(request: Request) -> dict[str, str]:
    content_type = request.headers.get("content-type", "")
    try:
        if content_type.startswith("application/json"):
            return {name: str(value) for name, value in _object(request.json()).items()}
        if multipart.is_multipart(content_type):
            return {part.name: part.text for part in multipart.parse(content_type, request.body)}
        return dict(parse_qsl(request.body.decode()))
    except ValueError as broken:
        raise _refused("invalid_request", 400) from broken


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 -- one class for every unreadable body
    return value


def _basic(authorization: str) -> dict[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, client_secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return {}
    return {"client_id": client_id, "client_secret": client_secret}


def _refused(error: str, status: int) -> RefusedError:
    return RefusedError(json_answer(status, {"error": error, "error_description": _DESCRIPTIONS[error]}))
