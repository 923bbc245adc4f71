"""Routes of token-vault beside those that every service has."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from plumbline.common.operator import answer
from plumbline.token_vault.watching import Watch


def health_route(watch: Watch) -> BaseRoute:
    """Return `GET /health`: 200 while every grant works, else 503; each with its state, age and ends."""

    async def health(_: Request) -> Response:
        well, told = watch.health()
        return answer(told, 200 if well else 503)

    return Route("/health", health)
