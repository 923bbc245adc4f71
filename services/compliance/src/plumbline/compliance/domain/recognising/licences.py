"""Trade licences and city registrations."""

import re
from typing import Any

from plumbline.compliance.domain.content import PaperContent
from plumbline.compliance.domain.recognising.cells import plain
from plumbline.compliance.domain.recognising.gathering import (
    DISAGREEING,
    LABELLED,
    Ask,
    Gathered,
    gather,
    labels_of,
)
from plumbline.compliance.domain.recognising.sheet import Sheet
from plumbline.compliance.domain.recognising.values import day, written

ASKS: tuple[Ask[Any], ...] = (
    Ask(
        "number",
        (
            "license number",
            "license no",
            "licence number",
            "license",
            "registration number",
            "registration no",
            "certificate number",
        ),
        written,
    ),
    Ask(
        "acr_class",
        ("class", "license class"),
        lambda text: text.strip().upper() if text.strip().upper() in {"A", "B"} else None,
    ),
    Ask(
        "holder",
        (
            "licensee",
            "holder",
            "license holder",
            "issued to",
            "name",
            "name of licensee",
            "registrant",
        ),
        written,
    ),
    Ask(
        "firm",
        (
            "business name",
            "business affiliation",
            "company",
            "company name",
            "company of record",
            "contracting company",
            "employer",
            "dba",
        ),
        written,
    ),
    Ask("grade", ("license type", "type of license", "grade", "registration type", "type"), written),
    Ask("trade", ("trade", "specialty", "trade or specialty"), lambda text: _trade(plain(text))),
    Ask(
        "expires_on",
        (
            "expires",
            "expires on",
            "expiration date",
            "expiration",
            "valid through",
            "valid until",
            "good through",
            "expiry date",
        ),
        day,
    ),
    Ask("verified_on", ("verified on", "date verified", "verification date", "looked up on"), day),
    Ask(
        "verified_by",
        ("verified by", "verified with", "source of verification", "verification source"),
        written,
    ),
    Ask("city", ("issuing authority", "authority", "issued by", "city", "municipality"), written),
)

_AUTHORITIES = (
    ("tdlr", ("texas department of licensing and regulation", "tdlr")),
    ("tsbpe", ("texas state board of plumbing examiners", "tsbpe")),
    ("ocilb", ("ohio construction industry licensing board", "ocilb")),
)

_GRADES = (
    ("rmp", ("responsible master plumber", "rmp")),
    ("master", ("master plumber", "master")),
    ("journeyman", ("journeyman plumber", "journeyman")),
    ("tradesman", ("tradesman plumber limited", "tradesman limited", "tradesman")),
    ("inspector", ("plumbing inspector", "inspector")),
    (
        "contractor",
        (
            "air conditioning and refrigeration contractor",
            "air conditioning contractor",
            "ac r contractor",
            "commercial contractor",
            "contractor",
        ),
    ),
)

_TRADES = (
    ("hvac", ("hvac", "air conditioning", "heating ventilating", "heating ventilation")),
    ("plumbing", ("plumbing", "plumber")),
    ("electrical", ("electrical",)),
    ("hydronics", ("hydronics", "hydronic")),
    ("refrigeration", ("refrigeration",)),
)

_TACL = re.compile(r"\bTACL[\s/-]*(?P<class>[A-Z])[\s/-]*\d")


def licence(content: PaperContent) -> Gathered:
    """Return what a licence says."""
    gathered = gather(content, Sheet.of(content, labels_of(ASKS)), ASKS)
    text = " ".join(plain(line) for line in content.text.splitlines())
    everything = f"{text} {' '.join(plain(field.value) for field in content.fields)}"
    _name_authority(gathered, everything)
    _name_grade(gathered, everything)
    _name_holder(gathered)
    _name_trade(gathered)
    _name_class(gathered)
    return gathered


def _name_authority(gathered: Gathered, text: str) -> None:
    """The state's boards are known by their names; any other authority is called as it calls itself."""
    city = gathered.values.pop("city", None)
    place = gathered.places.pop("city", None)
    boards = [name for name, either in _AUTHORITIES if any(f" {one} " in f" {text} " for one in either)]
    if boards:
        gathered.tell("authority", boards[0], LABELLED if len(boards) == 1 else DISAGREEING, at=boards[0])
    elif city is not None:
        gathered.tell("authority", city.value, city.confidence, at=place.at if place else "")


def _name_grade(gathered: Gathered, text: str) -> None:
    """Of a state's board the grade is one of its own; of a city it is what the city says."""
    board = gathered.value("authority") in {name for name, _ in _AUTHORITIES}
    told = gathered.values.get("grade")
    if not board:
        return
    said = plain(told.value) if told is not None and told.value else text
    sure = told.confidence if told is not None else LABELLED
    grade = next((name for name, either in _GRADES if any(f" {one} " in f" {said} " for one in either)), None)
    gathered.values.pop("grade", None)
    if grade is not None or (told is not None and told.value is None):
        gathered.tell("grade", grade, sure, at=said[:40])


def _name_holder(gathered: Gathered) -> None:
    """A licence that names a firm alone is the firm's; one that names a person too is the person's, for that firm."""
    if "holder" not in gathered.values and "firm" in gathered.values:
        gathered.values["holder"] = gathered.values["firm"]
        gathered.places["holder"] = gathered.places["firm"]


def _name_trade(gathered: Gathered) -> None:
    """A plumbing board licenses plumbers, and TDLR's contractors of air conditioning are HVAC."""
    if "trade" in gathered.values:
        return
    trade = {"tsbpe": "plumbing", "tdlr": "hvac"}.get(str(gathered.value("authority")))
    if trade:
        gathered.tell("trade", trade, gathered.values["authority"].confidence, at="authority")


def _trade(text: str) -> str | None:
    found = [name for name, either in _TRADES if any(one in text for one in either)]
    return found[0] if len(found) == 1 or found[:1] == ["hvac"] else None


def _name_class(gathered: Gathered) -> None:
    """The class of a Texas air-conditioning licence is part of its number (16 TAC 75.22)."""
    found = _TACL.search(str(gathered.value("number") or ""))
    told = gathered.values.get("acr_class")
    if found is None:
        if told is None:
            gathered.tell("acr_class", None, at="class")
        return
    sure = gathered.values["number"].confidence
    if told is not None and told.value not in {None, found["class"]}:
        sure = DISAGREEING
    gathered.tell("acr_class", found["class"], sure, at="number")
