"""Grant documents in the secret store: one document per account, replaced by check-and-set."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from pydantic import SecretStr

from plumbline.common.secrets.access import access_path, access_values, lent_version, revoked_values
from plumbline.common.secrets.port import SecretDocument, SecretStore, StaleSecretError
from plumbline.token_vault.domain import App, Cause, HeldGrant, Intent


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
        self._lent: dict[str, tuple[int, bool]] = {}

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
        """Store a client, replacing what was known of it; its secrets go on being counted."""
        values = {"client_id": app.client_id, "client_secret": app.client_secret.get_secret_value()}
        present = await self._store.read(app_path(name))
        if present is not None and values.items() <= present.clear().items():
            return
        if present is not None:
            values["number"] = str(int(present.clear().get("number", "1")) + 1)
        await self._store.write(app_path(name), values, expected_version=None)

    async def lend(self, held: HeldGrant, *, revoked: bool) -> None:
        """See `Shelf`. Written by check-and-set, so that a late replica brings no older token back."""
        wanted = (held.version, revoked)
        if held.version == 0 or self._lent.get(held.account, (0, False)) >= wanted:
            return
        await self._lend(access_path(held.account), held, wanted)
        self._lent[held.account] = wanted

    async def _lend(self, path: str, held: HeldGrant, wanted: tuple[int, bool]) -> None:
        token = None if wanted[1] else held.live_token
        values = revoked_values(held.version) if token is None else access_values(token)
        while True:
            document = await self._store.read(path)
            if document is not None and lent_version(document) >= wanted:
                return
            try:
                await self._store.write(path, values, expected_version=document.version if document else 0)
            except StaleSecretError:
                continue
            return


_MOMENTS = ("issued_at", "expires_at", "refreshed_at", "ends_at")
_COUNTS = ("version", "calls", "answered", "in_vain")


def _values(held: HeldGrant) -> dict[str, str]:
    values = {name: str(getattr(held, name)) for name in _COUNTS}
    values |= {"app": held.app, "seeds": " ".join(held.seeds)}
    for name in ("access_token", "refresh_token"):
        if (secret := getattr(held, name)) is not None:
            values[name] = secret.get_secret_value()
    for name in _MOMENTS:
        if (moment := getattr(held, name)) is not None:
            values[name] = moment.isoformat()
    if (intent := held.intent) is not None:
        values |= {"intent_number": str(intent.number), "intent_until": intent.until.isoformat()}
        values |= {"intent_in_vain": str(intent.in_vain)}
    if held.uncertain:
        values["uncertain"] = "true"
    if held.cause is not None:
        values["cause"] = held.cause.value
    return values


def _held(account: str, document: SecretDocument) -> HeldGrant:
    values = document.values
    intent = None
    if "intent_number" in values:
        intent = Intent(
            number=_count(values, "intent_number"),
            until=datetime.fromisoformat(document.text("intent_until")),
            in_vain=_count(values, "intent_in_vain"),
        )
    return HeldGrant(
        account=account,
        app=document.text("app"),
        document_version=document.version,
        version=_count(values, "version"),
        access_token=values.get("access_token"),
        refresh_token=values.get("refresh_token"),
        issued_at=_moment(values, "issued_at"),
        expires_at=_moment(values, "expires_at"),
        refreshed_at=_moment(values, "refreshed_at"),
        ends_at=_moment(values, "ends_at"),
        calls=_count(values, "calls"),
        answered=_count(values, "answered"),
        intent=intent,
        uncertain="uncertain" in values,
        in_vain=_count(values, "in_vain"),
        cause=Cause(document.text("cause")) if "cause" in values else None,
        seeds=tuple(document.text("seeds").split()),
    )


def _count(values: Mapping[str, SecretStr], name: str) -> int:
    # What was stored before there was this count has it at its beginning.
    return int(values[name].get_secret_value()) if name in values else 0


def _moment(values: Mapping[str, SecretStr], name: str) -> datetime | None:
    return datetime.fromisoformat(values[name].get_secret_value()) if name in values else None
