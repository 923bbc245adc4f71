"""The port to a secret store: versioned documents with check-and-set."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr

from plumbline.common.errors import TransientError, WaitError


class SecretStoreUnavailableError(WaitError):
    """The secret store does not answer, or is sealed; cached credentials go on working."""


class SecretStoreRefusedError(SecretStoreUnavailableError):
    """The secret store does not let this service in: its role, policy or key is wrong.

    It waits and does not park: one wrong file would park every record there is.
    """


class StaleSecretError(TransientError):
    """Somebody else wrote the document since it was read: read it again."""


@dataclass(frozen=True, slots=True)
class SecretDocument:
    """One version of a document; values are masked in every `repr`."""

    version: int
    values: Mapping[str, SecretStr]

    def text(self, name: str) -> str:
        """Return a value in clear, for the one call that needs it; `KeyError` if absent."""
        return self.values[name].get_secret_value()

    def clear(self) -> dict[str, str]:
        """Return all values in clear, to be compared or written again."""
        return {name: value.get_secret_value() for name, value in self.values.items()}


class SecretStore(Protocol):
    """Keeps documents of named secret strings under slash-separated paths."""

    async def read(self, path: str) -> SecretDocument | None:
        """Return the newest version, or None where there is none.

        Raises:
            SecretStoreUnavailableError: wait; the store does not answer.
        """

    async def write(self, path: str, values: Mapping[str, str], *, expected_version: int | None) -> int:
        """Store a new version and return its number.

        Args:
            path: where.
            values: the whole document; what is left out is gone.
            expected_version: the version this one replaces; 0 for a document that must not
                exist yet; None to replace whatever is there.

        Raises:
            StaleSecretError: transient; the present version is another. Nothing was written.
            SecretStoreUnavailableError: wait; whether it was written is unknown: read again.
        """
