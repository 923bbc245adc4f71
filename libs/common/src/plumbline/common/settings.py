"""Settings shared by the services, read from the environment (`PLUMBLINE_…`) once, in `app`."""

import os
import socket
from pathlib import Path
from typing import Literal, Self
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from plumbline.common.connections import ConfigurationError


class KafkaSettings(BaseSettings):
    """Where Kafka is, and how patient its consumers are."""

    model_config = SettingsConfigDict(env_prefix="PLUMBLINE_KAFKA_")

    bootstrap: str = Field(description="Comma-separated host:port of the brokers.")
    session_timeout_ms: int = Field(default=10_000, description="A member silent for so long has died.")
    heartbeat_interval_ms: int = Field(default=3_000, description="How often a member says that it lives.")
    fetch_max_wait_ms: int = Field(default=500, description="How long the broker may hold an empty fetch.")
    static_membership: bool = Field(
        default=True, description="Members are known by their replica name, so a restart causes no rebalance."
    )
    request_timeout_ms: int = Field(
        default=40_000, description="Longest wait for a broker's answer; above the session timeout."
    )
    username: str | None = Field(
        default=None, description="Enter by SCRAM-SHA-512 as this user; none: the broker asks for no name."
    )
    password_file: Path | None = Field(default=None, description="File with that user's password.")
    tls: bool = Field(default=False, description="Speak TLS, and trust the system's authorities.")
    tls_ca_file: Path | None = Field(
        default=None, description="Trust the authorities of this PEM file instead."
    )


class ServiceSettings(BaseSettings):
    """What every service needs to run."""

    model_config = SettingsConfigDict(env_prefix="PLUMBLINE_")

    env: Literal["embedded", "native", "test", "production"] = Field(
        default="production", description="Where it runs; `embedded` secrets are refused in production."
    )
    replica: str = Field(
        default_factory=socket.gethostname,
        description="A name that is this replica's alone and survives its restarts; the host's if not given.",
    )
    database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL, as a role that owns nothing but its rows."
    )
    database_password_file: Path | None = Field(
        default=None, description="File with that role's password, if the URL has none."
    )
    database_pool_size: int = Field(default=12, ge=2, description="Connections this process may open.")
    secrets: Literal["vault", "embedded"] = Field(default="vault", description="Which secret store to use.")
    secrets_key_file: Path | None = Field(default=None, description="Key file of the embedded secret store.")
    vault_url: str | None = Field(default=None, description="Address of HashiCorp Vault.")
    vault_role_id_file: Path | None = Field(default=None, description="File with the AppRole's role id.")
    vault_secret_id_file: Path | None = Field(
        default=None,
        description="File with the AppRole's secret id; a new one is delivered beside it, in a file whose name ends in `.wrapped`.",
    )
    vault_ca_file: Path | None = Field(
        default=None,
        description="Trust the authorities of this PEM file, for Vault, instead of the public ones.",
    )
    vault_namespace: str | None = Field(
        default=None, description="Namespace of the mounts and roles; only Vault Enterprise has them."
    )
    config_dir: Path = Field(description="Folder of connections.yaml and status-map.yaml.")
    operator_token_file: Path = Field(description="File with the token that operators' calls carry.")
    http_host: str = Field(default="127.0.0.1", description="Address to listen on.")
    http_port: int = Field(default=0, description="Port to listen on; 0 picks a free one.")
    ready_fd: int | None = Field(
        default=None, description="File descriptor to write `ready` to, for a supervisor."
    )
    log_level: str = Field(default="INFO", description="Least severe level that is logged.")

    @model_validator(mode="after")
    def _secrets_fit_the_place(self) -> Self:
        if self.secrets == "embedded" and self.env == "production":
            raise ValueError("the embedded secret store is for trying things out; production needs Vault")
        return self

    def operator_token(self) -> SecretStr:
        """Return the token that operators' calls carry."""
        return SecretStr(secret_line(self.operator_token_file))

    def database(self) -> str:
        """Return the URL of the database with its password in clear, for the one call that needs it.

        Raises:
            ConfigurationError: needs a person; there is no URL, or the password's file cannot be read.
        """
        if self.database_url is None:
            raise ConfigurationError("PLUMBLINE_DATABASE_URL is not set, and this command needs PostgreSQL")
        url = self.database_url.get_secret_value()
        if self.database_password_file is None:
            return url
        return url_with_password(url, self.database_password_file)


def url_with_password(url: str, password_file: Path) -> str:
    """Return a URL that names a user, with the password from a file.

    Raises:
        ConfigurationError: needs a person; the file cannot be read.
    """
    parts = urlsplit(url)
    user, _, address = parts.netloc.rpartition("@")
    password = quote(secret_line(password_file), safe="")
    return parts._replace(netloc=f"{user}:{password}@{address}").geturl()


def secret_line(path: Path) -> str:
    """Return what a secret's file holds, without the line's end.

    Raises:
        ConfigurationError: needs a person; the file cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error


def put_secret_line(path: Path, value: str, *, mode: int = 0o600) -> None:
    """Write a secret's file as a whole, so that nobody reads half of it; it is its owner's alone unless said otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(value + "\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
