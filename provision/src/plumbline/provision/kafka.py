"""Kafka: topics from the register, a user for each process, and what each may touch."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from plumbline.common.contracts.topics import Topic
from plumbline.provision.principals import group_prefix, reads, writes

TIMEOUT_S = 60.0
"""How long Kafka may take to come up and to answer."""

_ITERATIONS = 4096
"""What Kafka asks for at least; clients repeat them at every connection."""


class KafkaSetupError(Exception):
    """Kafka refused a step of its set-up, or does not answer; the message says which, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where Kafka is, and as whom to enter it; without a user it asks for none."""

    bootstrap: str
    username: str | None = None
    password: str = ""
    mechanism: str = "SCRAM-SHA-512"
    tls: bool = False
    tls_ca_file: Path | None = None

    def admin(self) -> AdminClient:
        """Return a client that may do what the user may."""
        sasl = {
            "sasl.mechanism": self.mechanism,
            "sasl.username": self.username,
            "sasl.password": self.password,
        }
        protocol = ("SASL_" if self.username else "") + ("SSL" if self.tls else "PLAINTEXT")
        trusted = {"ssl.ca.location": str(self.tls_ca_file)} if self.tls_ca_file else {}
        config = {"bootstrap.servers": self.bootstrap, "security.protocol": protocol, **trusted}
        return AdminClient(
            {**config, **(sasl if self.username else {})}, logger=logging.getLogger("librdkafka")
        )


def create_topics(broker: Broker, topics: Iterable[Topic], *, replication: int = 1) -> None:
    """Create the topics that are missing; existing ones are left as they are.

    Raises:
        KafkaSetupError: the broker refused one, or does not answer.
    """
    wanted = [_new_topic(topic, replication) for topic in topics]
    admin = broker.admin()  # whose end would end what it was asked
    for name, future in admin.create_topics(wanted, request_timeout=TIMEOUT_S).items():
        _done(future, f"create topic {name}", unless=KafkaError.TOPIC_ALREADY_EXISTS)


def give_access(broker: Broker, passwords: Mapping[str, str], topics: Sequence[Topic]) -> None:
    """Make a user of each process, of operators and of desks, who may touch what the register says, and nothing else.

    What they were allowed before and are no more is taken from them.

    Args:
        broker: entered as a user who may alter users and access lists.
        passwords: of each user; they replace what was set before.
        topics: every topic there is.

    Raises:
        KafkaSetupError: the broker refused a step, or does not answer.
    """
    admin = broker.admin()
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, _ITERATIONS)
    users = [UserScramCredentialUpsertion(name, info, word.encode()) for name, word in passwords.items()]
    for name, future in admin.alter_user_scram_credentials(users, request_timeout=TIMEOUT_S).items():
        _done(future, f"make user {name}")
    wanted = {acl for user in passwords for acl in access_of(user, topics)}
    present = {acl for user in passwords for acl in _present(admin, user)}
    for acl, future in (admin.create_acls(list(wanted - present)) if wanted - present else {}).items():
        _done(future, f"allow {acl}")
    unwanted = [_exactly(acl) for acl in present - wanted]
    for each, future in (admin.delete_acls(unwanted) if unwanted else {}).items():
        _done(future, f"take away {each}")


def access_of(user: str, topics: Sequence[Topic]) -> list[AclBinding]:
    """Return what a user may do with topics."""
    written = [_allow(user, topic.name, AclOperation.WRITE) for topic in writes(user, topics)]
    read = [_allow(user, topic.name, AclOperation.READ) for topic in reads(user, topics)]
    return [*written, *read, *([_groups(user, group_prefix(user))] if read else [])]


def _allow(user: str, topic: str, operation: AclOperation) -> AclBinding:
    return _binding(ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, user, operation)


def _groups(user: str, prefix: str) -> AclBinding:
    return _binding(ResourceType.GROUP, prefix, ResourcePatternType.PREFIXED, user, AclOperation.READ)


def _binding(
    kind: ResourceType, name: str, pattern: ResourcePatternType, user: str, operation: AclOperation
) -> AclBinding:
    return AclBinding(kind, name, pattern, f"User:{user}", "*", operation, AclPermissionType.ALLOW)


def _present(admin: AdminClient, user: str) -> list[AclBinding]:
    anything = AclBindingFilter(
        ResourceType.ANY,
        None,
        ResourcePatternType.ANY,
        f"User:{user}",
        None,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
    return _done(admin.describe_acls(anything, request_timeout=TIMEOUT_S), f"read access of {user}") or []


def _exactly(acl: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        acl.restype,
        acl.name,
        acl.resource_pattern_type,
        acl.principal,
        acl.host,
        acl.operation,
        acl.permission_type,
    )


def _new_topic(topic: Topic, replication: int) -> NewTopic:
    config = {"retention.ms": str(topic.retention_ms), "min.insync.replicas": str(max(1, replication - 1))}
    return NewTopic(topic.name, topic.partitions, replication_factor=replication, config=config)


def _done(
    future: Future[list[AclBinding]], step: str, *, unless: int | None = None
) -> list[AclBinding] | None:
    try:
        return future.result(TIMEOUT_S)
    except (KafkaException, TimeoutError) as error:
        reason = error.args[0] if error.args else error
        if isinstance(reason, KafkaError) and reason.code() == unless:
            return None
        raise KafkaSetupError(f"Kafka did not {step}: {reason}") from error
