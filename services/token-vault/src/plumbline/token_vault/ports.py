"""What the keeper of grants needs of the world."""

from typing import Protocol

from plumbline.common.secrets.grants import Grant
from plumbline.common.secrets.tokens import LiveToken
from plumbline.token_vault.domain import App, HeldGrant


class Shelf(Protocol):
    """Keeps the one grant document of each account, and the copy that services read."""

    async def held(self, account: str) -> HeldGrant | None:
        """Return the grant document, or None if no grant was ever supplied."""

    async def put(self, held: HeldGrant) -> HeldGrant:
        """Replace the version that `held` names, and return what is stored now.

        Raises:
            StaleSecretError: transient; somebody else wrote it since. Nothing was written.
        """

    async def app(self, name: str) -> App | None:
        """Return a registered client, or None."""

    async def lend(self, account: str, token: LiveToken) -> None:
        """Make the copy that services read say `token`; safe to repeat."""


class Provider(Protocol):
    """An authorization server."""

    async def renew(self, held: HeldGrant, app: App) -> Grant:
        """Ask for a new access token, within `deadline_s`. Raises what `request_grant` raises."""

    @property
    def deadline_s(self) -> float:
        """When a call is over, whatever became of it, in seconds from its start."""


class Refusals(Protocol):
    """Which versions partners have refused."""

    async def newest(self, account: str) -> int:
        """Return the newest refused version; 0 if none was."""
