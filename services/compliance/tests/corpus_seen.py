"""Papers that were seen until they were looked at: what was read wrongly was mended, some still go to a person."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pikepdf
from corpus_cases import Case, world
from corpus_certificates import certificate
from corpus_kinds import invoice, licence, permit
from corpus_layouts import BODY, Pen, flowing
from corpus_ohio import affidavit, commencement, furnishing
from corpus_ohio_waivers import OHIO_KINDS, right_ohio
from corpus_other_layouts import compiled, text
from corpus_payrolls import dollars, hours, payroll
from corpus_timesheets import timesheet
from corpus_w9 import CLASSES, EINS, PENALTIES, PRINTED, SSNS, w9
from reportlab.lib import colors
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable, PageBreak, Paragraph, Spacer, Table, TableStyle

Pairs = Sequence[tuple[str, str]]
Layout = Callable[[str, Pairs, Sequence[str]], bytes]


# ---- four ways to lay out labels and values ----


def mainframe(title: str, pairs: Pairs, notes: Sequence[str]) -> bytes:
    """A listing in typewriter's type: labels in capitals, dots up to the value."""
    pen = Pen()
    pen.canvas.setFont("Courier-Bold", 11)
    pen.canvas.drawString(60, pen.y, f"*** {title.upper()} ***")
    pen.down(30)
    for label, value in pairs:
        pen.canvas.setFont("Courier", 9.5)
        pen.canvas.drawString(60, pen.y, f"{label.upper()[:34]:.<36}: {value}")
        pen.down(14)
    pen.down(14)
    for note in notes:
        for start in range(0, len(note), 80):
            pen.canvas.setFont("Courier", 9.5)
            pen.canvas.drawString(60, pen.y, note[start : start + 80])
            pen.down(13)
    return pen.done()


def letter(title: str, pairs: Pairs, notes: Sequence[str]) -> bytes:
    """Labels to the right of their column, values to the left of theirs, in one type."""
    rows = "\n".join(f"[{text(label)}], [{text(value)}]," for label, value in pairs)
    said = "\n\n".join(text(note) for note in notes)
    return compiled(
        f'#set page(paper: "a4")\n#set text(size: 10pt)\n#text(size: 16pt)[{text(title)}]\n\n{said}\n\n'
        f"#grid(columns: (5cm, 8cm), column-gutter: 6mm, row-gutter: 3.2mm, align: (right, left),\n{rows}\n)"
    )


def cards(title: str, pairs: Pairs, notes: Sequence[str]) -> bytes:
    """Cards, three in a row: a small grey label over a large value."""
    cells = "\n".join(
        f'rect(width: 100%, inset: 6pt, stroke: 0.4pt + gray)[#text(size: 7pt, fill: gray)[{text(label)}]\n\n#v(-4pt)#text(size: 11pt, weight: "bold")[{text(value or "—")}]],'
        for label, value in pairs
    )
    said = "\n\n".join(text(note) for note in notes)
    return compiled(
        f"= {text(title)}\n#v(8pt)\n#grid(columns: (1fr, 1fr, 1fr), gutter: 6pt,\n{cells}\n)\n#v(10pt)\n{said}"
    )


def word_processor(title: str, pairs: Pairs, notes: Sequence[str]) -> bytes:
    """Every word set by itself, as word processors print; labels with a colon, values at a tab, lines close."""
    drawn: list[str] = []

    def put(said: str, x: float, y: float, size: float, font: str = "F1") -> None:
        name = {"F1": "Times-Roman", "F2": "Times-Bold"}[font]
        for word in said.split(" "):
            escaped = word.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
            drawn.append(f"BT /{font} {size} Tf 1 0 0 1 {x:.2f} {y:.2f} Tm ({escaped} ) Tj ET")
            x += stringWidth(f"{word} ", name, size)

    y = 720.0
    put(title, 180, y, 14, "F2")
    y -= 34
    for label, value in pairs:
        put(f"{label}:", 72, y, 11)
        put(value, 252, y, 11)
        y -= 14
    y -= 14
    for note in notes:
        line = ""
        for word in note.split():
            if stringWidth(f"{line} {word}", "Times-Roman", 11) > 460:
                put(line, 72, y, 11)
                y, line = y - 14, ""
            line = f"{line} {word}".strip()
        put(line, 72, y, 11)
        y -= 20
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(612, 792))
    page.obj.Contents = pdf.make_stream("\n".join(drawn).encode("cp1252"))
    fonts = {
        name: pikepdf.Dictionary(
            Type=pikepdf.Name.Font,
            Subtype=pikepdf.Name.Type1,
            BaseFont=pikepdf.Name(f"/{base}"),
            Encoding=pikepdf.Name.WinAnsiEncoding,
        )
        for name, base in (("/F1", "Times-Roman"), ("/F2", "Times-Bold"))
    }
    page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(fonts))
    file = io.BytesIO()
    pdf.save(file, deterministic_id=True)
    return file.getvalue()


# ---- two ways to call things ----

FORMAL: Mapping[str, Mapping[str, str]] = {
    "waiver": {
        "payee": "Claimant name",
        "maker": "Payment from",
        "owner": "Property owner",
        "location": "Project address",
        "amount_cents": "Payment amount",
        "through_on": "Through date",
        "signature": "Authorized signature",
        "signer_name": "Name of signer",
        "signer_title": "Title of signer",
        "signed_on": "Date signed",
    },
    "commencement": {
        "county": "County",
        "instrument_number": "Recorder's instrument number",
        "recorded_on": "Date of recording",
        "expires_on": "Notice expires",
        "legal_description": "Legal description of the property",
        "improvement": "Nature of the improvement",
        "owner": "Owner's name",
        "designee": "Owner's designee",
        "original_contractors": "Original contractors",
        "lenders": "Lending institutions",
    },
    "furnishing": {
        "claimant": "Name of claimant",
        "owner": "Property owner",
        "with": "Under contract with",
        "first_furnished_on": "First furnished",
        "commencement_recorded_on": "Notice of commencement recorded",
        "served_on": "Date served",
        "served_designee": "Served on the owner's designee",
        "served_contractor": "Served on the original contractor",
    },
    "affidavit": {
        "claimant": "Claimant",
        "owner": "Owner of the property",
        "amount_cents": "Amount due",
        "last_furnished_on": "Last day of work",
        "filed_on": "Filed for record",
        "instrument_number": "Recorder's instrument number",
        "owner_served_on": "Served on owner",
        "posted_on": "Posted on site",
    },
    "licence": {
        "holder": "Name of licensee",
        "grade": "Type of license",
        "number": "License no.",
        "expires_on": "Expires",
        "verified_on": "Date verified",
        "verified_by": "Verified with",
    },
    "permit": {
        "number": "Permit number",
        "authority": "Issuing authority",
        "licence_number": "Contractor license",
        "issued_on": "Issue date",
        "expires_on": "Expiration date",
        "status": "Permit status",
    },
    "invoice": {"no": "Invoice number", "payee": "Remit to", "to": "Bill to", "amount_cents": "Total due"},
}
PLAIN: Mapping[str, Mapping[str, str]] = {
    "waiver": {
        "payee": "Releasing party",
        "maker": "Paying party",
        "owner": "Owner",
        "location": "Property",
        "amount_cents": "Sum",
        "through_on": "Work through",
        "signature": "Signed",
        "signer_name": "Print name",
        "signer_title": "Capacity",
        "signed_on": "Dated",
    },
    "commencement": {
        "county": "Recorded in",
        "instrument_number": "Instrument No.",
        "recorded_on": "Recorded",
        "expires_on": "Expires",
        "legal_description": "Real property",
        "improvement": "Improvement",
        "owner": "Owner",
        "designee": "Designee",
        "original_contractors": "Original contractor",
        "lenders": "Construction lender",
    },
    "furnishing": {
        "claimant": "Furnished by",
        "owner": "Owner",
        "with": "Hired by",
        "first_furnished_on": "First day of work",
        "commencement_recorded_on": "Commencement recorded",
        "served_on": "Served on",
        "served_designee": "Designee served",
        "served_contractor": "Original contractor served",
    },
    "affidavit": {
        "claimant": "Lien claimant",
        "owner": "Property owner",
        "amount_cents": "Lien amount",
        "last_furnished_on": "Last furnished",
        "filed_on": "Date filed",
        "instrument_number": "Instrument number",
        "owner_served_on": "Owner served on",
        "posted_on": "Posted",
    },
    "licence": {
        "holder": "Licensee",
        "grade": "Classification",
        "number": "License",
        "expires_on": "Good through",
        "verified_on": "Checked on",
        "verified_by": "Checked with",
    },
    "permit": {
        "number": "Permit",
        "authority": "Jurisdiction",
        "licence_number": "License of contractor",
        "issued_on": "Issued on",
        "expires_on": "Void after",
        "status": "Status",
    },
    "invoice": {"no": "Invoice", "payee": "From", "to": "To", "amount_cents": "Please pay"},
}


def slashed(day: date) -> str:
    return f"{day:%m/%d/%y}"


def short(day: date) -> str:
    return f"{day:%b}. {day.day}, {day.year}"


def ordinary(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


Way = tuple[Layout, Mapping[str, Mapping[str, str]], Callable[[date], str], str]
"""Layout, words, days and amounts."""

WAYS: Mapping[str, Way] = {
    "mainframe": (mainframe, FORMAL, slashed, "{}"),
    "letter": (letter, FORMAL, short, "${}"),
    "cards": (cards, PLAIN, date.isoformat, "$ {}"),
    "word processor": (word_processor, PLAIN, ordinary, "USD {}"),
}


def again(case: Case, way: str, sort: str, title: str, notes: Sequence[str], **more: str) -> Case:
    """The same paper in another layout; what its labels do not name it does not say."""
    return replace(laid(case, way, WAYS[way], sort, title, notes, more), seen=True)


def laid(
    case: Case, way: str, how: Way, sort: str, title: str, notes: Sequence[str], more: Mapping[str, str]
) -> Case:
    layout, words, day, amount = how
    said = {name: _printed(name, value, day, amount) for name, value in case.fields.items()} | dict(more)
    fields = {name: value for name, value in case.fields.items() if name in words[sort] or value is not None}
    return replace(
        case,
        name=f"{case.kind} {way}",
        layout=way,
        content=layout(title, [(label, said[name]) for name, label in words[sort].items()], notes),
        fields=fields,
    )


def _printed(name: str, value: Any, day: Callable[[date], str], amount: str) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, date):
        return day(value)
    if name.endswith("cents") and isinstance(value, int):
        return amount.format(dollars(value))
    return "" if value is None else str(value)


def seen() -> Iterator[Case]:
    for number, way in enumerate(WAYS):
        yield from labelled(way, 1100 + number)
    for number, way in enumerate(WAYS):
        yield from wrong(way, 1120 + number)
    for seed in (1140, 1141):
        yield replace(w9(seed, "typed", said="seen"), content=w9_letter(seed), layout="letter", seen=True)
        yield replace(certificate(seed, "drawn", make=acord_blocks, said="seen"), layout="blocks", seen=True)
        yield replace(payroll(seed, "lines", make=payroll_ruled, said="seen"), layout="ruled", seen=True)
        yield replace(timesheet(seed, "down", make=sheet_ruled, said="seen"), layout="ruled", seen=True)


RECEIVED = {
    "conditional": "When the bank has paid the sum named here, the claimant releases its lien rights on the property to the extent of that sum.",
    "unconditional": "The claimant has the sum named here and releases its lien rights on the property to the extent of that sum.",
}
JURAT = "Sworn to before me and subscribed in my presence by the claimant on October 14, 2026. Kim Vance, Notary Public, State of Ohio. Recorded for record October 15, 2026, Franklin County Recorder."


def labelled(way: str, seed: int) -> Iterator[Case]:
    day = WAYS[way][2]
    yield waiver(way, seed)
    one = world(seed, "OH")
    yield again(
        commencement("left", seed), way, "commencement", "Notice of Commencement", ("O.R.C. 1311.04",)
    )
    yield again(
        furnishing("left", seed), way, "furnishing", "Notice of Furnishing",
        ("The undersigned furnished labor or materials to the improvement described in the notice of commencement.",),
        owner=one.owner, **{"with": one.firm},
    )  # fmt: skip
    yield again(affidavit("left", seed), way, "affidavit", "Mechanic's Lien Affidavit", (JURAT,))
    yield again(
        licence("left", seed, board="tdlr"), way, "licence", "License Verification",
        ("Texas Department of Licensing and Regulation",),
        grade="Air Conditioning and Refrigeration Contractor", verified_by="TDLR licence search",
    )  # fmt: skip
    yield again(
        permit("left", seed * 2), way, "permit", "Mechanical Permit", ("Call for inspection.",),
        authority="City of Austin Development Services", status="Active",
    )  # fmt: skip
    yield again(
        invoice("left", seed),
        way,
        "invoice",
        "Invoice",
        (f"Date {day(one.signed)}",),
        no=str(seed),
        to=one.firm,
    )


def waiver(way: str, seed: int, signature: str = "") -> Case:
    kind = list(OHIO_KINDS)[seed % 4]
    right = right_ohio(kind, "left", tuple("abcdefghij"), world(seed, "OH"))
    said = signature or f"/s/ {right.fields['signer_name']}"
    return again(
        right,
        way,
        "waiver",
        OHIO_KINDS[kind].title(),
        (RECEIVED[kind.split(".")[1].split("_")[0]],),
        signature=said,
    )


def wrong(way: str, seed: int) -> Iterator[Case]:
    """One thing of each paper is wrong."""

    def spoiled(case: Case, said: str, *fires: str) -> Case:
        return replace(case, name=f"{case.name}: {said}", sort="wrong", fires=frozenset(fires), desk=None)

    unsigned = waiver(way, seed, signature="________________")
    fields = {**unsigned.fields, "signed": False}
    yield spoiled(replace(unsigned, fields=fields), "unsigned", "OH-LW-01")
    notice = commencement("left", seed, expires_on=date(2026, 11, 1))
    yield spoiled(
        again(notice, way, "commencement", "Notice of Commencement", ("O.R.C. 1311.04",)),
        "expired",
        "OH-NOC-04",
    )
    card = licence("left", seed, board="tdlr", holder="Somebody Else Air Inc")
    yield spoiled(
        again(
            card, way, "licence", "License Verification", ("Texas Department of Licensing and Regulation",),
            grade="Air Conditioning and Refrigeration Contractor", verified_by="TDLR licence search",
        ),
        "another holder", "LIC-02",
    )  # fmt: skip
    paper = permit("left", seed * 2, expires_on=date(2026, 10, 1))
    yield spoiled(
        again(
            paper, way, "permit", "Mechanical Permit", ("Call for inspection.",),
            authority="City of Austin Development Services", status="Active",
        ),
        "expired", "PER-02",
    )  # fmt: skip


# ---- papers that are more than labels and values ----


def w9_letter(seed: int) -> bytes:
    """A substitute form in a letter: boxes in two columns, the number in one piece."""
    one = world(seed)
    classification = ("llc", "s_corporation", "c_corporation", "individual")[seed % 4]
    case = w9(seed, "typed")
    box = case.fields["tax_number"]
    number = SSNS[seed % 3] if box == "ssn" else EINS[seed % 4]
    marks = [
        f"{chr(0x2612) if known == classification else chr(0x2610)} {label}"
        for known, label in zip(CLASSES, PRINTED, strict=True)
    ]
    ticks = "\n".join(f"[{text(mark)}]," for mark in marks)
    code = "S" if classification == "llc" else ""
    ssn, ein = (number, "") if box == "ssn" else ("", number)
    return compiled(
        f"#align(center)[#text(size: 14pt)[{text('Request for Taxpayer Identification Number and Certification')}]]\n\n"
        f"{text('Substitute Form W-9 (Rev. March 2024)')}\n\n{text('Name (as shown on your income tax return): ' + str(case.fields['name']))}\n\n"
        f"#grid(columns: 2, column-gutter: 1cm, row-gutter: 6pt,\n{ticks}\n)\n\n{text('LLC tax classification: ' + code)}\n\n"
        f"#table(columns: 2, [Social security number], [{text(ssn)}], [Employer identification number], [{text(ein)}])\n\n"
        f"{text(PENALTIES)}\n\n#grid(columns: 4, column-gutter: 5mm, [Signature], [{text('/s/ ' + one.person)}], [Date], [{text(ordinary(one.signed))}])"
    )


def acord_blocks(
    insured: str,
    holder: str,
    rows: Sequence[tuple[str, str, str, date, date, int, bool]],
    *,
    naic: str,
    endorsed: bool,
) -> bytes:
    """Coverages as ruled rows of a flowing table, days in short, insured and holder in boxes below each other."""
    head = ["INSR LTR", "TYPE OF INSURANCE", "ADDL", "SUBR", "POLICY NUMBER", "EFF", "EXP", "LIMITS", ""]
    body = [
        [
            "A",
            title,
            "X" if extended else "",
            "",
            f"HX-{n}0077",
            slashed(begins),
            slashed(ends),
            limit,
            f"${amount:,}",
        ]
        for n, (_, title, limit, begins, ends, amount, extended) in enumerate(rows)
    ]
    style = TableStyle([("GRID", (0, 0), (-1, -1), 0.3, colors.black), ("FONTSIZE", (0, 0), (-1, -1), 5.5)])
    parts: list[Flowable] = [
        Paragraph("<b>CERTIFICATE OF LIABILITY INSURANCE</b>", BODY),
        Paragraph("PRODUCER: Western Reserve Agency", BODY),
        Paragraph(f"INSURED: {insured.replace('&', '&amp;')}", BODY),
        Paragraph(f"INSURER A: Prairie Mutual Insurance Company NAIC # {naic}", BODY),
        Table([head, *body], style=style),
        Spacer(1, 10),
        Paragraph(f"CERTIFICATE HOLDER: {holder.replace('&', '&amp;')}", BODY),
        Paragraph("ACORD 25 (2016/03)", BODY),
    ]
    if endorsed:
        endorsement = (
            "Endorsement CG 20 10: additional insured. It changes the commercial general liability policy."
        )
        parts += [PageBreak(), Paragraph(endorsement, BODY)]
    return flowing(parts)


def payroll_ruled(
    values: Mapping[str, str], rows: Sequence[Mapping[str, Any]], programme: str, more: Sequence[str]
) -> bytes:
    """A spreadsheet's print: titles of two lines, a worker in a line, the statement on the same page."""
    titles = [
        "No.", "Employee", "Work\nclassification", "J/RA", "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Total\nhours",
        "OT\nhours", "Base\nrate", "Fringe\ncredit", "Fringe\npaid", "Gross\npay", "Total\ndeductions", "Net\npay",
    ]  # fmt: skip
    body = [
        [str(n), row["name"], row["classification"], "J", *(hours(day) or "-" for day in row["days_minutes"])]
        + [
            hours(row["total_minutes"]),
            hours(row["overtime_minutes"]) or "-",
            dollars(row["base_cents"]),
            "0.00",
        ]
        + [dollars(row[f"{name}_cents"]) for name in ("fringe_paid", "gross", "deductions", "net")]
        for n, row in enumerate(rows, start=1)
    ]
    style = TableStyle(
        [
            ("GRID", (0, 0), (-1, -1), 0.25, colors.grey), ("FONTSIZE", (0, 0), (-1, -1), 4.8),
            ("LEADING", (0, 0), (-1, -1), 6), ("LEFTPADDING", (0, 0), (-1, -1), 2), ("RIGHTPADDING", (0, 0), (-1, -1), 2),
        ]
    )  # fmt: skip
    lines = [
        f"Payroll No. {values['number']}", f"Week ending: {values['week_ends_on']}",
        f"Wage determination no.: {values['wage_determination']}", f"Pay date: {values['paid_on']}",
        f"Last payroll: {values['final']}", f"WH-347 (Rev. {values['edition']})",
    ]  # fmt: skip
    foot = [
        f"Signed: {values['signature']}",
        f"Title: {values['title']}",
        f"Date signed: {values['signed_on']}",
    ]
    return flowing(
        [
            Paragraph("<b>Weekly Certified Payroll</b>", BODY),
            *(Paragraph(line, BODY) for line in lines),
            Table([titles, *body], style=style),
            Spacer(1, 14),
            Paragraph("<b>Statement of Compliance</b>", BODY),
            *(Paragraph(line, BODY) for line in foot),
        ]
    )


def sheet_ruled(
    head: Mapping[str, str],
    days: Sequence[tuple[str, str, str, str]],
    pay: Mapping[str, str],
    edits: Sequence[str],
) -> bytes:
    """A ruled card: the employee above, a line for each day, sums below in a table of two columns."""
    labels = {
        "employee": "Employee name", "identifier": "Badge no.", "occupation": "Position", "address": "Residence",
        "under": "Under age 19", "week_starts_on": "Week of", "week_starts_at": "Start time of workweek",
        "pay_basis": "Basis of pay", "rate_cents": "Rate of pay", "paid_on": "Date of payment",
    }  # fmt: skip
    sums = {
        "total_minutes": "Weekly total", "overtime_minutes": "Hours of overtime", "straight_cents": "Regular earnings",
        "overtime_cents": "Overtime earnings", "wages_cents": "Gross pay",
    }  # fmt: skip
    names = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
    grid = TableStyle([("GRID", (0, 0), (-1, -1), 0.4, colors.black), ("FONTSIZE", (0, 0), (-1, -1), 9)])
    week = [["Day", "Start", "End", "Meal", "Daily total"]]
    week += [[name, *(one or "" for one in day)] for name, day in zip(names, days, strict=True)]
    return flowing(
        [
            Paragraph("<b>Employee Time Record</b>", BODY),
            Table([[label, head[name]] for name, label in labels.items()], style=grid, hAlign="LEFT"),
            Spacer(1, 10),
            Table(week, style=grid, hAlign="LEFT"),
            Spacer(1, 10),
            Table([[label, pay[name]] for name, label in sums.items()], style=grid, hAlign="LEFT"),
            *(Paragraph(line, BODY) for line in edits),
        ]
    )
