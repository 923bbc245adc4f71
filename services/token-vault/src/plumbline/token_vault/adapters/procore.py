"""Procore as an authorization server: client credentials, or the consent of a user."""

import httpx
from pydantic import SecretStr

from plumbline.common.clock import Clock
from plumbline.common.secrets.grants import Grant
from plumbline.procore import oauth
from plumbline.token_vault.domain import App, Consent, HeldGrant


class ProcoreProvider:
    """Renews by what the grant has: a refresh token, or else the app's own client credentials.

    Client credentials are harmless to repeat. A refresh token is burnt by any call that reaches Procore,
    refused or not, answered or not (Procore docs, OAuth endpoints): after an unknown outcome it is good only
    if the call never arrived.
    """

    def __init__(self, http: httpx.AsyncClient, *, login_url: str, clock: Clock, deadline_s: float) -> None:
        """Ask at `login_url`."""
        self._http = http
        self._login_url = login_url
        self._clock = clock
        self.deadline_s = deadline_s

    async def renew(self, held: HeldGrant, app: App) -> Grant:
        """See `Provider`."""
        if held.refresh_token is None:
            return await oauth.client_credentials(
                self._http,
                login_url=self._login_url,
                client_id=app.client_id,
                client_secret=app.client_secret,
                deadline_s=self.deadline_s,
                now=self._clock.now(),
            )
        return await oauth.refresh(
            self._http,
            login_url=self._login_url,
            client_id=app.client_id,
            client_secret=app.client_secret,
            refresh_token=held.refresh_token,
            deadline_s=self.deadline_s,
            now=self._clock.now(),
        )

    async def consent_url(self, consent: Consent, app: App) -> str:
        """See `Provider`. Procore documents no PKCE."""
        return oauth.consent_url(
            login_url=self._login_url,
            client_id=app.client_id,
            redirect_uri=consent.redirect_uri,
            state=consent.state.get_secret_value(),
        )

    async def exchange(self, code: SecretStr, consent: Consent, app: App) -> Grant:
        """See `Provider`."""
        return await oauth.authorization_code(
            self._http,
            login_url=self._login_url,
            client_id=app.client_id,
            client_secret=app.client_secret,
            code=code,
            redirect_uri=consent.redirect_uri,
            deadline_s=self.deadline_s,
            now=self._clock.now(),
        )

    async def revoke(self, held: HeldGrant, app: App) -> None:
        """See `Provider`. Of client credentials it ends the newest token: the next call brings another."""
        token = held.refresh_token or held.access_token
        if token is not None:
            await oauth.revoke(
                self._http,
                login_url=self._login_url,
                client_id=app.client_id,
                client_secret=app.client_secret,
                token=token,
                deadline_s=self.deadline_s,
            )
