"""Download links, for whoever was given one."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from plumbline.compliance.adapters.safe.links import Links
from plumbline.compliance.bounds import Places
from plumbline.compliance.safe_routes.answers import paper, refusing


class LinkRoutes:
    """The one route of links."""

    def __init__(self, links: Links, reads: Places) -> None:
        """Follow `links`; papers go out by the places of `reads`."""
        self._links = links
        self._reads = reads

    def routes(self) -> Sequence[BaseRoute]:
        """Return the route, to be mounted at the root. HEAD is none: asking must not use a link up."""
        route = Route("/link/{token}", refusing(self.follow))
        route.methods = {"GET"}
        return [route]

    async def follow(self, request: Request) -> Response:
        """`GET /link/TOKEN`: the paper that the link leads to."""
        async with self._reads.one():
            copy = await self._links.follow(request.path_params["token"])
        return paper(copy)
