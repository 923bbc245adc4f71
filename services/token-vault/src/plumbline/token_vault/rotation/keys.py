"""The handler of `keys/embedded`: the key by which the embedded store seals its documents."""

from datetime import datetime, timedelta

from plumbline.common.clock import Clock
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.verdicts import Done, Verdict, Wait
from plumbline.common.secrets.resealing import KeyRotation, PresentKey
from plumbline.token_vault.policy import KindPolicy
from plumbline.token_vault.rotation.ages import rotation_at
from plumbline.token_vault.rotation.ports import Rotations
from plumbline.token_vault.rotation.table import Row
from plumbline.token_vault.rotation.telling import Age, ending_with, fulfilled, telling

NAME = "keys/embedded"
"""The credential's name."""

BATCHES_AT_ONCE = 20
"""So many batches are sealed anew before the record's lease is renewed."""

LOOK_AGAIN = timedelta(days=1)
"""It is looked at this often, whatever is due."""


class SealingKey:
    """Rotates the key. A death at any step is mended by the next look."""

    def __init__(self, keys: KeyRotation, *, rotations: Rotations, policy: KindPolicy, clock: Clock) -> None:
        """Rotate by age or on request."""
        self._keys = keys
        self._rotations = rotations
        self._policy = policy
        self._clock = clock

    def names(self) -> list[str]:
        """Return its one name."""
        return [NAME]

    async def converge(self, claim: Claim) -> Verdict:
        """Begin a rotation that is due, and take the one that is under way further."""
        del claim
        request, present = await self._rotations.request(NAME), await self._keys.present()
        asked = request is not None and request.is_open and request.version >= present.number
        if asked or self._clock.now() >= self._rotation_at(present):
            await self._keys.begin(replacing=present.number, now=self._clock.now())
        present = await self._further()
        news = await telling(self._rotations, self._age(present), now=self._clock.now())
        if not present.is_alone:
            return ending_with(Wait(timedelta(0), _state(present)), news)
        left = max(timedelta(0), self._rotation_at(present) - self._clock.now())
        end = fulfilled(self._rotations, NAME, request, version=present.number)
        return ending_with(Done(again_after=min(left, LOOK_AGAIN)), news, end)

    async def rows(self) -> list[Row]:
        """Return a row for each. Raises what the stores raise."""
        present = await self._keys.present()
        row = Row(
            name=NAME,
            kind="sealing key",
            version=present.number,
            since=present.since,
            due_at=self._age(present).due_at,
            state=_state(present),
            would="makes a new key, seals every document anew, and drops the former key",
        )
        return [row]

    async def _further(self) -> PresentKey:
        for _ in range(BATCHES_AT_ONCE):
            if (present := await self._keys.present()).is_alone:
                return present
            if await self._keys.reseal() == 0:
                await self._keys.drop_former()
        return await self._keys.present()

    def _age(self, present: PresentKey) -> Age:
        return Age(NAME, present.number, present.since, self._policy.maximum_age)

    def _rotation_at(self, present: PresentKey) -> datetime:
        return rotation_at(present.since, self._policy.maximum_age, name=NAME, version=present.number)


def _state(present: PresentKey) -> str:
    if present.is_alone:
        return "live"
    return f"{present.documents - present.unsealed} of {present.documents} documents are sealed anew"
