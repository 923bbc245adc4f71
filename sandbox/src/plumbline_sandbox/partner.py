"""What the smaller partners' stand-ins share: a table of routes, and nothing to check by default."""

import inspect
import re
from collections.abc import Awaitable, Callable

from plumbline_sandbox.http import Answer, RefusedError, Request

Params = dict[str, str]
"""What the path of a route told."""

Handler = Callable[[Request, Params], Answer | Awaitable[Answer]]
"""A use case of one route."""

Route = tuple[str, str, Handler]
"""Method, path (`{x}` stands for one segment) and handler."""


class Partner:
    """A provider with a table of routes; see `http.Provider` for when what is called."""

    name: str

    def __init__(self, routes: list[Route]) -> None:
        self._routes = [(method, _pattern(path), handler) for method, path, handler in routes]

    def identify(self, request: Request) -> None:
        """Know nothing more than the path."""

    def admit(self, request: Request) -> None:
        """Let everybody in."""

    async def handle(self, request: Request) -> Answer:
        """Find the route and execute it."""
        for method, pattern, handler in self._routes:
            if method == request.method and (match := pattern.fullmatch(request.path)):
                answer = handler(request, match.groupdict())
                return await answer if inspect.isawaitable(answer) else answer
        raise self.absent(request)

    def finish(self, request: Request, answer: Answer) -> None:
        """Add no header."""

    def absent(self, request: Request) -> RefusedError:
        """Return the refusal of a path that is no endpoint."""
        raise NotImplementedError

    def refused_token(self) -> Answer:
        """Return the partner's answer to credentials it does not accept."""
        raise NotImplementedError

    def throttled(self, retry_after_s: int) -> Answer:
        """Return the partner's 429."""
        raise NotImplementedError


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))
