"""Conditions in CEL, by Google's binding of CEL-C++: typed, bounded, about a microsecond each."""

import re
from collections.abc import Mapping
from typing import Any

from cel_expr_python import cel

from plumbline.compliance.domain.rules.predicate import ConditionError, UndecidedError, UnknownFactError
from plumbline.compliance.domain.vocabulary import Sort

_TYPES: Mapping[Sort, Any] = {
    Sort.TEXT: cel.Type.STRING,
    Sort.WHOLE: cel.Type.INT,
    Sort.DECIMAL: cel.Type.DOUBLE,
    Sort.YES: cel.Type.BOOL,
    Sort.DAY: cel.Type.INT,
    Sort.TEXTS: cel.Type.List(cel.Type.STRING),
    Sort.WHOLES: cel.Type.List(cel.Type.INT),
    Sort.WHOLE_BY_NAME: cel.Type.Map(cel.Type.STRING, cel.Type.INT),
}

_NAME = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


class CelPredicate:
    """One compiled expression."""

    def __init__(self, expression: Any, asks: frozenset[str]) -> None:
        """Hold what was compiled."""
        self._eval = expression.eval
        self.asks = asks

    def holds(self, facts: Any) -> bool:
        """Say whether it holds; the iteration budget of CEL bounds the time."""
        try:
            answer = self._eval(facts).value()
        except RuntimeError as error:  # the budget is exceeded
            raise UndecidedError(str(error)) from error
        if answer is True or answer is False:
            return answer
        raise UndecidedError(str(answer))


class CelEngine:
    """CEL over a vocabulary: each fact is a typed variable of its dotted name."""

    def __init__(self, vocabulary: Mapping[str, Sort]) -> None:
        """Declare the facts."""
        self._names = frozenset(vocabulary)
        self._env = cel.NewEnv(variables={name: _TYPES[sort] for name, sort in vocabulary.items()})

    def predicate(self, condition: str) -> CelPredicate:
        """Compile a condition."""
        try:
            expression = self._env.compile(condition)
        except RuntimeError as error:
            raise _refusal(str(error)) from error
        if expression.return_type().name() != "BOOL":
            raise ConditionError(f"gives {expression.return_type().name().lower()}, not a yes or no")
        return CelPredicate(expression, self._asked(condition))

    def facts(self, values: Mapping[str, Any]) -> Any:
        """Make an activation."""
        return self._env.Activation(values)

    def _asked(self, condition: str) -> frozenset[str]:
        """Return the facts in a condition: the longest known start of each dotted name."""
        found: set[str] = set()
        for dotted in _NAME.findall(_QUOTED.sub("''", condition)):
            parts = dotted.split(".")
            starts = (".".join(parts[:size]) for size in range(len(parts), 1, -1))
            found.update([start for start in starts if start in self._names][:1])
        return frozenset(found)


def _refusal(said: str) -> ConditionError:
    """Return CEL's refusal in one line."""
    line = said.splitlines()[0].removeprefix("INVALID_ARGUMENT: ERROR: ").removeprefix("<input>:")
    if "undeclared reference" in line:
        name = re.search(r"undeclared reference to '([^']*)'", line)
        return UnknownFactError(f"asks for {name.group(1) if name else line}, which is no fact")
    return ConditionError(line.split(": ", 1)[-1])
