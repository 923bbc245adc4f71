"""A paper's story, in sentences that a project accountant understands."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from plumbline.compliance.domain.decision import Outcome
from plumbline.compliance.domain.document import Document, Review
from plumbline.compliance.domain.reading import Fact, Read
from plumbline.compliance.domain.recognised import Place
from plumbline.compliance.ports.book import Decided, Errand

FROM = {
    "procore": "was found in Procore",
    "upload": "was uploaded",
    "folder": "lay in the watched folder",
    "made": "was made here",
}
"""How a paper came."""


def story(document: Document, decisions: Sequence[Decided], errands: Sequence[Errand]) -> list[str]:
    """Return a paper's story: where it came from, what was read, what was decided, where it went."""
    dated = [(document.received_at, _arrival(document)), *_dated(document, decisions, errands)]
    told = [
        f"{at:%Y-%m-%d %H:%M:%S} UTC: {sentence}" for at, sentence in sorted(dated, key=lambda one: one[0])
    ]
    return [*told, *_now(document), *_read(document)]


def _arrival(document: Document) -> str:
    scanned = f" Scanned by {document.scanned_by}." if document.scanned_by else " It was not scanned yet."
    return f"{document.file_name} {FROM[document.source]} ({document.source_record}).{scanned}"


def _dated(
    document: Document, decisions: Sequence[Decided], errands: Sequence[Errand]
) -> Iterator[tuple[datetime, str]]:
    if document.withdrawn_at:
        yield document.withdrawn_at, "Withdrawn: Procore lists it no more. It counts again once it is listed."
    for review in document.reviews:
        yield review.at, _reviewed(review)
    for one in decisions:
        yield one.at, _decided(one)
    for errand in errands:
        yield errand.issued_at, f"Sent to desk {errand.desk.region}/{errand.desk.desk}. {errand.sentence}"
        if errand.acknowledged_at:
            yield errand.acknowledged_at, f"{errand.acknowledged_by} acknowledged it."
        if errand.withdrawn_at:
            yield errand.withdrawn_at, f"Taken back from desk {errand.desk.region}/{errand.desk.desk}."


def _reviewed(review: Review) -> str:
    said = []
    if review.kind:
        said.append(f"it is {review.kind}")
    said += [f"{name} is {value}" for name, value in review.fields.items()]
    said += [f"{rule} is accepted" for rule in review.accepts]
    return f"{review.by} says: {', '.join(said) or 'it belongs elsewhere'}; because {review.why}."


def _decided(decided: Decided) -> str:
    passed = sum(one.outcome is Outcome.IN_ORDER and not one.desk for one in decided.decisions)
    said = [
        f"{one.rule} ({one.outcome.value}): {one.sentence}"
        for one in decided.decisions
        if _is_said(one.outcome)
    ]
    return " ".join([f"Decided, {decided.state}; {passed} checks in order.", *said])


def _is_said(outcome: Outcome) -> bool:
    return outcome is not Outcome.IN_ORDER


def _now(document: Document) -> Iterator[str]:
    if document.problem:
        yield f"A person must look: {document.problem[1]}"
    if document.superseded_by:
        yield f"Paper {document.superseded_by} has taken its place."
    if document.near_duplicate_of:
        yield f"It says nearly the same as paper {document.near_duplicate_of}, of the same vendor and occasion; compare them."
    if document.expires_on:
        yield f"It is good to {document.expires_on}."


def _read(document: Document) -> Iterator[str]:
    recognised = document.recognised
    if recognised is None:
        return
    yield f"Recognised as {recognised.kind or 'nothing known'} ({recognised.kind_confidence:.2f}): {recognised.why}"
    if recognised.fields is None:
        return
    for path, read in _values(recognised.fields, ""):
        value = read.value.isoformat() if isinstance(read.value, date) else read.value
        said = "blank" if value in {None, ""} else value
        yield f"Read {path}: {said} ({read.confidence:.2f}{_where(recognised.places.get(path))})"


def _values(fields: Fact, prefix: str) -> Iterator[tuple[str, Read[Any]]]:
    for name in type(fields).model_fields:
        value = getattr(fields, name)
        if isinstance(value, Read):
            yield prefix + name, value
        elif isinstance(value, tuple):
            for number, row in enumerate(value):
                if isinstance(row, Fact):
                    yield from _values(row, f"{prefix}{name}.{number}.")


def _where(place: Place | None) -> str:
    if place is None:
        return ""
    page = f" on page {place.page}" if place.page else ""
    return f", {place.source} {place.at}{page}".rstrip()
