"""Ohio's lien papers: notice of commencement, notice of furnishing, affidavit for mechanic's lien (ORC ch. 1311)."""

import re
from typing import Any

from plumbline.compliance.domain.content import PaperContent
from plumbline.compliance.domain.names import similarity
from plumbline.compliance.domain.recognising.gathering import (
    FORM,
    LABELLED,
    Ask,
    Gathered,
    form_words,
    gather,
    labels_of,
)
from plumbline.compliance.domain.recognising.marks import boxes, notary
from plumbline.compliance.domain.recognising.sheet import Sheet
from plumbline.compliance.domain.recognising.values import cents, day, days_in, written, yes

SAME_NAME = 0.9
"""How alike two names on one paper are when they are one firm's."""


def county(text: str) -> str | None:
    """Return a county's name without the word county."""
    name = re.sub(r"\bcounty\b|\bof\b", " ", text, flags=re.IGNORECASE)
    return written(name.split(",")[0])


COMMENCEMENT: tuple[Ask[Any], ...] = (
    Ask(
        "county",
        (
            "county",
            "recorded in",
            "county of recording",
            "county of record",
            "county where recorded",
            "county recorder",
        ),
        county,
    ),
    Ask(
        "instrument_number",
        (
            "instrument number",
            "instrument no",
            "instrument",
            "recorders instrument number",
            "recording number",
        ),
        written,
    ),
    Ask(
        "recorded_on",
        ("recorded on", "recorded", "date recorded", "recording date", "date of recording"),
        day,
    ),
    Ask(
        "expires_on",
        (
            "expires on",
            "expires",
            "expiration date",
            "date of expiration",
            "this notice expires on",
            "notice expires",
            "expiration",
        ),
        day,
    ),
    Ask(
        "legal_description",
        (
            "legal description",
            "legal description of the property",
            "legal description of property",
            "real property",
        ),
        written,
        wraps=True,
    ),
    Ask(
        "improvement",
        (
            "improvement",
            "description of improvement",
            "brief description of improvement",
            "nature of improvement",
            "improvements",
        ),
        written,
        wraps=True,
    ),
    Ask(
        "owner",
        ("owner", "owner name", "name of owner", "owner part owner or lessee", "owners name"),
        written,
    ),
    Ask("designee", ("designee", "owners designee", "name of designee", "designee of owner"), written),
    Ask(
        "original_contractors",
        (
            "original contractor",
            "original contractors",
            "principal contractor",
            "principal contractors",
            "original contractor and trade",
        ),
        written,
    ),
    Ask("lenders", ("lender", "lenders", "lending institutions", "lending institution"), written),
    Ask("sureties", ("surety", "sureties", "surety on bond"), written),
    Ask("public_authority", ("public authority", "name of public authority"), written),
    Ask(
        "first_contract_on",
        ("date of first contract", "first contract date", "first contract", "date of the first contract"),
        day,
    ),
    Ask(
        "service_representative",
        (
            "service representative",
            "representative for service",
            "representative to be served",
            "person to be served",
        ),
        written,
    ),
)

FURNISHING: tuple[Ask[Any], ...] = (
    Ask(
        "claimant", ("claimant", "name of claimant", "claimant name", "furnished by", "notice from"), written
    ),
    Ask("owner", ("owner", "owner name", "property owner"), written),
    Ask(
        "contracted_with",
        (
            "furnished at the request of",
            "under contract with",
            "contract with",
            "contracted with",
            "requested by",
            "hired by",
        ),
        written,
    ),
    Ask(
        "first_furnished_on",
        (
            "first furnished on",
            "first furnished",
            "date first furnished",
            "first work",
            "first labor or materials",
            "date of first work",
            "first day of work",
        ),
        day,
    ),
    Ask(
        "commencement_recorded_on",
        (
            "notice of commencement recorded",
            "notice of commencement recorded on",
            "commencement recorded on",
            "commencement recorded",
        ),
        day,
    ),
    Ask("served_on", ("served on", "date served", "date of service", "served"), day),
    Ask(
        "served_designee",
        ("served on owners designee", "served on designee", "designee served", "owners designee served"),
        yes,
    ),
    Ask(
        "served_contractor",
        (
            "served on original contractor",
            "contractor served",
            "original contractor served",
            "served on contractor",
        ),
        yes,
    ),
)

AFFIDAVIT: tuple[Ask[Any], ...] = (
    Ask("claimant", ("claimant", "name of claimant", "lien claimant", "claimant name"), written),
    Ask(
        "owner",
        ("owner", "property owner", "name of owner", "owner of the property", "owner of record"),
        written,
    ),
    Ask(
        "amount_cents",
        (
            "amount",
            "amount due",
            "amount claimed",
            "amount of lien",
            "amount due over setoffs",
            "lien amount",
        ),
        cents,
    ),
    Ask(
        "last_furnished_on",
        (
            "last furnished on",
            "last furnished",
            "last work",
            "date of last work",
            "last date of work",
            "last day of work",
            "date last furnished",
        ),
        day,
    ),
    Ask("filed_on", ("filed on", "filed", "filed for record", "date filed", "recorded on"), day),
    Ask("owner_served_on", ("owner served on", "owner served", "served on owner", "date owner served"), day),
    Ask("posted_on", ("posted on", "posted", "date posted", "posted on site"), day),
    Ask(
        "instrument_number",
        ("instrument number", "instrument no", "recorders instrument number", "instrument"),
        written,
    ),
)

_STAMP = re.compile(
    r"(?:received|filed|recorded)\s+for\s+record|county\s+recorder['\u2019]?s?\s+(?:office|stamp)|recorder['\u2019]s stamp",
    re.IGNORECASE,
)


def commencement(content: PaperContent) -> Gathered:
    """Return what a notice of commencement says."""
    gathered = gather(content, Sheet.of(content, labels_of(COMMENCEMENT)), COMMENCEMENT)
    if "county" not in gathered.values:
        named = set(re.findall(r"county of ([a-z]+)|([a-z]+) county\b", content.text.lower()))
        names = {one or other for one, other in named}
        if len(names) == 1:
            gathered.tell("county", names.pop().title(), at="county of")
    return gathered


def furnishing(content: PaperContent) -> Gathered:
    """Return what a notice of furnishing says."""
    gathered = gather(content, Sheet.of(content, labels_of(FURNISHING)), FURNISHING)
    _of_contract(gathered)
    for name, phrase in (("served_designee", "designee"), ("served_contractor", "original contractor")):
        ticks = {box.is_ticked for box in boxes(content.text) if box.words.endswith(phrase)}
        if name not in gathered.values and len(ticks) == 1:
            gathered.tell(name, ticks.pop(), at=phrase)
        if name not in gathered.values:
            _box_of_form(gathered, content, name, f"served {phrase}")
    return gathered


def _of_contract(gathered: Gathered) -> None:
    """Whether the claimant is an original contractor follows from whom it contracted with."""
    owner, other = gathered.values.pop("owner", None), gathered.values.pop("contracted_with", None)
    gathered.places.pop("owner", None)
    place = gathered.places.pop("contracted_with", None)
    if owner is None or other is None or not owner.value or not other.value:
        return
    sure = min(owner.confidence, other.confidence)
    is_owner = similarity(owner.value, other.value) >= SAME_NAME or other.value.lower() in {
        "owner",
        "the owner",
    }
    gathered.tell("contracts_with_owner", is_owner, sure, at=place.at if place else "")


def _box_of_form(gathered: Gathered, content: PaperContent, name: str, wanted: str) -> None:
    for field in content.fields:
        if form_words(field.name) == wanted:
            gathered.tell(name, field.value.lower() not in {"", "off", "no"}, FORM, at=field.name)


def affidavit(content: PaperContent) -> Gathered:
    """Return what an affidavit for mechanic's lien says."""
    sheet = Sheet.of(content, labels_of(AFFIDAVIT))
    gathered = gather(content, sheet, AFFIDAVIT)
    gathered.tell("has_jurat", notary(content.text).sworn_on is not None, at="jurat")
    stamps = [
        one for one in _STAMP.finditer(content.text) if days_in(content.text[one.start() : one.end() + 60])
    ]
    gathered.tell("has_recorder_stamp", bool(stamps), LABELLED, at=stamps[0][0] if stamps else "")
    return gathered
