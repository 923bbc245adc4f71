"""Sentences of rules: templates with facts in braces, and how a fact is said."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from plumbline.compliance.domain.learning import Known
from plumbline.compliance.domain.vocabulary import Sort

_PLACE = re.compile(r"\{([^{}]*)\}")


def asked(template: str) -> tuple[str, ...]:
    """Return the names of the facts that a template says."""
    return tuple(_PLACE.findall(template))


def filled(template: str, known: Known, sorts: Mapping[str, Sort]) -> str:
    """Return a template with its facts said."""
    return _PLACE.sub(lambda place: said(place.group(1), known, sorts), template)


def said(name: str, known: Known, sorts: Mapping[str, Sort]) -> str:
    """Return a fact as people say it."""
    if name in known.unknown:
        return "an unknown value"
    value = known.values.get(name, "")
    if value in ("", []):
        return "nothing"
    return _SAYINGS.get(sorts[name], str)(value) if not name.endswith("_cents") else dollars(value)


def dollars(amount_cents: int) -> str:
    """Return cents as people read them: `-$1,234.50`."""
    sign = "-" if amount_cents < 0 else ""
    return f"{sign}${abs(amount_cents) // 100:,}.{abs(amount_cents) % 100:02d}"


def _listed(values: list[Any]) -> str:
    return ", ".join(str(value) for value in values)


_SAYINGS: Mapping[Sort, Callable[[Any], str]] = {
    Sort.DAY: lambda value: date.fromordinal(value).isoformat(),
    Sort.YES: lambda value: "yes" if value else "no",
    Sort.DECIMAL: lambda value: f"{value:g}",
    Sort.TEXTS: _listed,
    Sort.WHOLES: _listed,
}
