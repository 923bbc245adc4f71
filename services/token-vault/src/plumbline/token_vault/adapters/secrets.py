"""Webhook secrets and registered clients in the secret store: one document each, replaced by check-and-set."""

from dataclasses import replace
from datetime import datetime

from typing_extensions import override

from plumbline.common.secrets.port import SecretStore
from plumbline.common.secrets.webhooks import WebhookSecret, secret_values, webhook_secret
from plumbline.token_vault.rotation.ports import AppShelf, Held, HeldApp, WebhookShelf


class StoredWebhooks(WebhookShelf):
    """The shelf of webhook secrets in a secret store."""

    def __init__(self, store: SecretStore) -> None:
        """Keep them in `store`."""
        self._store = store

    @override
    async def held(self, name: str) -> Held | None:
        document = await self._store.read(name)
        return None if document is None else Held(webhook_secret(document), document.version)

    @override
    async def put(self, name: str, held: Held, secret: WebhookSecret) -> Held:
        version = await self._store.write(name, secret_values(secret), expected_version=held.document_version)
        return Held(secret, version)


class StoredApps(AppShelf):
    """The shelf of registered clients in a secret store."""

    def __init__(self, store: SecretStore) -> None:
        """Keep them in `store`."""
        self._store = store

    @override
    async def held(self, name: str) -> HeldApp | None:
        document = await self._store.read(name)
        if document is None:
            return None
        texts = document.clear()
        return HeldApp(
            client_id=texts["client_id"],
            secret=document.values["client_secret"],
            document_version=document.version,
            number=int(texts.get("number", "1")),
            since=datetime.fromisoformat(texts["since"]) if "since" in texts else None,
            candidate=document.values.get("candidate"),
        )

    @override
    async def put(self, name: str, app: HeldApp) -> HeldApp:
        values = {
            "client_id": app.client_id,
            "client_secret": app.secret.get_secret_value(),
            "number": str(app.number),
        }
        if app.since is not None:
            values["since"] = app.since.isoformat()
        if app.candidate is not None:
            values["candidate"] = app.candidate.get_secret_value()
        version = await self._store.write(name, values, expected_version=app.document_version)
        return replace(app, document_version=version)
