"""What is read is what people see: of a form what its fields show, of a page what is in layers that are on."""

from collections.abc import Callable, Mapping

import pytest
from shown_papers import (
    FILLED,
    IN_LAYERS_THAT_ARE_OFF,
    IN_LAYERS_THAT_ARE_ON,
    OTHERWISE,
    VALUES,
    amount,
    blank_form,
    box,
    by_glyphs,
    crowded,
    in_groups,
)

from plumbline.compliance.adapters.reading.content import read_content
from plumbline.compliance.adapters.reading.same_text import says_the_same


def has_other_appearance(content: bytes) -> bool:
    return read_content(content).structure.has_other_appearance


@pytest.mark.parametrize("how", FILLED)
def test_form_that_a_program_filled_in_shows_what_it_holds(how: str) -> None:
    paper = read_content(FILLED[how]())
    values = {name: value.replace("\r\n", "\n") for name, value in paper.values.items()}
    assert values == {**VALUES, "final": "Yes"}
    assert not paper.structure.has_other_appearance


@pytest.mark.parametrize("name", OTHERWISE)
def test_form_that_shows_something_else_is_told(name: str) -> None:
    assert has_other_appearance(OTHERWISE[name]())


ALIKE: Mapping[str, Callable[[], bytes]] = {
    "as blank as it is": blank_form,
    "in a format": lambda: amount("9000", "($9,000.00) Tj"),
    "piece by piece": lambda: amount("9000", "[(9) -20 (00) 10 (0)] TJ"),
    "by a blank that is drawn anew": lambda: amount("9000", "() Tj", form="/NeedAppearances true"),
    "by what is drawn anew": lambda: amount("9000", None, form="/NeedAppearances true"),
    "by glyphs": by_glyphs,
    "in groups": in_groups,
    "at many places": lambda: crowded(2000),
    "within lines": lambda: amount("9000", "(9000) Tj", more="0 0 200 30 re S 9 0 m 9 30 l S"),
    "by a box that is on": lambda: box(value="Yes", state="Yes"),
    "by a box that is off": lambda: box(value="Off", state="Off"),
    "by a box that is off in another word": lambda: box(value="No", state="Off"),
}


@pytest.mark.parametrize("name", ALIKE)
def test_form_that_shows_what_it_holds_in_its_own_way_is_not_told(name: str) -> None:
    assert not has_other_appearance(ALIKE[name]())


SAME = [
    ("Lone Star Air", " Lone\n Star  Air "),
    ("5 1 2", "512"),
    ("o\ufb03ce", "office"),
    ("$9,000.00", "9000"),
    ("-$9,000.50", "-9000.5"),
    ("9,000", "9000.00"),
    ("$0.50", "0.5"),
    ("11/30/2026", "2026-11-30"),
    ("November 30, 2026", "11/30/26"),
    ("1 1 / 3 0 / 2 0 2 6", "11/30/2026"),
    ("512-44-7811", "512447811"),
    ("(512) 555-0123", "5125550123"),
    ("N??ez", "N\u00fa\u00f1ez"),
]
OTHER = [
    ("$90,000", "9000"),
    ("9,000", "9.000"),
    ("90.00", "9000"),
    ("-9000", "9000"),
    ("(9,000)", "9000"),
    ("90,00", "9000"),
    ("012", "12"),
    ("0,900", "900"),
    ("9000", ""),
    ("", "9000"),
    ("11/30/2026", "11/13/2026"),
    ("512-44-7811", "512447812"),
    ("lone star air", "Lone Star Air"),
    ("Ana Ruiz", "Ana Ruiz LLC"),
    ("N?ez", "Nunez"),
    ("Nunez", "N?nez"),
]


@pytest.mark.parametrize(("shown", "held"), SAME)
def test_texts_that_say_the_same(shown: str, held: str) -> None:
    assert says_the_same(shown, held)


@pytest.mark.parametrize(("shown", "held"), OTHER)
def test_texts_that_say_something_else(shown: str, held: str) -> None:
    assert not says_the_same(shown, held)


@pytest.mark.parametrize("name", IN_LAYERS_THAT_ARE_OFF)
def test_what_is_in_a_layer_that_is_off_is_told(name: str) -> None:
    assert read_content(IN_LAYERS_THAT_ARE_OFF[name]()).structure.has_hidden_text


@pytest.mark.parametrize("name", IN_LAYERS_THAT_ARE_ON)
def test_what_is_in_layers_that_are_on_is_not_told(name: str) -> None:
    structure = read_content(IN_LAYERS_THAT_ARE_ON[name]()).structure
    assert not structure.has_hidden_text
    assert not structure.has_unseen_parts
