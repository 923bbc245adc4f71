"""The scenario of rotation: every credential is replaced while people bill and webhooks come, and nobody notices."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from rich.console import Console

from plumbline.stack.scenario import configuring
from plumbline.stack.scenario.checking import judge
from plumbline.stack.scenario.operators import PATIENCE_S, StuckError
from plumbline.stack.scenario.performance import journal, progress_bar, strike, until_quiet
from plumbline.stack.scenario.plan import planned
from plumbline.stack.scenario.playing import Player
from plumbline.stack.scenario.rotation_table import Rotated, RotationSummary
from plumbline.stack.scenario.stage import Stage

DURATIONS = {
    **configuring.DURATIONS,
    "PLUMBLINE_SECRETS_LOOK_S": "1",
    "PLUMBLINE_REPLICA_HEARD_S": "4",
    "PLUMBLINE_ROTATION_LOOK_S": "0.5",
    "PLUMBLINE_FORMER_ACCEPTED_S": "8",
}
"""What this scenario shortens; it prints them."""

SPREAD_S = 35.0
"""Invoices are begun all through the rotations."""

BEGIN_AFTER_S = 4.0
"""The load is on when the first rotation begins."""

LOOK_PAUSE_S = 0.2

SECRET_ID_TAKEN_AT = "plumbline_secret_id_taken_timestamp_seconds"  # noqa: S105  a name
"""The figure by which a process tells when it was given its way into Vault."""

LIVES = frozenset({"live", "expiring"})
"""States of a credential whose rotation is over."""

Portal = Callable[[str], Awaitable[None]]
"""Enters a new value where developers do at a provider."""


@dataclass
class Rotator:
    """The operator who rotates, and the developer who changes what only a portal can."""

    on: Stage
    done: dict[str, Rotated] = field(default_factory=dict)

    async def rotate_all(self) -> None:
        """Rotate every credential there is, and return once each has its new version and nothing is left of the former.

        Raises:
            StuckError: a rotation does not come to its end.
        """
        rows = {row["name"]: row for row in await self.on.operators.credentials()}
        alone = [row for row in rows.values() if row["rotates"] == "itself"]
        grants = [row for row in alone if row["name"].startswith("grants/")]
        others = [row for row in alone if row not in grants]
        async with asyncio.TaskGroup() as rotations:
            for row in others:
                rotations.create_task(self._rotate(row))
            if self.on.rotate_roles is not None:
                rotations.create_task(self._rotate_roles(self.on.rotate_roles))
            # A portal knows one secret at a time, so no renewal may fall between it and us.
            await asyncio.gather(*(self._rotate(row) for row in grants))
            for row in rows.values():
                if row["rotates"] == "a person":
                    await self._supply(rotations, row)

    async def _rotate_roles(self, rotate: Callable[[], Awaitable[object]]) -> None:
        begun_at, before = _now(), await self.on.operators.figures(SECRET_ID_TAKEN_AT)
        await rotate()
        after = await self.on.operators.figures(SECRET_ID_TAKEN_AT)
        for process, taken_at in after.items():
            if taken_at <= before[process]:
                raise StuckError(f"{process} did not enter Vault by its new secret id.")
            name, was = f"roles/{process}", _clock(before[process])
            self.done[name] = Rotated(name, was, _clock(taken_at), begun_at, _now())

    async def _rotate(self, row: Mapping[str, Any]) -> None:
        begun_at = _now()
        await self.on.operators.rotate(row["name"])
        await self._until_through(row, begun_at)

    async def _supply(self, rotations: asyncio.TaskGroup, row: Mapping[str, Any]) -> None:
        name, value, begun_at = row["name"], secrets.token_hex(20), _now()
        kind, provider, key = name.split("/", 2)
        if kind == "apps":
            await self._portal(
                provider, {"client_id": self._client_id(provider, key), "client_secret": value}
            )
            await self.on.operators.rotate(name, value)
            await self._until_through(row, begun_at)
        else:
            # Told first: from the moment it signs, the token is known here.
            await self.on.operators.rotate(name, value)
            await self._sign_by(self._client_id(provider, key), value, realm=key)
            rotations.create_task(self._until_through(row, begun_at))

    async def _until_through(self, row: Mapping[str, Any], begun_at: datetime) -> None:
        name, before = row["name"], row["version"]
        present = row
        try:
            async with asyncio.timeout(PATIENCE_S):
                while present["version"] <= before or present["state"] not in LIVES:
                    await asyncio.sleep(LOOK_PAUSE_S)
                    rows = await self.on.operators.credentials()
                    present = next(found for found in rows if found["name"] == name)
        except TimeoutError as error:
            why = present["held_up"] or present["state"]
            raise StuckError(f"The rotation of {name} does not come to its end: {why}") from error
        self.done[name] = Rotated(name, before, present["version"], begun_at, _now(), self._account(name))

    def _account(self, name: str) -> frozenset[str]:
        kind, _, rest = name.partition("/")
        provider, _, key = rest.partition("/")
        return frozenset({key, self._client_id(provider, key)}) if kind in {"apps", "grants"} else frozenset()

    def _client_id(self, provider: str, key: str) -> str:
        sandbox = self.on.world.sandbox[provider]
        found = sandbox["companies"] if provider == "procore" else sandbox["realms"]
        return next(str(one["client_id"]) for one in found if one["id"] == key)

    async def _portal(self, provider: str, app: Mapping[str, str]) -> None:
        answer = await self.on.control.post(f"/control/{provider}/apps", json=dict(app))
        answer.raise_for_status()

    async def _sign_by(self, client_id: str, token: str, *, realm: str) -> None:
        path = "/control/quickbooks/webhooks"
        hooks = (await self.on.control.get(path)).raise_for_status().json()
        hook = next(hook for hook in hooks if hook["client_id"] == client_id)
        (await self.on.control.post(path, json={**hook, "verifier_token": token})).raise_for_status()
        # The portal's "Send test events": a company in which nothing happens proves nothing.
        event = {
            "client_id": client_id,
            "realm": realm,
            "entity": "Customer",
            "id": "1",
            "operation": "Update",
        }
        (await self.on.control.post(f"{path}/test", json=event)).raise_for_status()


async def perform_rotation(on: Stage, console: Console, *, kill: Sequence[str] = ()) -> RotationSummary:
    """Rotate every credential while sixty invoices are billed, and judge by the sandbox's journal what came of it.

    Raises:
        StuckError: a rotation, or what the play waits for, does not come to its end.
    """
    invoices = planned(on.world.seed, on.world.realm_names)
    player = Player(on.control, invoices, spread_s=SPREAD_S)
    rotator, since = Rotator(on), await _reached(on.control)
    with progress_bar(console) as progress:
        bar = progress.add_task("people bill; credentials are rotated", total=player.steps)
        playing = asyncio.create_task(player.play())
        await asyncio.sleep(BEGIN_AFTER_S)
        rotating = asyncio.create_task(_unwrapped(rotator.rotate_all()))
        strikes = [asyncio.create_task(strike(on, name, place)) for place, name in enumerate(kill)]
        while not (playing.done() and rotating.done()) and not _failed(playing, rotating):
            progress.update(bar, completed=player.steps_done)
            await asyncio.sleep(0.1)
        await asyncio.gather(playing, rotating, *strikes)
        progress.update(bar, completed=player.steps, description="letting the suite finish")
        await until_quiet(on.operators, on.control)
    parked = await on.operators.parked()
    names = on.world.realm_names
    books = {realm: (await on.control.get(f"/control/quickbooks/{realm}/Invoice")).json() for realm in names}
    verdicts = judge(
        invoices,
        ids=player.ids,
        books=books,
        mails=await journal(on.control, "mail"),
        parked={key.rsplit("/", 1)[-1]: code for key, code in parked.items()},
    )
    entries = await journal(on.control, "answer,token,webhook-attempt,bytes-lost", since=since)
    return RotationSummary.of(rotator.done.values(), entries, verdicts)


async def _reached(control: httpx.AsyncClient) -> int:
    """Return the number of the journal's last entry."""
    entries: Sequence[Mapping[str, Any]] = await journal(control, "")
    return max((int(entry["seq"]) for entry in entries), default=0)


async def _unwrapped(rotation: Awaitable[None]) -> None:
    try:
        await rotation
    except ExceptionGroup as group:
        if (stuck := group.subgroup(StuckError)) is None:
            raise
        raise stuck.exceptions[0] from group


def _failed(*tasks: asyncio.Task[None]) -> bool:
    return any(task.done() and task.exception() is not None for task in tasks)


def _now() -> datetime:
    return datetime.now(UTC)


def _clock(at_s: float) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%H:%M:%S}"
