"""Projects and issues of one Jira site."""

import random
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from plumbline_sandbox.clock import Clock
from plumbline_sandbox.faults import Faults
from plumbline_sandbox.journal import Journal

STATUSES = {"10000": "To Do", "10001": "In Progress", "10002": "Done"}
"""Statuses of the simplified workflow, by id."""

CATEGORIES = {"10000": "new", "10001": "indeterminate", "10002": "done"}
"""Which of the three categories a status is in."""

TRANSITIONS = {"11": "10000", "21": "10001", "31": "10002"}
"""Transitions, by id, to a status; each is open from every status (simplified workflow)."""

ISSUE_TYPES = {"10001": "Task", "10002": "Bug", "10003": "Incident"}
"""Types of issues, by id."""

PRIORITIES = ("Highest", "High", "Medium", "Low", "Lowest")
"""Names of priorities."""


@dataclass(slots=True)
class Issue:
    """One issue; `fields` are those that a client may set, by name."""

    id: str
    key: str
    project: str
    fields: dict[str, Any]
    created: datetime
    updated: datetime
    found_from_s: float
    status_id: str = "10000"
    comments: list[dict[str, Any]] = field(default_factory=list)
    links: dict[str, dict[str, Any]] = field(default_factory=dict)


class Jira:
    """One site with one API user."""

    def __init__(self, clock: Clock, journal: Journal, faults: Faults, rng: random.Random) -> None:
        self.clock = clock
        self._journal = journal
        self._faults = faults
        self.email = "plumbline@example.com"
        self.api_token = rng.randbytes(24).hex()
        self.account_id = rng.randbytes(12).hex()
        self.projects = {"OPS": "Operations", "FIN": "Finance"}
        self.issues: dict[str, Issue] = {}
        self._numbers = {key: count(1) for key in self.projects}
        self._ids = count(10_000)

    def new_id(self) -> str:
        """Return an id that no issue, comment or link has."""
        return str(next(self._ids))

    def create(self, project: str, fields: dict[str, Any]) -> Issue:
        """Add an issue to a project.

        Under the `stale-truth` fault the search finds it only args.ms later: it is eventually
        consistent (Jira docs, search reconcile issues).
        """
        now, key = self.clock.now(), f"{project}-{next(self._numbers[project])}"
        rule = self._faults.take("stale-truth", {"provider": "jira", "entity": "issue", "id": key})
        lag_s = float(rule.args.get("ms", 3000)) / 1000 if rule else 0.0
        issue = Issue(self.new_id(), key, project, fields, now, now, self.clock.time() + lag_s)
        self.issues[key] = issue
        self._note(issue, "created")
        return issue

    def find(self, id_or_key: str) -> Issue | None:
        """Return the issue of this key or id; keys are found in any case."""
        found = self.issues.get(id_or_key.upper())
        return found or next((issue for issue in self.issues.values() if issue.id == id_or_key), None)

    def touch(self, issue: Issue, action: str, **facts: Any) -> None:
        """Make a change of an issue a fact."""
        issue.updated = self.clock.now()
        self._note(issue, action, **facts)

    def _note(self, issue: Issue, action: str, **facts: Any) -> None:
        self._journal.write(
            "commit",
            provider="jira",
            entity="issue",
            id=issue.key,
            action=action,
            origin="api",
            status=STATUSES[issue.status_id],
            summary=issue.fields["summary"],
            **facts,
        )
