"""Statutory wording: how the text of a paper compares with the form that a statute prescribes, or that we wrote.

A form is fixed words with blanks between. What is filled into a blank is the signer's; every other
word is the form's. `compare` tells what is missing and what is foreign, so that a rule, not this
module, says how much of it is too much.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from pydantic import Field

from plumbline.compliance.domain.reading import Fact

SHINGLE_WORDS = 5
"""Words of a shingle: long enough that no common phrase is one by chance."""

MOST_WORDS = 1500
"""Words of a paper that are compared; what stands beyond them is foreign."""

_WORD = re.compile(r"[a-z0-9]+|[()]")
_BLANK = re.compile(r"\{(\w+)\}")


class Blank(Fact):
    """What a blank of a form takes."""

    words: int = Field(gt=0)
    """At most so many."""
    is_amount: bool = False
    """Digits alone."""


class Wording(Fact):
    """How a paper's text compares with the form of its kind."""

    form: str
    form_hash: str
    template_cover: float
    """Share of the form's shingles that the paper has."""
    document_cover: float
    """Share of the paper's shingles, blanks aside, that the form has."""
    foreign_run_words: int
    """The longest run of words that are neither the form's nor filled into a blank."""
    changed_words: int
    """Words of the form that are missing in their place, and foreign words."""
    first_change: str
    """What a person reads of the first change; empty if there is none."""


class Form(Fact):
    """The words of a kind of paper in a state, as data: a statute's, or our own where no statute prescribes any."""

    id: str
    kind: str
    state: str = Field(pattern=r"^[A-Z]{2}$")
    statute: str = ""
    """Empty: the words are ours."""
    status: str
    """What counsel has said of it."""
    provenance: str
    """Where the text was taken from."""
    sha256: str
    text: str
    """Fixed words with blanks in braces."""
    blanks: dict[str, Blank]
    not_in_blanks: tuple[str, ...]
    """Words that change what a form does; in a blank they are foreign."""

    @property
    def origin(self) -> str:
        """Return whose words they are."""
        return self.statute or f"Plumbline's own form for {self.state}, where no statute prescribes one"

    @cached_property
    def parts(self) -> tuple[tuple[str, ...] | Blank, ...]:
        """Return the form as runs of fixed words and blanks, in order."""
        pieces = _BLANK.split(self.text)
        parts: list[tuple[str, ...] | Blank] = []
        for number, piece in enumerate(pieces):
            part = self.blanks[piece] if number % 2 else words(piece)
            if part:
                parts.append(part)
        return tuple(parts)

    @cached_property
    def fixed(self) -> tuple[str, ...]:
        """Return the form's fixed words."""
        return tuple(word for part in self.parts if not isinstance(part, Blank) for word in part)

    @cached_property
    def slots(self) -> dict[int, Blank]:
        """Return the blanks by the number of fixed words before them; neighbours are one."""
        slots: dict[int, Blank] = {}
        before = 0
        for part in self.parts:
            if isinstance(part, Blank):
                first = slots.get(before)
                slots[before] = Blank(words=first.words + part.words) if first else part
            else:
                before += len(part)
        return slots

    def takes(self, blank: Blank, filled: Sequence[str]) -> bool:
        """Say whether words may stand in a blank."""
        if len(filled) > blank.words or any(word in self.not_in_blanks for word in filled):
            return False
        return not blank.is_amount or all(word.isdigit() for word in filled)


def text_hash(text: str) -> str:
    """Return the SHA-256 of a form's text, by which a change of it is seen."""
    return hashlib.sha256(text.encode()).hexdigest()


def words(text: str) -> tuple[str, ...]:
    """Return a text's words: lower case, `signer's` is one.

    Of punctuation parentheses count, for they end what explains a blank: "(Signature of an agent)" is not "(Signature)".
    """
    return tuple(_WORD.findall(text.lower().replace("'", "").replace("\u2019", "")))


def compare(form: Form, text: str) -> Wording:
    """Compare a paper's whole text with a form."""
    written = words(text)
    if _is_exact(form, written):
        return _wording(form, missing=[], foreign=[], kept=form.fixed)
    return _differences(form, written[:MOST_WORDS], beyond=max(0, len(written) - MOST_WORDS))


def _is_exact(form: Form, written: tuple[str, ...]) -> bool:
    """Say whether a text is the form with its blanks filled: follows every way to fill them at once."""
    ends = {0}
    for part in form.parts:
        if isinstance(part, Blank):
            ends = {
                end + more
                for end in ends
                for more in range(min(part.words, len(written) - end) + 1)
                if form.takes(part, written[end : end + more])
            }
        else:
            size = len(part)
            ends = {end + size for end in ends if written[end : end + size] == part}
    return len(written) in ends


def _differences(form: Form, written: tuple[str, ...], *, beyond: int) -> Wording:
    missing: list[tuple[str, ...]] = []
    foreign: list[tuple[str, ...]] = []
    kept: list[str] = []
    for before, lost, taken in _gaps(form, written):
        if lost:
            missing.append(lost)
        if taken and not _is_filled(form, before, taken):
            foreign.append(taken)
            kept.extend(taken)
        kept.extend(form.fixed[before + len(lost) : before + len(lost) + 1])
    if beyond:
        foreign.append(("…",) * beyond)
    return _wording(form, missing=missing, foreign=foreign, kept=kept)


def _gaps(form: Form, written: tuple[str, ...]) -> Iterator[tuple[int, tuple[str, ...], tuple[str, ...]]]:
    """Walk along a form and a text that agree as far as they can.

    Gives, for each place between two fixed words that the text has, how many fixed words come before
    it, those that are missing there, and what the text has there instead.
    """
    before, start = 0, 0
    for place, found in [*_common(form, written), (len(form.fixed), len(written))]:
        yield before, form.fixed[before:place], written[start:found]
        before, start = place + 1, found + 1


def _common(form: Form, written: tuple[str, ...]) -> list[tuple[int, int]]:
    """Return the places of the fixed words that a text has, in form and text, so that least is changed.

    Words in a blank cost nothing, however many, so that an owner called "The Owner" is found there.
    """
    fixed = form.fixed
    rows = [_first_row(form, len(written))]
    for place, word in enumerate(fixed, start=1):
        above, row = rows[-1], [place]
        extra = 0 if place in form.slots else 1
        for start, other in enumerate(written):
            cost = min(above[start + 1] + 1, row[start] + extra)
            row.append(min(cost, above[start]) if word == other else cost)
        rows.append(row)
    return _way(form, written, rows)


def _first_row(form: Form, size: int) -> list[int]:
    return [0 if 0 in form.slots else start for start in range(size + 1)]


def _way(form: Form, written: tuple[str, ...], rows: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    """Return the cheapest way through the costs, from the end: the words that form and text share."""
    place, start = len(form.fixed), len(written)
    shared: list[tuple[int, int]] = []
    while place and start:
        cost = rows[place][start]
        if form.fixed[place - 1] == written[start - 1] and cost == rows[place - 1][start - 1]:
            place, start = place - 1, start - 1
            shared.append((place, start))
        elif cost == rows[place][start - 1] + (0 if place in form.slots else 1):
            start -= 1
        else:
            place -= 1
    return shared[::-1]


def _is_filled(form: Form, before: int, taken: Sequence[str]) -> bool:
    blank = form.slots.get(before)
    return blank is not None and form.takes(blank, taken)


def _wording(
    form: Form, *, missing: Sequence[Sequence[str]], foreign: Sequence[Sequence[str]], kept: Sequence[str]
) -> Wording:
    of_form, of_paper = set(_shingles(form.fixed)), set(_shingles(kept))
    common = len(of_form & of_paper)
    return Wording(
        form=form.id,
        form_hash=form.sha256,
        template_cover=round(common / len(of_form), 4),
        document_cover=round(common / len(of_paper), 4) if of_paper else 0.0,
        foreign_run_words=max(map(len, foreign), default=0),
        changed_words=sum(map(len, missing)) + sum(map(len, foreign)),
        first_change=_told(missing, foreign),
    )


def _shingles(run: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(run[start : start + SHINGLE_WORDS]) for start in range(len(run) - SHINGLE_WORDS + 1))


def _told(missing: Iterable[Sequence[str]], foreign: Iterable[Sequence[str]]) -> str:
    told = [
        *(f'"{" ".join(run[:8])}" is missing' for run in missing),
        *(f'"{" ".join(run[:8])}" is added' for run in foreign),
    ]
    return told[0] if told else ""
