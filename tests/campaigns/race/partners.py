"""The sandbox as the race sees it: accounts of their own, trouble for their token calls, and the journal of those."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.campaigns.race.cases import Vendor

CALLBACK = "http://127.0.0.1/campaign"
"""Where consents lead back to."""

FIRST_REALM = 9_341_500_000_000_000
"""Realm ids of races count from here."""

GRACE_S = 86_400
"""So long QuickBooks takes a former refresh value: about a day (inferred from Intuit's refresh token policy)."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the authorization server gave."""

    access: str
    refresh: str | None
    expires_in_s: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """An account of its own, with an app of its own."""

    vendor: Vendor
    name: str
    """As token-vault calls it: `procore/…` or `quickbooks/<realm>`."""
    client_id: str
    client_secret: str
    tokens: Tokens
    proof: Mapping[str, Any]
    """How a token is tried: an address and headers."""

    @property
    def provider(self) -> str:
        """The account's first word."""
        return self.name.partition("/")[0]


class Partners:
    """Both vendors."""

    def __init__(
        self, control: httpx.AsyncClient, http: httpx.AsyncClient, sandbox: Mapping[str, Any]
    ) -> None:
        """Speak to a sandbox: `sandbox` is what it printed at its start."""
        self._control = control
        self._http = http
        self.procore_url = str(sandbox["procore"]["url"])
        self.login_url = str(sandbox["procore"]["login_url"])
        self.quickbooks_url = str(sandbox["quickbooks"]["url"])
        self.discovery_url = str(sandbox["quickbooks"]["discovery_url"])
        self._numbers = count(1)
        self._company = str(sandbox["procore"]["companies"][0]["id"])

    async def prepare(self) -> None:
        """Make every refresh at QuickBooks change the value, and lift the limits."""
        await self._post("/control/quickbooks/oauth", {"rotate_after_s": 0, "grace_s": GRACE_S})
        await self._post("/control/limits", {"procore": {"spike": 10**9, "hourly": 10**9}})

    async def open(self, vendor: Vendor) -> Account:
        """Open an account that is connected."""
        number = next(self._numbers)
        if vendor is Vendor.QUICKBOOKS:
            return await self._company_of(number)
        client_id, secret = f"race-{number}", f"secret-of-{number}"
        await self._post("/control/procore/apps", {"client_id": client_id, "client_secret": secret})
        first: Mapping[str, str] = {"grant_type": "client_credentials"}
        if vendor is Vendor.PERSON:
            code = await self._code(client_id)
            first = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        headers = {"procore-company-id": self._company}
        return Account(
            vendor=vendor,
            name=f"procore/{client_id}",
            client_id=client_id,
            client_secret=secret,
            tokens=await self._grant(vendor, client_id, secret, first),
            proof={"url": f"{self.procore_url}/rest/v1.0/me", "headers": headers},
        )

    async def refresh(self, account: Account, refresh: str | None) -> Tokens | None:
        """Renew as anybody could who has this refresh value; None if the vendor refuses."""
        form = {"grant_type": "client_credentials"}
        if account.vendor is not Vendor.SERVICE_ACCOUNT:
            form = {"grant_type": "refresh_token", "refresh_token": refresh or ""}
        try:
            return await self._grant(account.vendor, account.client_id, account.client_secret, form)
        except httpx.HTTPStatusError:
            return None

    async def trouble(self, account: Account, rule: Mapping[str, Any]) -> str:
        """Make trouble for the next token call of an account's app; return the rule's id."""
        match = {"provider": account.provider, "client_id": account.client_id}
        return str((await self._post("/control/faults", {**rule, "match": match}))["id"])

    async def is_met(self, rule_id: str) -> bool:
        """Say whether a token call met the trouble, and withdraw it."""
        rules = (await self._control.get("/control/faults")).raise_for_status().json()["rules"]
        await self._control.delete(f"/control/faults/{rule_id}")
        return any(rule["id"] == rule_id and rule["hits"] for rule in rules)

    async def calls(self, account: Account) -> list[Mapping[str, Any]]:
        """Return every token call of an account's app, in order, and every end of its grant."""
        facts = [{"client_id": account.client_id}]
        if account.vendor is Vendor.QUICKBOOKS:
            facts.append({"realm": account.name.partition("/")[2], "outcome": "revoked"})
        pages = [
            (await self._control.get("/journal", params={"kind": "token", **fact})).raise_for_status().json()
            for fact in facts
        ]
        return [entry for page in pages for entry in page["entries"]]

    async def _company_of(self, number: int) -> Account:
        realm = str(FIRST_REALM + number)
        company = {"id": realm, "name": f"Race {number}", "customers": {}}
        made = await self._post("/control/quickbooks", company)
        first = Tokens(made["access_token"], made["refresh_token"], 3600, datetime.now(UTC))
        return Account(
            vendor=Vendor.QUICKBOOKS,
            name=f"quickbooks/{realm}",
            client_id=made["client_id"],
            client_secret=made["client_secret"],
            tokens=first,
            proof={
                "url": f"{self.quickbooks_url}/v3/company/{realm}/companyinfo/{realm}",
                "headers": {"accept": "application/json"},
            },
        )

    async def _code(self, client_id: str) -> str:
        asked = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": CALLBACK,
            "state": "race",
            "decision": "allow",
        }
        answer = await self._http.post(f"{self.login_url}/oauth/authorize", data=asked)
        return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]

    async def _grant(self, vendor: Vendor, client_id: str, secret: str, form: Mapping[str, str]) -> Tokens:
        at = datetime.now(UTC)
        url = f"{self.login_url}/oauth/token"
        if vendor is Vendor.QUICKBOOKS:
            url = f"{self.quickbooks_url}/oauth2/v1/tokens/bearer"
        answer = await self._http.post(url, data={**form, "client_id": client_id, "client_secret": secret})
        given = answer.raise_for_status().json()
        return Tokens(given["access_token"], given.get("refresh_token"), given["expires_in"], at)

    async def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        return (await self._control.post(path, json=body)).raise_for_status().json()
