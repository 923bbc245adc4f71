"""The daily report of a site."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field
from typing_extensions import override

from plumbline.compliance.domain.reading import Fact
from plumbline.compliance.domain.templates.sheet import BLOCKS, Prose, Sheet, Words


class Weather(Fact):
    """The weather at one time of the day."""

    time: Words
    sky: Words
    temperature_f: int
    wind_mph: int | None = None
    rain_in: Words = ""


class Crew(Fact):
    """What a crew did."""

    company: Words
    trade: Words
    workers: int = Field(ge=0)
    minutes: int = Field(ge=0)
    """Of all its workers together."""
    cost_code: Words = ""
    work: Prose = ""


class Equipment(Fact):
    """A machine on the site."""

    name: Words
    count: int = Field(default=1, ge=1)
    minutes: int = Field(default=0, ge=0)
    note: Words = ""


class Delivery(Fact):
    """What came in."""

    material: Words
    quantity: Words
    supplier: Words = ""
    note: Words = ""


class Delay(Fact):
    """What held the work up."""

    cause: Words
    minutes: int = Field(ge=0)
    note: Prose = ""


class Answer(Fact):
    """A question of the firm's survey or checklist."""

    question: Words
    answer: Words
    note: Words = ""


Rows = Field(default=(), max_length=200)


class DailyReport(Sheet):
    """A day on the site."""

    kind: ClassVar[str] = "daily_report"
    sections: ClassVar[frozenset[str]] = BLOCKS | {
        "weather", "crews", "equipment", "deliveries", "delays", "visitors", "safety", "survey", "notes",
    }  # fmt: skip

    number: int = Field(ge=1)
    written_by: Words
    weather: Annotated[tuple[Weather, ...], Field(max_length=24)] = ()
    crews: tuple[Crew, ...] = Rows
    equipment: tuple[Equipment, ...] = Rows
    deliveries: tuple[Delivery, ...] = Rows
    delays: tuple[Delay, ...] = Rows
    visitors: tuple[Words, ...] = Rows
    safety: Prose = ""
    survey: tuple[Answer, ...] = Rows
    notes: Prose = ""

    @override
    def told(self) -> dict[str, Any]:
        """Add how many worked, and how long all of them together."""
        return super().told() | {
            "workers": sum(crew.workers for crew in self.crews),
            "minutes": sum(crew.minutes for crew in self.crews),
        }

    @override
    def must_show(self) -> Sequence[str]:
        """Return what no template may leave out."""
        return (*super().must_show(), self.written_by)
