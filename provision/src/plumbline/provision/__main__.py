"""`python -m plumbline.provision keys | database | kafka | vault`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import TypeVar

from plumbline.common.connections import ConfigurationError
from plumbline.common.endings import plain_endings
from plumbline.common.settings import secret_line, url_with_password
from plumbline.provision.database import Passwords, set_up_database
from plumbline.provision.kafka import Broker, KafkaSetupError, create_topics, give_access
from plumbline.provision.keys import make_keys
from plumbline.provision.principals import OPERATOR, PRINCIPALS, SCHEMAS, owner_keys
from plumbline.provision.settings import Settings
from plumbline.provision.vault import VaultSetupError, set_up_sealed_vault, set_up_vault

T = TypeVar("T")


def main() -> None:
    """Run one job; each may be repeated at any time."""
    parser = argparse.ArgumentParser(prog="plumbline.provision", description=main.__doc__)
    jobs = parser.add_subparsers(dest="job", required=True)
    jobs.add_parser("keys", help="make the secrets that are missing")
    jobs.add_parser("database", help="make roles and schemas")
    jobs.add_parser("kafka", help="make topics, users and access lists")
    jobs.add_parser("vault", help="make the secret engine, policies and roles; unseal, if that is ours to do")
    job = parser.parse_args().job
    with plain_endings():
        try:
            sys.stdout.write(_JOBS[job](Settings()) + "\n")
        except (KafkaSetupError, VaultSetupError) as error:
            sys.exit(str(error))


def _keys(settings: Settings) -> str:
    made = make_keys(settings.keys_dir)
    return f"{len(made)} new keys in {settings.keys_dir}"


def _database(settings: Settings) -> str:
    url = _given(settings.database_url, "database_url").get_secret_value()
    if settings.database_password_file:
        url = url_with_password(url, settings.database_password_file)
    service_of = {p.schema: p.name for p in PRINCIPALS if p.schema}
    passwords = {
        schema: Passwords(
            owner=_key(settings, owner_keys(schema), "database-password"),
            service=_key(settings, service_of[schema], "database-password"),
        )
        for schema in SCHEMAS
    }
    asyncio.run(set_up_database(url, passwords))
    return f"schemas with their roles: {', '.join(SCHEMAS)}"


def _kafka(settings: Settings) -> str:
    broker = Broker(
        bootstrap=_given(settings.kafka_bootstrap, "kafka_bootstrap"),
        username=settings.kafka_username,
        password=secret_line(settings.kafka_password_file) if settings.kafka_password_file else "",
        mechanism=settings.kafka_mechanism,
        tls=settings.kafka_tls,
        tls_ca_file=settings.kafka_tls_ca_file,
    )
    create_topics(broker, replication=settings.kafka_replication)
    users = [*(p.name for p in PRINCIPALS), OPERATOR]
    give_access(broker, {user: _key(settings, user, "kafka-password") for user in users})
    return f"topics and access for {', '.join(users)}"


def _vault(settings: Settings) -> str:
    url = _given(settings.vault_url, "vault_url")
    if settings.vault_token_file:
        roles = asyncio.run(set_up_vault(url, secret_line(settings.vault_token_file), settings.keys_dir))
    else:
        key_file = settings.keys_dir / "vault" / "unseal-key"
        roles = asyncio.run(set_up_sealed_vault(url, key_file, settings.keys_dir))
    return f"Vault is open, with a role each for {', '.join(roles)}"


def _key(settings: Settings, owner: str, name: str) -> str:
    return secret_line(settings.keys_dir / owner / name)


def _given(value: T | None, name: str) -> T:
    if value is None:
        raise ConfigurationError(f"PLUMBLINE_{name.upper()} is not set, and this job needs it")
    return value


_JOBS = {"keys": _keys, "database": _database, "kafka": _kafka, "vault": _vault}

if __name__ == "__main__":
    main()
