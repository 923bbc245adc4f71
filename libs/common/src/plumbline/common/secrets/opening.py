"""Opening the secret store that the settings name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from plumbline.common.connections import ConfigurationError
from plumbline.common.secrets.embedded import open_embedded
from plumbline.common.secrets.port import SecretStore
from plumbline.common.secrets.vault import open_vault
from plumbline.common.settings import ServiceSettings


@asynccontextmanager
async def open_secret_store(settings: ServiceSettings) -> AsyncIterator[SecretStore]:
    """Open the secret store of the settings until the end of the context.

    Raises:
        ConfigurationError: needs a person; the settings of the chosen store are incomplete.
        SecretStoreUnavailableError: wait; the store of the embedded stack does not answer.
    """
    if settings.secrets == "embedded":
        if settings.secrets_key_file is None:
            raise ConfigurationError("the embedded secret store needs PLUMBLINE_SECRETS_KEY_FILE")
        url = settings.database()
        async with open_embedded(url, key_file=settings.secrets_key_file) as embedded:
            yield embedded
        return
    if settings.vault_url is None or not settings.vault_role_id_file or not settings.vault_secret_id_file:
        raise ConfigurationError(
            "Vault needs PLUMBLINE_VAULT_URL, PLUMBLINE_VAULT_ROLE_ID_FILE and PLUMBLINE_VAULT_SECRET_ID_FILE"
        )
    async with open_vault(
        settings.vault_url,
        role_id_file=settings.vault_role_id_file,
        secret_id_file=settings.vault_secret_id_file,
        ca_file=settings.vault_ca_file,
        namespace=settings.vault_namespace,
    ) as vault:
        yield vault
