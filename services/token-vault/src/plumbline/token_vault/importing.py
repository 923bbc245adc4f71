"""First grants from a file, as an operator or an installer supplies them."""

import re
import secrets
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from plumbline.common.connections import ConfigurationError
from plumbline.common.secrets.port import SecretStore, StaleSecretError
from plumbline.common.secrets.webhooks import webhook_path
from plumbline.token_vault.adapters.shelf import SecretShelf
from plumbline.token_vault.domain import App, FirstGrant, supplied
from plumbline.token_vault.storing import store_grant

WEBHOOK_SECRET_BYTES = 32
"""Procore signs nothing: a random bearer value is all that tells it from a stranger."""

VERIFIER_TOKEN_CHARS_MIN = 16
"""Intuit's are longer; whoever can guess one can sign."""

INTUIT_APP = re.compile(r"quickbooks/[A-Za-z0-9_-]+")
"""What an app is called that has a verifier token."""


class _App(BaseModel):
    model_config = ConfigDict(extra="forbid")
    client_id: str
    client_secret: SecretStr
    verifier_token: SecretStr | None = Field(default=None, min_length=VERIFIER_TOKEN_CHARS_MIN)
    """Of an Intuit app: what its webhooks are signed with."""


class _Grant(BaseModel):
    model_config = ConfigDict(extra="forbid")
    app: str
    refresh_token: SecretStr | None = None


class GrantsFile(BaseModel):
    """What an import file says: apps by name, grants by account, connections that have webhooks."""

    model_config = ConfigDict(extra="forbid")
    apps: dict[str, _App] = {}
    grants: dict[str, _Grant] = {}
    webhooks: list[str] = []

    @field_validator("apps")
    @classmethod
    def _only_intuit_signs(cls, apps: dict[str, _App]) -> dict[str, _App]:
        for name, app in apps.items():
            if app.verifier_token is not None and INTUIT_APP.fullmatch(name) is None:
                raise ValueError(
                    f"{name} has a verifier token, which only apps called quickbooks/<name> have"
                )
        return apps


def read_grants(path: Path) -> GrantsFile:
    """Read an import file.

    Raises:
        ConfigurationError: needs a person; names the place, never a value.
    """
    try:
        return GrantsFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} cannot be read as YAML") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        # Not chained: the validation error would carry the secrets.
        raise ConfigurationError(f"{path} {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


async def import_grants(store: SecretStore, supplies: GrantsFile) -> list[str]:
    """Store apps, new grants and missing webhook secrets; return the accounts that got a grant.

    Importing the same file again changes nothing: a grant that was renewed since is kept, and so is a client secret
    or a verifier token. Files grow old: another value of these is given to `plumbline rotate`, which proves it.
    """
    shelf = SecretShelf(store)
    for name, app in supplies.apps.items():
        known = await shelf.app(name)
        if known is None or known.client_id != app.client_id:
            await shelf.register(name, App(app.client_id, app.client_secret))
        if app.verifier_token is not None:
            await _keep_verifier_token(store, name, app.verifier_token.get_secret_value())
    for connection in supplies.webhooks:
        await _ensure_webhook_secret(store, connection)
    return [account for account, grant in supplies.grants.items() if await _supply(shelf, account, grant)]


async def _supply(shelf: SecretShelf, account: str, grant: _Grant) -> bool:
    first = FirstGrant(account=account, app=grant.app, refresh_token=grant.refresh_token)
    return await store_grant(shelf, account, partial(supplied, first=first)) is not None


async def _ensure_webhook_secret(store: SecretStore, connection: str) -> None:
    values: Mapping[str, str] = {"current": f"Bearer {secrets.token_urlsafe(WEBHOOK_SECRET_BYTES)}"}
    path = webhook_path("procore", connection)
    if await store.read(path) is None:
        try:
            await store.write(path, values, expected_version=0)
        except StaleSecretError:
            return  # somebody else made it meanwhile


async def _keep_verifier_token(store: SecretStore, app: str, token: str) -> None:
    provider, name = app.split("/")
    path = webhook_path(provider, name)
    if await store.read(path) is None:
        await store.write(path, {"current": token}, expected_version=0)
