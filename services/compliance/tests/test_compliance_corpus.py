"""Papers that are right go through, papers that are wrong do not, whatever they look like or say of themselves."""

from collections.abc import Iterator

import pytest
from corpus import Result, decided, results
from corpus_cases import world
from corpus_report import (
    PAGE,
    at_wrong_desk,
    needlessly_stopped,
    of_fields,
    of_kinds,
    page,
    silent_checks,
    wrongly_through,
)
from corpus_w9 import EINS, SSNS
from corpus_waivers import TX_BASES, blanks, text_of, typed
from rules_lab import shipped
from test_compliance_statutory import FORMS, mutants

from plumbline.compliance.adapters.reading.pdf import read_pdf
from plumbline.compliance.domain.content import PaperContent, Structure
from plumbline.compliance.domain.decision import Outcome
from plumbline.compliance.domain.papers import FIELDS
from plumbline.compliance.domain.recognising.recognition import recognise

KNOWN = [one for one in results() if not one.case.held_out and not one.case.seen]
SEEN = [one for one in results() if one.case.seen]
HELD_OUT = [one for one in results() if one.case.held_out]


BY_PEOPLE = {"lien_waiver.other", "other"}
"""Kinds that no paper of the corpus is: one is a waiver that leaves open what it is, the other is never recognised."""


def test_the_corpus_is_large_and_has_every_kind_right_and_wrong() -> None:
    assert len(results()) >= 200
    for sort in ("right", "wrong"):
        assert {one.case.kind for one in KNOWN if one.case.sort == sort} >= set(FIELDS) - BY_PEOPLE
    assert sum(one.case.sort == "hostile" for one in KNOWN) >= 20
    assert {one.case.kind for one in HELD_OUT} >= set(FIELDS) - BY_PEOPLE


@pytest.mark.parametrize("found", [KNOWN, SEEN, HELD_OUT], ids=["known", "seen", "held out"])
def test_no_paper_is_let_through_that_must_not_pass(found: list[Result]) -> None:
    assert wrongly_through(found) == []
    assert at_wrong_desk(found) == []


def test_in_known_layouts_every_check_speaks_and_no_right_paper_is_stopped() -> None:
    assert silent_checks(KNOWN) == []
    assert needlessly_stopped(KNOWN) == []
    assert [one.case.name for one in KNOWN if one.desk != one.case.desk] == []


def test_in_known_layouts_every_kind_is_told_and_what_was_read_surely_is_right() -> None:
    for kind, (told, _) in of_kinds(KNOWN).items():
        assert (told.precision, told.recall) == (1.0, 1.0), kind
    for name, tally in of_fields(KNOWN).items():
        assert tally.precision == 1.0, name
        assert tally.recall >= 0.8, name


def test_of_seen_papers_what_was_read_surely_is_right_and_few_are_stopped() -> None:
    assert {name for name, tally in of_fields(SEEN).items() if tally.precision < 1.0} == set()
    assert len(needlessly_stopped(SEEN)) <= 9


def test_no_held_out_paper_is_taken_for_another_kind() -> None:
    assert [one.case.name for one in HELD_OUT if one.kind not in {None, one.case.kind}] == []


def test_the_page_says_what_was_found() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_a_picture_is_of_no_kind_and_says_so() -> None:
    picture = PaperContent(media_type="image/png", structure=Structure(page_count=1), read_by="none")
    told = recognise(picture, shipped().forms, authorities={})
    assert told.kind is None
    assert told.why


def test_what_is_in_a_file_is_not_forgotten_while_a_person_says_what_it_is() -> None:
    waiting = next(one for one in KNOWN if one.case.name == "hostile: w9 that asks to wait")
    assert waiting.recognised.kind is None
    assert waiting.recognised.file.has_unread_xfa


def test_a_whole_tax_number_stands_nowhere_in_what_was_recognised() -> None:
    seen = 0
    for one in results():
        if one.case.kind != "w9":
            continue
        number = one.recognised.tax_number
        seen += number is not None
        for told in (
            one.recognised.model_dump_json(),
            repr(one.recognised),
            repr(one.content),
            repr(one.decisions),
        ):
            for planted in (*EINS, *SSNS):
                assert planted not in told
                assert planted.replace("-", "") not in told
    assert seen >= 10


def printed_mutants() -> Iterator[tuple[str, str, str]]:
    """Yield forty mutants of each statutory form."""
    for kind in TX_BASES:
        form = next(one for one in FORMS.values() if one.kind == kind)
        changed = [one for one in mutants(form) if one[1].strip()]
        step = len(changed) / 40
        for number in range(40):
            said, text = changed[int(number * step)]
            yield kind, said, text


@pytest.mark.parametrize("kind", TX_BASES)
def test_forty_mutants_of_a_form_are_caught_as_prints(kind: str) -> None:
    caught: set[str] = set()
    for of_kind, said, text in printed_mutants():
        if of_kind != kind:
            continue
        told = recognise(read_pdf(typed(text.splitlines())), shipped().forms, authorities={})
        wording = getattr(told.fields, "wording", None)
        is_itself = told.kind == kind and wording is not None and wording.changed_words == 0
        assert not is_itself, said
        caught.add(said)
    assert len(caught) == 40


@pytest.mark.parametrize("kind", TX_BASES)
def test_the_form_itself_is_found_unchanged_as_a_print(kind: str) -> None:
    told = recognise(read_pdf(typed(text_of(kind, blanks(world(5))))), shipped().forms, authorities={})
    assert told.kind == kind
    wording = getattr(told.fields, "wording", None)
    assert wording is not None
    assert wording.changed_words == 0


def test_a_right_paper_with_text_that_people_do_not_see_is_for_a_person() -> None:
    right = next(one for one in KNOWN if one.case.sort == "right" and one.desk is not None)
    concealing = right.recognised.model_copy(update={"file": Structure(has_hidden_text=True)})
    told = decided(right.case, concealing)
    assert [one.rule for one in told if one.outcome is Outcome.REVIEW] == ["DOC-02"]
    assert all(one.desk is None for one in told)
