"""`Idempotency-Key`: the answer of a successful POST is given again for a day.

Source: Modern Treasury docs, idempotent requests. Keys are kept per API key and know no route:
the same key at another endpoint gives the first one's answer.
"""

from dataclasses import replace

from plumbline_sandbox.clock import Clock
from plumbline_sandbox.http import Answer

LIFE_S = 24 * 3600
"""How long an answer is kept."""


class Idempotency:
    """The answers by key."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._answers: dict[str, tuple[float, Answer]] = {}

    def replay(self, key: str) -> Answer | None:
        """Return the kept answer of a key, as a replay."""
        kept = self._answers.get(key)
        if kept is None or kept[0] + LIFE_S <= self._clock.time():
            return None
        return replace(kept[1], headers=dict(kept[1].headers), committed=False, replay=True)

    def keep(self, key: str, answer: Answer) -> None:
        """Keep the answer of a success; failures are not to be kept, they are executed again."""
        self._answers[key] = (self._clock.time(), replace(answer, headers=dict(answer.headers)))
