"""QuickBooks as an authorization server: rolling refresh tokens, whose value changes about daily."""

import httpx

from plumbline.common.clock import Clock
from plumbline.common.errors import NeedsHumanError
from plumbline.common.secrets.grants import Grant
from plumbline.quickbooks import oauth
from plumbline.token_vault.domain import App, HeldGrant


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

    async def renew(self, held: HeldGrant, app: App) -> Grant:
        """Trade the refresh token for a new grant. Raises what `request_grant` raises."""
        if held.refresh_token is None:
            raise NoRefreshTokenError(account=held.account)
        # Both calls fit into the deadline that others wait for.
        endpoints = await oauth.discover(self._http, self._discovery_url, deadline_s=self.deadline_s / 3)
        return await oauth.refresh(
            self._http,
            token_endpoint=endpoints.token_endpoint,
            client_id=app.client_id,
            client_secret=app.client_secret,
            refresh_token=held.refresh_token,
            deadline_s=self.deadline_s / 2,
            now=self._clock.now(),
        )
