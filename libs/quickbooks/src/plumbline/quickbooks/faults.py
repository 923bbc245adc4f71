"""Faults: how QuickBooks refuses, and what each documented code asks of us.

The same refusal comes in several dresses: JSON in PascalCase (the service), JSON in lower case (the
gateway), XML (the throttle); a web page is no fault at all. Codes are Intuit's list (developer.intuit.com,
Error codes).
"""

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from typing_extensions import override


class Reaction(StrEnum):
    """What a fault asks of us next."""

    LOOK_UP = "look-up"
    """The request may have had its effect: look into the books, then send it again as it was."""
    RENEW_TOKEN = "renew-token"  # noqa: S105 - a reaction, not a secret
    """The access token is refused."""
    RECONNECT = "reconnect"
    """The account lost its access to the company: a person connects it again."""
    WAIT = "wait"
    """Too many requests: the whole realm waits."""
    BACK_OFF = "back-off"
    """The company is being moved or maintained: later."""
    PAUSE_REALM = "pause-realm"
    """The company's subscription has lapsed: nothing can be written until a person sees to it."""
    REMAP = "remap"
    """An object that we refer to is missing, inactive or gone: a link has to be made or changed."""
    REREAD = "reread"
    """Our SyncToken is stale: read again, compare, plan again."""
    ADOPT_OR_CONFLICT = "adopt-or-conflict"
    """The number or name is taken: by our own earlier write, or by a stranger."""
    CONFIGURE = "configure"
    """The company's set-up does not allow it: plan, tax codes, account types."""
    PERSON = "person"
    """A rule of the books stands against it: a person decides."""
    BUG = "bug"
    """We sent what must never be sent."""


@dataclass(frozen=True, slots=True)
class FaultMeaning:
    """What a code means in words, and what it asks of us."""

    meaning: str
    reaction: Reaction


_CODES: tuple[tuple[Reaction, Mapping[int, str]], ...] = (
    (Reaction.LOOK_UP, {600: "request id seen before", 10000: "application error"}),
    (Reaction.RENEW_TOKEN, {3200: "access token expired or invalid"}),
    (
        Reaction.RECONNECT,
        {
            120: "account has no access to the company",
            3100: "app is not authorized",
            5020: "permission denied",
        },
    ),
    (Reaction.WAIT, {3001: "request limit reached"}),
    (Reaction.BACK_OFF, {130: "wrong cluster", 140: "company locked", 150: "company under maintenance"}),
    (Reaction.PAUSE_REALM, {6190: "company subscription has lapsed"}),
    (
        Reaction.REMAP,
        {
            610: "object not found, inactive or deleted",
            2020: "required field missing",
            2030: "invalid id",
            2500: "referenced object not found",
            6250: "invalid customer",
        },
    ),
    (Reaction.REREAD, {5010: "object changed since it was read"}),
    (Reaction.ADOPT_OR_CONFLICT, {6140: "document number is taken", 6240: "name is taken"}),
    (
        Reaction.CONFIGURE,
        {
            3000: "custom field is not set up",
            5030: "feature is not in the company's plan",
            6100: "tax code is wrong",
            6430: "account has the wrong type",
        },
    ),
    (
        Reaction.PERSON,
        {
            620: "transaction cannot be linked",
            800: "object has dependents and cannot be deleted",
            2210: "e-mail address is invalid",
            6000: "business rule",
            6030: "file is larger than 100 MB",
            6200: "accounting period is closed",
            6210: "accounting period is closed and needs a password",
            6420: "e-mail address is missing",
            6450: "void failed: settled already",
            6480: "matched with a bank transaction",
            6540: "transaction is deposited",
        },
    ),
    (
        Reaction.BUG,
        {
            500: "operation is not supported",
            1040: "batch is too large",
            2010: "property is not supported",
            2040: "forbidden characters",
            2050: "text is too long",
            **dict.fromkeys(
                (2060, 2070, 2080, 2090, 2100, 2110, 2120), "value has a wrong type, form or range"
            ),
            2130: "request id has a wrong format",
            **dict.fromkeys((2140, 2170, 2180, 2190), "value has a wrong type, form or range"),
            4000: "query cannot be parsed",
            4001: "query is not valid",
            6070: "amount is not quantity times unit price",
            6150: "sub-customer lacks its parent",
            6180: "customers are nested too deep",
        },
    ),
)

FAULTS: Mapping[int, FaultMeaning] = MappingProxyType(
    {code: FaultMeaning(meaning, reaction) for reaction, codes in _CODES for code, meaning in codes.items()}
)
"""Every code that Intuit documents and we may meet, with its meaning and reaction."""

OBJECT_NOT_FOUND = 610
"""The object was deleted or never was; or something that it refers to is inactive."""

WORDS_CHARS_MAX = 1000
"""How much of QuickBooks' own words is kept; what it says of a 6140 is about 170."""

XML_BYTES_MAX = 16 * 1024
"""How much of an answer is searched for an XML fault, which is below 1 KB; patterns search longer with its square."""

_GATE_CODES = frozenset({3001, 3100, 3200})
"""The gateway's own codes: the service has not seen the request."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One refusal, in QuickBooks' words.

    `code` is 0 where none could be read. `element` names the field it is about. `others` are further
    errors of the same answer.
    """

    code: int
    message: str = ""
    detail: str = ""
    element: str = ""
    type: str = ""
    others: tuple["Fault", ...] = ()

    @property
    def reaction(self) -> Reaction:
        """What it asks of us.

        An unlisted code goes to a person, except where its range says that the service itself failed
        (10000 and above) or where there is no code at all: then its effect is unknown.
        """
        if self.code == 6000 and "unexpected" in f"{self.message} {self.detail}".lower():
            return Reaction.LOOK_UP
        if self.code in FAULTS:
            return FAULTS[self.code].reaction
        return Reaction.PERSON if 0 < self.code < 10_000 else Reaction.LOOK_UP

    @property
    def is_final(self) -> bool:
        """Whether the service has refused for good: the request has no effect and never will."""
        return self.code not in _GATE_CODES and self.reaction is not Reaction.LOOK_UP

    @property
    def taken_by_id(self) -> str | None:
        """The id of the document that holds our number, where a 6140 names it; older texts do not."""
        found = re.search(r"\bTxnId=(\d+)", self.detail) if self.code == 6140 else None
        return found and found[1]

    @override
    def __str__(self) -> str:
        """Return what a person reads about it."""
        said = self.detail or self.message or "no reason given"
        about = f" ({self.element})" if self.element else ""
        return f"QuickBooks {self.code}{about}: {said}"


def read_fault(body: bytes) -> Fault | None:
    """Return the fault in an answer's body, whatever its dress; None if there is none to be read.

    Of several errors the one with an unknown outcome leads, else the first.
    """
    found = list(_json_faults(body) if body.lstrip()[:1] == b"{" else _xml_faults(body))
    if not found:
        return None
    lead = next((fault for fault in found if not fault.is_final), found[0])
    return replace(lead, others=tuple(fault for fault in found if fault is not lead))


def _json_faults(body: bytes) -> Iterator[Fault]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return
    fault = _member(said, "fault")
    errors = _member(fault, "error")
    for error in errors if isinstance(errors, list) else []:
        code = _code(_member(error, "code"))
        yield Fault(
            code=code,
            message=_text(_member(error, "message")),
            # The detail of a refused token quotes the token.
            detail=_text(_member(error, "detail")) if code != 3200 else "",
            element=_text(_member(error, "element")),
            type=_text(_member(fault, "type")),
        )


def _member(said: Any, name: str) -> Any:
    """Return a member of a JSON object in either spelling: the service's `Fault` or the gateway's `fault`."""
    if not isinstance(said, dict):
        return None
    return said.get(name.capitalize()) or said.get(name)


_DIGITS_MAX = 9  # of a code; Intuit's have five, and the gateway's six with its zeros

_XML_ERROR = re.compile(r"<Error\b([^>]*)>(.*?)</Error>", re.DOTALL)
_XML_FAULT_TYPE = re.compile(r"<Fault\b[^>]*\btype=\"([^\"]*)\"")


def _xml_faults(body: bytes) -> Iterator[Fault]:
    """Read `<Fault><Error code=…>`; by patterns, since an XML parser would expand entities."""
    text = body[:XML_BYTES_MAX].decode("utf-8", "replace")
    fault_type = _XML_FAULT_TYPE.search(text)
    for attributes, inside in _XML_ERROR.findall(text):
        code = _code(_xml_part(r'\bcode="([^"]*)"', attributes))
        yield Fault(
            code=code,
            message=_xml_part(r"<Message>(.*?)</Message>", inside),
            detail=_xml_part(r"<Detail>(.*?)</Detail>", inside) if code != 3200 else "",
            element=_xml_part(r'\belement="([^"]*)"', attributes),
            type=fault_type[1] if fault_type else "",
        )


def _xml_part(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.DOTALL)
    return _text(html.unescape(found[1])) if found else ""


def _code(said: Any) -> int:
    """Return a code as a number: `003200` and `3200` are one; 0 where there is none."""
    text = _text(said)
    return int(text) if text.isdecimal() and len(text) <= _DIGITS_MAX else 0


def _text(said: Any) -> str:
    """Return QuickBooks' words, bounded, and such that PostgreSQL holds them: no NUL, no half of a surrogate pair."""
    text = str(said)[:WORDS_CHARS_MAX] if isinstance(said, str | int) else ""
    return "".join(char if char.isprintable() else " " for char in text)
