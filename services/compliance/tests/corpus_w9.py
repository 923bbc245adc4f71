"""Papers of the corpus: W-9s on the IRS's own form and on typed ones."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from corpus_cases import Case, american, world
from corpus_layouts import Pen

EINS = ("74-1234567", "20-5550123", "45-3127788", "31-1740099")
SSNS = ("512-44-7811", "449-02-3377", "268-71-9045")
CLASSES = ("individual", "c_corporation", "s_corporation", "partnership", "trust", "llc", "other")
PRINTED = (
    "Individual/sole proprietor",
    "C corporation",
    "S corporation",
    "Partnership",
    "Trust/estate",
    "LLC",
    "Other",
)
W9_TITLE = "Form W-9 (Rev. March 2024)"
W9_HEAD = "Request for Taxpayer Identification Number and Certification"
PENALTIES = "Under penalties of perjury, I certify that the number shown on this form is my correct taxpayer identification number and that I am not subject to backup withholding."
PAGE1 = "topmostSubform[0].Page1[0]."


def w9_form(
    name: str,
    number: str,
    box: str,
    classification: str,
    *,
    code: str = "",
    signature: str = "",
    day: str = "",
    missing: Sequence[str] = (),
    ticked: Sequence[int] | None = None,
    title: str = W9_TITLE,
    second: str = "",
) -> bytes:
    """The IRS's own form with its field names; copies that went through other programs lack some."""
    pen = Pen(title)
    pen.line(title, size=9)
    pen.line(W9_HEAD, size=13, bold=True)
    pen.line("1 Name of entity/individual. An entry is required.", size=7)
    values: dict[str, str] = {"f1_01": name, "f1_02": second}
    boxes = range(7) if ticked is None else ticked
    for field, value in values.items():
        if field not in missing:
            pen.field(f"{PAGE1}{field}[0]", value, x=60)
        pen.down(20)
    pen.line("3a Check the appropriate box for federal tax classification of the entity/individual", size=7)
    for number_of, label in enumerate(PRINTED):
        checked = (CLASSES[number_of] == classification) if ticked is None else number_of in boxes
        pen.box(f"{PAGE1}Boxes3a-b_ReadOrder[0].c1_1[{number_of}]", checked=checked, x=60)
        pen.at(80, label, size=8)
        pen.down(14)
    pen.field(f"{PAGE1}Boxes3a-b_ReadOrder[0].f1_03[0]", code, x=60, width=30)
    pen.down(24)
    pen.line("4 Exempt payee code (if any)", size=7)
    digits = number.replace("-", "")
    parts = (
        {"f1_11": digits[:3], "f1_12": digits[3:5], "f1_13": digits[5:]}
        if box == "ssn"
        else {"f1_14": digits[:2], "f1_15": digits[2:]}
    )
    pen.line("Part I Taxpayer Identification Number (TIN)", size=8)
    for field in ("f1_11", "f1_12", "f1_13", "f1_14", "f1_15"):
        if field not in missing:
            pen.field(f"{PAGE1}{field}[0]", parts.get(field, ""), x=60, width=70)
            pen.down(18)
    pen.wrapped(PENALTIES, size=8)
    sign(pen, signature, day)
    return pen.done()


def sign(pen: Pen, signature: str, day: str) -> None:
    pen.at(60, f"Signature of U.S. person: {signature or '____________'}", size=9)
    pen.at(340, f"Date: {day or '________'}", size=9)
    pen.down(20)


def w9_typed(
    name: str,
    number: str,
    box: str,
    classification: str,
    *,
    code: str = "",
    signature: str = "",
    day: str = "",
    title: str = W9_TITLE,
    ticked: Sequence[int] | None = None,
    second: str = "",
) -> bytes:
    """A substitute form, typed."""
    pen = Pen("")
    pen.line(title, size=11, bold=True)
    pen.line(W9_HEAD, size=12, bold=True)
    pen.line(f"Name: {name}")
    pen.line(f"Business name: {second or '____________'}")
    pen.line("Federal tax classification:")
    for number_of, label in enumerate(PRINTED):
        checked = (CLASSES[number_of] == classification) if ticked is None else number_of in ticked
        pen.line(f"[{'X' if checked else ' '}] {label}")
    pen.line(f"LLC tax classification: {code or '____'}")
    pen.line(f"Social security number: {number if box == 'ssn' else '___________'}")
    pen.line(f"Employer identification number: {number if box == 'ein' else '___________'}")
    pen.wrapped(PENALTIES, size=9)
    sign(pen, signature, day)
    return pen.done()


def w9(
    seed: int,
    layout: str,
    *,
    classification: str = "",
    number: str = "",
    box: str = "",
    sort: Any = "right",
    fires: set[str] | None = None,
    around: Mapping[str, Any] | None = None,
    fields: Mapping[str, Any] | None = None,
    name: str = "",
    said: str = "",
    **how: Any,
) -> Case:
    one = world(seed)
    classification = classification or ("llc", "s_corporation", "c_corporation", "individual")[seed % 4]
    box = box or ("ssn" if classification == "individual" else "ein")
    number = number or (SSNS[seed % 3] if box == "ssn" else EINS[seed % 4])
    called = name or (one.person if classification == "individual" else one.vendor)
    given = {
        "code": "S" if classification == "llc" else "",
        "signature": f"/s/ {one.person}",
        "day": american(one.signed),
    } | how
    make = w9_form if layout == "irs" else w9_typed
    right = {
        "revision_on": date(2024, 3, 1),
        "name": called,
        "boxes_ticked": 1,
        "classification": classification,
        "is_disregarded": False,
        "tax_number": box,
        "issuer_rules_met": True,
        "last_four": number[-4:],
        "signed": True,
        "signed_on": one.signed,
        "whole_numbers_outside": 0,
    }
    if classification == "llc":
        right["llc_code"] = "S"
    return Case(
        name=f"w9 {layout} {seed} {said}",
        kind="w9",
        sort=sort,
        layout=layout,
        content=make(called, number, box, classification, **given),
        base="w9",
        around={"vendor__legal_name": called} | dict(around or {}),
        fields=right | dict(fields or {}),
        fires=frozenset(fires or ()),
    )


def w9s() -> Iterator[Case]:
    for seed in range(4):
        yield w9(seed, "irs")
        yield w9(seed + 40, "typed")
    yield w9(
        44,
        "irs",
        classification="individual",
        name="Ana Ruiz",
        second="Ruiz Air",
        missing=("f1_11",),
        box="ein",
        said="few fields are left",
    )
    yield w9(
        46,
        "typed",
        classification="individual",
        name="Ana Ruiz",
        second="Ruiz Air LLC",
        box="ssn",
        said="an LLC of one person, as the IRS wants it",
        fields={"is_disregarded": None},
    )
    wrongs: Sequence[tuple[str, set[str], dict[str, Any]]] = (
        (
            "an old revision",
            {"W9-01"},
            {"title": "Form W-9 (Rev. October 2018)", "fields": {"revision_on": date(2018, 10, 1)}},
        ),
        ("no box", {"W9-02"}, {"ticked": (), "fields": {"boxes_ticked": 0, "classification": None}}),
        ("two boxes", {"W9-02"}, {"ticked": (1, 2), "fields": {"boxes_ticked": 2, "classification": None}}),
        (
            "an LLC without its code",
            {"W9-03"},
            {"classification": "llc", "code": "", "fields": {"llc_code": None}},
        ),
        ("an SSN of a corporation", {"W9-05"}, {"classification": "c_corporation", "box": "ssn"}),
        (
            "a number that nobody was given",
            {"W9-04"},
            {
                "classification": "individual",
                "number": "666-12-3456",
                "fields": {"issuer_rules_met": False, "last_four": "3456"},
            },
        ),
        (
            "too few digits",
            {"W9-04"},
            {
                "classification": "s_corporation",
                "number": "74-12345",
                "fields": {"tax_number": "malformed", "issuer_rules_met": False, "last_four": "2345"},
            },
        ),
        ("unsigned", {"W9-06"}, {"signature": "", "fields": {"signed": False}}),
        ("undated", {"W9-06"}, {"day": "", "fields": {"signed_on": None}}),
        ("another name", {"W9-07"}, {"around": {"vendor__legal_name": "Somebody Else Inc"}}),
        (
            "an unknown prefix",
            {"W9-04-prefix"},
            {"classification": "s_corporation", "number": "00-1234567", "fields": {"last_four": "4567"}},
        ),
    )
    for number, (said, fires, how) in enumerate(wrongs):
        layout = ("irs", "typed")[number % 2]
        yield w9(60 + number, layout, sort="wrong", fires=fires, said=said, **how)
        if said in {"no box", "unsigned", "two boxes"}:
            yield w9(80 + number, ("typed", "irs")[number % 2], sort="wrong", fires=fires, said=said, **how)
    yield w9(
        91,
        "typed",
        sort="hostile",
        fires={"W9-08", "W9-07"},
        name="Ana Ruiz 512-44-7811",
        classification="individual",
        number="512-44-7811",
        said="its number in its name",
        fields={"name": "Ana Ruiz ***7811", "whole_numbers_outside": 1},
        around={"vendor__legal_name": "Ana Ruiz"},
    )
    yield w9(
        92,
        "irs",
        sort="hostile",
        fires={"W9-08"},
        classification="individual",
        number="512-44-7811",
        said="its number in its title",
        title="Form W-9 (Rev. March 2024) 512-44-7811",
        fields={"whole_numbers_outside": 1},
    )
