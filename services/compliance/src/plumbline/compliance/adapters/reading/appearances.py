"""Whether a form's fields show people what is read from them.

A field keeps its value and, for each place where it stands on a page, an appearance that was drawn when somebody filled it
in. Programs show the appearance, readers take the value, and a file may have any two.

Source: PDF 32000-1:2008, 12.5.3 (flags), 12.5.5 (appearances), 12.7.2 (NeedAppearances), 12.7.4 (fields).
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import pypdf
from pypdf.generic import BooleanObject, DictionaryObject, StreamObject

from plumbline.compliance.adapters.reading.clean import clean
from plumbline.compliance.adapters.reading.objects import at
from plumbline.compliance.adapters.reading.pypdf_warnings import warnings_are_refusals
from plumbline.compliance.adapters.reading.same_text import says_the_same
from plumbline.compliance.adapters.reading.type_style import HIDDEN_MODES
from plumbline.compliance.domain.content import FormField

_HIDDEN, _NO_VIEW = 1 << 1, 1 << 5
"""Flags of an annotation that nobody sees on a screen."""

_PUSH_BUTTON = 1 << 16
"""Flag of a button that holds no value."""

_GENERATIONS_MAX, _PLACES_MAX = 32, 2000
"""How deep fields are nested, and how many places are compared: so many take 3 of the reader's 10 s."""

_PAINTS = frozenset((b"INLINE IMAGE", b"sh", b"c", b"v", b"y"))
"""Operators that may paint words without text: borders and combs are of straight lines."""


def shows_what_it_holds(content: bytes, fields: Sequence[FormField]) -> bool:
    """Return whether people see of a form what was read from it, and nothing else.

    Every field that holds something must be seen, and every place must show what its field holds: a place of a field that
    was not read must be blank. A blank appearance is drawn anew, where the file asks for that.

    Raises:
        PyPdfError: the file cannot be opened, or not all of it; or other of `FAILURES`.
    """
    with warnings_are_refusals():
        reader = pypdf.PdfReader(io.BytesIO(content))
        form = _Form(reader, {field.name: field.value for field in fields})
        places = list(islice(form.places(), _PLACES_MAX + 1))
        if len(places) > _PLACES_MAX:
            return False
        return all(map(form.shows_its_value, places)) and form.seen >= {
            field.name for field in fields if field.value.strip() not in {"", "Off"}
        }


class _Form:
    """A form, what was read from it, and the fields that were seen on its pages."""

    def __init__(self, reader: pypdf.PdfReader, values: Mapping[str, str]) -> None:
        self._reader = reader
        self._values = values
        self._draws_anew = BooleanObject(value=True) == at(
            at(reader.root_object, "/AcroForm"), "/NeedAppearances"
        )
        self.seen = set[str]()

    def places(self) -> Iterator["_Place"]:
        """Give the places of fields that hold values and that people see."""
        for page in self._reader.pages:
            for annotation in at(page, "/Annots") or ():
                place = _Place(page, annotation.get_object())
                if place.is_seen and place.holds_a_value:
                    yield place

    def shows_its_value(self, place: "_Place") -> bool:
        name = place.name
        self.seen.add(name)
        value = self._values.get(name, "")
        if place.kind == "/Btn":
            return place.is_ticked_as(value.strip() or "Off")
        shown = place.text
        return shown is not None and (says_the_same(shown, value) or (self._draws_anew and not shown.strip()))


class _Place:
    """Where a field stands on a page."""

    def __init__(self, page: pypdf.PageObject, widget: DictionaryObject) -> None:
        self._page = page
        self._widget = widget
        self._lineage = list(islice(_lineage(widget), _GENERATIONS_MAX))
        self.kind = self._inherited("/FT")

    @property
    def is_seen(self) -> bool:
        """Whether it is drawn, with a size, on its page."""
        if at(self._widget, "/Subtype") != "/Widget" or (at(self._widget, "/F") or 0) & (_HIDDEN | _NO_VIEW):
            return False
        x, y, x_to, y_to = (float(side.get_object()) for side in at(self._widget, "/Rect"))
        page = self._page.cropbox
        return _overlap((x, x_to), (page.left, page.right)) and _overlap((y, y_to), (page.bottom, page.top))

    @property
    def holds_a_value(self) -> bool:
        is_push_button = self.kind == "/Btn" and (self._inherited("/Ff") or 0) & _PUSH_BUTTON
        return self.kind != "/Sig" and not is_push_button

    @property
    def name(self) -> str:
        """The full name as the readers give it: a name for exporting takes the place of all before it."""
        names = list[str]()
        for one in self._lineage:
            if "/TM" in one:
                names.append(str(at(one, "/TM")))
                break
            if names or "/T" in one:
                names.append(str(one.get("/T", "")))
        return clean(".".join(reversed(names)))

    def is_ticked_as(self, value: str) -> bool:
        """Return whether a box shows its state: a tick where it is on, and none where it is off."""
        states = at(at(self._widget, "/AP"), "/N")
        if not isinstance(states, DictionaryObject) or isinstance(states, StreamObject):
            return states is None and value == "Off"
        state = f"/{value}" if f"/{value}" in states else "/Off"
        if str(self._widget.get("/AS", "/Off")) != state:
            return False
        on, off = at(states, state), at(states, "/Off")
        if state == "/Off":
            return off is None or not self._page.extract_xform_text(off).strip()
        return bool(on.get_data().strip()) and (off is None or on.get_data() != off.get_data())

    @property
    def text(self) -> str | None:
        """What its appearance says; None where that is not known, for it may paint words or hide them."""
        appearance = at(at(self._widget, "/AP"), "/N")
        if appearance is None:
            return ""
        # Programs take fonts from elsewhere, where an appearance has none of its own.
        is_known = "/Resources" in appearance or b"BT" not in appearance.get_data()

        def see(operator: bytes, operands: Sequence[Any], *_: object) -> None:
            nonlocal is_known
            is_hidden = operator == b"Tr" and bool(operands) and operands[0] in HIDDEN_MODES
            is_picture = operator in _PAINTS or (operator == b"Do" and _has_pictures(appearance))
            is_known &= not (is_hidden or is_picture)

        def say(
            words: str, _current: object, _of_text: object, font: DictionaryObject | None, _: float
        ) -> None:
            nonlocal is_known
            is_known &= not words.strip() or _has_known_glyphs(font)

        words = self._page.extract_xform_text(appearance, visitor_operand_before=see, visitor_text=say)
        return words if is_known else None

    def _inherited(self, key: str) -> Any:
        return next((at(one, key) for one in self._lineage if key in one), None)


def _overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return max(min(one), min(other)) < min(max(one), max(other))


def _lineage(widget: DictionaryObject) -> Iterator[DictionaryObject]:
    """Give a widget and those above it; the lists of them may be rings."""
    one: Any = widget
    while isinstance(one, DictionaryObject):
        yield one
        one = at(one, "/Parent")


def _has_pictures(form: Any, generation: int = 0) -> bool:
    """Return whether an appearance may paint a picture, by itself or by a form that it draws."""
    drawn = at(at(form, "/Resources"), "/XObject") or {}
    return generation > _GENERATIONS_MAX or any(
        at(drawn, name).get("/Subtype") != "/Form" or _has_pictures(at(drawn, name), generation + 1)
        for name in drawn
    )


def _has_known_glyphs(font: DictionaryObject | None) -> bool:
    """Return whether a font says which letters its glyphs are: one that draws its own, or numbers them, may not."""
    match at(font, "/Subtype"):
        case None | "/Type3":
            return False
        case "/Type0":
            return at(font, "/ToUnicode") is not None
        case _:
            return True
