"""Vendors' invoices, and what a Texas plumber's must say on its first page (22 TAC 367.10)."""

import re
from typing import Any

from plumbline.compliance.domain.content import PaperContent, Run
from plumbline.compliance.domain.recognising.gathering import Ask, Gathered, gather, labels_of
from plumbline.compliance.domain.recognising.sheet import Sheet
from plumbline.compliance.domain.recognising.values import cents, written
from plumbline.compliance.domain.statutory import words

ASKS: tuple[Ask[Any], ...] = (
    Ask(
        "payee",
        (
            "from",
            "vendor",
            "remit to",
            "payee",
            "payable to",
            "make checks payable to",
            "make check payable to",
            "seller",
            "bill from",
        ),
        written,
    ),
    Ask(
        "due_cents",
        (
            "amount due",
            "balance due",
            "total due",
            "current payment due",
            "please pay",
            "amount due this invoice",
            "pay this amount",
        ),
        cents,
    ),
    Ask("total_cents", ("total", "invoice total", "grand total", "total amount", "invoice amount"), cents),
    Ask("rmp_name", ("responsible master plumber", "rmp", "master plumber"), written),
    Ask(
        "rmp_licence",
        ("rmp license", "license number", "license no", "rmp license no", "plumbing license", "license"),
        written,
    ),
)

_BOARD = ("regulated", "by", "the", "texas", "state", "board", "of", "plumbing", "examiners")
_RMP = re.compile(
    r"responsible master plumber:?\s+(?P<name>[A-Z][\w.'-]*(?: [A-Z][\w.'-]*){1,3})\s*[,;(\u2013-]*\s*(?:license\s*(?:no\.?|number)?:?\s*)?(?P<number>(?:M|MPL|RMP)[ -]*\d{3,8})\b",
    re.IGNORECASE,
)
_PHONE = re.compile(r"\(?\d{3}\)?[\s.-]\d{3}[\s.-]\d{4}|1-\d{3}-\d{3}-\d{4}")
_WEBSITE = re.compile(r"\btsbpe\.texas\.gov\b", re.IGNORECASE)
_ADDRESS = re.compile(
    r"\b(?:\d{1,5}\s+(?:E\.?|East|W\.?|West|N\.?|S\.?)?\s*\w+|P\.?\s?O\.?\s+Box\s+\d+)[^.]{0,60}?\bAustin\b",
    re.IGNORECASE,
)


def invoice(content: PaperContent) -> Gathered:
    """Return what an invoice says."""
    gathered = gather(content, Sheet.of(content, labels_of(ASKS)), ASKS)
    _total(gathered)
    _regulate(gathered, content)
    return gathered


def _total(gathered: Gathered) -> None:
    """What is due counts before what it all came to; a blank only where neither says anything."""
    told = [
        (gathered.values.pop(name, None), gathered.places.pop(name, None))
        for name in ("due_cents", "total_cents")
    ]
    amounts = [(read, place) for read, place in told if read is not None and place is not None]
    for read, place in sorted(amounts, key=lambda one: one[0].value is None)[:1]:
        gathered.values["amount_cents"], gathered.places["amount_cents"] = read, place


def _regulate(gathered: Gathered, content: PaperContent) -> None:
    """Read the board's statement; an invoice that has none says nothing of a master plumber either."""
    first = " ".join(content.pages[0].text.split()) if content.pages else ""
    named = _RMP.search(first)
    if named:
        gathered.tell("rmp_name", named["name"], at="Responsible Master Plumber")
        gathered.tell("rmp_licence", named["number"], at="Responsible Master Plumber")
    for name in ("rmp_name", "rmp_licence"):
        if name not in gathered.values:
            gathered.tell(name, None, at="first page")
    runs = _statement(content.pages[0].runs if content.pages else ())
    has_statement = " ".join(_BOARD) in " ".join(words(first))
    gathered.tell("has_board_statement", has_statement, at="first page")
    has_contact = has_statement and all(one.search(first) for one in (_PHONE, _WEBSITE, _ADDRESS))
    gathered.tell("has_board_contact", has_contact, at="first page")
    gathered.tell("board_points", min((run.points for run in runs), default=None), at="first page")


def _statement(runs: tuple[Run, ...]) -> list[Run]:
    """Return the runs that hold the board's statement."""
    said = [(word, run) for run in runs for word in words(run.text)]
    only = [word for word, _ in said]
    start = next((n for n in range(len(only)) if tuple(only[n : n + len(_BOARD)]) == _BOARD), None)
    return [] if start is None else [run for _, run in said[start : start + len(_BOARD)]]
