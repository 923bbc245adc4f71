"""What happens to a life at a point of a renewal: it is killed, stands still, or the store is not as it was.

The points are watched where token-vault meets its libraries: the port of the secret store, and HTTPX's trace of
the token call. The code under test has no hook for it.
"""

import asyncio
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx

from plumbline.common.secrets.embedded import EmbeddedSecretStore
from plumbline.common.secrets.port import SecretDocument, SecretStore, SecretStoreUnavailableError
from plumbline.common.secrets.vault import VaultSecretStore
from tests.campaigns.race.cases import DEADLINE_S, Deed, Point

AWAY_S = 0.5
"""How long the store is away for the life that is struck."""

STALL_S = DEADLINE_S * 1.4
"""How long a life stands still: the others have taken over by then."""

TOKEN_PATHS = ("/oauth/token", "/oauth2/v1/tokens/bearer")
"""The paths of the token endpoints."""

AFTER_TRACE: Mapping[str, Point] = {
    "http11.send_request_body.complete": Point.SENT,
    "http11.receive_response_headers.complete": Point.ANSWERED,
    "http11.receive_response_body.complete": Point.READ,
}
"""Points of the token call."""


def late_mark(mark: Path) -> Path:
    """Return the file that is made when a call is cut by its deadline, beside the mark of a case."""
    return mark.with_suffix(".late")


class Watch:
    """Waits for one point in this process, and does what was ordered there: once in all processes of a case."""

    def __init__(
        self, *, deed: str | None, point: str | None, mark: Path, sibling: Mapping[str, str]
    ) -> None:
        """Wait for `point`.

        Args:
            deed: what to do there; nothing if none.
            point: where.
            mark: a file; whoever makes it is the one that is struck.
            sibling: what a sibling stores as the grant's document, but for its version.
        """
        self._deed = Deed(deed) if deed else None
        self._point = Point(point) if point else None
        self._mark = mark
        self._sibling = sibling
        self._store: SecretStore | None = None
        self._path = ""
        self._away_until = 0.0
        self._asked = False

    def install(self) -> None:
        """Watch this process from now on."""
        for kind in (EmbeddedSecretStore, VaultSecretStore):
            self._watch_store(kind)
        self._watch_calls()

    def _watch_store(self, kind: type[SecretStore]) -> None:
        read, write = kind.read, kind.write

        async def watched_read(store: SecretStore, path: str) -> SecretDocument | None:
            self._refuse_if_away(path)
            return await read(store, path)

        async def watched_write(
            store: SecretStore, path: str, values: Mapping[str, str], *, expected_version: int | None
        ) -> int:
            before, after = self._points_of(path, values)
            if before is not None:
                self._store, self._path = store, path
                await self.reach(before)
            self._refuse_if_away(path)
            version = await write(store, path, values, expected_version=expected_version)
            if after is not None:
                await self.reach(after)
            return version

        patch.object(kind, "read", watched_read).start()
        patch.object(kind, "write", watched_write).start()

    def _watch_calls(self) -> None:
        send = httpx.AsyncHTTPTransport.handle_async_request

        async def handle(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
            if request.url.path in TOKEN_PATHS:
                self._asked = True
                request.extensions = {**request.extensions, "trace": self._traced}
            try:
                return await send(transport, request)
            except asyncio.CancelledError:
                late_mark(self._mark).touch()
                raise

        patch.object(httpx.AsyncHTTPTransport, "handle_async_request", handle).start()

    async def reach(self, point: Point) -> None:
        """Pass a point, or be struck there."""
        if point is not self._point or self._deed is None or not self._is_first():
            return
        match self._deed:
            case Deed.KILL:
                os.kill(os.getpid(), signal.SIGKILL)
            case Deed.STALL:
                time.sleep(STALL_S)  # noqa: ASYNC251  the whole process stands still
            case Deed.AWAY:
                self._away_until = time.monotonic() + AWAY_S
            case Deed.CONFLICT:
                await self._overwrite({})
            case Deed.SIBLING:
                await self._overwrite(self._sibling)

    def _points_of(self, path: str, values: Mapping[str, str]) -> tuple[Point | None, Point | None]:
        if path.endswith("/access"):
            # What every start lends again is not what this renewal lends.
            return (Point.LENDING, Point.LENT) if self._asked else (None, None)
        if not path.endswith("/grant"):
            return None, None
        if "intent_number" in values:
            return Point.INTENDING, Point.INTENDED
        return (Point.STORING, Point.STORED) if self._asked else (None, None)

    def _is_first(self) -> bool:
        try:
            self._mark.touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def _refuse_if_away(self, path: str) -> None:
        if time.monotonic() < self._away_until:
            raise SecretStoreUnavailableError("the store is away", path=path)

    async def _overwrite(self, changes: Mapping[str, str]) -> None:
        """Write the grant's document anew, as somebody else would."""
        assert self._store is not None
        document = await self._store.read(self._path)
        assert document is not None
        values = {name: document.text(name) for name in document.values}
        if changes:
            values = {n: v for n, v in values.items() if not n.startswith("intent")} | dict(changes)
        await self._store.write(self._path, values, expected_version=document.version)

    async def _traced(self, name: str, _: Mapping[str, Any]) -> None:
        if name in AFTER_TRACE:
            await self.reach(AFTER_TRACE[name])
