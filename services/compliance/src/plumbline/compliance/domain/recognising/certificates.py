"""ACORD 25 certificates: who is insured, who holds it, the insurers, a row for each coverage.

Form fields as ACORD's own fillable form names them (`F[0].P1[0].Policy_GeneralLiability_EffectiveDate_A[0]`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from plumbline.compliance.domain.content import PaperContent
from plumbline.compliance.domain.papers import Coverage, Insurer
from plumbline.compliance.domain.reading import Read
from plumbline.compliance.domain.recognised import Place
from plumbline.compliance.domain.recognising.cells import Cell, Line, plain
from plumbline.compliance.domain.recognising.gathering import (
    DISAGREEING,
    FORM,
    LABELLED,
    Ask,
    Gathered,
    Said,
    gather,
    labels_of,
)
from plumbline.compliance.domain.recognising.sheet import Sheet
from plumbline.compliance.domain.recognising.values import cents, day, days_in, is_blank, written

ASKS: tuple[Ask[Any], ...] = (
    Ask("insured", ("insured", "named insured", "insured name"), written),
    Ask("holder", ("certificate holder", "holder", "certificate holder name"), written),
)


@dataclass(frozen=True, slots=True)
class _Type:
    """A type of insurance: how it is printed, what is its limit, how ACORD's form names its fields."""

    kind: str
    titles: tuple[str, ...]
    limits: tuple[str, ...]
    policy: str
    extended: str
    limit_fields: tuple[str, ...]


TYPES = (
    _Type(
        "general_liability",
        ("commercial general liability", "general liability"),
        ("each occurrence",),
        "GeneralLiability",
        "GeneralLiability",
        ("GeneralLiability_EachOccurrence_LimitAmount",),
    ),
    _Type(
        "automobile_liability",
        ("automobile liability", "auto liability"),
        ("combined single limit",),
        "AutomobileLiability",
        "AutomobileLiability",
        ("Vehicle_CombinedSingleLimit_EachAccidentAmount", "Vehicle_CombinedSingleLimit_LimitAmount"),
    ),
    _Type(
        "umbrella_liability",
        ("umbrella liab", "umbrella liability", "excess liab", "umbrella excess"),
        ("each occurrence",),
        "ExcessLiability",
        "ExcessLiability",
        ("ExcessUmbrella_Umbrella_EachOccurrenceAmount", "ExcessUmbrella_EachOccurrence_LimitAmount"),
    ),
    _Type(
        "workers_compensation",
        ("workers compensation", "workers comp"),
        ("el each accident", "e l each accident", "each accident"),
        "WorkersCompensationAndEmployersLiability",
        "WorkersCompensation",
        ("WorkersCompensationEmployersLiability_EmployersLiability_EachAccidentLimitAmount",),
    ),
)

_NAIC = re.compile(
    r"\binsurer\s+(?P<letter>[A-F])\s*:?\s*(?P<name>.*?)\s*(?P<naic>\d{4,6})?\s*$", re.IGNORECASE
)
_MONEY = re.compile(r"\$?\s*(\d{1,3}(?:,\d{3})+|\d{5,})(?:\.\d{2})?")
_ENDORSEMENT = re.compile(r"\bendorsement\b", re.IGNORECASE)
_MARK = re.compile(r"(?:X|Y|\[X\]|\u2612|\u2611)", re.IGNORECASE)
_ENDS = ("description of operations", "certificate holder", "cancellation")


def certificate(content: PaperContent) -> Gathered:
    """Return what a certificate says."""
    form = _form(content)
    more = {
        "insured": _form_said(form, "NamedInsured_FullName"),
        "holder": _form_said(form, "CertificateHolder_FullName"),
    }
    sheet = Sheet.of(content, labels_of(ASKS))
    gathered = gather(content, sheet, ASKS, more)
    first = Sheet([line for line in sheet.lines if line.page == 1], frozenset())
    insurers = _insurers_of_form(form) or _insurers_of_text(first)
    coverages = list(_coverages_of_form(form)) or list(_coverages_of_text(first))
    if insurers:
        gathered.values["insurers"] = tuple(insurers)
    if coverages:
        gathered.values["coverages"] = tuple(_endorsed(row, content) for row in coverages)
        source = "form" if any("Policy_" in name for name in form) else "text"
        for number, row in enumerate(coverages):
            said = row.kind.value if row.kind else ""
            gathered.places[f"coverages.{number}.kind"] = Place(source=source, page=1, at=str(said))
    return gathered


def _form(content: PaperContent) -> dict[str, str]:
    """Return the form's fields by their last name, without index."""
    return {re.sub(r"\[\d+\]", "", one.name).rpartition(".")[2]: one.value for one in content.fields}


def _form_said(form: Mapping[str, str], name: str) -> Sequence[Said[str]]:
    value = form.get(f"{name}_A")
    if value is None:
        return []
    return [Said(None if is_blank(value) else written(value), FORM, Place(source="form", at=f"{name}_A"))]


def _insurers_of_form(form: Mapping[str, str]) -> list[Insurer]:
    found = []
    for letter in "ABCDEF":
        name, naic = form.get(f"Insurer_FullName_{letter}", ""), form.get(f"Insurer_NAICCode_{letter}", "")
        if not is_blank(name) or not is_blank(naic):
            found.append(
                Insurer(
                    letter=Read(value=letter, confidence=FORM),
                    naic=Read(value=written(naic), confidence=FORM),
                )
            )
    return found


def _insurers_of_text(sheet: Sheet) -> list[Insurer]:
    found = []
    for line in sheet.before("type of insurance", "coverages").lines:
        start = next(
            (
                place
                for place, cell in enumerate(line.cells)
                if re.match(r"insurer\s+[A-F]\b", cell.text, re.IGNORECASE)
            ),
            None,
        )
        if start is None:
            continue
        told = _NAIC.search(" ".join(cell.text for cell in line.cells[start:]))
        if told and (told["name"].strip(" :") or told["naic"]):
            letter = Read[str](value=told["letter"].upper(), confidence=LABELLED)
            found.append(Insurer(letter=letter, naic=Read(value=told["naic"], confidence=LABELLED)))
    return found


def _coverages_of_form(form: Mapping[str, str]) -> Iterator[Coverage]:
    for one in TYPES:
        begins, ends = (
            form.get(f"Policy_{one.policy}_{name}_A", "") for name in ("EffectiveDate", "ExpirationDate")
        )
        limit = next(
            (form[f"{name}_A"] for name in one.limit_fields if not is_blank(form.get(f"{name}_A", ""))), ""
        )
        if all(is_blank(text) for text in (begins, ends, limit)):
            continue
        marks = (
            form.get(f"CertificateOfInsurance_{one.extended}_AdditionalInsuredCode_A", ""),
            form.get(f"Policy_{one.extended}_SubrogationWaivedCode_A", ""),
            form.get(f"Policy_{one.policy}_SubrogationWaivedCode_A", ""),
        )
        yield Coverage(
            kind=Read(value=one.kind, confidence=FORM),
            effective_on=_read(begins, day, FORM),
            expires_on=_read(ends, day, FORM),
            limit_cents=_read(limit, cents, FORM),
            is_extended=Read(value=any(_MARK.fullmatch(mark.strip()) for mark in marks), confidence=FORM),
        )


def _read(text: str, read: Any, confidence: float) -> Any:
    value = None if is_blank(text) else read(text)
    return Read(value=value, confidence=confidence) if value is not None or is_blank(text) else None


def _coverages_of_text(sheet: Sheet) -> Iterator[Coverage]:
    """Give the rows of the table: each from the line that names its type to that of the next."""
    begins = [(number, one) for number, line in enumerate(sheet.lines) if (one := _type(line))]
    stop = next(
        (
            n
            for n, line in enumerate(sheet.lines)
            if plain(line.text).startswith(_ENDS) and begins and n > begins[0][0]
        ),
        len(sheet.lines),
    )
    columns = _extension_columns(sheet.lines[: begins[0][0]]) if begins else ()
    told = [(number, one) for number, one in begins if number < stop]
    for place, (number, one) in enumerate(told):
        end = told[place + 1][0] if place + 1 < len(told) else stop
        yield _coverage(one, sheet.lines[number:end], columns)


def _type(line: Line) -> _Type | None:
    for cell in line.cells[:3]:
        said = plain(re.sub(r"^\W*[xX]?\W*\s", " ", f" {cell.text}")) or plain(cell.text)
        for one in TYPES:
            if any(
                said == title or said.startswith((f"{title} and", f"{title} occ")) for title in one.titles
            ):
                return one
    return None


def _extension_columns(lines: Sequence[Line]) -> tuple[float, ...]:
    """Return where the columns of additional insured and waived subrogation stand."""
    return tuple(
        cell.x
        for line in lines
        for cell in line.cells
        if plain(cell.text) in {"addl", "subr", "addl insd", "subr wvd", "insd", "wvd", "ai", "wos"}
    )


def _coverage(one: _Type, lines: Sequence[Line], columns: Sequence[float]) -> Coverage:
    cells = [cell for line in lines for cell in line.cells]
    days = [found for cell in cells for found in days_in(cell.text)]
    limits = {value for line in lines for value in _limits(line, one)}
    marks = any(_MARK.fullmatch(cell.text.strip()) and _is_under(cell, columns) for cell in cells)
    extended = Read[bool](value=marks, confidence=LABELLED) if columns else None
    begins, ends = _term(days)
    return Coverage(
        kind=Read(value=one.kind, confidence=LABELLED),
        effective_on=begins,
        expires_on=ends,
        limit_cents=Read(value=min(limits), confidence=LABELLED if len(limits) == 1 else DISAGREEING)
        if limits
        else None,
        is_extended=extended,
    )


def _term(days: Sequence[date]) -> tuple[Read[date] | None, Read[date] | None]:
    """Read the two days of a policy; of more than two it is not sure which they are."""
    if len(days) < 2:
        return None, None
    confidence = LABELLED if len(days) == 2 and days[0] < days[1] else DISAGREEING
    return Read(value=days[0], confidence=confidence), Read(value=days[1], confidence=confidence)


def _limits(line: Line, one: _Type) -> Iterator[int]:
    """Give what stands after the words of the limit, in its cell or the next ones."""
    text = plain_amounts(line.text)
    for words in one.limits:
        found = re.search(rf"\b{words}\b\D{{0,20}}?{_MONEY.pattern}", text)
        if found:
            yield int(found[1].replace(",", "")) * 100
            return


def plain_amounts(text: str) -> str:
    """Return a line's words, lower case, its amounts as they are printed."""
    return re.sub(r"[^a-z0-9$,]+", " ", re.sub(r"\([^()]*\)", " ", text.lower().replace(".", "")))


def _is_under(cell: Cell, columns: Sequence[float]) -> bool:
    return any(abs(cell.x - x) <= 14 for x in columns)


def _endorsed(row: Coverage, content: PaperContent) -> Coverage:
    """Look for the endorsement's own page: a later page that is headed so and names the coverage."""
    kind = row.kind.value if row.kind else ""
    titles = next((one.titles for one in TYPES if one.kind == kind), ())
    has = any(
        _ENDORSEMENT.search(page.text)
        and any(title in " ".join(plain(line) for line in page.text.splitlines()) for title in titles)
        for page in content.pages[1:]
    )
    return row.model_copy(update={"has_endorsement": Read[bool](value=has, confidence=LABELLED)})
