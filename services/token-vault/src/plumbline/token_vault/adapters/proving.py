"""Proving a new access token by one call to the partner's API: QuickBooks' CompanyInfo, Procore's `/me`."""

import httpx

from plumbline.common.connections import ConnectionConfig
from plumbline.common.secrets.grants import Grant
from plumbline.common.secrets.tokens import LiveToken, NoLiveTokenError
from plumbline.procore.client import ProcoreClient
from plumbline.procore.errors import ProcoreForbiddenError
from plumbline.quickbooks import oauth
from plumbline.quickbooks.client import QuickBooksClient
from plumbline.quickbooks.errors import QuickBooksForbiddenError
from plumbline.token_vault.consenting import MissingScopesError, ProviderName, TokenRefusedError

DEADLINE_S = 15.0
"""Absolute limit of the call."""


class _TheOne:
    """A token source that has this token and will never have another."""

    def __init__(self, grant: Grant) -> None:
        self._token = LiveToken(value=grant.access_token, version=1, expires_at=grant.expires_at)

    async def live_token(self) -> LiveToken:
        return self._token

    async def replace(self, refused: LiveToken, *, was_good: bool = False) -> LiveToken:
        del refused, was_good
        raise NoLiveTokenError("The partner's API does not take the new access token.")


class ApiProof:
    """The `Proof` at the partners' API hosts."""

    def __init__(self, *, procore: httpx.AsyncClient, quickbooks: httpx.AsyncClient) -> None:
        """Call with clients whose base URLs are the API hosts."""
        self._procore = procore
        self._quickbooks = quickbooks

    async def prove(self, provider: ProviderName, connection: ConnectionConfig, grant: Grant) -> str:
        """See `Proof`."""
        try:
            if provider == "quickbooks":
                return await self._company(connection, grant)
            return await self._person(connection, grant)
        except NoLiveTokenError as error:
            raise TokenRefusedError(error.detail) from error

    async def _company(self, connection: ConnectionConfig, grant: Grant) -> str:
        realm = connection.quickbooks.realm
        client = QuickBooksClient(
            self._quickbooks, _TheOne(grant), realm_id=realm, deadline_s=DEADLINE_S, turn=_at_once
        )
        try:
            company = await client.company_info()
        except QuickBooksForbiddenError as error:
            raise MissingScopesError(
                f"missing scopes: {oauth.ACCOUNTING}. QuickBooks answered 403 in company {realm}: the scope was not agreed "
                "to, or whoever agreed may not open that company."
            ) from error
        return f"company {company.company_name} ({realm})"

    async def _person(self, connection: ConnectionConfig, grant: Grant) -> str:
        company_id = connection.procore.company_id
        client = ProcoreClient(self._procore, _TheOne(grant), company_id=company_id, deadline_s=DEADLINE_S)
        try:
            person = await client.me()
        except ProcoreForbiddenError as error:
            raise MissingScopesError(
                f"missing scopes: Procore answered 403 in company {company_id}: install the app there, with the permissions "
                "of its manifest."
            ) from error
        return f"{person.login} in company {company_id}"


async def _at_once() -> None:
    """One call needs no turn under the realm's limits."""
