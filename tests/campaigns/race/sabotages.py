"""Sabotages of the keeper: each takes out one thing that its promise rests on, and must be caught.

A sabotage is applied inside a life, before it begins. It counts as caught only if what the verdict finds is what had to
come of it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from plumbline.common.secrets.embedded import EmbeddedSecretStore
from plumbline.token_vault import service
from plumbline.token_vault.adapters.refusals import PostgresRefusals
from plumbline.token_vault.adapters.shelf import SecretShelf
from plumbline.token_vault.domain import GiveUp, HeldGrant, Step
from plumbline.token_vault.domain import grants as documents
from tests.campaigns.race.cases import Case, Cause, Deed, Point, Queue, Vendor

SEVERAL = 3
"""So many processes at least, where they must get into each other's way."""


@dataclass(frozen=True, slots=True)
class Sabotage:
    """One thing taken out."""

    what: str
    """What is taken out, in words."""
    apply: Callable[[], None]
    symptom: str
    """What has to be found by the verdict, as a regular expression."""
    cases: Callable[[Case], bool]
    """Cases of the race that must catch it."""


Put = Callable[[SecretShelf, HeldGrant], Awaitable[HeldGrant]]
Steps = Callable[..., Step]
Change = Callable[[HeldGrant, Any], HeldGrant]
Refuse = Callable[..., HeldGrant | None]


def replaced(owner: object, name: str, make: Callable[[Any], Any]) -> Callable[[], None]:
    """Return what replaces a named part by what `make` makes of it."""
    return lambda: patch.object(owner, name, make(getattr(owner, name))).start()


def _announce_nothing(put: Put) -> Put:
    async def silent(shelf: SecretShelf, held: HeldGrant) -> HeldGrant:
        return held if held.intent is not None else await put(shelf, held)

    return silent


def _lend_first(put: Put) -> Put:
    async def hasty(shelf: SecretShelf, held: HeldGrant) -> HeldGrant:
        if held.intent is None and held.access_token is not None:
            await shelf.lend(held, revoked=False)
        return await put(shelf, held)

    return hasty


def _seeing(change: Callable[[HeldGrant, datetime], HeldGrant]) -> Callable[[Steps], Steps]:
    """Return what decides on another document than the one that is there."""

    def make(next_step: Steps) -> Steps:
        def blind(held: HeldGrant, *, now: datetime, **how: Any) -> Step:
            return next_step(change(held, now), now=now, **how)

        return blind

    return make


def _no_intent(held: HeldGrant, _: datetime) -> HeldGrant:
    return replace(held, intent=None)


def _no_end(held: HeldGrant, now: datetime) -> HeldGrant:
    if held.intent is None:
        return held
    return replace(held, intent=replace(held.intent, until=now + timedelta(minutes=1)))


def _give_up_at_once(next_step: Steps) -> Steps:
    def timid(held: HeldGrant, *, now: datetime, **how: Any) -> Step:
        return GiveUp() if held.is_uncertain(now) else next_step(held, now=now, **how)

    return timid


def _try_once(_: Any) -> Any:
    async def kept(keeper: Any, asked: HeldGrant, change: Any) -> HeldGrant:
        changed = change(asked)
        return asked if changed is None else await keeper._shelf.put(changed)

    return kept


def _write_over(write: Any) -> Any:
    async def careless(
        store: EmbeddedSecretStore, path: str, values: Mapping[str, str], *, expected_version: int | None
    ) -> int:
        del expected_version
        version: int = await write(store, path, values, expected_version=None)
        return version

    return careless


def _forget(_: Any) -> Any:
    async def nothing(*_: object) -> None:
        return None

    return nothing


def _keep_refresh_token(with_grant: Change) -> Change:
    def stubborn(held: HeldGrant, grant: Any) -> HeldGrant:
        return replace(with_grant(held, grant), refresh_token=held.refresh_token)

    return stubborn


def _dead_whatever_is_there(refused: Refuse) -> Refuse:
    def rash(held: HeldGrant, *, asked: HeldGrant, now: datetime) -> HeldGrant | None:
        return refused(replace(held, intent=asked.intent), asked=asked, now=now)

    return rash


def _try_for_ever(_: Any) -> Any:
    def undaunted(held: HeldGrant, *, asked: HeldGrant, now: datetime) -> HeldGrant:
        del asked, now
        return replace(held, intent=None)

    return undaunted


def crowded(case: Case) -> bool:
    """Say whether several processes share nothing but the document, and nothing else goes wrong."""
    slow = case.trouble.name in {"slow provider", "nothing"}
    return slow and case.queue is Queue.NONE and case.processes >= SEVERAL


def killed_at(*points: Point) -> Callable[[Case], bool]:
    """Return whether a case kills at one of these points."""
    return lambda case: case.trouble.deed is Deed.KILL and case.trouble.point in points


MANY = r"[2-9] token calls for one expiry"
"""What is found if the provider was called too often."""

NEEDLESS = "the grant is dead, and nothing was lost"
"""What is found if a person is sent for without need."""

SABOTAGES: Mapping[str, Sabotage] = {
    "no-intent": Sabotage(
        "a call is not announced", replaced(SecretShelf, "put", _announce_nothing), MANY, crowded
    ),
    "no-deadline": Sabotage(
        "nobody waits until an announced call must be over",
        replaced(service, "next_step", _seeing(_no_intent)),
        MANY,
        crowded,
    ),
    "no-check-and-set": Sabotage(
        "documents are written over whatever is there",
        replaced(EmbeddedSecretStore, "write", _write_over),
        MANY,
        crowded,
    ),
    "no-take-over": Sabotage(
        "an announced call is waited for without end",
        replaced(service, "next_step", _seeing(_no_end)),
        "callers got no token|an intent was left open",
        killed_at(Point.INTENDED),
    ),
    "no-second-look": Sabotage(
        "a refusal is final though somebody else has renewed the grant",
        replaced(service, "refused", _dead_whatever_is_there),
        NEEDLESS,
        lambda case: case.trouble.deed is Deed.SIBLING and case.vendor is Vendor.PERSON,
    ),
    "lends-first": Sabotage(
        "a token is lent before it is stored",
        replaced(SecretShelf, "put", _lend_first),
        "what is lent is not what is stored",
        lambda case: killed_at(Point.STORING)(case) and case.vendor is not Vendor.PERSON,
    ),
    "drops-the-answer": Sabotage(
        "an answer that the store does not take at once is dropped",
        replaced(service.Keeper, "_kept", _try_once),
        f"{NEEDLESS}|{MANY}",
        lambda case: case.trouble.deed in {Deed.AWAY, Deed.CONFLICT} and case.trouble.point is Point.STORING,
    ),
    "forgets-refusals": Sabotage(
        "which version was refused is not remembered",
        replaced(PostgresRefusals, "newest", _forget),
        "callers got no token|the token was not renewed",
        lambda case: case.trouble.name == "nothing" and case.cause is Cause.REFUSED,
    ),
    "keeps-the-old-value": Sabotage(
        "the new refresh token is not kept",
        replaced(documents, "_with", _keep_refresh_token),
        "the stored grant is not the newest",
        lambda case: case.vendor is Vendor.PERSON and not case.may_die,
    ),
    "never-tries-again": Sabotage(
        "after a lost answer the old value is not tried",
        replaced(service, "next_step", _give_up_at_once),
        NEEDLESS,
        lambda case: case.trouble.loses and case.vendor is Vendor.QUICKBOOKS,
    ),
    "tries-for-ever": Sabotage(
        "after a lost answer the old value is tried more than once",
        replaced(service, "refused", _try_for_ever),
        MANY,
        lambda case: case.may_die and case.trouble.deed is Deed.KILL,
    ),
}
