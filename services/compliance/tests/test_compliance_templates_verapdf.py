"""veraPDF, the reference validator of PDF/A and PDF/UA, has nothing to say about our sheets, tagged or not."""

import shutil
import subprocess
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas
from templates_lab import FIRM, folder, form_of

from plumbline.compliance.adapters.rendering import Press
from plumbline.compliance.adapters.tagging import tag
from plumbline.compliance.domain.tags import Tags
from plumbline.compliance.domain.templates.kinds import KINDS

pytestmark = [
    pytest.mark.connected,
    pytest.mark.skipif(not shutil.which("mvn") or not shutil.which("java"), reason="needs Maven and Java"),
]

JARS = Path(__file__).parents[3] / ".plumbline" / "verapdf"
POM = Path(__file__).with_name("verapdf-pom.xml")


@pytest.fixture(scope="module")
def jars() -> Path:
    if not JARS.exists():
        fetched = JARS.with_name("verapdf.new")
        fetch = [
            "mvn",
            "-B",
            "-q",
            "-f",
            str(POM),
            "dependency:copy-dependencies",
            f"-DoutputDirectory={fetched}",
        ]
        subprocess.run(fetch, check=True, timeout=300)
        fetched.rename(JARS)
    return JARS


def verdicts(jars: Path, flavour: str, files: list[Path]) -> dict[str, str]:
    argv = ["java", "-Xmx512m", "-cp", f"{jars}/*", "org.verapdf.apps.GreenfieldCliWrapper", "-f", flavour]
    said = subprocess.run(
        [*argv, "--format", "text", *files], check=False, capture_output=True, text=True, timeout=120
    )
    lines = [line.split() for line in said.stdout.splitlines() if line.startswith(("PASS", "FAIL"))]
    return {Path(line[1]).name: line[0] for line in lines}


async def printed(to: Path) -> list[Path]:
    """Print every sample in our look and in a firm's, each as it is and tagged."""
    tags = Tags(region="us-tx", trade="hvac", kind="waiver", ticket="tkt-1", dispatch_ready=True)
    files: list[Path] = []
    async with Press() as press:
        for firm, project in [(None, None), (FIRM, None)]:
            for kind in KINDS:
                for number, sheet in enumerate(folder().sample(kind)):
                    found = folder().find(kind, sheet.made_on, firm=firm, project=project)
                    content = (await press.print(found, found.tried_with(sheet), form_of(sheet))).content
                    name = f"{firm}-{project}-{kind}-{number}"
                    for suffix, said in {"": content, "-tagged": tag(content, tags, made_by_us=True)}.items():
                        files.append(to / f"{name}{suffix}.pdf")
                        files[-1].write_bytes(said)
    return files


async def test_every_sheet_is_archivable_and_accessible_to_verapdf(jars: Path, tmp_path: Path) -> None:
    files = await printed(tmp_path)
    foreign = tmp_path / "foreign.pdf"
    canvas = Canvas(str(foreign))
    canvas.drawString(72, 720, "neither")
    canvas.save()
    for flavour in ("2a", "ua1"):
        said = verdicts(jars, flavour, [*files, foreign])
        assert said.pop("foreign.pdf") == "FAIL"
        assert said == {file.name: "PASS" for file in files}
