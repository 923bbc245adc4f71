"""Who there is, and what each may touch: the one table behind roles, access lists and policies."""

from __future__ import annotations

from dataclasses import dataclass

from plumbline.common.contracts.topics import TOPICS, Topic


@dataclass(frozen=True, slots=True)
class Principal:
    """A process of the suite, under the name it has in Kafka, in Vault and among the keys."""

    name: str
    service: str
    """The service it belongs to: names its consumer groups."""
    schema: str | None
    """The PostgreSQL schema it works in, which is also its role; None if it keeps no records."""

    @property
    def writes(self) -> tuple[Topic, ...]:
        """The topics it may write."""
        return tuple(topic for topic in TOPICS if topic.written_by in {self.service, "any"})

    @property
    def reads(self) -> tuple[Topic, ...]:
        """The topics it may read."""
        return tuple(topic for topic in TOPICS if topic.read_by == self.service)

    @property
    def group_prefix(self) -> str:
        """What the names of its consumer groups begin with."""
        return f"{self.service}."


PRINCIPALS = (
    Principal("ingest", "ingest", None),
    Principal("ingest-hooks", "ingest", "ingest"),
    Principal("mapper", "mapper", "mapper"),
    Principal("qb-writer", "qb-writer", "qb_writer"),
    Principal("token-vault", "token-vault", "token_vault"),
)
"""Every process of the suite."""

SCHEMAS = tuple(dict.fromkeys(p.schema for p in PRINCIPALS if p.schema))
"""Every schema there is."""

OPERATOR = "operator"
"""People: they read the topics that are open to anyone, and carry the token of operators' calls."""

OPEN_TOPICS = tuple(topic for topic in TOPICS if topic.read_by == "anyone")
"""What consumers of other teams may read."""


def owner_of(schema: str) -> str:
    """Return the role that owns a schema and changes its tables; no running service has it."""
    return f"{schema}_owner"


def owner_keys(schema: str) -> str:
    """Return the name under which that role's password is kept."""
    return f"{schema.replace('_', '-')}-owner"
