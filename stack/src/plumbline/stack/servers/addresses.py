"""What one needs to know of three real servers."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class ServerAddresses:
    """Where Kafka, PostgreSQL and Vault are, and whose they are."""

    kafka: str
    """Bootstrap address, `host:port`."""
    postgres: str
    """DSN of a superuser, naming a database that always exists."""
    vault: str
    """URL, without a slash at the end."""
    vault_token: str = field(repr=False)
    """A token that may do everything."""
    source: str
    """How they came to be: `given by URL`, `Docker`, `native`."""
    kafka_version: str
    """Kafka's protocol does not tell it."""
