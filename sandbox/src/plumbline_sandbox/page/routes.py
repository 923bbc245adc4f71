"""The page's routes: `GET /` and the forms on it, which change things as a person would."""

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from importlib.resources import files
from typing import Any, cast
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from plumbline_sandbox.http import RefusedError
from plumbline_sandbox.markup import el
from plumbline_sandbox.page.doing import Doing, whole
from plumbline_sandbox.page.index import SCALES, STEPS, VENDORS, findings, overview
from plumbline_sandbox.page.kinds import Item, Shelf, Vendor, companies, shelves
from plumbline_sandbox.page.parts import SCRIPT, STYLE, frame, journal
from plumbline_sandbox.page.records import entity_change, item_page, shelf_page, title
from plumbline_sandbox.page.switches import in_force
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

RECENT = 50
"""How many entries of the past the journal beside each page begins with."""

Handler = Callable[[Request], Awaitable[Response]]


class Page:
    """What people see of the sandbox, and do in it, with a browser."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._doing = Doing(ProcorePeople(world))
        self._seeded = world.journal.last

    def routes(self) -> list[Route]:
        """Return the routes."""
        shelf = "/page/{vendor}/{company}/{kind}"
        gets = {
            "/": self.index,
            STYLE: _asset("style.css", "text/css"),
            SCRIPT: _asset("live.js", "text/javascript"),
            shelf: self.shelf,
            f"{shelf}/{{id}}": self.item,
        }
        posts = {
            "/page/clock": self.clock,
            "/page/faults/{name}/on": self.fault_on,
            "/page/faults/{name}/off": self.fault_off,
            shelf: self.bill,
            f"{shelf}/{{id}}": self.change,
            f"{shelf}/{{id}}/{{act}}": self.act,
        }
        return [
            *(Route(path, self._said(handler)) for path, handler in gets.items()),
            *(Route(path, self._said(handler), methods=["POST"]) for path, handler in posts.items()),
        ]

    async def index(self, request: Request) -> Response:
        """Show both vendors' companies, or what was looked for in all of them."""
        if look_for := request.query_params.get("find", "").strip():
            found = findings(self._world, look_for)
            return self._page(f"Records with “{look_for}”", found, look_for=look_for)
        return self._page("Procore and QuickBooks", overview(self._world))

    async def shelf(self, request: Request) -> Response:
        """Show the records of one kind in one company."""
        shelf = self._shelf(request)
        return self._page(f"{shelf.title} of {shelf.company}", shelf_page(self._world, shelf))

    async def item(self, request: Request) -> Response:
        """Show one record."""
        shelf, item = self._item(request)
        return self._page(title(shelf, item), item_page(shelf, item))

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
        rule: dict[str, Any] = {"name": request.path_params["name"]}
        rule["match"] = {name: asked[name] for name in ("provider", "path") if asked.get(name)}
        rule |= {name: whole(name, asked[name]) for name in ("every", "times") if asked.get(name)}
        if args := asked.get("args"):
            rule["args"] = _object("the arguments", args)
        self._world.faults.add(rule)
        return _back("/#faults")

    async def fault_off(self, request: Request) -> Response:
        """Withdraw every rule of one fault."""
        for rule in self._world.faults.rules():
            if rule.name == request.path_params["name"]:
                self._world.faults.remove(rule.id)
        return _back("/#faults")

    async def bill(self, request: Request) -> Response:
        """Make a draft of a contract's next owner invoice, with a share of each line billed."""
        shelf, asked = self._shelf(request), await _form(request)
        return _back_to(shelf, self._doing.bill(shelf, asked))

    async def change(self, request: Request) -> Response:
        """Save a record."""
        (shelf, item), asked = self._item(request), await _form(request)
        if shelf.vendor == "quickbooks":
            # The person means the present version, whatever version the page showed.
            body = entity_change(shelf, item, asked)
            self._world.quickbooks.person(shelf.company_id, shelf.name, {**body, "Id": item.id})
        else:
            self._doing.change(shelf, item, asked)
        return _back_to(shelf, item.id)

    async def act(self, request: Request) -> Response:
        """Do with a record what its kind allows: approve, send, void, delete."""
        (shelf, item), act = self._item(request), request.path_params["act"]
        if shelf.vendor == "quickbooks":
            self._world.quickbooks.person(shelf.company_id, shelf.name, {"Id": item.id}, act)
        else:
            self._doing.act(shelf, item, act)
        return _back_to(shelf, item.id)

    def _shelf(self, request: Request) -> Shelf:
        asked = request.path_params
        vendor = asked["vendor"]
        if vendor not in VENDORS or asked["company"] not in companies(self._world, cast("Vendor", vendor)):
            raise KeyError(asked["company"])
        return shelves(self._world, cast("Vendor", vendor), asked["company"])[asked["kind"]]

    def _item(self, request: Request) -> tuple[Shelf, Item]:
        shelf = self._shelf(request)
        return shelf, shelf.find(request.path_params["id"])

    def _page(self, heading: str, *content: object, status: int = 200, look_for: str = "") -> Response:
        since = max(self._seeded, self._world.journal.last - RECENT)
        names = {key: name for vendor in VENDORS for key, name in companies(self._world, vendor).items()}
        page = frame(
            heading,
            *content,
            standing=in_force(self._world),
            beside=journal(since, names),
            look_for=look_for,
        )
        return Response(page, status, HEADERS, "text/html")

    def _said(self, handler: Handler) -> Handler:
        """Return a handler that says on a page why something was refused."""

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except RefusedError as refused:
                return self._refused(_sentence(refused.answer.body), refused.answer.status)
            except KeyError as unknown:
                return self._refused(f"There is no {unknown.args[0]} here.", 404)
            except (FaultError, ValueError) as fault:
                return self._refused(f"{fault}", 400)

        return answer

    def _refused(self, sentence: str, status: int) -> Response:
        hint = "Nothing was changed. Your browser's Back button returns to what you had filled in."
        return self._page(
            "That was refused",
            el("p", sentence[:1].upper() + sentence[1:], role="alert"),
            el("p", hint, class_="soft"),
            status=status,
        )


def _sentence(body: bytes) -> str:
    """Return in words what a vendor's refusal says as JSON: which field is wrong, and how."""
    try:
        errors = json.loads(body)["errors"]
    except (ValueError, KeyError, TypeError):
        return body.decode()
    return "; ".join(_complaints(errors))


def _complaints(errors: Any) -> Iterator[str]:
    if isinstance(errors, Mapping):
        for name, said in errors.items():
            yield f"{'' if name == 'base' else f'{name} '}{', '.join(map(str, said))}"
    else:
        yield from map(str, errors)


def _object(what: str, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as broken:
        raise ValueError(f"{what} are no JSON: {broken}") from broken
    if not isinstance(value, dict):
        raise ValueError(f"{what} are not a JSON object")  # noqa: TRY004 -- it is the writer's mistake
    return value


async def _form(request: Request) -> Mapping[str, str]:
    return dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))


def _back(where: str) -> Response:
    return RedirectResponse(where, 303, HEADERS)


def _back_to(shelf: Shelf, item_id: str) -> Response:
    return _back(f"{shelf.path}#{shelf.company_id}-{shelf.name}-{item_id}")


def _asset(name: str, media_type: str) -> Handler:
    content = files(__package__).joinpath(name).read_bytes()

    async def answer(_: Request) -> Response:
        return Response(content, headers=HEADERS, media_type=media_type)

    return answer
