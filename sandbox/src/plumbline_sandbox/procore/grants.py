"""Who may call: apps, users, installs, and the tokens they were granted.

Sources: Procore docs, OAuth endpoints, client credentials, developer managed service accounts.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from plumbline_sandbox.clock import Clock

ACCESS_LIFE_S = 5400
"""Life of an access token."""

CODE_LIFE_S = 600
"""Life of an authorization code."""


OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
"""The redirect URI of clients that have none."""


@dataclass(frozen=True, slots=True)
class User:
    """A person or a service account; the API shows `login` as its e-mail."""

    id: int
    name: str
    login: str


LEVELS = ("none", "read_only", "standard", "admin")
"""Levels of permission for a tool, from the least to the most (Procore docs, app manifest)."""


@dataclass(slots=True)
class Install:
    """What one company lets an app's service account do.

    `projects` are those it may see; None permits all, later ones too. `levels` are its levels by
    tool; a tool without an entry is its to administer.
    """

    projects: set[int] | None = None
    levels: dict[str, str] = field(default_factory=dict)

    def allows(self, tool: str, level: str) -> bool:
        """Tell whether the level on a tool is at least this one."""
        return LEVELS.index(self.levels.get(tool, "admin")) >= LEVELS.index(level)


@dataclass(slots=True)
class App:
    """A registered application; `installs` by company. `user` is its service account."""

    client_id: str
    client_secret: str
    user: User
    installs: dict[int, Install] = field(default_factory=dict)
    redirect_uris: set[str] = field(default_factory=set)
    """Where consent may lead back to, compared exactly; empty lets an app of the seed use any address."""
    must_name_company: bool = True
    """Whether calls without `Procore-Company-Id` are refused, as Procore does with more and more apps."""

    def takes(self, redirect_uri: str) -> bool:
        """Tell whether consent may lead back to this address, or be shown out of band."""
        return bool(redirect_uri) and (
            not self.redirect_uris or redirect_uri in self.redirect_uris | {OUT_OF_BAND}
        )


@dataclass(frozen=True, slots=True)
class Grant:
    """What one access token stands for."""

    app: App
    user: User
    granted_at_s: float
    refresh_token: str | None

    @property
    def expires_at_s(self) -> float:
        """When the access token dies, in seconds since 1970."""
        return self.granted_at_s + ACCESS_LIFE_S

    @property
    def is_service_account(self) -> bool:
        """Whether the grant came from client credentials."""
        return self.user is self.app.user


@dataclass(frozen=True, slots=True)
class Consent:
    """An authorization code a user agreed to."""

    app: App
    user: User
    redirect_uri: str
    expires_at_s: float


class Grants:
    """Every live access token, refresh token and authorization code."""

    def __init__(self, clock: Clock, rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng
        self.apps: dict[str, App] = {}
        self._access: dict[str, Grant] = {}
        self._refresh: dict[str, tuple[App, User]] = {}
        self._codes: dict[str, Consent] = {}

    def issue(self, app: App, user: User, *, refreshable: bool) -> tuple[str, Grant]:
        """Return a new access token and its grant."""
        refresh_token = self._secret() if refreshable else None
        if refresh_token:
            self._refresh[refresh_token] = (app, user)
        grant = Grant(app, user, self._clock.time(), refresh_token)
        access_token = self._secret()
        self._access[access_token] = grant
        return access_token, grant

    def consent(self, app: App, user: User, redirect_uri: str) -> str:
        """Return a single-use authorization code."""
        code = self._secret()
        self._codes[code] = Consent(app, user, redirect_uri, self._clock.time() + CODE_LIFE_S)
        return code

    def redeem(self, code: str) -> Consent | None:
        """Burn a code; return what it stood for if it was still good."""
        consent = self._codes.pop(code, None)
        return consent if consent and consent.expires_at_s > self._clock.time() else None

    def burn_refresh(self, token: str) -> tuple[App, User] | None:
        """Burn a refresh token, whoever asks; return what it stood for.

        "Any call to refresh, successful or not, permanently invalidates the current refresh
        token" (Procore docs, refresh tokens): so this comes before every other check.
        """
        return self._refresh.pop(token, None)

    def find(self, headers: Mapping[str, str]) -> Grant | None:
        """Return the grant of a request's bearer token, expired or not."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        return self._access.get(token.strip()) if scheme.lower() == "bearer" else None

    def expired(self, grant: Grant) -> bool:
        """Tell whether the access token of this grant has died of age."""
        return grant.expires_at_s <= self._clock.time()

    def revoke(self, token: str) -> None:
        """Kill an access token or refresh token and its other half; unknown ones are ignored."""
        grant = self._access.pop(token, None)
        if grant and grant.refresh_token:
            self._refresh.pop(grant.refresh_token, None)
        if self._refresh.pop(token, None):
            stale = [access for access, other in self._access.items() if other.refresh_token == token]
            for access in stale:
                del self._access[access]

    def _secret(self) -> str:
        return self._rng.randbytes(32).hex()
