"""What people are told of a credential, each piece of news once, and how handlers end with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plumbline.common.database import Connection
from plumbline.common.reconciling.verdicts import Done, Effect, Park, Retry, Verdict, Wait
from plumbline.token_vault.rotation.ages import reminder
from plumbline.token_vault.rotation.ports import News, Request, Rotations, Told


@dataclass(frozen=True, slots=True)
class Age:
    """How old the present value of a credential is, and may become."""

    name: str
    version: int
    since: datetime
    maximum: timedelta
    reminders: Sequence[int] = ()
    """Days before the due date at which a person is reminded; none where no person is needed."""

    @property
    def due_at(self) -> datetime:
        """When it is as old as it may become."""
        return self.since + self.maximum


def news_of(age: Age, told: Told | None, *, now: datetime) -> News | None:
    """Return what there is to tell of a credential; None if people know it all."""
    if told is None:
        return News(Told(age.version, None), None)
    if age.version != told.version:
        return News(Told(age.version, None), "rotated", f"{age.name} has version {age.version} from now on.")
    due = reminder(age.due_at, age.reminders, now=now)
    if due is None or (told.reminded_days is not None and told.reminded_days <= due):
        return None
    sentence = (
        f"{age.name} is {(now - age.since).days} days old, and must be replaced by {age.due_at:%Y-%m-%d}: "
        f"make a new value at the provider, then `plumbline rotate {age.name}`."
    )
    return News(replace(told, reminded_days=due), "due", sentence, age.due_at)


async def telling(rotations: Rotations, age: Age, *, now: datetime) -> Effect | None:
    """Return the effect that tells the news of a credential, if there is some."""
    news = news_of(age, await rotations.told(age.name), now=now)
    return None if news is None else rotations.telling(age.name, news)


def fulfilled(rotations: Rotations, name: str, request: Request | None, *, version: int) -> Effect | None:
    """Return the effect that ends a request whose version was replaced, if it is open."""
    if request is None or not request.is_open or version <= request.version:
        return None
    return rotations.ending(name, request, "done")


def ending_with(verdict: Verdict, *effects: Effect | None) -> Verdict:
    """Return a verdict that stores more, in the transaction that finishes the record."""
    if isinstance(verdict, Retry):
        return verdict
    wanted = [effect for effect in (verdict.store, *effects) if effect is not None]

    async def store(connection: Connection) -> None:
        for effect in wanted:
            await effect(connection)

    match verdict:
        case Done() | Wait() | Park():
            return replace(verdict, store=store) if wanted else verdict
