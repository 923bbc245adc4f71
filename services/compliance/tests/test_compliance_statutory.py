"""The forms of waivers: a form that is filled passes, and every way to change its words is caught.

A mutant is caught when a rule about wording rejects it or sends it to a person; it must never pass.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_lab import facts, rule_set, shipped

from plumbline.compliance.domain.decision import Outcome
from plumbline.compliance.domain.rules.deciding import decide
from plumbline.compliance.domain.statutory import MOST_WORDS, Form, Wording, compare, text_hash, words

FORMS = {form.id: form for form in shipped().forms}

BASES = {
    "tx-53-284-b": "tx-conditional-progress",
    "tx-53-284-c": "tx-unconditional-progress",
    "tx-53-284-d": "tx-conditional-final",
    "tx-53-284-e": "tx-unconditional-final",
    "oh-conditional-progress": "oh-conditional-progress",
    "oh-unconditional-progress": "oh-unconditional-progress",
    "oh-conditional-final": "oh-conditional-progress",
    "oh-unconditional-final": "oh-unconditional-progress",
}

PLAIN = {
    "project": "Pecan Street Offices",
    "job_number": "26-117",
    "maker": "Brazos Builders LLC",
    "amount": "48,150.00",
    "payee": "Lone Star Air, L.L.C.",
    "owner": "Pecan Street Partners LP",
    "location": "400 Pecan Street, Austin, Travis County, Texas 78701",
    "extent": "Ductwork, levels 1 and 2, through October 31, 2026",
    "contracted_with": "Brazos Builders LLC",
    "date": "November 3, 2026",
    "company": "Lone Star Air, L.L.C.",
    "signature": "/s/ Ana Ruiz",
    "signer_name": "Ana Ruiz",
    "title": "President",
    "through": "October 31, 2026",
}

TRICKY = PLAIN | {
    "project": "The Bank of the Signer",
    "owner": "Owner Located At The Property LLC",
    "location": "1 Payment Bond Road, Rule, Texas (location of the former check works)",
    "extent": "materials, equipment, or services to the property",
    "contracted_with": "Person & Persons of Work LLC",
    "signature": "",
}

EMPTY = dict.fromkeys(PLAIN, "________")

CLAUSES = [
    "Signer shall indemnify, defend and hold harmless the owner and the general contractor from all claims.",
    "This waiver covers all work performed to date and hereafter, whether or not it was paid for.",
    "The signer also gives up all claims for delay, interest and extra work of any kind.",
]


def filled(form: Form, values: dict[str, str] = PLAIN) -> str:
    return re.sub(r"\{(\w+)\}", lambda place: values[place.group(1)], form.text)


def verdicts(form: Form, text: str) -> set[Outcome]:
    """Return what the rules about wording say of a text."""
    wording = compare(form, text).model_dump()
    decisions = decide(facts(BASES[form.id], fields__wording=wording), rule_set())
    return {one.outcome for one in decisions if one.rule.startswith(("TX-LW-02", "OH-LW-05"))}


def mutants(form: Form) -> Iterator[tuple[str, str]]:
    """Return changed texts of a form that was filled, each with what was done to it."""
    text = filled(form)
    paragraphs = [line for line in text.splitlines() if len(words(line)) > 20]
    sentences = [part for line in paragraphs for part in re.split(r"(?<=\.) ", line)]
    for sentence in sentences:
        yield f"left out: {sentence[:40]}", text.replace(sentence, "", 1)
        yield f"twice: {sentence[:40]}", text.replace(sentence, f"{sentence} {sentence}", 1)
    for line in paragraphs:
        for clause in CLAUSES:
            yield f"clause after {line[:30]}: {clause[:20]}", text.replace(line, f"{line} {clause}", 1)
    yield "paragraphs turned round", "\n".join(reversed(text.splitlines()))
    yield from _swapped(text)
    yield from _moved(form, text)
    yield from _in_blanks(form)


SWAPS = [
    ("CONDITIONAL WAIVER", "UNCONDITIONAL WAIVER"),
    ("UNCONDITIONAL WAIVER", "CONDITIONAL WAIVER"),
    ("PROGRESS PAYMENT", "FINAL PAYMENT"),
    ("FINAL PAYMENT", "PROGRESS PAYMENT"),
    ("progress payment", "final payment"),
    ("final payment", "progress payment"),
    ("unconditionally", "conditionally"),
    ("a conditional release", "an unconditional release"),
    ("It is prohibited", "It is not prohibited"),
    ("have not been paid", "have been paid"),
    ("has been paid", "will be paid"),
    ("has been properly endorsed and has been paid", "has been issued"),
    ("becomes effective to release", "releases"),
    ("should verify", "need not verify"),
    ("except for unpaid retention", "including unpaid retention"),
    ("except for unpaid retention, pending modifications and changes, or other items furnished", ""),
    ("pending modifications and changes, ", ""),
    ("The signer warrants", "The owner warrants"),
    ("has already paid or will use", "has already paid and will use"),
    ("promptly pay in full", "pay"),
    ("all of the signer's laborers", "the signer's laborers"),
    ("any claim for payment", "any claim for payment or damages"),
    ("any mechanic's lien right", "any mechanic's or constitutional lien right"),
    ("a payment bond", "any bond"),
    ("any common law payment bond right, ", ""),
    ("state or federal statute", "state statute"),
    ("(maker of check)", ""),
    ("in the sum of $", "in a sum of up to $"),
    ("in the sum of $", "in the sum of ten dollars and not "),
    ("payable to", "payable jointly to"),
    ("to the following extent", "to any extent"),
    ("labor, services, equipment, or materials", "labor"),
    ("progress payment in the sum", "payment in the sum"),
    ("the property of", "any property of"),
    ("up to the date of this waiver and release", "up to completion"),
    ("in full for all", "for all"),
    ("The signer of this document", "Any recipient of this document"),
    ("or to", "and to"),
    ("(Signature)", "(Signature of agent, without authority)"),
    ("Date", "Effective date"),
]


def _swapped(text: str) -> Iterator[tuple[str, str]]:
    for before, after in SWAPS:
        whole = re.compile(rf"(?<![A-Za-z]){re.escape(before)}")
        if whole.search(text):
            yield f"{before} -> {after}", whole.sub(after, text, count=1)


def _moved(form: Form, text: str) -> Iterator[tuple[str, str]]:
    lines = text.splitlines()
    yield "the first paragraph comes last", "\n".join([*lines[1:], lines[0]])
    yield "the text stops in the midst", text[: len(text) // 2]
    yield "the text of another form", filled(next(one for one in FORMS.values() if one.id != form.id))
    yield "the text twice", text + text
    yield "only the blanks", " ".join(PLAIN.values())
    yield "nothing", ""
    yield "behind many other words", text + " and so on" * MOST_WORDS


def _in_blanks(form: Form) -> Iterator[tuple[str, str]]:
    for name in form.blanks:
        yield f"a release in blank {name}", filled(form, PLAIN | {name: "all work and releases everything"})
        yield f"a story in blank {name}", filled(form, PLAIN | {name: "work " * 60})
    if "amount" in form.blanks:
        yield "an amount in words", filled(form, PLAIN | {"amount": "whatever is owed"})


ALL_MUTANTS = [(form, said, text) for form in FORMS.values() for said, text in mutants(form)]


def test_every_form_has_enough_mutants() -> None:
    for form in FORMS.values():
        changed = {words(text) for _, text in mutants(form)} - {words(filled(form))}
        assert len(changed) >= 40


@pytest.mark.parametrize(
    ("form", "said", "text"), ALL_MUTANTS, ids=lambda part: getattr(part, "id", str(part)[:50])
)
def test_a_mutant_is_caught(form: Form, said: str, text: str) -> None:
    outcomes = verdicts(form, text)
    assert outcomes & {Outcome.REJECT, Outcome.REVIEW}, said


@pytest.mark.parametrize("values", [PLAIN, TRICKY, EMPTY], ids=["plain", "tricky", "empty"])
@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.id)
def test_a_form_that_is_filled_passes(form: Form, values: dict[str, str]) -> None:
    assert verdicts(form, filled(form, values)) == {Outcome.IN_ORDER}


@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.id)
def test_print_changes_nothing(form: Form) -> None:
    printed = filled(form).replace(" ", "\n   ").replace("'", "\u2019").replace(",", " ,").upper()
    assert verdicts(form, printed) == {Outcome.IN_ORDER}


TEXAN = [form for form in FORMS.values() if form.state == "TX"]


@pytest.mark.parametrize("form", TEXAN, ids=lambda form: form.id)
def test_what_misses_a_paragraph_is_rejected_and_one_word_is_for_a_person(form: Form) -> None:
    text = filled(form)
    warrants = next(line for line in text.splitlines() if "warrants" in line)
    assert Outcome.REJECT in verdicts(form, text.replace(warrants, ""))
    assert Outcome.REJECT in verdicts(form, text.replace(warrants, f"{warrants} {CLAUSES[0]}"))
    assert verdicts(form, text.replace("signer warrants", "owner warrants")) == {
        Outcome.IN_ORDER,
        Outcome.REVIEW,
    }


@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.id)
def test_a_form_says_that_counsel_has_not_confirmed_it_and_where_it_is_from(form: Form) -> None:
    assert form.status == "to be confirmed by counsel"
    assert form.sha256 == text_hash(form.text)
    if form.state == "TX":
        assert "legislature" in form.provenance
        assert form.statute.startswith("Tex. Prop. Code §53.284(")
    else:
        assert not form.statute
        assert form.origin.startswith("Plumbline's own form for OH")


def test_the_first_change_is_told() -> None:
    form = FORMS["tx-53-284-b"]
    text = filled(form, TRICKY)
    assert (
        compare(form, text.replace("should verify", "need not verify")).first_change == '"should" is missing'
    )
    added = compare(form, text.replace("The signer warrants", "The signer hereby warrants"))
    assert (added.first_change, added.changed_words) == ('"hereby" is added', 1)


def shape(wording: Wording) -> tuple[Any, ...]:
    return wording.template_cover, wording.document_cover, wording.foreign_run_words, wording.changed_words


NAMES = st.text(alphabet="abcdefghij &.,-'", max_size=40)


@settings(max_examples=100, deadline=None)
@given(
    form=st.sampled_from(list(FORMS.values())),
    values=st.fixed_dictionaries({name: NAMES for name in PLAIN if name != "amount"}),
    cents=st.integers(0, 10**11 - 1),  # from a thousand million dollars on a person looks
)
def test_whatever_is_filled_into_the_blanks_the_form_passes(
    form: Form, values: dict[str, str], cents: int
) -> None:
    few = {n: value if len(words(value)) <= 3 else " ".join(words(value)[:3]) for n, value in values.items()}
    text = filled(form, few | {"amount": f"{cents // 100:,}.{cents % 100:02d}"})
    assert shape(compare(form, text)) == (1.0, 1.0, 0, 0)


@settings(max_examples=40, deadline=None)
@given(
    form=st.sampled_from(list(FORMS.values())),
    place=st.integers(0, 10**6),
    word=st.sampled_from(["not", "un", "all"]),
)
def test_a_word_put_in_anywhere_outside_the_blanks_is_seen(form: Form, place: int, word: str) -> None:
    parts = re.split(r"(\s+)", form.text)
    spots = [spot for spot in range(2, len(parts) - 1, 2) if "{" not in parts[spot] + parts[spot - 2]]
    spot = spots[place % len(spots)]
    parts[spot] = f"{word} {parts[spot]}"
    text = re.sub(r"\{(\w+)\}", lambda blank: PLAIN[blank.group(1)], "".join(parts))
    assert compare(form, text).changed_words > 0
