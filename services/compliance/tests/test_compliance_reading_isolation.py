"""What a reader's process may do, and that none is left, whoever dies."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator

import pytest
from hostile_papers import HOSTILE, harmless
from reading_processes import children, limits_of, lives, nurseries, open_files_of, outcome, told_of, until

from plumbline.compliance.adapters.reading.isolation import IsolatedReader
from plumbline.compliance.adapters.reading.limits import Limits
from plumbline.compliance.ports.reading import ReaderUnavailableError, RefusedPaperError

ENDLESS = HOSTILE["millions_of_operators"]()
"""Seconds of work."""


async def working(nursery: int) -> int:
    """The one child of a nursery, once it is reading."""
    await until(lambda: children(nursery))
    [child] = children(nursery)
    await until(lambda: limits_of(child)["Max processes"] == ("0", "0"))
    return child


async def test_child_has_no_secret_no_open_file_and_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUMBLINE_DATABASE_URL", "postgresql://a-secret@db")
    ours = os.open("/etc/hostname", os.O_RDONLY)
    os.set_inheritable(ours, True)
    async with IsolatedReader(Limits(memory_bytes=700_000_000, processor_s=7)) as reader:
        [nursery] = nurseries()
        reading = asyncio.create_task(reader.read(ENDLESS))
        child = await working(nursery)
        limits, open_files = limits_of(child), open_files_of(child)
        environment, first_to_go = told_of(child, "environ"), told_of(child, "oom_score_adj")
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    os.close(ours)
    assert environment == ""
    assert open_files == ["/dev/null", "/dev/null", "/dev/null", "socket"]
    assert first_to_go == "1000\n"
    assert limits["Max address space"] == ("700000000", "700000000")
    assert limits["Max cpu time"] == ("7", "7")
    for nothing in ("file size", "core file size", "open files", "processes"):
        assert limits[f"Max {nothing}"] == ("0", "0")


async def test_cancelled_reading_ends_its_child() -> None:
    async with IsolatedReader() as reader:
        [nursery] = nurseries()
        reading = asyncio.create_task(reader.read(ENDLESS))
        child = await working(nursery)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await until(lambda: not lives(child), within_s=1.0)
        assert await outcome(reader, harmless()) == "pypdf"


async def test_file_that_takes_too_long_is_refused_and_its_child_ended() -> None:
    async with IsolatedReader(Limits(wall_s=0.5)) as reader:
        [nursery] = nurseries()
        assert await outcome(reader, ENDLESS) == "unreadable"
        await until(lambda: not children(nursery), within_s=1.0)


async def test_child_that_stands_still_is_given_up() -> None:
    async with IsolatedReader(Limits(wall_s=0.5)) as reader:
        [nursery] = nurseries()
        reading = asyncio.create_task(outcome(reader, ENDLESS))
        child = await working(nursery)
        os.kill(child, signal.SIGSTOP)  # its own clock does not end it now
        async with asyncio.timeout(3):
            assert await reading == "unreadable"
        await until(lambda: not lives(child), within_s=1.0)


async def test_file_whose_child_dies_is_refused_and_the_next_one_read() -> None:
    async with IsolatedReader() as reader:
        [nursery] = nurseries()
        reading = asyncio.create_task(outcome(reader, ENDLESS))
        os.kill(await working(nursery), signal.SIGKILL)
        assert await reading == "unreadable"
        assert await outcome(reader, harmless()) == "pypdf"
        assert nurseries() == [nursery]


async def test_file_is_not_blamed_for_a_nursery_that_was_killed_and_the_next_one_is_read_in_a_new_one() -> (
    None
):
    async with IsolatedReader() as reader:
        [nursery] = nurseries()
        reading = asyncio.create_task(reader.read(ENDLESS))
        child = await working(nursery)
        os.kill(nursery, signal.SIGKILL)
        await until(lambda: not lives(nursery))
        os.kill(child, signal.SIGKILL)
        with pytest.raises(ReaderUnavailableError):
            await reading
        assert await outcome(reader, harmless()) == "pypdf"
        [another] = nurseries()
        assert another != nursery


async def test_nursery_killed_between_files_costs_none() -> None:
    async with IsolatedReader() as reader:
        [nursery] = nurseries()
        os.kill(nursery, signal.SIGKILL)
        assert await outcome(reader, harmless()) == "pypdf"


OWNER = """
import asyncio, sys
from plumbline.compliance.adapters.reading.isolation import IsolatedReader
from plumbline.compliance.adapters.reading.limits import Limits

async def main():
    async with IsolatedReader(Limits(wall_s=1.5)) as reader:
        await reader.read(sys.stdin.buffer.read())

asyncio.run(main())
"""


Owned = tuple[asyncio.subprocess.Process, int, int]


@pytest.fixture
async def owned() -> AsyncIterator[Owned]:
    """A process that reads an endless file, its nursery and its child."""
    owner = await asyncio.create_subprocess_exec(sys.executable, "-c", OWNER, stdin=asyncio.subprocess.PIPE)
    assert owner.stdin is not None
    owner.stdin.write(ENDLESS)
    owner.stdin.write_eof()
    await until(lambda: children(owner.pid))
    [nursery] = children(owner.pid)
    try:
        yield owner, nursery, await working(nursery)
    finally:
        if owner.returncode is None:
            owner.kill()
        await owner.wait()


async def test_owner_that_is_killed_leaves_neither_nursery_nor_child(owned: Owned) -> None:
    owner, nursery, child = owned
    owner.kill()
    await until(lambda: not lives(nursery) and not lives(child), within_s=1.0)


async def test_child_that_is_left_alone_ends_in_its_time(owned: Owned) -> None:
    owner, nursery, child = owned
    os.kill(nursery, signal.SIGKILL)
    owner.kill()
    await until(lambda: not lives(child), within_s=2.5)


async def test_closed_reader_leaves_nothing_while_files_were_read() -> None:
    async with IsolatedReader() as reader:
        [nursery] = nurseries()
        reading = asyncio.create_task(reader.read(ENDLESS))
        child = await working(nursery)
    with pytest.raises(ReaderUnavailableError):
        await reading
    assert not lives(nursery)
    await until(lambda: not lives(child), within_s=1.0)


async def test_no_more_files_are_read_at_once_than_there_are_places() -> None:
    async with IsolatedReader(Limits(places=2, wall_s=0.4)) as reader:
        [nursery] = nurseries()
        reading = asyncio.gather(*(outcome(reader, ENDLESS) for _ in range(4)))
        most = 0
        while not reading.done():
            most = max(most, sum(map(lives, children(nursery))))
            await asyncio.sleep(0.005)
    assert most == 2
    assert await reading == ["unreadable"] * 4


async def test_file_that_is_too_large_meets_no_child() -> None:
    reader = IsolatedReader(Limits(content_bytes=100))
    with pytest.raises(RefusedPaperError) as refused:
        await reader.read(harmless())
    assert refused.value.log_fields() == {
        "error": "paper-refused",
        "detail": "The file is larger than what is taken. Scan it with fewer dots per inch, or send its parts one by one.",
        "reason": "too-large",
    }
    assert nurseries() == []


async def test_answer_is_bounded() -> None:
    async with IsolatedReader(Limits(answer_bytes=600)) as reader:
        assert await outcome(reader, harmless("Lone Star Air")) == "pypdf"
        assert await outcome(reader, harmless("Lone Star Air " * 100)) == "too-much-inside"
