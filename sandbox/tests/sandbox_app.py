"""An app that people connect to QuickBooks, as a test plays it: consent page, tokens, calls."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from sandbox_form import Form

from plumbline_sandbox.laboratory import Laboratory

ACCOUNTING = "com.intuit.quickbooks.accounting"
CALLBACK = "https://app.example/callback"
TOKEN = "/oauth2/v1/tokens/bearer"


class App:
    """The seeded app of the realm at `place`, which may be connected to other realms too."""

    def __init__(self, lab: Laboratory, *, place: int = 0) -> None:
        self.lab = lab
        self.realm = lab.realms[place]
        self.keys = (self.realm.client_id, self.realm.client_secret)

    async def ask(self, **changes: str) -> httpx.Response:
        """Open the address that a browser is sent to for consent."""
        asked = {
            "client_id": self.keys[0],
            "response_type": "code",
            "scope": ACCOUNTING,
            "redirect_uri": CALLBACK,
            "state": "anti-forgery",
            **changes,
        }
        return await self.lab.quickbooks.get("/connect/oauth2", params=asked)

    async def consent(self, *, place: int = 0, decision: str = "connect", **changes: str) -> dict[str, str]:
        """Choose a company and click; give the parameters with which the browser comes back."""
        form = Form((await self.ask(**changes)).text)
        filled = {**form.fields, "realmId": self.lab.realms[place].id, "decision": decision}
        answer = await self.lab.quickbooks.request(form.method.upper(), form.action, data=filled)
        return landed(answer)

    async def connect(self, *, place: int = 0, **changes: str) -> dict[str, Any]:
        """Get a fresh grant by consent and exchange; give what the token endpoint answers."""
        came = await self.consent(place=place, **changes)
        return (await self.exchange(came["code"])).raise_for_status().json()  # type: ignore[no-any-return]  # JSON

    async def exchange(self, code: str, redirect_uri: str = CALLBACK) -> httpx.Response:
        """Exchange an authorization code."""
        return await self.token(grant_type="authorization_code", code=code, redirect_uri=redirect_uri)

    async def refresh(self, value: str, **headers: str) -> httpx.Response:
        """Use a refresh token."""
        return await self.token(headers, grant_type="refresh_token", refresh_token=value)

    async def token(self, headers: dict[str, str] | None = None, /, **form: str) -> httpx.Response:
        """Post a form to the token endpoint."""
        return await self.lab.quickbooks.post(TOKEN, data=form, auth=self.keys, headers=headers)

    async def revoke(self, token: str) -> httpx.Response:
        """End a grant."""
        return await self.lab.quickbooks.post(
            "/v2/oauth2/tokens/revoke", json={"token": token}, auth=self.keys
        )

    async def company(self, access_token: str, *, place: int = 0) -> httpx.Response:
        """Read a company's name with an access token."""
        realm = self.lab.realms[place].id
        return await self.lab.quickbooks.get(
            f"/v3/company/{realm}/companyinfo/{realm}", headers={"authorization": f"Bearer {access_token}"}
        )


def landed(answer: httpx.Response) -> dict[str, str]:
    """Return the parameters of the address that a browser is sent back to."""
    assert answer.status_code == 302, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
