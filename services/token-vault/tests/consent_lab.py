"""Connecting on the sandbox: a person who clicks, the use cases over a store in memory, and the journal."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr
from sandbox_form import Form

from plumbline.common.clock import SystemClock
from plumbline.common.connections import ConnectionConfig, Connections, ProcoreSide, QuickBooksSide
from plumbline.common.testing.secrets import MemorySecretStore
from plumbline.token_vault.adapters.procore import ProcoreProvider
from plumbline.token_vault.adapters.proving import ApiProof
from plumbline.token_vault.adapters.quickbooks import QuickBooksProvider
from plumbline.token_vault.adapters.shelf import SecretShelf
from plumbline.token_vault.consenting import Connecting, Outcome, Proof
from plumbline.token_vault.disconnecting import Disconnecting
from plumbline.token_vault.domain import App, Consent, HeldGrant
from plumbline.token_vault.ports import Provider
from plumbline_sandbox.laboratory import Laboratory

URL = "http://sandbox.example"
CALLBACK = "http://localhost:8399/callback"
NAME = "lone-star"
CONSENT = Consent(CALLBACK, SecretStr("state-canary"), SecretStr("verifier-canary"))

Side = Literal["procore", "quickbooks"]


class MemoryCodes:
    """Codes in memory."""

    def __init__(self) -> None:
        self.known: dict[str, Outcome | None] = {}

    async def claim(self, digest: str, account: str) -> bool:
        """Claim a code."""
        is_first = digest not in self.known
        self.known.setdefault(digest, None)
        return is_first

    async def note(self, digest: str, outcome: Outcome) -> None:
        """Remember what became of it."""
        self.known[digest] = outcome

    async def outcome(self, digest: str) -> Outcome | None:
        """Return what became of it."""
        return self.known[digest]


@dataclass
class Desk:
    """An operator's desk: one connection, its two accounts, and what was woken."""

    lab: Laboratory
    store: MemorySecretStore = field(default_factory=MemorySecretStore)
    codes: MemoryCodes = field(default_factory=MemoryCodes)
    woken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        realm, company = self.lab.realms[0], self.lab.companies[0]
        self.realm, self.company_id = realm.id, str(company.company.id)
        self.apps = {
            "quickbooks": App(realm.client_id, SecretStr(realm.client_secret)),
            "procore": App(company.app.client_id, SecretStr(company.app.client_secret)),
        }
        self.accounts = {"quickbooks": f"quickbooks/{realm.id}", "procore": "procore/suite"}
        self.shelf = SecretShelf(self.store)
        self.clock = SystemClock()
        self.intuit = QuickBooksProvider(
            self.lab.quickbooks,
            discovery_url=f"{URL}/.well-known/openid_configuration",
            clock=self.clock,
            deadline_s=5.0,
        )
        login = ProcoreProvider(self.lab.procore, login_url=URL, clock=self.clock, deadline_s=5.0)
        self.providers: Mapping[str, Provider] = {"procore": login, "quickbooks": self.intuit}
        connection = ConnectionConfig(
            name=NAME,
            procore=ProcoreSide(account="procore/suite", company_id=self.company_id, projects=("1",)),
            quickbooks=QuickBooksSide(realm=realm.id),
        )
        self.connections = Connections({NAME: connection})
        self.connecting = self.connecting_by(
            ApiProof(procore=self.lab.procore, quickbooks=self.lab.quickbooks)
        )
        self.disconnecting = Disconnecting(
            shelf=self.shelf, providers=self.providers, clock=self.clock, wake=self.wake
        )

    def connecting_by(self, proof: Proof) -> Connecting:
        """Return the use case with another proof."""
        return Connecting(
            shelf=self.shelf,
            providers=self.providers,
            proof=proof,
            codes=self.codes,
            connections=self.connections,
            wake=self.wake,
            patience_s=1.0,
        )

    async def wake(self, account: str) -> None:
        """Note who was woken."""
        self.woken.append(account)

    async def register(self, provider: Side) -> None:
        """Register the account's app, as an import does."""
        await self.shelf.register(self.accounts[provider], self.apps[provider])

    async def consented(self, provider: Side = "quickbooks", **changes: str) -> dict[str, str]:
        """Open the link, agree, and return what the browser is led back with; changes are of what is asked."""
        seat = await self.connecting.seat(NAME, provider)
        address = await self.agree(await self.connecting.link(seat, CONSENT, None), **changes)
        assert address.startswith(f"{CALLBACK}?")
        return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}

    async def agree(self, link: str, *, decision: str = "", **changes: str) -> str:
        """Do in a browser as somebody who agrees; return the address at which it ends."""
        parts = urlsplit(link)
        at_intuit = "/connect/oauth2" in parts.path
        http = self.lab.quickbooks if at_intuit else self.lab.procore
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        page = await http.get(parts.path, params=asked | changes)
        assert page.status_code == 200, page.text
        form = Form(page.text)
        said = {"decision": decision or ("connect" if at_intuit else "allow")}
        chosen = {"realmId": changes.get("realmId", self.realm)} if form.options else {}
        return (await http.post(form.action, data={**form.fields, **chosen, **said})).headers["location"]

    async def complete(
        self, back: dict[str, str], provider: Side = "quickbooks", consent: Consent = CONSENT
    ) -> Outcome:
        """Hand in what the browser came back with."""
        seat = await self.connecting.seat(NAME, provider)
        code = SecretStr(back["code"])
        return await self.connecting.complete(seat, consent, code=code, realm=back.get("realmId"))

    async def held(self, provider: Side = "quickbooks") -> HeldGrant | None:
        """Return the grant's document."""
        return await self.shelf.held(self.accounts[provider])

    async def trouble(self, name: str, **rule: Any) -> None:
        """Put a fault in force."""
        answer = await self.lab.control.post("/control/faults", json={"name": name, **rule})
        assert answer.status_code == 201, answer.text

    def calls(self, path: str) -> list[dict[str, Any]]:
        """Return what the journal has of answers at a path."""
        answers = self.lab.world.journal.since(0, ("answer",))
        return [entry.facts for entry in answers if entry.facts.get("path") == path]

    def token_calls(self) -> list[str]:
        """Return how the token calls ended, in order."""
        return [entry.facts["outcome"] for entry in self.lab.world.journal.since(0, ("token",))]


@asynccontextmanager
async def opened_desk() -> AsyncIterator[Desk]:
    """Open a desk on a sandbox of its own."""
    async with Laboratory() as lab:
        yield Desk(lab)
