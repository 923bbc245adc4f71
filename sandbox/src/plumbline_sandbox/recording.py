"""The control API as it is served: its orders are written down, and come from this machine's user."""

from typing import Any
from urllib.parse import urlencode

from starlette.types import ASGIApp

from plumbline_sandbox.commandlog import CHANGELESS
from plumbline_sandbox.http import Answer, Request, json_answer
from plumbline_sandbox.server import CutRequestError, Receive, Scope, Send, Wire, read_request
from plumbline_sandbox.world import World

FLEETING = ("/control/slack", "/control/payments", "/control/lambda")
"""Orders to partners whose state does not outlive the process."""


class Recording:
    """Hands orders to the control API one after the other and writes them down."""

    def __init__(self, world: World, app: ASGIApp) -> None:
        self._world = world
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        self._world.clock.tick()
        if scope["method"] in CHANGELESS:
            await self._app(scope, receive, send)
            return
        try:
            request = await read_request(scope, receive, "control")
        except CutRequestError:
            return
        answer = Answer(413) if request is None else await self.order(request)
        await Wire(scope, receive, send).send(answer)

    async def execute(self, request: Request) -> Answer:
        """Let the control API execute an order."""
        scope = {
            "type": "http",
            "http_version": "1.1",
            "scheme": "http",
            "method": request.method,
            "path": request.path,
            "root_path": "",
            "query_string": urlencode(request.query).encode(),
            "headers": [(k.encode("latin-1"), v.encode("latin-1")) for k, v in request.headers.items()],
        }
        said: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": request.body, "more_body": False}

        async def send(message: Any) -> None:
            said.append(message)

        await self._app(scope, receive, send)
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in said[0]["headers"]}
        headers.pop("content-length", None)
        return Answer(said[0]["status"], b"".join(part.get("body", b"") for part in said[1:]), headers)

    async def order(self, request: Request) -> Answer:
        """Let the control API execute an order, and write it down."""
        if request.headers.get("sec-fetch-site") == "cross-site":
            # A page on the web must not give orders to a sandbox on the reader's machine.
            return json_answer(403, {"error": "orders are not taken from other sites"})
        log = self._world.log
        at_s = self._world.clock.time()
        answer = await self.execute(request)
        if log is not None:
            if not request.path.startswith(FLEETING):
                log.asked(request, answer, at_s)
            log.flush()
        return answer
