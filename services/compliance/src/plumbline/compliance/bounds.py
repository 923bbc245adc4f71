"""How much of what is sent and read is in memory at once, and for how long somebody may send."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request

from plumbline.common.errors import TransientError, WaitError
from plumbline.compliance.ports.reading import RefusedPaperError

PUTS_AT_ONCE, READS_AT_ONCE = 4, 8
"""Papers on their way in and out: each is in memory as a whole, sealed and in clear."""

WAIT_S = 10.0
"""How long somebody waits for a place; ordinary WebDAV clients open several papers of a folder at once."""

BODY_BYTES_MAX = 16_384
"""The largest body that brings no paper: a name, a reason and some numbers."""

SENT_WITHIN_S = 60.0
"""How long somebody may send a body."""


class BusyError(WaitError):
    """As many papers are on their way as are held at once."""


class TooSlowError(TransientError):
    """A body took too long; nothing was kept."""


class Places:
    """So many at once; who comes while all places are taken waits a while, and is then asked to come again."""

    def __init__(self, count: int) -> None:
        """Have `count` places."""
        self._count = count
        self._free = asyncio.Semaphore(count)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Take a place until the end of the context.

        Raises:
            BusyError: wait.
        """
        try:
            async with asyncio.timeout(WAIT_S):
                await self._free.acquire()
        except TimeoutError:
            raise BusyError(f"{self._count} papers are on their way already; come again soon.") from None
        try:
            yield
        finally:
            self._free.release()


async def body_of(request: Request, *, bytes_max: int = BODY_BYTES_MAX) -> bytes:
    """Return a request's body.

    Raises:
        RefusedPaperError: needs a person; it is larger than that, and was read no further.
        TooSlowError: transient; it took too long.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(SENT_WITHIN_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > bytes_max:
                    raise RefusedPaperError("too-large", f"It may have {bytes_max} bytes at most; send less.")
    except TimeoutError:
        raise TooSlowError(f"It may take {SENT_WITHIN_S:.0f} s to send; send it again.") from None
    return bytes(body)
