"""What the safe does for itself every night: destroy what has had its time, and look whether what it keeps is sound."""

import asyncio
import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog
import yaml
from pydantic import ValidationError

from plumbline.common.clock import Clock
from plumbline.common.connections import ConfigurationError
from plumbline.common.database import Connection, Pool, borrowed
from plumbline.common.repeating import repeat
from plumbline.compliance.adapters.safe.belonging import Belonging
from plumbline.compliance.adapters.safe.keys import QUERIES
from plumbline.compliance.adapters.safe.objects import Objects, StoredObject
from plumbline.compliance.adapters.safe.papers import PUT_MAX_S, PaperSafe
from plumbline.compliance.domain.papers import FIELDS
from plumbline.compliance.domain.retention import Due, Retention, sentence, unknown_kinds
from plumbline.compliance.ports.safe import HeldDocumentError, SpoiledDocumentError, UnknownDocumentError

ORPHAN_AGE = timedelta(hours=6)
"""An object that has been in the store for so long and is not in the index will never be: see `PUT_MAX_S`."""
assert timedelta(seconds=PUT_MAX_S) < ORPHAN_AGE

ORPHANS_MAX = 100
"""More orphans than that are no accidents: the store or the index is another's, or an old copy. None is removed then."""

DUE_AT_ONCE = 500
"""Papers that one look at the index finds."""

NIGHTLY = "nightly"
ROUND_EVERY = timedelta(hours=24)
ROUND_LEASE = timedelta(hours=3)
"""A round that has not ended by then was of a process that died; another does it."""
LOOK_EVERY = timedelta(minutes=10)
"""How often a replica looks whether a round is due."""

SAMPLE = 2000
"""Papers that a round reads, those first that were read the longest ago, so that in time all are; and as many of those
that were found spoiled before."""

_OURS = re.compile(r"papers/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{64}\.([0-9a-f]{32})")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """What a scrub found."""

    checked: int
    spoiled: tuple[tuple[str, str], ...]
    """Connection and document of each paper that is not what was put there."""
    orphans_removed: int
    orphans_left: int
    """Objects of no paper that were too many to be removed without a person's look."""
    unfinished_removed: int


class Rounds:
    """The safe's nightly work. Several replicas share one schema: one of them does it."""

    def __init__(
        self, *, safe: PaperSafe, objects: Objects, retention: Retention, pool: Pool, clock: Clock
    ) -> None:
        """Look after `safe`, whose papers are in `objects` and indexed in `pool`'s schema."""
        self._safe = safe
        self._objects = objects
        self._belonging = Belonging(objects, pool)
        self._retention = retention
        self._pool = pool
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Do a round each night, until told to stop: a loop of the process."""
        await repeat("safe-rounds", self.round, every=LOOK_EVERY, stop=stop)

    async def round(self) -> None:
        """Do tonight's round if nobody did or does it; one that fails is due again at once."""
        began_at = await self._claim()
        if began_at is None:
            return
        try:
            await self.work()
        except Exception:
            await self._say("give_round_up", began_at)
            raise
        await self._say("end_round", began_at)

    async def _claim(self) -> datetime | None:
        """Take the round if it is due, and return when that was."""
        now = self._clock.now()
        async with borrowed(self._pool) as database:
            claimed: datetime | None = await database.fetchval(
                QUERIES["claim_round"], NIGHTLY, now, now - ROUND_EVERY, now - ROUND_LEASE
            )
        return claimed

    async def _say(self, query: str, began_at: datetime) -> None:
        async with borrowed(self._pool) as database:
            await database.execute(QUERIES[query], NIGHTLY, began_at)

    async def work(self) -> None:
        """Destroy what has had its time, and scrub."""
        destroyed = await self.destroy_due()
        found = await self.scrub(SAMPLE)
        log.info(
            "safe.round",
            destroyed=len(destroyed),
            checked=found.checked,
            spoiled=len(found.spoiled),
            orphans_removed=found.orphans_removed,
            orphans_left=found.orphans_left,
        )

    async def due(self) -> Sequence[Due]:
        """Return papers whose time is over and that are not held, the first `DUE_AT_ONCE` of each kind."""
        today = self._clock.now().date()
        async with borrowed(self._pool) as database:
            kinds = [row["kind"] for row in await database.fetch(QUERIES["kinds"])]
            found: list[Due] = []
            for kind in kinds:
                one = self._retention.of(kind)
                until = one.until(today)
                if until is None:
                    continue
                rows = await database.fetch(QUERIES[f"due_after_{one.after}"], kind, until, DUE_AT_ONCE, None)
                found += [
                    Due(
                        connection=row["connection"],
                        document=row["document"],
                        kind=kind,
                        project_id=row["project_id"],
                        retention_class=one.name,
                        because=sentence(one, row["counted_from"]),
                    )
                    for row in rows
                ]
        return found

    async def destroy_due(self) -> Sequence[Due]:
        """Destroy every paper whose time is over, and return what was destroyed."""
        destroyed: list[Due] = []
        is_done = False
        while not is_done:
            is_done = True
            for paper in await self.due():
                # Held or destroyed since the look: then it is not ours to destroy.
                with contextlib.suppress(HeldDocumentError, UnknownDocumentError):
                    if await self._safe.destroy_due(paper, still=partial(self._is_still_due, paper)):
                        destroyed.append(paper)
                        is_done = False  # there may be more than one look finds
        return destroyed

    async def _is_still_due(self, paper: Due, database: Connection) -> bool:
        """Its kind may have become another since the look, or its project have been opened again."""
        one = self._retention.of(paper.kind)
        until = one.until(self._clock.now().date())
        query = QUERIES[f"due_after_{one.after}"]
        return bool(await database.fetch(query, paper.kind, until, 1, paper.document))

    async def scrub(self, sample: int) -> Scrubbed:
        """Read some papers and compare their hashes, and remove what the store holds without being in the index.

        Raises:
            ForeignStoreError: needs a person; nothing was removed.
        """
        async with borrowed(self._pool) as database:
            rows = await database.fetch(QUERIES["longest_unchecked"], sample, SAMPLE)
        spoiled = [(row["connection"], row["document"]) for row in rows if not await self._is_sound(row)]
        await self._belonging.check()
        before = self._clock.now() - ORPHAN_AGE
        orphans = await self._orphans(before)
        if len(orphans) > ORPHANS_MAX:
            log.error("safe.too-many-orphans", orphans=len(orphans))
            removed = 0
        else:
            for orphan in orphans:
                await self._objects.delete(orphan.name)
            removed = len(orphans)
        return Scrubbed(
            checked=len(rows),
            spoiled=tuple(spoiled),
            orphans_removed=removed,
            orphans_left=len(orphans) - removed,
            unfinished_removed=await self._objects.clear_unfinished(before),
        )

    async def _is_sound(self, row: Mapping[str, Any]) -> bool:
        try:
            await self._safe.opened(row)
        except UnknownDocumentError:
            return True  # destroyed since the look
        except SpoiledDocumentError:
            is_sound = False
        else:
            is_sound = True
        async with borrowed(self._pool) as database:
            await database.execute(QUERIES["tell_checked"], row["key_id"], self._clock.now(), is_sound)
        return is_sound

    async def _orphans(self, before: datetime) -> Sequence[StoredObject]:
        found: list[StoredObject] = []
        async for page in self._objects.every():
            keys = {
                match[1]: item
                for item in page
                if item.modified_at < before and (match := _OURS.fullmatch(item.name))
            }
            async with borrowed(self._pool) as database:
                living = await database.fetch(QUERIES["living_keys"], [bytes.fromhex(key) for key in keys])
            indexed = {bytes(row["key_id"]).hex() for row in living}
            found += [item for key, item in keys.items() if key not in indexed]
        return found


def load_retention(folder: Path) -> Retention:
    """Return the retention classes in `safe/retention.yaml` of the folder of configuration.

    Raises:
        ConfigurationError: needs a person; names what is wrong.
    """
    path = folder / "safe" / "retention.yaml"
    try:
        retention = Retention.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        raise ConfigurationError(f"{path}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error
    if unknown := unknown_kinds(retention, [*FIELDS, "unknown"]):
        raise ConfigurationError(f"{path}: no paper is of the kinds {', '.join(unknown)}")
    return retention
