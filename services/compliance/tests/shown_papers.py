"""Forms that show what their fields hold, as programs leave them, forms that show something else, and layers."""

import ctypes
import io
from collections.abc import Callable, Mapping

import pikepdf
import pypdf
import pypdfium2
import pypdfium2.raw as pdfium
from active_papers import changed, of
from hostile_papers import one_page, pdf, stream
from reportlab.pdfgen.canvas import Canvas

NAME = "Señor & Söhne of Lone Star Air, who have a long name\nand a second line"
VALUES = {"amount": "9000.00", "number": "512447811", "name": NAME}
FINAL = "final"
PLACES = {"amount": 700, "number": 660, "name": 560}
HELVETICA = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
PICTURE = "BI /W 1 /H 1 /BPC 8 /CS /G ID \x00 EI"


def blank_form() -> bytes:
    """A form with a line, a comb, several lines and a box, as nobody has filled it in."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(612, 792), invariant=True)
    canvas.drawString(72, 740, "Waiver")
    canvas.acroForm.textfield(name="amount", x=140, y=700, width=200, height=30)
    canvas.acroForm.textfield(name="number", x=140, y=660, width=200, height=30, maxlen=9, fieldFlags="comb")
    canvas.acroForm.textfield(name="name", x=140, y=560, width=200, height=70, fieldFlags="multiline")
    canvas.acroForm.checkbox(name=FINAL, x=140, y=500)
    canvas.save()
    return out.getvalue()


def by_chrome() -> bytes:
    """Fill it in as Chrome does, by PDFium: a click into each field, and typing."""
    with pypdfium2.PdfDocument(blank_form()) as paper:
        paper.init_forms()
        form, page = paper.formenv, paper[0]
        for name, y in (*PLACES.items(), (FINAL, 500)):
            pdfium.FORM_OnLButtonDown(form, page, 0, 150, y + 10)
            pdfium.FORM_OnLButtonUp(form, page, 0, 150, y + 10)
            if name in VALUES:
                typed = ctypes.create_string_buffer(VALUES[name].encode("utf-16-le") + b"\0\0")
                pdfium.FORM_ReplaceSelection(form, page, ctypes.cast(typed, ctypes.POINTER(ctypes.c_ushort)))
            pdfium.FORM_ForceToKillFocus(form)
        out = io.BytesIO()
        paper.save(out)
        return out.getvalue()


def by_pypdf(*, auto_regenerate: bool) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(blank_form()))
    values = {**VALUES, FINAL: "/Yes"}
    writer.update_page_form_field_values(writer.pages[0], values, auto_regenerate=auto_regenerate)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def by_pikepdf(*, draws: bool, deletes: bool = False) -> bytes:
    """Fill it in by values alone, and leave the drawing to qpdf, or to whoever opens it."""

    def change(paper: pikepdf.Pdf) -> None:
        for name, widget in widgets(paper).items():
            if name in VALUES:
                widget.V = pikepdf.String(VALUES[name])
                if deletes:
                    del widget.AP
            else:
                widget.V = widget.AS = pikepdf.Name.Yes
        paper.Root.AcroForm.NeedAppearances = True
        if draws:
            paper.generate_appearance_streams()

    return changed(blank_form(), change)


FILLED: Mapping[str, Callable[[], bytes]] = {
    "by Chrome": by_chrome,
    "by pypdf": lambda: by_pypdf(auto_regenerate=False),
    "by pypdf, to be drawn anew": lambda: by_pypdf(auto_regenerate=True),
    "by pikepdf, drawn by qpdf": lambda: by_pikepdf(draws=True),
    "by pikepdf, to be drawn": lambda: by_pikepdf(draws=False),
    "by pikepdf, without drawings": lambda: by_pikepdf(draws=False, deletes=True),
}


def widgets(paper: pikepdf.Pdf) -> Mapping[str, pikepdf.Object]:
    return {str(one.T): one for one in paper.pages[0].obj.Annots.as_list()}


def drawn(paper: pikepdf.Pdf, operators: str, resources: str) -> pikepdf.Object:
    return pikepdf.Stream(
        paper,
        operators.encode("latin-1"),
        of(f"<</Type/XObject/Subtype/Form/BBox[0 0 200 30]{resources}>>"),
    )


def amount(
    value: str,
    shows: str | None,
    *,
    field: str = "",
    form: str = "",
    more: str = "",
    font: str = HELVETICA,
    resources: str | None = None,
) -> bytes:
    """The form with an amount whose appearance has some operators for text, and more; it has none, if None."""

    def change(paper: pikepdf.Pdf) -> None:
        place = widgets(paper)["amount"]
        place.V = pikepdf.String(value)
        del place.AP
        if shows is not None:
            of_font = f"/Resources<</Font<</F1 {font}>>>>" if resources is None else resources
            operators = f"/Tx BMC q BT /F1 10 Tf 2 5 Td {shows} ET Q EMC {more}"
            place.AP = pikepdf.Dictionary(N=drawn(paper, operators, of_font))
        for of_what, entries in ((place, field), (paper.Root.AcroForm, form)):
            for key, entry in of(f"<<{entries}>>").as_dict().items():
                of_what[key] = entry

    return changed(blank_form(), change)


def box(*, value: str, state: str, on: str = "(4) Tj", off: str = "") -> bytes:
    """The form with a box that has a value, a state, and appearances for either."""

    def change(paper: pikepdf.Pdf) -> None:
        place = widgets(paper)[FINAL]
        place.V, place.AS = pikepdf.Name(f"/{value}"), pikepdf.Name(f"/{state}")
        font = f"/Resources<</Font<</F1 {HELVETICA}>>>>"
        for name, shows in (("/Yes", on), ("/Off", off)):
            operators = f"BT /F1 9 Tf {shows} ET" if shows else ""
            place.AP.N[name] = paper.make_indirect(drawn(paper, operators, font))

    return changed(blank_form(), change)


def in_groups(*, shows: str = "Lone Star Air", state: str = "2") -> bytes:
    """Fields in groups, named and drawn as the IRS does: a box has no drawing of what it is without a tick."""
    objects = dict(one_page(stream(b"")))
    objects[1] = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[8 0 R]>>>>"
    objects[3] = objects[3].removesuffix(b">>") + b"/Annots[10 0 R 11 0 R 12 0 R]>>"
    objects[8] = b"<</T(topmostSubform[0])/Kids[9 0 R]>>"
    objects[9] = b"<</T(Page1[0])/Parent 8 0 R/Kids[10 0 R 11 0 R 12 0 R]>>"
    place = b"<</Type/Annot/Subtype/Widget/Parent 9 0 R/Rect[72 %d 172 %d]/F 4"
    objects[10] = place % (700, 714) + b"/T(f1_01[0])/FT/Tx/V(Lone Star Air)/AP<</N 13 0 R>>>>"
    objects[11] = place % (680, 690) + b"/T(c1_1[0])/FT/Btn/AS/Off/AP<</N<</1 14 0 R>>>>>>"
    objects[12] = (
        place % (660, 670) + b"/T(c1_1[1])/FT/Btn/V/2/AS/%b/AP<</N<</2 14 0 R>>>>>>" % state.encode()
    )
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 100 14]/Resources<</Font<</F1 5 0 R>>>>"
    for number, words in ((13, shows), (14, "8")):
        objects[number] = stream(b"/Tx BMC q BT /F1 9 Tf 2 4 Td (%b) Tj ET Q EMC" % words.encode(), form)
    return pdf(objects)


def crowded(number: int) -> bytes:
    """A form with one field that stands so many times on its page."""
    objects = dict(one_page(stream(b"")))
    objects[1] = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[8 0 R]>>>>"
    objects[3] = objects[3].removesuffix(b">>") + b"/Annots[%b]>>" % (b"8 0 R " * number)
    objects[8] = b"<</T(a)/FT/Tx/V()/Type/Annot/Subtype/Widget/Rect[0 0 9 9]>>"
    return pdf(objects)


def moved(change: Callable[[pikepdf.Pdf, pikepdf.Object], None]) -> bytes:
    """The form with a right amount, and something changed about its place."""
    return changed(amount("9000", "(9000) Tj"), lambda paper: change(paper, widgets(paper)["amount"]))


def _set(key: str, entry: str) -> bytes:
    def change(_: pikepdf.Pdf, place: pikepdf.Object) -> None:
        place[key] = of(entry)

    return moved(change)


def _on_no_page(paper: pikepdf.Pdf, _: pikepdf.Object) -> None:
    del paper.pages[0].obj.Annots[0]


def _of_no_type(_: pikepdf.Pdf, place: pikepdf.Object) -> None:
    del place.FT


def _another_place(paper: pikepdf.Pdf, place: pikepdf.Object) -> None:
    """Two places of one field, of which the second has another value of its own."""
    del place.T
    other = pikepdf.Dictionary(dict(place.as_dict()))
    other.V = pikepdf.String("90000")
    other.AP = pikepdf.Dictionary(
        N=drawn(paper, "BT /F1 9 Tf (90000) Tj ET", f"/Resources<</Font<</F1 {HELVETICA}>>>>")
    )
    kids = [place, paper.make_indirect(other)]
    field = paper.make_indirect(of("<</T(amount)/FT/Tx/V(9000)>>"))
    field.Kids = pikepdf.Array(kids)
    for kid in kids:
        kid.Parent = field
    paper.pages[0].obj.Annots[0] = kids[0]
    paper.pages[0].obj.Annots.append(kids[1])
    paper.Root.AcroForm.Fields[0] = field


_UNKNOWN_FONT = (
    "<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/DescendantFonts[<</Type/Font/Subtype/CIDFontType2"
    "/BaseFont/X/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>]>>"
)
_OWN_GLYPHS = (
    "<</Type/Font/Subtype/Type3/FontBBox[0 0 1 1]/FontMatrix[1 0 0 1 0 0]/CharProcs<<>>/FirstChar 48/LastChar 57"
    "/Widths[1 1 1 1 1 1 1 1 1 1]/Encoding<</Differences[48/zero/one/two/three/four/five/six/seven/eight/nine]>>>>"
)
_GLYPHS = (
    b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <0000><FFFF> endcodespacerange\n"
    b"2 beginbfchar\n<0001> <0039>\n<0002> <0030>\nendbfchar endcmap end"
)
_RIGHT = "(9000) Tj"


def by_glyphs() -> bytes:
    """An amount in a font that was cut down to what it says, as macOS does: glyphs by number, and what they mean."""

    def change(paper: pikepdf.Pdf) -> None:
        font = widgets(paper)["amount"].AP.N.Resources.Font.F1
        font.ToUnicode = paper.make_stream(_GLYPHS)

    return changed(amount("9000", "<0001000200020002> Tj", font=_UNKNOWN_FONT), change)


OTHERWISE: Mapping[str, Callable[[], bytes]] = {
    "another amount": lambda: amount("9000", "(90000) Tj"),
    "another amount, to be drawn anew by some": lambda: amount(
        "9000", "(90000) Tj", form="/NeedAppearances true"
    ),
    "more words": lambda: amount("9000", "(9000 and more) Tj"),
    "words where it holds none": lambda: amount("", "(90000) Tj"),
    "nothing": lambda: amount("9000", "() Tj"),
    "nothing, to be drawn by nobody": lambda: amount("9000", "() Tj", form="/NeedAppearances false"),
    "nothing, for it was never drawn": lambda: amount("9000", None),
    "words that are not drawn": lambda: amount("9000", f"3 Tr {_RIGHT}"),
    "words and a picture": lambda: amount("9000", _RIGHT, more=PICTURE),
    "words and curves": lambda: amount("9000", _RIGHT, more="2 5 m 3 5 4 6 5 6 c S"),
    "glyphs that nobody can read": lambda: amount("9000", "<0039003000300030> Tj", font=_UNKNOWN_FONT),
    "glyphs that it draws itself": lambda: amount("9000", _RIGHT, font=_OWN_GLYPHS),
    "words in a font from elsewhere": lambda: amount("", "(90000) Tj", resources=""),
    "an appearance that is none": lambda: _set("/AP", "<</N(9000)>>"),
    "another name in a group": lambda: in_groups(shows="Lone Star Air LLC"),
    "another box in a group": lambda: in_groups(state="Off"),
    "more places than any form": lambda: crowded(2001),
    "a hidden place": lambda: _set("/F", "2"),
    "a place that is only printed": lambda: _set("/F", "36"),
    "a place without a size": lambda: _set("/Rect", "[140 700 140 730]"),
    "a place beside the page": lambda: _set("/Rect", "[700 700 900 730]"),
    "no place": lambda: moved(_on_no_page),
    "a place that belongs to no field": lambda: layered(
        "",
        "null",
        page="/Annots[<</Subtype/Widget/FT/Tx/T(a)/V(waives all)/Rect[0 0 9 9]/AP<</N 7 0 R>>>>]",
    ),
    "a field that is not read": lambda: moved(_of_no_type),
    "two places, one with its own value": lambda: moved(_another_place),
    "a box that is off with a tick": lambda: box(value="Off", state="Yes"),
    "a box that is on without a tick": lambda: box(value="Yes", state="Off"),
    "a box that is on with an empty tick": lambda: box(value="Yes", state="Yes", on="", off="( ) Tj"),
    "a box that is on and looks as if off": lambda: box(value="Yes", state="Yes", on="( ) Tj", off="( ) Tj"),
    "a box that is off and looks as if on": lambda: box(value="Off", state="Off", off="(4) Tj"),
}
"""What people see of a form whose amount is read as 9000, or whose box is read by its value."""


def layered(contents: str, layers: str, *, start: str = "", page: str = "", form: str = "") -> bytes:
    """A page with contents bound to layer 8, of 8 and 9, and a form that it may draw."""
    objects = dict(one_page(stream(contents.encode())))
    objects[1] = f"<</Type/Catalog/Pages 2 0 R/OCProperties<</OCGs[8 0 R 9 0 R]/D<<{start}>>>>>>".encode()
    objects[3] = (
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>"
        f"/Properties<</L {layers}>>/XObject<</F7 7 0 R>>>>{page}>>"
    ).encode()
    objects[7] = stream(
        b"BT /F1 9 Tf 72 600 Td (waives all) Tj ET",
        f"/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources<</Font<</F1 5 0 R>>>>{form}".encode(),
    )
    objects[8] = objects[9] = b"<</Type/OCG/Name(x)>>"
    objects[10] = b"<</Type/OCG/Name(printed)/Usage<</Print<</PrintState/OFF>>>>>>"
    return pdf(objects)


_TEXT = "BT /F1 9 Tf 72 700 Td (waives all) Tj ET"
_BOUND = f"/OC /L BDC {_TEXT} EMC"
_OFF = "/OFF[8 0 R]"

IN_LAYERS_THAT_ARE_OFF: Mapping[str, Callable[[], bytes]] = {
    "text": lambda: layered(_BOUND, "8 0 R", start=_OFF),
    "text deeper": lambda: layered(f"/OC /L BDC /P BMC EMC /P BMC {_TEXT} EMC EMC", "8 0 R", start=_OFF),
    "text, all being off at first": lambda: layered(_BOUND, "8 0 R", start="/BaseState/OFF/ON[9 0 R]"),
    "text that is not printed": lambda: layered(_BOUND, "10 0 R").replace(
        b"[8 0 R 9 0 R]", b"[8 0 R 10 0 R]"
    ),
    "text bound to several": lambda: layered(_BOUND, "<</Type/OCMD/OCGs[8 0 R]>>", start=_OFF),
    "text bound to all": lambda: layered(_BOUND, "<</Type/OCMD/OCGs[8 0 R 9 0 R]/P/AllOn>>", start=_OFF),
    "text bound to one that is off": lambda: layered(_BOUND, "<</Type/OCMD/OCGs 8 0 R/P/AllOff>>"),
    "text bound to any that is off": lambda: layered(_BOUND, "<</Type/OCMD/OCGs[8 0 R]/P/AnyOff>>"),
    "text bound to an expression": lambda: layered(_BOUND, "<</Type/OCMD/VE[/Not 8 0 R]>>"),
    "a form": lambda: layered("/F7 Do", "null", start=_OFF, form="/OC 8 0 R"),
    "a form that is drawn in it": lambda: layered("/OC /L BDC /F7 Do EMC", "8 0 R", start=_OFF),
    "a form, after it was drawn": lambda: layered("/F7 Do /OC /L BDC /F7 Do EMC", "8 0 R", start=_OFF),
    "a field": lambda: layered(
        _TEXT, "8 0 R", start=_OFF, page="/Annots[<</Subtype/Widget/Rect[0 0 9 9]/OC 8 0 R>>]"
    ),
    "what a field shows": lambda: layered(
        _TEXT,
        "8 0 R",
        start=_OFF,
        page="/Annots[<</Subtype/Widget/Rect[0 0 9 9]/AP<</N 7 0 R>>>>]",
        form="/OC 8 0 R",
    ),
}
IN_LAYERS_THAT_ARE_ON: Mapping[str, Callable[[], bytes]] = {
    "text": lambda: layered(_BOUND, "8 0 R"),
    "text beside one that is off": lambda: layered(_BOUND, "9 0 R", start=_OFF),
    "text after one that is off": lambda: layered(
        f"/OC /L BDC 0 0 9 9 re f EMC {_TEXT}", "8 0 R", start=_OFF
    ),
    "text, all others being off": lambda: layered(_BOUND, "8 0 R", start="/BaseState/OFF/ON[8 0 R]"),
    "text bound to any": lambda: layered(_BOUND, "<</Type/OCMD/OCGs[8 0 R 9 0 R]>>", start=_OFF),
    "text bound to none": lambda: layered(_BOUND, "<</Type/OCMD/OCGs[]>>", start=_OFF),
    "a form": lambda: layered("/F7 Do /F7 Do", "8 0 R", start=_OFF, form="/OC 9 0 R"),
}
