"""The control API of the smaller partners: what people and banks do there."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from plumbline_sandbox.posted import posted_object
from plumbline_sandbox.world import World


class PartnersControl:
    """The routes under `/control/slack`, `/control/payments` and `/control/lambda`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/control/slack/interactivity", self.interactivity, methods=["POST"]),
            Route("/control/slack/press", self.press, methods=["POST"]),
            Route("/control/slack/{channel}/messages", self.messages),
            Route("/control/payments/webhooks", self.webhooks, methods=["POST"]),
            Route("/control/payments/settings", self.approval, methods=["POST"]),
            Route("/control/payments/payment_orders/{id}", self.bank, methods=["POST"]),
            Route("/control/lambda/settings", self.timeout, methods=["POST"]),
        ]

    async def interactivity(self, request: Request) -> Response:
        """`POST /control/slack/interactivity`: `{"url"}`, where pressed buttons go."""
        self._world.slack.interactivity_url = str((await posted_object(request))["url"])
        return Response(status_code=204)

    async def press(self, request: Request) -> Response:
        """`POST /control/slack/press`: `{"channel", "ts", "action_id", "user", "slack_url"}`."""
        body = await posted_object(request)
        told = await self._world.pressing.press(
            str(body["channel"]),
            str(body["ts"]),
            str(body["action_id"]),
            user=str(body.get("user", "olivia")),
            base_url=str(body.get("slack_url", "")),
        )
        return JSONResponse(told)

    async def messages(self, request: Request) -> Response:
        """`GET /control/slack/{channel}/messages`: what stands in a channel, oldest first."""
        channel = self._world.slack.channel(request.path_params["channel"])
        if channel is None:
            raise KeyError(request.path_params["channel"])
        return JSONResponse(list(channel.messages.values()))

    async def webhooks(self, request: Request) -> Response:
        """`POST /control/payments/webhooks`: `{"url"}`; null stops them."""
        self._world.payment_webhooks.url = (await posted_object(request))["url"]
        return Response(status_code=204)

    async def approval(self, request: Request) -> Response:
        """`POST /control/payments/settings`: `{"needs_approval"}`, for new payment orders."""
        body = await posted_object(request)
        self._world.payments.needs_approval = bool(body["needs_approval"])
        return JSONResponse(body)

    async def bank(self, request: Request) -> Response:
        """`POST /control/payments/payment_orders/{id}`: `{"status"}`, which the bank has brought about."""
        body = await posted_object(request)
        order = self._world.payments.payment_orders[request.path_params["id"]]
        self._world.payments.reach(order, str(body["status"]), origin="person")
        return JSONResponse(order)

    async def timeout(self, request: Request) -> Response:
        """`POST /control/lambda/settings`: `{"timeout_s"}` of the function."""
        body = await posted_object(request)
        self._world.awslambda.timeout_s = float(body["timeout_s"])
        return JSONResponse(body)
