"""`python -m plumbline.compliance rules lint | show [rules|facts|kinds] | explain FACTS.json`."""

import argparse
import sys
from pathlib import Path
from typing import get_args

from plumbline.common.endings import plain_endings
from plumbline.compliance.app import Shown, explain, lint_rules, show


def main() -> None:
    """Check the rules, show them, or say what they decide about a document's facts."""
    parser = argparse.ArgumentParser(prog="plumbline.compliance", description=__doc__)
    parser.add_argument("--rules", type=Path, default=Path("config/rules"), help="the folder of rules")
    parts = parser.add_subparsers(dest="part", required=True)
    commands = parts.add_parser("rules", help="the rules").add_subparsers(dest="command", required=True)
    commands.add_parser("lint", help="say what is wrong with the rules; ends with 1 if anything is")
    shown = commands.add_parser(
        "show", help="show the rules, the facts they may ask for, or the kinds of paper"
    )
    shown.add_argument("what", nargs="?", default="rules", choices=get_args(Shown))
    told = commands.add_parser("explain", help="say what the rules decide about a document's facts")
    told.add_argument("facts", type=Path, help="JSON; a bare value was read for certain")
    given = parser.parse_args()
    with plain_endings():
        sys.exit(_perform(given))


def _perform(given: argparse.Namespace) -> int:
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
