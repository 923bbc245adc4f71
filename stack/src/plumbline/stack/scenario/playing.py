"""Playing the scenario: people bill, approve and pay, while partners and networks misbehave."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import httpx

from plumbline.stack.scenario.operators import StuckError
from plumbline.stack.scenario.plan import STRANGER_NUMBER, PlannedInvoice, planned
from plumbline.stack.scenario.stage import World

STEP_PAUSE_S = (0.15, 0.9)
"""Between two steps in the life of one invoice."""

PAID_CODE = 7
"""Paid, in the brief's dialect."""

PAID_LATER_S = 2.5
"""Nobody is paid before the rows of a change order have come into the invoice."""

START_SPREAD_S = 14.0
"""Within this time all invoices of the demo are begun."""

OUR_NAMESPACE = "plumbline"
"""Of our webhooks in Procore, unless configured otherwise."""

FORMER_URL = "https://old.plumbline.example/webhooks/procore"
"""Where webhooks went before."""

FORMER_VERSIONS = {1: "v2.0", 2: "v3.0", 4: "v2.0"}
"""Payload versions that stay in use, by the place of the project in its company; the others get v4.0."""

LOOKS_FOR_INVOICE = 600
"""How often the bookkeeper looks for an invoice to pay: every server may be killed before it is there …"""

LOOK_PAUSE_S = 0.3
"""… and how long apart."""

LOST_PAUSE_S = 0.1
"""Between looks for a lost create: the correction has to be quicker than the suite's settling."""

PLAY_SEED = 20261101
"""The order and pauses of the play are the same in every run."""


def fault_rules(realms: Sequence[str]) -> list[dict[str, Any]]:
    """Return the faults of the play; each is met at least ten times, the single ones at least once."""
    writes = {"provider": "quickbooks", "method": "POST", "path": "/v3/company/"}
    rules: list[dict[str, Any]] = [
        {"name": "lose-answer", "match": writes, "every": 6, "times": 12},
        {"name": "status-after-commit", "match": writes, "every": 7, "times": 10, "args": {"status": 500}},
        {"name": "status", "match": writes, "every": 8, "times": 10, "args": {"status": 503}},
        {"name": "throttle", "match": writes, "every": 8, "times": 12, "args": {"retry_after": 1}},
        {"name": "webhook-repeat", "probability": 0.6, "seed": 1, "args": {"max": 3}},
        {"name": "webhook-shuffle", "probability": 0.5, "seed": 2, "args": {"window_ms": 400}},
        {"name": "webhook-garbage", "match": {"provider": "procore"}, "every": 40, "times": 2},
        {"name": "webhook-garbage", "match": {"provider": "quickbooks"}, "every": 40, "times": 2},
        {
            "name": "stale-truth",
            "match": {"entity": "payment_application"},
            "every": 8,
            "times": 12,
            "args": {"ms": 700},
        },
        {"name": "late-rows", "every": 2, "times": 12, "args": {"ms": 1200}},
    ]
    # Spread over the realms, so that no two refusals in a row mean a broken grant.
    rules += [
        {"name": "refuse-token", "match": {**writes, "realm": realm}, "every": 7, "times": 3}
        for realm in realms
    ]
    return rules


async def arranged(control: httpx.AsyncClient, world: World) -> World:
    """Set the scene.

    Roomy limits in Procore, answer times, webhooks of older payload versions from a former life of
    ours, and a stranger's invoice under one of our numbers.
    """
    await _post(control, "/control/limits", {"procore": {"spike": 500, "hourly": 100_000}})
    await _post(control, "/control/latency", {"provider": "quickbooks", "ms": 60, "jitter_ms": 30})
    await _post(control, "/control/latency", {"provider": "procore", "ms": 25, "jitter_ms": 10})
    for invoice in planned(world.seed, world.realm_names):
        if invoice.document_number == STRANGER_NUMBER:
            await _stranger(control, invoice)
    for company in world.seed["companies"]:
        await _hook_as_formerly(world, company)
    return world


async def _hook_as_formerly(world: World, company: Mapping[str, Any]) -> None:
    """Leave webhooks in some projects as an older installation has left them, with an address that is gone."""
    app = next(c for c in world.sandbox["procore"]["companies"] if c["id"] == company["id"])
    grant = {"grant_type": "client_credentials", **{key: app[key] for key in ("client_id", "client_secret")}}
    async with httpx.AsyncClient(base_url=world.sandbox["procore"]["url"], trust_env=False) as procore:
        token = _told(await procore.post("/oauth/token", json=grant))["access_token"]
        procore.headers.update({"authorization": f"Bearer {token}", "procore-company-id": company["id"]})
        for place, version in FORMER_VERSIONS.items():
            path = f"/rest/v2.0/companies/{company['id']}/projects/{company['projects'][place]['id']}/webhooks/hooks"
            hook = {"namespace": OUR_NAMESPACE, "payload_version": version, "destination_url": FORMER_URL}
            ours = _told(await procore.get(path, params={"namespace": OUR_NAMESPACE}))["data"]
            if ours:
                _told(await procore.patch(f"{path}/{ours[0]['id']}", json=hook))
            else:
                await _post(procore, path, hook)


async def _stranger(control: httpx.AsyncClient, invoice: PlannedInvoice) -> None:
    books = invoice.project["quickbooks"]
    detail = {"ItemRef": {"value": books["items"]["Services"]}}
    line = {"Amount": 99, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    body = {
        "CustomerRef": {"value": books["customer_id"]},
        "DocNumber": invoice.document_number,
        "Line": [line],
    }
    await _post(control, f"/control/quickbooks/{invoice.realm}/Invoice", body)


class Player:
    """Plays the people's part through the sandbox's control API."""

    def __init__(
        self,
        control: httpx.AsyncClient,
        invoices: Sequence[PlannedInvoice],
        *,
        spread_s: float = START_SPREAD_S,
    ) -> None:
        """Play `invoices`, all of them begun within `spread_s`."""
        self._control = control
        self._invoices = invoices
        self._spread_s = spread_s
        self._random = random.Random(PLAY_SEED)  # noqa: S311  a play, not a secret
        self.ids: dict[str, str] = {}
        """Procore's id of each invoice, by its document number."""
        self.steps_done = 0
        self._corrected = {i.realm: asyncio.Event() for i in invoices if i.loses_its_create}

    async def begin(self, faults: Sequence[Mapping[str, Any]]) -> None:
        """Let things go wrong from here on."""
        for rule in faults:
            await self._post("/control/faults", dict(rule))

    async def play(self) -> None:
        """Let every invoice live its life; returns when the last step is done.

        Raises:
            StuckError: what the play waits for does not come.
        """
        try:
            async with asyncio.TaskGroup() as lives:
                for invoice in self._invoices:
                    delay_s = self._random.uniform(0, self._spread_s)
                    pauses = [self._random.uniform(*STEP_PAUSE_S) for _ in range(8)]
                    lives.create_task(self._live(invoice, delay_s, pauses))
        except ExceptionGroup as group:
            if (stuck := group.subgroup(StuckError)) is None:
                raise
            raise stuck.exceptions[0] from group

    @property
    def steps(self) -> int:
        """How many steps all lives have."""
        return sum(1 + len(i.codes) + 2 * i.paid + (not i.codes) + bool(i.correction) for i in self._invoices)

    async def _live(self, invoice: PlannedInvoice, delay_s: float, pauses: list[float]) -> None:
        if invoice.loses_its_create:
            delay_s = 0.0
        elif invoice.realm in self._corrected:
            await self._corrected[invoice.realm].wait()
        await asyncio.sleep(delay_s)
        made = await self._post(
            "/control/procore/payment_applications",
            {
                "prime_contract_id": invoice.project["prime_contract_id"],
                "invoice_number": invoice.number,
                "status": "draft",
                "billing_date": "2026-10-31",
                "period_start": "2026-10-01",
                "period_end": "2026-10-31",
                "tax": str(invoice.tax_at_first),
                "lines": list(invoice.lines),
            },
        )
        self.ids[invoice.document_number] = made["id"]
        self.steps_done += 1
        path = f"/control/procore/payment_applications/{made['id']}"
        if invoice.loses_its_create:
            await self._lose_next_create(invoice.realm)
        for code, pause_s in zip(invoice.codes, pauses, strict=False):
            await asyncio.sleep(pause_s + (PAID_LATER_S if code == PAID_CODE else 0))
            await self._patch(path, {"status": "approved", "status_code": code})
        if not invoice.codes:
            await asyncio.sleep(pauses[0])
            await self._patch(path, {"status": "approved"})
        if invoice.correction:
            await self._correct(invoice, path, pauses[-1])
        if invoice.paid:
            await self._owner_pays(invoice, pauses)

    async def _correct(self, invoice: PlannedInvoice, path: str, pause_s: float) -> None:
        if invoice.loses_its_create:
            await self._until_create_lost(invoice.realm)
        else:
            await asyncio.sleep(pause_s)
        await self._patch(path, {"tax": str(invoice.tax)})
        if invoice.loses_its_create:
            self._corrected[invoice.realm].set()

    async def _lose_next_create(self, realm: str) -> None:
        creates = {"provider": "quickbooks", "method": "POST", "realm": realm, "path": "/invoice$"}
        await self._post("/control/faults", {"name": "lose-answer", "match": creates, "times": 1})

    async def _until_create_lost(self, realm: str) -> None:
        """Wait until QuickBooks holds the realm's first invoice and nobody has been told."""
        for _ in range(LOOKS_FOR_INVOICE):
            answer = await self._control.get("/journal", params={"kind": "bytes-lost"})
            lost = answer.raise_for_status().json()["entries"]
            if any(e["committed"] and e["realm"] == realm and e["path"].endswith("/invoice") for e in lost):
                return
            await asyncio.sleep(LOST_PAUSE_S)
        raise StuckError(f"No create was lost in realm {realm}.")

    async def _owner_pays(self, invoice: PlannedInvoice, pauses: list[float]) -> None:
        """The payment is noted in Procore, and the bookkeeper enters it in QuickBooks once it is there."""
        await asyncio.sleep(pauses[1])
        amount = f"{invoice.total_cents // 100}.{invoice.total_cents % 100:02d}"
        payment = {"invoice_number": invoice.number, "amount": amount, "date": "2026-11-20"}
        contract = {"prime_contract_id": invoice.project["prime_contract_id"]}
        await self._post("/control/procore/contract_payments", {**contract, **payment})
        self.steps_done += 1
        held = await self._once_held(invoice)
        link = {"TxnId": held["Id"], "TxnType": "Invoice"}
        line = {"Amount": held["TotalAmt"], "LinkedTxn": [link]}
        body = {"CustomerRef": held["CustomerRef"], "TotalAmt": held["TotalAmt"], "Line": [line]}
        await self._post(f"/control/quickbooks/{invoice.realm}/Payment", body)
        self.steps_done += 1

    async def _once_held(self, invoice: PlannedInvoice) -> dict[str, Any]:
        for _ in range(LOOKS_FOR_INVOICE):
            if (held := await self._held(invoice)) is not None:
                return held
            await asyncio.sleep(LOOK_PAUSE_S)
        raise StuckError(
            f"The bookkeeper never saw invoice {invoice.document_number} with its full amount; "
            f"`plumbline trace {self.ids[invoice.document_number]}` tells how far it came."
        )

    async def _held(self, invoice: PlannedInvoice) -> dict[str, Any] | None:
        answer = await self._control.get(f"/control/quickbooks/{invoice.realm}/Invoice")
        found = [i for i in answer.raise_for_status().json() if i.get("DocNumber") == invoice.document_number]
        # Before the rows of a change order have come in, the cheque is for more than the invoice.
        return next((i for i in found if _cents(i["TotalAmt"]) == invoice.total_cents), None)

    async def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        return await _post(self._control, path, body)

    async def _patch(self, path: str, body: Mapping[str, Any]) -> Any:
        self.steps_done += 1
        return _told(await self._control.patch(path, json=body))


async def _post(control: httpx.AsyncClient, path: str, body: Mapping[str, Any]) -> Any:
    return _told(await control.post(path, json=body))


def _told(answer: httpx.Response) -> Any:
    if answer.is_error:
        raise RuntimeError(f"the sandbox refused {answer.request.url}: {answer.text}")
    return answer.json()


def _cents(amount: object) -> int:
    return int(Decimal(str(amount)) * 100)
