"""What a Procore does on the wire, over real sockets: every call ends in time, and no token goes astray."""

import asyncio
import socket
import traceback

import httpx
import pytest

from plumbline.common.http import MAX_ANSWER_BYTES, NoAnswerError, NotSentError, partner_client
from plumbline.common.testing.far_side import Heard, Play, Tokens, answering, far_side
from plumbline.procore import ProcoreClient, ProcoreUnavailableError

PROJECT = b'{"id": 1001, "name": "Depot Lofts"}'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
UNHURRIED_S = 30.0
"""Longer than any test lasts: a call that ended sooner was not ended by its deadline."""
HANGS_S = 20.0
"""When a test fails instead of hanging, should a deadline not hold."""


async def ask(url: str, *, deadline_s: float, tokens: Tokens | None = None) -> str:
    async with asyncio.timeout(HANGS_S), partner_client(url) as http:
        client = ProcoreClient(http, tokens or Tokens(), company_id=4001, deadline_s=deadline_s)
        return (await client.project(1001)).name


async def never(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def head_only(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD % len(PROJECT))
    await writer.drain()
    await asyncio.Event().wait()


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD % 1_000_000)
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


async def half_a_head(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD[:20])
    await writer.drain()
    await asyncio.Event().wait()


async def reset(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    raise ConnectionResetError


async def half_a_body(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD % len(PROJECT) + PROJECT[:10])
    await writer.drain()
    raise ConnectionResetError


async def nonsense(writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x16\x03\x01 this is no HTTP at all\r\n\r\n")
    await writer.drain()
    raise ConnectionResetError


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
    while True:
        writer.write(b" " * 65536)
        await writer.drain()


async def test_whole_answer_over_a_socket_is_read() -> None:
    async with far_side(answering(200, PROJECT)) as (url, heard):
        assert await ask(url, deadline_s=UNHURRIED_S) == "Depot Lofts"
    assert heard[0].target == "/rest/v1.0/projects/1001?company_id=4001"
    assert heard[0].headers["procore-company-id"] == "4001"
    assert heard[0].headers["authorization"] == "Bearer access-1"


@pytest.mark.parametrize("play", [never, half_a_head, head_only, drip])
async def test_far_side_that_does_not_finish_meets_the_deadline(play: Play) -> None:
    async with far_side(play) as (url, heard):
        with pytest.raises(ProcoreUnavailableError, match="no whole answer"):
            await ask(url, deadline_s=0.2)
    assert len(heard) == 1


@pytest.mark.parametrize("play", [reset, half_a_body, nonsense])
async def test_broken_answer_is_transient_and_its_outcome_unknown(play: Play) -> None:
    async with far_side(play) as (url, heard):
        with pytest.raises(ProcoreUnavailableError) as raised:
            await ask(url, deadline_s=UNHURRIED_S)
    assert isinstance(raised.value.__cause__, NoAnswerError)
    assert len(heard) == 1  # nothing is repeated behind the caller's back


async def test_answer_larger_than_the_limit_is_not_read_to_its_end() -> None:
    async with far_side(endless) as (url, _):
        with pytest.raises(ProcoreUnavailableError, match=str(MAX_ANSWER_BYTES)):
            await ask(url, deadline_s=UNHURRIED_S)


async def test_refused_connection_is_told_apart_as_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(ProcoreUnavailableError, match="could not be reached") as raised:
        await ask(url, deadline_s=UNHURRIED_S)
    assert isinstance(raised.value.__cause__, NotSentError)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirect_is_not_followed_and_takes_no_token_along(status: int) -> None:
    # Procore's file links redirect to another host, which must not see the token (Secure file access tips).
    async with far_side(answering(200, PROJECT)) as (elsewhere, lured):
        moved = answering(status, b"{}", location=f"{elsewhere}/rest/v1.0/projects/1001")
        async with far_side(moved) as (url, heard):
            with pytest.raises(ProcoreUnavailableError, match=str(status)):
                await ask(url, deadline_s=UNHURRIED_S)
    assert (len(heard), lured) == (1, [])


async def test_links_to_another_host_get_neither_token_nor_request() -> None:
    async with far_side(answering(200, b"[]")) as (elsewhere, lured):
        first = answering(200, b"[]", link=f'<{elsewhere}/rest/v1.0/projects?page=2>; rel="next"')
        async with far_side(first, answering(200, b"[]")) as (url, heard), partner_client(url) as http:
            client = ProcoreClient(http, Tokens(), company_id=4001, deadline_s=UNHURRIED_S)
            assert await client.projects() == []
    assert lured == []
    assert [_page(request) for request in heard] == ["1", "2"]


async def test_tokens_stand_in_no_error_text() -> None:
    plays: list[Play] = [answering(500, b"<html>"), answering(422, b'{"errors": "no"}'), answering(401, b"")]
    for play in plays:
        async with far_side(play) as (url, _):
            with pytest.raises(Exception) as raised:
                await ask(url, deadline_s=UNHURRIED_S)
        assert "access-" not in "".join(traceback.format_exception(raised.value))


async def test_cancelled_call_ends_at_once() -> None:
    reached = asyncio.Event()

    async def reach(writer: asyncio.StreamWriter) -> None:
        reached.set()
        await never(writer)

    async with far_side(reach) as (url, _):
        call = asyncio.create_task(ask(url, deadline_s=UNHURRIED_S))
        await reached.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call


def _page(request: Heard) -> str:
    return httpx.URL(request.target).params["page"]
