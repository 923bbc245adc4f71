"""The journal: what the sandbox did, in one total order.

It is the oracle of every test: an effect that is not in it did not happen, and an answer that
never reached a client stands in it all the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from plumbline_sandbox.clock import Clock


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal; `seq` starts at 1 and has no gaps."""

    seq: int
    at: datetime
    kind: str
    facts: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return the line as `GET /journal` shows it: facts beside seq, at and kind."""
        return {**self.facts, "seq": self.seq, "at": self.at.isoformat(), "kind": self.kind}


class Journal:
    """An append-only list of entries.

    Kinds: `commit`, `answer`, `bytes-lost`, `mail`, `webhook-attempt`, `webhook-discarded`,
    `fault`, `token`.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: list[Entry] = []

    def write(self, kind: str, **facts: Any) -> Entry:
        """Append one line. The facts must be JSON values; they are kept, not copied."""
        entry = Entry(len(self._entries) + 1, self._clock.now(), kind, facts)
        self._entries.append(entry)
        return entry

    def since(self, seq: int, kind: str | None = None) -> Iterator[Entry]:
        """Return the entries after this number, oldest first, of one kind or of all."""
        later = islice(self._entries, max(seq, 0), None)
        return (entry for entry in later if kind is None or entry.kind == kind)

    @property
    def last(self) -> int:
        """The number of the newest entry; 0 when there is none."""
        return len(self._entries)
