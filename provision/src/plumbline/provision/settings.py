"""Settings of the set-up jobs, read from the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where the servers are, and as whom to enter them."""

    model_config = SettingsConfigDict(env_prefix="PLUMBLINE_")

    keys_dir: Path = Field(
        default=Path("/keys"), description="Folder of the keys; see `plumbline.provision.keys`."
    )
    config_dir: Path | None = Field(
        default=None, description="Folder of `rules/`, whose routes name the regions that get a topic each."
    )
    database_url: SecretStr | None = Field(default=None, description="The suite's database, as a superuser.")
    database_password_file: Path | None = Field(
        default=None, description="File with the superuser's password."
    )
    kafka_bootstrap: str | None = Field(default=None, description="Comma-separated host:port of the brokers.")
    kafka_username: str | None = Field(
        default=None, description="A user who may alter users and access lists."
    )
    kafka_password_file: Path | None = Field(default=None, description="File with that user's password.")
    kafka_mechanism: Literal["SCRAM-SHA-512", "PLAIN"] = Field(
        default="SCRAM-SHA-512", description="How that user enters."
    )
    kafka_tls: bool = Field(default=False, description="Speak TLS, and trust the system's authorities.")
    kafka_tls_ca_file: Path | None = Field(
        default=None, description="Trust the authorities of this PEM file instead."
    )
    kafka_replication: int = Field(default=1, ge=1, description="Replicas of each topic; 3 on a cluster.")
    vault_url: str | None = Field(default=None, description="Address of HashiCorp Vault.")
    vault_token_file: Path | None = Field(
        default=None,
        description="File with an administrator's token; without one, Vault is initialised and unsealed by the keys.",
    )
    vault_ca_file: Path | None = Field(
        default=None,
        description="Trust the authorities of this PEM file, for Vault, instead of the public ones.",
    )
    vault_namespace: str | None = Field(
        default=None, description="Namespace of the mounts and roles; only Vault Enterprise has them."
    )
    vault_audit_file: str | None = Field(
        default=None,
        description="Where Vault writes its audit log, on its own disk, besides its standard output; not set: its audit devices stay as they are.",
    )
