"""What each kind of paper says, typed: the fields that a reader fills and rules ask about.

Every class names the word under which rules speak of it (`waiver.amount_cents`). Money is integer
cents, time integer minutes, days are dates. No class has a place for a whole tax number.
"""

from datetime import date
from typing import ClassVar, Literal

from plumbline.compliance.domain.reading import Fact, Read
from plumbline.compliance.domain.statutory import Wording
from plumbline.compliance.domain.tax_numbers import LastFour, TaxNumberForm

Text = Read[str] | None
Cents = Read[int] | None
Count = Read[int] | None
Minutes = Read[int] | None
Day = Read[date] | None
Yes = Read[bool] | None


class Fields(Fact):
    """Base of the fields of one kind of paper."""

    word: ClassVar[str]
    """What rules call it."""


class LienWaiver(Fields):
    """A waiver and release of a lien or payment bond claim."""

    word: ClassVar[str] = "waiver"

    amount_cents: Cents = None
    through_on: Day = None
    """The last day of work that it covers, or that of the payment request it is attached to."""
    extent: Text = None
    """What was done: the statutory form's "job description"."""
    maker: Text = None
    payee: Text = None
    owner: Text = None
    location: Text = None
    signed: Yes = None
    signer_name: Text = None
    signer_title: Text = None
    signed_on: Day = None
    notarised: Yes = None
    notarised_on: Day = None
    notice_is_first: Yes = None
    """Whether the statutory notice stands before all other text."""
    notice_is_bold: Yes = None
    notice_points: Read[float] | None = None
    """Type size of the notice, its smallest."""
    largest_points: Read[float] | None = None
    """The largest type size in the document."""
    wording: Wording | None = None
    """How its text compares with the form that it is like, else with the statute's; None if it was not compared."""
    waives_before_payment: Yes = None
    waives_before_work: Yes = None
    waives_future_claims: Yes = None


class NoticeOfCommencement(Fields):
    """Ohio: the owner's notice of commencement, as recorded (ORC 1311.04, public works 1311.252)."""

    word: ClassVar[str] = "commencement"

    county: Text = None
    instrument_number: Text = None
    recorded_on: Day = None
    expires_on: Day = None
    legal_description: Text = None
    improvement: Text = None
    owner: Text = None
    designee: Text = None
    original_contractors: Text = None
    lenders: Text = None
    sureties: Text = None
    public_authority: Text = None
    first_contract_on: Day = None
    service_representative: Text = None


class NoticeOfFurnishing(Fields):
    """Ohio: a subcontractor's or supplier's notice of furnishing (ORC 1311.05)."""

    word: ClassVar[str] = "furnishing"

    claimant: Text = None
    contracts_with_owner: Yes = None
    """Whether the claimant is an original contractor, who needs no notice."""
    first_furnished_on: Day = None
    commencement_recorded_on: Day = None
    served_on: Day = None
    """Blank while nobody was served."""
    served_designee: Yes = None
    served_contractor: Yes = None


class LienAffidavit(Fields):
    """Ohio: an affidavit for mechanic's lien (ORC 1311.06)."""

    word: ClassVar[str] = "affidavit"

    claimant: Text = None
    owner: Text = None
    amount_cents: Cents = None
    last_furnished_on: Day = None
    filed_on: Day = None
    owner_served_on: Day = None
    posted_on: Day = None
    """The day on which it was posted on the site because the owner could not be served."""
    has_jurat: Yes = None
    has_recorder_stamp: Yes = None
    instrument_number: Text = None


class W9(Fields):
    """IRS Form W-9. Its tax number is told by its form and its last four digits alone."""

    word: ClassVar[str] = "w9"

    revision_on: Day = None
    """The first day of the revision's month: March 2024 is 2024-03-01."""
    name: Text = None
    """Line 1."""
    boxes_ticked: Count = None
    """How many boxes of line 3a are ticked."""
    classification: (
        Read[Literal["individual", "c_corporation", "s_corporation", "partnership", "trust", "llc", "other"]]
        | None
    ) = None
    llc_code: Text = None
    is_disregarded: Yes = None
    """Whether line 2 names an entity that is disregarded as separate from its owner."""
    tax_number: Read[TaxNumberForm] | None = None
    """Which form the number in Part I has."""
    issuer_rules_met: Yes = None
    """Whether the issuer could have given out such a number."""
    prefix_known: Yes = None
    """Whether an EIN's prefix is in the published list; yes for the others."""
    last_four: Read[LastFour] | None = None
    signed: Yes = None
    signed_on: Day = None
    whole_numbers_outside: Count = None
    """Whole tax numbers in what would leave the vault: file name, tags, text for search, events."""


class Insurer(Fact):
    """One insurer of a certificate: a row of the box "insurers affording coverage"."""

    letter: Text = None
    naic: Text = None


class Coverage(Fact):
    """One coverage row of a certificate."""

    kind: Text = None
    effective_on: Day = None
    expires_on: Day = None
    limit_cents: Cents = None
    """What is insured for each occurrence or accident."""
    is_extended: Yes = None
    """Whether ADDL INSD or SUBR WVD is ticked in it."""
    has_endorsement: Yes = None
    """Whether the endorsement's own page is attached."""


class Certificate(Fields):
    """ACORD 25, certificate of liability insurance."""

    word: ClassVar[str] = "certificate"

    insured: Text = None
    holder: Text = None
    insurers: tuple[Insurer, ...] | None = None
    coverages: tuple[Coverage, ...] | None = None


class Worker(Fact):
    """One line of a certified payroll: a worker in one classification and week."""

    entry: Count = None
    """Worker entry number (1A): a worker's second classification has it again."""
    identifier: Text = None
    """Identifying number, such as the last four digits (1E)."""
    name: Text = None
    classification: Text = None
    days_minutes: Read[tuple[int, ...]] | None = None
    total_minutes: Minutes = None
    overtime_minutes: Minutes = None
    base_cents: Cents = None
    """Hourly base rate (6A)."""
    fringe_credit_cents: Cents = None
    """Hourly credit for fringe benefits paid to plans."""
    fringe_plans_cents: Cents = Read[int](value=None, confidence=1)
    """The week's credit for them (6B), where the payroll says it instead of the hourly one."""
    fringe_paid_cents: Cents = None
    """Paid in lieu of fringe benefits for the week (6C)."""
    gross_cents: Cents = None
    """Earned on this project."""
    all_work_cents: Cents = None
    """Earned in the week on all work, this project's included; `gross_cents` where the payroll has no such column."""
    deductions_cents: Cents = None
    net_cents: Cents = None
    is_apprentice: Yes = None
    programme: Text = None
    required_cents: int | None = None
    """The wage determination's hourly rate, fringe included; from our table, not from the paper."""


class Payroll(Fields):
    """Certified payroll, DOL WH-347."""

    word: ClassVar[str] = "payroll"

    edition_on: Day = None
    wage_determination: Text = None
    number: Count = None
    week_ends_on: Day = None
    is_final: Yes = None
    paid_on: Day = None
    signed: Yes = None
    signer_title: Text = None
    signed_on: Day = None
    social_security_numbers: Count = None
    """Patterns of whole Social Security numbers in its text."""
    workers: tuple[Worker, ...] | None = None
    """Empty when the week says "no work"; None when the lines were not read."""


class Timesheet(Fields):
    """One employee's time in one workweek."""

    word: ClassVar[str] = "timesheet"

    employee: Text = None
    identifier: Text = None
    occupation: Text = None
    address: Text = None
    is_under_19: Yes = None
    born_on: Day = None
    week_starts_on: Day = None
    """The day on which the workweek begins."""
    week_starts_at: Text = None
    """The time of day at which it begins."""
    pay_basis: Text = None
    rate_cents: Cents = None
    straight_cents: Cents = None
    overtime_cents: Cents = None
    wages_cents: Cents = None
    paid_on: Day = None
    days_minutes: Read[tuple[int, ...]] | None = None
    punched_minutes: Minutes = None
    """The minutes between raw punches, breaks taken off."""
    total_minutes: Minutes = None
    overtime_minutes: Minutes = None
    elsewhere_minutes: int = 0
    """What the same employee worked in the same workweek on other projects, by the timesheets on file; ours to know."""
    elsewhere_overtime_minutes: int = 0
    """How much of that is overtime there."""
    unexplained_edits: Count = None


class Licence(Fields):
    """A trade licence or a city registration."""

    word: ClassVar[str] = "licence"

    authority: Text = None
    """`tdlr`, `tsbpe`, `ocilb`, or the city's own name."""
    grade: Text = None
    """What it permits: `contractor`, `rmp`, `master`, `journeyman`, or a city's words."""
    number: Text = None
    acr_class: Text = None
    """Of a Texas air-conditioning contractor: `A` is any size, `B` up to 25 tons and 1.5 million BTU/h."""
    holder: Text = None
    """Who holds it; of Texas plumbers, and most of TDLR and OCILB, a person."""
    firm: Text = Read[str](value=None, confidence=1)
    """The firm that it names as the holder's own, where it names one."""
    trade: Text = None
    expires_on: Day = None
    verified_on: Day = None
    verified_by: Text = None
    """How it was verified: a look-up at the authority, a letter."""


STATE_OF = {"tdlr": "TX", "tsbpe": "TX", "ocilb": "OH"}
"""Whose licences are a state's; a city's registration permits no work in a state."""


class Permit(Fields):
    """A permit of an authority having jurisdiction."""

    word: ClassVar[str] = "permit"

    number: Text = None
    authority: Text = None
    """The authority's id in the directory."""
    licence_number: Text = None
    issued_on: Day = None
    expires_on: Day = None
    is_revoked: Yes = None


class Invoice(Fields):
    """A vendor's invoice."""

    word: ClassVar[str] = "invoice"

    payee: Text = None
    amount_cents: Cents = None
    rmp_name: Text = None
    rmp_licence: Text = None
    has_board_statement: Yes = None
    """Whether its first page says that the Texas State Board of Plumbing Examiners regulates the firm."""
    has_board_contact: Yes = None
    board_points: Read[float] | None = None
    """The smallest type size of that statement."""


class DailyReport(Fields):
    """What happened on a site in a day. No rule asks anything of it."""

    word: ClassVar[str] = "report"

    number: Text = None
    reported_on: Day = None
    written_by: Text = None


class Other(Fields):
    """A paper that a person looked at and that no rule checks: a photograph, a letter."""

    word: ClassVar[str] = "other"


FIELDS: dict[str, type[Fields]] = {
    "lien_waiver.conditional_progress": LienWaiver,
    "lien_waiver.unconditional_progress": LienWaiver,
    "lien_waiver.conditional_final": LienWaiver,
    "lien_waiver.unconditional_final": LienWaiver,
    "lien_waiver.other": LienWaiver,
    "ohio.notice_of_commencement": NoticeOfCommencement,
    "ohio.notice_of_furnishing": NoticeOfFurnishing,
    "ohio.lien_affidavit": LienAffidavit,
    "w9": W9,
    "coi.acord25": Certificate,
    "payroll.wh347": Payroll,
    "licence": Licence,
    "permit": Permit,
    "timesheet": Timesheet,
    "invoice": Invoice,
    "daily_report": DailyReport,
    "other": Other,
}
"""Every kind of paper that is known, and what it says.

`lien_waiver.other` is none of the four kinds. `other` is said by people alone: it is never recognised.
"""
