"""Rules of the vendors, each named at the test that plays it, and the table made of them.

`python sandbox/tests/sandbox_rules.py` writes the table of all rules to docs/sandbox-coverage.md.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

F = TypeVar("F", bound=Callable[..., object])

HERE = Path(__file__).parent
TABLE = HERE.parents[1] / "docs" / "sandbox-coverage.md"
HEAD = """# What the sandbox does as its vendors say

Each row is a rule, where it is documented, and the test that plays it. *Inferred* rules stand in no document: they follow from
captured answers, client libraries or reports, and the vendor may do otherwise. Written by `make docs` from the tests themselves.
"""


@dataclass(frozen=True)
class Rule:
    text: str
    source: str
    inferred: bool
    test: str


def rule(text: str, source: str, *, inferred: bool = False) -> Callable[[F], F]:
    """Name the vendor's rule that a test plays, in one sentence, and the document that says so."""
    assert text
    assert source
    assert isinstance(inferred, bool)
    return lambda test: test


def table() -> str:
    """Return the table of every rule in the tests beside this file."""
    parts = [HEAD]
    for path in sorted(HERE.glob("test_*.py")):
        if rows := list(_rules(path)):
            title = path.stem.removeprefix("test_sandbox_").replace("_", " ")
            parts.append(
                f"## {title}\n\n| rule | source | test |\n|---|---|---|\n" + "\n".join(map(_row, rows))
            )
    return "\n".join(part if part.endswith("\n") else f"{part}\n" for part in parts)


def _rules(path: Path) -> Iterator[Rule]:
    module = ast.parse(path.read_text(encoding="utf-8"))
    constants = _constants(module)
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for call in node.decorator_list:
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "rule":
                    text, source = (_text(argument, constants) for argument in call.args)
                    inferred = any(ast.literal_eval(k.value) for k in call.keywords)
                    yield Rule(text, source, inferred, f"{path.name}::{node.name}")


def _constants(module: ast.Module) -> dict[str, str]:
    """Return the texts that a module gives a name to: sources are cited more than once."""
    return {
        target.id: node.value.value
        for node in module.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }


def _text(argument: ast.expr, constants: dict[str, str]) -> str:
    if isinstance(argument, ast.Name):
        return constants[argument.id]
    return str(ast.literal_eval(argument))


def _row(found: Rule) -> str:
    mark = " *(inferred)*" if found.inferred else ""
    return f"| {_cell(found.text)}{mark} | {_cell(found.source)} | `{found.test}` |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
