"""Opening the safe that the settings name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from plumbline.common.clock import Clock
from plumbline.common.connections import ConfigurationError
from plumbline.common.database import Pool
from plumbline.common.secrets.data_keys import DataKeys, FileDataKeys
from plumbline.common.secrets.keyfile import KeyFile
from plumbline.common.secrets.port import SecretStore
from plumbline.common.secrets.transit import VaultDataKeys
from plumbline.common.secrets.vault import VaultSecretStore
from plumbline.compliance.adapters.safe.belonging import Belonging
from plumbline.compliance.adapters.safe.completions import Completions
from plumbline.compliance.adapters.safe.keys import ConnectionKeys, Rekeying, Rewrapping
from plumbline.compliance.adapters.safe.links import Links, ViewPasswords
from plumbline.compliance.adapters.safe.objects import Objects, open_objects
from plumbline.compliance.adapters.safe.outgoing import Outgoing
from plumbline.compliance.adapters.safe.papers import PaperSafe
from plumbline.compliance.adapters.safe.rounds import Rounds, load_retention
from plumbline.compliance.adapters.safe.settings import SafeSettings
from plumbline.compliance.adapters.safe.views import Views
from plumbline.compliance.domain.retention import Retention
from plumbline.compliance.ports.safe import SafeUnavailableError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OpenSafe:
    """The safe, and what there is around it."""

    papers: PaperSafe
    """The safe itself: the port `Safe`."""
    outgoing: Outgoing
    """How papers leave, by any door."""
    links: Links
    view_passwords: ViewPasswords
    views: Views
    completions: Completions
    """When projects were completed."""
    rounds: Rounds
    """Its nightly work; `rounds.run` is a loop of the process."""
    rekeying: Rekeying


@asynccontextmanager
async def open_safe(
    settings: SafeSettings, *, config_dir: Path, pool: Pool, clock: Clock, secrets: SecretStore
) -> AsyncIterator[OpenSafe]:
    """Open the safe until the end of the context; its tables are in `pool`'s schema.

    Args:
        settings: where papers are, and by which keys.
        config_dir: folder of `safe/retention.yaml`.
        pool: compliance's own.
        clock: tells when.
        secrets: the process's secret store. If it is Vault, its transit engine keeps the keys, through the same way in.

    Raises:
        ConfigurationError: needs a person; the settings are incomplete, the retention classes cannot be used, or
            the store is another installation's (`ForeignStoreError`).
    """
    objects = open_objects(settings)
    try:
        await Belonging(objects, pool).check()
    except (
        SafeUnavailableError
    ) as error:  # papers wait until it is back, and before anything is removed it is asked again
        log.warning("safe.store-away", **error.log_fields())
    yield put_together(
        objects=objects,
        keys=data_keys(settings, secrets),
        retention=load_retention(config_dir),
        pool=pool,
        clock=clock,
    )


def put_together(
    *, objects: Objects, keys: DataKeys, retention: Retention, pool: Pool, clock: Clock
) -> OpenSafe:
    """Return the safe over a store and a keeper of keys."""
    connection_keys = ConnectionKeys(pool, keys)
    papers = PaperSafe(objects=objects, keys=keys, connection_keys=connection_keys, pool=pool, clock=clock)
    outgoing = Outgoing(safe=papers, pool=pool)
    return OpenSafe(
        papers=papers,
        outgoing=outgoing,
        links=Links(safe=papers, outgoing=outgoing, connection_keys=connection_keys, pool=pool, clock=clock),
        view_passwords=ViewPasswords(pool=pool, clock=clock),
        views=Views(pool),
        completions=Completions(pool=pool, clock=clock),
        rounds=Rounds(safe=papers, objects=objects, retention=retention, pool=pool, clock=clock),
        rekeying=Rekeying(Rewrapping(pool, keys), keys),
    )


def data_keys(settings: SafeSettings, secrets: SecretStore) -> DataKeys:
    """Return the keeper of keys: Vault if secrets are Vault's, else the key file. Raises what `open_safe` raises."""
    if isinstance(secrets, VaultSecretStore):
        return VaultDataKeys(secrets.vault)
    if settings.safe_key_file is None:
        raise ConfigurationError("the embedded stack's safe needs PLUMBLINE_SAFE_KEY_FILE")
    return FileDataKeys(KeyFile(settings.safe_key_file))
