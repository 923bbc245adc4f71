"""The sandbox's own API: journal, clock, faults, limits, and what people do."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from plumbline_sandbox.founding import found_company
from plumbline_sandbox.http import RefusedError
from plumbline_sandbox.people import ProcorePeople
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.portal import Portal
from plumbline_sandbox.world import World

JOURNAL_PAGE = 5000
"""How many entries one answer of the journal holds at most."""


class Control:
    """The routes under `/control` and `/journal`."""

    def __init__(self, world: World, description: dict[str, Any]) -> None:
        self._world = world
        self._description = description
        self._people = ProcorePeople(world)

    def app(self) -> Starlette:
        """Return the control API as an ASGI application."""
        return Starlette(
            routes=[
                Route("/journal", self.journal),
                Route("/control/health", self.health),
                Route("/control/seed", self.seed),
                Route("/control/clock", self.clock, methods=["GET", "POST"]),
                Route("/control/faults", self.faults, methods=["GET", "POST", "DELETE"]),
                Route("/control/faults/{id}", self.fault, methods=["DELETE"]),
                Route("/control/latency", self.latency, methods=["POST"]),
                Route("/control/limits", self.limits, methods=["POST"]),
                Route("/control/webhooks/pending", self.pending),
                Route("/control/procore/payment_applications", self.bill, methods=["POST"]),
                Route(
                    "/control/procore/payment_applications/{id:int}", self.rebill, methods=["PATCH", "DELETE"]
                ),
                Route("/control/procore/contract_payments", self.receive, methods=["POST"]),
                Route("/control/quickbooks", self.found, methods=["POST"]),
                *Portal(self._world.quickbooks).routes(),
                Route("/control/quickbooks/{realm}/settings", self.configure, methods=["POST"]),
                Route("/control/quickbooks/{realm}/{entity}", self.books, methods=["GET", "POST"]),
            ],
            exception_handlers=dict.fromkeys((HTTPException, KeyError, ValueError), _told),
        )

    async def journal(self, request: Request) -> Response:
        """`GET /journal?since=N&kind=K`: entries after number N."""
        since = int(request.query_params.get("since", "0"))
        found = list(self._world.journal.since(since, request.query_params.get("kind")))[:JOURNAL_PAGE]
        last = found[-1].seq if found else since
        return JSONResponse({"entries": [entry.as_json() for entry in found], "next": last})

    async def health(self, _: Request) -> Response:
        """`GET /control/health`."""
        return JSONResponse({"status": "up", "now": self._world.clock.now().isoformat()})

    async def seed(self, _: Request) -> Response:
        """`GET /control/seed`: the ids of everything that was there from the start."""
        return JSONResponse(self._description)

    async def clock(self, request: Request) -> Response:
        """`POST /control/clock` with `at`, `step_s` or `scale`; GET tells the time."""
        clock = self._world.clock
        if request.method == "POST":
            body = await request.json()
            if "at" in body:
                clock.set(datetime.fromisoformat(body["at"]))
            if "step_s" in body:
                clock.step(float(body["step_s"]))
            if "scale" in body:
                clock.scale(float(body["scale"]))
        return JSONResponse({"now": clock.now().isoformat(), "scale": clock.factor})

    async def faults(self, request: Request) -> Response:
        """`POST /control/faults` puts a rule in force; GET lists rules and counts; DELETE withdraws all."""
        faults = self._world.faults
        if request.method == "POST":
            body = await request.json()
            return JSONResponse(_allowed(lambda: faults.add(body).as_json()), 201)
        if request.method == "DELETE":
            faults.clear()
        return JSONResponse({"rules": [rule.as_json() for rule in faults.rules()], "totals": faults.totals})

    async def fault(self, request: Request) -> Response:
        """`DELETE /control/faults/{id}` withdraws one rule."""
        if not self._world.faults.remove(request.path_params["id"]):
            raise HTTPException(404, "there is no such rule")
        return Response(status_code=204)

    async def latency(self, request: Request) -> Response:
        """`POST /control/latency`: `{"provider", "ms", "jitter_ms"}`."""
        body = await request.json()
        _allowed(lambda: self._world.latency.configure(body))
        return JSONResponse(body)

    async def limits(self, request: Request) -> Response:
        """`POST /control/limits`: `{"quickbooks": {"per_minute"}, "procore": {"spike"}}`."""
        body = await request.json()
        _allowed(lambda: self._world.limits.configure(body))
        return JSONResponse(body)

    async def pending(self, _: Request) -> Response:
        """`GET /control/webhooks/pending`: how many deliveries are still queued."""
        world = self._world
        return JSONResponse(
            {"pending": world.procore.deliveries.pending() + world.quickbooks.webhooks.pending()}
        )

    async def bill(self, request: Request) -> Response:
        """`POST /control/procore/payment_applications`."""
        body = await request.json()
        return JSONResponse(_allowed(lambda: self._people.bill(body)), 201)

    async def rebill(self, request: Request) -> Response:
        """`PATCH` or `DELETE /control/procore/payment_applications/{id}`."""
        application_id = request.path_params["id"]
        if request.method == "DELETE":
            return JSONResponse(_allowed(lambda: self._people.unbill(application_id)))
        body = await request.json()
        return JSONResponse(_allowed(lambda: self._people.rebill(application_id, body)))

    async def receive(self, request: Request) -> Response:
        """`POST /control/procore/contract_payments`."""
        body = await request.json()
        return JSONResponse(_allowed(lambda: self._people.receive(body)), 201)

    async def found(self, request: Request) -> Response:
        """`POST /control/quickbooks`: `{"id", "name", "customers": {NAME: EMAIL}}` founds a company.

        It answers with the ids and the first grant of a client of its own.
        """
        body = await request.json()
        return JSONResponse(_allowed(lambda: found_company(self._world, body)), 201)

    async def configure(self, request: Request) -> Response:
        """`POST /control/quickbooks/{realm}/settings`: switches of one company."""
        body = await request.json()
        _allowed(lambda: self._world.quickbooks.configure(request.path_params["realm"], **body))
        return JSONResponse(body)

    async def books(self, request: Request) -> Response:
        """`GET` dumps an entity of a realm; `POST ?operation=` does what a bookkeeper does."""
        realm, entity = request.path_params["realm"], request.path_params["entity"]
        quickbooks = self._world.quickbooks
        if request.method == "GET":
            return JSONResponse(_allowed(lambda: quickbooks.dump(realm, entity)))
        body = await request.json()
        operation = request.query_params.get("operation", "")
        return JSONResponse(_allowed(lambda: quickbooks.person(realm, entity, body, operation)), 201)


def _allowed(action: Callable[[], Any]) -> Any:
    """Do something; a refusal becomes an HTTP error that says why."""
    try:
        return action()
    except RefusedError as refused:
        raise HTTPException(refused.answer.status, refused.answer.body.decode()) from refused
    except FaultError as fault:
        raise HTTPException(400, str(fault)) from fault
    except KeyError as unknown:
        raise HTTPException(404, f"there is no {unknown}") from unknown
    except ValueError as malformed:
        raise HTTPException(400, str(malformed)) from malformed


async def _told(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 400
    detail = error.detail if isinstance(error, HTTPException) else str(error)
    return JSONResponse({"error": detail}, status)
