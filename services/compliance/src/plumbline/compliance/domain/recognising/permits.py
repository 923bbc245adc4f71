"""Permits of authorities having jurisdiction."""

import re
from collections.abc import Mapping
from typing import Any

from plumbline.compliance.domain.content import PaperContent
from plumbline.compliance.domain.recognising.cells import plain
from plumbline.compliance.domain.recognising.gathering import LABELLED, Ask, Gathered, gather, labels_of
from plumbline.compliance.domain.recognising.sheet import Sheet
from plumbline.compliance.domain.recognising.values import day, written

ASKS: tuple[Ask[Any], ...] = (
    Ask("number", ("permit number", "permit no", "permit", "permit id"), written),
    Ask(
        "authority",
        (
            "issuing authority",
            "authority",
            "issued by",
            "jurisdiction",
            "authority having jurisdiction",
            "department",
        ),
        written,
    ),
    Ask(
        "licence_number",
        (
            "license number",
            "license no",
            "contractor license",
            "contractor license no",
            "licence number",
            "contractors license number",
        ),
        written,
    ),
    Ask("issued_on", ("issued", "issued on", "issue date", "date issued", "date of issue"), day),
    Ask(
        "expires_on",
        (
            "expires",
            "expires on",
            "expiration date",
            "expiration",
            "valid through",
            "valid until",
            "void after",
            "valid to",
            "expiry date",
        ),
        day,
    ),
    Ask("status", ("status", "permit status"), written),
)

_REVOKED = re.compile(r"\b(?:revoked|suspended|void|cancelled|canceled|stop work)\b", re.IGNORECASE)
_IF = re.compile(
    r"\bbecomes? (?:null and )?void\b|\b(?:null and )?void (?:if|unless|when|where|should|after|upon)\b"
    r"|\b(?:may|can|could|will|shall) (?:also )?be (?:revoked|suspended|void|cancell?ed)\b"
    r"|\bstop work orders? (?:may|can|will|shall)\b",
    re.IGNORECASE,
)
"""What permits print of all times to come: it revokes nothing yet."""

_EXPIRY = re.compile(r"\b(?:expir\w*|valid|until|through|void after)\b", re.IGNORECASE)
"""Words of an expiration: where one stands and its day was not read, the permit is not said to have none."""

_IN_FORCE = frozenset({"issued", "active", "open", "valid", "in force", "approved"})


def permit(content: PaperContent, authorities: Mapping[str, str]) -> Gathered:
    """Return what a permit says; `authorities` gives the directory's id for a name, as `plain` writes it."""
    gathered = gather(content, Sheet.of(content, labels_of(ASKS)), ASKS)
    _revoke(gathered, content.text)
    named = gathered.values.get("authority")
    if named is not None and named.value:
        known = authorities.get(plain(named.value))
        if known:
            gathered.values["authority"] = named.model_copy(update={"value": known})
    if "expires_on" not in gathered.values and not _EXPIRY.search(content.text):
        gathered.tell("expires_on", None, at="no expiration is printed")
    return gathered


def _revoke(gathered: Gathered, text: str) -> None:
    """A word of revocation anywhere is enough to say so, but for what is printed of times to come.

    A status that nobody knows says nothing.
    """
    status = gathered.values.pop("status", None)
    gathered.places.pop("status", None)
    said = status.value if status is not None else None
    if _REVOKED.search(said or _IF.sub(" ", " ".join(text.split()))):
        gathered.tell("is_revoked", value=True, at=said or "the text")
    elif said is None or said.lower() in _IN_FORCE:
        gathered.tell("is_revoked", value=False, confidence=LABELLED, at=said or "the text")
