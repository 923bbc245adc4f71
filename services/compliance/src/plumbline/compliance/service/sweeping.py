"""Looking for papers in Procore, project by project: most of them no webhook tells of."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from plumbline.common.clock import Clock
from plumbline.common.connections import Connections
from plumbline.common.errors import SuiteError, WaitError
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.marks import Lane, Mark
from plumbline.common.reconciling.verdicts import Done, Verdict
from plumbline.compliance.domain.document import clean_name
from plumbline.compliance.ports.intake import Arrival, Found, Inbox, PaperSource
from plumbline.compliance.ports.reading import RefusedPaperError
from plumbline.compliance.service.intake import Intake

PREFIX = "sweep/"
"""Begins the keys of projects that are looked through."""

AT_ONCE = 20
"""Papers that one piece of work takes; the rest is the next one's, after others had their turn."""


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
class Sweeping:
    """Takes in what Procore has and we have not."""

    connections: Connections
    source: PaperSource
    inbox: Inbox
    intake: Intake
    clock: Clock
    every: timedelta
    """How long a project is left alone after it was looked through."""
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
        place = f"procore/{config.procore.company_id}/{project}/"
        known = await self.inbox.fingerprints(connection, place)
        await self._look_around(connection, project, f"{place}around", known)
        taken = 0
        async for found in self.source.papers(connection, project):
            record = f"{place}{found.record}"
            if known.get(record) == found.fingerprint:
                continue
            if taken == AT_ONCE:
                return Done(again_after=timedelta(0))
            await self._take(
                found, self._arrival(found, record, connection, project, config.procore.company_id)
            )
            taken += 1
            # Downloads take their time: the lease is renewed, or the work is given up if it was lost.
            async with claim.transaction():
                pass
        return Done(again_after=self.every)

    async def _look_around(self, connection: str, project: str, place: str, known: Mapping[str, str]) -> None:
        """Have the papers of a project decided anew if the project is another than it was."""
        around = await self.source.around(connection, project)
        if known.get(place) != around:
            now = self.clock.now()
            await self.inbox.project_changed(
                connection, project, place=place, fingerprint=around, now=now, due_at=now + self.remembered
            )

    async def _take(self, found: Found, arrival: Arrival) -> None:
        try:
            content = await self._content(arrival, found)
            await self.intake.take(replace(arrival, content=content))
        except RefusedPaperError as refused:
            # What was not given is asked for again at the next look, for it may be given then.
            given = "" if refused.reason == NOT_GIVEN else arrival.fingerprint
            await self.intake.refuse(replace(arrival, fingerprint=given), refused)

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

    def _arrival(self, found: Found, record: str, connection: str, project: str, company_id: str) -> Arrival:
        return Arrival(
            connection=connection,
            source="procore",
            source_record=record,
            file_name=clean_name(found.file_name),
            content=b"",
            fingerprint=found.fingerprint,
            company_id=company_id,
            project_id=project,
            vendor_id=found.vendor_id,
            payable=found.payable,
        )
