"""`python -m plumbline.mapper migrate | run | import-links FILE`."""

import argparse
import asyncio
import sys
from pathlib import Path

import uvloop

from plumbline.common.endings import plain_endings
from plumbline.mapper.app import bring_up_to_date, import_links, run
from plumbline.mapper.settings import Settings


def main() -> None:
    """Bring the schema up to date, run the service, or make the links of a CSV file."""
    parser = argparse.ArgumentParser(prog="plumbline.mapper", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", help="create or update the mapper's tables")
    commands.add_parser("run", help="run until SIGTERM")
    links = commands.add_parser("import-links", help="make the links of a CSV file, all or none")
    links.add_argument("file", type=Path, help="columns: connection, kind, source, quickbooks_id, name")
    given = parser.parse_args()
    with plain_endings():
        _perform(given, Settings())


def _perform(given: argparse.Namespace, settings: Settings) -> None:
    match given.command:
        case "migrate":
            asyncio.run(bring_up_to_date(settings))
        case "run":
            uvloop.run(run(settings))
        case _:
            sys.stdout.write(asyncio.run(import_links(settings, given.file)) + "\n")


if __name__ == "__main__":
    main()
