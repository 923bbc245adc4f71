"""An endpoint for Procore's webhooks inside the test, without sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from sandbox_site import Body, Site

from plumbline_sandbox.laboratory import Laboratory
from plumbline_sandbox.sending import Reply, UndeliveredError

URL = "https://box.example/in"
TURNS = 10_000
"""How often the loop may turn until what should come has come."""


class Mailbox:
    """Takes what Procore sends and answers as told.

    `replies` are the statuses of the next answers, 204 after the last; None is no answer at all.
    """

    def __init__(self, lab: Laboratory) -> None:
        self.deliveries = lab.world.procore.deliveries
        self.deliveries._sender = self
        self.replies: list[int | None] = []
        self.headers: list[Mapping[str, str]] = []
        self.urls: list[str] = []
        self.bodies: list[bytes] = []

    @property
    def events(self) -> list[Body]:
        """What came, read as JSON."""
        return [json.loads(body) for body in self.bodies]

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        self.urls.append(url)
        self.headers.append(headers)
        self.bodies.append(body)
        status = self.replies.pop(0) if self.replies else 204
        if status is None:
            raise UndeliveredError("no answer")
        return Reply(status, "", {})

    async def aclose(self) -> None:
        """There is nothing to close."""

    async def hook(self, site: Site, *resources: str, of_company: bool = False, **fields: Any) -> str:
        """Subscribe to every action of these resources; give the path of the hook."""
        base = f"{site.v2 if of_company else site.v2_project}/webhooks"
        body = {"payload_version": "v4.0", "namespace": "test", "destination_url": URL}
        made = await site.post(f"{base}/hooks", {**body, **fields})
        path = f"{base}/hooks/{made['data']['id']}"
        known = await site.get(f"{base}/resources", payload_version="v4.0")
        wishes = [
            {"resource_name": row["name"], "event_type": action}
            for row in known["data"]
            if row["name"] in resources
            for action in row["actions"]
        ]
        assert {wish["resource_name"] for wish in wishes} == set(resources)
        await site.post(f"{path}/triggers/bulk", wishes)
        return path

    async def settled(self) -> list[Body]:
        """Wait until nothing is queued any more; give the events."""
        await _until(lambda: not self.deliveries.pending())
        return self.events

    async def received(self, count: int) -> list[Body]:
        """Wait until so many deliveries were tried; give the events."""
        await _until(lambda: len(self.bodies) >= count)
        return self.events


async def _until(there: Callable[[], bool]) -> None:
    for _ in range(TURNS):
        if there():
            return
        await asyncio.sleep(0)
    raise AssertionError("it did not come")
