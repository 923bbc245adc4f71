"""What the command shows of the rules: what is wrong with them, what they say, what they decide."""

import json
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from plumbline.common.connections import ConfigurationError
from plumbline.compliance.adapters.rule_files import lint_folder, load_rule_set
from plumbline.compliance.domain.facts import DocumentFacts
from plumbline.compliance.domain.papers import FIELDS
from plumbline.compliance.domain.rules.deciding import decide
from plumbline.compliance.domain.rules.model import Check, Route
from plumbline.compliance.domain.rules.vectors import facts_from
from plumbline.compliance.domain.vocabulary import NAMES, ROW_NAMES, ROWS

Shown = Literal["rules", "facts", "kinds"]


def lint_rules(folder: Path) -> tuple[str, bool]:
    """Return what is wrong with a folder of rules, and whether it can be used."""
    problems = lint_folder(folder)
    if problems:
        return "\n".join(problem.told() for problem in problems), False
    rule_set = load_rule_set(folder)
    return f"{len(rule_set.rules)} rules, nothing wrong; rule set {rule_set.hash}", True


def show(folder: Path, what: Shown) -> str:
    """Return the rules, the facts that they may ask for, or the kinds of paper, in lines."""
    match what:
        case "rules":
            return "\n".join(_rule_line(rule) for rule in load_rule_set(folder).rules)
        case "kinds":
            return "\n".join(FIELDS)
        case "facts":
            return "\n".join(sorted(set(_fact_lines())))


def explain(folder: Path, facts_file: Path) -> str:
    """Return each decision about the facts of a file as a sentence.

    Raises:
        ConfigurationError: needs a person; the rules or the facts cannot be used.
    """
    rule_set = load_rule_set(folder)
    decisions = decide(read_facts(facts_file), rule_set)
    lines = [f"{one.outcome:6} {one.rule}: {one.sentence}" for one in decisions]
    digests = f"rule set {rule_set.hash}, inputs {decisions[0].inputs}" if decisions else "no rule applies"
    return "\n".join([*lines, digests])


def read_facts(path: Path) -> DocumentFacts:
    """Return the facts in a JSON file.

    Raises:
        ConfigurationError: needs a person; says what is wrong with it.
    """
    try:
        return facts_from(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ConfigurationError(f"{path} is no JSON: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigurationError(f"{path}: {place}: {first['msg']}") from error


def _rule_line(rule: Check | Route) -> str:
    until = f" until {rule.until}" if rule.until else ""
    gives = rule.otherwise if isinstance(rule, Check) else rule.held or (rule.desk and rule.desk.topic)
    return f"{rule.id}: {rule.title}; else {gives}; {rule.source.law} [{rule.source.mark}]; from {rule.since}{until}"


def _fact_lines() -> list[str]:
    of_kinds = [f"{name} ({sort})" for sorts in NAMES.values() for name, sort in sorts.items()]
    of_rows = [
        f"{name} ({sort}), with `each: {each}`"
        for each, (word, _) in ROWS.items()
        for name, sort in ROW_NAMES[each].items()
        if name.startswith(word)
    ]
    return [*of_kinds, *of_rows]
