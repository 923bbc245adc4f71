"""The state folder of a stack: secret files for the services, addresses for the operator's commands."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

ADDRESSES_FILE = "addresses.json"
"""There while the stack is up: `{"services": {name: base URL}, "operator_token_file": path}`."""

IN_CONTAINERS = "containers"
"""Stands for the base URLs where the engine has to be asked for them, because they change."""

_KEY_BYTES = 32  # AES-256


def write_operator_token(state_dir: Path) -> Path:
    """Write a new token for operators' calls, and return its file."""
    return write_secret(state_dir / "operator-token", secrets.token_urlsafe())


def write_secrets_key(state_dir: Path) -> Path:
    """Write a new key for the embedded secret store, and return its file."""
    return write_secret(state_dir / "secrets-key", _new_key())


def write_safe_key(state_dir: Path) -> Path:
    """Write a new key for the papers of the embedded stack, and return its file."""
    return write_secret(state_dir / "safe-key", _new_key())


def empty_safe(state_dir: Path) -> dict[str, str]:
    """Empty the folder of papers, whose keys went with the former database, and return the settings that name it."""
    folder = state_dir / "papers"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    return {"PLUMBLINE_SAFE_URL": folder.as_uri()}


def write_secret(path: Path, value: str) -> Path:
    """Write a file that only we may read, replacing what was there; return it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(value)
    return path


@contextlib.contextmanager
def published(state_dir: Path, addresses: Mapping[str, str], operator_token_file: Path) -> Iterator[None]:
    """Let the operator's commands find the services until the end of the context."""
    publish(state_dir, dict(addresses), operator_token_file)
    try:
        yield
    finally:
        unpublish(state_dir)


def publish(state_dir: Path, services: Mapping[str, str] | str, operator_token_file: Path) -> None:
    """Let the operator's commands find the services: name → base URL, or `IN_CONTAINERS`."""
    document = {"services": services, "operator_token_file": str(operator_token_file)}
    (state_dir / ADDRESSES_FILE).write_text(json.dumps(document, indent=2) + "\n")


def unpublish(state_dir: Path) -> None:
    """Undo `publish`."""
    (state_dir / ADDRESSES_FILE).unlink(missing_ok=True)


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()
