"""What is read from a PDF: words, type and place, form values, and what else is inside; by both readers alike."""

import io
import logging
from collections.abc import Callable

import pikepdf
import pytest
from hostile_papers import encrypted, harmless, one_page, pdf, stream
from reportlab.pdfgen.canvas import Canvas

from plumbline.compliance.adapters.reading.clean import clean
from plumbline.compliance.adapters.reading.content import read_content
from plumbline.compliance.adapters.reading.pdf import read_pdf
from plumbline.compliance.adapters.reading.pdfium import read_by_pdfium
from plumbline.compliance.domain.content import PaperContent, Structure
from plumbline.compliance.ports.reading import RefusedPaperError


def by_pypdf(content: bytes) -> PaperContent:
    read = read_pdf(content)
    assert read.read_by == "pypdf"
    return read


def by_pdfium(content: bytes) -> PaperContent:
    return read_by_pdfium(content, Structure(page_count=0), 200)


both = pytest.mark.parametrize("read", [by_pypdf, by_pdfium])


def waiver() -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(612, 792))
    canvas.setTitle("Unconditional waiver")
    canvas.setFont("Helvetica-Bold", 14)
    canvas.drawString(72, 700, "NOTICE: this waives rights")
    canvas.setFont("Helvetica", 10)
    canvas.drawString(72, 680, "Lone Star Air, L.L.C.")
    canvas.translate(10, 20)
    canvas.scale(2, 2)
    canvas.drawString(50, 100, "twice as large")
    canvas.showPage()
    canvas.setFont("Times-Roman", 12)
    canvas.drawString(72, 500, "the second page")
    canvas.acroForm.textfield(name="payee", x=72, y=300, value="Señor & Söhne")
    canvas.acroForm.checkbox(name="final", x=72, y=200, checked=True)
    canvas.acroForm.checkbox(name="progress", x=72, y=150, checked=False)
    canvas.save()
    return out.getvalue()


@both
def test_runs_tell_words_type_and_place(read: Callable[[bytes], PaperContent]) -> None:
    paper = read(waiver())
    assert paper.title == "Unconditional waiver"
    assert paper.structure.page_count == 2
    runs = [
        (run.text.strip(), run.page, run.x, run.y, run.points, run.is_bold)
        for page in paper.pages
        for run in page.runs
    ]
    assert runs == [
        ("NOTICE: this waives rights", 1, 72, 700, 14, True),
        ("Lone Star Air, L.L.C.", 1, 72, 680, 10, False),
        ("twice as large", 1, 110, 220, 20, False),
        ("the second page", 2, 72, 500, 12, False),
    ]


@both
def test_text_is_in_reading_order(read: Callable[[bytes], PaperContent]) -> None:
    paper = read(waiver())
    assert [page.number for page in paper.pages] == [1, 2]
    assert paper.pages[0].text.split("\n")[:2] == ["NOTICE: this waives rights", "Lone Star Air, L.L.C."]
    assert "the second page" in paper.text


@both
def test_form_values_are_by_name(read: Callable[[bytes], PaperContent]) -> None:
    assert read(waiver()).values == {"payee": "Señor & Söhne", "final": "Yes", "progress": "Off"}


def w9() -> bytes:
    """Fields in groups, as the IRS names them."""
    objects = dict(one_page(stream(b"BT /F1 12 Tf 72 700 Td (Form W-9) Tj ET")))
    objects[1] = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[8 0 R]>>>>"
    objects[8] = b"<</T(topmostSubform[0])/Kids[9 0 R]>>"
    objects[9] = b"<</T(Page1[0])/Parent 8 0 R/Kids[10 0 R 11 0 R 12 0 R 13 0 R]>>"
    objects[10] = b"<</T(f1_01[0])/FT/Tx/Parent 9 0 R/V 14 0 R>>"
    objects[11] = b"<</T(c1_1[0])/FT/Btn/Parent 9 0 R/V/Off/AS/Off>>"
    objects[12] = b"<</T(c1_1[1])/FT/Btn/Parent 9 0 R/V/2/AS/2>>"
    objects[13] = b"<</T(state)/FT/Ch/Parent 9 0 R/V[(TX)(OH)]>>"
    objects[14] = b"(Lone Star Air)"
    return pdf(objects)


def test_fields_in_groups_have_full_names() -> None:
    assert by_pypdf(w9()).values == {
        "topmostSubform[0].Page1[0].f1_01[0]": "Lone Star Air",
        "topmostSubform[0].Page1[0].c1_1[0]": "Off",
        "topmostSubform[0].Page1[0].c1_1[1]": "2",
        "topmostSubform[0].Page1[0].state": "TX\nOH",
    }


BOLD_FONTS = {
    b"<</Type/Font/Subtype/TrueType/BaseFont/ABCDEF+Arial-BoldMT>>": True,
    b"<</Type/Font/Subtype/TrueType/BaseFont/Arial>>": False,
    b"<</Type/Font/Subtype/TrueType/BaseFont/F1/FontDescriptor<</Type/FontDescriptor/FontName/F1/Flags 262176>>>>": True,
    b"<</Type/Font/Subtype/TrueType/BaseFont/F1/FontDescriptor<</Type/FontDescriptor/FontName/F1/Flags 32>>>>": False,
    b"<</Type/Font/Subtype/TrueType/BaseFont/F1/FontDescriptor<</Type/FontDescriptor/FontName/F1/FontWeight 700"
    b"/Flags 32>>>>": True,
}


@pytest.mark.parametrize(("font", "is_bold"), BOLD_FONTS.items(), ids=range(len(BOLD_FONTS)))
def test_type_is_bold_by_its_name_its_flag_or_its_weight(font: bytes, is_bold: bool) -> None:
    paper = by_pypdf(pdf(one_page(stream(b"BT /F1 12 Tf 72 700 Td (words) Tj ET"), font=font)))
    assert [run.is_bold for run in paper.pages[0].runs] == [is_bold]


INSIDE: dict[str, dict[int, bytes]] = {
    "has_javascript": {8: b"<</S/JavaScript/JS(app.alert(1))>>"},
    "has_launch": {8: b"<</Type/Annot/A<</S/Launch/F(calc.exe)>>>>"},
    "has_embedded_files": {8: b"<</Type/Filespec/F(a.txt)/EF<</F 4 0 R>>>>"},
    "has_unread_xfa": {1: b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[]/XFA 4 0 R>>>>"},
    "has_markup": {8: b"<</Type/Annot/Subtype/FreeText/Rect[0 0 9 9]/Contents(and all claims)>>"},
    "is_signed": {8: b"<</Type/Sig/Filter/Adobe.PPKLite/ByteRange[0 1 2 3]/Contents<00>>>"},
}


@pytest.mark.parametrize("what", INSIDE)
def test_what_else_is_inside_is_told(what: str) -> None:
    content = pdf({**one_page(stream(b"BT ET")), **INSIDE[what]})
    told = read_content(content).structure.model_dump(exclude_defaults=True)
    assert told == {"page_count": 1, what: True}


def test_harmless_paper_has_nothing_else_inside() -> None:
    opens_on_a_page = {1: b"<</Type/Catalog/Pages 2 0 R/OpenAction[3 0 R/Fit]>>"}
    content = pdf({**one_page(stream(b"BT ET")), **opens_on_a_page})
    assert read_content(content).structure.model_dump(exclude_defaults=True) == {"page_count": 1}


@both
def test_text_that_is_not_drawn_is_told(read: Callable[[bytes], PaperContent]) -> None:
    shown, hidden = (
        read(pdf(one_page(stream(b"BT /F1 12 Tf %d Tr 72 700 Td (waives nothing) Tj ET" % mode))))
        for mode in (0, 3)
    )
    assert (shown.structure.has_hidden_text, hidden.structure.has_hidden_text) == (False, True)
    assert hidden.text.strip() == "waives nothing"


def test_words_that_name_an_action_are_none() -> None:
    assert not read_content(harmless("/JavaScript /Launch /XFA")).structure.has_javascript


def test_what_surrounds_the_paper_is_told() -> None:
    structure = read_content(b"scanned:\n" + harmless() + b"<script>" + b"\n\n").structure
    assert (structure.leading_bytes, structure.trailing_bytes) == (9, len(b"<script>"))


def test_reader_that_left_something_out_is_not_believed(caplog: pytest.LogCaptureFixture) -> None:
    # A form that draws itself: pypdf warns, and reads the rest.
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F7 7 0 R>>>>"
    drawn = stream(b"BT /F1 12 Tf 72 700 Td (waives) Tj ET /F7 Do")
    content = pdf(one_page(drawn, forms={7: stream(b"/F7 Do", form)}))
    with caplog.at_level(logging.DEBUG):
        paper = read_content(content)
    assert (paper.read_by, paper.text.strip()) == ("pypdfium2", "waives")
    assert caplog.records == []


def test_encrypted_paper_is_refused_even_if_it_opens_without_a_password() -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(harmless())) as paper:
        paper.save(out, encryption=pikepdf.Encryption(owner="owner", user=""))
    for content in (encrypted(), out.getvalue()):
        with pytest.raises(RefusedPaperError, match="Save a copy without a password") as refusal:
            read_content(content)
        assert refusal.value.reason == "encrypted"


def test_pages_are_counted_and_what_a_file_says_of_them_is_not_believed() -> None:
    pages = {2: b"<</Type/Pages/Kids[3 0 R 3 0 R 3 0 R]/Count 1>>"}
    content = pdf({**one_page(stream(b"BT ET")), **pages})
    with pytest.raises(RefusedPaperError) as refusal:
        read_content(content, max_pages=2)
    assert refusal.value.reason == "too-many-pages"
    assert read_content(content, max_pages=3).structure.page_count == 3


def test_paper_that_says_that_it_has_too_many_pages_is_not_counted() -> None:
    pages = {2: b"<</Type/Pages/Kids[3 0 R]/Count 201>>"}
    with pytest.raises(RefusedPaperError) as refusal:
        read_content(pdf({**one_page(stream(b"BT ET")), **pages}))
    assert refusal.value.reason == "too-many-pages"


def test_what_no_database_takes_is_marked() -> None:
    farther = b"1%b 0 0 1%b 0 0 cm " % (b"0" * 30, b"0" * 30)
    objects = dict(one_page(stream(farther * 12 + b"BT /F1 12 Tf 1 0 0 1 72 700 Tm (far off) Tj ET")))
    objects[1] = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[8 0 R]>>>>"
    objects[8] = b"<</T(a)/FT/Tx/V(A\\000B)>>"
    paper = read_content(pdf(objects))
    assert paper.values == {"a": "A\ufffdB"}
    assert [(run.text, run.x) for run in paper.pages[0].runs] == [("far off", 0.0)]
    assert PaperContent.model_validate_json(paper.model_dump_json()) == paper
    assert clean("half \ud83d of a face") == "half \ufffd of a face"


def test_nothing_that_stands_in_a_paper_is_in_its_repr() -> None:
    paper = read_content(waiver())
    shown = repr(paper) + repr(paper.pages[0].runs) + str(paper.fields)
    assert not any(word in shown for word in ("waives", "Lone", "Unconditional", "Söhne"))
