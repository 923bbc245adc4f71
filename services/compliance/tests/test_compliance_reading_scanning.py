"""A paper is clean when ClamAV says so, and never because it says nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from plumbline.compliance.adapters.scanning import Clamd, Unscanned
from plumbline.compliance.ports.reading import Scan, ScannerUnavailableError
from plumbline.compliance.reading_settings import ReadingSettings

Play = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def playing(scan: Play) -> AsyncIterator[Clamd]:
    """A clamd that tells its version, and plays `scan` for the rest."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if await reader.readline() == b"nVERSION\n":
                writer.write(b"ClamAV 1.4.6/27000/Mon Nov 30 09:00:00 2026\n")
            else:
                await scan(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(play, "127.0.0.1", 0)
    async with server:
        yield Clamd("127.0.0.1", server.sockets[0].getsockname()[1], deadline_s=0.5)


async def taken(reader: asyncio.StreamReader) -> bytes:
    """What a client streams."""
    content = b""
    while size := int.from_bytes(await reader.readexactly(4), "big"):
        content += await reader.readexactly(size)
    return content


def answering(reply: bytes) -> Play:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await taken(reader)
        writer.write(reply)

    return answer


async def test_clean_file_is_clean_by_the_version_that_said_so() -> None:
    async with playing(answering(b"stream: OK\n")) as clamd:
        assert await clamd.scan(b"paper") == Scan(
            found=None, by="ClamAV 1.4.6/27000/Mon Nov 30 09:00:00 2026"
        )


async def test_infected_file_is_told_by_its_name() -> None:
    async with playing(answering(b"stream: Win.Test.EICAR_HDB-1 FOUND\n")) as clamd:
        assert (await clamd.scan(b"paper")).found == "Win.Test.EICAR_HDB-1"


async def test_every_byte_is_scanned() -> None:
    streamed = []

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        streamed.append(await taken(reader))
        writer.write(b"stream: OK\n")

    content = bytes(range(256)) * 5000
    async with playing(keep) as clamd:
        await clamd.scan(content)
    assert streamed == [content]


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"\n",
        b"OK\n",
        b"stream: FOUND\n",
        b"stream: Can't allocate memory ERROR\n",
        b"UNKNOWN COMMAND\n",
        b"\xff\xfe\x00garbage",
        b"stream: OK\nstream: Eicar FOUND\n",
        b"x" * 100_000,
    ],
)
async def test_anything_but_a_plain_answer_is_no_answer(reply: bytes) -> None:
    async with playing(answering(reply)) as clamd:
        with pytest.raises(ScannerUnavailableError):
            await clamd.scan(b"paper")


async def test_file_larger_than_the_scanner_takes_says_what_to_raise() -> None:
    async with playing(answering(b"INSTREAM size limit exceeded. ERROR\n")) as clamd:
        with pytest.raises(
            ScannerUnavailableError, match="takes no file of 5 bytes; raise its StreamMaxLength"
        ):
            await clamd.scan(b"paper")


async def test_scanner_that_hangs_up_in_the_middle_is_unavailable() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(10)
        writer.transport.abort()

    async with playing(hang_up) as clamd:
        with pytest.raises(ScannerUnavailableError):
            await clamd.scan(bytes(20_000_000))


async def test_slow_scanner_is_unavailable_in_time() -> None:
    async def sleep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    async with playing(sleep) as clamd:
        began = asyncio.get_running_loop().time()
        with pytest.raises(ScannerUnavailableError) as wait:
            await clamd.scan(b"paper")
        assert asyncio.get_running_loop().time() - began < 3
    assert wait.value.code == "scanner-unavailable"


async def test_scanner_that_is_away_is_unavailable() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    with pytest.raises(ScannerUnavailableError, match=rf"at 127.0.0.1:{port} does not answer"):
        await Clamd("127.0.0.1", port, deadline_s=0.5).scan(b"paper")


async def test_without_a_scanner_it_is_said_that_nothing_was_scanned() -> None:
    assert (await Unscanned().scan(b"paper")).by == "no scanner: not scanned for viruses"


REQUIRED = {"config_dir": "/config", "operator_token_file": "/token"}


def test_production_needs_a_scanner() -> None:
    with pytest.raises(ValueError, match="production needs PLUMBLINE_SCANNER=clamd"):
        ReadingSettings.model_validate({**REQUIRED, "env": "production", "scanner": "none"})
    tried_out = ReadingSettings.model_validate({**REQUIRED, "env": "embedded", "scanner": "none"})
    assert isinstance(tried_out.virus_scanner(), Unscanned)


def test_settings_are_the_readers_limits() -> None:
    settings = ReadingSettings.model_validate({**REQUIRED, "paper_mib_max": 3, "readers": 5})
    assert isinstance(settings.virus_scanner(), Clamd)
    limits = settings.reading_limits()
    assert (limits.content_bytes, limits.places, limits.processor_s) == (3 * 1024 * 1024, 5, 10)
