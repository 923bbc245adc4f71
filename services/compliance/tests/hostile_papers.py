"""Small files that were made to harm whoever reads them, by kind.

The sizes are those at which readers without limits need gigabytes, minutes, or do not come back.
"""

import io
import random
import zlib
from collections.abc import Callable, Mapping

import pikepdf

GIB = 1024**3

Objects = Mapping[int, bytes]
"""The bodies of a file's objects by number; 1 is its catalogue."""


def pdf(objects: Objects, *, trailer: bytes = b"") -> bytes:
    """A file that is right as far as its cross-references go."""
    out = bytearray(b"%PDF-1.7\n")
    places = {}
    for number, body in sorted(objects.items()):
        places[number] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start, size = len(out), max(objects) + 1
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number, place in places.items():
        out += b"%d 1\n%010d 00000 n \n" % (number, place)
    out += b"trailer\n<</Size %d/Root 1 0 R%b>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, start)
    return bytes(out)


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<</Length %d%b>>\nstream\n%b\nendstream" % (len(content), entries, content)


def flate(content: bytes, entries: bytes = b"") -> bytes:
    return stream(zlib.compress(content, 9), b"/Filter/FlateDecode" + entries)


def one_page(contents: bytes, *, font: bytes = b"", forms: Objects | None = None) -> Objects:
    """One page with contents in Helvetica, or another font; forms are called by their number: /F7 Do."""
    forms = forms or {}
    drawn = b"".join(b"/F%d %d 0 R" % (number, number) for number in forms)
    return {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>/XObject<<%b>>>>>>" % drawn,
        4: contents,
        5: font or b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        **forms,
    }


def text(words: str = "Lone Star Air") -> bytes:
    return b"BT /F1 12 Tf 72 700 Td (%b) Tj ET" % words.encode()


def harmless(words: str = "Lone Star Air") -> bytes:
    return pdf(one_page(stream(text(words))))


def zeros(size: int) -> bytes:
    """So many zero bytes, deflated, without ever having them: one deflated piece again and again."""
    piece_size = 64 * 1024**2
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = deflate.compress(bytes(piece_size)) + deflate.flush(zlib.Z_FULL_FLUSH)
    checksum = ((size % 65521) << 16 | 1).to_bytes(4, "big")
    return b"\x78\x9c" + piece * (size // piece_size) + b"\x03\x00" + checksum


def flate_bomb() -> bytes:
    return pdf(one_page(stream(zeros(2 * GIB), b"/Filter/FlateDecode")))


def flate_bomb_in_a_bomb() -> bytes:
    return pdf(one_page(stream(zlib.compress(zeros(2 * GIB), 9), b"/Filter[/FlateDecode/FlateDecode]")))


def millions_of_operators() -> bytes:
    return pdf(one_page(flate(b"BT /F1 12 Tf " + b"(a) Tj\n" * 5_000_000 + b"ET")))


def millions_of_saved_states() -> bytes:
    return pdf(one_page(flate(b"q\n" * 2_000_000)))


_FORM = b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources<</XObject<<%b>>>>"


def form_that_draws_itself() -> bytes:
    return pdf(one_page(stream(b"/F7 Do"), forms={7: stream(b"/F7 Do", _FORM % b"/F7 7 0 R")}))


def forms_that_draw_two_each() -> bytes:
    levels = range(7, 37)
    forms = {
        n: stream(b"/F%d Do /F%d Do" % (n + 1, n + 1), _FORM % (b"/F%d %d 0 R" % (n + 1, n + 1)))
        for n in levels
    }
    forms[37] = stream(
        text(), b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources<</Font<</F1 5 0 R>>>>"
    )
    return pdf(one_page(stream(b"/F7 Do"), forms=forms))


def _composite(descendant: bytes, entries: bytes = b"") -> bytes:
    return (
        b"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H%b/DescendantFonts[<</Type/Font/Subtype"
        b"/CIDFontType2/BaseFont/X/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>%b>>]>>"
        % (entries, descendant)
    )


def widths_of_two_milliard_glyphs() -> bytes:
    font = _composite(b"/W[0 2000000000 500]")
    return pdf(one_page(stream(b"BT /F1 12 Tf 72 700 Td <0041> Tj ET"), font=font))


def letters_for_two_milliard_codes() -> bytes:
    mapping = (
        b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00000000> <FFFFFFFF> "
        b"endcodespacerange 1 beginbfrange <00000000> <7FFFFFFF> <0041> endbfrange endcmap end"
    )
    font = _composite(b"", b"/ToUnicode 8 0 R")
    objects = one_page(stream(b"BT /F1 12 Tf 72 700 Td <0041> Tj ET"), font=font)
    return pdf({**objects, 8: stream(mapping)})


def lists_in_lists() -> bytes:
    depth = 200_000
    return pdf({**one_page(stream(text())), 5: b"[" * depth + b"]" * depth})


def lists_in_lists_on_the_page() -> bytes:
    depth = 1_000_000
    return pdf(one_page(flate(b"[" * depth + b"]" * depth + b" TJ")))


def pages_that_hold_themselves() -> bytes:
    return pdf({**one_page(stream(text())), 2: b"<</Type/Pages/Kids[2 0 R 3 0 R]/Count 2>>"})


def cut_off() -> bytes:
    whole = harmless("Lone Star Air " * 50)
    return whole[: len(whole) // 2]


def noise() -> bytes:
    return b"%PDF-1.7\n" + random.Random(8).randbytes(100_000)


def encrypted() -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(harmless())) as paper:
        paper.save(out, encryption=pikepdf.Encryption(owner="owner", user="user"))
    return out.getvalue()


def junk_before_it() -> bytes:
    return b"j" * 900 + harmless()


def cross_references_in_a_ring() -> bytes:
    whole = pdf(one_page(stream(text())), trailer=b"/Prev 0000000000")
    return whole.replace(b"/Prev 0000000000", b"/Prev %010d" % whole.rfind(b"xref\n0 1"))


def fields_that_hold_themselves() -> bytes:
    objects = dict(one_page(stream(text())))
    objects[1] = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[8 0 R]>>>>"
    objects[8] = b"<</T(a)/Kids[9 0 R 9 0 R]>>"
    objects[9] = b"<</T(b)/Parent 8 0 R/Kids[8 0 R 8 0 R]>>"
    return pdf(objects)


def a_million_pages() -> bytes:
    page = b"3 0 R "
    return pdf(
        {**one_page(stream(text())), 2: b"<</Type/Pages/Kids[" + page * 1_000_000 + b"]/Count 1000000>>"}
    )


HOSTILE: Mapping[str, Callable[[], bytes]] = {
    made.__name__: made
    for made in (
        flate_bomb,
        flate_bomb_in_a_bomb,
        millions_of_operators,
        millions_of_saved_states,
        form_that_draws_itself,
        forms_that_draw_two_each,
        widths_of_two_milliard_glyphs,
        letters_for_two_milliard_codes,
        lists_in_lists,
        lists_in_lists_on_the_page,
        pages_that_hold_themselves,
        cut_off,
        noise,
        junk_before_it,
        encrypted,
        cross_references_in_a_ring,
        fields_that_hold_themselves,
        a_million_pages,
    )
}
"""Eighteen kinds."""
