"""Playing one race, from an account of its own to the evidence."""

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from plumbline.common.secrets.access import access_path
from plumbline.common.secrets.port import SecretStore
from plumbline.common.testing.waiting import eventually
from tests.campaigns.race.cases import LATE, Case, Cause, Deed, Queue
from tests.campaigns.race.lives import Racer
from tests.campaigns.race.partners import Account, Tokens
from tests.campaigns.race.places import Ground, Place, configure
from tests.campaigns.race.verdict import Evidence, judge
from tests.campaigns.race.watching import late_mark

FIRST_VERSION = 7
"""The version of the token that ends."""

SIBLINGS_VERSION = FIRST_VERSION + 1
"""What a sibling has made of it."""

LIFE_S = 3600
"""Of a token."""

ASKED_MAX_S = 60.0
"""How long callers may take until all of them have come to an end."""

REST_MAX_S = 20.0
"""How long the documents may take after that to come to rest; the verdict tells of what did not."""

REBIRTH_S = 0.1
"""A supervisor begins a process anew after so long."""


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a race."""

    findings: Sequence[str]
    was_cut: bool
    """Whether a call was cut by its deadline though the provider answered in time: the machine was too slow."""


async def play(case: Case, ground: Ground, place: Place, *, sabotage: str | None = None) -> Played:
    """Play a race and judge it."""
    account = await ground.partners.open(case.vendor)
    sibling: Tokens | None = None
    await supply(place.secrets, case, account)
    if case.trouble.deed is Deed.SIBLING:
        sibling = await ground.partners.refresh(account, account.tokens.refresh)
    made_before = len(await ground.partners.calls(account))
    rule = await ground.partners.trouble(account, case.trouble.rule) if case.trouble.rule else None
    config = configure(place.folder, account)
    mark = place.folder / f"struck-{account.client_id}"
    orders = [
        {
            "life": "race",
            "env": ground.env(
                account, database_url=database(case, place, n), config=config, replica=f"replica-{n}"
            ),
            "log": str(log_of(case, ground.folder)),
            "sabotage": sabotage,
            "secrets_url": place.urls[0],
            "callers": case.callers,
            "patience_s": case.patience_s,
            "account": account.name,
            "refused_version": FIRST_VERSION if case.cause is Cause.REFUSED else 0,
            "proof": dict(account.proof),
            "deed": case.trouble.deed,
            "point": case.trouble.point,
            "mark": str(mark),
            "sibling": document(account, sibling, version=SIBLINGS_VERSION, calls=2) if sibling else {},
        }
        for n in range(case.processes)
    ]
    async with running(ground, orders) as racers:
        await until_asked(racers)
        await until_at_rest(place.secrets, account)
        calls = (await ground.partners.calls(account))[made_before:]
        is_met = await ground.partners.is_met(rule) if rule else True
        is_met = is_met and (case.trouble.deed is None or mark.exists())
    findings = judge(case, await gather(case, ground, place, account, racers, calls, is_met=is_met))
    return Played(findings, was_cut=late_mark(mark).exists() and case.trouble.rule is not LATE)


def log_of(case: Case, folder: Path) -> Path:
    """Return where the lives of a case write."""
    return folder / f"race-{case.number}.log"


def database(case: Case, place: Place, number: int) -> str:
    """Return the database of a process: that of all, or one of its own."""
    return place.urls[0 if case.queue is Queue.SHARED else number]


async def supply(secrets: SecretStore, case: Case, account: Account) -> None:
    """Store an app, a grant whose token has ended or is refused, and its copy, as they are after some renewals."""
    app = {"client_id": account.client_id, "client_secret": account.client_secret}
    await secrets.write(f"apps/{account.name}", app, expected_version=None)
    ends_at = datetime.now(UTC)
    if case.cause is Cause.REFUSED:
        ends_at += timedelta(seconds=LIFE_S)
    values = document(account, account.tokens, version=FIRST_VERSION, ends_at=ends_at)
    await secrets.write(f"grants/{account.name}/grant", values, expected_version=0)
    copy = {name: values[name] for name in ("access_token", "version", "expires_at")}
    await secrets.write(access_path(account.name), copy, expected_version=0)


def document(
    account: Account, tokens: Tokens, *, version: int, ends_at: datetime | None = None, calls: int = 0
) -> dict[str, str]:
    """Return the document of a grant that was renewed."""
    ends_at = ends_at or tokens.at + timedelta(seconds=LIFE_S)
    values = {
        "app": account.name,
        "version": str(version),
        "calls": str(calls),
        "answered": str(calls),
        "seeds": "campaign",
        "access_token": tokens.access,
        "issued_at": (ends_at - timedelta(seconds=LIFE_S)).isoformat(),
        "expires_at": ends_at.isoformat(),
    }
    return values | ({"refresh_token": tokens.refresh} if tokens.refresh else {})


@contextlib.asynccontextmanager
async def running(ground: Ground, orders: Sequence[Mapping[str, Any]]) -> Any:
    """Run the processes of a race; who dies is begun anew, without callers, as a supervisor does."""
    racers: list[Racer] = []
    async with contextlib.AsyncExitStack() as stack:
        async with ground.entering:
            for _ in orders:
                await stack.enter_async_context(ground.processes)
        racers.extend(Racer(ground.begin, order) for order in orders)
        keepers = [asyncio.create_task(_begin_anew(ground, racers, racer)) for racer in racers]
        try:
            yield racers
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)
            await asyncio.gather(*(racer.kill() for racer in racers))


async def _begin_anew(ground: Ground, racers: list[Racer], racer: Racer) -> None:
    while True:
        await racer.ended.wait()
        await asyncio.sleep(REBIRTH_S)
        racer = Racer(ground.begin, {**racer.order, "callers": 0})
        racers.append(racer)


async def until_asked(racers: Sequence[Racer]) -> None:
    """Wait until the callers of every process have come to an end, or the process has."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(ASKED_MAX_S):
            for racer in [r for r in racers if r.order["callers"]]:
                await racer.asked.wait()


async def until_at_rest(secrets: SecretStore, account: Account) -> None:
    """Wait until no renewal is under way, and what is lent is what is stored."""

    async def at_rest() -> bool:
        grant, access = await stored(secrets, account)
        await asyncio.sleep(0.05)
        is_open = any(name.startswith("intent") for name in grant)
        if "cause" in grant:
            return not is_open
        lent = grant["version"] == access["version"]
        return not is_open and lent and int(grant["version"]) > FIRST_VERSION

    with contextlib.suppress(TimeoutError):
        await eventually(at_rest, within_s=REST_MAX_S)


async def stored(secrets: SecretStore, account: Account) -> tuple[dict[str, str], dict[str, str]]:
    """Return the grant's document and the copy that services read."""
    documents = [
        await secrets.read(path) for path in (f"grants/{account.name}/grant", access_path(account.name))
    ]
    return (
        {name: d.text(name) for name in d.values} if (d := documents[0]) else {},
        {name: d.text(name) for name in d.values} if (d := documents[1]) else {},
    )


async def gather(
    case: Case,
    ground: Ground,
    place: Place,
    account: Account,
    racers: Sequence[Racer],
    calls: Sequence[Mapping[str, Any]],
    *,
    is_met: bool,
) -> Evidence:
    """Gather what is left, and try at the provider what is stored."""
    grant, access = await stored(place.secrets, account)
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        headers = {"authorization": f"Bearer {grant['access_token']}", **account.proof["headers"]}
        answer = await http.get(account.proof["url"], headers=headers)
    return Evidence(
        calls=calls,
        grant=grant,
        access=access,
        reports=[racer.report for racer in racers if racer.report],
        events=[
            json.loads(message["value"])
            for racer in racers
            for message in racer.published
            if message["topic"] == "credentials.events.v1"
        ],
        refreshes=await ground.partners.refresh(account, grant.get("refresh_token")) is not None,
        access_holds=answer.status_code == 200,
        is_met=is_met,
        first_version=FIRST_VERSION,
    )
