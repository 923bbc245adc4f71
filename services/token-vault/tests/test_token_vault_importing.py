"""First grants from a file: nothing that was renewed since is lost, and no value is shown."""

from pathlib import Path

import pytest
import yaml
from keeper_lab import ACCOUNT, FILE, Vault
from pydantic import SecretStr

from plumbline.common.connections import ConfigurationError
from plumbline.token_vault.domain import App
from plumbline.token_vault.importing import GrantsFile, import_grants, read_grants

pytest_plugins = ["keeper_fixtures"]


async def test_importing_again_keeps_the_renewed_grant_and_the_webhook_secret(vault: Vault) -> None:
    await vault.look()
    await vault.work()
    before = await vault.store.read("webhooks/procore/lone-star")
    assert await import_grants(vault.store, FILE) == []
    after = await vault.store.read("webhooks/procore/lone-star")
    assert before == after
    await vault.refuse(1)
    await vault.work()
    assert await vault.lent() == (2, False)


VERIFIER_PATH = "webhooks/quickbooks/9341"


def signing(token: str) -> GrantsFile:
    app = FILE.apps[ACCOUNT].model_copy(update={"verifier_token": SecretStr(token)})
    return FILE.model_copy(update={"apps": {ACCOUNT: app}})


async def test_verifier_token_and_client_secret_are_imported_once_and_no_old_file_brings_them_back(
    vault: Vault,
) -> None:
    await import_grants(vault.store, signing("first"))
    rotated = {"current": "second", "number": "2"}
    await vault.store.write(VERIFIER_PATH, rotated, expected_version=1)
    app = {"client_id": "c", "client_secret": "rotated", "number": "2"}
    await vault.store.write(f"apps/{ACCOUNT}", app, expected_version=None)
    await import_grants(vault.store, signing("first"))
    for path, values in ((VERIFIER_PATH, rotated), (f"apps/{ACCOUNT}", app)):
        document = await vault.store.read(path)
        assert document is not None
        assert document.clear() == values


async def test_secrets_of_an_app_go_on_being_counted_when_a_person_connects_with_another(
    vault: Vault,
) -> None:
    for secret in ("other", "other", "third"):
        await vault.shelf.register(ACCOUNT, App("c", SecretStr(secret)))
    document = await vault.store.read(f"apps/{ACCOUNT}")
    assert document is not None
    assert document.clear() == {"client_id": "c", "client_secret": "third", "number": "3"}


@pytest.mark.parametrize(
    ("name", "token", "place"),
    [
        (ACCOUNT, "", r"apps\.quickbooks/9341\.verifier_token"),
        (ACCOUNT, "canary", r"apps\.quickbooks/9341\.verifier_token"),
        ("procore/lone-star", "canary-canary-canary", "apps: .*procore/lone-star has a verifier token"),
        ("quickbooks/a/b", "canary-canary-canary", "apps: .*quickbooks/a/b has a verifier token"),
    ],
)
def test_verifier_token_that_anybody_could_guess_or_that_is_not_intuits_is_refused(
    tmp_path: Path, name: str, token: str, place: str
) -> None:
    path = tmp_path / "grants.yaml"
    app = {"client_id": "c", "client_secret": "app-canary", "verifier_token": token}
    path.write_text(yaml.safe_dump({"apps": {name: app}}))
    with pytest.raises(ConfigurationError, match=place) as caught:
        read_grants(path)
    assert "canary" not in str(caught.value)


def test_broken_import_file_is_refused_without_showing_a_value(tmp_path: Path) -> None:
    path = tmp_path / "grants.yaml"
    path.write_text("grants: {quickbooks/1: {refresh_token: canary}}")
    with pytest.raises(Exception, match=r"grants\.quickbooks/1\.app") as caught:
        read_grants(path)
    assert "canary" not in str(caught.value)
