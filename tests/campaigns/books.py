"""QuickBooks as the campaign sees it: founds companies, breaks answers, and reads the journal."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx

from tests.campaigns.cases import Trouble

FIRST_REALM = 9_341_460_000_000_000
"""Realm ids of campaigns count from here."""

CUSTOMER = "Alamo Plaza Partners"
"""The one customer of every company."""

VENDOR = "Hill Country Plumbing"
"""The one vendor that bills it."""

KINDS = "commit,mail,bytes-lost"
"""What is read of the journal."""

LIMITS = {"per_second": 10**9, "per_minute": 10**9, "in_flight": 10**9}
"""QuickBooks refuses for too many requests only when a case tells it to."""

REQUEST_S = 1.0
"""QuickBooks ends a request after a second."""


IDLE_S = 1.0
"""An idle connection is closed by us, before the sandbox closes it under a request."""

CONTROL_TIMEOUT_S = 60.0
"""For one call of the control API on a busy machine."""


def control_client(url: str) -> httpx.AsyncClient:
    """Return a client of a sandbox's control API."""
    limits = httpx.Limits(keepalive_expiry=IDLE_S)
    return httpx.AsyncClient(base_url=url, limits=limits, timeout=CONTROL_TIMEOUT_S, trust_env=False)


class TroubleNotMetError(Exception):
    """No request met the trouble that was made for it: the case tested less than it says."""


@dataclass(frozen=True, slots=True)
class Company:
    """A company of its own, with an access token to it and the ids that documents refer to."""

    realm: str
    access_token: str
    customer_id: str
    vendor_id: str
    items: Mapping[str, str]
    accounts: Mapping[str, str]


class Books:
    """The sandbox's control API and its journal."""

    def __init__(self, control: httpx.AsyncClient) -> None:
        """Speak to a sandbox."""
        self._control = control
        self._realms = count(FIRST_REALM)
        self._seen = 0
        self._entries: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self._reading = asyncio.Lock()

    async def set_limits(self, request_s: float = REQUEST_S) -> None:
        """Let any number of requests pass, none for longer than so long."""
        await self._post("/control/limits", {"quickbooks": {**LIMITS, "request_s": request_s}})

    async def answer_after(self, seconds: float) -> None:
        """Let QuickBooks take so long for every answer."""
        await self._post("/control/latency", {"provider": "quickbooks", "ms": seconds * 1000, "jitter_ms": 0})

    async def found(self, name: str, **switches: Any) -> Company:
        """Found a company of its own for somebody."""
        realm = str(next(self._realms))
        body = {"id": realm, "name": name, "customers": {CUSTOMER: "ap@alamo.example"}}
        made = await self._post("/control/quickbooks", body)
        await self.switch(realm, **switches)
        return Company(
            realm,
            made["access_token"],
            made["customers"][CUSTOMER],
            made["vendors"][VENDOR],
            made["items"],
            made["accounts"],
        )

    async def switch(self, realm: str, **switches: Any) -> None:
        """Change switches of a company."""
        await self._post(f"/control/quickbooks/{realm}/settings", switches)

    @asynccontextmanager
    async def trouble(self, realm: str, trouble: Trouble, *, must_be_met: bool) -> AsyncIterator[None]:
        """Make trouble for the writes of a company until the end of the context.

        Raises:
            TroubleNotMetError: it had to be met, and no write was.
        """
        rule_id = await self.begin(realm, trouble)
        yield
        if trouble.switches:
            await self.switch(realm, **dict.fromkeys(trouble.switches, 0))
        if rule_id is None:
            return
        if must_be_met and not await self.hits(rule_id):
            raise TroubleNotMetError(f"no request met {trouble.rule}")
        (await self._control.delete(f"/control/faults/{rule_id}")).raise_for_status()

    async def begin(self, realm: str, trouble: Trouble) -> str | None:
        """Make trouble for the writes of a company; return the id of its rule, if it has one."""
        if trouble.switches:
            await self.switch(realm, **trouble.switches)
        if trouble.rule is None:
            return None
        match = {"provider": "quickbooks", "realm": realm, "method": "POST"}
        made = await self._post("/control/faults", {**trouble.rule, "match": match})
        return str(made["id"])

    async def storm(self, realm: str, rule: Mapping[str, Any], *, share: float, seed: int) -> str:
        """Make trouble for a share of all requests of a company; return the id of its rule."""
        match = {"provider": "quickbooks", "realm": realm}
        body = {**rule, "match": match, "probability": share, "seed": seed}
        return str((await self._post("/control/faults", body))["id"])

    async def slow(self, *, ms: float, jitter_ms: float) -> None:
        """Let QuickBooks take so long for an answer."""
        await self._post("/control/latency", {"provider": "quickbooks", "ms": ms, "jitter_ms": jitter_ms})

    async def answers(self) -> dict[str, list[dict[str, Any]]]:
        """Return every answer so far by company, refusals among them, in order."""
        found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        seen = 0
        while True:
            params: dict[str, str | int] = {"since": seen, "kind": "answer"}
            page = (await self._control.get("/journal", params=params)).raise_for_status().json()
            if not page["entries"]:
                return dict(found)
            for entry in page["entries"]:
                if "realm" in entry:
                    found[entry["realm"]].append(entry)
            seen = page["next"]

    async def hits(self, *rule_ids: str) -> int:
        """Return how many requests these rules have taken."""
        answer = await self._control.get("/control/faults")
        rules = answer.raise_for_status().json()["rules"]
        return sum(rule["hits"] for rule in rules if rule["id"] in rule_ids)

    async def withdraw_all(self) -> None:
        """Withdraw every rule."""
        (await self._control.delete("/control/faults")).raise_for_status()

    async def held(self, realm: str, entity: str) -> list[dict[str, Any]]:
        """Return every document of a family that a company holds."""
        answer = await self._control.get(f"/control/quickbooks/{realm}/{entity}")
        held: list[dict[str, Any]] = answer.raise_for_status().json()
        return held

    async def journal(self, realm: str) -> list[dict[str, Any]]:
        """Return what happened in a company up to now: API commits, mails, lost answers."""
        async with self._reading:
            while await self._read_page():
                pass
        return self._entries[realm]

    def forget(self, realm: str) -> None:
        """Drop what was read of a company."""
        self._entries.pop(realm, None)

    async def _read_page(self) -> bool:
        answer = await self._control.get("/journal", params={"since": self._seen, "kind": KINDS})
        page = answer.raise_for_status().json()
        for entry in page["entries"]:
            if entry.get("origin") != "seed" and "realm" in entry:
                self._entries[entry["realm"]].append(entry)
        reached, self._seen = page["next"] > self._seen, page["next"]
        return reached and bool(page["entries"])

    async def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        return (await self._control.post(path, json=body)).raise_for_status().json()
