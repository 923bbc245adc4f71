"""Looking on: the journal, whether the books agree, and what is served."""

import asyncio
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from plumbline_sandbox.agreement import billed, booked, compare
from plumbline_sandbox.journal import Entry
from plumbline_sandbox.openapi import procore, quickbooks
from plumbline_sandbox.world import World

JOURNAL_PAGE = 5000
"""How many entries one answer of the journal holds at most."""

LONGEST_WAIT_S = 60.0
"""Longest real time a reader of the journal may wait for something to happen."""


class Watching:
    """`GET /journal`, `/control/agree` and `/control/openapi`; none changes anything."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/journal", self.journal),
            Route("/control/agree", self.agree),
            Route("/control/openapi/{vendor}.json", self.openapi),
        ]

    async def journal(self, request: Request) -> Response:
        """`GET /journal?since=N&kind=K,K&wait_s=S`: entries after number N.

        Any other parameter is a fact that wanted entries say: `realm`, `company`, `entity`, `id`,
        `path`. With `wait_s` the answer waits so long until there is at least one. `next` is the
        `since` of the next call.
        """
        asked = dict(request.query_params)
        since, kinds = int(asked.pop("since", "0")), asked.pop("kind", "")
        wait_s = min(float(asked.pop("wait_s", "0")), LONGEST_WAIT_S)
        wanted = (frozenset(filter(None, kinds.split(","))), asked)
        entries, reached = self._read(since, *wanted)
        try:
            async with asyncio.timeout(wait_s):
                while not entries and wait_s > 0:
                    await self._world.journal.news()
                    entries, reached = self._read(reached, *wanted)
        except TimeoutError:
            pass
        return JSONResponse({"entries": [entry.as_json() for entry in entries], "next": reached})

    def _read(self, since: int, kinds: frozenset[str], facts: Mapping[str, str]) -> tuple[list[Entry], int]:
        """Return a page of entries and the number of the last one that was looked at."""
        page: list[Entry] = []
        for entry in self._world.journal.since(since, kinds, facts):
            page.append(entry)
            if len(page) == JOURNAL_PAGE:
                return page, entry.seq
        return page, max(since, self._world.journal.last)

    async def openapi(self, request: Request) -> Response:
        """`GET /control/openapi/{quickbooks|procore}.json`: what is served, as OpenAPI."""
        describe = {"quickbooks": quickbooks, "procore": procore}[request.path_params["vendor"]]
        return JSONResponse(describe(self._world))

    async def agree(self, request: Request) -> Response:
        """`GET /control/agree?company=&realm=&number=&project=`: do both sides agree to the cent?

        `realm` and `project` take several, parted by commas; without `project` all of the company
        count. `number` is the matching rule, `{project_number}-{invoice_number}` for instance; see
        `agreement.SHAPES` for what it can be made of.
        """
        asked = dict(request.query_params)
        if missing := {"company", "realm"} - set(asked):
            raise ValueError(f"{' and '.join(sorted(missing))} must be given")
        rule = asked.get("number", "{invoice_number}")
        projects = frozenset(int(part) for part in asked.get("project", "").split(",") if part)
        applications = billed(self._world, company_id=int(asked["company"]), projects=projects, rule=rule)
        invoices = booked(self._world, asked["realm"].split(","))
        return JSONResponse(compare(applications, invoices, rule))
