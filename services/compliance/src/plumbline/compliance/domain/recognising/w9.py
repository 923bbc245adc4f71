"""IRS Form W-9. The whole number goes to the safe alone; everything else gets its form and last four digits.

Source: Form W-9 (Rev. March 2024) and its form fields (`topmostSubform[0].Page1[0].f1_01[0]`, boxes `c1_1[0]` to
`c1_1[6]`). Copies that went through other programs keep only some of the fields.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import SecretStr

from plumbline.compliance.domain.content import PaperContent
from plumbline.compliance.domain.recognised import Place
from plumbline.compliance.domain.recognising.cells import plain
from plumbline.compliance.domain.recognising.gathering import (
    DISAGREEING,
    FORM,
    LABELLED,
    Ask,
    Gathered,
    Said,
    form_words,
    gather,
    labels_of,
)
from plumbline.compliance.domain.recognising.marks import boxes, signer
from plumbline.compliance.domain.recognising.sheet import Sheet
from plumbline.compliance.domain.recognising.values import day, is_blank, month, written
from plumbline.compliance.domain.tax_numbers import tax_number

CLASSES = ("individual", "c_corporation", "s_corporation", "partnership", "trust", "llc", "other")
"""The boxes of line 3a in their order."""

_CLASS_WORDS: Sequence[tuple[str, str]] = (
    ("individual", "individual"),
    ("c corporation", "c_corporation"),
    ("s corporation", "s_corporation"),
    ("partnership", "partnership"),
    ("trust", "trust"),
    ("llc", "llc"),
    ("limited liability company", "llc"),
    ("other", "other"),
)

ASKS: tuple[Ask[Any], ...] = (
    Ask(
        "name",
        (
            "name",
            "name of entity individual",
            "name of entity individual an entry is required",
            "line 1",
            "line 1 name",
        ),
        written,
    ),
    Ask(
        "business_name",
        (
            "business name",
            "business name disregarded entity name",
            "business name disregarded entity name if different from above",
            "line 2",
        ),
        written,
    ),
    Ask(
        "llc_code",
        ("llc code", "llc tax classification", "llc classification", "tax classification"),
        lambda text: text.strip().upper() or None,
    ),
    Ask("ssn", ("social security number", "ssn"), lambda text: text.strip() or None),
    Ask("ein", ("employer identification number", "ein"), lambda text: text.strip() or None),
    Ask("signature", ("signature of us person", "signature", "sign here", "signed"), signer),
    Ask("signed_on", ("date", "date signed"), day),
)

_FIELD = re.compile(r"\.(?P<name>[cf]1_\d+)\[(?P<box>\d)\]$")
_LINES: Mapping[str, str] = {"f1_1": "name", "f1_2": "business_name", "f1_3": "llc_code"}
_PARTS: Mapping[Literal["ssn", "ein"], tuple[str, ...]] = {
    "ssn": ("f1_11", "f1_12", "f1_13"),
    "ein": ("f1_14", "f1_15"),
}
"""The boxes of Part I, whose digits stand in fields of their own."""

_REVISION = re.compile(r"\(?\bRev\.?\s+(?P<month>[A-Z][a-z]+\s+\d{4}|\d{1,2}-\d{4})\)?")
_CODE = re.compile(
    r"\bLLC\b[^\n]{0,160}?\bP\s*=\s*partnership\)?[^\n:]*:?\s*_*\s*\(?\b(?P<code>[A-Z])\b\)?", re.IGNORECASE
)
_LEGAL_FORM = re.compile(r"\b(?:llc|l\.l\.c|inc|corp|corporation|company|lp|llp|ltd)\b", re.IGNORECASE)


def w9(content: PaperContent) -> tuple[Gathered, SecretStr | None]:
    """Return what a W-9 says, and apart from it the whole number."""
    form = _form(content)
    gathered = gather(content, Sheet.of(content, labels_of(ASKS)), ASKS, _from_form(form))
    _revise(gathered, content)
    _classify(gathered, content, form)
    number = _number(gathered, form)
    _disregard(gathered)
    _sign(gathered, content)
    return gathered, number


def _form(content: PaperContent) -> dict[str, str]:
    """Return the IRS form's own fields by their short names; boxes with their number."""
    fields: dict[str, str] = {}
    for field in content.fields:
        found = _FIELD.search(field.name)
        if found:
            kind, _, number = found["name"].partition("_")
            box = f".{found['box']}" if kind == "c1" else ""
            fields[f"{kind}_{int(number)}{box}"] = field.value
    return fields


def _from_form(form: Mapping[str, str]) -> dict[str, list[Said[Any]]]:
    said: dict[str, list[Said[Any]]] = {}
    for short, name in _LINES.items():
        if short in form:
            text = form[short].strip()
            value = None if is_blank(text) else text.upper() if name == "llc_code" else written(text)
            said[name] = [Said(value, FORM, Place(source="form", at=short))]
    return said


def _revise(gathered: Gathered, content: PaperContent) -> None:
    told = {
        month(one["month"].replace("-", "/"))
        for one in _REVISION.finditer(f"{content.title}\n{content.text}")
    }
    told.discard(None)
    if len(told) == 1:
        gathered.tell("revision_on", told.pop(), at="Rev.")


def _classify(gathered: Gathered, content: PaperContent, form: Mapping[str, str]) -> None:
    ticked = [CLASSES[box] for box in range(7) if form.get(f"c1_1.{box}", "Off").lower() not in {"", "off"}]
    confidence = FORM
    if not any(name.startswith("c1_1.") for name in form):
        seen = [(box, _class(box.words)) for box in boxes(content.text)]
        classes = {name for _, name in seen if name}
        if len(classes) < 2:
            ticked_form = [
                _class(form_words(one.name)) for one in content.fields if one.value.lower() not in {"", "off"}
            ]
            ticked = [name for name in ticked_form if name]
            if not any(_class(form_words(one.name)) for one in content.fields):
                return
        else:
            ticked, confidence = [name for box, name in seen if name and box.is_ticked], LABELLED
    gathered.tell("boxes_ticked", len(ticked), confidence, at="line 3a")
    gathered.tell("classification", ticked[0] if len(ticked) == 1 else None, confidence, at="line 3a")
    if gathered.value("llc_code") is None:
        code = _CODE.search(content.text)
        if code:
            gathered.tell("llc_code", code["code"].upper(), LABELLED, at="LLC")
        elif ticked == ["llc"] and "llc_code" not in gathered.values:
            gathered.tell("llc_code", None, LABELLED, at="LLC")


def _class(words: str) -> str | None:
    return next((name for said, name in _CLASS_WORDS if words.startswith(said)), None)


def _number(gathered: Gathered, form: Mapping[str, str]) -> SecretStr | None:
    """Tell the form and last four digits of Part I's number, and return the number itself."""
    texts: dict[Literal["ssn", "ein"], tuple[str, float]] = {}
    for box, parts in _PARTS.items():
        read = gathered.values.pop(box, None)
        gathered.places.pop(box, None)
        digits = "-".join(form.get(part, "").strip() for part in parts)
        if digits.strip("-"):
            texts[box] = digits, FORM
        elif read is not None and read.value and re.search(r"\d", read.value):
            texts[box] = _joined(read.value), read.confidence
    if not texts:
        if not form.keys().isdisjoint(name for parts in _PARTS.values() for name in parts):
            gathered.tell("tax_number", "malformed", FORM, at="Part I")
        return None
    box, (text, confidence) = next(iter(texts.items()))
    known = tax_number(text, box=box)
    confidence = DISAGREEING if len(texts) > 1 else confidence
    for name in ("issuer_rules_met", "prefix_known", "last_four"):
        gathered.tell(name, getattr(known, name), confidence, at="Part I")
    gathered.tell("tax_number", known.form, confidence, at="Part I")
    return SecretStr(text) if known.form != "malformed" and len(texts) == 1 else None


def _joined(text: str) -> str:
    """Return a number whose digits are printed apart, as in boxes, put together."""
    return re.sub(r"\s+", "", text.replace("\u2013", "-").replace("\u2014", "-"))


def _disregard(gathered: Gathered) -> None:
    """A trade name disregards nothing; another firm's name may, and then a person says."""
    name = gathered.values.pop("business_name", None)
    gathered.places.pop("business_name", None)
    if name is None:
        return
    said = name.value or ""
    if "disregarded" in plain(said):
        gathered.tell("is_disregarded", value=True, confidence=name.confidence, at="line 2")
    elif not _LEGAL_FORM.search(said):
        gathered.tell("is_disregarded", value=False, confidence=name.confidence, at="line 2")


def _sign(gathered: Gathered, content: PaperContent) -> None:
    signature = gathered.values.pop("signature", None)
    gathered.places.pop("signature", None)
    if content.structure.is_signed:
        gathered.tell("signed", value=True, at="the file's digital signature")
    elif signature is not None:
        gathered.tell(
            "signed", value=signature.value is not None, confidence=signature.confidence, at="Part II"
        )
