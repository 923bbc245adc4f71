"""Disconnecting an account: the only place that ends a grant at its provider."""

from collections.abc import Mapping
from datetime import timedelta

from plumbline.common.clock import Clock
from plumbline.common.errors import NeedsHumanError, WaitError
from plumbline.common.http import NotSentError
from plumbline.common.secrets.grants import GrantDelayedError, GrantRefusedError
from plumbline.token_vault.consenting import Wake
from plumbline.token_vault.domain import HeldGrant, disconnected, intending, not_called
from plumbline.token_vault.ports import Provider, Shelf
from plumbline.token_vault.storing import store_grant


class UnknownAccountError(NeedsHumanError):
    """No grant is kept for that account."""


class RenewalUnderWayError(WaitError):
    """The grant is being renewed at this moment: try again in a minute."""


class Disconnecting:
    """The use case; may be repeated, and has to be if the provider or the store was away in the middle."""

    def __init__(self, *, shelf: Shelf, providers: Mapping[str, Provider], clock: Clock, wake: Wake) -> None:
        """Disconnect accounts that are kept on `shelf`."""
        self._shelf = shelf
        self._providers = providers
        self._clock = clock
        self._wake = wake

    async def disconnect(self, account: str) -> str:
        """End a grant at the provider, then say in its document that a person ended it; return what was done, in words.

        Raises:
            UnknownAccountError: needs a person.
            RenewalUnderWayError, GrantUnknownError, GrantDelayedError, NotSentError: transient; the grant lives on here.
        """
        held = await self._shelf.held(account)
        if held is None:
            raise UnknownAccountError(f"No grant is kept for {account}; `plumbline credentials` lists them.")
        done = await self._revoked(held)
        await store_grant(self._shelf, account, lambda present: disconnected(present or held))
        await self._wake(account)
        return done

    async def _revoked(self, held: HeldGrant) -> str:
        app = await self._shelf.app(held.app)
        if app is None or (held.refresh_token is None and held.access_token is None):
            return "nothing was left to revoke at the provider"
        now = self._clock.now()
        if held.intent is not None and now < held.intent.until:
            raise RenewalUnderWayError(
                f"{held.account} is being renewed at this moment. Nothing was changed: try again in a minute."
            )
        provider = self._providers[held.provider]
        # Announced as a renewal is: whoever renewed meanwhile would have a refresh value that was never revoked.
        until = now + timedelta(seconds=provider.deadline_s)
        announced = await self._shelf.put(intending(held, until=until, in_vain=0))
        try:
            await provider.revoke(announced, app)
        except GrantRefusedError as refusal:
            return f"the provider knew nothing to revoke any more ({refusal.reason})"
        except (GrantDelayedError, NotSentError):
            await store_grant(
                self._shelf, held.account, lambda present: present and not_called(present, asked=announced)
            )
            raise
        return "revoked at the provider"
