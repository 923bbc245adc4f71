"""Whether Procore knows an app's secret: a grant of client credentials, which changes nothing and is thrown away.

A refresh token must not be tried for this: Procore burns it by any call, answered well or not (Procore docs, OAuth
endpoints).
"""

import httpx

from plumbline.common.clock import Clock
from plumbline.procore import oauth
from plumbline.token_vault.domain import App
from plumbline.token_vault.rotation.ports import Proof


def procore_proof(http: httpx.AsyncClient, *, login_url: str, clock: Clock, deadline_s: float) -> Proof:
    """Return what asks Procore at `login_url`."""

    async def prove(app: App) -> None:
        await oauth.client_credentials(
            http,
            login_url=login_url,
            client_id=app.client_id,
            client_secret=app.client_secret,
            deadline_s=deadline_s,
            now=clock.now(),
        )

    return prove
