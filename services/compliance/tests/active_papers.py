"""Papers that do more than lie there: scripts, actions, files inside, and forms in Adobe's XML."""

import io
from collections.abc import Callable, Mapping, Sequence

import pikepdf
from hostile_papers import Objects, one_page, pdf, stream, text

Change = Callable[[pikepdf.Pdf], None]


def changed(content: bytes, *changes: Change) -> bytes:
    """A paper with something put into it that nobody sees."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as paper:
        for change in changes:
            change(paper)
        paper.save(out, deterministic_id=True)
    return out.getvalue()


def of(syntax: str) -> pikepdf.Object:
    return pikepdf.Object.parse(syntax.encode())


def opening(action: str) -> Change:
    def change(paper: pikepdf.Pdf) -> None:
        paper.Root.OpenAction = of(action)

    return change


def on_page(annotation: str) -> Change:
    def change(paper: pikepdf.Pdf) -> None:
        page = paper.pages[0].obj
        seen = page.get("/Annots", pikepdf.Array())
        page.Annots = pikepdf.Array([*seen.as_list(), paper.make_indirect(of(annotation))])

    return change


def attaching(name: str, content: bytes) -> Change:
    def change(paper: pikepdf.Pdf) -> None:
        paper.attachments[name] = content

    return change


TEMPLATE = '<template xmlns="http://www.xfa.org/schema/xfa-template/3.3/"><subform name="form">%s</subform></template>'
CONFIG = (
    '<config xmlns="http://www.xfa.org/schema/xci/3.0/"><acrobat><acrobat7><dynamicRender>%s</dynamicRender>'
    "</acrobat7></acrobat></config>"
)
DATASETS = (
    '<xfa:datasets xmlns:xfa="http://www.xfa.org/schema/xfa-data/1.0/"><xfa:data><topmostSubform>%s'
    "</topmostSubform></xfa:data></xfa:datasets>"
)
XDP = '<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/">'


Said = Mapping[str, str] | Sequence[tuple[str, str]] | str
"""What XML says: texts by the name of their field, or as XML."""


def xml_of(said: Said) -> str:
    if isinstance(said, str):
        return said
    pairs = said.items() if isinstance(said, Mapping) else said
    return "".join(f"<{name}>{value}</{name}>" for name, value in pairs)


def with_xfa(
    data: Said | None,
    *,
    template: str = "",
    render: str = "forbidden",
    start: str = XDP,
    needs_rendering: bool = False,
) -> Change:
    """Put an XFA form beside a paper's fields, in packets as Acrobat writes them."""
    packets = {
        "xdp:xdp": start,
        "config": CONFIG % render,
        "template": TEMPLATE % template,
        "datasets": "" if data is None else DATASETS % xml_of(data),
        "/xdp:xdp": "</xdp:xdp>",
    }

    def change(paper: pikepdf.Pdf) -> None:
        form = paper.Root.get("/AcroForm", None)
        if form is None:
            form = paper.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array())
        form.XFA = pikepdf.Array()
        for name, xml in packets.items():
            form.XFA.append(pikepdf.String(name))
            form.XFA.append(paper.make_stream(xml.encode()))
        if needs_rendering:
            paper.Root.NeedsRendering = True

    return change


def _page(entries: bytes, more: Objects | None = None) -> bytes:
    objects = dict(one_page(stream(text())))
    objects[3] = objects[3].removesuffix(b">>") + entries + b">>"
    return pdf({**objects, **(more or {})})


def _root(entries: bytes, more: Objects | None = None) -> bytes:
    return pdf({**one_page(stream(text())), 1: b"<</Type/Catalog/Pages 2 0 R%b>>" % entries, **(more or {})})


def _objects_in_a_stream() -> bytes:
    """The same, with its objects packed where no search of the bytes finds them."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(_root(b"/OpenAction 8 0 R", {8: b"<</S/JavaScript/JS(x)>>"}))) as paper:
        paper.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


def updated(content: bytes, objects: Objects, *, end: bytes = b"%%EOF\n") -> bytes:
    """A paper with objects put in the place of others behind its end, as programs save what was changed."""
    out = bytearray(content)
    places = {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start, before = len(out), content[content.rfind(b"startxref") :].split()[1]
    out += b"xref\n"
    for number, place in sorted(places.items()):
        out += b"%d 1\n%010d 00000 n \n" % (number, place)
    out += b"trailer\n<</Size 99/Root 1 0 R/Prev %b>>\nstartxref\n%d\n%b" % (before, start, end)
    return bytes(out)


def _ring_of_actions() -> bytes:
    return _root(
        b"/OpenAction 8 0 R",
        {
            8: b"<</S/GoTo/D[3 0 R/Fit]/Next 9 0 R>>",
            9: b"<</S/Named/N/NextPage/Next[8 0 R 10 0 R]>>",
            10: b"<</S/URI/URI(http://a.example)/Next 9 0 R>>",
        },
    )


_JS = b"<</S/JavaScript/JS(x)>>"
_UPDATE = {1: b"<</Type/Catalog/Pages 2 0 R/OpenAction 8 0 R>>", 8: _JS}

ATTACKS: Mapping[str, tuple[str, Callable[[], bytes]]] = {
    "script when a page opens": ("has_javascript", lambda: _page(b"/AA<</O%b>>" % _JS)),
    "script of an annotation": (
        "has_javascript",
        lambda: _page(b"/Annots[<</Subtype/Link/Rect[0 0 9 9]/A%b>>]" % _JS),
    ),
    "script when an annotation is seen": (
        "has_javascript",
        lambda: _page(b"/Annots[<</Subtype/Link/Rect[0 0 9 9]/AA<</PV%b>>>>]" % _JS),
    ),
    "script in the tree of names": (
        "has_javascript",
        lambda: _root(b"/Names<</JavaScript<</Names[(a)8 0 R]>>>>", {8: _JS}),
    ),
    "script deep in the tree of names": (
        "has_javascript",
        lambda: _root(
            b"/Names<</JavaScript<</Kids[8 0 R]>>>>", {8: b"<</Kids[9 0 R]>>", 9: b"<</Names[(a)%b]>>" % _JS}
        ),
    ),
    "script of a field": (
        "has_javascript",
        lambda: _root(b"/AcroForm<</Fields[8 0 R]>>", {8: b"<</T(a)/FT/Tx/AA<</K 9 0 R>>>>", 9: _JS}),
    ),
    "script behind ten actions": (
        "has_javascript",
        lambda: _root(
            b"/OpenAction 10 0 R",
            {**{n: b"<</S/GoTo/D[3 0 R/Fit]/Next %d 0 R>>" % (n + 1) for n in range(10, 20)}, 20: _JS},
        ),
    ),
    "script by another spelling": (
        "has_javascript",
        lambda: _root(b"/OpenAction<</S/J#61vaScript/J#53(x)>>"),
    ),
    "script whose kind stands elsewhere": (
        "has_javascript",
        lambda: _root(b"/OpenAction<</S 8 0 R>>", {8: b"/JavaScript"}),
    ),
    "script in a packed object": ("has_javascript", _objects_in_a_stream),
    "script in an update": ("has_javascript", lambda: updated(_page(b""), _UPDATE)),
    "script in an update without an end": ("has_javascript", lambda: updated(_page(b""), _UPDATE, end=b"")),
    "script of a bookmark": (
        "has_javascript",
        lambda: _root(b"/Outlines<</First 8 0 R/Last 8 0 R>>", {8: b"<</Title(a)/A%b>>" % _JS}),
    ),
    "script in a rendition": ("has_javascript", lambda: _root(b"/OpenAction<</S/Rendition/OP 4/JS 4 0 R>>")),
    "program behind a turn of the page": (
        "has_launch",
        lambda: _page(b"/AA<</C<</S/Named/N/NextPage/Next[<</S/Launch/F(x.exe)>>]>>>>"),
    ),
    "program in the trailer's own catalogue": (
        "has_launch",
        lambda: pdf(one_page(stream(text()))).replace(
            b"/Root 1 0 R", b"/Root<</Type/Catalog/Pages 2 0 R/OpenAction<</S/Launch/F(x.exe)>>>>"
        ),
    ),
    "web page in a ring of actions": ("actions", _ring_of_actions),
    "web page when the file is closed": (
        "actions",
        lambda: _root(b"/AA<</WC<</S/URI/URI(http://a.example)>>>>"),
    ),
    "web page when a page is shown": ("actions", lambda: _page(b"/AA<</O<</S/URI/URI(http://a.example)>>>>")),
    "form sent at a click": (
        "actions",
        lambda: _page(b"/Annots[<</Subtype/Widget/Rect[0 0 9 9]/A<</S/SubmitForm/F(http://a.example)>>>>]"),
    ),
    "file of another host at a click": (
        "actions",
        lambda: _page(
            b"/Annots[<</Subtype/Link/Rect[0 0 9 9]/A<</S/GoToR/F(\\\\\\\\a.example\\\\x.pdf)>>>>]"
        ),
    ),
    "link that is none to the web": (
        "actions",
        lambda: _page(b"/Annots[<</Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI( FILE:///c:/x.exe)>>>>]"),
    ),
    "links that all start elsewhere": ("actions", lambda: _root(b"/URI<</Base(file:///c:/)>>")),
    "layers switched on opening": (
        "actions",
        lambda: _root(b"/OpenAction<</S/SetOCGState/State[/ON 4 0 R]>>"),
    ),
    "action that nobody knows": ("actions", lambda: _root(b"/OpenAction<</S/Whatever>>")),
    "file that belongs to a page": (
        "has_embedded_files",
        lambda: _page(b"/AF[<</Type/Filespec/F(a)/EF<</F 4 0 R>>>>]"),
    ),
    "file in a note": (
        "has_embedded_files",
        lambda: _page(b"/Annots[<</Subtype/FileAttachment/Rect[0 0 9 9]/FS<</F(a)/EF<</UF 4 0 R>>>>>>]"),
    ),
    "file in the tree of names": (
        "has_embedded_files",
        lambda: _root(b"/Names<</EmbeddedFiles<</Names[]>>>>"),
    ),
    "form without fields": ("has_unread_xfa", lambda: changed(_page(b""), with_xfa({}))),
    "object that must be mended": (
        "has_unseen_parts",
        lambda: _root(b"/OpenAction 8 0 R", {8: b"<</S/JavaScript /JS (x) /Next [ >>"}),
    ),
    "references that point nowhere": (
        "has_unseen_parts",
        lambda: _page(b"").replace(b"startxref\n", b"startxref\n9"),
    ),
    "file that the first to open it cannot": (
        "has_unseen_parts",
        lambda: _root(b"/OpenAction%b" % _JS, {2: b"<</Type/Pages/Kids[3 0 R]/Count/One>>"}),
    ),
    "lists that are too deep to open": (
        "has_unseen_parts",
        lambda: _page(b"", {9: b"[" * 2000 + b"]" * 2000}),
    ),
}
"""What is hidden where, and by which of `Structure` a person must be told."""

HARMLESS: Mapping[str, Callable[[], bytes]] = {
    "opens at a page": lambda: _root(b"/OpenAction[3 0 R/Fit]"),
    "opens at a page by an action": lambda: _root(b"/OpenAction<</S/GoTo/D[3 0 R/XYZ null null 1]>>"),
    "opens at a place with a name": lambda: _root(b"/OpenAction(chapter)"),
    "turns pages": lambda: _page(b"/Annots[<</Subtype/Link/Rect[0 0 9 9]/A<</S/Named/N/NextPage>>>>]"),
    "links to the web": lambda: _page(
        b"/Annots[<</Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(www.irs.gov/FormW9)>>>>"
        b"<</Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(mailto:a@b.example)>>>>]"
    ),
    "is tagged": lambda: _root(b"/StructTreeRoot<</K<</S/P>>>>/MarkInfo<</Marked true>>"),
    "has layers": lambda: _root(b"/OCProperties<</OCGs[]/D<<>>>>"),
    "was updated": lambda: updated(_page(b""), {3: one_page(b"")[3]}),
    "no longer has what an update took out": lambda: updated(
        _root(b"/OpenAction 8 0 R", {8: _JS}), {1: b"<</Type/Catalog/Pages 2 0 R>>", 8: b"null"}
    ),
}
