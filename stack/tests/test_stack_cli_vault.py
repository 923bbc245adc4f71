"""`plumbline vault bootstrap`: on a Vault of one's own, on the containers', and on none."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from plumbline.stack.cli.main import app
from plumbline.stack.cli.vault import arguments
from plumbline.stack.servers.addresses import ServerAddresses

DRY = ["vault", "bootstrap", "--dry-run"]


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Name a Vault of one's own where nobody listens; give the folder of keys."""
    (tmp_path / "token").write_text("root\n")
    monkeypatch.setenv("PLUMBLINE_VAULT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("PLUMBLINE_VAULT_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("PLUMBLINE_KEYS_DIR", str(tmp_path / "keys"))
    return tmp_path / "keys"


def test_absent_vault_ends_the_command_with_a_sentence(own: Path) -> None:
    done = CliRunner().invoke(app, DRY)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Vault does not answer" in done.stderr


def test_file_of_a_token_that_is_not_there_is_named(own: Path) -> None:
    token = own.parent / "token"
    token.unlink()
    done = CliRunner().invoke(app, DRY)
    assert done.exit_code == 2
    assert f"{token} cannot be read" in done.stderr


def test_without_an_address_the_containers_are_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    done = CliRunner().invoke(app, DRY)
    assert done.exit_code == 2
    assert "No Docker engine answers" in done.stderr


def test_job_in_its_container_is_told_the_same() -> None:
    assert arguments(dry_run=False, rotate=[]) == ["plumbline.provision", "vault"]
    assert arguments(dry_run=True, rotate=["mapper", "ingest"]) == [
        *("plumbline.provision", "vault", "--dry-run"),
        *("--rotate", "mapper", "--rotate", "ingest"),
    ]


@pytest.mark.connected
def test_run_tells_what_it_did_and_the_next_one_that_there_is_nothing(
    own: Path, servers: ServerAddresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_VAULT_URL", servers.vault)
    (own.parent / "token").write_text(servers.vault_token)
    dry = CliRunner().invoke(app, DRY)
    assert not own.exists()
    assert "would deliver a new secret id" in dry.stdout
    done = CliRunner().invoke(app, ["vault", "bootstrap"])
    assert (done.exit_code, "done: deliver a new secret id" in done.stdout) == (0, True)
    assert CliRunner().invoke(app, DRY).stdout.startswith("nothing to change\n")
