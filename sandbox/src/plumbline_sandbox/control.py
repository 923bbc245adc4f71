"""The sandbox's own API: journal, clock, faults, limits, and what people do."""

from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from plumbline_sandbox.announcing import announcement
from plumbline_sandbox.founding import found_company
from plumbline_sandbox.http import RefusedError
from plumbline_sandbox.page.routes import Page
from plumbline_sandbox.partners_control import PartnersControl
from plumbline_sandbox.people import ProcorePeople
from plumbline_sandbox.posted import posted_object
from plumbline_sandbox.procore.portal import Portal as ProcorePortal
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.portal import Portal
from plumbline_sandbox.scenario import play
from plumbline_sandbox.seed import Seeded
from plumbline_sandbox.watching import Watching
from plumbline_sandbox.world import World


class Control:
    """The routes under `/control` and `/journal`."""

    def __init__(self, world: World, seeded: Seeded) -> None:
        self._world = world
        self._seeded = seeded
        self._people = ProcorePeople(world)

    def app(self) -> Starlette:
        """Return the control API as an ASGI application."""
        return Starlette(
            routes=[
                *Page(self._world).routes(),
                *Watching(self._world).routes(),
                *PartnersControl(self._world).routes(),
                Route("/control/health", self.health),
                Route("/control/addresses", self.addresses),
                Route("/control/seed", self.seed),
                Route("/control/clock", self.clock, methods=["GET", "POST"]),
                Route("/control/faults", self.faults, methods=["GET", "POST", "DELETE"]),
                Route("/control/faults/{id}", self.fault, methods=["DELETE"]),
                Route("/control/scenario", self.scenario, methods=["POST"]),
                Route("/control/latency", self.latency, methods=["POST"]),
                Route("/control/limits", self.limits, methods=["POST"]),
                Route("/control/webhooks/pending", self.pending),
                Route("/control/procore/payment_applications", self.bill, methods=["POST"]),
                Route(
                    "/control/procore/payment_applications/{id:int}", self.rebill, methods=["PATCH", "DELETE"]
                ),
                Route("/control/procore/change_orders", self.order_change, methods=["POST"]),
                Route(
                    "/control/procore/change_orders/{id:int}",
                    self.handle_change_order,
                    methods=["PATCH", "DELETE"],
                ),
                Route("/control/procore/projects/{id:int}", self.set_up, methods=["PATCH"]),
                Route("/control/procore/contract_payments", self.receive, methods=["POST"]),
                Route("/control/procore/requisitions", self.claim, methods=["POST"]),
                Route("/control/procore/requisitions/{id:int}", self.review, methods=["PATCH", "DELETE"]),
                Route("/control/procore/compliance_documents", self.file, methods=["POST"]),
                Route("/control/procore/papers/{id:int}", self.handle_paper, methods=["PATCH"]),
                Route("/control/procore/papers/{kind}", self.paper, methods=["POST"]),
                *ProcorePortal(self._world.procore).routes(),
                Route("/control/quickbooks", self.found, methods=["POST"]),
                *Portal(self._world.quickbooks).routes(),
                Route("/control/quickbooks/{realm}/settings", self.configure, methods=["POST"]),
                Route("/control/quickbooks/{realm}/{entity}", self.books, methods=["GET", "POST"]),
            ],
            exception_handlers=dict.fromkeys(_REFUSALS, _told),
        )

    async def health(self, _: Request) -> Response:
        """`GET /control/health`."""
        return JSONResponse({"status": "up", "now": self._world.clock.now().isoformat()})

    async def addresses(self, request: Request) -> Response:
        """`GET /control/addresses`: what was printed at the start, for a reader who reaches this host by another name."""
        urls = {name: f"http://{request.url.hostname}:{port}" for name, port in self._world.ports.items()}
        return JSONResponse(announcement(self._world, self._seeded, urls))

    async def seed(self, _: Request) -> Response:
        """`GET /control/seed`: the ids of everything that was there from the start."""
        return JSONResponse(self._seeded.description)

    async def clock(self, request: Request) -> Response:
        """`POST /control/clock` with `at`, `step_s` or `scale`; GET tells the time."""
        clock = self._world.clock
        if request.method == "POST":
            body = await posted_object(request)
            if unknown := set(body) - {"at", "step_s", "scale"}:
                raise ValueError(f"the clock takes at, step_s and scale, not {', '.join(sorted(unknown))}")
            if "at" in body:
                clock.set(_moment(str(body["at"])))
            if "step_s" in body:
                clock.step(float(body["step_s"]))
            if "scale" in body:
                clock.scale(float(body["scale"]))
        return JSONResponse({"now": clock.now().isoformat(), "scale": clock.factor})

    async def faults(self, request: Request) -> Response:
        """`POST /control/faults` puts a rule in force; GET lists rules and counts; DELETE withdraws all."""
        faults = self._world.faults
        if request.method == "POST":
            body = await posted_object(request)
            return JSONResponse(faults.add(body).as_json(), 201)
        if request.method == "DELETE":
            faults.clear()
        return JSONResponse({"rules": [rule.as_json() for rule in faults.rules()], "totals": faults.totals})

    async def fault(self, request: Request) -> Response:
        """`DELETE /control/faults/{id}` withdraws one rule."""
        if not self._world.faults.remove(request.path_params["id"]):
            raise HTTPException(404, "there is no such rule")
        return Response(status_code=204)

    async def scenario(self, request: Request) -> Response:
        """`POST /control/scenario` puts faults, latencies, limits and switches in force; see `scenario`."""
        body = await posted_object(request)
        play(self._world, body)
        return JSONResponse(body, 201)

    async def latency(self, request: Request) -> Response:
        """`POST /control/latency`: `{"provider", "ms", "jitter_ms"}`."""
        body = await posted_object(request)
        self._world.latency.configure(body)
        return JSONResponse(body)

    async def limits(self, request: Request) -> Response:
        """`POST /control/limits`: `{"quickbooks": {"per_minute"}, "procore": {"spike"}}`."""
        body = await posted_object(request)
        self._world.limits.configure(body)
        return JSONResponse(body)

    async def pending(self, _: Request) -> Response:
        """`GET /control/webhooks/pending`: how many deliveries are still queued."""
        world = self._world
        return JSONResponse(
            {"pending": world.procore.deliveries.pending() + world.quickbooks.webhooks.pending()}
        )

    async def bill(self, request: Request) -> Response:
        """`POST /control/procore/payment_applications`."""
        body = await posted_object(request)
        return JSONResponse(self._people.bill(body), 201)

    async def rebill(self, request: Request) -> Response:
        """`PATCH` or `DELETE /control/procore/payment_applications/{id}`."""
        application_id = request.path_params["id"]
        if request.method == "DELETE":
            return JSONResponse(self._people.unbill(application_id))
        body = await posted_object(request)
        return JSONResponse(self._people.rebill(application_id, body))

    async def order_change(self, request: Request) -> Response:
        """`POST /control/procore/change_orders`."""
        body = await posted_object(request)
        return JSONResponse(self._people.order_change(body), 201)

    async def handle_change_order(self, request: Request) -> Response:
        """`PATCH` or `DELETE /control/procore/change_orders/{package id}`; `workflow` locks the status."""
        package_id = request.path_params["id"]
        if request.method == "DELETE":
            return JSONResponse(self._people.drop_change_order(package_id))
        body = await posted_object(request)
        return JSONResponse(self._people.handle_change_order(package_id, body))

    async def set_up(self, request: Request) -> Response:
        """`PATCH /control/procore/projects/{id}`: `{"change_order_tiers": 1}`, or fields such as `state_code`."""
        body = await posted_object(request)
        return JSONResponse(self._people.set_up(request.path_params["id"], body))

    async def receive(self, request: Request) -> Response:
        """`POST /control/procore/contract_payments`."""
        body = await posted_object(request)
        return JSONResponse(self._people.receive(body), 201)

    async def claim(self, request: Request) -> Response:
        """`POST /control/procore/requisitions`: `{"commitment_id", "status", "items": [...]}`."""
        body = await posted_object(request)
        return JSONResponse(self._people.claim(body), 201)

    async def review(self, request: Request) -> Response:
        """`PATCH` or `DELETE /control/procore/requisitions/{id}`."""
        requisition_id = request.path_params["id"]
        if request.method == "DELETE":
            return JSONResponse(self._people.withdraw(requisition_id))
        body = await posted_object(request)
        return JSONResponse(self._people.review(requisition_id, body))

    async def file(self, request: Request) -> Response:
        """`POST /control/procore/compliance_documents`: `{"commitment_id", "type", "attachments": [...]}`."""
        body = await posted_object(request)
        return JSONResponse(self._people.file(body), 201)

    async def paper(self, request: Request) -> Response:
        """`POST /control/procore/papers/{lien_waiver|subtier_waiver|manual_hold}`; `pdf` is hexadecimal."""
        body = await posted_object(request)
        return JSONResponse(self._people.paper(request.path_params["kind"], body), 201)

    async def handle_paper(self, request: Request) -> Response:
        """`PATCH /control/procore/papers/{id}`."""
        body = await posted_object(request)
        return JSONResponse(self._people.handle_paper(request.path_params["id"], body))

    async def found(self, request: Request) -> Response:
        """`POST /control/quickbooks`: `{"id", "name", "customers": {NAME: EMAIL}}` founds a company.

        It answers with the ids and the first grant of a client of its own.
        """
        body = await posted_object(request)
        return JSONResponse(found_company(self._world, body), 201)

    async def configure(self, request: Request) -> Response:
        """`POST /control/quickbooks/{realm}/settings`: switches of one company."""
        body = await posted_object(request)
        self._world.quickbooks.configure(request.path_params["realm"], **body)
        return JSONResponse(body)

    async def books(self, request: Request) -> Response:
        """`GET` dumps an entity of a realm; `POST ?operation=` does what a bookkeeper does."""
        realm, entity = request.path_params["realm"], request.path_params["entity"]
        quickbooks = self._world.quickbooks
        if request.method == "GET":
            return JSONResponse(quickbooks.dump(realm, entity))
        body = await posted_object(request)
        operation = request.query_params.get("operation", "")
        return JSONResponse(quickbooks.person(realm, entity, body, operation), 201)


def _moment(text: str) -> datetime:
    """Return the moment that was written; without an offset it is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


async def _told(_: Request, error: Exception) -> Response:
    """Say what is wrong in the sandbox's own words; a vendor's refusal keeps its status and body."""
    match error:
        case RefusedError():
            return JSONResponse({"error": error.answer.body.decode()}, error.answer.status)
        case HTTPException():
            return JSONResponse({"error": error.detail}, error.status_code)
        case KeyError():
            return JSONResponse({"error": f"there is no {error}"}, 404)
        case _:
            return JSONResponse({"error": str(error)}, 400)


_REFUSALS = (HTTPException, RefusedError, FaultError, KeyError, ValueError)
