"""A firm's own template is tried before it is saved, cannot get out, and does not change afterwards."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from templates_lab import FIRM, Desk, copied, folder, open_desk, sample, texts

from plumbline.common.connections import ConfigurationError
from plumbline.compliance.__main__ import main
from plumbline.compliance.adapters.rendering import Limits, TemplateFailedError
from plumbline.compliance.adapters.template_files import TemplateFolder
from plumbline.compliance.domain.templates.template import Template

SHEET = '#import "/layout.typ": *\n#show: sheet.with("Daily report")\n'
GOOD = SHEET + "#site-facts()\n#data.written_by\n"
WAIVER = '#import "/layout.typ": *\n#show: statutory-sheet.with("Waiver")\n'

BROKEN = {
    "unclosed delimiter": SHEET + "#plain(",
    "would escape the project root": SHEET + '#read("../../../../etc/passwd")',
    "file not found": SHEET + '#read("/etc/passwd")',
    "packages are not fetched": '#import "@preview/cetz:0.3.0": *',
    "packages are not fetched:": '#import ("@pre" + "view/cetz:0.3.0"): *',
    "maximum function call depth": SHEET + "#let f(x) = f(x + 1)\n#f(0)",
    "loop seems to be infinite": SHEET + "#{ let i = 0\n while i < 10 { i = calc.rem(i + 1, 5) } }",
    "missing document title": "no layout",
}
SLOW = SHEET + "#{ let n = 0\n for a in range(9000) { for b in range(9000) { n += 1 } }\n [#n] }"
GREEDY = SHEET + "#range(100000000).map(x => str(x)).join()"

UNLAWFUL = {
    "changes the words": WAIVER + "#statutory()\nand the signer will indemnify everybody",
    "changes the words of": WAIVER + '#show "mechanic": "machine"\n#statutory()',
    "changes the words of Tex": WAIVER + "#statutory()\n#statutory()",
    "in bold type": WAIVER + '#show regex("NOTICE.*"): set text(weight: "regular")\n#statutory()',
    "in the largest type": WAIVER + '#show "Project": it => text(size: 15pt, it)\n#statutory()',
}


def candidate(tmp_path: Path, text: str, kind: str = "daily_report") -> Template:
    source = tmp_path / f"{kind}.typ"
    source.write_text(text)
    return folder().candidate(source, kind, sample(kind).made_on, FIRM)


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with open_desk() as opened:
        yield opened


def test_good_template_has_no_fault(desk: Desk, tmp_path: Path) -> None:
    printed, faults = desk.prove(candidate(tmp_path, GOOD))
    assert faults == ()
    assert printed.template == f"{FIRM}/daily_report"
    assert "Ana Ruiz" in texts(printed.content)["pypdf"]


@pytest.mark.parametrize("says", BROKEN)
def test_broken_template_is_refused_in_a_sentence_without_our_paths(
    desk: Desk, tmp_path: Path, says: str
) -> None:
    with pytest.raises(TemplateFailedError, match=says.rstrip(":")) as refused:
        desk.prove(candidate(tmp_path, BROKEN[says]))
    assert "plumbline-press" not in refused.value.detail
    assert "\n" not in refused.value.detail


@pytest.mark.parametrize(
    ("text", "limits", "says"),
    [
        (SLOW, Limits(cpu=timedelta(seconds=1)), "more than 1 s of processor time"),
        (SLOW, Limits(deadline=timedelta(seconds=4)), "longer than 4 s"),
        (GREEDY, Limits(memory_bytes=400 << 20), "has 400 MiB of memory"),
    ],
)
def test_what_takes_too_much_is_ended_and_the_press_prints_on(
    tmp_path: Path, text: str, limits: Limits, says: str
) -> None:
    bad, good = candidate(tmp_path, text), candidate(tmp_path, GOOD)
    with open_desk(limits) as desk:
        with pytest.raises(TemplateFailedError, match=says):
            desk.prove(bad)
        assert desk.prove(good)[1] == ()


@pytest.mark.parametrize("says", UNLAWFUL)
def test_waiver_template_that_is_not_the_statutes_is_refused(desk: Desk, tmp_path: Path, says: str) -> None:
    template = candidate(tmp_path, UNLAWFUL[says], "waiver")
    _, faults = desk.prove(template, 1)
    assert any(says in fault for fault in faults)
    with pytest.raises(TemplateFailedError, match=says):
        desk.print(template, sample("waiver", 1))


def test_what_no_template_may_leave_out_is_named(desk: Desk, tmp_path: Path) -> None:
    _, faults = desk.prove(candidate(tmp_path, SHEET + "#data.site.name"))
    assert faults == ('it leaves out "Ana Ruiz"',)  # the project's number stands at the foot of the page


def test_template_reads_nothing_of_another_firm(desk: Desk, tmp_path: Path) -> None:
    theirs = folder().folder / "firms" / FIRM / "look.yaml"
    assert theirs.exists()
    for path in ("/look.yaml", f"/firms/{FIRM}/look.yaml", "../look.yaml"):
        with pytest.raises(TemplateFailedError):
            desk.prove(candidate(tmp_path, SHEET + f'#read("{path}")'))


def test_saved_template_applies_from_its_day_and_never_changes(tmp_path: Path) -> None:
    library = copied(tmp_path)
    template = candidate(tmp_path, GOOD)
    saved = library.save(template, FIRM)
    day = template.version.since
    assert library.find("daily_report", day, firm=FIRM).name == f"{FIRM}/daily_report"
    assert library.find("daily_report", day - timedelta(days=1), firm=FIRM).name == "daily_report"
    assert library.save(template, FIRM) == saved
    saved.chmod(0o644)
    saved.write_text(GOOD + "#data.notes")
    with pytest.raises(ConfigurationError, match=r"it \(now [0-9a-f]{64}\) was changed after it was saved"):
        copied_again(library).find("daily_report", day, firm=FIRM)


def test_layout_that_was_changed_is_refused_with_all_that_stand_on_it(tmp_path: Path) -> None:
    library = copied(tmp_path)
    layout = library.folder / "base" / "layout-v1.typ"
    layout.write_text(layout.read_text() + "\n")
    with pytest.raises(ConfigurationError, match=r"layout-v1\.typ \(now [0-9a-f]{64}\) was changed"):
        library.find("timesheet", sample("timesheet").made_on)


def test_two_who_save_at_once_do_not_overwrite_each_other(tmp_path: Path) -> None:
    library = copied(tmp_path)
    first, second = candidate(tmp_path, GOOD), candidate(tmp_path, GOOD + "#data.notes")
    assert first.version.version == second.version.version
    library.save(first, FIRM)
    with pytest.raises(ConfigurationError, match="meanwhile"):
        library.save(second, FIRM)


def test_save_that_was_cut_off_leaves_no_template_and_its_number_is_not_used_again(tmp_path: Path) -> None:
    library = copied(tmp_path)
    home = library.folder / "firms" / FIRM
    (home / "daily_report-v1.typ").write_text("half")
    assert library.find("daily_report", sample("daily_report").made_on, firm=FIRM).name == "daily_report"
    source = tmp_path / "daily_report.typ"
    source.write_text(GOOD)
    template = library.candidate(source, "daily_report", sample("daily_report").made_on, FIRM)
    assert library.save(template, FIRM).name == "daily_report-v2.typ"


@pytest.mark.parametrize("name", ["../base", "a/b", "", ".", "Lone Star", "nobody"])
def test_firms_and_projects_cannot_lead_out_of_the_folder(name: str) -> None:
    with pytest.raises(ConfigurationError):
        folder().find("daily_report", sample("daily_report").made_on, firm=name)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"accent": "red"}, "accent"),
        ({"sections": {"daily_report": {"weathr": False}}}, "no section weathr"),
        ({"sections": {"waiver": {"notice": False}}}, "no section notice"),
        ({"fields": {"dayly_report": []}}, "no kind dayly_report"),
        ({"logo": "../../x.svg", "logo_says": "x"}, "logo"),
        ({"logo_says": ""}, "say the logo in words"),
        ({"colour": "#000000"}, "Extra inputs"),
    ],
)
def test_look_that_cannot_be_used_is_refused_by_name(
    tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    library = copied(tmp_path)
    path = library.folder / "firms" / FIRM / "look.yaml"
    said = yaml.safe_load(path.read_text())
    said["versions"][0]["look"] |= change
    path.write_text(yaml.safe_dump(said))
    with pytest.raises(ConfigurationError, match=says):
        library.look(sample("daily_report").made_on, firm=FIRM)


def copied_again(library: TemplateFolder) -> TemplateFolder:
    return type(library)(library.folder)


def test_command_previews_checks_and_saves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    library = copied(tmp_path)
    source = tmp_path / "daily_report.typ"

    def told(*arguments: object) -> tuple[Any, str]:
        monkeypatch.setattr("sys.argv", ["compliance", "templates", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code, capsys.readouterr().out

    out = tmp_path / "out.pdf"
    code, said = told("preview", "daily_report", "--templates", library.folder, "--firm", FIRM, "--out", out)
    assert (code, out.read_bytes()[:5]) == (0, b"%PDF-")
    assert "daily_report v1" in said
    source.write_text(SHEET + "#data.site.name")
    code, _ = told("save", source, "--templates", library.folder, "--firm", FIRM)
    assert 'leaves out "Ana Ruiz"' in code
    source.write_text(GOOD)
    assert told("save", source, "--templates", library.folder, "--firm", FIRM)[0] == 0
    (library.folder / "firms" / FIRM / "logo.svg").write_text("<svg")
    code, said = told("check", library.folder)
    assert code == 1
    assert f"template-failed: {FIRM}/daily_report" in said
