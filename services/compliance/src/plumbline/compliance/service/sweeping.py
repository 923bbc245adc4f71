"""Looking for papers in Procore, project by project: most of them no webhook tells of.

Procore counts calls, and payments need them first. So a round lists what a project has, and looks through those shelves
alone that are new, that Procore says have changed, or that have rested: see `domain/looking.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plumbline.common.clock import Clock
from plumbline.common.connections import Connections
from plumbline.common.errors import SuiteError, WaitError
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.marks import Lane, Mark
from plumbline.common.reconciling.verdicts import Done, Verdict, Wait
from plumbline.compliance.domain.document import clean_name
from plumbline.compliance.domain.looking import ROUND_LONGEST, Look, is_due, rest
from plumbline.compliance.ports.intake import Arrival, Found, Inbox, PaperSource, Reading, Shelf
from plumbline.compliance.ports.looking import Looks
from plumbline.compliance.ports.reading import RefusedPaperError
from plumbline.compliance.service.intake import Intake

PREFIX = "sweep/"
"""Begins the keys of projects that are looked through."""

AT_ONCE = 20
"""Papers that one piece of work takes; the rest is the next one's, after others had their turn."""

SHELVES_BETWEEN = 10
"""Shelves that are looked through before it is asked again whether others need Procore's calls: so each round gets on."""


NOT_GIVEN = "not-given"
"""Why a file is not taken that is listed and cannot be fetched: it holds up no other."""


def sweep_key(connection: str, project_id: str) -> str:
    """Return the key of the record that a project's papers are looked for by."""
    return f"{PREFIX}{connection}/{project_id}"


def first_sweeps(connections: Connections) -> list[Mark]:
    """Return what makes every project looked through for the first time; known ones stay as they are."""
    return [
        Mark(sweep_key(one.name, project), one.name, "first sweep", lane=Lane.SWEEP)
        for one in connections
        for project in one.procore.projects
    ]


@dataclass(frozen=True, slots=True)
class _Site:
    """One project in hand."""

    claim: Claim
    connection: str
    project: str
    company_id: str
    known: Mapping[str, str]
    """Fingerprints of what was found there before, by place."""
    looks: Mapping[str, Look]
    now: datetime

    @property
    def place(self) -> str:
        """Begins the places of the project."""
        return _place(self.company_id, self.project)

    def at(self, place: str) -> str:
        """Return the whole place of what is at a place below the project."""
        return f"{self.place}{place}"


@dataclass(frozen=True, slots=True)
class Sweeping:
    """Takes in what Procore has and we have not."""

    connections: Connections
    source: PaperSource
    inbox: Inbox
    looks: Looks
    intake: Intake
    clock: Clock
    every: timedelta
    """How long a project is left alone at least after it was looked through; longer if it is quiet."""
    remembered: timedelta
    """How long any replica may still remember what a project was like."""

    async def work(self, claim: Claim) -> Verdict:
        """Look through one project; safe to repeat: what was taken is known by its place.

        Raises what the source, the safe and the database raise; what was taken before stays taken.
        """
        connection, project = claim.key.removeprefix(PREFIX).split("/", 1)
        config = self.connections.get(connection)
        if config is None or project not in config.procore.projects:
            return Done()  # it belongs to no connection any more
        if pause := self.source.pause(connection):
            return _after_payments(pause)
        place = _place(config.procore.company_id, project)
        known = await self.inbox.fingerprints(connection, place)
        looks = await self.looks.below(connection, place)
        site = _Site(claim, connection, project, config.procore.company_id, known, looks, self.clock.now())
        await self._look_around(connection, project, f"{place}around", known)
        return await self._look_through(site, await self.source.shelves(connection, project))

    async def _look_through(self, site: _Site, shelves: Sequence[Shelf]) -> Verdict:
        """Look through the shelves that are due, as far as one piece of work goes."""
        changes = {site.at(shelf.place): _changed_at(site, shelf) for shelf in shelves}
        room, are_all_given = AT_ONCE, True
        for number, shelf in enumerate(self._due(site, shelves)):
            if number and number % SHELVES_BETWEEN == 0 and (pause := self.source.pause(site.connection)):
                return _after_payments(pause)
            reading = await shelf.read()
            news = [one for one in reading.papers if site.known.get(site.at(one.record)) != one.fingerprint]
            taken = 0
            for found in news:
                if room == 0:
                    return Done(again_after=timedelta(0))
                is_given = await self._take(site, found)
                # What is not given costs no room: or so many of them would be asked for without end.
                taken, room = taken + is_given, room - is_given
            await self._keep_shelf(site, shelf, reading)
            if taken < len(news):
                are_all_given = False  # so it is read again at the next round
                continue
            place = site.at(shelf.place)
            if news and place in site.looks:
                changes[place] = site.now
            await self._keep_look(site, shelf, reading, changes[place])
        quiet = site.now - max(changes.values(), default=site.now)
        pause = rest(quiet, shortest=self.every, longest=ROUND_LONGEST) if are_all_given else self.every
        gone = site.looks.keys() - changes.keys()
        return Done(store=self.looks.forgetting(site.connection, gone), again_after=pause)

    def _due(self, site: _Site, shelves: Sequence[Shelf]) -> Sequence[Shelf]:
        every, now = self.every, site.now
        return [
            shelf
            for shelf in shelves
            for place in [site.at(shelf.place)]
            if is_due(place, shelf.version, site.looks.get(place), now=now, every=every)
        ]

    async def _keep_shelf(self, site: _Site, shelf: Shelf, reading: Reading) -> None:
        """Withdraw what stands on a shelf no more, now that all that does was taken."""
        place, seen = site.at(shelf.place), {site.at(one.record) for one in reading.papers}
        if await self.inbox.missed(site.connection, place, seen):
            # A list that changes while it is read may leave a row out: what is gone is missing a second time.
            seen |= {site.at(one.record) for one in (await shelf.read()).papers}
        async with site.claim.transaction() as database:
            await self.inbox.shelving(site.connection, place, seen, now=self.clock.now())(database)

    async def _keep_look(self, site: _Site, shelf: Shelf, reading: Reading, changed_at: datetime) -> None:
        look = Look(
            version=shelf.version, looked_at=site.now, changed_at=changed_at, is_awaited=reading.is_awaited
        )
        async with site.claim.transaction() as database:
            await self.looks.keeping(site.connection, site.at(shelf.place), look)(database)

    async def _look_around(self, connection: str, project: str, place: str, known: Mapping[str, str]) -> None:
        """Have the papers of a project decided anew if the project is another than it was."""
        around = await self.source.around(connection, project)
        if known.get(place) != around:
            now = self.clock.now()
            await self.inbox.project_changed(
                connection, project, place=place, fingerprint=around, now=now, due_at=now + self.remembered
            )

    async def _take(self, site: _Site, found: Found) -> bool:
        """Take a paper; False if Procore does not give it."""
        arrival, is_given = _arrival(site, found), True
        try:
            content = await self._content(arrival, found)
            await self.intake.take(replace(arrival, content=content))
        except RefusedPaperError as refused:
            # What was not given is asked for again at the next look, for it may be given then.
            is_given = refused.reason != NOT_GIVEN
            await self.intake.refuse(
                replace(arrival, fingerprint=arrival.fingerprint if is_given else ""), refused
            )
        # Downloads take their time: the lease is renewed, or the work is given up if it was lost.
        async with site.claim.transaction():
            pass
        return is_given

    async def _content(self, arrival: Arrival, found: Found) -> bytes:
        try:
            return await self.source.content(arrival.connection, found)
        except (RefusedPaperError, WaitError):
            raise
        except SuiteError as error:
            sentence = (
                f"Procore lists {arrival.file_name}, but does not give it: {error.detail}. It is asked for again at "
                "each look; if it stays so, attach it anew."
            )
            raise RefusedPaperError(NOT_GIVEN, sentence) from error


def _place(company_id: str, project: str) -> str:
    return f"procore/{company_id}/{project}/"


def _after_payments(pause: timedelta) -> Wait:
    return Wait(pause, "little is left of Procore's calls, and payments go first")


def _changed_at(site: _Site, shelf: Shelf) -> datetime:
    """Return when a shelf changed last, by Procore's list or by what was found on it."""
    look = site.looks.get(site.at(shelf.place))
    told = [one for one in (shelf.changed_at, look.changed_at if look else None) if one is not None]
    return max(told, default=site.now)


def _arrival(site: _Site, found: Found) -> Arrival:
    return Arrival(
        connection=site.connection,
        source="procore",
        source_record=site.at(found.record),
        file_name=clean_name(found.file_name),
        content=b"",
        fingerprint=found.fingerprint,
        company_id=site.company_id,
        project_id=site.project,
        vendor_id=found.vendor_id,
        payable=found.payable,
    )
