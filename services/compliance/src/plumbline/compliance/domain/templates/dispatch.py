"""The sheet that goes with papers to a trade's desk in a region."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import Field
from typing_extensions import override

from plumbline.compliance.domain.decision import Outcome
from plumbline.compliance.domain.reading import Fact
from plumbline.compliance.domain.templates.sheet import BLOCKS, Prose, Sheet, Words


class Enclosed(Fact):
    """A paper that the ticket sends."""

    kind: Words
    file_name: Words
    document: Words
    """Its id: the keyed hash of its bytes."""
    vendor: Words = ""
    expires_on: date | None = None


class CheckLine(Fact):
    """What a rule said."""

    rule: Words
    outcome: Outcome
    sentence: Prose


class DispatchSheet(Sheet):
    """A ticket on paper."""

    kind: ClassVar[str] = "dispatch_sheet"
    sections: ClassVar[frozenset[str]] = BLOCKS | {"checks", "instructions"}

    ticket: Words
    region: Words
    trade: Words
    desk: Words
    sentence: Prose
    """Why it goes to this desk."""
    ready_at: datetime
    papers: Annotated[tuple[Enclosed, ...], Field(min_length=1, max_length=60)]
    checks: Annotated[tuple[CheckLine, ...], Field(max_length=100)] = ()
    rule_set: Words
    instructions: Prose = ""

    @override
    def must_show(self) -> Sequence[str]:
        """Return what no template may leave out."""
        return (*super().must_show(), self.ticket, self.desk, *(paper.document[:16] for paper in self.papers))
