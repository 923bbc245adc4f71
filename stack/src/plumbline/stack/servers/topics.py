"""Creates the register's topics on a real broker."""

from __future__ import annotations

from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from plumbline.common.contracts.topics import Topic


async def create_topics(bootstrap: str, topics: Iterable[Topic]) -> None:
    """Create those that are missing, unreplicated; existing ones are left as they are.

    Raises:
        KafkaError: the broker refused one, or does not answer.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        response = await admin.create_topics([_new_topic(topic) for topic in topics])
    finally:
        await admin.close()
    for name, code, *details in response.topic_errors:
        error = for_code(code)
        if code != 0 and error is not TopicAlreadyExistsError:
            raise error(f"{name}: {details}")


def _new_topic(topic: Topic) -> NewTopic:
    return NewTopic(
        topic.name,
        topic.partitions,
        replication_factor=1,
        topic_configs={"retention.ms": str(topic.retention_ms)},
    )
