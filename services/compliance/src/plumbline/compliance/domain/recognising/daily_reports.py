"""Daily reports of a site."""

from typing import Any

from plumbline.compliance.domain.content import PaperContent
from plumbline.compliance.domain.recognising.gathering import Ask, Gathered, gather, labels_of
from plumbline.compliance.domain.recognising.sheet import Sheet
from plumbline.compliance.domain.recognising.values import day, written

ASKS: tuple[Ask[Any], ...] = (
    Ask("number", ("report no", "report number", "daily report no", "log no", "no", "number"), written),
    Ask("reported_on", ("report date", "date of report", "log date", "date"), day),
    Ask(
        "written_by",
        ("written by", "prepared by", "reported by", "completed by", "author", "superintendent"),
        written,
    ),
)

BESIDE = (
    *(
        "project",
        "project name",
        "project number",
        "owner",
        "address",
        "city county",
        "state",
        "general contractor",
    ),
    *(
        "day",
        "weather",
        "temperature",
        "people on site",
        "hours worked",
        "workers on site",
        "crew",
        "work performed",
        "work done",
    ),
)
"""Other labels of such papers: what is printed under them says nothing of the three."""


def daily_report(content: PaperContent) -> Gathered:
    """Return what a daily report says of itself."""
    return gather(content, Sheet.of(content, [*labels_of(ASKS), *BESIDE]), ASKS)
