"""Near duplicates are pointed out: the same paper with another amount or month is one, another form is none."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_lab import shipped
from test_compliance_statutory import PLAIN as OCTOBER

from plumbline.compliance.domain.likeness import are_alike, fingerprint, likeness

FORMS = {form.id: form.text for form in shipped().forms}

ANOTHER_AMOUNT = OCTOBER | {"amount": "9,350.00"}
NEXT_MONTH = OCTOBER | {
    "amount": "52,010.00",
    "date": "December 2, 2026",
    "extent": "Ductwork, levels 1 and 2, through November 30, 2026",
    "through": "November 30, 2026",
}
ANOTHER_VENDOR = {
    "project": "Bluebonnet Clinic Phase 2",
    "job_number": "26-204",
    "maker": "Harlan General Contractors Inc",
    "amount": "7,300.00",
    "payee": "Mesquite Mechanical LLC",
    "owner": "Bluebonnet Health Partners",
    "location": "88 Commerce Street, San Antonio, Bexar County, Texas 78205",
    "extent": "Chilled water piping, plant room, through September 30, 2026",
    "contracted_with": "Harlan General Contractors Inc",
    "date": "October 5, 2026",
    "company": "Mesquite Mechanical LLC",
    "signature": "/s/ Bo Diaz",
    "signer_name": "Bo Diaz",
    "title": "Member",
    "through": "September 30, 2026",
}


def filled(form: str, values: dict[str, str]) -> str:
    return fingerprint(re.sub(r"\{(\w+)\}", lambda blank: values[blank[1]], FORMS[form]))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("values", [OCTOBER, ANOTHER_AMOUNT, NEXT_MONTH], ids=["same", "amount", "month"])
def test_waiver_with_another_amount_or_month_is_a_near_duplicate(form: str, values: dict[str, str]) -> None:
    assert are_alike(filled(form, OCTOBER), filled(form, values))
    assert likeness(filled(form, OCTOBER), filled(form, values)) >= 0.92


@pytest.mark.parametrize("form", FORMS)
def test_waiver_of_another_vendor_is_none(form: str) -> None:
    assert not are_alike(filled(form, OCTOBER), filled(form, ANOTHER_VENDOR))
    assert likeness(filled(form, OCTOBER), filled(form, ANOTHER_VENDOR)) <= 0.80


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(FORMS, 2)))
def test_another_form_filled_in_with_the_same_words_is_none(one: str, other: str) -> None:
    assert not are_alike(filled(one, OCTOBER), filled(other, OCTOBER))
    assert likeness(filled(one, OCTOBER), filled(other, OCTOBER)) <= 0.82


def test_paper_with_a_clause_added_is_pointed_out() -> None:
    form = FORMS["tx-53-284-b"]
    clause = " Signer also gives up all claims for delay, interest and extra work of any kind."
    assert are_alike(fingerprint(form), fingerprint(form + clause))
    assert likeness(fingerprint(form), fingerprint(form + clause)) < 1


def test_papers_without_text_are_alike_to_none() -> None:
    scan = fingerprint("Scanned by OfficeScan 300 dpi")
    assert scan == ""
    assert not are_alike(scan, scan)
    assert not are_alike(scan, fingerprint(FORMS["tx-53-284-b"]))


def test_fingerprint_tells_nothing_of_a_tax_number() -> None:
    paper = FORMS["tx-53-284-b"] + " Taxpayer identification number 219-09-{} and 12-345678{}"
    assert fingerprint(paper.replace("{}", "9999")) == fingerprint(paper.replace("{}", "1234"))


def test_fingerprint_that_was_kept_can_still_be_compared() -> None:
    text = " ".join(f"word{chr(ord('a') + n % 26)} {chr(ord('a') + n // 26)}" for n in range(200))
    assert fingerprint(text)[:32] == "000fd32a00d0eeeb00ebc57c025dbbea"
    assert len(fingerprint(text)) <= 2048


TEXTS = st.lists(
    st.sampled_from(["amber", "brick", "crane", "drain", "eaves", "flue", "gable", "hinge"]), max_size=60
).map(" ".join)


@given(one=TEXTS, other=TEXTS)
def test_likeness_goes_both_ways_and_is_a_share(one: str, other: str) -> None:
    left, right = fingerprint(one), fingerprint(other)
    assert likeness(left, right) == likeness(right, left)
    assert 0 <= likeness(left, right) <= 1
    assert likeness(left, left) == (1.0 if left else 0.0)
