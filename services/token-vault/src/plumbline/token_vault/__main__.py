"""`python -m plumbline.token_vault migrate|import FILE|run`."""

import argparse
import asyncio
import sys
from pathlib import Path

import uvloop

from plumbline.common.database import COMMON_MIGRATIONS, migrate
from plumbline.common.endings import plain_endings
from plumbline.common.secrets.embedded import migrate_embedded
from plumbline.token_vault.app import import_file, run
from plumbline.token_vault.settings import Settings


def main() -> None:
    """Bring the schema up to date, import first grants, or run the service."""
    parser = argparse.ArgumentParser(prog="plumbline.token_vault", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate")
    commands.add_parser("import").add_argument("file", type=Path)
    commands.add_parser("run")
    given = parser.parse_args()
    with plain_endings():
        _perform(given, Settings())


def _perform(given: argparse.Namespace, settings: Settings) -> None:
    match given.command:
        case "migrate":
            packages = [*COMMON_MIGRATIONS, "plumbline.token_vault"]
            url = settings.database()
            asyncio.run(migrate(url, schema="token_vault", packages=packages))
            if settings.secrets == "embedded":
                asyncio.run(migrate_embedded(url))
        case "import":
            for account in asyncio.run(import_file(settings, given.file)):
                sys.stdout.write(f"imported the grant of {account}\n")
        case _:
            uvloop.run(run(settings))


if __name__ == "__main__":
    main()
