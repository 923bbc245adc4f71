"""QuickBooks as an authorization server: rolling refresh tokens, whose value changes about daily."""

from datetime import datetime, timedelta

import httpx
import structlog
from pydantic import SecretStr

from plumbline.common.clock import Clock
from plumbline.common.errors import NeedsHumanError
from plumbline.common.http import NotSentError
from plumbline.common.secrets.grants import Grant
from plumbline.quickbooks import oauth
from plumbline.quickbooks.errors import QuickBooksUnavailableError, QuickBooksUnreadableError
from plumbline.token_vault.domain import App, Consent, HeldGrant

FRESH_FOR = timedelta(days=1)
"""How long a discovery document is believed before it is read again."""

KNOWN_FOR = timedelta(days=7)
"""How long at most, while it cannot be read again."""

log = structlog.get_logger(__name__)


class NoRefreshTokenError(NeedsHumanError):
    """This QuickBooks grant has no refresh token: connect the company again."""


class QuickBooksProvider:
    """Renews with the refresh token; after an unknown outcome the old value may still hold."""

    def __init__(
        self, http: httpx.AsyncClient, *, discovery_url: str, clock: Clock, deadline_s: float
    ) -> None:
        """Ask where the discovery document says."""
        self._http = http
        self._discovery_url = discovery_url
        self._clock = clock
        self.deadline_s = deadline_s
        self._known: tuple[oauth.Endpoints, datetime] | None = None

    async def renew(self, held: HeldGrant, app: App) -> Grant:
        """See `Provider`."""
        if held.refresh_token is None:
            raise NoRefreshTokenError(account=held.account)
        return await oauth.refresh(
            self._http,
            token_endpoint=(await self._endpoints()).token_endpoint,
            client_id=app.client_id,
            client_secret=app.client_secret,
            refresh_token=held.refresh_token,
            deadline_s=self._call_s,
            now=self._clock.now(),
        )

    async def consent_url(self, consent: Consent, app: App) -> str:
        """See `Provider`."""
        endpoints = await self._endpoints()
        if consent.reconnects is not None:
            return oauth.reconnect_url(
                authorization_endpoint=endpoints.authorization_endpoint,
                client_id=app.client_id,
                realm=consent.reconnects,
            )
        return oauth.consent_url(
            authorization_endpoint=endpoints.authorization_endpoint,
            client_id=app.client_id,
            redirect_uri=consent.redirect_uri,
            state=consent.state.get_secret_value(),
            challenge=consent.challenge if endpoints.knows_pkce else None,
        )

    async def exchange(self, code: SecretStr, consent: Consent, app: App) -> Grant:
        """See `Provider`."""
        endpoints = await self._endpoints()
        return await oauth.authorization_code(
            self._http,
            token_endpoint=endpoints.token_endpoint,
            client_id=app.client_id,
            client_secret=app.client_secret,
            code=code,
            redirect_uri=consent.redirect_uri,
            verifier=consent.verifier if endpoints.knows_pkce else None,
            deadline_s=self._call_s,
            now=self._clock.now(),
        )

    async def revoke(self, held: HeldGrant, app: App) -> None:
        """See `Provider`."""
        token = held.refresh_token or held.access_token
        if token is not None:
            await oauth.revoke(
                self._http,
                revocation_endpoint=(await self._endpoints()).revocation_endpoint,
                client_id=app.client_id,
                client_secret=app.client_secret,
                token=token,
                deadline_s=self._call_s,
            )

    @property
    def _call_s(self) -> float:
        # It fits into the deadline that others wait for, together with a reading of the discovery document.
        return self.deadline_s / 2

    async def _endpoints(self) -> oauth.Endpoints:
        now = self._clock.now()
        if self._known is not None and now < self._known[1] + FRESH_FOR:
            return self._known[0]
        try:
            found = await oauth.discover(self._http, self._discovery_url, deadline_s=self.deadline_s / 3)
        except (QuickBooksUnavailableError, QuickBooksUnreadableError) as error:
            if self._known is None or now >= self._known[1] + KNOWN_FOR:
                # Nothing was asked of the token endpoint, so no refresh token can be spent.
                raise NotSentError(error.detail) from error
            log.warning("discovery.stale", **error.log_fields())
            return self._known[0]
        self._known = (found, now)
        return found
