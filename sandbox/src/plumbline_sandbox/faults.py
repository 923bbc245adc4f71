"""The fault engine: rules that say when something goes wrong, and how often it did.

A rule names a fault, a match on the request's facts, a schedule and arguments. The server and
the webhook deliveries ask `Faults.take` at well-defined moments; whoever takes a rule plays it.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plumbline_sandbox.journal import Journal

FAULTS: Mapping[str, str] = {
    "status": "answer args.status (default 503), args.headers and args.body (JSON or a text) instead of executing",
    "html": "answer an HTML page with args.status (default 502) instead of executing",
    "throttle": "answer 429 in the provider's shape with args.retry_after (default 60; null: no header) seconds",
    "refuse-token": "answer 401 in the provider's shape instead of executing; with args.after_commit after it",
    "lose-request": "end the connection in the manner of args.how (default cut) before executing",
    "status-after-commit": "execute, then answer args.status (default 500), args.headers and args.body",
    "lose-answer": "execute a change, then end the connection in the manner of args.how (default cut)",
    "delay": "execute, then wait args.ms (default 1000) before answering",
    "truncate": "execute, then send half of the body under the full content-length, and close",
    "stale-truth": "Procore: for args.ms (default 3000) after a change, reads show the version before",
    "late-rows": "Procore: change-order rows of an approved application appear args.ms (default 3000) later; "
    "those of an approved change order args.ms (default 60000) after it",
    "executed-vanish": "Procore: a list of change orders leaves out those that are approved and executed",
    "webhook-repeat": "deliver this event 2 to args.max (default 3) times",
    "webhook-shuffle": "queue this event after a random part of args.window_ms (default 500)",
    "webhook-garbage": "queue an authenticated body nobody can read (args.body) before this event",
    "webhook-drop": "never deliver this event",
}
"""Every fault there is, with what it does."""

HOWS: Mapping[str, str] = {
    "cut": "close at once, without a byte",
    "reset": "close with a TCP reset",
    "half-close": "close the sending side only, without a byte, and listen on",
    "silence": "stay connected and say nothing more; a lost answer gets as far as the first byte of its body",
}
"""The manners of `lose-request` and `lose-answer`."""

_AFTER_COMMIT = frozenset({"status-after-commit", "lose-answer"})
_SCHEDULE = frozenset({"times", "every", "probability", "seed"})


@dataclass(slots=True)
class Rule:
    """One fault rule.

    `times` bounds the hits (absent: no bound), `every` takes each n-th matching request,
    `probability` takes a share of them by a generator with `seed`. Those given must all agree.
    """

    id: str
    name: str
    match: dict[str, str]
    args: dict[str, Any]
    times: int | None
    every: int
    probability: float
    seed: int
    seen: int = 0
    hits: int = 0
    _pattern: re.Pattern[str] = field(init=False)
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._pattern = re.compile(self.match.get("path", ""))
        self.rng = random.Random(self.seed)

    @property
    def after_commit(self) -> bool:
        """Whether the rule speaks only of requests that have changed something (or replayed it)."""
        return self.name in _AFTER_COMMIT or bool(self.args.get("after_commit"))

    def fires(self, facts: Mapping[str, Any]) -> bool:
        """Count a request and tell whether this rule takes it."""
        if (self.times is not None and self.hits >= self.times) or not self._matches(facts):
            return False
        self.seen += 1
        if self.seen % self.every or self.rng.random() >= self.probability:
            return False
        self.hits += 1
        return True

    def _matches(self, facts: Mapping[str, Any]) -> bool:
        return all(
            self._pattern.search(str(facts.get("path", "")))
            if key == "path"
            else str(facts.get(key)) == wanted
            for key, wanted in self.match.items()
        )

    def as_json(self) -> dict[str, Any]:
        """Return the rule with its counts, as `GET /control/faults` shows it."""
        return {
            "id": self.id,
            "name": self.name,
            "match": self.match,
            "args": self.args,
            "times": self.times,
            "every": self.every,
            "probability": self.probability,
            "seed": self.seed,
            "seen": self.seen,
            "hits": self.hits,
        }


class Faults:
    """The rules in force and the count of every fault that was ever played."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._rules: dict[str, list[Rule]] = {}
        self._last_id = 0
        self.totals: dict[str, int] = {}

    def add(self, body: Mapping[str, Any]) -> Rule:
        """Put a rule in force; it comes after older rules of the same name.

        Raises:
            ValueError: The body names no known fault, or a figure or the pattern is malformed.
        """
        name = str(body.get("name"))
        if name not in FAULTS:
            raise ValueError(f"unknown fault {name!r}; known: {', '.join(FAULTS)}")
        if unknown := set(body) - _SCHEDULE - {"name", "match", "args"}:
            raise ValueError(f"unknown fields: {', '.join(sorted(unknown))}")
        self._last_id += 1
        rule = _rule(str(self._last_id), name, body)
        self._rules.setdefault(name, []).append(rule)
        return rule

    def remove(self, rule_id: str) -> bool:
        """Withdraw one rule; False when there is none of this id. Totals stay."""
        for rules in self._rules.values():
            for rule in rules:
                if rule.id == rule_id:
                    rules.remove(rule)
                    return True
        return False

    def clear(self) -> None:
        """Withdraw every rule; totals stay."""
        self._rules.clear()

    def rules(self) -> list[Rule]:
        """Return the rules in force, oldest first."""
        return sorted(
            (rule for rules in self._rules.values() for rule in rules), key=lambda rule: int(rule.id)
        )

    def take(self, name: str, facts: Mapping[str, Any], *, after_commit: bool = False) -> Rule | None:
        """Return the rule of this name that takes the request, counted and journalled; or None.

        `after_commit` asks for the rules that speak of changes already made.
        """
        for rule in self._rules.get(name, ()):
            if rule.after_commit == after_commit and rule.fires(facts):
                self.totals[name] = self.totals.get(name, 0) + 1
                self._journal.write("fault", name=name, rule=rule.id, target=dict(facts))
                return rule
        return None


def _rule(rule_id: str, name: str, body: Mapping[str, Any]) -> Rule:
    times = body.get("times")
    every = int(body.get("every", 1))
    if every < 1:
        raise ValueError("every must be at least 1")
    try:
        if (how := dict(body.get("args", {})).get("how", "cut")) not in HOWS:
            raise ValueError(f"unknown manner {how!r}; known: {', '.join(HOWS)}")
        return Rule(
            id=rule_id,
            name=name,
            match={key: str(wanted) for key, wanted in dict(body.get("match", {})).items()},
            args=dict(body.get("args", {})),
            times=None if times is None else int(times),
            every=every,
            probability=float(body.get("probability", 1.0)),
            seed=int(body.get("seed", 0)),
        )
    except (TypeError, re.error) as malformed:
        raise ValueError(f"malformed rule: {malformed}") from malformed
