"""Procore as an authorization server: client credentials of the app's own service account."""

import httpx

from plumbline.common.clock import Clock
from plumbline.common.secrets.grants import Grant
from plumbline.procore import oauth
from plumbline.token_vault.domain import App, HeldGrant


class ProcoreProvider:
    """Renews by asking for a new grant: harmless to repeat, nothing to lose."""

    def __init__(self, http: httpx.AsyncClient, *, login_url: str, clock: Clock, deadline_s: float) -> None:
        """Ask at `login_url`."""
        self._http = http
        self._login_url = login_url
        self._clock = clock
        self.deadline_s = deadline_s

    async def renew(self, held: HeldGrant, app: App) -> Grant:
        """Ask for a new access token; `held` adds nothing to it. Raises what `request_grant` raises."""
        del held
        return await oauth.client_credentials(
            self._http,
            login_url=self._login_url,
            client_id=app.client_id,
            client_secret=app.client_secret,
            deadline_s=self.deadline_s,
            now=self._clock.now(),
        )
