"""Grant documents in the secret store: one document per account, replaced by check-and-set."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from pydantic import SecretStr

from plumbline.common.secrets.access import access_path, access_values
from plumbline.common.secrets.port import SecretDocument, SecretStore
from plumbline.common.secrets.tokens import LiveToken
from plumbline.token_vault.domain import App, HeldGrant, Intent, Status


def grant_path(account: str) -> str:
    """Return where the grant of an account is kept; only token-vault may read it."""
    return f"grants/{account}/grant"


def app_path(name: str) -> str:
    """Return where a registered client is kept."""
    return f"apps/{name}"


class SecretShelf:
    """The shelf of grants in a secret store."""

    def __init__(self, store: SecretStore) -> None:
        """Keep grants in `store`."""
        self._store = store
        self._lent: dict[str, int] = {}

    async def held(self, account: str) -> HeldGrant | None:
        """Return the grant document, or None if no grant was ever supplied."""
        document = await self._store.read(grant_path(account))
        return None if document is None else _held(account, document)

    async def put(self, held: HeldGrant) -> HeldGrant:
        """Replace the version that `held` names, and return what is stored now."""
        version = await self._store.write(
            grant_path(held.account), _values(held), expected_version=held.document_version
        )
        return replace(held, document_version=version)

    async def app(self, name: str) -> App | None:
        """Return a registered client, or None."""
        document = await self._store.read(app_path(name))
        return None if document is None else App(document.text("client_id"), document.values["client_secret"])

    async def register(self, name: str, app: App) -> None:
        """Store a client, replacing what was known of it."""
        values = {"client_id": app.client_id, "client_secret": app.client_secret.get_secret_value()}
        await self._store.write(app_path(name), values, expected_version=None)

    async def lend(self, account: str, token: LiveToken) -> None:
        """Make the copy that services read say `token`; written once per version and process."""
        if self._lent.get(account) != token.version:
            await self._store.write(access_path(account), access_values(token), expected_version=None)
            self._lent[account] = token.version


def _values(held: HeldGrant) -> dict[str, str]:
    values = {
        "app": held.app,
        "status": held.status.value,
        "version": str(held.version),
        "seeds": " ".join(held.seeds),
    }
    if held.access_token is not None:
        values["access_token"] = held.access_token.get_secret_value()
    if held.refresh_token is not None:
        values["refresh_token"] = held.refresh_token.get_secret_value()
    for name, moment in (("issued_at", held.issued_at), ("expires_at", held.expires_at)):
        if moment is not None:
            values[name] = moment.isoformat()
    if held.intent is not None:
        values |= {"intent_id": held.intent.id, "intent_until": held.intent.until.isoformat()}
    return values


def _held(account: str, document: SecretDocument) -> HeldGrant:
    values = document.values
    intent = None
    if "intent_id" in values:
        intent = Intent(document.text("intent_id"), datetime.fromisoformat(document.text("intent_until")))
    return HeldGrant(
        account=account,
        app=document.text("app"),
        document_version=document.version,
        status=Status(document.text("status")),
        version=int(document.text("version")),
        access_token=values.get("access_token"),
        refresh_token=values.get("refresh_token"),
        issued_at=_moment(values, "issued_at"),
        expires_at=_moment(values, "expires_at"),
        intent=intent,
        seeds=tuple(document.text("seeds").split()),
    )


def _moment(values: Mapping[str, SecretStr], name: str) -> datetime | None:
    return datetime.fromisoformat(values[name].get_secret_value()) if name in values else None
