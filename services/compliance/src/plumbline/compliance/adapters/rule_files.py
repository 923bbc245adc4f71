"""The folder of rules: YAML files with checks, routes, tables, forms and vectors."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from plumbline.common.connections import ConfigurationError
from plumbline.compliance.adapters.cel import CelEngine
from plumbline.compliance.domain.rules.linting import Problem, lint
from plumbline.compliance.domain.rules.model import Book
from plumbline.compliance.domain.rules.rule_set import RuleSet

PARTS = ("checks", "routes", "tables", "forms", "vectors")
"""What a file may hold lists of."""

BASES = "bases"
"""The part of a file that maps names to facts."""


def read_book(folder: Path) -> tuple[Book, tuple[Problem, ...]]:
    """Return what all files of a folder and its folders say together, and what is wrong with their shape."""
    parts: dict[str, Any] = {**{part: [] for part in PARTS}, BASES: {}}
    problems: list[Problem] = []
    for path in sorted(folder.rglob("*.yaml")):
        where = path.relative_to(folder).as_posix()
        try:
            said = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        except (OSError, yaml.YAMLError) as error:
            problems.append(Problem("unreadable-file", where, " ".join(str(error).split())))
            continue
        problems += _gather(parts, said, where)
    if not any(parts.values()) and not problems:
        problems.append(Problem("unreadable-file", folder.as_posix(), "there are no rule files"))
    try:
        return Book.model_validate(parts), tuple(problems)
    except ValidationError as error:
        return Book(), (*problems, *_shape_problems(error, parts))


def lint_folder(folder: Path) -> tuple[Problem, ...]:
    """Return everything that is wrong with a folder of rules."""
    book, problems = read_book(folder)
    return problems or lint(book, CelEngine)


def load_rule_set(folder: Path) -> RuleSet:
    """Return the rules of a folder.

    Raises:
        ConfigurationError: needs a person; names every problem that linting finds.
    """
    book, problems = read_book(folder)
    problems = problems or lint(book, CelEngine)
    if problems:
        raise ConfigurationError("\n".join([f"{folder} cannot be used:", *(one.told() for one in problems)]))
    return RuleSet(book, CelEngine)


def _gather(parts: dict[str, Any], said: Any, where: str) -> Iterable[Problem]:
    if not isinstance(said, dict):
        return [
            Problem("unreadable-file", where, "it is no mapping of checks, routes, tables, forms, vectors")
        ]
    known = {*PARTS, BASES}
    problems = [
        Problem("unknown-field", where, f"`{part}` is none of {', '.join(sorted(known))}")
        for part in sorted(map(str, said))
        if part not in known
    ]
    for part in PARTS:
        parts[part] += said.get(part) or []
    for name, facts in (said.get(BASES) or {}).items():
        if name in parts[BASES]:
            problems.append(Problem("duplicate-id", where, f"there are two bases called {name}"))
        parts[BASES][name] = facts
    return problems


def _shape_problems(error: ValidationError, parts: dict[str, Any]) -> Iterable[Problem]:
    """Name each thing by its id where it has one, and each fault by its field."""
    for fault in error.errors(include_url=False, include_input=False):
        part, *path = fault["loc"]
        named = parts[str(part)][path[0]] if path and isinstance(path[0], int) else {}
        name = next(
            (str(named[key]) for key in ("id", "name", "rule") if isinstance(named, dict) and key in named),
            str(part),
        )
        code = "unknown-field" if fault["type"] == "extra_forbidden" else "wrong-value"
        yield Problem(code, name, f"{'.'.join(map(str, path[1:]))}: {fault['msg']}")
