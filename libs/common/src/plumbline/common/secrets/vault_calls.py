"""Calls of Vault, whatever they ask for.

hvac blocks, so every call goes through a thread, under hvac's own timeout; no error of hvac or of
requests passes this module's wall.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import hvac
import hvac.exceptions
import requests

from plumbline.common.secrets.port import SecretStoreRefusedError, SecretStoreUnavailableError
from plumbline.common.secrets.vault_session import VaultSession
from plumbline.common.secrets.vault_states import told

T = TypeVar("T")

TIMEOUT_S = 5.0
"""Longest wait for a connection to Vault, and then for its next byte."""

CALL_MAX_S = 10.0
"""Longest wait of a caller, whatever Vault drips; its thread is left to end by itself."""


class Vault:
    """A process's one way into Vault, and the threads in which it calls."""

    def __init__(self, client: hvac.Client, session: VaultSession, threads: ThreadPoolExecutor) -> None:
        """Call `client` within `session`, in `threads`."""
        self._client = client
        self.session = session
        self._threads = threads

    async def threaded(self, path: str, call: Callable[[], T]) -> T:
        """Make a call, which says in `errors` what its failures mean, in a thread.

        Raises:
            SecretStoreUnavailableError: wait; there was no answer in time.
        """
        try:
            async with asyncio.timeout(CALL_MAX_S):
                return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except TimeoutError:
            raise SecretStoreUnavailableError(
                f"Vault has not answered within {CALL_MAX_S:.0f} s: see its log, and that its disks can be written",
                path=path,
            ) from None

    async def tend(self) -> None:
        """Keep the way in open: see `VaultSession.tend`.

        Raises:
            SecretStoreUnavailableError: wait; Vault does not serve, or lets this process in no more.
        """
        await self.threaded("auth", self._tend)

    @contextmanager
    def errors(self, path: str) -> Iterator[None]:
        """Turn what hvac and requests raise into the store's refusals and absences."""
        # Not chained: hvac's errors carry the whole answer.
        try:
            yield
        except hvac.exceptions.InvalidRequest as error:
            raise SecretStoreRefusedError(f"Vault refused {path}: {said(error)}", path=path) from None
        except (hvac.exceptions.Forbidden, hvac.exceptions.Unauthorized):
            raise SecretStoreRefusedError(
                f"Vault's policy forbids {path} to this process: `plumbline vault bootstrap` brings policies up to date",
                path=path,
            ) from None
        except (hvac.exceptions.VaultError, requests.RequestException) as error:
            raise SecretStoreUnavailableError(told(self._client, error), path=path) from None
        except (KeyError, TypeError) as error:
            # A standby that redirects, or a proxy's page: hvac returns what it could not read.
            sentence = f"Vault's answer is not a document. {told(self._client, error)}"
            raise SecretStoreUnavailableError(sentence, path=path) from None

    def _tend(self) -> None:
        with self.errors("auth"):
            self.session.tend()


def said(error: hvac.exceptions.VaultError) -> str:
    """Return what Vault says of a request that it refuses."""
    return "; ".join(map(str, error.errors)) if error.errors else type(error).__name__
