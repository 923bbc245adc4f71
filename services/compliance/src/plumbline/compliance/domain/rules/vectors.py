"""Vectors: facts as people write them, and what a rule says of them."""

import copy
from collections.abc import Mapping
from typing import Any, get_args, get_origin

from plumbline.compliance.domain.decision import Decision
from plumbline.compliance.domain.facts import DocumentFacts
from plumbline.compliance.domain.papers import FIELDS
from plumbline.compliance.domain.reading import Fact, Read
from plumbline.compliance.domain.rules.model import Vector

NOTHING = "nothing"
"""What a rule gives that does not apply."""


def facts_from(plain: Mapping[str, Any]) -> DocumentFacts:
    """Return facts from what people write: a bare value of a paper's field was read for certain, `null` is a blank.

    Raises:
        pydantic.ValidationError: they are no facts.
    """
    fields = FIELDS.get(str(plain.get("kind")))
    given = plain.get("fields")
    if fields is None or not isinstance(given, Mapping):
        return DocumentFacts.model_validate(plain)
    return DocumentFacts.model_validate({**plain, "fields": read_for_certain(fields, given)})


def facts_of(vector: Vector, bases: Mapping[str, Any]) -> DocumentFacts:
    """Return the facts of a vector.

    Raises:
        KeyError: there is no such base.
        pydantic.ValidationError: they are no facts.
    """
    return facts_from(plain_of(vector, bases))


def plain_of(vector: Vector, bases: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a vector as people write them; the base stays as it is.

    Raises:
        KeyError: there is no such base.
    """
    plain: dict[str, Any] = copy.deepcopy(bases[vector.base])
    for path, value in vector.change.items():
        _put(plain, path.split("."), value)
    return plain


def given_by(rule: str, decisions: tuple[Decision, ...]) -> str:
    """Return what a rule says among decisions."""
    return next((decision.outcome.value for decision in decisions if decision.rule == rule), NOTHING)


def _put(plain: Any, path: list[str], value: Any) -> None:
    """Set what stands at a path; parts that are numbers are places in a list."""
    for part in path[:-1]:
        plain = plain[int(part)] if isinstance(plain, list) else plain.setdefault(part, {})
    last = path[-1]
    if isinstance(plain, list):
        plain[int(last)] = value
    else:
        plain[last] = value


def read_for_certain(model: type[Fact], plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields as people write them, each bare value as one that was read for certain."""
    return {name: _one(model, name, value) for name, value in plain.items()}


def _one(model: type[Fact], name: str, value: Any) -> Any:
    info = model.model_fields.get(name)
    parts = (info.annotation, *get_args(info.annotation)) if info else ()
    if any(isinstance(part, type) and issubclass(part, Read) for part in parts):
        return value if isinstance(value, Mapping) else {"value": value, "confidence": 1}
    row = next((get_args(part)[0] for part in parts if get_origin(part) is tuple), None)
    if isinstance(row, type) and issubclass(row, Fact) and isinstance(value, list):
        return [read_for_certain(row, one) if isinstance(one, Mapping) else one for one in value]
    return value
