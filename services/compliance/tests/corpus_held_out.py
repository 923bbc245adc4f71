"""Papers in layouts and words that the readers were not made for, written after them and after all that they were mended by.

What is not read here goes to a person; what is read here must be right. Nothing of the readers was changed for them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from corpus_cases import Case, world
from corpus_certificates import certificate
from corpus_kinds import daily_report, invoice, licence, permit
from corpus_layouts import BODY, flowing
from corpus_ohio import affidavit, commencement, furnishing
from corpus_ohio_waivers import OHIO_KINDS, right_ohio
from corpus_other_layouts import compiled, text
from corpus_payrolls import dollars, hours, payroll
from corpus_seen import Pairs, Way, laid, ordinary
from corpus_timesheets import timesheet
from corpus_w9 import CLASSES, EINS, PENALTIES, PRINTED, SSNS, w9
from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Paragraph, Spacer, Table, TableStyle

SMALL = ParagraphStyle("small", parent=BODY, fontName="Helvetica", fontSize=8, leading=10)


def terms(title: str, pairs: Pairs, notes: Sequence[str]) -> bytes:
    """A list of terms: each in bold with a colon, its value behind it, set in from the second line on."""
    rows = "\n".join(f"terms.item([{text(label + ':')}], [{text(value or '-')}])," for label, value in pairs)
    said = "\n\n".join(text(note) for note in notes)
    return compiled(
        f"#set page(width: 14cm, height: 21cm, margin: 1.5cm)\n#set text(size: 9.5pt)\n#align(center)[= {text(title)}]\n"
        f"#terms(spacing: 9pt,\n{rows}\n)\n{said}"
    )


def zebra(title: str, pairs: Pairs, notes: Sequence[str]) -> bytes:
    """A narrow table with a tinted head, whose cells break; two labels and values in a row."""
    half = (len(pairs) + 1) // 2
    both = list(zip(pairs[:half], [*pairs[half:], ("", "")], strict=False))
    cells = [[Paragraph(said.replace("&", "&amp;"), SMALL) for said in (*one, *other)] for one, other in both]
    style = TableStyle(
        [
            ("ROWBACKGROUNDS", (0, 0), (-1, -1), [colors.whitesmoke, colors.white]),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ]
    )
    return flowing(
        [
            Paragraph(f"<b>{title}</b>", BODY), Spacer(1, 6),
            Table(cells, colWidths=[90, 135, 90, 135], style=style), Spacer(1, 12),
            *(Paragraph(note, BODY) for note in notes),
        ]
    )  # fmt: skip


TERMS: Mapping[str, Mapping[str, str]] = {
    "waiver": {
        "payee": "Claimant", "maker": "Payer", "owner": "Name of owner", "location": "Location of the work",
        "amount_cents": "Amount of the payment", "through_on": "For work through", "signature": "By",
        "signer_name": "Printed name", "signer_title": "Its", "signed_on": "Date",
    },
    "commencement": {
        "county": "County of recording", "instrument_number": "Recording number", "recorded_on": "Date recorded",
        "expires_on": "This notice expires on", "legal_description": "Legal description", "improvement": "Description of work",
        "owner": "Name of owner", "designee": "Designee of owner", "original_contractors": "Original contractor",
        "lenders": "Lender",
    },
    "furnishing": {
        "claimant": "Notice from", "owner": "Owner", "with": "Furnished at the request of",
        "first_furnished_on": "First labor or materials", "commencement_recorded_on": "NOC recorded on", "served_on": "Date of service",
        "served_designee": "Designee served", "served_contractor": "Contractor served",
    },
    "affidavit": {
        "claimant": "Name of claimant", "owner": "Name of owner", "amount_cents": "Amount of lien",
        "last_furnished_on": "Date of last work", "filed_on": "Filed", "instrument_number": "Instrument",
        "owner_served_on": "Date owner served", "posted_on": "Date posted",
    },
    "licence": {
        "holder": "Issued to", "grade": "License type", "number": "License number", "expires_on": "Valid through",
        "verified_on": "Verified", "verified_by": "Verified by",
    },
    "permit": {
        "number": "Permit no.", "authority": "Department", "licence_number": "License no.", "issued_on": "Date of issue",
        "expires_on": "Expires", "status": "Status",
    },
    "invoice": {"no": "Invoice no.", "payee": "Make checks payable to", "to": "Sold to", "amount_cents": "Balance due"},
    "report": {
        "number": "Report #", "reported_on": "For the day of", "written_by": "Foreman", "weather": "Weather conditions",
        "people": "Manpower", "work": "Work completed today", "delays": "Delays",
    },
}  # fmt: skip
ZEBRA: Mapping[str, Mapping[str, str]] = {
    "waiver": {
        "payee": "Name of claimant", "maker": "Check issued by", "owner": "Owner of property", "location": "Project location",
        "amount_cents": "Check amount", "through_on": "Covers work through", "signature": "Claimant's signature",
        "signer_name": "Printed name of the signer", "signer_title": "Title", "signed_on": "Signed on",
    },
    "commencement": {
        "county": "County", "instrument_number": "Recorder's instrument no.", "recorded_on": "Recorded on",
        "expires_on": "Expiration", "legal_description": "Legal description of property", "improvement": "Brief description of improvement",
        "owner": "Owner, part owner or lessee", "designee": "Owner's designee", "original_contractors": "Original contractor and trade",
        "lenders": "Lending institution",
    },
    "furnishing": {
        "claimant": "Claimant name", "owner": "Owner name", "with": "Contracted with", "first_furnished_on": "First furnished on",
        "commencement_recorded_on": "Commencement recorded on", "served_on": "Served", "served_designee": "Served on designee",
        "served_contractor": "Served on contractor",
    },
    "affidavit": {
        "claimant": "Lien claimant", "owner": "Owner", "amount_cents": "Amount due over setoffs", "last_furnished_on": "Last furnished on",
        "filed_on": "Filed on", "instrument_number": "Instrument no.", "owner_served_on": "Owner served on", "posted_on": "Posted on",
    },
    "licence": {
        "holder": "Business name", "grade": "License class and type", "number": "License no.", "expires_on": "Expiration date",
        "verified_on": "Verification date", "verified_by": "Verification source",
    },
    "permit": {
        "number": "Permit ID", "authority": "Authority having jurisdiction", "licence_number": "Contractor's license number",
        "issued_on": "Issued", "expires_on": "Expiry date", "status": "Permit status",
    },
    "invoice": {"no": "Invoice number", "payee": "Vendor", "to": "Bill to", "amount_cents": "Amount due this invoice"},
    "report": {
        "reported_on": "Date", "number": "Daily no.", "weather": "Weather", "people": "Number of workers",
        "work": "Work performed today", "delays": "Delays", "written_by": "Completed by",
    },
}  # fmt: skip
WAYS: Mapping[str, Way] = {"terms": (terms, TERMS, ordinary, "${}"), "zebra": (zebra, ZEBRA, ordinary, "${}")}

PROSE = {
    "conditional": "The claimant gives up its lien rights for the work above once the payment has cleared.",
    "unconditional": "The payment has cleared, and the claimant gives up its lien rights for the work above.",
}
JURAT = "Subscribed and sworn to before me this 14th day of October, 2026, by the claimant. Lou Bright, Notary Public. Filed for record October 15, 2026."
CARD = {"grade": "Air Conditioning and Refrigeration Contractor", "verified_by": "TDLR licence search"}
PERMIT = {"authority": "City of Austin Development Services", "status": "Issued"}


def held_out() -> Iterator[Case]:
    papers = [
        *labelled("terms", 1200),
        *labelled("zebra", 1203),
        *wrong("terms", 1221),
        *wrong("zebra", 1222),
    ]
    papers += [
        waiver("terms", 1241),
        waiver("zebra", 1242),
        replace(w9(1250, "typed", said="terms"), content=w9_terms(1250), layout="terms"),
        replace(certificate(1250, "drawn", make=acord_listed, said="listed"), layout="listed"),
        replace(payroll(1250, "lines", make=payroll_centred, said="centred"), layout="centred"),
        replace(timesheet(1250, "down", make=sheet_centred, said="centred"), layout="centred"),
    ]
    for case in papers:
        yield replace(case, name=f"held out: {case.name}", held_out=True)


def labelled(way: str, seed: int) -> Iterator[Case]:
    one = world(seed, "OH")
    yield waiver(way, seed)
    yield again(
        commencement("left", seed),
        way,
        "commencement",
        "NOTICE OF COMMENCEMENT",
        "Section 1311.04 of the Revised Code.",
    )
    yield again(
        furnishing("left", seed), way, "furnishing", "NOTICE OF FURNISHING",
        "Labor, work or materials were furnished to the improvement.", owner=one.owner, **{"with": one.firm},
    )  # fmt: skip
    yield again(affidavit("left", seed), way, "affidavit", "AFFIDAVIT FOR MECHANIC'S LIEN", JURAT)
    yield card(way, seed)
    yield again(
        permit("left", seed * 2), way, "permit", "Building Permit", "Inspection on request.", **PERMIT
    )
    yield again(
        invoice("left", seed), way, "invoice", "Invoice", "Due on receipt.", no=str(seed), to=one.firm
    )
    yield again(
        daily_report("left", seed), way, "report", "Daily Field Report", "Safety talk: ladders.", weather="Clear, 71 F",
        people="9", work="Duct hung on level 2", delays="None",
    )  # fmt: skip


def again(case: Case, way: str, sort: str, title: str, note: str, **more: str) -> Case:
    return laid(case, way, WAYS[way], sort, title, (note,), more)


def card(way: str, seed: int, **change: Any) -> Case:
    board = "Texas Department of Licensing and Regulation"
    return again(
        licence("left", seed, board="tdlr", **change),
        way,
        "licence",
        board,
        "Look it up before work begins.",
        **CARD,
    )


def waiver(way: str, seed: int, signature: str = "") -> Case:
    kind = list(OHIO_KINDS)[seed % 4]
    right = right_ohio(kind, "left", tuple("abcdefghij"), world(seed, "OH"))
    said = signature or f"/s/ {right.fields['signer_name']}"
    return again(
        right, way, "waiver", OHIO_KINDS[kind], PROSE[kind.split(".")[1].split("_")[0]], signature=said
    )


def wrong(way: str, seed: int) -> Iterator[Case]:
    """One thing of each paper is wrong."""

    def spoiled(case: Case, said: str, *fires: str) -> Case:
        return replace(case, name=f"{case.name}: {said}", sort="wrong", fires=frozenset(fires), desk=None)

    unsigned = waiver(way, seed, signature="____________")
    yield spoiled(replace(unsigned, fields={**unsigned.fields, "signed": False}), "unsigned", "OH-LW-01")
    yield spoiled(card(way, seed, expires_on=date(2026, 10, 1)), "expired", "LIC-01")
    other = permit("left", seed * 2, licence_number="TACL/A/999999/E")
    yield spoiled(
        again(other, way, "permit", "Building Permit", "Inspection on request.", **PERMIT),
        "another licence",
        "PER-03",
    )
    bare = commencement("left", seed, instrument_number=None)
    yield spoiled(
        again(bare, way, "commencement", "NOTICE OF COMMENCEMENT", "Section 1311.04 of the Revised Code."),
        "no instrument number", "OH-NOC-01",
    )  # fmt: skip


def w9_terms(seed: int) -> bytes:
    """A list of terms, the boxes in one line each, the number with spaces for dashes."""
    one = world(seed)
    classification = ("llc", "s_corporation", "c_corporation", "individual")[seed % 4]
    case = w9(seed, "typed")
    box = case.fields["tax_number"]
    number = SSNS[seed % 3] if box == "ssn" else EINS[seed % 4]
    ticks = "\n\n".join(
        text(f"({'X' if known == classification else ' '}) {label}")
        for known, label in zip(CLASSES, PRINTED, strict=True)
    )
    named = {"ssn": "Social security number", "ein": "Employer identification number"}
    return compiled(
        f"{text('Form W-9 (Rev. March 2024)')}\n\n= {text('Request for Taxpayer Identification Number and Certification')}\n\n"
        f"*{text('Name:')}* {text(str(case.fields['name']))}\n\n{ticks}\n\n"
        f"*{text('LLC tax classification:')}* {text('S' if classification == 'llc' else '-')}\n\n*{text(named[str(box)] + ':')}* {text(number)}\n\n"
        f"{text(PENALTIES)}\n\n*{text('Signature:')}* {text('/s/ ' + one.person)}\n\n*{text('Date:')}* {text(ordinary(one.signed))}"
    )


def acord_listed(
    insured: str,
    holder: str,
    rows: Sequence[tuple[str, str, str, date, date, int, bool]],
    *,
    naic: str,
    endorsed: bool,
) -> bytes:
    """A typst table whose columns are as wide as they must be, the limit's name and figure on two lines of one cell."""
    body = "\n".join(
        f"[A], [{text(title)}], [{'X' if extended else ''}], [], [P-{n}], [{text(f'{begins:%m/%d/%Y}')}], [{text(f'{ends:%m/%d/%Y}')}], [{text(limit)}], [{text(f'$ {amount:,}')}],"
        for n, (_, title, limit, begins, ends, amount, extended) in enumerate(rows)
    )
    second = (
        "#pagebreak()\nAdditional insured endorsement to the commercial general liability policy."
        if endorsed
        else ""
    )
    return compiled(
        f"#set page(flipped: true, margin: 1cm)\n#set text(size: 8pt)\n= CERTIFICATE OF LIABILITY INSURANCE\n\n{text('Producer: Lakeside Brokers')}\n\n"
        f"{text('Insured: ' + insured)}\n\n{text('Insurer A: Ohio River Casualty Co.')} #h(1cm) {text('NAIC #: ' + naic)}\n\n"
        f"#table(columns: 9, stroke: none, [Ltr], [Type of insurance], [Addl], [Subr], [Policy no.], [Effective], [Expires], [Limit], [Amount],\n{body}\n)\n\n"
        f"{text('Certificate holder: ' + holder)}\n\nACORD 25 (2016/03)\n{second}"
    )


def payroll_centred(
    values: Mapping[str, str], rows: Sequence[Mapping[str, Any]], programme: str, more: Sequence[str]
) -> bytes:
    """A typst table with titles and figures in the middle of their columns."""
    titles = [
        "Entry", "Worker", "Class", "J/RA", "Su", "Mo", "Tu", "We", "Th", "Fr", "Sa", "Hours", "OT", "Rate", "6B", "6C", "Gross",
        "Deductions", "Net",
    ]  # fmt: skip
    body = "\n".join(
        "".join(f"[{text(one)}], " for one in (
            str(n), row["name"], row["classification"], "J", *(hours(day) or "0" for day in row["days_minutes"]),
            hours(row["total_minutes"]), hours(row["overtime_minutes"]) or "0", dollars(row["base_cents"]), "0.00",
            *(dollars(row[f"{name}_cents"]) for name in ("fringe_paid", "gross", "deductions", "net")),
        ))
        for n, row in enumerate(rows, start=1)
    )  # fmt: skip
    head = "\n\n".join(
        text(line)
        for line in (
            f"Certified payroll no.: {values['number']}", f"For week ending: {values['week_ends_on']}",
            f"Wage decision: {values['wage_determination']}", f"Paid on: {values['paid_on']}", f"Final: {values['final']}",
            f"WH-347, Rev. {values['edition']}",
        )
    )  # fmt: skip
    return compiled(
        f"#set page(flipped: true, margin: 1.2cm)\n#set text(size: 6.5pt)\n= Certified Payroll\n{head}\n\n"
        f"#table(columns: 19, align: center, {''.join(f'[{title}], ' for title in titles)}\n{body}\n)\n\n= Statement of Compliance\n\n"
        f"{text('Authorized signature: ' + values['signature'])}\n\n{text('Title: ' + values['title'])}\n\n{text('Date: ' + values['signed_on'])}"
    )


def sheet_centred(
    head: Mapping[str, str],
    days: Sequence[tuple[str, str, str, str]],
    pay: Mapping[str, str],
    edits: Sequence[str],
) -> bytes:
    """A typst card with the days in the middle of their columns."""
    labels = {
        "employee": "Employee", "identifier": "Employee ID", "occupation": "Occupation", "address": "Home address",
        "under": "Under 19", "week_starts_on": "Week beginning", "week_starts_at": "Workweek begins at",
        "pay_basis": "Basis of pay", "rate_cents": "Regular rate", "paid_on": "Pay date",
    }  # fmt: skip
    sums = {
        "total_minutes": "Hours this week", "overtime_minutes": "Overtime hours", "straight_cents": "Straight time earnings",
        "overtime_cents": "Overtime premium", "wages_cents": "Total wages",
    }  # fmt: skip
    names = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
    week = "\n".join(
        f"[{name}], " + "".join(f"[{text(one or '-')}], " for one in day)
        for name, day in zip(names, days, strict=True)
    )

    def listed(said: Mapping[str, str], what: Mapping[str, str]) -> str:
        return "\n\n".join(text(f"{label}: {said[name]}") for name, label in what.items())

    return compiled(
        f"= Weekly Time Record\n{listed(head, labels)}\n\n#table(columns: 5, align: center, [Day], [Clock in], [Clock out], [Lunch], [Hrs],\n{week}\n)\n"
        f"{listed(pay, sums)}\n\n" + "\n\n".join(text(line) for line in edits)
    )
