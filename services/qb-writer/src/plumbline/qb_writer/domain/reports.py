"""What is told of differences: each is opened, may change, and closes, once each. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from plumbline.common.contracts.drift import LedgerDrift
from plumbline.common.hours import Hours
from plumbline.qb_writer.domain.difference import Difference


@dataclass(frozen=True, slots=True)
class Open:
    """A difference that is told of, and since when."""

    difference: Difference
    opened_at: datetime

    @property
    def place(self) -> tuple[str, str]:
        """What tells it from the realm's other open ones: subject and code."""
        return self.difference.subject, self.difference.code


@dataclass(frozen=True, slots=True)
class Report:
    """A difference as it stands now, and what is news of it, if anything."""

    open: Open
    change: Literal["opened", "changed"] | None


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How long a change may be under way before it is a difference, by whose clock."""

    hours: Hours
    grace: timedelta


def reports(
    found: Iterable[Difference],
    known: Mapping[tuple[str, str], Open],
    tolerance: Tolerance,
    *,
    now: datetime,
) -> Iterator[Report]:
    """Tell what was found apart from what is known to be open.

    The time for mending itself runs once: what was told of stays so until it is gone, however often it changes.
    """
    for difference in found:
        before = known.get((difference.subject, difference.code))
        if before is None:
            if _is_overdue(difference, tolerance, now):
                yield Report(Open(difference, now), "opened")
            continue
        after = replace(difference, since=before.difference.since)
        is_news = after != before.difference
        yield Report(Open(after, before.opened_at), "changed" if is_news else None)


def _is_overdue(difference: Difference, tolerance: Tolerance, now: datetime) -> bool:
    if not difference.may_mend_itself:
        return True
    return tolerance.hours.between(difference.since, now) >= tolerance.grace


def message(
    open_one: Open,
    change: Literal["opened", "changed", "closed"],
    *,
    realm: str,
    connection: str,
    at: datetime,
) -> LedgerDrift:
    """Return what is published of it."""
    told = open_one.difference
    return LedgerDrift(
        realm=realm,
        connection=connection,
        subject=told.subject,
        code=told.code,
        change=change,
        cause=told.cause,
        quickbooks_id=told.quickbooks_id,
        off_cents=told.off_cents,
        stake_cents=told.stake_cents,
        sentence=told.sentence,
        advice=told.advice,
        since=told.since,
        opened_at=open_one.opened_at,
        at=at,
    )
