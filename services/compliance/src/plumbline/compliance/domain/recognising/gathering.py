"""Values gathered from a form's fields and from beside its labels, each with how surely it was read.

A value that two places tell differently is not sure, whichever is the right one.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from plumbline.compliance.domain.content import PaperContent
from plumbline.compliance.domain.reading import Read
from plumbline.compliance.domain.recognised import Place
from plumbline.compliance.domain.recognising.cells import plain
from plumbline.compliance.domain.recognising.sheet import Found, Sheet
from plumbline.compliance.domain.recognising.values import is_blank

T = TypeVar("T")

FORM = 0.99
"""What somebody wrote into a form's own field."""

LABELLED = 0.9
"""What stands where the paper says that it stands."""

LOOSE = 0.7
"""What may stand there: below every threshold that is sensible, so a person looks."""

DISAGREEING = 0.5
"""What is told in two ways."""

_INDEX = re.compile(r"\[\d+\]")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PREFIX = re.compile(r"^(?:txt|fld|field|dt|chk|cb|topmost)\s+")


@dataclass(frozen=True, slots=True)
class Ask(Generic[T]):
    """One value to look for."""

    name: str
    labels: tuple[str, ...]
    """As papers print them; a form's field may be called so too."""
    read: Callable[[str], T | None]
    wraps: bool = False
    """Whether it may go on for several lines."""


@dataclass(frozen=True, slots=True)
class Said(Generic[T]):
    """What one place says; None is a place that is empty."""

    value: T | None
    confidence: float
    place: Place


@dataclass(slots=True)
class Gathered:
    """Values by their name, and where they stood."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)

    def take(self, name: str, said: Iterable[Said[Any]]) -> None:
        """Take what all places together say; nothing if there are none."""
        told = list(said)
        if not told:
            return
        surest = max(told, key=lambda one: (one.value is not None, one.confidence))
        others = {_same(one.value) for one in told if one.value is not None and one.confidence >= LABELLED}
        confidence = DISAGREEING if len(others) > 1 else surest.confidence
        self.values[name] = Read(value=surest.value, confidence=confidence)
        self.places[name] = surest.place

    def tell(self, name: str, value: Any, confidence: float = LABELLED, at: str = "") -> None:
        """Take what the text as a whole says."""
        self.values[name] = Read(value=value, confidence=confidence)
        self.places[name] = Place(source="text", at=at)

    def value(self, name: str) -> Any:
        """Return a value that was gathered; None if there is none."""
        read = self.values.get(name)
        return read.value if read else None


def form_words(name: str) -> str:
    """Return the words of a form field's own name: `form1[0].Page1[0].OwnerName[0]` is `owner name`."""
    last = _INDEX.sub("", name).rpartition(".")[2]
    return _PREFIX.sub("", plain(_CAMEL.sub(" ", last).replace("_", " ")))


def in_form(content: PaperContent, ask: Ask[T]) -> Iterable[Said[T]]:
    """Give what a form's fields say."""
    wanted = {plain(label) for label in ask.labels} | {ask.name.replace("_", " ")}
    for one in content.fields:
        if form_words(one.name) not in wanted:
            continue
        place = Place(source="form", at=one.name)
        value = None if is_blank(one.value) else ask.read(one.value)
        if value is not None or is_blank(one.value):
            yield Said(value, FORM, place)


def in_text(sheet: Sheet, ask: Ask[T], *, far: bool = True) -> Iterable[Said[T]]:
    """Give what stands beside labels; what cannot be read as such a value is not taken for one."""
    for found in sheet.beside(*ask.labels, wraps=ask.wraps, far=far):
        said = as_said(found, ask.read)
        if said:
            yield said


def as_said(found: Found, read: Callable[[str], T | None]) -> Said[T] | None:
    """Return what a place says."""
    place = Place(source="text", page=found.page, at=found.at)
    if is_blank(found.text):
        return Said(None, LABELLED if found.is_sure else LOOSE, place)
    value = read(found.text)
    return None if value is None else Said(value, LABELLED if found.is_sure else LOOSE, place)


def gather(
    content: PaperContent,
    sheet: Sheet,
    asks: Iterable[Ask[Any]],
    more: Mapping[str, Iterable[Said[Any]]] | None = None,
) -> Gathered:
    """Return every value that form, labels and what else was found say.

    What is printed below or above the label of a form's field is another label.
    """
    gathered = Gathered()
    for ask in asks:
        told = [*in_form(content, ask), *(more or {}).get(ask.name, ())]
        far = all(one.place.source != "form" for one in told)
        gathered.take(ask.name, [*told, *in_text(sheet, ask, far=far)])
    return gathered


def labels_of(asks: Iterable[Ask[Any]]) -> list[str]:
    """Return all labels of some values."""
    return [label for ask in asks for label in ask.labels]


def _same(value: Any) -> Any:
    return plain(value) if isinstance(value, str) else value
