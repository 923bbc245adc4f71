"""`python -m plumbline.ingest migrate|run|hooks`."""

import argparse
import asyncio

import uvloop

from plumbline.common.endings import plain_endings
from plumbline.ingest.app import bring_up_to_date, keep_hooks, run
from plumbline.ingest.settings import Settings


def main() -> None:
    """Bring the schema up to date, take webhooks, or keep the subscriptions."""
    parser = argparse.ArgumentParser(prog="plumbline.ingest", description=__doc__)
    parser.add_argument("command", choices=["migrate", "run", "hooks"])
    command = parser.parse_args().command
    with plain_endings():
        _perform(command, Settings())


def _perform(command: str, settings: Settings) -> None:
    match command:
        case "migrate":
            asyncio.run(bring_up_to_date(settings))
        case "hooks":
            uvloop.run(keep_hooks(settings))
        case _:
            uvloop.run(run(settings))


if __name__ == "__main__":
    main()
