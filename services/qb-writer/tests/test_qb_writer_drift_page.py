"""The page for controllers explains every code and every cause that a difference can have."""

import inspect
import re
from pathlib import Path
from typing import get_args

from test_qb_writer_drift_planted import PLANTED

from plumbline.common.contracts.drift import DriftCause
from plumbline.qb_writer.domain.difference import ADVICE, ADVICE_ON_STRAYS
from plumbline.qb_writer.domain.kinds import KINDS

PAGE = (Path(__file__).parents[3] / "docs" / "drift.md").read_text(encoding="utf-8")


def explained(heading: str) -> set[str]:
    """Return what the first column of the table under a heading names."""
    section = PAGE.split(f"## {heading}")[1].split("\n## ")[0]
    firsts = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {code for first in firsts for code in re.findall(r"`([^`]+)`", first)}


def test_every_code_that_is_planted_or_advised_on_is_explained() -> None:
    told = {found.code for planted in PLANTED for found in planted.found} | {*ADVICE_ON_STRAYS}
    assert told - explained("What each code means") == set()


def test_every_field_that_is_compared_is_explained_as_a_code() -> None:
    described = {
        name for kind in KINDS.values() for name in re.findall(r'"([a-z ]+)":', inspect.getsource(kind.facts))
    }
    assert {name.replace(" ", "-") for name in described} - explained("What each code means") == set()
    assert "due date" in described


def test_every_cause_is_explained_and_no_other() -> None:
    assert explained("Who made it so") == set(get_args(DriftCause))
    assert {*ADVICE} | {"parked", "not-ours"} == set(get_args(DriftCause))
