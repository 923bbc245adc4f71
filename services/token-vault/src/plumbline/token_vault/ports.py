"""What the keeper of grants needs of the world."""

from typing import Protocol

from pydantic import SecretStr

from plumbline.common.database import Connection
from plumbline.common.secrets.grants import Grant
from plumbline.token_vault.domain import App, Consent, HeldGrant, Known, News, Refusal


class Shelf(Protocol):
    """Keeps the one grant document of each account, and the copy that services read."""

    async def held(self, account: str) -> HeldGrant | None:
        """Return the grant document, or None if no grant was ever supplied."""

    async def put(self, held: HeldGrant) -> HeldGrant:
        """Replace the version that `held` names, and return what is stored now.

        Raises:
            StaleSecretError: transient; somebody else wrote it since. Nothing was written.
            SecretStoreUnavailableError: wait; whether it was written is unknown.
        """

    async def app(self, name: str) -> App | None:
        """Return a registered client, or None."""

    async def lend(self, held: HeldGrant, *, revoked: bool) -> None:
        """Make the copy that services read say the newest access token, or that it was taken back.

        Safe to repeat, and never goes back: neither to an older version, nor on a revocation.
        """


class Provider(Protocol):
    """An authorization server: one adapter each. Every call raises what `request_grant` raises.

    An error other than `GrantUnknownError` says that the call had no effect: a refresh token is as good as before.
    """

    @property
    def deadline_s(self) -> float:
        """When a call is over, whatever became of it, in seconds from its start."""

    async def renew(self, held: HeldGrant, app: App) -> Grant:
        """Ask for a new access token."""

    async def consent_url(self, consent: Consent, app: App) -> str:
        """Return where a person agrees; with a PKCE challenge if this server knows PKCE."""

    async def exchange(self, code: SecretStr, consent: Consent, app: App) -> Grant:
        """Trade the code that a consent led back with for its grant; a code works once."""

    async def revoke(self, held: HeldGrant, app: App) -> None:
        """End a grant at the provider, for good; safe to repeat.

        Only for disconnecting and for secrets that leaked, by a person: no refusal of a token leads here.
        """


class Refusals(Protocol):
    """Which versions partners have refused."""

    async def newest(self, account: str) -> Refusal | None:
        """Return the newest refusal, if there was any."""


class Notices(Protocol):
    """Remembers what the world was told of each account, so that nothing is told twice or missed."""

    async def known(self, account: str) -> Known:
        """Return what was told last."""

    async def tell(self, connection: Connection, *, held: HeldGrant, news: News) -> None:
        """Tell it inside the caller's transaction, and remember that."""
