"""What a request and an answer are, for every emulated provider.

Handlers see only these classes: no ASGI, no framework. That keeps the domain of each
vendor testable as plain calls, and the hot path short.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

CONNECTION_EXTENSION = "plumbline.connection"
"""Key in the ASGI scope's extensions under which the server puts the open transport."""


def _nothing() -> None:
    """Give nothing back."""


@dataclass(slots=True)
class Request:
    """One HTTP request, wholly read.

    `path` is percent-decoded, `headers` have lower-case names, `query` keeps the last value of a
    repeated name, and joins those of a name that ends in `[]`, which is an array, by commas. `facts` is what fault rules match on and what the journal says of the request
    (provider, method, path from the start; realm, company, requestid as they become known).
    """

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    facts: dict[str, Any] = field(default_factory=dict)
    release: Callable[[], None] = _nothing
    """Called once when the request is over, however it ends; `admit` may set it to give back a place."""

    def json(self) -> Any:
        """Return the body parsed as JSON.

        Raises:
            ValueError: The body is no JSON (a `json.JSONDecodeError` or `UnicodeDecodeError`).
        """
        return json.loads(self.body)


@dataclass(slots=True)
class Answer:
    """One HTTP answer before faults have touched it.

    `committed` tells that the request changed state, so that losing this answer is a lost
    answer and not a lost request. `replay` tells that nothing was executed again.
    """

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    committed: bool = False
    replay: bool = False


class RefusedError(Exception):
    """A request ends here with this answer; raised anywhere below a handler."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Provider(Protocol):
    """What one vendor's half gives to the shared server (`server.App`).

    The server calls, in this order: `identify`, `admit`, `handle`, `finish`; around them it plays
    faults and latency and writes the journal.
    """

    name: str
    """`procore` or `quickbooks`; the value of `match.provider` in fault rules."""

    def identify(self, request: Request) -> None:
        """Add to `request.facts` what the URL and headers tell (realm, company, requestid).

        Must not raise and must not change state: it runs before any fault or check.
        """

    def admit(self, request: Request) -> None:
        """Check credentials and limits, count the request.

        Raises:
            RefusedError: with 401, 403, 429 or 400 in the provider's own shape.
        """

    async def handle(self, request: Request) -> Answer:
        """Execute the request.

        Raises:
            RefusedError: instead of returning an answer of refusal.
        """

    def finish(self, request: Request, answer: Answer) -> None:
        """Add the headers every answer of this provider has (rate figures, trace id)."""

    def refused_token(self) -> Answer:
        """Return the provider's 401 for a token it does not accept."""

    def throttled(self, retry_after_s: int) -> Answer:
        """Return the provider's 429."""


Handler = Callable[[Request], Awaitable[Answer]]
"""A use case of one route."""


def json_answer(status: int, value: Any, *, committed: bool = False, **headers: str) -> Answer:
    """Return an answer with a compact JSON body; header names are given with underscores."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    named["content-type"] = "application/json"
    body = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    return Answer(status, body, named, committed=committed)
