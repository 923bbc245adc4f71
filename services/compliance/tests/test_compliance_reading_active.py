"""Whatever a file does besides showing its pages is told to a person, wherever in it that is hidden; links are not."""

import pytest
from active_papers import ATTACKS, HARMLESS, XDP, changed, opening, with_xfa
from corpus_w9 import CLASSES, w9_form

from plumbline.compliance.adapters.reading.content import read_content
from plumbline.compliance.domain.content import Structure


@pytest.mark.parametrize("name", ATTACKS)
def test_what_a_file_does_is_told_wherever_it_is_hidden(name: str) -> None:
    of_structure, made = ATTACKS[name]
    structure = read_content(made()).structure
    assert getattr(structure, of_structure) != getattr(Structure(), of_structure)


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_harmless_and_common_is_not_told(name: str) -> None:
    structure = read_content(HARMLESS[name]()).structure
    assert structure.model_dump(exclude_defaults=True) == {"page_count": 1}


ACTIONS = {
    "<</S/URI/URI(http://a.example)>>": "opens a web page",
    "<</S/SubmitForm/F(http://a.example)>>": "sends what is filled in",
    "<</S/ImportData/F(a.fdf)>>": "takes in other data",
    "<</S/GoToR/F(a.pdf)/D[0/Fit]>>": "opens another file",
    "<</S/GoToE/D[0/Fit]>>": "opens another file",
    "<</S/Rendition/OP 0>>": "plays sound or film",
    "<</S/ResetForm>>": "empties fields",
    "<</S/Hide/T(a)>>": "shows or hides parts",
}


@pytest.mark.parametrize("action", ACTIONS)
def test_action_on_opening_is_told_by_what_it_does(action: str) -> None:
    paper = changed(HARMLESS["is tagged"](), opening(action))
    assert read_content(paper).structure.actions == (ACTIONS[action],)


NAME, NUMBER = "Lone Star Air LLC", "74-1234567"
PAPER = w9_form(NAME, NUMBER, "ein", "llc", code="S")
SAID = {"f1_01": NAME, "f1_02": "", "c1_1": "Yes", "f1_03": "S", "f1_14": "74", "f1_15": "1234567"}
BOXES = [("c1_1", "Yes" if number == CLASSES.index("llc") else "0") for number in range(len(CLASSES))]
PRESET = '<field name="f1_02"><value><text>%s</text></value></field>'
SCRIPT = '<field name="f1_02"><event activity="initialize"><script>this.rawValue = "Other"</script></event></field>'

READ = {
    "the same in both": with_xfa(SAID),
    "each box by itself": with_xfa(BOXES),
    "blank, as a browser leaves it": with_xfa(dict.fromkeys(SAID, "")),
    "no data": with_xfa(None),
    "spaced in another way": with_xfa(SAID | {"f1_01": "\n Lone Star  Air LLC "}),
    "a preset that the data replace": with_xfa(SAID, template=PRESET % "Other"),
    "a box that is preset to be empty": with_xfa(None, template=PRESET.replace("f1_02", "c1_1") % "0"),
}
UNREAD = {
    "another text": with_xfa(SAID | {"f1_01": "Other LLC"}),
    "two texts that are exchanged": with_xfa(SAID | {"f1_14": "1234567", "f1_15": "74"}),
    "a text where the field is empty": with_xfa(SAID | {"f1_02": "Other"}),
    "a text for which there is no field": with_xfa(SAID | {"clause": "and waives all claims"}),
    "another box, each by itself": with_xfa([BOXES[-1], *BOXES[:-1]]),
    "another box": with_xfa(SAID | {"c1_1": "No"}),
    "a text twice, each time another": with_xfa([*SAID.items(), ("f1_01", "Other LLC")]),
    "a text in an attribute": with_xfa('<f1_01 said="Other LLC"/>'),
    "a text with type of its own": with_xfa(SAID | {"f1_01": f"<p>{NAME}</p>"}),
    "a preset that no data replace": with_xfa(None, template=PRESET % "Other"),
    "pages drawn from it alone, by its settings": with_xfa(SAID, render="required"),
    "pages drawn from it alone, by the file": with_xfa(SAID, needs_rendering=True),
    "no XML": with_xfa(SAID, start="<xdp:xdp>"),
    "words of its own": with_xfa(SAID, start=f'<!DOCTYPE a [<!ENTITY b "{NAME}">]>{XDP}'),
    "more than any form": with_xfa(SAID | {"f1_02": " " * 9_000_000}),
}


@pytest.mark.parametrize("name", READ)
def test_form_in_two_parts_that_say_the_same_is_read(name: str) -> None:
    assert read_content(changed(PAPER, READ[name])).structure == read_content(PAPER).structure


@pytest.mark.parametrize("name", UNREAD)
def test_form_that_may_show_something_else_is_unread(name: str) -> None:
    assert read_content(changed(PAPER, UNREAD[name])).structure.has_unread_xfa


def test_what_a_form_in_xml_does_is_told() -> None:
    structure = read_content(
        changed(PAPER, with_xfa(SAID, template=SCRIPT + '<submit target="http://a.example"/>'))
    ).structure
    assert structure.has_javascript
    assert structure.actions == ("sends what is filled in",)
    assert not structure.has_unread_xfa
