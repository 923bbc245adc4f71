"""The pages of `docs/` are those of this code, and what READMEs point to is there."""

import re
from pathlib import Path

import pytest
from stack_pages import PAGES, ROOT

READ = [
    page
    for where in (
        "*",
        "docs/**/*",
        "services/*/*",
        "libs/*/*",
        "provision/*",
        "sandbox/*",
        "tests/campaigns/*",
    )
    for page in ROOT.glob(f"{where}.md")
]
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_generated_page_is_that_of_this_code(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == PAGES[page](), "run `make docs`"


@pytest.mark.parametrize("page", READ, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    lost = []
    for path, anchor in _LINK.findall(page.read_text(encoding="utf-8")):
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            lost.append(f"{path}#{anchor}")
    assert lost == []


def _anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
