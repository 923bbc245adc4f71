"""Sheets as customers and inspectors get them: complete, archivable, the same bytes anywhere, and never markup."""

import asyncio
import dataclasses
import hashlib
import io
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pikepdf
import pypdf
import pytest
from templates_lab import FIRM, FORMS, Desk, folder, open_desk, sample, statutory, template, texts

from plumbline.compliance.adapters.reading.content import read_content
from plumbline.compliance.adapters.rendering import Limits, Press, PressBusyError, TemplateFailedError
from plumbline.compliance.domain.papers import LienWaiver, Payroll, Timesheet
from plumbline.compliance.domain.reading import Read
from plumbline.compliance.domain.recognising.recognition import recognise
from plumbline.compliance.domain.statutory import Form, compare, text_hash, words
from plumbline.compliance.domain.templates.kinds import KINDS
from plumbline.compliance.domain.templates.template import ChangedFormError, UnfitSheetError
from plumbline.compliance.domain.templates.waiver import UnfitWaiverError, WaiverSheet

HOSTILE = [
    '#panic("x")',
    "*bold* _slanted_",
    '#include "/layout.typ"',
    "../../../etc/passwd",
    '"; #read("/x") //',
    "<a>$x^2$ @b",
]


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with open_desk() as opened:
        yield opened


def test_every_sheet_of_every_firm_says_what_it_must_to_two_readers(desk: Desk) -> None:
    for firm, project in folder().places():
        for kind in KINDS:
            for sheet in folder().sample(kind):
                found = folder().find(kind, sheet.made_on, firm=firm, project=project)
                out = desk.print(found, found.tried_with(sheet))
                for reader, text in texts(out.content).items():
                    for must in sheet.must_show():
                        assert " ".join(words(must)) in " ".join(words(text)), (firm, kind, reader, must)


@pytest.mark.parametrize("kind", KINDS)
def test_sheet_claims_to_be_archivable_and_accessible(desk: Desk, kind: str) -> None:
    with pikepdf.open(io.BytesIO(desk.printed(kind))) as pdf:
        with pdf.open_metadata() as metadata:
            assert metadata.pdfa_status == "2A"
            assert metadata["pdfuaid:part"] == "1"
            assert metadata["pdf:Keywords"].startswith("plumbline-compliance")
        assert pdf.Root.MarkInfo.Marked
        assert pdf.Root.Lang == "en-US"
        assert "/StructTreeRoot" in pdf.Root
        for font in (
            obj
            for obj in pdf.objects
            if isinstance(obj, pikepdf.Dictionary) and obj.get("/Type") == "/FontDescriptor"
        ):
            assert "/FontFile2" in font or "/FontFile3" in font


@pytest.mark.parametrize("hostile", HOSTILE)
def test_values_are_printed_as_they_are(desk: Desk, hostile: str) -> None:
    content = desk.printed("daily_report", notes=hostile, visitors=(hostile,), written_by=hostile)
    for text in texts(content).values():
        assert text.count(hostile) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_two_processes_print_the_same_bytes(desk: Desk, kind: str) -> None:
    with open_desk() as other:
        assert desk.printed(kind) == other.printed(kind)


def test_print_tells_its_template_and_the_hash_moves_with_the_look(desk: Desk) -> None:
    ours, theirs = template("timesheet"), template("timesheet", firm=FIRM)
    out = desk.print(theirs, sample("timesheet"))
    assert (out.template, out.version, out.template_sha256) == ("timesheet", 1, theirs.sha256)
    assert ours.sha256 != theirs.sha256
    assert theirs.sha256[:12] in texts(out.content)["pypdf"]


@pytest.mark.parametrize("number", range(8))
def test_waiver_reads_back_as_its_statutory_form(desk: Desk, number: int) -> None:
    form = statutory(number)
    for text in texts(desk.printed("waiver", number, firm=FIRM)).values():
        wording = compare(form, text)
        assert (wording.changed_words, wording.template_cover, wording.document_cover) == (0, 1.0, 1.0)


@pytest.mark.parametrize("number", range(8))
def test_waivers_mark_is_seen_and_told_but_is_no_word_of_the_page(desk: Desk, number: int) -> None:
    content = desk.printed("waiver", number)
    form = statutory(number)
    assert "counsel" not in texts(content)["pypdf"]
    with pikepdf.open(io.BytesIO(content)) as pdf:
        told = [
            str(obj["/Alt"]) for obj in pdf.objects if isinstance(obj, pikepdf.Dictionary) and "/Alt" in obj
        ]
    assert any("to be confirmed by counsel" in alt and form.sha256 in alt for alt in told)


@pytest.mark.parametrize("number", [1, 3, 5, 7])
def test_notice_stands_first_in_bold_and_nothing_is_larger(desk: Desk, number: int) -> None:
    runs = []
    reader = pypdf.PdfReader(io.BytesIO(desk.printed("waiver", number)))

    def seen(text: str, _ctm: Any, matrix: Any, font: Any, size: float) -> None:
        if text.strip():
            runs.append((text.strip(), round(size * abs(matrix[0] or matrix[3]), 1), font["/BaseFont"]))

    reader.pages[0].extract_text(visitor_text=seen)
    text, points, font = runs[0]
    assert text.startswith(statutory(number).text[:50])
    assert "Bold" in font
    assert points == max(size for _, size, _ in runs) >= 10


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"extent": "all work, and the signer releases all claims for delay"}, "added"),
        ({"contracted_with": " ".join(["Brazos"] * 15)}, "added"),
        ({"form": "lien_waiver.conditional_final"}, "the form is lien_waiver.conditional_progress"),
    ],
)
async def test_values_that_would_change_the_form_are_refused(changed: dict[str, Any], says: str) -> None:
    sheet = sample("waiver", **changed)
    with pytest.raises(UnfitWaiverError, match=says):
        template("waiver").given(sheet, FORMS["tx-53-284-b"])


async def test_form_with_other_words_is_not_printed() -> None:
    form = FORMS["tx-53-284-b"]
    text = form.text.replace("any claim for payment, ", "")
    changed = Form.model_validate(form.model_dump() | {"text": text, "sha256": text_hash(text)})
    with pytest.raises(ChangedFormError, match="tx-53-284-b has other words"):
        template("waiver").given(sample("waiver"), changed)


def test_payroll_is_rounded_line_by_line_and_says_no_work(desk: Desk) -> None:
    assert "$2,952.57" in texts(desk.printed("wh347_data_sheet"))["pypdf"]
    assert "No work was performed" in texts(desk.printed("wh347_data_sheet", 1))["pypdf"]


def test_project_changes_the_firm_and_the_firm_changes_us(desk: Desk) -> None:
    reports = {}
    for place in [(None, None), (FIRM, None), (FIRM, "pecan-street-offices")]:
        found = folder().find("daily_report", sample("daily_report").made_on, firm=place[0], project=place[1])
        out = desk.print(found, found.tried_with(sample("daily_report")))
        reports[place] = texts(out.content)["pypdf"]
    ours, firms, projects = reports.values()
    assert "VISITORS" in ours
    assert "VISITORS" not in firms + projects
    assert "1200 East Seventh Street" in firms
    assert "Tons of cooling set today" not in ours
    assert "Tons of cooling set today" in firms
    assert "Superintendent Date Owner's representative Date" in projects
    assert "Superintendent Date Project manager Date" in firms


@pytest.mark.parametrize(
    ("custom", "says"), [({}, "HVAC foreman"), ({"foreman": "Luis", "colour": "red"}, "no field colour")]
)
def test_firms_own_fields_are_asked_for_and_no_others_taken(custom: dict[str, str], says: str) -> None:
    with pytest.raises(UnfitSheetError, match=says):
        template("daily_report", firm=FIRM).given(sample("daily_report", custom=custom))


def test_letters_that_no_font_has_are_refused_not_left_blank(desk: Desk) -> None:
    with pytest.raises(TemplateFailedError, match="could not be displayed"):
        desk.printed("daily_report", notes="龍")


async def test_press_that_was_left_waiting_prints_the_next_sheet_right() -> None:
    first, second = sample("daily_report"), sample("daily_report", written_by="Somebody Else")
    async with Press() as press:
        await press.print(template("daily_report"), first)
        task = asyncio.create_task(press.print(template("daily_report"), first))
        await asyncio.sleep(0.002)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        out = await press.print(template("daily_report"), second)
    assert "Somebody Else" in texts(out.content)["pypdf"]


async def test_full_press_says_so_in_time() -> None:
    async with Press(limits=Limits(wait=timedelta(seconds=0.05))) as press:
        worker = await press._free.get()
        with pytest.raises(PressBusyError):
            await press.print(template("daily_report"), sample("daily_report"))
        press._free.put_nowait(worker)


@pytest.mark.parametrize("number", range(8))
def test_waiver_of_ours_is_recognised_as_what_it_is(desk: Desk, number: int) -> None:
    sheet = sample("waiver", number)
    assert isinstance(sheet, WaiverSheet)
    found = recognise(read_content(desk.printed("waiver", number, firm=FIRM)), FORMS.values())
    assert found.kind == sheet.form
    assert isinstance(found.fields, LienWaiver)
    assert found.fields.wording is not None
    assert found.fields.wording.changed_words == 0
    if sheet.site.state == "TX" and "unconditional" in sheet.form:
        seen = (found.fields.notice_is_first, found.fields.notice_is_bold)
        assert [one and one.value for one in seen] == [True, True]


def test_timesheet_of_ours_is_read_with_what_the_law_asks_for(desk: Desk) -> None:
    found = recognise(read_content(desk.printed("timesheet", firm=FIRM)), FORMS.values())
    assert isinstance(found.fields, Timesheet)
    read = {name: one.value for name, one in found.fields if isinstance(one, Read)}
    assert read["employee"] == "Luis Ortega"
    assert (read["week_starts_on"], read["week_starts_at"]) == (date(2026, 11, 2), "00:00")
    assert (read["total_minutes"], read["overtime_minutes"]) == (2880, 480)
    assert (read["straight_cents"], read["overtime_cents"], read["wages_cents"]) == (184800, 15400, 200200)
    assert read["unexplained_edits"] == 0


def test_our_own_payroll_is_read_worker_by_worker(desk: Desk) -> None:
    sheet = sample("wh347_data_sheet").told()
    fields = _recognised(desk, "wh347_data_sheet")
    assert isinstance(fields, Payroll)
    assert fields.workers is not None
    read = [
        {name: value.value for name in PAID if (value := getattr(worker, name)) is not None}
        for worker in fields.workers
    ]
    assert read == [
        {
            "total_minutes": line["straight_total"] + line["overtime_total"],
            "overtime_minutes": line["overtime_total"],
            "fringe_credit_cents": line["fringe_credit_cents"],
            "fringe_paid_cents": line["fringe_paid_cents"],
            "gross_cents": line["gross_cents"],
            "net_cents": line["net_cents"],
            "is_apprentice": line["status"] == "RA",
        }
        for line in sheet["workers"]
    ]
    assert [one.programme.value for one in fields.workers if one.programme] == [
        sheet["programmes"][0]["name"]
    ] * len(read)


def test_our_own_timesheet_is_read_day_by_day_with_its_punches(desk: Desk) -> None:
    sheet = sample("timesheet").told()
    fields = _recognised(desk, "timesheet")
    assert isinstance(fields, Timesheet)
    assert fields.days_minutes is not None
    assert fields.days_minutes.value == tuple(day["minutes"] for day in sheet["days"])
    assert fields.punched_minutes is not None
    assert fields.punched_minutes.value == sheet["punched_minutes"]


PAID = (
    "total_minutes", "overtime_minutes", "fringe_credit_cents", "fringe_paid_cents", "gross_cents", "net_cents",
    "is_apprentice",
)  # fmt: skip


def _recognised(desk: Desk, kind: str) -> object:
    return recognise(read_content(desk.printed(kind)), FORMS.values()).fields


async def test_press_outlives_a_template_that_says_or_prints_too_much() -> None:
    good, sheet = template("daily_report"), sample("daily_report")
    shouting = b'#panic("a" * 30000000)'
    version = good.version.model_copy(update={"sha256": hashlib.sha256(shouting).hexdigest()})
    evil = dataclasses.replace(good, version=version, files={**good.files, "template.typ": shouting})
    async with Press() as press:
        with pytest.raises(TemplateFailedError, match="panicked"):
            await press.print(evil, sheet)
        usual = len((await press.print(good, sheet)).content)
    async with Press(limits=Limits(pdf_bytes=usual - 1)) as press:
        for _ in range(2):
            with pytest.raises(TemplateFailedError, match="prints more than"):
                await press.print(good, sheet)
