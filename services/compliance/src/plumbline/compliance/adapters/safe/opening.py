"""Opening the safe that the settings name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from plumbline.common.clock import Clock
from plumbline.common.connections import ConfigurationError
from plumbline.common.database import Pool
from plumbline.common.secrets.data_keys import DataKeys, FileDataKeys
from plumbline.common.secrets.keyfile import KeyFile
from plumbline.common.secrets.port import SecretStore
from plumbline.common.secrets.transit import VaultDataKeys
from plumbline.common.secrets.vault import VaultSecretStore
from plumbline.compliance.adapters.safe.keys import ConnectionKeys
from plumbline.compliance.adapters.safe.objects import open_objects
from plumbline.compliance.adapters.safe.papers import PaperSafe
from plumbline.compliance.adapters.safe.settings import SafeSettings


@asynccontextmanager
async def open_safe(
    settings: SafeSettings, *, pool: Pool, clock: Clock, secrets: SecretStore
) -> AsyncIterator[PaperSafe]:
    """Open the safe until the end of the context; its tables are in `pool`'s schema.

    Args:
        settings: where papers are, and by which keys.
        pool: compliance's own.
        clock: tells when.
        secrets: the process's secret store. If it is Vault, its transit engine keeps the keys, through the same way in.

    Raises:
        ConfigurationError: needs a person; the settings are incomplete.
    """
    keys = data_keys(settings, secrets)
    connection_keys = ConnectionKeys(pool, keys)
    yield PaperSafe(
        objects=open_objects(settings), keys=keys, connection_keys=connection_keys, pool=pool, clock=clock
    )


def data_keys(settings: SafeSettings, secrets: SecretStore) -> DataKeys:
    """Return the keeper of keys: Vault if secrets are Vault's, else the key file. Raises what `open_safe` raises."""
    if isinstance(secrets, VaultSecretStore):
        return VaultDataKeys(secrets.vault)
    if settings.safe_key_file is None:
        raise ConfigurationError("the embedded stack's safe needs PLUMBLINE_SAFE_KEY_FILE")
    return FileDataKeys(KeyFile(settings.safe_key_file))
