"""Who there is, and what each may touch: the one table behind roles, access lists and policies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from plumbline.common.contracts.topics import Topic


@dataclass(frozen=True, slots=True)
class Principal:
    """A process of the suite, under the name it has in Kafka, in Vault and among the keys."""

    name: str
    service: str
    """The service it belongs to: names its consumer groups."""
    schema: str | None
    """The PostgreSQL schema it works in, which is also its role; None if it keeps no records."""


PRINCIPALS = (
    Principal("ingest", "ingest", None),
    Principal("ingest-hooks", "ingest", "ingest"),
    Principal("mapper", "mapper", "mapper"),
    Principal("compliance", "compliance", "compliance"),
    Principal("qb-writer", "qb-writer", "qb_writer"),
    Principal("token-vault", "token-vault", "token_vault"),
)
"""Every process of the suite."""

SCHEMAS = tuple(dict.fromkeys(p.schema for p in PRINCIPALS if p.schema))
"""Every schema there is."""

OPERATOR = "operator"
"""People: they read the topics that are open to anyone, and carry the token of operators' calls."""

DESKS = "desks"
"""The desks of trades: they read the papers of their region, and say what they have taken."""

OUTSIDERS = (OPERATOR, DESKS)
"""Whom Kafka knows besides the processes of the suite."""


def writes(user: str, topics: Iterable[Topic]) -> tuple[Topic, ...]:
    """Return the topics that a user may write; what `any` may write is for the suite's processes."""
    names = {service_of(user)} if user in OUTSIDERS else {service_of(user), "any"}
    return tuple(topic for topic in topics if names & topic.writers)


def reads(user: str, topics: Iterable[Topic]) -> tuple[Topic, ...]:
    """Return the topics that a user may read; operators, and other teams with them, what is open to anyone."""
    name = "anyone" if user == OPERATOR else service_of(user)
    return tuple(topic for topic in topics if name in topic.readers)


def group_prefix(user: str) -> str:
    """Return what the names of a user's consumer groups begin with."""
    return f"{service_of(user)}."


def service_of(user: str) -> str:
    """Return the service that a user belongs to; an outsider is one of its own."""
    return next((principal.service for principal in PRINCIPALS if principal.name == user), user)


def owner_of(schema: str) -> str:
    """Return the role that owns a schema and changes its tables; no running service has it."""
    return f"{schema}_owner"


def owner_keys(schema: str) -> str:
    """Return the name under which that role's password is kept."""
    return f"{schema.replace('_', '-')}-owner"
