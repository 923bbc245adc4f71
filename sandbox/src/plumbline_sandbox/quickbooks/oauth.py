"""Intuit's authorization server: clients, grants, and tokens that age by the sandbox's clock.

The rules are Intuit's "OAuth 2.0" and its refresh token policy of November 2025: access for one
hour; a refresh token whose value changes about every 24 hours, good for about 100 days after its
last use and never longer than five years after consent. A refused refresh token is final.
"""

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

from plumbline_sandbox.clock import Clock
from plumbline_sandbox.journal import Journal

ACCESS_S = 3600
"""Life of an access token."""

REFRESH_S = 8_726_400
"""Life of a refresh token since its last use: 101 days, the figure Intuit answers."""

DAY_S = 86_400
"""Age at which a refresh token gets a new value."""

HARD_LIMIT_S = 5 * 365 * DAY_S
"""Longest life of a grant from consent."""

CODE_S = 600
"""Life of an authorization code."""

ACCOUNTING = "com.intuit.quickbooks.accounting"
"""The scope of the accounting API."""


class GrantRefusedError(Exception):
    """The token endpoint answers 400 with this error code (`invalid_grant`)."""

    def __init__(self, description: str) -> None:
        super().__init__(description)
        self.code = "invalid_grant"
        self.description = description


@dataclass(frozen=True, slots=True)
class OAuthSettings:
    """What Intuit leaves open about refresh tokens."""

    rotate_after_s: float = DAY_S
    """Age at which a refresh hands out a new value; 0 makes every value single-use."""
    grace_s: float = 0.0
    """How long the previous value still works after a new one was handed out."""
    revoke_on_reuse: bool = False
    """Whether a dead value revokes the whole grant, as after a suspected theft."""
    race_window_s: float = 0.0
    """Two refreshes of one value within this time revoke the grant; 0 never does."""
    omits_unchanged_refresh_token: bool = False
    """Whether a refresh answers no refresh token when its value has not changed (RFC 6749, section 6)."""

    def changed(self, **changes: Any) -> "OAuthSettings":
        """Return these settings with some changed.

        Raises:
            ValueError: An unknown setting.
        """
        try:
            return replace(self, **changes)
        except TypeError as unknown:
            raise ValueError(str(unknown)) from unknown


@dataclass(frozen=True, slots=True)
class Client:
    """An app registered with Intuit."""

    id: str
    secret: str
    name: str = "An app"
    """What the consent page calls it."""
    redirect_uris: frozenset[str] = frozenset()
    """Where consent may lead back to, compared exactly; empty lets an app of the seed use any address."""

    def takes(self, redirect_uri: str) -> bool:
        """Tell whether consent may lead back to this address."""
        return bool(redirect_uri) and (not self.redirect_uris or redirect_uri in self.redirect_uris)


@dataclass(slots=True)
class Grant:
    """One consent: one app, one company."""

    realm: str
    client_id: str
    consented_at_s: float
    scope: str
    refresh_token: str = ""
    issued_at_s: float = 0.0
    used_at_s: float = 0.0
    dead_values: dict[str, float] = field(default_factory=dict)
    """Former values of the refresh token, with the moment in which each died."""
    revoked: bool = False

    @property
    def hard_limit_at_s(self) -> float:
        """When the grant ends whatever happens."""
        return self.consented_at_s + HARD_LIMIT_S

    def refresh_ends_at_s(self) -> float:
        """When the present refresh token ends if it is not used."""
        return min(self.used_at_s + REFRESH_S, self.hard_limit_at_s)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the token endpoint hands out; lives in whole seconds from now."""

    access_token: str
    refresh_token: str
    """Empty if it has not changed and such values are left out."""
    refresh_expires_in_s: int
    hard_expires_in_s: int


@dataclass(frozen=True, slots=True)
class _Code:
    grant: Grant
    redirect_uri: str
    expires_at_s: float


class Authority:
    """The authorization server's state."""

    def __init__(self, clock: Clock, journal: Journal) -> None:
        self.settings = OAuthSettings()
        self._clock = clock
        self._journal = journal
        self._clients: dict[str, Client] = {}
        self._access: dict[str, tuple[Grant, float]] = {}
        self._refresh: dict[str, Grant] = {}
        self._codes: dict[str, _Code] = {}
        self._spent_codes: dict[str, Grant] = {}
        self._connected: dict[tuple[str, str], Grant] = {}
        self._issued = 0

    def register(self, client: Client) -> None:
        """Make an app known, or change it."""
        self._clients[client.id] = client

    def clients(self) -> list[Client]:
        """Return every app, oldest first."""
        return list(self._clients.values())

    def connected(self, client_id: str, realm: str) -> bool:
        """Tell whether an app's newest grant for a company is still good."""
        grant = self._connected.get((client_id, realm))
        return grant is not None and not grant.revoked and self._clock.time() < grant.refresh_ends_at_s()

    def client(self, client_id: str, secret: str | None = None) -> Client | None:
        """Return the app of this id; with a secret, only if it is the right one."""
        client = self._clients.get(client_id)
        return client if client and secret in {None, client.secret} else None

    def seed(self, *, realm: str, client_id: str, access_token: str, refresh_token: str) -> None:
        """Put a consent in place that was given just now, with these first tokens."""
        now_s = self._clock.time()
        grant = Grant(realm, client_id, now_s, ACCOUNTING, refresh_token, now_s, now_s)
        self._refresh[refresh_token] = grant
        self._access[access_token] = (grant, now_s + ACCESS_S)
        self._connected[client_id, realm] = grant

    def consent(self, *, realm: str, client_id: str, redirect_uri: str, scope: str) -> str:
        """Return a fresh authorization code for a new grant."""
        code = self._new_value("XAB")
        grant = Grant(realm, client_id, self._clock.time(), scope)
        self._codes[code] = _Code(grant, redirect_uri, self._clock.time() + CODE_S)
        return code

    def exchange(self, *, client_id: str, code: str, redirect_uri: str) -> Tokens:
        """Return the first tokens of a grant. A code is good for one exchange.

        Raises:
            GrantRefusedError: Unknown, spent or expired code, or another app or redirect address.
        """
        if code in self._spent_codes:
            self._revoke(self._spent_codes[code])
        known = self._codes.pop(code, None)
        if known is None or known.grant.client_id != client_id or known.redirect_uri != redirect_uri:
            raise GrantRefusedError("Invalid authorization code")
        if self._clock.time() >= known.expires_at_s:
            raise GrantRefusedError("Authorization code expired")
        self._spent_codes[code] = known.grant
        self._connected[client_id, known.grant.realm] = known.grant
        return self._issue(known.grant, rotate=True)

    def refresh(self, *, client_id: str, refresh_token: str) -> Tokens:
        """Return new tokens.

        Raises:
            GrantRefusedError: The value is unknown, dead, expired, or its grant was revoked.
        """
        grant = self._refresh.get(refresh_token)
        if grant is None or grant.client_id != client_id or grant.revoked:
            raise GrantRefusedError("Incorrect or invalid refresh token")
        now_s = self._clock.time()
        self._refuse_race(grant, now_s)
        if refresh_token != grant.refresh_token and not self._in_grace(grant, refresh_token, now_s):
            if self.settings.revoke_on_reuse:
                self._revoke(grant)
            raise GrantRefusedError("Incorrect or invalid refresh token")
        if now_s >= grant.refresh_ends_at_s():
            raise GrantRefusedError("Token expired")
        old_enough = now_s - grant.issued_at_s >= self.settings.rotate_after_s
        return self._issue(grant, rotate=old_enough and refresh_token == grant.refresh_token)

    def revoke(self, token: str, client_id: str) -> bool:
        """End the grant of an access or a refresh token; False if the token is unknown to this app."""
        grant = self._refresh.get(token) or self._access.get(token, (None, 0))[0]
        if grant is None or grant.client_id != client_id:
            return False
        self._revoke(grant)
        return True

    def grant_of(self, access_token: str) -> Grant | None:
        """Return the grant of a live access token, or None."""
        grant, ends_at_s = self._access.get(access_token, (None, 0.0))
        if grant is None or grant.revoked or self._clock.time() >= ends_at_s:
            return None
        return grant

    def note(self, **facts: Any) -> None:
        """Write a grant call into the journal."""
        self._journal.write("token", provider="quickbooks", **facts)

    def _refuse_race(self, grant: Grant, now_s: float) -> None:
        window_s = self.settings.race_window_s
        used_before = grant.used_at_s > grant.consented_at_s
        if window_s and used_before and now_s - grant.used_at_s < window_s:
            self._revoke(grant)
            raise GrantRefusedError("Incorrect or invalid refresh token")

    def _in_grace(self, grant: Grant, refresh_token: str, now_s: float) -> bool:
        died_at_s = grant.dead_values.get(refresh_token)
        return died_at_s is not None and now_s - died_at_s < self.settings.grace_s

    def _issue(self, grant: Grant, *, rotate: bool) -> Tokens:
        now_s = self._clock.time()
        if rotate:
            if grant.refresh_token:
                grant.dead_values[grant.refresh_token] = now_s
            grant.refresh_token, grant.issued_at_s = self._new_value("AB11"), now_s
            self._refresh[grant.refresh_token] = grant
        grant.used_at_s = now_s
        access_token = self._new_value("eyJ")
        self._access[access_token] = (grant, now_s + ACCESS_S)
        shown = "" if self.settings.omits_unchanged_refresh_token and not rotate else grant.refresh_token
        refresh_s = int(grant.refresh_ends_at_s() - now_s)
        return Tokens(access_token, shown, refresh_s, int(grant.hard_limit_at_s - now_s))

    def _revoke(self, grant: Grant) -> None:
        grant.revoked = True
        self.note(outcome="revoked", realm=grant.realm)

    def _new_value(self, prefix: str) -> str:
        self._issued += 1
        # Deterministic, so that two runs of one seed compare; secrecy is not at stake here.
        return prefix + hashlib.sha256(f"{prefix}{self._issued}".encode()).hexdigest()
