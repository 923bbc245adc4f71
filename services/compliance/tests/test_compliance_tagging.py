"""Tags stand on what we made, in the places that archives read, and on nothing else."""

import io
from pathlib import Path

import pikepdf
import pytest
from reportlab.pdfgen.canvas import Canvas
from templates_lab import sample, template, texts

from plumbline.compliance.adapters.rendering import Press
from plumbline.compliance.adapters.tagging import NotOursError, tag, tags_of
from plumbline.compliance.domain.tags import Tags

TAGS = Tags(
    region="us-tx",
    trade="hvac",
    kind="lien_waiver.conditional_progress",
    ticket="tkt-3f9a",
    dispatch_ready=True,
)
WORDS = (
    "region:us-tx",
    "trade:hvac",
    "kind:lien_waiver.conditional_progress",
    "ticket:tkt-3f9a",
    "dispatch_ready",
)


@pytest.fixture
async def ours() -> bytes:
    async with Press() as press:
        return (await press.print(template("dispatch_sheet"), sample("dispatch_sheet"))).content


def foreign(keywords: str = "") -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.setKeywords(keywords)
    canvas.drawString(72, 720, "Lien waiver")
    canvas.save()
    return out.getvalue()


async def test_tags_stand_where_archives_read_them_behind_our_mark(ours: bytes) -> None:
    said = tags_of(tag(ours, TAGS, made_by_us=True))
    assert said["Info"][0] == "plumbline-compliance"
    assert tuple(said["Info"][-5:]) == WORDS
    assert said["pdf:Keywords"] == said["Info"]
    assert said["dc:subject"] == tuple(sorted(said["Info"]))


async def test_same_paper_and_tags_give_the_same_bytes(ours: bytes) -> None:
    assert tag(ours, TAGS, made_by_us=True) == tag(ours, TAGS, made_by_us=True)


async def test_tagging_again_replaces_the_tags(ours: bytes) -> None:
    again = Tags(region="us-oh", trade="plumbing")
    twice = tag(tag(ours, TAGS, made_by_us=True), again, made_by_us=True)
    assert tags_of(twice) == tags_of(tag(ours, again, made_by_us=True))
    assert "dispatch_ready" not in tags_of(twice)["Info"]


async def test_claims_and_text_stay(ours: bytes) -> None:
    tagged = tag(ours, TAGS, made_by_us=True)
    with pikepdf.open(io.BytesIO(tagged)) as pdf, pdf.open_metadata() as metadata:
        assert metadata.pdfa_status == "2A"
        assert metadata["pdfuaid:part"] == "1"
        assert pdf.Root.MarkInfo.Marked
    assert texts(tagged) == texts(ours)


async def test_what_our_record_does_not_know_is_left_alone(ours: bytes) -> None:
    with pytest.raises(NotOursError):
        tag(ours, TAGS, made_by_us=False)


@pytest.mark.parametrize("keywords", ["", "waiver", "dispatch_ready", "x, plumbline-compliance"])
def test_paper_without_our_mark_is_left_alone(keywords: str) -> None:
    with pytest.raises(NotOursError):
        tag(foreign(keywords), TAGS, made_by_us=True)


async def test_signed_paper_is_left_alone(ours: bytes) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(ours)) as pdf:
        pdf.Root.AcroForm = pikepdf.Dictionary(SigFlags=3, Fields=pikepdf.Array())
        pdf.save(out)
    with pytest.raises(NotOursError):
        tag(out.getvalue(), TAGS, made_by_us=True)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 broken", Path(__file__).read_bytes()])
def test_what_is_no_pdf_is_refused(content: bytes) -> None:
    with pytest.raises(NotOursError):
        tag(content, TAGS, made_by_us=True)


@pytest.mark.parametrize("value", ["a, dispatch_ready", "", "x" * 81, "\n", "región"])
def test_value_that_would_read_as_another_tag_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        Tags(region=value)
