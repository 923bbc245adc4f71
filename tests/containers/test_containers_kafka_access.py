"""Every user of Kafka tries every topic and every group, and is refused what is not its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, NewTopic

from plumbline.provision.principals import DESKS, OPERATOR, OUTSIDERS, PRINCIPALS, reads
from plumbline.provision.topics import all_topics
from plumbline.stack.runners.containers import kafka_address
from tests.containers.running import Running

pytestmark = pytest.mark.containers

TOPICS = all_topics(Path(__file__).parents[2] / "config")

USERS = [*(p.name for p in PRINCIPALS), *OUTSIDERS]

REGIONS = {"dispatch.us-oh.v1", "dispatch.us-tx.v1"}

MAY_WRITE: dict[str, set[str]] = {
    "ingest": {"procore.events.v1", "quickbooks.events.v1", "credentials.reports.v1"},
    "ingest-hooks": {"procore.events.v1", "quickbooks.events.v1", "credentials.reports.v1"},
    "mapper": {"ledger.commands.v1"},
    "compliance": {
        *("documents.received.v1", "documents.decided.v1", "documents.expiring.v1", "dispatch.held.v1"),
        *("payables.v1", "ledger.commands.v1"),
        *REGIONS,
    },
    "qb-writer": {"ledger.results.v1", "ledger.drift.v1"},
    "token-vault": {"credentials.events.v1"},
    OPERATOR: set(),
    DESKS: {"dispatch.acknowledged.v1"},
}
"""Said once more than in the register, which must not be its own judge; beside `ANY_MAY_WRITE`."""

ANY_MAY_WRITE = {"records.parked.v1", "dead-letters.v1", "credentials.commands.v1"}

MAY_READ: dict[str, set[str]] = {
    "ingest": set(),
    "ingest-hooks": set(),
    "mapper": {"procore.events.v1"},
    "compliance": {"procore.events.v1", "dispatch.acknowledged.v1", "ledger.results.v1"},
    "qb-writer": {"ledger.commands.v1", "quickbooks.events.v1"},
    "token-vault": {"credentials.commands.v1", "credentials.reports.v1"},
    OPERATOR: {topic.name for topic in reads(OPERATOR, TOPICS)},
    DESKS: REGIONS,
}


PATIENCE_S = 10.0


def entered(user: str, password: str) -> dict[str, Any]:
    return {
        "bootstrap.servers": kafka_address(),
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": user,
        "sasl.password": password,
        "log_level": 0,
    }


@pytest.fixture
def client(running: Running, user: str) -> dict[str, Any]:
    return entered(user, running.key(user, "kafka-password"))


@pytest.mark.parametrize("user", USERS)
def test_user_is_refused_to_write_what_it_does_not_own(client: dict[str, Any], user: str) -> None:
    allowed = MAY_WRITE[user] | (ANY_MAY_WRITE if user not in OUTSIDERS else set())
    foreign = {topic.name for topic in TOPICS} - allowed
    producer = Producer({**client, "acks": "all", "message.timeout.ms": PATIENCE_S * 1000})
    answers: dict[str, int | None] = {}
    for topic in sorted(foreign):
        producer.produce(
            topic,
            b"{}",
            on_delivery=lambda error, message: answers.update({message.topic(): error and error.code()}),
        )
    producer.flush(PATIENCE_S)
    assert answers == dict.fromkeys(foreign, KafkaError.TOPIC_AUTHORIZATION_FAILED)


@pytest.mark.parametrize("user", USERS)
def test_user_reads_its_own_topics_and_is_refused_the_others(client: dict[str, Any], user: str) -> None:
    read = {topic.name: reading(client, topic.name) for topic in TOPICS}
    refused = KafkaError.TOPIC_AUTHORIZATION_FAILED
    assert read == {topic.name: None if topic.name in MAY_READ[user] else refused for topic in TOPICS}


def reading(client: dict[str, Any], topic: str) -> int | None:
    """Return the code by which reading a topic is refused; None if it is read to its end."""
    consumer = Consumer(
        {**client, "group.id": "unused", "enable.auto.commit": False, "enable.partition.eof": True}
    )
    try:
        if (error := consumer.list_topics(topic, PATIENCE_S).topics[topic].error) is not None:
            return int(error.code())
        consumer.assign([TopicPartition(topic, 0, 0)])
        while True:
            message = consumer.poll(PATIENCE_S)
            assert message is not None, f"nothing was said of {topic}"
            error = message.error()
            if error is not None and error.code() == KafkaError._PARTITION_EOF:
                return None
            # A reader without a group is asked for one all the same.
            if error is not None and error.code() != KafkaError.GROUP_AUTHORIZATION_FAILED:
                return int(error.code())
    finally:
        consumer.close()


@pytest.mark.parametrize("user", USERS)
def test_user_is_refused_the_groups_of_others(client: dict[str, Any], user: str) -> None:
    services = {p.service for p in PRINCIPALS}
    others = services - {p.service for p in PRINCIPALS if p.name == user}
    admin = AdminClient(client)
    for other in sorted(others):
        asked = [ConsumerGroupTopicPartitions(f"{other}.procore.events.v1")]
        (answer,) = admin.list_consumer_group_offsets(asked, request_timeout=PATIENCE_S).values()
        with pytest.raises(KafkaException) as refused:
            answer.result(PATIENCE_S)
        assert refused.value.args[0].code() == KafkaError.GROUP_AUTHORIZATION_FAILED


@pytest.mark.parametrize("user", USERS)
def test_user_makes_and_deletes_no_topics(client: dict[str, Any], user: str) -> None:
    admin = AdminClient(client)
    asked = {
        **admin.create_topics([NewTopic("mine.v1", 1, 1)], request_timeout=PATIENCE_S),
        **admin.delete_topics([topic.name for topic in TOPICS], request_timeout=PATIENCE_S),
    }
    codes = set()
    for answer in asked.values():
        with pytest.raises(KafkaException) as refused:
            answer.result(PATIENCE_S)
        codes.add(refused.value.args[0].code())
    assert codes == {KafkaError.TOPIC_AUTHORIZATION_FAILED}


@pytest.mark.parametrize(("user", "password"), [("mapper", "guessed"), ("nobody", "nothing")])
def test_stranger_is_not_let_in(user: str, password: str) -> None:
    heard: list[KafkaError] = []
    admin = AdminClient({**entered(user, password), "error_cb": heard.append})
    with pytest.raises(KafkaException):
        admin.list_topics(timeout=3)
    admin.poll(PATIENCE_S)
    assert KafkaError._AUTHENTICATION in {error.code() for error in heard}
