"""The checks once more in plain Python, written from the law's summary and not from the rule files.

It knows neither CEL nor the vocabulary nor the rule files: what it shares with them are the facts, and
how alike two names are. A rule gives an outcome or None where it does not apply. Reading a value that was not found, or not
surely, raises `UnknownError`, and then a person looks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any

from plumbline.compliance.domain.facts import DocumentFacts
from plumbline.compliance.domain.names import similarity

SURE = 0.85
ALIKE = 0.9
TRADES_OF_OCILB = {"electrical", "hvac", "hydronics", "plumbing", "refrigeration"}


class UnknownError(Exception):
    """A value is not known."""


def seen(read: Any, *, flag: bool = False) -> Any:
    """Return what was read; None for a blank."""
    if read is None or read.confidence < SURE or (flag and read.value is None):
        raise UnknownError
    return read.value


def text(read: Any) -> str:
    return seen(read) or ""


def yes(read: Any) -> bool:
    return bool(seen(read, flag=True))


def known(value: Any) -> Any:
    if value is None:
        raise UnknownError
    return value


def verdict(condition: Callable[[], bool | None], otherwise: str) -> str | None:
    try:
        answer = condition()
    except UnknownError:
        return "review"
    return None if answer is None else "pass" if answer else otherwise


def answers(facts: DocumentFacts) -> dict[str, str]:
    """Return what every check says of a document, by its id."""
    found = {name: verdict(condition, otherwise) for name, condition, otherwise in checks(facts)}
    return {name: answer for name, answer in found.items() if answer is not None}


Named = Iterator[tuple[str, Callable[[], "bool | None"], str]]


def checks(facts: DocumentFacts) -> Named:
    yield from of_all(facts)
    kind = facts.kind
    if kind.startswith("lien_waiver.") and facts.project.state == "TX":
        yield from of_texas_waiver(facts)
    if kind.startswith("lien_waiver.") and facts.project.state == "OH":
        yield from of_ohio_waiver(facts)
    of_kind = {
        "ohio.notice_of_commencement": of_commencement,
        "ohio.notice_of_furnishing": of_furnishing,
        "ohio.lien_affidavit": of_affidavit,
        "w9": of_w9,
        "coi.acord25": of_certificate,
        "payroll.wh347": of_payroll,
        "timesheet": of_timesheet,
        "licence": of_licence,
        "permit": of_permit,
        "invoice": of_invoice,
    }.get(kind)
    if of_kind:
        yield from of_kind(facts)


def of_all(facts: DocumentFacts) -> Named:
    state = facts.project.state
    yield "DOC-01", lambda: facts.kind_confidence >= SURE, "review"
    inside = facts.file
    yield "DOC-02", lambda: not inside.has_hidden_text, "review"
    yield "DOC-03", lambda: not inside.has_markup, "review"
    yield "DOC-04", lambda: not inside.has_unread_xfa, "review"
    yield "DOC-05", lambda: not inside.has_javascript, "warn"
    yield "DOC-06", lambda: not inside.has_launch, "warn"
    yield "DOC-07", lambda: inside.actions == (), "warn"
    yield "DOC-08", lambda: not inside.has_embedded_files, "warn"
    yield "DOC-09", lambda: not inside.has_unseen_parts, "review"
    yield "DOC-10", lambda: not inside.has_other_appearance, "review"
    yield "PRJ-01", lambda: state is not None, "hold"
    if facts.kind.startswith("lien_waiver.") or facts.kind == "licence":
        yield "PRJ-02", lambda: None if state is None else state in {"TX", "OH"}, "review"
    if facts.kind.startswith("ohio."):
        yield "OH-ANY-01", lambda: None if state is None else state == "OH", "review"


def of_texas_waiver(facts: DocumentFacts) -> Named:
    waiver: Any = facts.fields
    pay, project = facts.payable, facts.project
    variant = facts.kind.removeprefix("lien_waiver.")
    is_conditional, is_unconditional = variant.startswith("conditional"), variant.startswith("unconditional")
    yield "TX-LW-01", lambda: variant != "other", "review"

    def wording() -> bool:
        compared = known(waiver.wording)
        is_texan = compared.form[:2] == "tx"
        return bool(is_texan and compared.template_cover >= 0.95 and compared.foreign_run_words <= 12)

    def signed() -> bool:
        is_signed, name, title = yes(waiver.signed), text(waiver.signer_name), text(waiver.signer_title)
        on = seen(waiver.signed_on)
        return bool(is_signed and name and title and on)

    def after_the_work() -> bool | None:
        on, through = seen(waiver.signed_on), seen(waiver.through_on)
        return None if on is None or through is None else bool(on >= through)

    def notary() -> bool | None:
        if known(project.original_contract_on) >= date(2022, 1, 1):
            return None
        done, on = yes(waiver.notarised), seen(waiver.notarised_on)
        return done and on is not None

    def notice() -> bool:
        first, bold = yes(waiver.notice_is_first), yes(waiver.notice_is_bold)
        points, largest = seen(waiver.notice_points), seen(waiver.largest_points)
        return bool(first and bold and points and largest and points >= max(largest, 10))

    def same_check() -> bool:
        amount, maker, payee = seen(waiver.amount_cents), text(waiver.maker), text(waiver.payee)
        return (
            pay is not None
            and amount == pay.amount_cents
            and same(maker, pay.maker)
            and same(payee, pay.payee)
        )

    def same_amount() -> bool:
        amount = seen(waiver.amount_cents)
        return pay is not None and amount == pay.amount_cents

    def no_blanks() -> bool:
        amount, extent, through = seen(waiver.amount_cents), text(waiver.extent), seen(waiver.through_on)
        return (amount is not None or variant == "unconditional_final") and (
            extent != "" or through is not None
        )

    def through_date() -> bool | None:
        through = seen(waiver.through_on)
        if through is None or pay is None or pay.through_on is None:
            return None
        return bool(through == pay.through_on)

    if is_conditional or is_unconditional:
        yield "TX-LW-02", wording, "reject"
        yield "TX-LW-02-words", lambda: known(waiver.wording).changed_words == 0, "review"
    if is_unconditional:
        yield "TX-LW-03", notice, "reject"
        yield "TX-LW-06", lambda: pay is not None and pay.is_settled, "hold"
    yield "TX-LW-04", signed, "hold"
    if not is_conditional:
        yield "TX-LW-04-early", after_the_work, "hold"
    yield "TX-LW-05", notary, "hold"
    if is_conditional:
        yield "TX-LW-07", same_check, "hold"
    if variant.endswith("_final"):
        done = pay is not None and pay.open_invoices == 0 and pay.retention_cents == 0
        yield "TX-LW-08", lambda: done, "warn"
    yield "TX-LW-09", no_blanks, "reject"
    if variant.endswith("_progress"):
        yield "TX-LW-10", through_date, "hold"
    if variant == "unconditional_progress":
        yield "TX-LW-11", same_amount, "hold"
    if is_unconditional and pay is not None:
        yield "TX-LW-12", lambda: same(text(waiver.payee), pay.payee), "review"


def same(one: str, other: str) -> bool:
    return similarity(one, other) >= ALIKE


def of_ohio_waiver(facts: DocumentFacts) -> Named:
    waiver: Any = facts.fields
    pay = facts.payable
    variant = facts.kind.removeprefix("lien_waiver.")

    def complete() -> bool:
        words = [text(part) for part in (waiver.payee, waiver.owner, waiver.location, waiver.signer_name)]
        is_signed, on, amount = yes(waiver.signed), seen(waiver.signed_on), seen(waiver.amount_cents)
        return (
            all(words)
            and is_signed
            and on is not None
            and (amount is not None or variant == "unconditional_final")
        )

    def amount() -> bool:
        said = seen(waiver.amount_cents)
        return pay is not None and said == pay.amount_cents

    def claimant() -> bool | None:
        said = text(waiver.payee)
        return None if pay is None else same(said, pay.payee)

    def our_words() -> bool | None:
        compared = known(waiver.wording)
        return None if compared.form[:2] != "oh" else bool(compared.changed_words == 0)

    def nothing_beforehand() -> bool:
        flags = (waiver.waives_before_payment, waiver.waives_before_work, waiver.waives_future_claims)
        found = [yes(flag) for flag in flags]
        return not any(found)

    yield "OH-LW-01", complete, "hold"
    if variant.startswith("conditional") or variant == "unconditional_progress":
        yield "OH-LW-02", amount, "hold"
    yield "OH-LW-03", nothing_beforehand, "review"
    if variant != "other" and pay is not None:
        yield "OH-LW-06", claimant, "review"
    if variant != "other":
        yield "OH-LW-05", our_words, "review"
    if variant.startswith("unconditional"):
        yield "OH-LW-04", lambda: pay is not None and pay.is_settled, "hold"


def of_commencement(facts: DocumentFacts) -> Named:
    notice: Any = facts.fields
    project = facts.project

    def private() -> bool | None:
        if known(project.is_public):
            return None
        names = (
            notice.legal_description,
            notice.improvement,
            notice.owner,
            notice.designee,
            notice.original_contractors,
        )
        found = [text(name) for name in names]
        return all(found)

    def public() -> bool | None:
        if not known(project.is_public):
            return None
        names = (
            notice.public_authority,
            notice.original_contractors,
            notice.sureties,
            notice.service_representative,
        )
        found = [text(name) for name in names]
        return seen(notice.first_contract_on) is not None and all(found)

    def in_county() -> bool | None:
        is_public, said = known(project.is_public), text(notice.county)
        if is_public and said == "":
            return None
        return known(project.county).lower().removesuffix(" county") in (
            one.strip()
            for one in re.sub(r" count(y|ies)$", "", said.lower()).replace(" and ", ",").split(",")
        )

    def recorded() -> bool | None:
        if known(project.is_public):
            return None
        county, number, expires = text(notice.county), text(notice.instrument_number), seen(notice.expires_on)
        return bool(county and number and expires)

    def lasts() -> bool | None:
        expires = seen(notice.expires_on)
        return None if expires is None else bool(expires >= facts.as_of)

    def early() -> bool | None:
        on = seen(notice.recorded_on)
        return None if on is None else bool(on <= known(project.work_starts_on))

    yield "OH-NOC-01", recorded, "hold"
    yield "OH-NOC-02", private, "hold"
    yield "OH-NOC-03", in_county, "hold"
    yield "OH-NOC-04", lasts, "hold"
    yield "OH-NOC-05", early, "warn"
    yield "OH-NOC-06", public, "hold"


def is_kept(done: date, last: date, *, by_office: bool = False) -> bool:
    """Say whether something was done by its last day, which moves past days on which nobody need do it (ORC 1.14)."""
    while last.weekday() == 6 or (by_office and last.weekday() == 5) or is_holiday(last):
        last += timedelta(days=1)
    return done <= last


def is_holiday(day: date) -> bool:
    """Say whether a day is a legal holiday of Ohio; of a Sunday the Monday after is."""
    third = 15 <= day.day <= 21
    if day.weekday() == 0:
        by_week = {1: third, 2: third, 5: day.day >= 25, 9: day.day <= 7, 10: 8 <= day.day <= 14}
        if by_week.get(day.month) or is_fixed(day - timedelta(days=1)):
            return True
    if day.weekday() == 3 and day.month == 11 and 22 <= day.day <= 28:
        return True
    return is_fixed(day) and day.weekday() != 6


def is_fixed(day: date) -> bool:
    return (day.month, day.day) in {(1, 1), (6, 19), (7, 4), (11, 11), (12, 25)}


def of_furnishing(facts: DocumentFacts) -> Named:
    notice: Any = facts.fields

    def counts_from() -> date | None:
        first, recorded = seen(notice.first_furnished_on), seen(notice.commencement_recorded_on)
        return None if first is None or recorded is None else max(first, recorded)

    def in_time() -> bool | None:
        exempt, start = yes(notice.contracts_with_owner), counts_from()
        if exempt or start is None:
            return None
        return is_kept(seen(notice.served_on) or facts.as_of, start + timedelta(days=21))

    def both() -> bool | None:
        exempt, on = yes(notice.contracts_with_owner), seen(notice.served_on)
        if exempt or on is None:
            return None
        designee, contractor = yes(notice.served_designee), yes(notice.served_contractor)
        return designee and contractor

    def reminder() -> bool | None:
        exempt, on, start = yes(notice.contracts_with_owner), seen(notice.served_on), counts_from()
        if exempt or on is not None or start is None:
            return None
        age = (facts.as_of - start).days
        return None if age > 21 else age not in {14, 18, 20}

    yield "OH-NOF-01", in_time, "hold"
    yield "OH-NOF-02", both, "hold"
    yield "OH-NOF-03", reminder, "warn"


def of_affidavit(facts: DocumentFacts) -> Named:
    paper: Any = facts.fields

    def filed_in_time() -> bool | None:
        last = seen(paper.last_furnished_on)
        if last is None:
            return None
        filed = seen(paper.filed_on) or facts.as_of
        days = {"family": 60, "other": 75, "oil_gas": 120}[known(facts.project.property_class)]
        return is_kept(filed, last + timedelta(days=days), by_office=True)

    def served() -> bool | None:
        filed = seen(paper.filed_on)
        if filed is None:
            return None
        served, posted = seen(paper.owner_served_on), seen(paper.posted_on)
        month, longer = filed + timedelta(days=30), filed + timedelta(days=40)
        if is_kept(facts.as_of, month):
            return True
        return bool((served and is_kept(served, month)) or (posted and is_kept(posted, longer)))

    def recorded() -> bool | None:
        if seen(paper.filed_on) is None:
            return None
        stamp, number = yes(paper.has_recorder_stamp), text(paper.instrument_number)
        return stamp or number != ""

    def lasts() -> bool | None:
        filed = seen(paper.filed_on)
        if filed is None:
            return None
        end = date(filed.year + 6, filed.month, 28 if (filed.month, filed.day) == (2, 29) else filed.day)
        return facts.as_of <= end

    yield "OH-LA-01", filed_in_time, "reject"
    yield "OH-LA-02", served, "hold"
    yield "OH-LA-03", lambda: yes(paper.has_jurat), "reject"
    yield "OH-LA-04", recorded, "hold"
    yield "OH-LA-05", lasts, "warn"


def of_w9(facts: DocumentFacts) -> Named:
    form: Any = facts.fields
    if facts.as_of < date(2018, 10, 1):
        return

    def revision() -> bool:
        newest = facts.as_of >= date(2025, 1, 1)
        oldest = date(2024, 3, 1) if newest else date(2018, 10, 1)
        revision, signed_on = seen(form.revision_on), seen(form.signed_on)
        if revision is None or revision < date(2018, 10, 1):
            return False
        return bool(revision >= oldest or (signed_on is not None and signed_on < date(2025, 1, 1)))

    def llc() -> bool | None:
        return None if text(form.classification) != "llc" else text(form.llc_code) in {"C", "S", "P"}

    def number() -> bool:
        kind, met = text(form.tax_number), yes(form.issuer_rules_met)
        return kind != "malformed" and met

    def prefix() -> bool | None:
        return None if text(form.tax_number) != "ein" else yes(form.prefix_known)

    def person() -> bool | None:
        number, classification = text(form.tax_number), text(form.classification)
        if number not in {"ssn", "itin"} or classification == "individual":
            return None
        return yes(form.is_disregarded)

    def signed() -> bool:
        is_signed, on = yes(form.signed), seen(form.signed_on)
        return is_signed and on is not None and on <= facts.received_on

    def name() -> bool:
        line_1 = text(form.name)
        return same(line_1, known(facts.vendor.legal_name))

    yield "W9-01", revision, "reject"
    yield "W9-02", lambda: seen(form.boxes_ticked) == 1, "reject"
    yield "W9-03", llc, "reject"
    yield "W9-04", number, "reject"
    yield "W9-04-prefix", prefix, "warn"
    yield "W9-05", person, "reject"
    yield "W9-06", signed, "hold"
    yield "W9-07", name, "review"
    yield "W9-08", lambda: seen(form.whole_numbers_outside) == 0, "reject"


SEVERE = ["pass", "warn", "review", "hold", "reject"]


def worst(rows: Any, condition: Callable[[Any], bool | None], otherwise: str) -> str | None:
    """Return the most severe verdict over rows; a person looks where there are none to look at."""
    if rows is None:
        return "review"
    verdicts = [verdict(partial(condition, row), otherwise) for row in rows]
    return max((one for one in verdicts if one), key=SEVERE.index, default=None)


def each(name: str, rows: Any, condition: Callable[[Any], bool | None], otherwise: str) -> Named:
    """Ask something of each row; the verdict over all of them is what counts."""
    answer = worst(rows, condition, otherwise)
    if answer == "review":
        yield name, _nobody_knows, otherwise
    elif answer is not None:
        yield name, lambda: answer == "pass", answer


def _nobody_knows() -> bool:
    raise UnknownError


def of_certificate(facts: DocumentFacts) -> Named:
    if facts.as_of < date(2016, 3, 1):
        return  # the edition of ACORD 25 that is in use
    paper: Any = facts.fields
    project = facts.project

    def holder() -> bool:
        said, names = text(paper.holder), [known(project.firm), known(project.owner)]
        return any(same(said, name) for name in names)

    def insured() -> bool:
        said = text(paper.insured)
        return same(said, known(facts.vendor.legal_name))

    def beside(required: Any) -> list[tuple[Any, Any]]:
        named = [row for row in paper.coverages if row.kind and row.kind.value == required.kind]
        return [(required, row) for row in named or [None]]

    def is_of_the_bureau(pair: Any) -> bool:
        """Ohio alone insures workers there, on a paper of its own."""
        required, row = pair
        if row is not None:
            seen(row.kind)
        return known(project.state) == "OH" and required.kind == "workers_compensation" and row is None

    def lasts(pair: Any) -> bool | None:
        _, row = pair
        if is_of_the_bureau(pair):
            return None
        day = max(facts.as_of, known(project.work_starts_on))
        day = min(day, known(project.work_ends_on))
        if row is None:
            return False
        effective, expires = seen(row.effective_on), seen(row.expires_on)
        return bool(effective and expires and effective <= day <= expires)

    def begins(pair: Any) -> bool | None:
        _, row = pair
        effective = seen(row.effective_on) if row else None
        return None if effective is None else bool(effective <= known(project.work_starts_on))

    def ends(pair: Any) -> bool | None:
        _, row = pair
        expires = seen(row.expires_on) if row else None
        return None if expires is None else bool(expires >= known(project.work_ends_on))

    def bureau(pair: Any) -> bool | None:
        required, row = pair
        if required.kind != "workers_compensation":
            return None
        if row is not None:
            seen(row.kind)
        return row is not None

    def limit(pair: Any) -> bool | None:
        required, row = pair
        if is_of_the_bureau(pair):
            return None
        cents = seen(row.limit_cents) if row else None
        return cents is not None and cents >= required.limit_cents

    def endorsed(row: Any) -> bool | None:
        return yes(row.has_endorsement) if yes(row.is_extended) else None

    def least(cents: int) -> Callable[[Any], bool | None]:
        def enough(row: Any) -> bool | None:
            if text(row.kind) != "general_liability":
                return None
            said = seen(row.limit_cents)
            return said is not None and said >= cents

        return enough

    def naic(row: Any) -> bool:
        return len(text(row.naic)) == 5 and text(row.naic).isdecimal()

    required = None if paper.coverages is None else project.required_covers
    pairs = None if required is None else [pair for one in required for pair in beside(one)]
    yield "COI-01", insured, "review"
    yield "COI-02", holder, "hold"
    yield from each("COI-03", pairs, lasts, "hold")
    yield from each("COI-03-start", pairs, begins, "review")
    yield from each("COI-03-end", pairs, ends, "warn")
    yield from each("COI-04", pairs, limit, "hold")
    yield from each("COI-05", paper.coverages, endorsed, "warn")
    yield from each("COI-06", paper.insurers, naic, "warn")
    if (project.state, project.trade) == ("TX", "plumbing"):
        yield from each("COI-07", paper.coverages, least(300_000_00), "hold")
    if project.state == "OH" and project.trade in TRADES_OF_OCILB:
        yield from each("COI-08", paper.coverages, least(500_000_00), "hold")
    if project.state == "OH":
        yield from each("COI-09", pairs, bureau, "review")


def cents(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def said_of(line: Any, name: str) -> Any:
    read = getattr(line, name)
    return None if read is None else read.value


def tells_apart(one: Any, other: Any) -> str | None:
    """Return what is the same of two lines of one worker: a number, or the name alone; None for two workers."""
    entries, numbers = ({said_of(line, name) for line in (one, other)} for name in ("entry", "identifier"))
    names = {str(said_of(line, "name") or "").lower() for line in (one, other)}
    if len(entries) == 1 and entries != {None}:
        return "number"
    if len(names) == 2:
        return None
    if re.search(r"\d", next(iter(names))) or (len(numbers) == 1 and numbers != {None}):
        return "number"
    return None if len(numbers - {None}) == 2 or None not in entries else "name"


def by_person(lines: Any) -> list[Any]:
    """Put the lines of each worker together."""
    found: list[Any] = []
    for line in lines:
        mine = next((group for group in found if tells_apart(group[0], line)), None)
        if mine is None:
            found.append([line])
        else:
            mine.append(line)
    return found


def joined(lines: Any, name: str) -> Any:
    """Return the sum over a worker's lines, blanks left out; it is not known where a name alone joins them."""
    told = [seen(getattr(line, name)) for line in lines]
    if any(tells_apart(lines[0], line) == "name" for line in lines[1:]):
        raise UnknownError
    given = [one for one in told if one is not None]
    return sum(given) if given else None


def week_pay(lines: Any) -> tuple[Any, Any, Any]:
    """Return all work, deductions and net of a worker, who is paid once; some print it beside each line."""
    names = ("all_work_cents", "deductions_cents", "net_cents")
    sums = [joined(lines, name) for name in names]
    told = [[seen(getattr(line, name)) for name in names] for line in lines]
    are_own = all(seen(line.gross_cents) == row[0] for line, row in zip(lines, told, strict=True))
    are_whole = all(None not in row and row[0] - row[1] == row[2] for row in told)
    repeats = len(lines) > 1 and all(row == told[0] for row in told)
    if are_whole and (are_own or not repeats):
        return sums[0], sums[1], sums[2]
    columns = [{row[place] for row in told} - {None} for place in range(3)]
    once = [
        next(iter(column)) if len(column) == 1 else one for column, one in zip(columns, sums, strict=True)
    ]
    return sums[0] if are_own else once[0], once[1], once[2]


def of_payroll(facts: DocumentFacts) -> Named:
    paper: Any = facts.fields
    last, project = facts.vendor.last_payroll, facts.project

    def follows() -> bool:
        number, week = seen(paper.number), seen(paper.week_ends_on)
        if last is None or number is None or week is None:
            return False
        weeks, odd_days = divmod((week - last.week_ends_on).days, 7)
        return bool(not last.is_final and number == last.number + 1 and weeks > 0 and odd_days == 0)

    def no_week_between() -> bool:
        week = seen(paper.week_ends_on)
        return last is not None and week is not None and (week - last.week_ends_on).days <= 7

    def final() -> bool | None:
        week = seen(paper.week_ends_on)
        if project.work_ends_on is None or week is None:
            return None
        return bool(yes(paper.is_final) == (week >= project.work_ends_on))

    def signed() -> bool:
        is_signed, title, on = yes(paper.signed), text(paper.signer_title), seen(paper.signed_on)
        return is_signed and title != "" and on is not None

    def delivered() -> bool:
        paid = seen(paper.paid_on)
        return paid is not None and (facts.received_on - paid).days <= 7

    def edition() -> bool | None:
        said = seen(paper.edition_on)
        oldest = date(2025, 1, 1) if facts.as_of > date(2026, 9, 30) else date(2000, 1, 1)
        return None if said is None else bool(said >= oldest)

    def determination() -> bool | None:
        return (
            text(paper.wage_determination) != "" if known(project.federal_contract_cents) > 2_000_00 else None
        )

    def days(worker: Any) -> bool:
        said, total = seen(worker.days_minutes), seen(worker.total_minutes)
        return total is not None and sum(said or ()) == total

    def overtime(lines: Any) -> bool:
        total, said = joined(lines, "total_minutes"), joined(lines, "overtime_minutes") or 0
        return total is not None and max(0, total - 40 * 60) <= said <= total

    def paid(worker: Any) -> bool:
        gross, total, over = (
            seen(worker.gross_cents),
            seen(worker.total_minutes),
            seen(worker.overtime_minutes),
        )
        base, fringe = seen(worker.base_cents), seen(worker.fringe_paid_cents)
        if None in {gross, total, base}:
            return False
        over, fringe = over or 0, fringe or 0
        plain, premium = Decimal(total * base) / 60, Decimal(over * base) / 120
        straight, overtime = Decimal((total - over) * base) / 60, Decimal(over * base) / 40
        ways = [(Decimal((2 * total + over) * base) / 120,), (plain, premium), (straight, overtime)]
        return bool(gross >= min(sum(cents(line) for line in way) for way in ways) + fringe)

    def rate(worker: Any) -> bool:
        total, base, required = (
            seen(worker.total_minutes),
            seen(worker.base_cents),
            known(worker.required_cents),
        )
        credit, paid_out = seen(worker.fringe_credit_cents) or 0, seen(worker.fringe_paid_cents) or 0
        paid_out += seen(worker.fringe_plans_cents) or 0
        if total is None or base is None:
            return False
        week = Decimal((base + credit) * total) / 60 + paid_out
        return week + Decimal("0.5") >= Decimal(required * total) / 60

    def net(lines: Any) -> bool:
        gross, (every, off, left) = joined(lines, "gross_cents"), week_pay(lines)
        return None not in {gross, every, off, left} and every >= gross and every - off == left

    def apprentice(worker: Any) -> bool | None:
        return text(worker.programme) != "" if yes(worker.is_apprentice) else None

    if last is not None:
        yield "WH-01", follows, "hold"
        yield "WH-01-weeks", no_week_between, "review"
    else:
        yield (
            "WH-01-first",
            lambda: seen(paper.number) == 1 and seen(paper.week_ends_on) is not None,
            "review",
        )
    yield "WH-01-final", final, "review"
    yield from each("WH-02", paper.workers, days, "reject")
    persons = None if paper.workers is None else by_person(paper.workers)
    yield from each("WH-03", persons, overtime, "reject")
    yield from each("WH-03-pay", paper.workers, paid, "reject")
    yield from each("WH-04", paper.workers, rate, "reject")
    yield from each("WH-05", persons, net, "reject")
    yield from each("WH-06", paper.workers, apprentice, "hold")
    yield "WH-07", lambda: seen(paper.social_security_numbers) == 0, "reject"
    yield "WH-08", signed, "hold"
    yield "WH-09", delivered, "warn"
    yield "WH-10", edition, "hold"
    yield "WH-11", determination, "hold"


def of_timesheet(facts: DocumentFacts) -> Named:
    sheet: Any = facts.fields

    def complete() -> bool:
        names = (
            sheet.employee,
            sheet.occupation,
            sheet.address,
            sheet.week_starts_at,
            sheet.pay_basis,
        )
        values = (sheet.week_starts_on, sheet.straight_cents, sheet.wages_cents, sheet.paid_on)
        found, given = [text(name) for name in names], [seen(value) for value in values]
        return all(found) and None not in given

    def days() -> bool:
        said, total = seen(sheet.days_minutes), seen(sheet.total_minutes)
        return said is not None and len(said) == 7 and sum(said) == total

    def overtime() -> bool:
        total, said = seen(sheet.total_minutes), seen(sheet.overtime_minutes)
        if total is None or said is None:
            return False
        owed = total + sheet.elsewhere_minutes - 40 * 60 - sheet.elsewhere_overtime_minutes
        return bool(min(total, max(0, owed)) <= said <= total)

    def premium() -> bool | None:
        if not seen(sheet.overtime_minutes):
            return None
        if seen(sheet.overtime_minutes) < 0:
            return None
        rate, extra = seen(sheet.rate_cents), seen(sheet.overtime_cents)
        return rate is not None and bool(extra) and extra > 0

    def young() -> bool | None:
        return seen(sheet.born_on) is not None if yes(sheet.is_under_19) else None

    def rounding() -> bool | None:
        punched, total = seen(sheet.punched_minutes), seen(sheet.total_minutes)
        return None if punched is None or total is None else bool(punched - total <= 15)

    yield "TR-01", complete, "hold"
    yield "TR-02", days, "hold"
    yield "TR-03", overtime, "hold"
    yield "TR-04", premium, "hold"
    yield "TR-05", young, "hold"
    yield "TR-06", rounding, "warn"
    yield "TR-07", lambda: seen(sheet.unexplained_edits) == 0, "review"


def of_licence(facts: DocumentFacts) -> Named:
    paper: Any = facts.fields
    project = facts.project

    def lasts() -> bool:
        expires = seen(paper.expires_on)
        return expires is not None and expires >= facts.as_of

    def holder() -> bool:
        said = [text(paper.holder), text(paper.firm)]
        return any(same(one, known(facts.vendor.legal_name)) for one in said)

    def named() -> bool:
        found = [text(part) for part in (paper.authority, paper.grade, paper.number)]
        return all(found)

    def of(authority: str, condition: Callable[[], bool]) -> Callable[[], bool | None]:
        return lambda: condition() if text(paper.authority) == authority else None

    def class_b() -> bool | None:
        authority, acr_class = text(paper.authority), text(paper.acr_class)
        if authority != "tdlr" or acr_class != "B":
            return None
        tons, btu = known(project.cooling_tons), known(project.heating_btu_per_hour)
        return bool(tons <= 25 and btu <= 1_500_000)

    def master() -> bool | None:
        authority, grade = text(paper.authority), text(paper.grade)
        if authority != "tsbpe" or grade not in {"rmp", "master"}:
            return None
        return bool(re.fullmatch(r"(M|MPL|RMP)[ -]*\d{3,8}", text(paper.number)))

    def tacl() -> bool:
        number = re.sub(r"[ /-]", "", text(paper.number))
        return bool(re.fullmatch(r"TACL[AB]\d{3,8}[ERC]", number))

    def looked_up() -> bool:
        trade, on, by = text(paper.trade), seen(paper.verified_on), text(paper.verified_by)
        return trade in TRADES_OF_OCILB and on is not None and by != ""

    yield "LIC-01", lasts, "hold"
    yield "LIC-02", holder, "review"
    yield "LIC-03", named, "hold"
    if (project.state, project.trade) == ("TX", "hvac"):
        yield "TX-HVAC-01", of("tdlr", tacl), "warn"
        yield "TX-HVAC-02", of("tdlr", lambda: text(paper.acr_class) in {"A", "B"}), "hold"
        yield "TX-HVAC-03", class_b, "hold"
    if (project.state, project.trade) == ("TX", "plumbing"):
        yield "TX-PL-02", master, "warn"
        yield "TX-PL-03", of("tsbpe", lambda: text(paper.grade) == "rmp"), "hold"
    if project.state == "OH":
        yield "OH-OCILB-01", of("ocilb", looked_up), "hold"
        yield "OH-OCILB-02", of("ocilb", lambda: bool(known(project.is_commercial))), "review"
        yield "OH-OCILB-03", of("ocilb", lambda: text(paper.trade) == known(project.trade)), "hold"


def bare(number: str) -> str:
    """Return a licence's number without what people put between its parts, and without leading noughts."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"[\W_]", "", number).lower())


def of_permit(facts: DocumentFacts) -> Named:
    paper: Any = facts.fields
    project = facts.project
    fitting = [
        one for one in facts.vendor.licences if (one.state, one.trade) == (project.state, project.trade)
    ]
    on_file = sorted(fitting, key=lambda one: (one.expires_on, one.number))[-1:]

    def of_project() -> bool | None:
        authorities = known(project.authorities)
        return text(paper.authority) in authorities if authorities else None

    def holds() -> bool:
        number, issued, expires = text(paper.number), seen(paper.issued_on), seen(paper.expires_on)
        is_revoked = yes(paper.is_revoked)
        is_begun = issued is not None and issued <= facts.as_of
        return number != "" and is_begun and not is_revoked and (expires is None or expires >= facts.as_of)

    yield "AHJ-01", lambda: len(known(project.authorities)) > 0, "review"
    yield "PER-01", of_project, "hold"
    yield "PER-02", holds, "hold"
    if on_file:
        yield "PER-03", lambda: bare(text(paper.licence_number)) == bare(on_file[0].number), "review"


def of_invoice(facts: DocumentFacts) -> Named:
    paper: Any = facts.fields
    pay, project = facts.payable, facts.project

    def amount() -> bool:
        said = seen(paper.amount_cents)
        return pay is not None and said == pay.amount_cents

    def payee() -> bool:
        said = text(paper.payee)
        return same(said, known(facts.vendor.legal_name))

    def board() -> bool | None:
        if facts.as_of < date(2020, 6, 1):
            return None
        names, points = [text(paper.rmp_name), text(paper.rmp_licence)], seen(paper.board_points)
        statement, contact = yes(paper.has_board_statement), yes(paper.has_board_contact)
        return all(names) and statement and contact and points is not None and points >= 12

    yield "INV-01", amount, "hold"
    yield "INV-02", payee, "review"
    if (project.state, project.trade) == ("TX", "plumbing"):
        yield "TX-PL-01", board, "warn"


def way(facts: DocumentFacts, *, blocking: bool) -> tuple[str, str]:
    """Return where a document goes, as region and trade, or `held` and why."""
    project = facts.project
    if project.state is None:
        return "held", "no-region"
    if blocking:
        return "held", "checks"
    if facts.kind in {"w9", "invoice", "timesheet", "daily_report", "other"}:
        return "held", "office-only"
    place = (project.state, project.trade)
    if place not in {("TX", "hvac"), ("TX", "plumbing"), ("OH", "plumbing")}:
        return "held", "no-desk"
    licences = [one for one in facts.vendor.licences if (one.state, one.trade) == place]
    licence = max(licences, key=lambda one: (one.expires_on, one.number), default=None)
    try:
        permits = licence is not None and licence.expires_on >= facts.as_of and _permits(licence, facts)
    except UnknownError:
        return "held", "not-known"
    return ("us-" + place[0].lower(), str(place[1])) if permits else ("held", "licence")


def _permits(licence: Any, facts: DocumentFacts) -> bool:
    project = facts.project
    match licence.authority:
        case "tdlr":
            if licence.acr_class == "B":
                tons, btu = known(project.cooling_tons), known(project.heating_btu_per_hour)
                return bool(tons <= 25 and btu <= 1_500_000)
            return bool(licence.acr_class == "A" and project.trade == "hvac")
        case "tsbpe":
            return bool(licence.grade == "rmp" and project.state == "TX" and project.trade == "plumbing")
        case "ocilb":
            return project.state == "OH"
        case _:
            return False
