"""HTTP calls to partners: one deadline, one size limit, one clock for partner time.

`exchange` is the only way Plumbline calls a partner. It never follows a redirect (a
redirected request would carry its credential to another host) and it never decides what an
answer means: the partner's client does.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import httpx

from plumbline.common.errors import TransientError
from plumbline.common.metrics import PARTNER_CALL_SECONDS

MAX_ANSWER_BYTES = 8 * 1024 * 1024
"""Largest answer read from a partner; a page of 1,000 invoices is about 3 MB."""

CONNECT_TIMEOUT_S = 5.0
"""How long a connection may take to be made; nothing has been sent by then."""

NO_ANSWER, NOT_SENT = "none", "not-sent"
"""What the figures say in place of a status."""


class NotSentError(TransientError):
    """The partner could not be reached: nothing was sent."""


class NoAnswerError(TransientError):
    """The request was sent and no whole answer came back: its outcome is unknown."""


class AnswerTooLargeError(NoAnswerError):
    """The answer was longer than we read: asking for less helps, asking again does not."""


@dataclass(slots=True)
class PartnerTime:
    """Time spent in partner calls and in waiting for their limits, in seconds."""

    seconds: float = 0.0
    calls: int = 0

    @property
    def ms(self) -> int:
        """The time in whole milliseconds."""
        return round(self.seconds * 1000)


_partner_time: ContextVar[PartnerTime | None] = ContextVar("partner_time", default=None)


@contextmanager
def partner_time() -> Iterator[PartnerTime]:
    """Measure the partner time of everything called inside, in this task and its children."""
    measured = PartnerTime()
    token = _partner_time.set(measured)
    try:
        yield measured
    finally:
        _partner_time.reset(token)


@contextmanager
def counted_as_partner_time(*, is_call: bool = False) -> Iterator[None]:
    """Count the time spent inside as the partner's."""
    started = time.perf_counter()
    try:
        yield
    finally:
        if (measured := _partner_time.get()) is not None:
            measured.seconds += time.perf_counter() - started
            measured.calls += is_call


@dataclass(frozen=True, slots=True)
class PartnerAnswer:
    """A whole answer: status, headers (case-insensitive) and body bytes."""

    status: int
    headers: httpx.Headers
    body: bytes = field(repr=False)


def partner_client(base_url: str, *, max_connections: int = 32) -> httpx.AsyncClient:
    """Return a client for one partner host: pooled, without redirects or ambient proxies."""
    return httpx.AsyncClient(
        base_url=base_url,
        follow_redirects=False,
        trust_env=False,
        timeout=httpx.Timeout(None, connect=CONNECT_TIMEOUT_S),
        limits=httpx.Limits(max_connections=max_connections, keepalive_expiry=30.0),
        headers={"user-agent": "plumbline/0.1"},
    )


async def exchange(
    client: httpx.AsyncClient,
    request: httpx.Request,
    *,
    deadline_s: float,
    max_bytes: int = MAX_ANSWER_BYTES,
) -> PartnerAnswer:
    """Send one request and read its whole answer within an absolute deadline.

    Raises:
        NotSentError: transient; no connection was made, so nothing can have happened.
        NoAnswerError: transient; the request may or may not have had its effect.
        AnswerTooLargeError: one of these; the answer is longer than `max_bytes`, or packed more than once.
    """
    started, status = time.perf_counter(), NO_ANSWER
    try:
        with counted_as_partner_time(is_call=True):
            async with asyncio.timeout(deadline_s):
                answer = await _send(client, request, max_bytes)
        status = str(answer.status)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        status = NOT_SENT
        raise NotSentError(f"{request.url.host} could not be reached: {error}") from error
    # httpx reads where a redirect leads, and a host that is no name ends in a UnicodeError.
    except (httpx.HTTPError, TimeoutError, UnicodeError) as error:
        kind = type(error).__name__
        raise NoAnswerError(f"{request.url.host} gave no whole answer ({kind})") from error
    else:
        return answer
    finally:
        PARTNER_CALL_SECONDS.labels(request.url.host, status).observe(time.perf_counter() - started)


async def _send(client: httpx.AsyncClient, request: httpx.Request, max_bytes: int) -> PartnerAnswer:
    response = await client.send(request, stream=True)
    try:
        # Each coding can make a thousand bytes of one, and httpx undoes all of them before we can count.
        if len(response.headers.get_list("content-encoding", split_commas=True)) > 1:
            raise AnswerTooLargeError(f"{request.url.host} answered bytes that are packed more than once")
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.aiter_bytes():
            size += len(chunk)
            if size > max_bytes:
                raise AnswerTooLargeError(f"{request.url.host} answered more than {max_bytes} bytes")
            chunks.append(chunk)
    finally:
        await response.aclose()
    return PartnerAnswer(response.status_code, response.headers, b"".join(chunks))
