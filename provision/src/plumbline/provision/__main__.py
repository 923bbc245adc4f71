"""`python -m plumbline.provision keys | database | kafka | vault [--dry-run] [--rotate PROCESS]`."""

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
from plumbline.provision.principals import OUTSIDERS, PRINCIPALS, SCHEMAS, owner_keys
from plumbline.provision.settings import Settings
from plumbline.provision.topics import all_topics
from plumbline.provision.vault import Wishes, prepare_vault
from plumbline.provision.vault_api import VaultSetupError

T = TypeVar("T")


def main() -> None:
    """Run one job; each may be repeated at any time."""
    parser = argparse.ArgumentParser(prog="plumbline.provision", description=main.__doc__)
    jobs = parser.add_subparsers(dest="job", required=True)
    jobs.add_parser("keys", help="make the secrets that are missing")
    jobs.add_parser("database", help="make roles and schemas")
    jobs.add_parser("kafka", help="make topics, users and access lists")
    vault = jobs.add_parser(
        "vault", help="make the secret engines, policies and roles; unseal, if that is ours to do"
    )
    vault.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    vault.add_argument("--rotate", action="append", default=[], help="give this process a new secret id")
    given = parser.parse_args()
    with plain_endings():
        try:
            sys.stdout.write(_perform(given, Settings()) + "\n")
        except (KafkaSetupError, VaultSetupError) as error:
            sys.exit(str(error))


def _perform(given: argparse.Namespace, settings: Settings) -> str:
    if given.job == "vault":
        return _vault(settings, dry_run=given.dry_run, rotate=given.rotate)
    return _JOBS[given.job](settings)


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
    topics = all_topics(_given(settings.config_dir, "config_dir"))
    create_topics(broker, topics, replication=settings.kafka_replication)
    users = [*(p.name for p in PRINCIPALS), *OUTSIDERS]
    give_access(broker, {user: _key(settings, user, "kafka-password") for user in users}, topics)
    return f"topics and access for {', '.join(users)}"


def _vault(settings: Settings, *, dry_run: bool, rotate: list[str]) -> str:
    wishes = Wishes(dry_run=dry_run, rotate=frozenset(rotate), audit_file=settings.vault_audit_file)
    return str(asyncio.run(prepare_vault(settings, wishes)))


def _key(settings: Settings, owner: str, name: str) -> str:
    return secret_line(settings.keys_dir / owner / name)


def _given(value: T | None, name: str) -> T:
    if value is None:
        raise ConfigurationError(f"PLUMBLINE_{name.upper()} is not set, and this job needs it")
    return value


_JOBS = {"keys": _keys, "database": _database, "kafka": _kafka}

if __name__ == "__main__":
    main()
