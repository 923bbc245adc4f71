"""Papers of the corpus: right ones into which something was put that nobody sees."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pikepdf
from active_papers import Change, attaching, changed, of, on_page, opening, with_xfa
from corpus_cases import Case, world
from corpus_layouts import Pen
from corpus_w9 import w9
from corpus_waivers import right_texas

SCRIPT = "<</S/JavaScript/JS(this.getField('amount').value = '1.00')>>"

PUT_IN: Mapping[str, tuple[str, Change]] = {
    "a script on opening": ("DOC-05", opening(SCRIPT)),
    "a script behind a turn of the page": ("DOC-05", opening(f"<</S/Named/N/NextPage/Next[{SCRIPT}]>>")),
    "a click that starts a program": (
        "DOC-06",
        on_page("<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/Launch/F(setup.exe)>>>>"),
    ),
    "a web page on opening": ("DOC-07", opening("<</S/URI/URI(https://pay.example/login)>>")),
    "a button that sends the form": (
        "DOC-07",
        on_page("<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/SubmitForm/F(https://a.example)>>>>"),
    ),
    "another waiver inside": ("DOC-08", attaching("waiver.pdf", b"%PDF-1.7 another waiver")),
}
"""What is told, and stops nothing."""


def active_papers() -> Iterator[Case]:
    one = world(400)
    waiver = right_texas("lien_waiver.conditional_progress", "tx-conditional-progress", "typed", one)
    for said, (rule, change) in PUT_IN.items():
        yield replace(
            waiver,
            name=f"hostile: {said}",
            sort="hostile",
            content=changed(waiver.content, change),
            fires=frozenset({rule}),
        )
    view = opening("<</S/GoTo/D[0/Fit]>>")
    link = on_page("<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(https://www.irs.gov)>>>>")
    yield replace(waiver, name="a waiver that opens at a page", content=changed(waiver.content, view, link))
    broken = waiver.content.replace(b"startxref\n", b"startxref\n9")
    yield replace(
        waiver,
        name="hostile: a file that must be mended",
        sort="hostile",
        content=broken,
        fires=frozenset({"DOC-09"}),
        desk=None,
    )
    yield from forms_in_xml()
    yield from otherwise_shown()


def otherwise_shown() -> Iterator[Case]:
    """Papers of which people see something else than what is read."""
    paper = w9(94, "irs", classification="individual", name="Ana Ruiz", number="512-44-7811")
    yield replace(
        paper,
        name="hostile: w9 that shows another number",
        sort="hostile",
        content=changed(paper.content, showing("f1_13", "7812")),
        fires=frozenset({"DOC-10"}),
    )
    waiver = right_texas("lien_waiver.conditional_progress", "tx-conditional-progress", "typed", world(401))
    yield replace(waiver, name="a waiver in a layer", content=changed(waiver.content, in_layer("/ON")))
    yield replace(
        waiver,
        name="hostile: a waiver in a layer that is off",
        sort="hostile",
        content=changed(waiver.content, in_layer("/OFF")),
        fires=frozenset({"DOC-02"}),
        desk=None,
    )


def showing(field: str, words: str) -> Change:
    """Draw other words where a field stands, and leave its value."""

    def change(paper: pikepdf.Pdf) -> None:
        (place,) = (one for one in paper.pages[0].obj.Annots.as_list() if f"{field}[" in str(one.T))
        drawn = place.AP.N.read_bytes()
        place.AP.N.write(drawn.replace(str(place.V).encode(), words.encode()))

    return change


def in_layer(state: str) -> Change:
    """Bind what stands on the first page to a layer that is on or off."""

    def change(paper: pikepdf.Pdf) -> None:
        layer = paper.make_indirect(of("<</Type/OCG/Name(text)>>"))
        paper.Root.OCProperties = of(f"<</OCGs[]/D<<{state}[]>>>>")
        paper.Root.OCProperties.OCGs.append(layer)
        paper.Root.OCProperties.D[state].append(layer)
        page = paper.pages[0]
        page.obj.Resources.Properties = pikepdf.Dictionary(L=layer)
        page.contents_add(paper.make_stream(b"/OC /L BDC"), prepend=True)
        page.contents_add(paper.make_stream(b"EMC"))

    return change


def forms_in_xml() -> Iterator[Case]:
    """W-9s as the IRS gives them out, with an XFA form beside the fields."""
    paper = w9(93, "irs", classification="individual", name="Ana Ruiz", number="512-44-7811")
    said = {"f1_01": "Ana Ruiz", "f1_02": "", "f1_11": "512", "f1_12": "44", "f1_13": "7811"}
    yield replace(paper, name="w9 of Acrobat", content=changed(paper.content, with_xfa(said)))
    blank = dict.fromkeys(said, "")
    yield replace(paper, name="w9 of a browser", content=changed(paper.content, with_xfa(blank)))
    for name, change in {
        "another name in its XML": with_xfa(said | {"f1_01": "Ana Ruiz Holdings"}),
        "another number in its XML": with_xfa(said | {"f1_13": "7812"}),
        "pages that Acrobat alone draws": with_xfa(said, needs_rendering=True),
    }.items():
        yield replace(
            paper,
            name=f"hostile: w9 with {name}",
            sort="hostile",
            content=changed(paper.content, change),
            fires=frozenset({"DOC-04"}),
        )
    pen = Pen("Form W-9")
    pen.line("Please wait...")
    pen.wrapped("If this message stays, your program may not be able to show this kind of form.")
    waiting = changed(pen.done(), with_xfa(said, needs_rendering=True))
    yield Case("hostile: w9 that asks to wait", None, "hostile", "typed", waiting)
