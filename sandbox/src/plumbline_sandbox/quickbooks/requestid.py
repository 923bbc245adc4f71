"""The memory behind the `requestid` parameter: one operation, one effect, one answer.

Intuit, "Basic field definitions": the id is unique per realm over all requests, and a repeated
one gets the first answer again without executing anything. How long, and what happens in the
cases between, is not documented; `RealmSettings` decides.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from plumbline_sandbox.clock import Clock
from plumbline_sandbox.http import Answer
from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.settings import RealmSettings

LONGEST = 50
"""Longest request id of a single call (Intuit, "Basic field definitions")."""

Execute = Callable[[], Awaitable[Answer]]
"""Runs the request once; refusals are answers too."""


@dataclass(frozen=True, slots=True)
class _Remembered:
    at_s: float
    fingerprint: bytes
    answer: "asyncio.Future[Answer]"


class RequestMemory:
    """What one realm remembers of its request ids."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[str, _Remembered] = {}

    async def once(
        self, requestid: str, fingerprint: bytes, execute: Execute, settings: RealmSettings
    ) -> Answer:
        """Execute, or answer as this id was answered before.

        Args:
            requestid: The client's id.
            fingerprint: What makes two requests the same (operation and body).
            execute: Called at most once by this call.
            settings: The realm's rules.

        Raises:
            FaultError: 600 or 2130, as the rules say.
        """
        if len(requestid) > LONGEST:
            raise FaultError(errors.bad_requestid(len(requestid)))
        known = self._recall(requestid, settings)
        if known is None or self._counts_as_new(requestid, known, fingerprint, settings):
            return await self._execute(requestid, fingerprint, execute, settings)
        return replace(await asyncio.shield(known.answer), committed=False, replay=True)

    def knows(self, requestid: str, settings: RealmSettings) -> bool:
        """Tell whether an id is remembered."""
        return self._recall(requestid, settings) is not None

    def _recall(self, requestid: str, settings: RealmSettings) -> _Remembered | None:
        known = self._seen.get(requestid)
        ttl_s = settings.requestid_ttl_s
        if known is None or (ttl_s is not None and self._clock.time() - known.at_s >= ttl_s):
            return None
        return known

    @staticmethod
    def _counts_as_new(
        requestid: str, known: _Remembered, fingerprint: bytes, settings: RealmSettings
    ) -> bool:
        rules: set[str] = set()
        if not known.answer.done():
            rules.add(settings.requestid_in_flight)
        if known.fingerprint != fingerprint:
            rules.add(settings.requestid_mismatch)
        if "refuse" in rules:
            raise FaultError(errors.duplicate_request(requestid))
        return "execute" in rules

    async def _execute(
        self, requestid: str, fingerprint: bytes, execute: Execute, settings: RealmSettings
    ) -> Answer:
        pending: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        remembered = _Remembered(self._clock.time(), fingerprint, pending)
        self._seen[requestid] = remembered
        try:
            answer = await execute()
        except BaseException:
            self._forget(requestid, remembered)
            pending.cancel()
            raise
        if not (answer.committed or settings.requestid_remembers_faults):
            self._forget(requestid, remembered)
        pending.set_result(answer)
        return answer

    def _forget(self, requestid: str, remembered: _Remembered) -> None:
        if self._seen.get(requestid) is remembered:
            del self._seen[requestid]
