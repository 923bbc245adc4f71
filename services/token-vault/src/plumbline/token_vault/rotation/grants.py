"""The handler of accounts: the keeper's, and beside it renewals that a person asked for, and secrets to be proven.

A grant has no rotation of its own: its renewal gives a new access token, and a new refresh token where the provider
changes it. So `rotate` is the keeper's renewal, now. An app's new secret is proven by that same renewal, in the same
single flight: whatever becomes of it, the grant is kept as always.
"""

from collections.abc import Callable, Collection

from plumbline.common.clock import Clock
from plumbline.common.reconciling.loop import Claim, Handler
from plumbline.common.reconciling.verdicts import Done, Park, Verdict
from plumbline.common.secrets.grants import GrantRefusedError
from plumbline.token_vault.domain import App, HeldGrant, State
from plumbline.token_vault.policy import AccessPolicy, Policy
from plumbline.token_vault.ports import Shelf
from plumbline.token_vault.rotation.apps import UNKNOWN_SECRET, app_name, proven, refused
from plumbline.token_vault.rotation.ports import AppShelf, HeldApp, Request, Rotations
from plumbline.token_vault.rotation.table import Row
from plumbline.token_vault.rotation.telling import ending_with

AT_ONCE = AccessPolicy(renew_from=1e-9, renew_until=2e-9)
"""By this policy every token is due that lives at all."""

PROVEN_BY_RENEWAL = "quickbooks"
"""The provider where no other call shows that it knows a secret."""

EagerKeeper = Callable[[App | None], Handler]
"""Gives a keeper that renews at once, as the app given or else as the one that is registered."""


def grant_name(account: str) -> str:
    """Return what the grant of an account is called as a credential."""
    return f"grants/{account}"


def at_once(policy: Policy) -> Policy:
    """Return the policy by which a keeper renews at once."""
    return policy.model_copy(update={"access": AT_ONCE})


class GrantRotation:
    """Hands accounts to the keeper, to an eager one where somebody waits for a renewal."""

    def __init__(
        self,
        *,
        keeper: Handler,
        eager: EagerKeeper,
        grants: Shelf,
        apps: AppShelf,
        rotations: Rotations,
        accounts: Collection[str],
        policy: Policy,
        clock: Clock,
    ) -> None:
        """Keep `accounts`."""
        self._keeper = keeper
        self._eager = eager
        self._grants = grants
        self._apps = apps
        self._rotations = rotations
        self._accounts = accounts
        self._policy = policy
        self._clock = clock

    def names(self) -> list[str]:
        """Return every grant."""
        return [grant_name(account) for account in sorted(self._accounts)]

    async def converge(self, claim: Claim) -> Verdict:
        """Renew now if a person asked, or if it shows whether a new secret of the app is known; else as always."""
        held = await self._grants.held(claim.key)
        if held is None or held.cause is not None:
            return await self._refusing(claim)
        app = await self._apps.held(app_name(held.app))
        if held.provider == PROVEN_BY_RENEWAL and app is not None and app.candidate is not None:
            return await self._proving(claim, held, app)
        request = await self._rotations.request(grant_name(claim.key))
        if request is None or not request.is_open:
            return await self._keeper(claim)
        return await self._asked(claim, held, request)

    async def rows(self) -> list[Row]:
        """Return a row for each. Raises what the stores raise."""
        return [await self._row(account) for account in sorted(self._accounts)]

    async def _asked(self, claim: Claim, held: HeldGrant, request: Request) -> Verdict:
        # Renewed by somebody else meanwhile: that is what was asked for.
        handler = self._keeper if held.version > request.version else self._eager(None)
        verdict = await handler(claim)
        match verdict:
            case Done():
                end = self._rotations.ending(grant_name(claim.key), request, "done")
            case Park(reason=reason):
                end = self._rotations.ending(grant_name(claim.key), request, "refused", reason)
            case _:
                return verdict
        return ending_with(verdict, end)

    async def _refusing(self, claim: Claim) -> Verdict:
        """Tell a person who asked for a renewal that there is nothing to renew."""
        verdict = await self._keeper(claim)
        request = await self._rotations.request(grant_name(claim.key))
        if request is None or not request.is_open or not isinstance(verdict, Park):
            return verdict
        end = self._rotations.ending(grant_name(claim.key), request, "refused", verdict.reason)
        return ending_with(verdict, end)

    async def _proving(self, claim: Claim, held: HeldGrant, app: HeldApp) -> Verdict:
        try:
            verdict = await self._eager(app.offered)(claim)
        except GrantRefusedError as refusal:
            if refusal.reason not in UNKNOWN_SECRET:
                raise
            await self._apps.put(app_name(held.app), refused(app))
            # The former secret is in force as before.
            return await self._keeper(claim)
        if isinstance(verdict, Done):
            await self._apps.put(app_name(held.app), proven(app, now=self._clock.now()))
        return verdict

    async def _row(self, account: str) -> Row:
        held = await self._grants.held(account)
        would = "asks the provider for a new access token now, and a new refresh token where it gives one"
        if held is None:
            return Row(
                grant_name(account), "grant", 0, None, None, "missing", "Connect it, or import its grant."
            )
        state = held.state(self._clock.now(), near=self._policy.grants.near_its_end)
        since = held.refreshed_at or held.issued_at
        return Row(
            name=grant_name(account),
            kind="refresh grant" if held.refresh_token is not None else "access token",
            version=held.version,
            since=since,
            due_at=None if since is None else since + self._policy.grants.maximum_age,
            state=state,
            held_up="Connect it again." if state is State.DEAD else "",
            ends_at=held.expires_at,
            would=would,
        )


class OfferedShelf:
    """A shelf that shows an app with a secret that is still to be proven."""

    def __init__(self, shelf: Shelf, offered: App) -> None:
        """Show `offered` in the place of the registered app."""
        self._shelf = shelf
        self._offered = offered

    async def held(self, account: str) -> HeldGrant | None:
        """See `Shelf`."""
        return await self._shelf.held(account)

    async def put(self, held: HeldGrant) -> HeldGrant:
        """See `Shelf`."""
        return await self._shelf.put(held)

    async def app(self, name: str) -> App | None:
        """See `Shelf`."""
        del name
        return self._offered

    async def lend(self, held: HeldGrant, *, revoked: bool) -> None:
        """See `Shelf`."""
        await self._shelf.lend(held, revoked=revoked)
