"""The search for subcontractors' invoices: no webhook tells of them, so each project is looked through again and again."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from plumbline.common.clock import Clock
from plumbline.common.connections import Connections
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.marks import Lane, Mark
from plumbline.common.reconciling.verdicts import Done, Verdict
from plumbline.compliance.domain.gate.payable import Target
from plumbline.compliance.domain.gate.policy import GatePolicy
from plumbline.compliance.domain.looking import rest
from plumbline.compliance.domain.projects import Sheets
from plumbline.compliance.ports.gate import PayableBook, Subcontracts
from plumbline.compliance.service.sweeping import sweep_key
from plumbline.procore.subcontracting import Requisition

SWEEP = "requisitions/"
"""How the keys of rows begin that look for invoices of a project: `requisitions/<connection>/<project>`."""

PAUSE_LONGEST, PAUSE_QUIET_SHARE = 5, 60
"""Where no invoice has changed for long, they are looked through again after a sixtieth of that time, at most five times
the shortest pause later: an hour after the last change that is the shortest still."""


class InvoiceSearch:
    """Makes payables due whose invoice came, changed or went."""

    def __init__(
        self,
        *,
        connections: Connections,
        policy: GatePolicy,
        sheets: Sheets,
        subcontracts: Subcontracts,
        book: PayableBook,
        clock: Clock,
        every: timedelta,
    ) -> None:
        """Look through the projects of `connections`.

        Args:
            connections: which projects there are.
            policy: what is asked for; every payable is due when it says something else.
            sheets: what vendors do; likewise.
            subcontracts: Procore, read anew.
            book: what was seen before.
            clock: the time.
            every: the shortest pause between two looks through a project.
        """
        self._connections = connections
        self._subcontracts = subcontracts
        self._book = book
        self._clock = clock
        self._every = every
        self._files = _digest(f"{policy.model_dump_json()} {sheets.model_dump_json()}")

    def sweeps(self) -> Sequence[Mark]:
        """Return the marks by which a starting service begins to look."""
        cause = f"start {self._clock.now().isoformat()}"
        return [
            Mark(f"{SWEEP}{connection.name}/{project}", connection.name, cause, lane=Lane.SWEEP)
            for connection in self._connections
            for project in connection.procore.projects
        ]

    async def work(self, claim: Claim) -> Verdict:
        """Look through a project's invoices, and make those due that changed, came or went.

        Raises:
            SuiteError: with the verdict of its class; nothing was marked.
        """
        name, _, project = claim.key.removeprefix(SWEEP).partition("/")
        connection = self._connections.get(name)
        if connection is None or project not in connection.procore.projects:
            return Done()
        company = connection.procore.company_id
        before = await self._book.of_project(name, project)
        requisitions = await self._subcontracts.requisitions(name, project)
        listed = {
            # The addresses of files are signed anew each time.
            Target(company, project, str(one.id)).key: _digest(
                one.model_copy(update={"attachments": ()}).model_dump_json()
            )
            for one in requisitions
        }
        now = self._clock.now()
        # Files that say something else after a restart are news to every payable.
        marks = [Mark(key, name, f"listed {seen} {self._files}") for key, seen in listed.items()]
        # What is unknown here, or was lost, is looked at whenever it is listed.
        marks += [
            Mark(key, name, f"listed {now.isoformat()}") for key in listed if before.get(key) is not False
        ]
        marks += [
            Mark(key, name, f"gone {now.isoformat()}")
            for key, is_lost in before.items()
            if key not in listed and not is_lost
        ]
        # An invoice that is new or another may have brought papers; a known cause wakes nobody.
        cause = f"invoices {_digest(repr(sorted(listed.items())))}"
        marks.append(Mark(sweep_key(name, project), name, cause, lane=Lane.SWEEP))
        pause = self._pause(requisitions, now)
        return Done(store=self._book.marking(marks, at=now), again_after=pause)

    def _pause(self, requisitions: Sequence[Requisition], now: datetime) -> timedelta:
        """Return how long to leave a project's invoices alone: the longer none of them changed, the longer."""
        quiet = min((now - (one.updated_at or now) for one in requisitions), default=timedelta.max)
        return rest(
            quiet,
            shortest=self._every,
            longest=PAUSE_LONGEST,
            quiet_share=PAUSE_QUIET_SHARE,
        )


def _digest(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()[:16]
