"""A paper's contents as a reader found them, before anybody says what kind of paper it is.

No `repr` shows what stands in a paper: it may be a whole tax number.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from plumbline.compliance.domain.reading import Fact


class Run(Fact):
    """A piece of text in one font and size, where it stands."""

    text: str = Field(repr=False)
    page: int = Field(ge=1)
    x: float
    """Points from the left edge."""
    y: float
    """Points from the lower edge."""
    points: float
    """Type size."""
    is_bold: bool


class Page(Fact):
    """One page's text in reading order, and its runs."""

    number: int = Field(ge=1)
    text: str = Field(repr=False)
    runs: tuple[Run, ...] = Field(default=(), repr=False)


class FormField(Fact):
    """One field of an interactive form, as it was left by whoever filled it."""

    name: str
    """The full name: `topmostSubform[0].Page1[0].f1_01[0]`."""
    value: str = Field(repr=False)
    """The text; of a box its state without the slash: `1`, `Off`."""


Action = Literal[
    "does something unknown",
    "empties fields",
    "opens a web page",
    "opens another file",
    "plays sound or film",
    "sends what is filled in",
    "shows or hides parts",
    "takes in other data",
]
"""What a file may do by itself or at a click, in the words of people."""


class Structure(Fact):
    """What a file has in it besides what people see: nobody acts upon it, and rules tell a person of it."""

    page_count: int = 0
    leading_bytes: int = 0
    """Bytes before the header."""
    trailing_bytes: int = 0
    """Bytes after the last end-of-file mark."""
    has_javascript: bool = False
    """Programs, in whatever language: they may change what people see."""
    has_launch: bool = False
    """An action that starts another program."""
    actions: tuple[Action, ...] = ()
    """What else it does: by itself all but turning pages, at a click what is more than following a link to the web."""
    has_embedded_files: bool = False
    has_unread_xfa: bool = False
    """A form in Adobe's XML that says something else than what was read, or that was not compared with it."""
    has_unseen_parts: bool = False
    """Parts that are damaged, or could not be opened: what is in them is not known."""
    has_markup: bool = False
    """Notes, stamps or strokes laid over a page: people see them, and no reader reads them."""
    has_hidden_text: bool = False
    """Text that is not drawn, as over a scan or in a layer that is off: it was read, and people see something else."""
    has_other_appearance: bool = False
    """A form that shows people something else than what its fields hold, or that was not compared with it."""
    is_signed: bool = False


class PaperContent(Fact):
    """All that was read from one file, in a process of its own with limits."""

    media_type: Literal["application/pdf", "image/png", "image/jpeg", "text/csv"]
    title: str = Field(default="", repr=False)
    pages: tuple[Page, ...] = ()
    fields: tuple[FormField, ...] = ()
    structure: Structure
    read_by: str
    """Which reader read it: `pypdf`, or `pypdfium2` where that refused; `csv`; or `none` for pictures."""

    @property
    def text(self) -> str:
        """The whole text."""
        return "\n".join(page.text for page in self.pages)

    @property
    def values(self) -> Mapping[str, str]:
        """The form's values by the full name of their fields."""
        return {field.name: field.value for field in self.fields}
