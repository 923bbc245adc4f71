"""How a new secret id comes to a process: as a wrapping token in a file, which opens once (Vault docs, response wrapping).

The file lies beside the one that holds the secret id, under `wrapped_file`. Whoever carries it there never sees the
secret id; whoever opens it on the way is noticed, for then the process cannot. The former secret id stays in place
until the new one has been stored, so no step of this can leave a process without one that it had before.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hvac
import hvac.exceptions
import requests
import structlog

from plumbline.common.metrics import SECRET_ID_DELIVERIES
from plumbline.common.secrets.port import SecretStoreRefusedError
from plumbline.common.settings import put_secret_line

_MADE_AT = "auth/approle/role/"
"""What a secret id's wrapping token says of where it was made; anything else is somebody's own."""

log = structlog.get_logger(__name__)


def wrapped_file(secret_id_file: Path) -> Path:
    """Return where the wrapping token of a new secret id is delivered."""
    return secret_id_file.with_name(f"{secret_id_file.name}.wrapped")


def spent_file(secret_id_file: Path) -> Path:
    """Return where a delivery is laid aside that did not open."""
    return secret_id_file.with_name(f"{secret_id_file.name}.spent")


def deliver(secret_id_file: Path, token: str) -> None:
    """Lay a wrapping token where the process finds it, in the place of one that it has not taken yet."""
    secret_id_file.parent.mkdir(parents=True, exist_ok=True)
    with _alone(secret_id_file.parent):
        put_secret_line(wrapped_file(secret_id_file), token)
        spent_file(secret_id_file).unlink(missing_ok=True)


def may_take(secret_id_file: Path) -> bool:
    """Say whether something was delivered that can be opened and kept."""
    delivered = wrapped_file(secret_id_file)
    return delivered.exists() and os.access(delivered.parent, os.W_OK)


def take_delivered(client: hvac.Client, secret_id_file: Path) -> None:
    """Open what was delivered, if anything was, and store it in the place of the present secret id.

    Replicas that share the folder take turns, and one of them opens it. What does not open is an alarm: somebody
    else has opened it, or it was too old, or an earlier life of this process ended right after it had opened it.

    Raises:
        SecretStoreRefusedError: what is opened could not be kept, and there is no former one to go on with.
        hvac.exceptions.VaultError, requests.RequestException: Vault does not serve; the delivery is still whole.
    """
    delivered = wrapped_file(secret_id_file)
    if not delivered.exists():
        return
    if not may_take(secret_id_file):
        sentence = (
            f"a new secret id lies in {delivered}, and its folder cannot be written: give this process the right to, "
            "so that it can keep what it opens"
        )
        if not secret_id_file.exists():
            raise SecretStoreRefusedError(sentence)
        log.error("vault.delivery-not-taken", detail=sentence)
        return
    try:
        _take(client, secret_id_file, delivered)
    except requests.RequestException:  # an OSError too, and not the file's
        raise
    except OSError as error:
        raise SecretStoreRefusedError(
            f"the secret id delivered in {delivered} cannot be stored: {error.strerror}"
        ) from error


def _take(client: hvac.Client, secret_id_file: Path, delivered: Path) -> None:
    with _alone(delivered.parent):
        if not delivered.exists():
            return  # another replica has taken it
        secret_id = _opened(client, delivered.read_text(encoding="utf-8").strip())
        if secret_id is None:
            delivered.rename(spent_file(secret_id_file))
            SECRET_ID_DELIVERIES.labels("spent").inc()
            log.error("vault.delivery-spent", file=str(delivered))
            return
        put_secret_line(secret_id_file, secret_id)
        delivered.unlink()
        SECRET_ID_DELIVERIES.labels("taken").inc()
        log.info("vault.delivery-taken", file=str(secret_id_file))


def _opened(client: hvac.Client, token: str) -> str | None:
    """Return the secret id under a wrapping token; None if there is none any more, or never was."""
    adapter = type(client.adapter).from_adapter(client.adapter)
    try:
        adapter.token = ""
        made_at = adapter.post("/v1/sys/wrapping/lookup", json={"token": token})["data"]["creation_path"]
        if not made_at.startswith(_MADE_AT) or not made_at.endswith("/secret-id"):
            return None  # somebody has opened it and wrapped something of their own
        adapter.token = token
        secret_id: str = adapter.post("/v1/sys/wrapping/unwrap")["data"]["secret_id"]
    except (hvac.exceptions.InvalidRequest, hvac.exceptions.Forbidden):
        return None
    return secret_id


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
