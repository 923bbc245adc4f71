"""What a rule language must be able to do: conditions over named facts, checked before they are used."""

from collections.abc import Mapping
from typing import Any, Protocol

from plumbline.compliance.domain.vocabulary import Sort


class ConditionError(Exception):
    """A condition is not one: it cannot be read, or compares what cannot be compared."""


class UnknownFactError(ConditionError):
    """A condition asks for something that nobody knows."""


class UndecidedError(Exception):
    """A condition came to no answer: it reckoned with a blank, divided by zero or ran too long."""


class Predicate(Protocol):
    """One condition, ready to be asked."""

    @property
    def asks(self) -> frozenset[str]:
        """Return the names that it asks for."""

    def holds(self, facts: Any) -> bool:
        """Say whether it holds of facts that `Engine.facts` made ready; ends within a bounded time.

        Raises:
            UndecidedError: there is no answer.
        """


class Engine(Protocol):
    """A rule language over a vocabulary."""

    def predicate(self, condition: str) -> Predicate:
        """Check a condition and make it ready.

        Raises:
            UnknownFactError: it asks for a name that is not in the vocabulary.
            ConditionError: it cannot be read, its types do not fit, or it is no yes or no.
        """

    def facts(self, values: Mapping[str, Any]) -> Any:
        """Make facts ready to be asked by many predicates; a name without a value is blank."""


class Language(Protocol):
    """Makes an engine for a vocabulary."""

    def __call__(self, vocabulary: Mapping[str, Sort]) -> Engine:
        """Return the engine."""
