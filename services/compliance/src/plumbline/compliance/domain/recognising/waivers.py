"""Lien waivers: the blanks of the statutory forms, labelled waivers, notice, signature, notary, clauses."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plumbline.compliance.domain.content import PaperContent, Run
from plumbline.compliance.domain.recognised import Place
from plumbline.compliance.domain.recognising.gathering import (
    LABELLED,
    LOOSE,
    Ask,
    Gathered,
    Said,
    form_words,
    gather,
    labels_of,
)
from plumbline.compliance.domain.recognising.kinds import LIKE_A_FORM, cover, plain_text
from plumbline.compliance.domain.recognising.marks import notary, signer
from plumbline.compliance.domain.recognising.own_text import own_text
from plumbline.compliance.domain.recognising.sheet import Sheet
from plumbline.compliance.domain.recognising.values import (
    cents,
    day,
    days_in,
    is_blank,
    without_days,
    written,
)
from plumbline.compliance.domain.statutory import Form, compare, words

ASKS: tuple[Ask[Any], ...] = (
    Ask(
        "amount_cents",
        (
            "amount",
            "amount of payment",
            "payment amount",
            "amount of check",
            "sum",
            "check amount",
            "progress payment amount",
            "final payment amount",
            "amount paid",
        ),
        cents,
    ),
    Ask(
        "through_on",
        (
            "through date",
            "through",
            "for work through",
            "work through",
            "date through",
            "covers work through",
            "paid through",
        ),
        day,
    ),
    Ask(
        "extent",
        (
            "extent",
            "job description",
            "work performed",
            "description of work",
            "labor and materials furnished",
        ),
        written,
        wraps=True,
    ),
    Ask("maker", ("maker", "maker of check", "paid by", "payer", "from", "paying party", "payor"), written),
    Ask(
        "payee",
        (
            "payee",
            "claimant",
            "claimant name",
            "name of claimant",
            "payable to",
            "subcontractor",
            "supplier",
            "payees of check",
        ),
        written,
    ),
    Ask("owner", ("owner", "property owner", "owner of property", "name of owner"), written),
    Ask(
        "location",
        (
            "location",
            "job location",
            "project location",
            "property address",
            "project address",
            "property location",
            "job address",
            "site address",
            "address of property",
            "address of project",
        ),
        written,
        wraps=True,
    ),
    Ask(
        "signature",
        ("signature", "by", "signed", "signed by", "claimants signature", "authorized signature"),
        signer,
    ),
    Ask(
        "signer_name",
        ("name", "printed name", "print name", "name of signer", "signer", "signer name"),
        written,
    ),
    Ask("signer_title", ("title", "title of signer", "its", "signer title", "capacity"), written),
    Ask("signed_on", ("date", "date signed", "signed on", "date of signature", "dated"), day),
)

_BLANKS: Mapping[str, str] = {
    "amount_cents": r"in the sum of \$?\s*(.*?)\s*(?:payable to|for all labor)",
    "maker": r"of a check from\b\s*(.*?)\s*\(maker of check\)",
    "payee": r"payable to\b\s*(.*?)\s*\(payee",
    "owner": r"on the property of\b\s*(.*?)\s*\(owner\)",
    "location": r"\(owner\) located at\b\s*(.*?)\s*\(location\)",
    "extent": r"\(location\) to the following extent:\s*(.*?)\s*\(job description\)",
    "signed_on": r"\bdate\b:?((?:(?!\bdate\b).){0,160}?)\(company name\)",
    "signature": r"\(company name\)\s*by\b:?\s*(.*?)\s*\(signature\)",
    "signer_title": r"\(signature\)\s*(.*?)\s*\(title\)",
}
"""Where the blanks of the Texas forms stand (Tex. Prop. Code §53.284)."""

_READS: Mapping[str, Any] = {ask.name: ask.read for ask in ASKS}

_CLAIMS: Mapping[str, str] = {
    "waives_before_payment": (
        r"whether or not (?:\w+ ){0,6}(?:been |is |was )?paid"
        r"|(?:regardless|irrespective) of (?:\w+ ){0,4}(?:payment|paid)"
        r"|(?:before|prior to|in advance of) (?:\w+ ){0,4}payment"
        r"|without (?:having )?receiv\w+ (?:\w+ ){0,3}payment"
    ),
    "waives_before_work": (
        r"(?:work|labor|materials?|services) (?:\w+ ){0,6}(?:to be|not yet|yet to be|will be) "
        r"(?:performed|furnished|done|supplied|provided)"
        r"|(?:before|prior to) (?:\w+ ){0,4}(?:work|commencing|commencement of work)"
        r"|furnished or to be furnished"
    ),
    "waives_future_claims": (
        r"(?:future|subsequent) (?:\w+ ){0,3}(?:claims?|liens?|rights?)"
        r"|(?:may|shall|might) hereafter|now or hereafter|hereafter (?:arise|arising|accrue|have|acquire)"
        r"|(?:claims?|liens?|rights?) (?:\w+ ){0,4}in the future"
    ),
}
"""Of each clause the words that it has."""

_SUSPECT: Mapping[str, str] = {
    "waives_before_payment": (
        r"\b(?:regardless|irrespective|whether or not|in advance|without payment|paid or (?:not|unpaid)|yet to be paid)\b"
    ),
    "waives_before_work": (
        r"\b(?:to be|not yet|yet to be) (?:furnished|performed|supplied|done|begun|delivered)\b"
    ),
    "waives_future_claims": (
        r"\b(?:future|hereafter|thereafter|subsequent|henceforth|forever|in time to come|at any time)\b"
    ),
}
"""Words that make one suspect it: then a person reads."""

NOTICE = "notice this document waives rights unconditionally"


def waiver(content: PaperContent, kind: str, form: Form | None) -> Gathered:
    """Return what a lien waiver says."""
    prose = " ".join(content.text.replace("_", " ").split())
    sheet = Sheet.of(content, labels_of(ASKS))
    blanks = {name: list(_in_blank(prose, name)) for name in _BLANKS}
    is_statutory = form is not None and bool(form.statute) and cover(form, plain_text(content)) >= LIKE_A_FORM
    labelled = Sheet((), frozenset()) if is_statutory else _labelled_part(sheet, prose)
    gathered = gather(content, labelled, ASKS, blanks)
    if is_statutory and form is not None and "amount" not in form.blanks:
        gathered.tell("amount_cents", None, at=f"{form.id} has no amount")
    if is_statutory and form is not None and "payee" not in form.blanks:
        _claim(gathered, content, prose)
    _sign(gathered, content)
    _through(gathered)
    _swear(gathered, content.text)
    _claims(gathered, " ".join(words(prose)))
    if kind.startswith("lien_waiver.unconditional"):
        _notice(gathered, [run for page in content.pages for run in page.runs])
    if form is not None:
        gathered.values["wording"] = compare(form, own_text(content, form))
    return gathered


def _labelled_part(sheet: Sheet, prose: str) -> Sheet:
    """Return where labels count: what a notary dates and signs is not the signer's."""
    return (
        sheet.before("notary public", "subscribed and sworn", "sworn to")
        if "notary" in prose.lower()
        else sheet
    )


def _in_blank(prose: str, name: str) -> Iterator[Said[Any]]:
    """Give what stands in a blank of a statutory form."""
    for found in re.finditer(_BLANKS[name], prose, re.IGNORECASE):
        text = found[1].strip()
        place = Place(source="text", at=" ".join(found[0].split()[:4]))
        if name == "signed_on":
            days = set(days_in(text))
            if len(days) <= 1:
                yield Said(next(iter(days), None), LABELLED, place)
            continue
        value = _READS[name](text) if text else None
        if value is not None or is_blank(text):
            yield Said(value, LABELLED, place)


def _sign(gathered: Gathered, content: PaperContent) -> None:
    """A signature's place that is empty is not signed; who signed is named beside it, or by it."""
    signature = gathered.values.pop("signature", None)
    place = gathered.places.pop("signature", None)
    if signature is None:
        if content.structure.is_signed:
            gathered.tell("signed", value=True, at="the file's digital signature")
        return
    is_signed = signature.value is not None or content.structure.is_signed
    gathered.tell("signed", value=is_signed, confidence=signature.confidence)
    if place:
        gathered.places["signed"] = place
    if gathered.value("signer_name") is None:
        gathered.tell("signer_name", signature.value, signature.confidence)


def _claim(gathered: Gathered, content: PaperContent, prose: str) -> None:
    """Of a form without a check the company that signs is the claimant; it stands between the day and its label."""
    told = {
        written(one.value) for one in content.fields if form_words(one.name) in {"company", "company name"}
    }
    told = told or {
        written(without_days(one[1])) for one in re.finditer(_BLANKS["signed_on"], prose, re.IGNORECASE)
    }
    if len(told) == 1 and "payee" not in gathered.values:
        gathered.tell("payee", told.pop(), at="Company name")


def _through(gathered: Gathered) -> None:
    """The Texas forms have no through date of their own; it stands in the extent, or nowhere."""
    extent = gathered.values.get("extent")
    if "through_on" in gathered.values or extent is None:
        return
    days = set(days_in(re.split(r"\bthrough\b", extent.value or "", flags=re.IGNORECASE)[-1]))
    says_through = re.search(r"\bthrough\b", extent.value or "", re.IGNORECASE) and days
    if not says_through:
        gathered.tell("through_on", None, extent.confidence, at="extent")
    elif len(days) == 1:
        gathered.tell("through_on", days.pop(), extent.confidence, at="extent")


def _swear(gathered: Gathered, text: str) -> None:
    found = notary(text)
    gathered.tell("notarised", value=found.sworn_on is not None, at="notary")
    gathered.tell("notarised_on", found.sworn_on, at="notary")


def _claims(gathered: Gathered, text: str) -> None:
    for name, clause in _CLAIMS.items():
        found = re.search(clause, text)
        if found:
            gathered.tell(name, value=True, at=found[0])
        elif re.search(_SUSPECT[name], text):
            gathered.tell(name, value=None, confidence=LOOSE)
        else:
            gathered.tell(name, value=False)


@dataclass(frozen=True, slots=True)
class _Notice:
    """The runs of a statutory notice."""

    is_first: bool
    runs: tuple[Run, ...]


def _notice(gathered: Gathered, runs: Sequence[Run]) -> None:
    """Tell where the notice of an unconditional waiver stands, and in what type (Tex. Prop. Code §53.284(c)(1), (e)(1))."""
    if not runs:
        return
    gathered.tell("largest_points", max(run.points for run in runs))
    found = _find_notice(runs)
    if found is None:
        gathered.tell("notice_is_first", value=False)
        gathered.tell("notice_is_bold", value=False)
        gathered.tell("notice_points", None)
        return
    gathered.tell("notice_is_first", value=found.is_first, at="NOTICE")
    gathered.tell("notice_is_bold", value=all(run.is_bold for run in found.runs), at="NOTICE")
    gathered.tell("notice_points", min(run.points for run in found.runs), at="NOTICE")


def _find_notice(runs: Sequence[Run]) -> _Notice | None:
    said: list[tuple[str, Run]] = [(word, run) for run in runs for word in words(run.text)]
    only = [word for word, _ in said]
    begin = NOTICE.split()
    start = next((n for n in range(len(only)) if only[n : n + len(begin)] == begin), None)
    if start is None:
        return None
    end = _end_of_notice(only, start)
    first = said[start][1]
    is_top = all(run.page > first.page or (run.page == first.page and run.y <= first.y + 1) for run in runs)
    return _Notice(is_first=start == 0 and is_top, runs=tuple(_distinct(run for _, run in said[start:end])))


def _end_of_notice(only: Sequence[str], start: int) -> int:
    """Return where the notice ends: with "use a conditional release form", else with its eightieth word."""
    last = ["conditional", "release", "form"]
    return next(
        (n + 3 for n in range(start, min(start + 80, len(only))) if list(only[n : n + 3]) == last), start + 80
    )


def _distinct(runs: Iterable[Run]) -> Iterator[Run]:
    seen: set[int] = set()
    for run in runs:
        if id(run) not in seen:
            seen.add(id(run))
            yield run
