"""What came of rotating every credential under load: judged by the sandbox's journal, told as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from plumbline.stack.scenario.checking import Verdict

REFUSED = frozenset({401, 403})
"""Answers that say: you are not who you say, or may not do that."""

CALLS_MIN = 3
"""So many calls must go by a credential before, while and after it is rotated, or its rotation shows nothing."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """The rotation of one credential."""

    name: str
    before: int | str
    after: int | str
    """Versions; of a secret id, which has none, when it was delivered."""
    begun_at: datetime
    done_at: datetime
    account: frozenset[str] = frozenset()
    """By which ids the journal names the account or the app that it belongs to."""

    def goes_by(self, entry: Mapping[str, Any]) -> bool:
        """Say whether an entry of the journal is about a call that goes by this credential."""
        kind, _, rest = self.name.partition("/")
        provider = rest.partition("/")[0]
        if kind in {"keys", "roles"}:
            return True  # every credential lies in the store
        if kind == "webhooks":
            return entry["kind"] == "webhook-attempt" and str(entry["url"]).endswith(f"/{self.name}")
        if entry["kind"] == "webhook-attempt" or entry.get("provider") != provider:
            return False
        return not self.account.isdisjoint(str(entry.get(fact)) for fact in ("realm", "company", "account"))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table."""

    rotated: Rotated
    before: int
    meanwhile: int
    after: int
    refused: int

    @property
    def calls(self) -> int:
        """Calls in the whole play."""
        return self.before + self.meanwhile + self.after


@dataclass(frozen=True, slots=True)
class RotationSummary:
    """How the scenario ended."""

    lines: Sequence[Line]
    calls: Mapping[str, int]
    """Calls in the whole play: to the APIs, to the token endpoints, and webhooks to us."""
    refused: Sequence[Mapping[str, Any]]
    """The journal's entries of calls that were refused in the whole play."""
    verdicts: Sequence[Verdict]

    @classmethod
    def of(
        cls,
        rotations: Iterable[Rotated],
        entries: Sequence[Mapping[str, Any]],
        verdicts: Sequence[Verdict],
    ) -> RotationSummary:
        """Judge by the journal's entries."""
        lines = [_line(rotated, entries) for rotated in sorted(rotations, key=lambda r: r.name)]
        calls = {
            "API calls": sum(e["kind"] in {"answer", "bytes-lost"} for e in entries),
            "token calls": sum(e["kind"] == "token" for e in entries),
            "webhooks": sum(e["kind"] == "webhook-attempt" for e in entries),
        }
        return cls(lines, calls, [e for e in entries if is_refused(e)], verdicts)

    @property
    def problems(self) -> list[str]:
        """Return what is wrong, a line each."""
        wrong = [f"{v.invoice.document_number} {v.problem}" for v in self.verdicts if v.problem]
        wrong += [f"refused: {_told(entry)}" for entry in self.refused]
        return wrong + [
            f"{line.rotated.name}: {line.calls} calls went by it in the whole play, which shows too little"
            for line in self.lines
            if line.calls < CALLS_MIN or line.after + line.meanwhile == 0
        ]

    @property
    def agrees(self) -> bool:
        """Whether every credential was rotated under load, and nobody noticed."""
        return bool(self.lines) and not self.problems

    def as_json(self) -> dict[str, Any]:
        """Return the summary as `summary.json` has it."""
        return {
            "credentials": len(self.lines),
            "calls": dict(self.calls),
            "refused": len(self.refused),
            "invoices": sum(1 for verdict in self.verdicts if verdict.copies),
            "problems": self.problems,
        }


def is_refused(entry: Mapping[str, Any]) -> bool:
    """Say whether an entry tells that somebody was not believed."""
    return entry.get("status") in REFUSED or (entry["kind"] == "token" and entry.get("outcome") == "refused")


def print_rotation(console: Console, summary: RotationSummary, *, seconds: float) -> None:
    """Print the table that a person reads."""
    table = Table(
        title="Every credential, rotated while people bill",
        caption="before, while, after: its calls",
        pad_edge=False,
    )
    for column in ("credential", "version", "begun", "took"):
        table.add_column(column, no_wrap=True)
    for column in ("before", "while", "after", "refused"):
        table.add_column(column, justify="right")
    for line in summary.lines:
        rotated = line.rotated
        took_s = (rotated.done_at - rotated.begun_at).total_seconds()
        table.add_row(
            rotated.name,
            f"{rotated.before} → {rotated.after}",
            f"{rotated.begun_at:%H:%M:%S}",
            f"{took_s:.1f} s",
            *map(str, (line.before, line.meanwhile, line.after)),
            f"[red]{line.refused}[/]" if line.refused else "0",
        )
    console.print(table)
    told = summary.as_json()
    calls = ", ".join(f"{count} {what}" for what, count in summary.calls.items())
    console.print(
        f"{told['credentials']} credentials rotated; in the whole play {calls}; refused: {told['refused']}"
    )
    for problem in summary.problems:
        console.print(f"[red]{problem}[/]")
    verdict = (
        f"[green]Every credential is new, nobody was refused, and the books agree on {told['invoices']} invoices.[/]"
        if summary.agrees
        else "[red]The rotation was noticed.[/]"
    )
    console.print(f"{verdict} {seconds:.1f} s in all.")


def _line(rotated: Rotated, entries: Sequence[Mapping[str, Any]]) -> Line:
    by_it = [entry for entry in entries if rotated.goes_by(entry)]
    moments = [datetime.fromisoformat(entry["at"]) for entry in by_it]
    before = sum(at < rotated.begun_at for at in moments)
    after = sum(at > rotated.done_at for at in moments)
    return Line(rotated, before, len(moments) - before - after, after, sum(map(is_refused, by_it)))


def _told(entry: Mapping[str, Any]) -> str:
    facts = ("provider", "method", "path", "url", "grant_type", "account", "status")
    return " ".join([entry["kind"], *(str(entry[fact]) for fact in facts if entry.get(fact) is not None)])
