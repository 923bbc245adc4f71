"""The data directory: what was answered is there again after a stop or a kill, and nothing else."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sandbox_books import Books
from sandbox_listener import Listener
from sandbox_site import Site

from plumbline_sandbox.assembly import kept
from plumbline_sandbox.commandlog import FILE, CommandLog, UnkeptError, UnusableDataError
from plumbline_sandbox.laboratory import Laboratory
from plumbline_sandbox.quickbooks.entities.registry import ENTITIES

PORTS = {"storage": 9}


@asynccontextmanager
async def opened(data: Path, seed: int | None = None) -> AsyncIterator[Laboratory]:
    """Open a data directory as a process would; leave it as a killed one does."""
    log = CommandLog(data)
    try:
        sandbox = await kept(log, seed)
        sandbox.world.storage.port = PORTS["storage"]
        log.started(ports=PORTS, at_s=sandbox.world.clock.time())
        async with Laboratory(sandbox=sandbox) as laboratory:
            yield laboratory
    finally:
        log.close()


def holdings(lab: Laboratory) -> dict[str, Any]:
    """Return everything that both vendors hold, as far as a person could look it up."""
    procore, quickbooks = lab.world.procore, lab.world.quickbooks
    tables = [
        *("projects", "vendors", "prime_contracts", "applications", "payments", "billing_periods"),
        *("change_orders", "change_order_lines", "change_order_statuses"),
        *("commitments", "commitment_lines", "requisitions"),
    ]
    return {
        "users": {c: [(r.id, r.value) for r in users.living()] for c, users in procore.users.items()},
        "members": procore.project_users,
        **{name: [(r.id, r.value) for r in getattr(procore, name).living()] for name in tables},
        **{
            f"{realm} {entity}": quickbooks.dump(realm, entity)
            for realm in quickbooks.company_names()
            for entity in ENTITIES
        },
        "journal": [entry.as_json() for entry in lab.world.journal.since(0)],
    }


async def order(lab: Laboratory, path: str, body: Any, method: str = "POST") -> Any:
    """Give an order to the control API; it must be accepted."""
    return (await lab.control.request(method, path, json=body)).raise_for_status().json()


async def live(lab: Laboratory) -> dict[str, Any]:
    """Do some of everything; return what must be remembered."""
    books, site = Books(lab), Site(lab)
    invoice = await books.invoice(120, DocNumber="A-1")
    await books.pay(invoice, 20)
    await books.change("Invoice", await books.read("Invoice", invoice["Id"]), PrivateNote="Zaun über 7 €")
    refused = await books.post("Invoice", books.form(1, DocNumber="A-1"), requestid="second")
    await books.delete("Invoice", await books.invoice(7))
    await books.post("Invoice", {"Line": "nonsense"})
    await order(lab, f"/control/quickbooks/{books.realm_id}/settings", {"closed_until": "2020-12-31"})
    file = await site.upload(b"\x00\xff%PDF")
    project = lab.description["companies"][0]["projects"][0]
    place = {"company_id": site.company_id, "project_id": project["id"]}
    line = {"scheduled_value": "900", "work_completed_this_period": "100", "retainage_percent": "10"}
    bill = {**place, "prime_contract_id": project["prime_contract_id"], "lines": [line]}
    made = await order(lab, "/control/procore/payment_applications", bill)
    path = f"/control/procore/payment_applications/{made['id']}"
    await order(lab, path, {"status": "approved"}, method="PATCH")
    commitment = site.company["commitments"][project["id"]][0]
    claim = {"commitment_id": commitment["id"], "items": [{"line_item_id": int(commitment["lines"][0])}]}
    claimed = await order(lab, "/control/procore/requisitions", claim)
    await order(lab, f"/control/procore/requisitions/{claimed['id']}", {"status": "approved"}, method="PATCH")
    path = f"/rest/v1.0/work_order_contracts/{commitment['id']}"
    await site.patch(path, {"project_id": site.project_id, "work_order_contract": {"origin_id": "QB-7"}})
    change = {"prime_contract_id": project["prime_contract_id"], "lines": [{"amount": "77"}]}
    ordered = await order(lab, "/control/procore/change_orders", change)
    path = f"/control/procore/change_orders/{ordered['id']}"
    await order(lab, path, {"status": "approved", "workflow": True}, method="PATCH")
    user = {"user": {"email_address": "new@example.com", "last_name": "New"}}
    await site.post(f"{site.project}/users", user)
    await order(lab, "/control/clock", {"step_s": 1000})
    return {"refused": refused.content, "file": file}


async def test_everything_is_there_again(tmp_path: Path) -> None:
    async with opened(tmp_path, seed=7) as lab:
        told = await live(lab)
        before, now = holdings(lab), lab.world.clock.now()
    for _ in range(2):
        async with opened(tmp_path) as lab:
            assert holdings(lab) == before
            assert timedelta() <= lab.world.clock.now() - now < timedelta(minutes=1)
            assert lab.world.seed == 7
    async with opened(tmp_path) as lab:
        books = Books(lab)
        again = await books.post("Invoice", books.form(1, DocNumber="A-1"), requestid="second")
        assert again.content == told["refused"]
        assert lab.world.quickbooks.realm(books.realm_id).settings.closed_until == date(2020, 12, 31)
        assert lab.world.procore.uploads.find(told["file"]) is not None


async def test_tokens_granted_before_are_good_and_burnt_ones_are_not(tmp_path: Path) -> None:
    async with opened(tmp_path) as lab:
        token = await lab.site_token()
        realm = lab.realms[0]
        form = {"grant_type": "refresh_token", "refresh_token": realm.refresh_token}
        lab.world.clock.step(90_000)
        basic = (realm.client_id, realm.client_secret)
        path = "/oauth2/v1/tokens/bearer"
        tokens = (await lab.quickbooks.post(path, data=form, auth=basic)).raise_for_status().json()
    async with opened(tmp_path) as lab:
        assert (await lab.quickbooks.post(path, data=form, auth=basic)).status_code == 400
        lab.world.clock.step(-90_000)
        assert lab.world.procore.grants.find({"authorization": f"Bearer {token}"}) is not None
        form["refresh_token"] = tokens["refresh_token"]
        assert (await lab.quickbooks.post(path, data=form, auth=basic)).status_code == 200


async def test_line_that_broke_off_is_cut_away_and_all_before_it_is_there(tmp_path: Path) -> None:
    async with opened(tmp_path) as lab:
        await live(lab)
        before = holdings(lab)
        lab.world.log.close()  # type: ignore[union-attr]
        with (tmp_path / FILE).open("ab") as file:
            file.write(b'[{"entry":{"kind":"commit"' + b"x" * 200_000)
    async with opened(tmp_path) as lab:
        assert holdings(lab) == before


async def test_fault_rules_are_withdrawn_and_what_they_did_is_not(tmp_path: Path) -> None:
    async with opened(tmp_path) as lab:
        rule = {"name": "status", "match": {"provider": "quickbooks"}, "times": 5}
        await order(lab, "/control/faults", rule)
        await order(lab, "/control/faults", {"name": "webhook-drop"})
        assert (await lab.books("GET", "/preferences")).status_code == 503
    async with opened(tmp_path) as lab:
        told = (await lab.control.get("/control/faults")).json()
        assert told == {"rules": [], "totals": {"status": 1}}
        assert (await lab.books("GET", "/preferences")).status_code == 200


async def test_webhooks_go_on_where_they_were(tmp_path: Path) -> None:
    async with Listener() as listener:
        async with opened(tmp_path) as lab:
            site = Site(lab)
            base = f"/rest/v2.0/companies/{site.company_id}/webhooks/hooks"
            body = {"payload_version": "v2.0", "namespace": "n", "destination_url": listener.url}
            hook = (await site.post(base, body))["data"]["id"]
            trigger = {"resource_name": "Projects", "event_type": "update"}
            await site.post(f"{base}/{hook}/triggers", trigger)
            app = {"client_id": lab.realms[0].client_id, "url": listener.url, "aggregate_s": 0}
            await order(lab, "/control/quickbooks/webhooks", app)
            await rename(site, "delivered")
            await Books(lab).invoice(1)
            assert len(await listener.wait(2)) == 2
            listener.answers.extend([500, 500])
            await rename(site, "refused")
            await Books(lab).invoice(2)
            assert len(await listener.wait(4)) == 4
            await listener.quiet()
        assert len(await listener.quiet()) == 4
        async with opened(tmp_path) as lab:
            assert len(await listener.wait(6)) == 6
            assert len(await listener.quiet()) == 6
            assert lab.world.procore.deliveries.pending() == lab.world.quickbooks.webhooks.pending() == 0
            shown = await Site(lab).get(f"{base}/{hook}/deliveries")
            assert {row["status"] for row in shown["data"]} == {"delivered"}
        assert [r.body for r in listener.received[2:4]] != [r.body for r in listener.received[:2]]
        assert {r.body for r in listener.received[4:]} == {r.body for r in listener.received[2:4]}


async def rename(site: Site, name: str) -> None:
    path = f"/rest/v1.0/projects/{site.project_id}"
    await site.patch(path, {"project": {"name": name}}, company_id=site.company_id)


async def test_directory_has_one_sandbox_at_a_time(tmp_path: Path) -> None:
    async with opened(tmp_path):
        with pytest.raises(UnusableDataError, match="in use"):
            CommandLog(tmp_path)


async def test_directory_of_another_seed_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path, seed=1):
        pass
    with pytest.raises(UnusableDataError, match="begun with seed 1"):
        async with opened(tmp_path, seed=2):
            pass


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        (b'"status":200', b'"status":201', "was answered 201, and is now answered 200"),
        (b'"DocNumber\\":\\"A-1', b'"DocNumber\\":\\"B-1', "other rules"),
        (b'[{"entry', b'{"entry', "line"),
    ],
)
async def test_data_that_does_not_make_the_same_answers_is_refused(
    tmp_path: Path, was: bytes, now: bytes, said: str
) -> None:
    async with opened(tmp_path) as lab:
        await live(lab)
    file = tmp_path / FILE
    content = file.read_bytes()
    assert was in content
    file.write_bytes(content.replace(was, now, 1))
    with pytest.raises(UnusableDataError, match=said):
        async with opened(tmp_path):
            pass


async def test_nothing_is_answered_that_could_not_be_written(tmp_path: Path) -> None:
    async with opened(tmp_path) as lab:
        books = Books(lab)
        log = lab.world.log
        assert log is not None
        read_only = os.open(tmp_path / FILE, os.O_RDONLY)
        os.dup2(read_only, log._file)
        with pytest.raises(UnkeptError, match="Bad file"):
            await books.invoice(1)
        with pytest.raises(UnkeptError, match="before"):
            await books.invoice(2)
        os.close(read_only)


async def start(data: Path) -> tuple[asyncio.subprocess.Process, dict[str, Any]]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "plumbline_sandbox", "--data", str(data)), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    told: dict[str, Any] = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
    return process, told


async def bill(
    client: httpx.AsyncClient,
    told: dict[str, Any],
    pairing: dict[str, Any],
    worker: int,
    answered: list[Any],
) -> None:
    """Create invoices until the server dies."""
    realm = next(r for r in told["quickbooks"]["realms"] if r["id"] == pairing["realm"])
    url = f"{told['quickbooks']['url']}/v3/company/{realm['id']}/invoice"
    headers = {"authorization": f"Bearer {realm['access_token']}", "accept": "application/json"}
    for number in range(10_000):
        line = {"DetailType": "SalesItemLineDetail", "Amount": number + 1}
        line |= {"SalesItemLineDetail": {"ItemRef": {"value": pairing["items"]["Services"]}}}
        body = {
            "CustomerRef": {"value": pairing["customer_id"]},
            "DocNumber": f"{worker}-{number}",
            "Line": [line],
        }
        try:
            answer = await client.post(url, json=body, headers=headers)
        except httpx.TransportError:
            return
        answered.append((realm["id"], answer.status_code, answer.json()))


async def test_nothing_answered_is_lost_by_a_kill(tmp_path: Path) -> None:
    process, told = await start(tmp_path)
    answered: list[Any] = []
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        free = {"quickbooks": {"per_second": 10**6, "per_minute": 10**6, "in_flight": 10**6}}
        (await client.post(f"{told['control_url']}/control/limits", json=free)).raise_for_status()
        seeded = (await client.get(f"{told['control_url']}/control/seed")).json()["companies"]
        pairings = [project["quickbooks"] for company in seeded for project in company["projects"]]
        workers = [
            asyncio.create_task(bill(client, told, pairing, n, answered))
            for n, pairing in enumerate(pairings)
        ]
        while len(answered) < 300:  # noqa: ASYNC110 -- what is waited for is the load itself
            await asyncio.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        await asyncio.gather(*workers)
        await process.wait()
        process, again = await start(tmp_path)
        assert again == told
        control = told["control_url"]
        held: dict[tuple[str, str], Any] = {}
        for realm in told["quickbooks"]["realms"]:
            dump = (await client.get(f"{control}/control/quickbooks/{realm['id']}/Invoice")).json()
            held |= {(realm["id"], invoice["Id"]): invoice for invoice in dump}
        journal = (await client.get(f"{control}/journal", params={"kind": "commit"})).json()["entries"]
        process.terminate()
        await process.wait()
    assert {status for _, status, _ in answered} <= {200, 400}
    made = [(realm, body["Invoice"]) for realm, status, body in answered if status == 200]
    assert len(made) > 100
    assert all(held[realm, invoice["Id"]] == invoice for realm, invoice in made)
    committed = {(entry["realm"], entry["id"]) for entry in journal if entry.get("entity") == "Invoice"}
    assert committed >= {(realm, invoice["Id"]) for realm, invoice in made}
    assert committed == set(held)
