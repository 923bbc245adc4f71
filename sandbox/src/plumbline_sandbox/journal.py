"""The journal: what the sandbox did, in one total order.

It is the oracle of every test: an effect that is not in it did not happen, and an answer that
never reached a client stands in it all the same.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

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

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> Self:
        """Return the line that `as_json` showed so."""
        facts = {name: value for name, value in line.items() if name not in {"seq", "at", "kind"}}
        return cls(line["seq"], datetime.fromisoformat(line["at"]), line["kind"], facts)


class Journal:
    """An append-only list of entries.

    Kinds: `commit`, `answer`, `bytes-lost`, `mail`, `webhook-attempt`, `webhook-discarded`,
    `fault`, `token`, `switch` (limits, answer times or switches were set), `request-cut` (the client
    was gone before its request was whole).
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._entries: list[Entry] = []
        self._news: asyncio.Event | None = None
        self.keep: Callable[[Entry], None] | None = None
        """Puts each new entry where it outlives the process; called before `write` returns."""

    def write(self, kind: str, **facts: Any) -> Entry:
        """Append one line. The facts must be JSON values; they are kept, not copied.

        While the clock is held nothing is appended: what is executed again was written the first time.
        """
        entry = Entry(len(self._entries) + 1, self.clock.now(), kind, facts)
        if self.clock.held:
            return entry
        if self.keep is not None:
            self.keep(entry)
        self._entries.append(entry)
        if self._news is not None:
            self._news.set()
            self._news = None
        return entry

    def restore(self, entry: Entry) -> None:
        """Append an entry of an earlier process.

        Raises:
            ValueError: It is not the next one.
        """
        if entry.seq != len(self._entries) + 1:
            raise ValueError(f"entry {entry.seq} comes after entry {len(self._entries)}")
        self._entries.append(entry)

    def since(
        self, seq: int, kinds: Collection[str] = (), facts: Mapping[str, str] | None = None
    ) -> Iterator[Entry]:
        """Return the entries after this number, oldest first.

        Args:
            seq: Number of the last entry that is not wanted.
            kinds: The kinds wanted; empty means all.
            facts: What each wanted entry says, compared as text.
        """
        wanted = tuple((facts or {}).items())
        for place in range(max(seq, 0), len(self._entries)):
            entry = self._entries[place]
            if (not kinds or entry.kind in kinds) and all(
                str(entry.facts.get(name)) == value for name, value in wanted
            ):
                yield entry

    async def news(self) -> None:
        """Return as soon as there is another entry."""
        if self._news is None:
            self._news = asyncio.Event()
        await self._news.wait()

    @property
    def last(self) -> int:
        """The number of the newest entry; 0 when there is none."""
        return len(self._entries)
