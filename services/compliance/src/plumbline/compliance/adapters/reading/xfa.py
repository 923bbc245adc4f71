"""Whether a form in Adobe's XML (XFA) says anything that the fields beside it do not say.

Acrobat shows such a form by its XML, other programs by the PDF's own fields and pages. Forms of the IRS have both, and
say the same in both: those are read whole. A form of which the pages are drawn from the XML alone shows other programs
a page that asks to wait; and one whose XML says other words shows people what no reader reads.

Source: XML Forms Architecture 3.3, part 1, chapters 3 (data) and 17 (template); PDF 32000-1:2008, 12.7.8.
"""

import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from xml.parsers import expat

import pikepdf

from plumbline.compliance.domain.content import FormField

_DATA = "http://www.xfa.org/schema/xfa-data/1.0/ data"
_BYTES_MAX = 8 * 1024 * 1024
"""A form of the IRS has some 300,000."""

_SENDS = frozenset(("submit", "execute"))
_OFF = frozenset(("", "0", "Off"))
"""How a box that is not ticked is said, in XML and in fields."""


class UnreadFormError(ValueError):
    """The XML cannot be compared with the fields."""


@dataclass(slots=True)
class Form:
    """What an XFA form says."""

    said: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Texts of the data by the last name of their field, in their order; a blank is empty."""
    preset: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """What fields say for which there are no data."""
    is_drawn_from_it: bool = False
    """Whether Acrobat draws the pages anew, so that those of the PDF are never seen."""
    has_script: bool = False
    sends: bool = False

    def says_no_more_than(self, fields: Sequence[FormField]) -> bool:
        """Return whether all that it says was read from the fields, each text in its own one.

        What only the fields say does not count: browsers fill them in, and leave the XML as it was.
        """
        if self.is_drawn_from_it or not fields:
            return False
        read: Mapping[str, list[str]] = _by_last_name(fields)
        presets = {name: texts for name, texts in self.preset.items() if name not in self.said}
        return all(
            _are_read(texts, read.get(name, [])) for name, texts in (*self.said.items(), *presets.items())
        )


def form_of(content: bytes) -> Form:
    """Return what the XFA form of a PDF says.

    Raises:
        UnreadFormError: there is none, or it is no XML that is taken.
        pikepdf.PdfError: the file cannot be opened, or other of `FAILURES`.
    """
    with pikepdf.open(io.BytesIO(content)) as pdf:
        form = pdf.Root.AcroForm
        return _Parser(is_drawn_from_it=bool(pdf.Root.get("/NeedsRendering", False))).parse(
            _packets(form.get("/XFA"))
        )


def _packets(xfa: object) -> Iterator[bytes]:
    """Give the pieces that together are one document: an array has a name before each."""
    streams = xfa.as_list() if isinstance(xfa, pikepdf.Array) else [xfa]
    for stream in streams:
        if isinstance(stream, pikepdf.Stream):
            yield stream.read_bytes()


@dataclass(slots=True)
class _Element:
    name: str
    attributes: Mapping[str, str]
    pieces: list[str] = field(default_factory=list)
    is_leaf: bool = True

    @property
    def text(self) -> str:
        return "".join(self.pieces)


class _Parser:
    """Reads a form's XML as it comes; a document type is refused, for what it may define grows without end."""

    def __init__(self, *, is_drawn_from_it: bool) -> None:
        self._form = Form(is_drawn_from_it=is_drawn_from_it)
        self._path: list[_Element] = []
        self._depth_of_data = 0

    def parse(self, pieces: Iterable[bytes]) -> Form:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._say
        parser.StartDoctypeDeclHandler = self._refuse
        whole = b"".join(pieces)
        if len(whole) > _BYTES_MAX:
            raise UnreadFormError("it is larger than any form")
        try:
            parser.ParseFile(io.BytesIO(whole))
        except expat.ExpatError as error:
            raise UnreadFormError("it is no XML") from error
        return self._form

    def _refuse(self, *_: object) -> None:
        raise UnreadFormError("it has a document type")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if self._path:
            self._path[-1].is_leaf = False
        self._path.append(_Element(name.rpartition(" ")[2], attributes))
        self._depth_of_data += self._depth_of_data > 0 or name == _DATA
        if self._depth_of_data > 1:
            for attribute, text in attributes.items():
                if " " not in attribute:
                    self._form.said[attribute].append(text)
        elif self._path[-1].name == "script":
            self._form.has_script = True
        elif self._path[-1].name in _SENDS:
            self._form.sends = True

    def _say(self, text: str) -> None:
        self._path[-1].pieces.append(text)

    def _end(self, _name: str) -> None:
        element = self._path.pop()
        if self._depth_of_data:
            self._depth_of_data -= 1
            if self._depth_of_data and (element.is_leaf or element.text.strip()):
                self._form.said[element.name].append(element.text)
        elif element.name == "dynamicRender":
            self._form.is_drawn_from_it |= element.text.strip() == "required"
        else:
            self._preset(element)

    def _preset(self, element: _Element) -> None:
        match self._path:
            case [*_, _Element(name="field") as of, _Element(name="value")] if element.text.strip():
                self._form.preset[of.attributes.get("name", "")].append(element.text)
            case _:
                pass


def _by_last_name(fields: Sequence[FormField]) -> Mapping[str, list[str]]:
    """Return values by the name that XML gives to a field: that of `form[0].Page1[0].f1_01[0]` is `f1_01`."""
    read = defaultdict[str, list[str]](list)
    for one in fields:
        read[one.name.rpartition(".")[2].partition("[")[0]].append(one.value)
    return read


def _are_read(said: Sequence[str], read: Sequence[str]) -> bool:
    """Return whether texts were read, in their order; boxes of one name have one text for all, or one for each."""
    said, read = [" ".join(text.split()) for text in said], [" ".join(text.split()) for text in read]
    if len(said) == len(read):
        return all(one in {"", other} or {one, other} <= _OFF for one, other in zip(said, read, strict=True))
    return not Counter(one for one in said if one not in _OFF) - Counter(read)
