"""The one way in which a grant that a person supplied gets into its document."""

import asyncio
from collections.abc import Callable

import structlog

from plumbline.common.secrets.port import SecretStoreUnavailableError, StaleSecretError
from plumbline.token_vault.domain import HeldGrant
from plumbline.token_vault.ports import Shelf

PATIENCE_S = 20.0
"""How long a store that is away is waited for: what a person has just agreed to cannot be asked for twice."""

PAUSE_S = 0.5
"""Between two attempts."""

Change = Callable[[HeldGrant | None], HeldGrant | None]
"""Makes the new document of the present one; None if there is nothing to store."""

log = structlog.get_logger(__name__)


async def store_grant(
    shelf: Shelf, account: str, change: Change, *, patience_s: float = PATIENCE_S
) -> HeldGrant | None:
    """Store what `change` makes of the present document, by check-and-set; return what is stored, None if nothing was.

    A lost race is run again on what is there by then.

    Raises:
        SecretStoreUnavailableError: wait; the store stayed away.
    """
    until = asyncio.get_running_loop().time() + patience_s
    while True:
        try:
            changed = change(await shelf.held(account))
            return None if changed is None else await shelf.put(changed)
        except StaleSecretError:
            continue
        except SecretStoreUnavailableError as error:
            if asyncio.get_running_loop().time() >= until:
                raise
            log.warning("grant.not-stored", account=account, **error.log_fields())
            await asyncio.sleep(PAUSE_S)
