"""The page's routes: `GET /` and the forms on it, which change things as a person would."""

import json
from collections.abc import Awaitable, Callable, Mapping
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from plumbline_sandbox.http import RefusedError
from plumbline_sandbox.page.index import SCALES, STEPS, index
from plumbline_sandbox.page.parts import SCRIPT, STYLE
from plumbline_sandbox.page.records import (
    application_page,
    change_order_page,
    entity_page,
    problem_page,
    requisition_page,
)
from plumbline_sandbox.people import ProcorePeople
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.world import World

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""Nothing is loaded from elsewhere, and nothing that slipped into the page could run."""

Handler = Callable[[Request], Awaitable[Response]]


class Page:
    """What people see of the sandbox, and do in it, with a browser."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._people = ProcorePeople(world)

    def routes(self) -> list[Route]:
        """Return the routes."""
        posts = {
            "/page/clock": self.clock,
            "/page/faults/{name}/on": self.fault_on,
            "/page/faults/{name}/off": self.fault_off,
            "/page/procore/{id:int}": self.change_application,
            "/page/procore/{id:int}/approve": self.approve,
            "/page/procore/{id:int}/delete": self.delete_application,
            "/page/procore/requisitions/{id:int}": self.change_requisition,
            "/page/procore/requisitions/{id:int}/approve": self.approve_requisition,
            "/page/procore/requisitions/{id:int}/delete": self.delete_requisition,
            "/page/procore/change_orders/{id:int}": self.change_order,
            "/page/procore/change_orders/{id:int}/approve": self.approve_change_order,
            "/page/procore/change_orders/{id:int}/workflow": self.tie_workflow,
            "/page/procore/change_orders/{id:int}/delete": self.delete_change_order,
            "/page/quickbooks/{realm}/{entity}/{id}": self.change_entity,
            "/page/quickbooks/{realm}/{entity}/{id}/{operation}": self.operate,
        }
        gets = {
            "/": self.index,
            STYLE: _asset("style.css", "text/css"),
            SCRIPT: _asset("live.js", "text/javascript"),
            "/page/procore/{id:int}": self.application,
            "/page/procore/requisitions/{id:int}": self.requisition,
            "/page/procore/change_orders/{id:int}": self.show_change_order,
            "/page/quickbooks/{realm}/{entity}/{id}": self.entity,
        }
        return [
            *(Route(path, _said(handler)) for path, handler in gets.items()),
            *(Route(path, _said(handler), methods=["POST"]) for path, handler in posts.items()),
        ]

    async def index(self, request: Request) -> Response:
        """Show everything."""
        return _html(index(self._world, request.query_params.get("find", "")))

    async def application(self, request: Request) -> Response:
        """Show a payment application."""
        record = self._world.procore.applications.truth(request.path_params["id"])
        if record is None:
            raise KeyError(request.path_params["id"])
        return _html(application_page(self._world, record))

    async def requisition(self, request: Request) -> Response:
        """Show a requisition."""
        record = self._world.procore.requisitions.truth(request.path_params["id"])
        if record is None:
            raise KeyError(request.path_params["id"])
        return _html(requisition_page(record))

    async def entity(self, request: Request) -> Response:
        """Show a QuickBooks entity."""
        realm, entity, entity_id = _of_books(request)
        return _html(entity_page(self._world, realm, entity, entity_id))

    async def clock(self, request: Request) -> Response:
        """Step the clock, or let it run otherwise."""
        asked = await _form(request)
        if "step" in asked:
            self._world.clock.step(STEPS[asked["step"]])
        if "scale" in asked:
            self._world.clock.scale(SCALES[asked["scale"]])
        return _back("/#clock")

    async def fault_on(self, request: Request) -> Response:
        """Put a fault in force."""
        asked = await _form(request)
        match = {"provider": asked["provider"]} if asked.get("provider") else {}
        rule: dict[str, Any] = {"name": request.path_params["name"], "match": match}
        rule |= {name: int(asked[name]) for name in ("every", "times") if asked.get(name)}
        self._world.faults.add(rule)
        return _back("/#faults")

    async def fault_off(self, request: Request) -> Response:
        """Withdraw every rule of one fault."""
        for rule in self._world.faults.rules():
            if rule.name == request.path_params["name"]:
                self._world.faults.remove(rule.id)
        return _back("/#faults")

    async def change_application(self, request: Request) -> Response:
        """Save a payment application."""
        asked: dict[str, Any] = dict(await _form(request))
        if code := asked.pop("status_code", ""):
            asked["status_code"] = int(code)
        self._people.rebill(request.path_params["id"], asked)
        return _back("/#procore")

    async def approve(self, request: Request) -> Response:
        """Approve a payment application."""
        self._people.rebill(request.path_params["id"], {"status": "approved"})
        return _back("/#procore")

    async def delete_application(self, request: Request) -> Response:
        """Delete a payment application."""
        self._people.unbill(request.path_params["id"])
        return _back("/#procore")

    async def change_requisition(self, request: Request) -> Response:
        """Save a requisition; what is left empty stays as it is."""
        asked = {name: text for name, text in (await _form(request)).items() if text}
        self._people.review(request.path_params["id"], asked)
        return _back("/#procore")

    async def approve_requisition(self, request: Request) -> Response:
        """Approve a requisition."""
        self._people.review(request.path_params["id"], {"status": "approved"})
        return _back("/#procore")

    async def delete_requisition(self, request: Request) -> Response:
        """Delete a requisition."""
        self._people.withdraw(request.path_params["id"])
        return _back("/#procore")

    async def show_change_order(self, request: Request) -> Response:
        """Show a change order."""
        return _html(change_order_page(self._world, self._people.package(request.path_params["id"])))

    async def change_order(self, request: Request) -> Response:
        """Save a change order."""
        self._people.handle_change_order(request.path_params["id"], dict(await _form(request)))
        return _back("/#procore")

    async def approve_change_order(self, request: Request) -> Response:
        """Approve a change order."""
        self._people.handle_change_order(request.path_params["id"], {"status": "approved"})
        return _back("/#procore")

    async def tie_workflow(self, request: Request) -> Response:
        """Attach a workflow to a change order, or detach it."""
        package = self._people.package(request.path_params["id"])
        attached = package.value is not None and package.value["workflow"]
        self._people.handle_change_order(package.id, {"workflow": not attached})
        return _back("/#procore")

    async def delete_change_order(self, request: Request) -> Response:
        """Delete a change order."""
        self._people.drop_change_order(request.path_params["id"])
        return _back("/#procore")

    async def change_entity(self, request: Request) -> Response:
        """Save a QuickBooks entity."""
        realm, entity, entity_id = _of_books(request)
        body = json.loads((await _form(request)).get("body", ""))
        if not isinstance(body, dict):
            raise ValueError("an entity is a JSON object")  # noqa: TRY004 -- it is the writer's mistake
        # The person means the present version, whatever version the text shows.
        body = {name: value for name, value in body.items() if name not in {"SyncToken", "sparse"}}
        self._world.quickbooks.person(realm, entity, {**body, "Id": entity_id})
        return _back("/#quickbooks")

    async def operate(self, request: Request) -> Response:
        """Void, delete or send a QuickBooks transaction."""
        realm, entity, entity_id = _of_books(request)
        operation = request.path_params["operation"]
        self._world.quickbooks.person(realm, entity, {"Id": entity_id}, operation)
        return _back("/#quickbooks")


def _of_books(request: Request) -> tuple[str, str, str]:
    asked = request.path_params
    return asked["realm"], asked["entity"], asked["id"]


async def _form(request: Request) -> Mapping[str, str]:
    return dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))


def _said(handler: Handler) -> Handler:
    """Return a handler that says on a page why something was refused."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except RefusedError as refused:
            return _html(problem_page(refused.answer.body.decode()), refused.answer.status)
        except KeyError as unknown:
            return _html(problem_page(f"There is no {unknown}."), 404)
        except (FaultError, ValueError) as fault:
            return _html(problem_page(str(fault)), 400)

    return answer


def _html(content: bytes, status: int = 200) -> Response:
    return Response(content, status, HEADERS, "text/html")


def _back(where: str) -> Response:
    return RedirectResponse(where, 303, HEADERS)


def _asset(name: str, media_type: str) -> Handler:
    content = files(__package__).joinpath(name).read_bytes()

    async def answer(_: Request) -> Response:
        return Response(content, headers=HEADERS, media_type=media_type)

    return answer
