"""The corpus: every paper read, recognised, and decided about by the shipped rules, beside what would be right."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from corpus_active import active_papers
from corpus_cases import Case
from corpus_certificates import certificates
from corpus_held_out import held_out
from corpus_kinds import other_papers
from corpus_ohio import ohio_papers
from corpus_ohio_waivers import ohio_waivers
from corpus_other_layouts import other_layouts
from corpus_payrolls import payrolls
from corpus_seen import seen
from corpus_timesheets import timesheets
from corpus_w9 import w9s
from corpus_waivers import texas_waivers
from rules_lab import facts, rule_set, shipped

from plumbline.compliance.adapters.reading.pdf import read_pdf
from plumbline.compliance.domain.content import PaperContent
from plumbline.compliance.domain.decision import Decision, Outcome
from plumbline.compliance.domain.facts import DocumentFacts
from plumbline.compliance.domain.reading import Read
from plumbline.compliance.domain.recognised import Recognised
from plumbline.compliance.domain.recognising.recognition import recognise
from plumbline.compliance.domain.rules.deciding import decide
from plumbline.compliance.domain.rules.model import Check

AUTHORITIES = {
    "City of Austin Development Services": "austin-dsd",
    "City of Columbus Building and Zoning Services": "columbus-bzs",
}

ENOUGH = 0.85
"""What rules take as read; the shipped `minimum_confidence`."""


@dataclass(frozen=True)
class Result:
    """A paper of the corpus and what came of it."""

    case: Case
    content: PaperContent
    recognised: Recognised
    decisions: tuple[Decision, ...]

    @property
    def kind(self) -> str | None:
        """The kind that was told surely."""
        return self.recognised.kind if self.recognised.kind_confidence >= ENOUGH else None

    @property
    def fired(self) -> dict[str, Outcome]:
        return {
            one.rule: one.outcome
            for one in self.decisions
            if one.desk is None and not one.held and one.outcome is not Outcome.IN_ORDER
        }

    @property
    def blocks(self) -> bool:
        """Whether something stands between the paper and its release: no kind, or a blocking check."""
        return self.recognised.kind is None or any(outcome.blocks for outcome in self.fired.values())

    @property
    def desk(self) -> str | None:
        return next((f"{one.desk.region}/{one.desk.trade}" for one in self.decisions if one.desk), None)

    def read(self, name: str) -> Read[Any] | None:
        """What was read for a field, `workers.0.gross_cents` of a row."""
        said: Any = self.recognised.fields
        for part in name.split("."):
            is_row = part.isdigit() and said is not None and int(part) < len(said)
            said = said[int(part)] if is_row else getattr(said, part, None)
        return said if isinstance(said, Read) else None


def judge(case: Case) -> Result:
    content = read_pdf(case.content)
    recognised = recognise(content, shipped().forms, authorities=AUTHORITIES)
    return Result(case, content, recognised, decided(case, recognised))


def decided(case: Case, recognised: Recognised) -> tuple[Decision, ...]:
    if recognised.kind is None or not case.base:
        return ()
    around = facts(
        case.base, **{name: value for name, value in case.around.items() if name != "required_cents"}
    )
    of_paper = {
        "kind": recognised.kind,
        "kind_confidence": recognised.kind_confidence,
        "file": recognised.file,
        "fields": with_ours(recognised, case),
    }
    return decide(DocumentFacts.model_validate({**dict(around), **of_paper}), rule_set())


def with_ours(recognised: Recognised, case: Case) -> Any:
    """Put beside what was read what is ours to know: the wage determination's rate."""
    fields = recognised.fields
    workers = getattr(fields, "workers", None)
    if fields is None or not workers:
        return fields
    required = case.around.get("required_cents", 6055)
    return fields.model_copy(
        update={"workers": tuple(one.model_copy(update={"required_cents": required}) for one in workers)}
    )


def cases() -> Iterator[Case]:
    yield from texas_waivers()
    yield from ohio_waivers()
    yield from ohio_papers()
    yield from w9s()
    yield from certificates()
    yield from payrolls()
    yield from timesheets()
    yield from other_papers()
    yield from active_papers()
    yield from other_layouts()
    yield from seen()
    yield from held_out()


@cache
def blocking() -> frozenset[str]:
    """The rules that block when they do not pass."""
    return frozenset(one.id for one in rule_set().rules if isinstance(one, Check) and one.otherwise.blocks)


def must_not_pass(case: Case) -> bool:
    return case.kind is None or not case.fires.isdisjoint(blocking())


@cache
def results() -> tuple[Result, ...]:
    return tuple(judge(case) for case in cases())
