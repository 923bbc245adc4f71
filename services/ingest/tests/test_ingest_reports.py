"""Rotating webhook secrets, seen from ingest: what is accepted, what is reported, when hooks are looked at."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from plumbline.common.database import DatabaseUnavailableError
from plumbline.common.secrets.webhooks import WebhookSecret, WebhookSecrets, secret_values, webhook_path
from plumbline.common.testing.clock import DAWN, FakeClock
from plumbline.common.testing.publishing import RecordingPublisher
from plumbline.common.testing.secrets import MemorySecretStore
from plumbline.ingest.reporting import TOLD_AT_ONCE, Addressee, SecretReports, SecretWatch
from plumbline.ingest.testing import (
    APP,
    CONNECTION,
    SECRET,
    V4,
    VERIFIER_TOKEN,
    Receiver,
    body,
    cloud_events,
    signed,
)

NEXT = "Bearer Next-Secret-2"
NEXT_TOKEN = "a-token-that-is-to-come"
ADDRESSEES = [("procore", CONNECTION), ("quickbooks", APP)]
PATHS = [webhook_path(*addressee) for addressee in ADDRESSEES]


def offered(current: str, following: str, number: int = 4) -> WebhookSecret:
    return WebhookSecret(SecretStr(current), number, DAWN, next=SecretStr(following), next_since=DAWN)


async def store_secret(store: MemorySecretStore, path: str, secret: WebhookSecret) -> None:
    await store.write(path, secret_values(secret), expected_version=None)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


async def post(receiver: Receiver, secret: str) -> tuple[int, str]:
    answer = await receiver.post(body(V4), secret=secret)
    return answer.status_code, answer.json().get("error", "")


async def test_all_three_values_of_a_rotation_are_accepted(receiver: Receiver) -> None:
    secret = replace(offered(SECRET, NEXT), previous=SecretStr("Bearer Before"))
    await store_secret(receiver.store, PATHS[0], secret)
    for value in (SECRET, NEXT, "Bearer Before"):
        assert await post(receiver, value) == (202, "")
    assert await post(receiver, "Bearer Another") == (401, "not-the-sender")


async def test_value_that_is_newer_than_the_last_look_is_accepted(receiver: Receiver) -> None:
    assert await post(receiver, SECRET) == (202, "")
    receiver.clock.advance(timedelta(seconds=2))
    await store_secret(receiver.store, PATHS[0], offered(SECRET, NEXT))
    assert await post(receiver, NEXT) == (202, "")


async def test_token_that_is_newer_than_the_last_look_is_accepted(receiver: Receiver) -> None:
    assert (await receiver.notify(cloud_events({}))).status_code == 200
    receiver.clock.advance(timedelta(seconds=2))
    await store_secret(receiver.store, PATHS[1], offered(VERIFIER_TOKEN, NEXT_TOKEN))
    content = cloud_events({})
    answer = await receiver.notify(content, signature=signed(content, NEXT_TOKEN))
    assert answer.status_code == 200
    assert receiver.saw == [("quickbooks", APP, 5)]


async def test_value_that_was_stored_a_moment_after_the_last_look_is_accepted(receiver: Receiver) -> None:
    assert await post(receiver, SECRET) == (202, "")
    await store_secret(receiver.store, PATHS[0], offered(SECRET, NEXT))
    receiver.clock.advance(timedelta(milliseconds=1))
    assert await post(receiver, NEXT) == (202, "")


async def test_strangers_share_one_look_at_the_store(receiver: Receiver) -> None:
    await post(receiver, SECRET)
    receiver.clock.advance(timedelta(seconds=2))
    reads = receiver.store.reads
    answers = await asyncio.gather(*(post(receiver, "Bearer Guess") for _ in range(20)))
    assert set(answers) == {(401, "not-the-sender")}
    assert receiver.store.reads == reads + 1


async def test_nobody_is_refused_for_what_cannot_be_looked_up(receiver: Receiver) -> None:
    await post(receiver, SECRET)
    receiver.clock.advance(timedelta(seconds=2))
    receiver.store.away = True
    assert await post(receiver, NEXT) == (503, "secrets-away")
    assert await post(receiver, SECRET) == (202, "")
    content = cloud_events({})
    await receiver.notify(content)
    receiver.store.away = False
    receiver.clock.advance(timedelta(seconds=10))
    assert await post(receiver, NEXT) == (401, "not-the-sender")


async def test_store_that_is_away_is_not_asked_for_every_stranger(receiver: Receiver) -> None:
    await post(receiver, SECRET)
    receiver.clock.advance(timedelta(seconds=2))
    receiver.store.away = True
    reads = receiver.store.reads
    for _ in range(20):
        assert await post(receiver, "Bearer Guess") == (503, "secrets-away")
    assert receiver.store.reads == reads + 1


class Reporting:
    """One replica's reports, over a store and a Kafka of its own."""

    def __init__(self, addressees: Sequence[Addressee] = ADDRESSEES) -> None:
        self.clock = FakeClock()
        self.store = MemorySecretStore()
        self.kafka = RecordingPublisher()
        self.secrets = WebhookSecrets(self.store, clock=self.clock)
        self.reports = SecretReports(
            self.secrets, addressees, replica="ingest-1", publisher=self.kafka, clock=self.clock, every_s=60
        )

    async def said(self) -> list[dict[str, Any]]:
        self.kafka.published.clear()
        await self.reports.report()
        return [json.loads(message.value) for message in self.kafka.published]


async def test_replica_reports_the_newest_version_that_it_accepts() -> None:
    replica = Reporting()
    await store_secret(replica.store, PATHS[0], WebhookSecret(SecretStr(SECRET), 4))
    await store_secret(replica.store, PATHS[1], WebhookSecret(SecretStr(VERIFIER_TOKEN), 2))
    [first] = await replica.said()
    assert first["versions"] == {PATHS[0]: 4, PATHS[1]: 2}
    assert (first["reporter"], first["says"], first["trouble"]) == ("ingest-1", "accepts", "")
    assert datetime.fromisoformat(first["at"]) == DAWN
    await store_secret(replica.store, PATHS[0], offered(SECRET, NEXT))
    [second] = await replica.said()
    assert second["versions"][PATHS[0]] == 5
    assert SECRET not in str(second)


async def test_replica_that_cannot_read_says_so_and_what_it_goes_by() -> None:
    replica = Reporting()
    await store_secret(replica.store, PATHS[0], WebhookSecret(SecretStr(SECRET), 4))
    await replica.said()
    await store_secret(replica.store, PATHS[0], offered(SECRET, NEXT))
    replica.store.away = True
    [report] = await replica.said()
    assert report["versions"] == {PATHS[0]: 4, PATHS[1]: 0}
    assert report["trouble"] == "the store was told to be away"


async def test_token_that_was_seen_is_reported_until_kafka_has_it() -> None:
    replica = Reporting()
    replica.reports.saw("quickbooks", APP, 5)
    replica.kafka.away = True
    await replica.said()
    replica.kafka.away = False
    said = await replica.said()
    assert [(r["says"], r["versions"]) for r in said[1:]] == [("saw", {PATHS[1]: 5})]
    assert [r["says"] for r in await replica.said()] == ["accepts"]


async def test_many_secrets_are_reported_in_messages_that_kafka_takes() -> None:
    replica = Reporting(addressees=[("procore", str(number)) for number in range(TOLD_AT_ONCE + 1)])
    assert [len(report["versions"]) for report in await replica.said()] == [TOLD_AT_ONCE, 1]


class Hearing:
    """Who hears that hooks need another secret; the database may be away."""

    def __init__(self) -> None:
        self.heard: list[list[str]] = []
        self.away = False

    async def __call__(self, names: Sequence[str]) -> None:
        if self.away:
            raise DatabaseUnavailableError
        self.heard.append(list(names))


async def test_hooks_are_looked_at_when_the_present_value_is_another() -> None:
    store, hearing = MemorySecretStore(), Hearing()
    secrets = WebhookSecrets(store, clock=FakeClock())
    await store_secret(store, PATHS[0], WebhookSecret(SecretStr(SECRET), 4))
    await secrets.secret("procore", CONNECTION)
    watch = SecretWatch(secrets, ADDRESSEES[:1], hearing, every_s=60)
    await watch.look()
    await store_secret(store, PATHS[0], offered(SECRET, NEXT))
    await watch.look()
    assert hearing.heard == []
    await store_secret(store, PATHS[0], WebhookSecret(SecretStr(NEXT), 5))
    hearing.away = True
    await watch.look()
    hearing.away = False
    await watch.look()
    await watch.look()
    assert hearing.heard == [[CONNECTION]]


async def test_watch_survives_a_store_that_is_away() -> None:
    store, hearing = MemorySecretStore(), Hearing()
    watch = SecretWatch(WebhookSecrets(store, clock=FakeClock()), ADDRESSEES[:1], hearing, every_s=60)
    store.away = True
    await watch.look()
    assert hearing.heard == []
