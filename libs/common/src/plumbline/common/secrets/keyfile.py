"""The key file of the embedded secret store: one key a line, the newest first.

A file, because the key must not lie beside what it seals. It holds two keys while one replaces the other.
"""

import base64
import binascii
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from typing_extensions import override

from plumbline.common.connections import ConfigurationError
from plumbline.common.errors import TransientError

KEY_BYTES = 32
"""AES-256."""

ID_CHARS = 16
"""So much of a key's digest names it; it tells nothing of a random key."""


class KeyFileBusyError(TransientError):
    """Another process changes the key file just now."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key, and the name by which rows say that it seals them."""

    value: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """The beginning of its digest."""
        return hashlib.sha256(b"plumbline key " + self.value).hexdigest()[:ID_CHARS]


class Keys:
    """The keys at hand, the newest first."""

    def __init__(self, *keys: Key) -> None:
        """Hold these and no others."""
        self.keys = keys

    @property
    def newest(self) -> Key:
        """What new rows are sealed with."""
        return self.keys[0]

    def find(self, key_id: str | None) -> tuple[Key, ...]:
        """Return the keys that may have sealed a row: the one it names, or any for a row from before keys had names."""
        return tuple(key for key in self.keys if key_id is None or key.id == key_id)

    def again(self) -> None:
        """Look for news of them; there are none where they are in no file."""


class KeyFile(Keys):
    """The keys of a key file, read when it is opened and again when a row names one that is not known."""

    def __init__(self, path: Path) -> None:
        """Use the file at `path`.

        Raises:
            ConfigurationError: needs a person; there is no such file, or it holds no key.
        """
        super().__init__(*read_key_file(path))
        self.path = path

    @override
    def again(self) -> None:
        """Read the file once more. Raises what the constructor raises."""
        self.keys = read_key_file(self.path)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Read the file, and keep every other process from changing it until the end of the context.

        Raises:
            KeyFileBusyError: transient; another process changes it just now.
        """
        with self.path.with_name(f".{self.path.name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise KeyFileBusyError from error
            self.again()
            yield

    def replace(self, *keys: Key) -> None:
        """Let the file hold these keys, as a whole: nobody ever reads half of it. Only inside `changing`."""
        lines = "".join(f"{base64.b64encode(key.value).decode()}\n" for key in keys)
        unfinished = self.path.with_name(f".{self.path.name}.new")
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # or the machine's end might bring back the file that lacks the newest key
        finally:
            os.close(folder)
        self.again()


def new_key() -> Key:
    """Return a random key."""
    return Key(AESGCM.generate_key(KEY_BYTES * 8))


def make_key_file(path: Path) -> None:
    """Make a key file that only its owner can read; an existing one stays as it is."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(new_key().value) + b"\n")


def read_key_file(path: Path) -> tuple[Key, ...]:
    """Return the keys in a key file, each 32 bytes in base64, the newest first.

    Raises:
        ConfigurationError: needs a person; there is no such file, or it does not hold keys alone.
    """
    try:
        lines = path.read_bytes().split()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    keys = tuple(_key(line) for line in lines)
    if not keys or any(len(key.value) != KEY_BYTES for key in keys):
        raise ConfigurationError(f"{path} does not hold {KEY_BYTES} bytes in base64 on each line")
    return keys


def _key(line: bytes) -> Key:
    try:
        return Key(base64.b64decode(line, validate=True))
    except binascii.Error:
        return Key(b"")
