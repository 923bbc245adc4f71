"""The operators' part: what the demo does by the services' operator routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import httpx

WORKING = ("mapper", "qb-writer")
"""The services whose records make up the way of an invoice."""

PATIENCE_S = 180.0
"""How long to wait for something that must happen, though every server may be killed meanwhile."""


class StuckError(Exception):
    """What must happen does not; the message says what."""


class Operators:
    """Asks and tells the services; one that is being restarted is asked again."""

    def __init__(self, http: httpx.AsyncClient, addresses: Mapping[str, str]) -> None:
        """Speak to the services at `addresses`, with a client that carries the operator token."""
        self._http = http
        self._addresses = addresses

    async def link(self, links: Sequence[Mapping[str, str]]) -> None:
        """Make links."""
        answer = await self._http.post(
            f"{self._addresses['mapper']}/links", json=[dict(link) for link in links]
        )
        answer.raise_for_status()

    async def go_live(self, connections: Iterable[str], *, from_day: date) -> None:
        """Let connections go live once their books have been read.

        Raises:
            StuckError: they are not read in time.
        """
        for name in connections:
            url = f"{self._addresses['qb-writer']}/connections/{name}/go-live"
            async with _patience(f"the books of {name} are not read"):
                while True:
                    answer = await self._http.post(url, json={"from": from_day.isoformat()})
                    if answer.status_code != httpx.codes.CONFLICT:
                        break
                    await asyncio.sleep(0.2)
            answer.raise_for_status()

    async def parked(self) -> dict[str, str]:
        """Return the parking code of every record that waits for a person, by its key."""
        found: dict[str, str] = {}
        for service in WORKING:
            rows = (await self._asked(service, "/parked"))["parked"]
            found |= {row["key"]: row["code"] for row in rows}
        return found

    async def until_parked(self, code: str) -> None:
        """Wait until a record is parked with a code."""
        async with _patience(f"no record was parked as {code}"):
            while code not in (await self.parked()).values():  # noqa: ASYNC110  another process tells
                await asyncio.sleep(0.3)

    async def unfinished(self) -> int:
        """Return how many records are not done yet."""
        totals = [(await self._asked(service, "/status"))["connections"] for service in WORKING]
        return sum(row["unfinished"] for rows in totals for row in rows)

    async def credentials(self) -> list[dict[str, Any]]:
        """Return the table of credentials."""
        rows: list[dict[str, Any]] = (await self._asked("token-vault", "/credentials"))["credentials"]
        return rows

    async def figures(self, name: str) -> dict[str, float]:
        """Return a figure that has no labels, of every process."""
        found: dict[str, float] = {}
        for process, url in self._addresses.items():
            lines = (await self._http.get(f"{url}/metrics")).raise_for_status().text.splitlines()
            for line in lines:
                if line.startswith(f"{name} "):
                    found[process] = float(line.split()[1])
        return found

    async def rotate(self, name: str, value: str | None = None) -> None:
        """Have a credential rotated; a value that a person brings is given along."""
        body = {} if value is None else {"value": value}
        await self._repeated("token-vault", f"/credentials/{name}/rotate", json=body)

    async def settle(self, payable: str, told: Mapping[str, Any]) -> None:
        """Tell compliance the bank's word about a payable; it may be told again."""
        await self._repeated("compliance", f"/payables/{payable}/settlement", json=dict(told))

    async def upload(self, connection: str, content: bytes, **about: str) -> None:
        """Upload a paper at compliance's edge, with what it is about: `file_name`, `project`, `vendor`."""
        await self._repeated("compliance", f"/papers/{connection}", content=content, params=about)

    async def paper(self, connection: str, document: str) -> bytes:
        """Return a paper that compliance keeps in its safe."""
        path = f"/safe/papers/{connection}/{document}?who=operator&why=to+compare+it+with+what+was+mailed"
        return (await self._answered("compliance", path)).content

    async def payable(self, payable: str) -> dict[str, Any]:
        """Return what compliance knows of a payable."""
        told: dict[str, Any] = await self._asked("compliance", f"/payables/{payable}")
        return told

    async def hooked(self) -> int:
        """Return how many projects' webhooks have been seen to."""
        keys = (await self._asked("ingest-hooks", "/records?find=hooks/"))["keys"]
        rows = [(await self._asked("ingest-hooks", f"/records/{key}"))["work"] for key in keys]
        return sum(1 for row in rows if row["worked_at"] is not None and row["waiting_for"] is None)

    async def _repeated(self, service: str, path: str, **request: Any) -> None:
        """Post what may be posted twice, until it is taken or refused."""
        async with _patience(f"{service} does not take {path}"):
            while True:
                try:
                    answer = await self._http.post(f"{self._addresses[service]}{path}", **request)
                except (httpx.TransportError, KeyError):
                    answer = httpx.Response(httpx.codes.SERVICE_UNAVAILABLE)
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    break
                await asyncio.sleep(0.2)
        answer.raise_for_status()

    async def _asked(self, service: str, path: str) -> Any:
        return (await self._answered(service, path)).json()

    async def _answered(self, service: str, path: str) -> httpx.Response:
        async with _patience(f"{service} does not answer {path}"):
            while True:
                try:
                    answer = await self._http.get(f"{self._addresses[service]}{path}")
                    return answer.raise_for_status()
                except (httpx.HTTPError, KeyError):  # KeyError: a container has no port while it is down
                    await asyncio.sleep(0.2)


@asynccontextmanager
async def _patience(complaint: str) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield
    except TimeoutError as error:
        raise StuckError(f"For {PATIENCE_S:.0f} s {complaint}.") from error
