"""Calls to partners: each is measured, by its host and how it ended."""

import asyncio
import gzip

import pytest

from plumbline.common.http import AnswerTooLargeError, NoAnswerError, NotSentError, exchange, partner_client
from plumbline.common.testing.far_side import Play, answering, far_side
from plumbline.common.testing.figures import figure


def calls(status: str) -> float:
    return figure("partner_call_seconds_count", host="127.0.0.1", status=status)


async def never(_: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def call(url: str, *, deadline_s: float = 5.0) -> None:
    async with partner_client(url) as http:
        await exchange(http, http.build_request("GET", "/"), deadline_s=deadline_s)


@pytest.mark.parametrize("status", [200, 429])
async def test_answer_is_counted_by_its_status(status: int) -> None:
    before = calls(str(status))
    async with far_side(answering(status)) as (url, _):
        await call(url)
    assert calls(str(status)) == before + 1


@pytest.mark.parametrize("play", [never, answering(200, b"half", content_length="9")])
async def test_call_without_a_whole_answer_is_counted_as_such(play: Play) -> None:
    before = calls("none")
    async with far_side(play) as (url, _):
        with pytest.raises(NoAnswerError):
            await call(url, deadline_s=0.1)
    assert calls("none") == before + 1


async def test_call_that_could_not_be_made_is_counted_as_not_sent() -> None:
    before = calls("not-sent")
    with pytest.raises(NotSentError):
        await call("http://127.0.0.1:1")
    assert calls("not-sent") == before + 1


async def test_answer_that_is_packed_twice_is_not_unpacked() -> None:
    bomb = gzip.compress(gzip.compress(bytes(1 << 20)))
    async with far_side(answering(200, bomb, content_encoding="gzip, gzip")) as (url, _):
        with pytest.raises(AnswerTooLargeError, match="packed more than once"):
            await call(url)
    async with far_side(answering(200, gzip.compress(b"once"), content_encoding="gzip")) as (url, _):
        await call(url)


async def test_redirect_to_a_host_that_is_no_name_is_no_answer() -> None:
    async with far_side(answering(302, b"", location="https://xn--/")) as (url, _):
        with pytest.raises(NoAnswerError):
            await call(url)
