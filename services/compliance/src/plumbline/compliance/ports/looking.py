"""When the shelves of a project were looked through."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from plumbline.common.reconciling.verdicts import Effect
from plumbline.compliance.domain.looking import Look


class Looks(Protocol):
    """What is remembered of looking through shelves."""

    async def below(self, connection: str, prefix: str) -> Mapping[str, Look]:
        """Return the last looks at the places below a prefix."""

    def keeping(self, connection: str, place: str, look: Look) -> Effect:
        """Return what stores a look, in the transaction that it is given."""

    def forgetting(self, connection: str, places: Iterable[str]) -> Effect:
        """Return what forgets places that are no more."""
