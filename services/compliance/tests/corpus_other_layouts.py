"""Papers in other layouts and words, which were held out until the readers were mended by them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import typst
from corpus_cases import Case, american, long, world
from corpus_certificates import certificate
from corpus_kinds import invoice, licence, permit
from corpus_layouts import BODY, BOLD, Pen, flowing
from corpus_ohio import affidavit, commencement, furnishing
from corpus_ohio_waivers import OHIO_KINDS, OHIO_PROSE, right_ohio
from corpus_payrolls import dollars, hours, payroll
from corpus_timesheets import timesheet
from corpus_w9 import CLASSES, EINS, PENALTIES, PRINTED, SSNS, W9_HEAD, w9
from corpus_waivers import TX_BASES, blanks, right_texas, text_of
from reportlab.platypus import Flowable, Paragraph, Spacer

Pairs = Sequence[tuple[str, str]]


def text(said: str) -> str:
    """A string of typst's own."""
    return f"#{json.dumps(said, ensure_ascii=False)}"


def compiled(source: str) -> bytes:
    made = typst.compile(source.encode())
    assert isinstance(made, bytes)
    return made


def typst_grid(title: str, pairs: Pairs, notes: Sequence[str]) -> bytes:
    """Four columns, two labels and values in a row."""
    cells = "\n".join(f"[*{text(label)}*], [{text(value)}]," for label, value in pairs)
    said = "\n\n".join(text(note) for note in notes)
    return compiled(
        f"#align(center)[= {text(title)}]\n#grid(columns: (1fr, 1.4fr, 1fr, 1.4fr), row-gutter: 12pt,\n{cells}\n)\n#v(12pt)\n{said}"
    )


def captions(title: str, pairs: Pairs, notes: Sequence[str]) -> bytes:
    """Values on a line, what they are in small type below it."""
    pen = Pen()
    pen.at(180, title, size=14, bold=True)
    pen.down(44)
    for label, value in pairs:
        pen.at(60, value, size=11)
        pen.canvas.line(60, pen.y - 3, 360, pen.y - 3)
        pen.down(11)
        pen.at(60, f"({label})", size=7)
        pen.down(26)
        if pen.y < 80:
            pen.page()
    for note in notes:
        pen.wrapped(note)
    return pen.done()


def leaders(title: str, pairs: Pairs, notes: Sequence[str]) -> bytes:
    """A numbered list, the label and its value in one flowing line."""
    parts: list[Flowable] = [Paragraph(title, BOLD), Spacer(1, 8)]
    for number, (label, value) in enumerate(pairs, start=1):
        parts.append(
            Paragraph(f"{number}. <b>{label}:</b> {(value or '________').replace('&', '&amp;')}", BODY)
        )
    return flowing([*parts, *(Paragraph(note, BODY) for note in notes)])


OTHER: Mapping[str, Any] = {"typst grid": typst_grid, "captions": captions, "leaders": leaders}


def again(
    case: Case,
    layout: str,
    labels: Mapping[str, str],
    title: str,
    notes: Sequence[str],
    values: Mapping[str, str],
) -> Case:
    """The same paper in another layout; what its labels do not name it does not say."""
    pairs = [(label, values[name]) for name, label in labels.items()]
    said = {name: value for name, value in case.fields.items() if name in labels or value is not None}
    return replace(
        case,
        name=f"{case.kind} {layout}",
        layout=layout,
        content=OTHER[layout](title, pairs, notes),
        fields=said,
    )


def printed(case: Case, **more: str) -> dict[str, str]:
    """What a paper says, as these layouts print it."""
    said: dict[str, str] = {}
    for name, value in case.fields.items():
        if isinstance(value, bool):
            said[name] = "Yes" if value else "No"
        elif isinstance(value, date):
            said[name] = long(value)
        elif name.endswith("cents") and isinstance(value, int):
            said[name] = f"${dollars(value)}"
        else:
            said[name] = "" if value is None else str(value)
    return said | more


WAIVER_WORDS = {
    "payee": "Claimant",
    "maker": "Paid by",
    "owner": "Owner of the property",
    "location": "Job address",
    "amount_cents": "Amount of this payment",
    "through_on": "Through",
    "signature": "Claimant's signature",
    "signer_name": "Printed name",
    "signer_title": "Title",
    "signed_on": "Date of signature",
}
COMMENCEMENT_WORDS = {
    "county": "County where recorded",
    "instrument_number": "Instrument number",
    "recorded_on": "Recording date",
    "expires_on": "Expiration date",
    "legal_description": "Legal description",
    "improvement": "Description of the improvement",
    "owner": "Owner",
    "designee": "Designee",
    "original_contractors": "Original contractor",
    "lenders": "Lender",
}
FURNISHING_WORDS = {
    "claimant": "Claimant",
    "owner": "Owner",
    "with": "Contracted with",
    "first_furnished_on": "Date first furnished",
    "commencement_recorded_on": "Commencement recorded on",
    "served_on": "Served on",
    "served_designee": "Owner's designee served",
    "served_contractor": "Contractor served",
}
AFFIDAVIT_WORDS = {
    "claimant": "Lien claimant",
    "owner": "Owner of record",
    "amount_cents": "Amount claimed",
    "last_furnished_on": "Last date of work",
    "filed_on": "Filed on",
    "instrument_number": "Instrument no.",
    "owner_served_on": "Owner served",
    "posted_on": "Posted on site",
}
LICENCE_WORDS = {
    "holder": "License holder",
    "grade": "License type",
    "number": "License number",
    "expires_on": "Valid through",
    "verified_on": "Verified on",
    "verified_by": "Source of verification",
}
PERMIT_WORDS = {
    "number": "Permit no.",
    "authority": "Issued by",
    "licence_number": "Contractor's license number",
    "issued_on": "Date issued",
    "expires_on": "Valid until",
    "status": "Status",
}
INVOICE_WORDS = {"no": "Invoice no.", "payee": "Remit to", "to": "Bill to", "amount_cents": "Balance due"}


def other_layouts() -> Iterator[Case]:
    for number, layout in enumerate(OTHER):
        yield from labelled(layout, 900 + number)
    for number, (kind, base) in enumerate(TX_BASES.items()):
        yield texas(kind, base, 920 + number)
    for seed in range(940, 943):
        yield replace(w9(seed, "typed", said="other"), content=w9_boxes(seed), layout="typst boxes")
        yield replace(certificate(seed, "drawn", make=acord_typst, said="other"), layout="typst table")
        yield replace(payroll(seed, "lines", make=payroll_typst, said="other"), layout="typst table")
        yield replace(timesheet(seed, "down", make=sheet_typst, said="other"), layout="typst table")


def labelled(layout: str, seed: int) -> Iterator[Case]:
    kind = list(OHIO_KINDS)[seed % 4]
    waiver = right_ohio(kind, "left", tuple("abcdefghij"), world(seed, "OH"))
    prose = (OHIO_PROSE[kind.split(".")[1].split("_")[0]],)
    yield again(
        waiver,
        layout,
        WAIVER_WORDS,
        OHIO_KINDS[kind],
        prose,
        printed(waiver, signature=f"/s/ {waiver.fields['signer_name']}"),
    )
    notice = commencement("left", seed)
    yield again(
        notice,
        layout,
        COMMENCEMENT_WORDS,
        "NOTICE OF COMMENCEMENT",
        ("Ohio Revised Code 1311.04.",),
        printed(notice),
    )
    one = world(seed, "OH")
    served = furnishing("left", seed)
    yield again(
        served,
        layout,
        FURNISHING_WORDS,
        "NOTICE OF FURNISHING",
        ("To the owner's designee and the original contractor: labor or materials were furnished.",),
        printed(served, owner=one.owner, **{"with": one.firm}),
    )
    sworn = affidavit("left", seed)
    jurat = (
        "Subscribed and sworn to before me, Kim Vance, a notary public, this 14th day of October, 2026.",
        f"Recorded for record {american(date(2026, 10, 15))}",
    )
    yield again(sworn, layout, AFFIDAVIT_WORDS, "AFFIDAVIT FOR MECHANIC'S LIEN", jurat, printed(sworn))
    card = licence("left", seed, board="tdlr")
    yield again(
        card,
        layout,
        LICENCE_WORDS,
        "Texas Department of Licensing and Regulation",
        (),
        printed(
            card, grade="Air Conditioning and Refrigeration Contractor", verified_by="TDLR licence search"
        ),
    )
    paper = permit("left", seed * 2)
    yield again(
        paper,
        layout,
        PERMIT_WORDS,
        "Mechanical Permit",
        ("Inspection is required.",),
        printed(paper, authority="City of Austin Development Services", status="Active"),
    )
    bill = invoice("left", seed)
    yield again(
        bill,
        layout,
        INVOICE_WORDS,
        "INVOICE",
        ("Thank you.",),
        printed(bill, no=str(seed), to=world(seed).firm),
    )


def texas(kind: str, base: str, seed: int) -> Case:
    """The statutory form set by typst, justified, its blanks underlined."""
    one = world(seed)
    lines = text_of(kind, blanks(one))
    parts = []
    for line in lines:
        weight = "bold" if line.startswith("NOTICE") or line.isupper() else "regular"
        size = 12 if line.startswith("NOTICE") else 11
        parts.append(f'#text(weight: "{weight}", size: {size}pt)[{text(line)}]')
    content = compiled(
        '#set page(paper: "us-letter", margin: 2cm)\n#set par(justify: true)\n#set text(size: 11pt)\n'
        + "\n\n".join(parts)
    )
    return replace(
        right_texas(kind, base, "typed", one),
        name=f"{kind} typst",
        layout="typst",
        content=content,
    )


def w9_boxes(seed: int) -> bytes:
    """A flattened copy: ticked squares in the text, the number's digits apart."""
    one = world(seed)
    classification = ("llc", "s_corporation", "c_corporation", "individual")[seed % 4]
    case = w9(seed, "typed")
    box = case.fields["tax_number"]
    number = SSNS[seed % 3] if box == "ssn" else EINS[seed % 4]
    spaced = " ".join(number.replace("-", "\u2013"))
    marks = ["\u2612" if one == classification else "\u2610" for one in CLASSES]
    ticks = "\n\n".join(text(f"{mark} {label}") for mark, label in zip(marks, PRINTED, strict=True))
    code = "LLC tax classification: S" if classification == "llc" else "LLC tax classification: ____"
    ssn, ein = (spaced, "________") if box == "ssn" else ("________", spaced)
    return compiled(
        f"#text(size: 9pt)[{text('Form W-9 (Rev. March 2024)')}]\n\n= {text(W9_HEAD)}\n\n"
        f"{text('1 Name of entity/individual: ' + str(case.fields['name']))}\n\n{text('2 Business name: ________')}\n\n{ticks}\n\n{text(code)}\n\n"
        f"{text('Social security number: ' + ssn)}\n\n{text('Employer identification number: ' + ein)}\n\n{text(PENALTIES)}\n\n"
        f"{text('Signature of U.S. person: /s/ ' + one.person)}\n\n{text('Date: ' + american(one.signed))}"
    )


def acord_typst(
    insured: str,
    holder: str,
    rows: Sequence[tuple[str, str, str, date, date, int, bool]],
    *,
    naic: str,
    endorsed: bool,
) -> bytes:
    body = "\n".join(
        f"[A], [{text(title)}], [{'Y' if extended else 'N'}], [N], [POL{n}], [{american(begins)}], [{american(ends)}], [{text(limit)}], [{text(f'$ {amount:,}')}],"
        for n, (_, title, limit, begins, ends, amount, extended) in enumerate(rows)
    )
    second = (
        "#pagebreak()\n= Additional insured endorsement\nThis endorsement changes the commercial general liability policy."
        if endorsed
        else ""
    )
    return compiled(
        f'#set page(flipped: true, margin: 1cm)\n#set text(size: 7pt)\n#align(center)[#text(size: 12pt, weight: "bold")[CERTIFICATE OF LIABILITY INSURANCE]]\n\n'
        f"*Producer* \\\nTrinity Agency\n\n*Insured* \\\n{text(insured)}\n\nInsurer A: Great Plains Casualty, NAIC {naic}\n\n"
        f"#table(columns: 9, [Insr], [Type of insurance], [Addl insd], [Subr wvd], [Policy number], [Policy eff], [Policy exp], [Limit of], [Limits],\n{body}\n)\n\n"
        f"*Certificate holder* \\\n{text(holder)}\n\nACORD 25 (2016/03)\n{second}"
    )


def payroll_typst(
    values: Mapping[str, str], rows: Sequence[Mapping[str, Any]], programme: str, more: Sequence[str]
) -> bytes:
    head = [
        "1A",
        "Name",
        "Work classification",
        "J/RA",
        "Sun",
        "Mon",
        "Tue",
        "Wed",
        "Thu",
        "Fri",
        "Sat",
        "Total hours",
        "Overtime hours",
        "6A",
        "6B",
        "6C",
        "Gross pay",
        "Total deductions",
        "Net pay",
    ]
    titles = "".join(f"[{title}], " for title in head)
    body = ""
    for n, row in enumerate(rows, start=1):
        said = [
            str(n),
            row["name"],
            row["classification"],
            "J",
            *(hours(day) or "0" for day in row["days_minutes"]),
            hours(row["total_minutes"]),
            hours(row["overtime_minutes"]) or "0",
            dollars(row["base_cents"]),
            "0.00",
            dollars(row["fringe_paid_cents"]),
            dollars(row["gross_cents"]),
            dollars(row["deductions_cents"]),
            dollars(row["net_cents"]),
        ]
        body += "".join(f"[{text(one)}], " for one in said) + "\n"
    return compiled(
        f"#set page(flipped: true, margin: 1cm)\n#set text(size: 6pt)\n= Certified Payroll\n{text('WH-347 (Rev. ' + values['edition'] + ')')}\n\n"
        f"{text('Payroll number: ' + values['number'])} #h(2cm) {text('Week ending: ' + values['week_ends_on'])} #h(2cm) {text('Wage determination number: ' + values['wage_determination'])}\n\n"
        f"{text('Date of payment: ' + values['paid_on'])} #h(2cm) {text('Final payroll: ' + values['final'])}\n\n#table(columns: 19, {titles}\n{body})\n\n#pagebreak()\n"
        f"= Statement of Compliance\n\n{text('Signature: ' + values['signature'])}\n\n{text('Title: ' + values['title'])}\n\n{text('Date: ' + values['signed_on'])}"
    )


def sheet_typst(
    head: Mapping[str, str],
    days: Sequence[tuple[str, str, str, str]],
    pay: Mapping[str, str],
    edits: Sequence[str],
) -> bytes:
    labels = {
        "employee": "Name of employee",
        "identifier": "Employee number",
        "occupation": "Job title",
        "address": "Home address",
        "under": "Under 19",
        "week_starts_on": "Workweek begins on",
        "week_starts_at": "Week starts at",
        "pay_basis": "Pay basis",
        "rate_cents": "Hourly rate",
        "paid_on": "Payment date",
    }
    sums = {
        "total_minutes": "Total hours worked",
        "overtime_minutes": "Overtime hours",
        "straight_cents": "Straight time pay",
        "overtime_cents": "Overtime pay",
        "wages_cents": "Gross wages",
    }
    rows = "".join(
        f"[{name} 10/{25 + n}], " + "".join(f"[{text(one or '-')}], " for one in day) + "\n"
        for n, (name, day) in enumerate(
            zip(("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"), days, strict=True)
        )
    )
    return compiled(
        "= Time Sheet\n#grid(columns: 2, column-gutter: 20pt, row-gutter: 8pt,\n"
        + "".join(f"[{label}], [{text(head[name])}],\n" for name, label in labels.items())
        + f")\n#table(columns: 5, [Date], [Time in], [Time out], [Lunch], [Hours worked],\n{rows})\n#grid(columns: 2, column-gutter: 20pt, row-gutter: 8pt,\n"
        + "".join(f"[{label}], [{text(pay[name])}],\n" for name, label in sums.items())
        + ")\n"
        + "\n\n".join(text(line) for line in edits)
    )
