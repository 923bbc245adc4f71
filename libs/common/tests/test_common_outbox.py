"""The outbox: exists with its transaction, published at least once, in order per key, by one relay."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from itertools import groupby

import pytest

from plumbline.common.contracts.cloudevents import Outgoing, outgoing
from plumbline.common.contracts.topics import LEDGER_COMMANDS
from plumbline.common.database import Pool, borrowed, transaction
from plumbline.common.listening import Bell, listening
from plumbline.common.outbox import Relay, put
from plumbline.common.outbox.box import MAX_BYTES, MessageTooLargeError
from plumbline.common.outbox.relay import BATCH, PublishError
from plumbline.common.testing.clock import DAWN
from plumbline.common.testing.database import SCHEMA, rows, service_pool
from plumbline.common.testing.messages import ledger_command
from plumbline.common.testing.publishing import RecordingPublisher
from plumbline.common.testing.waiting import eventually

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with service_pool(database_url) as pool:
        yield pool


def command(key: str, version: int = 1) -> Outgoing:
    return outgoing(
        LEDGER_COMMANDS, key, ledger_command(version), source="mapper", at=DAWN, traceparent=PARENT
    )


async def keep(pool: Pool, *messages: Outgoing) -> None:
    async with transaction(pool) as connection:
        await put(connection, messages)


async def waiting(pool: Pool) -> int:
    return len(await rows(pool, "SELECT 1 FROM outbox"))


def relay_of(publisher: RecordingPublisher, *, url: str = "", bell: Bell | None = None) -> Relay:
    return Relay(url=url, schema=SCHEMA, publisher=publisher, bell=bell or Bell())


async def relay_all(pool: Pool, publisher: RecordingPublisher) -> None:
    async with borrowed(pool) as connection:
        while await relay_of(publisher).relay_once(connection):
            pass


def versions_of(publisher: RecordingPublisher, key: str) -> list[int]:
    return [json.loads(value)["version"] for value in publisher.values_of(key)]


async def test_message_comes_out_as_it_was_put_and_once_when_nothing_fails(pool: Pool) -> None:
    message = command("Zürich/7")
    await keep(pool, message)
    publisher = RecordingPublisher()
    await relay_all(pool, publisher)
    assert publisher.published == [message]
    assert await waiting(pool) == 0


async def test_message_of_a_transaction_that_rolls_back_never_was(pool: Pool) -> None:
    async def put_and_fail() -> None:
        async with transaction(pool) as connection:
            await put(connection, [command("a")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await put_and_fail()
    assert await waiting(pool) == 0


async def test_message_too_large_for_kafka_is_refused_before_it_blocks_the_others(pool: Pool) -> None:
    with pytest.raises(MessageTooLargeError, match="900001 bytes on t"):
        await keep(pool, command("a"), Outgoing("t", "b", {}, b"x" * (MAX_BYTES + 1)))
    assert await waiting(pool) == 0


async def test_order_of_a_key_is_the_order_of_its_commits_however_many_write(pool: Pool) -> None:
    await rows(pool, "CREATE TABLE records AS SELECT k AS key, 0 AS version FROM unnest('{a,b,c}'::text[]) k")
    writers, turns = 8, 15

    async def write(n: int) -> None:
        for turn in range(turns):
            key = "abc"[(n + turn) % 3]
            async with transaction(pool) as connection:
                version = await connection.fetchval(
                    "UPDATE records SET version = version + 1 WHERE key = $1 RETURNING version", key
                )
                await put(connection, [command(key, version)])

    publisher = RecordingPublisher()
    writing = asyncio.gather(*(write(n) for n in range(writers)))
    while not writing.done():
        await relay_all(pool, publisher)
        await asyncio.sleep(0)
    await relay_all(pool, publisher)
    for key in "abc":
        assert versions_of(publisher, key) == list(range(1, writers * turns // 3 + 1))


async def test_oldest_are_published_first_whatever_place_the_table_gives_them(pool: Pool) -> None:
    await keep(pool, *[command("a", n) for n in range(1, 4)])
    await rows(pool, "UPDATE outbox SET created_at = now() WHERE id = 1")  # moves it to the end of the table
    publisher = RecordingPublisher()
    await relay_all(pool, publisher)
    assert versions_of(publisher, "a") == [1, 2, 3]


async def test_more_than_a_batch_is_published_in_several(pool: Pool) -> None:
    await keep(pool, *[command("a", n) for n in range(1, BATCH + 8)])
    publisher = RecordingPublisher()
    await relay_all(pool, publisher)
    assert publisher.calls == 2
    assert versions_of(publisher, "a") == list(range(1, BATCH + 8))


@pytest.mark.parametrize("passed", [0, 1, 2])
async def test_what_was_not_acknowledged_is_published_again_in_order(pool: Pool, passed: int) -> None:
    await keep(pool, command("a", 1), command("a", 2), command("a", 3))
    publisher = RecordingPublisher()
    publisher.fails_after = passed
    with pytest.raises(PublishError):
        await relay_all(pool, publisher)
    assert await waiting(pool) == 3
    await relay_all(pool, publisher)
    assert versions_of(publisher, "a") == [*range(1, passed + 1), 1, 2, 3]
    assert await waiting(pool) == 0


@contextlib.asynccontextmanager
async def running(relay: Relay) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(relay.run())
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_relay_outlives_kafka_being_away_and_loses_nothing(
    pool: Pool, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plumbline.common.outbox.relay.PAUSE_AFTER_FAILURE_S", 0.01)
    monkeypatch.setattr("plumbline.common.outbox.relay.POLL_S", 0.01)
    publisher = RecordingPublisher()
    publisher.away = True
    async with running(relay_of(publisher, url=database_url)):
        await keep(pool, command("a", 1))
        await eventually(lambda: called(publisher, 3))
        await keep(pool, command("a", 2))
        publisher.away = False
        await eventually(lambda: empty(pool))
    assert versions_of(publisher, "a") == [1, 2]


async def test_relay_outlives_its_connection_being_cut(
    pool: Pool, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plumbline.common.outbox.relay.PAUSE_AFTER_FAILURE_S", 0.01)
    monkeypatch.setattr("plumbline.common.outbox.relay.POLL_S", 0.01)
    publisher, bell = RecordingPublisher(), Bell()
    async with running(relay_of(publisher, url=database_url, bell=bell)):
        await keep(pool, command("a", 1))
        await eventually(lambda: empty(pool))
        await rows(pool, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        await keep(pool, command("a", 2))
        bell.ring()
        await eventually(lambda: empty(pool))
    assert [version for version, _ in groupby(versions_of(publisher, "a"))] == [1, 2]


async def test_one_relay_is_at_work_and_another_takes_over_when_it_dies(
    pool: Pool, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plumbline.common.outbox.relay.POLL_S", 0.01)
    first, second = RecordingPublisher(), RecordingPublisher()
    async with running(relay_of(first, url=database_url)) as at_work:
        await keep(pool, command("a", 1))
        await eventually(lambda: empty(pool))
        async with running(relay_of(second, url=database_url)):
            await keep(pool, *[command("a", n) for n in range(2, 10)])
            await eventually(lambda: empty(pool))
            assert second.calls == 0
            at_work.cancel()
            await keep(pool, command("a", 10))
            await eventually(lambda: empty(pool))
    assert versions_of(first, "a") + versions_of(second, "a") == list(range(1, 11))


async def test_commit_rings_the_bell_of_who_listens_and_a_rollback_does_not(
    pool: Pool, database_url: str
) -> None:
    bell, other = Bell(), Bell()
    async with listening(database_url, {f"{SCHEMA}_outbox": bell, f"{SCHEMA}_work": other}):
        await bell.wait(10)  # rung once when listening begins, for what came before
        await other.wait(10)
        await keep(pool, command("a"))
        assert await rang(bell)
        assert not await rang(other)


async def test_bell_rings_again_after_the_listener_was_cut_off(
    pool: Pool, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plumbline.common.listening.RECONNECT_PAUSE_S", 0.01)
    bell = Bell()
    async with listening(database_url, {f"{SCHEMA}_outbox": bell}):
        await bell.wait(10)
        await rows(pool, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
        assert await rang(bell)
        await keep(pool, command("a"))
        assert await rang(bell)


async def rang(bell: Bell) -> bool:
    """Say whether the bell rings within a moment; clears it."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.5):
            await bell._event.wait()
            bell._event.clear()
            return True
    return False


async def called(publisher: RecordingPublisher, times: int) -> bool:
    return publisher.calls >= times


async def empty(pool: Pool) -> bool:
    return await waiting(pool) == 0
