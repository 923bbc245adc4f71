"""`python -m plumbline.compliance migrate | run | rules lint|show|explain | decisions replay | templates preview|check|save`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import uvloop

from plumbline.common.endings import plain_endings
from plumbline.compliance.app import bring_up_to_date, replay, run
from plumbline.compliance.rules_command import Shown, explain, lint_rules, show
from plumbline.compliance.service.reviewing import Replayed
from plumbline.compliance.settings import Settings
from plumbline.compliance.templates_command import add_templates, templates


def main() -> None:
    """Bring the schema up to date, run the service, or ask the rules."""
    parser = argparse.ArgumentParser(prog="plumbline.compliance", description=__doc__)
    parts = parser.add_subparsers(dest="part", required=True)
    parts.add_parser("migrate", help="create or update the tables of compliance")
    parts.add_parser("run", help="run until SIGTERM")
    rules = parts.add_parser("rules", help="the rules")
    rules.add_argument("--rules", type=Path, default=Path("config/rules"), help="the folder of rules")
    commands = rules.add_subparsers(dest="command", required=True)
    commands.add_parser("lint", help="say what is wrong with the rules; ends with 1 if anything is")
    shown = commands.add_parser(
        "show", help="show the rules, the facts they may ask for, or the kinds of paper"
    )
    shown.add_argument("what", nargs="?", default="rules", choices=get_args(Shown))
    told = commands.add_parser("explain", help="say what the rules decide about a document's facts")
    told.add_argument("facts", type=Path, help="JSON; a bare value was read for certain")
    decisions = parts.add_parser("decisions", help="what was decided")
    replayed = decisions.add_subparsers(dest="command", required=True).add_parser(
        "replay", help="make every decision about a paper once more; ends with 1 if one is another"
    )
    replayed.add_argument("document", help="the paper's id")
    add_templates(parts)
    given = parser.parse_args()
    with plain_endings():
        match given.part:
            case "migrate":
                asyncio.run(bring_up_to_date(Settings()))
            case "run":
                uvloop.run(run(Settings()))
            case "decisions":
                sys.exit(_decisions(asyncio.run(replay(Settings(), given.document))))
            case "templates":
                sys.exit(templates(given))
            case _:
                sys.exit(_rules(given))


def _decisions(replayed: Sequence[Replayed]) -> int:
    for one in replayed:
        decided = one.decided
        sys.stdout.write(
            f"version {decided.version}, {decided.at:%Y-%m-%d %H:%M:%S} UTC, rule set {decided.rule_set}, "
            f"inputs {decided.inputs}: {one.sentence}\n"
        )
    return 0 if all(one.is_equal for one in replayed) else 1


def _rules(given: argparse.Namespace) -> int:
    match given.command:
        case "lint":
            text, is_usable = lint_rules(given.rules)
        case "show":
            text, is_usable = show(given.rules, given.what), True
        case _:
            text, is_usable = explain(given.rules, given.facts), True
    sys.stdout.write(text + "\n")
    return 0 if is_usable else 1


if __name__ == "__main__":
    main()
