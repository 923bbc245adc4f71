"""Papers of the corpus: certificates of insurance, drawn, as a table, on ACORD's own form."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from corpus_cases import Case, american, long, world
from corpus_layouts import BODY, BOLD, Pen, flowing
from reportlab.lib import colors
from reportlab.platypus import Flowable, PageBreak, Paragraph, Spacer, Table, TableStyle

TYPE_ROWS = (
    ("general_liability", "COMMERCIAL GENERAL LIABILITY", "EACH OCCURRENCE"),
    ("automobile_liability", "AUTOMOBILE LIABILITY", "COMBINED SINGLE LIMIT"),
    ("workers_compensation", "WORKERS COMPENSATION", "E.L. EACH ACCIDENT"),
)
ENDORSEMENTS = (
    "ENDORSEMENT CG 20 10",
    "This endorsement modifies insurance provided under the COMMERCIAL GENERAL LIABILITY coverage part.",
    "Additional insured: owners, lessees or contractors.",
)
ACORD_WORDS = "THIS CERTIFICATE IS ISSUED AS A MATTER OF INFORMATION ONLY AND CONFERS NO RIGHTS UPON THE CERTIFICATE HOLDER."
POLICY_FIELDS = {
    "general_liability": ("Policy_GeneralLiability", "GeneralLiability_EachOccurrence_LimitAmount_A"),
    "automobile_liability": (
        "Policy_AutomobileLiability",
        "Vehicle_CombinedSingleLimit_EachAccidentAmount_A",
    ),
    "workers_compensation": (
        "Policy_WorkersCompensationAndEmployersLiability",
        "WorkersCompensationEmployersLiability_EmployersLiability_EachAccidentLimitAmount_A",
    ),
}


def limits(dollars: Mapping[str, int]) -> dict[str, int]:
    return {
        "general_liability": 1_000_000,
        "automobile_liability": 1_000_000,
        "workers_compensation": 500_000,
    } | dict(dollars)


def acord_drawn(
    insured: str,
    holder: str,
    rows: Sequence[tuple[str, str, str, date, date, int, bool]],
    *,
    naic: str,
    endorsed: bool,
) -> bytes:
    """The certificate as agencies' programs print it: a grid on a canvas."""
    pen = Pen("ACORD 25")
    pen.line("CERTIFICATE OF LIABILITY INSURANCE", x=180, size=13, bold=True)
    pen.wrapped(ACORD_WORDS, size=6)
    pen.at(40, "PRODUCER", size=6)
    pen.at(320, "INSURER(S) AFFORDING COVERAGE", size=6)
    pen.at(520, "NAIC #", size=6)
    pen.down(12)
    pen.at(40, "Trinity Agency", size=9)
    pen.at(320, "INSURER A :", size=7)
    pen.at(370, "Great Plains Casualty", size=8)
    pen.at(520, naic, size=8)
    pen.down(16)
    pen.at(40, "INSURED", size=6)
    pen.down(12)
    pen.at(40, insured, size=9)
    pen.down(12)
    pen.at(40, "12 Oak Lane, Austin, TX", size=9)
    pen.down(18)
    pen.line("COVERAGES", size=8, bold=True, x=40)
    for x, title in (
        (40, "INSR LTR"),
        (80, "TYPE OF INSURANCE"),
        (240, "ADDL INSD"),
        (275, "SUBR WVD"),
        (310, "POLICY NUMBER"),
        (390, "POLICY EFF"),
        (440, "POLICY EXP"),
        (490, "LIMITS"),
    ):
        pen.at(x, title, size=5)
    pen.down(14)
    for number, (_, title, limit, begins, ends, dollars, extended) in enumerate(rows):
        pen.at(42, "A", size=8)
        pen.at(80, f"X {title}" if number == 0 else title, size=7)
        if extended:
            pen.at(246, "X", size=8)
        pen.at(310, f"POL-{number}77{number}", size=7)
        pen.at(390, american(begins), size=7)
        pen.at(440, american(ends), size=7)
        pen.at(490, limit, size=5)
        pen.at(560, f"$ {dollars:,}", size=7)
        pen.down(12)
        pen.at(490, "AGGREGATE", size=5)
        pen.at(560, f"$ {dollars * 2:,}", size=7)
        pen.down(16)
    pen.line("DESCRIPTION OF OPERATIONS / LOCATIONS / VEHICLES", size=6, x=40)
    pen.down(20)
    pen.at(40, "CERTIFICATE HOLDER", size=6)
    pen.at(320, "CANCELLATION", size=6)
    pen.down(12)
    pen.at(40, holder, size=9)
    pen.down(24)
    pen.line("ACORD 25 (2016/03)", size=6)
    if endorsed:
        pen.page()
        for line in ENDORSEMENTS:
            pen.line(line)
    return pen.done()


def acord_table(
    insured: str,
    holder: str,
    rows: Sequence[tuple[str, str, str, date, date, int, bool]],
    *,
    naic: str,
    endorsed: bool,
) -> bytes:
    """The certificate as a flowing table."""
    grid = TableStyle([("GRID", (0, 0), (-1, -1), 0.4, colors.black), ("FONTSIZE", (0, 0), (-1, -1), 7)])
    head = ["Type of insurance", "ADDL", "SUBR", "Policy", "Effective", "Expires", "Limits"]
    body = [
        [
            title.title(),
            "Y" if extended else "",
            "",
            f"P{n}",
            long(begins),
            long(ends),
            f"{limit.title()}: ${dollars:,}",
        ]
        for n, (_, title, limit, begins, ends, dollars, extended) in enumerate(rows)
    ]
    parts: list[Flowable] = [
        Paragraph("CERTIFICATE OF LIABILITY INSURANCE", BOLD),
        Paragraph(ACORD_WORDS, BODY),
        Paragraph("Producer: Trinity Agency", BODY),
        Paragraph(f"Insured: {insured.replace('&', '&amp;')}", BODY),
        Paragraph(f"Certificate holder: {holder}", BODY),
        Paragraph(f"Insurer A: Great Plains Casualty {naic}", BODY),
        Table([head, *body], style=grid),
        Spacer(1, 8),
        Paragraph("Description of operations: all operations of the insured. ACORD 25", BODY),
    ]
    if endorsed:
        parts += [PageBreak(), *(Paragraph(line, BODY) for line in ENDORSEMENTS)]
    return flowing(parts)


def acord_form(
    insured: str,
    holder: str,
    rows: Sequence[tuple[str, str, str, date, date, int, bool]],
    *,
    naic: str,
    endorsed: bool,
) -> bytes:
    """ACORD's own form, its values in its fields."""
    pen = Pen("ACORD 25 2016/03")
    pen.line("CERTIFICATE OF LIABILITY INSURANCE", size=12, bold=True)
    pen.line("ACORD 25 (2016/03) PRODUCER INSURED INSURER(S) POLICY CERTIFICATE HOLDER", size=6)
    values = {
        "NamedInsured_FullName_A": insured,
        "CertificateHolder_FullName_A": holder,
        "Insurer_FullName_A": "Great Plains Casualty",
        "Insurer_NAICCode_A": naic,
    }
    for kind, _, _, begins, ends, dollars, extended in rows:
        policy, limit = POLICY_FIELDS[kind]
        values |= {
            f"{policy}_EffectiveDate_A": american(begins),
            f"{policy}_ExpirationDate_A": american(ends),
            limit: f"{dollars:,}",
        }
        if kind == "general_liability":
            values["CertificateOfInsurance_GeneralLiability_AdditionalInsuredCode_A"] = (
                "Y" if extended else ""
            )
    for name, value in values.items():
        pen.field(f"F[0].P1[0].{name}[0]", value, x=60)
        pen.down(16)
    if endorsed:
        pen.page()
        for line in ENDORSEMENTS:
            pen.line(line)
    return pen.done()


ACORDS = {"drawn": acord_drawn, "table": acord_table, "acord": acord_form}


def certificate(
    seed: int,
    layout: str,
    *,
    said: str = "",
    sort: Any = "right",
    fires: set[str] | None = None,
    without: str = "",
    begins: date = date(2026, 1, 1),
    ends: date = date(2027, 12, 31),
    dollars: Mapping[str, int] | None = None,
    extended: bool = True,
    endorsed: bool = True,
    naic: str = "12345",
    insured: str = "",
    holder: str = "",
    base: str = "certificate",
    make: Any = None,
) -> Case:
    one = world(seed, "OH" if base == "certificate-oh" else "TX")
    amounts = limits(dollars or {})
    rows = [
        (kind, title, limit, begins, ends, amounts[kind], extended and kind == "general_liability")
        for kind, title, limit in TYPE_ROWS
        if kind != without
    ]
    fields: dict[str, Any] = {
        "insured": insured or one.vendor,
        "holder": holder or one.firm,
        "insurers.0.naic": naic,
    }
    for number, (kind, _, _, first, last, amount, is_extended) in enumerate(rows):
        fields |= {
            f"coverages.{number}.{name}": value
            for name, value in {
                "kind": kind,
                "effective_on": first,
                "expires_on": last,
                "limit_cents": amount * 100,
                "is_extended": is_extended,
                "has_endorsement": endorsed and kind == "general_liability",
            }.items()
        }
    return Case(
        name=f"certificate {layout} {seed} {said}",
        kind="coi.acord25",
        sort=sort,
        layout=layout,
        content=(make or ACORDS[layout])(
            insured or one.vendor, holder or one.firm, rows, naic=naic, endorsed=endorsed
        ),
        base=base,
        around=one.around(),
        fields=fields,
        fires=frozenset(fires or ()),
        desk=None
        if fires and fires - {"COI-03-end", "COI-05", "COI-06"}
        else "us-oh/plumbing"
        if base == "certificate-oh"
        else "us-tx/hvac",
    )


CERTIFICATE_WRONGS: Sequence[tuple[str, set[str], dict[str, Any]]] = (
    ("another insured", {"COI-01"}, {"insured": "Somebody Else Inc"}),
    ("another holder", {"COI-02"}, {"holder": "Mesquite County Library"}),
    ("no workers' compensation", {"COI-03"}, {"without": "workers_compensation"}),
    ("ran out", {"COI-03"}, {"ends": date(2026, 11, 4)}),
    ("ends before the work does, as a year's policy may", {"COI-03-end"}, {"ends": date(2026, 12, 31)}),
    ("a renewed policy", {"COI-03-start"}, {"begins": date(2026, 7, 1)}),
    (
        "no workers' compensation in Ohio",
        {"COI-09"},
        {"without": "workers_compensation", "base": "certificate-oh"},
    ),
    ("a low limit", {"COI-04"}, {"dollars": {"general_liability": 500_000}}),
    ("ticked without endorsement", {"COI-05"}, {"endorsed": False}),
    ("a NAIC number of four digits", {"COI-06"}, {"naic": "1234"}),
)


def certificates() -> Iterator[Case]:
    for seed in range(2):
        for place, layout in enumerate(ACORDS):
            yield certificate(seed * 5 + place, layout)
            yield certificate(seed * 5 + place + 50, layout, base="certificate-oh")
    for number, (said, fires, how) in enumerate(CERTIFICATE_WRONGS):
        for turn in range(2):
            layout = list(ACORDS)[(number + turn) % 3]
            yield certificate(70 + number, layout, said=said, sort="wrong", fires=fires, **how)
