"""`python -m plumbline.qb_writer migrate|run`."""

import argparse
import asyncio

import uvloop

from plumbline.common.database import COMMON_MIGRATIONS, migrate
from plumbline.common.endings import plain_endings
from plumbline.qb_writer.app import run
from plumbline.qb_writer.settings import Settings


def main() -> None:
    """Bring the schema up to date, or run the service."""
    parser = argparse.ArgumentParser(prog="plumbline.qb_writer", description=__doc__)
    parser.add_argument("command", choices=["migrate", "run"])
    command = parser.parse_args().command
    with plain_endings():
        _perform(command, Settings())


def _perform(command: str, settings: Settings) -> None:
    if command == "migrate":
        packages = [*COMMON_MIGRATIONS, "plumbline.qb_writer"]
        asyncio.run(migrate(settings.database(), schema="qb_writer", packages=packages))
    else:
        uvloop.run(run(settings))


if __name__ == "__main__":
    main()
