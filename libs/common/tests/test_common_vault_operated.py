"""Real Vault as it is operated: TLS by a private authority, and every state it fails in."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from plumbline.common.secrets.port import (
    SecretDocument,
    SecretStoreRefusedError,
    SecretStoreUnavailableError,
)
from plumbline.common.secrets.vault import VaultSecretStore, open_vault
from plumbline.common.settings import secret_line
from plumbline.provision.secret_ids import AppRoleFiles
from plumbline.provision.vault import role_files, set_up_sealed_vault
from plumbline.provision.vault_api import VaultAddress, VaultApi, VaultSetupError
from plumbline.stack.run_folder import run_folder
from plumbline.stack.servers.vault import SealedVaultServer, prepare_sealed_vault
from plumbline.stack.supervisor import Supervisor

pytestmark = pytest.mark.connected

PATH = "webhooks/quickbooks/any"
KEPT = {"current": "kept"}


@dataclass(frozen=True)
class Operated:
    """A Vault of one node, and how to open it."""

    server: SealedVaultServer
    supervisor: Supervisor
    folder: Path
    ca_file: Path | None = None

    @property
    def at(self) -> VaultAddress:
        return VaultAddress(url=self.server.url, ca_file=self.ca_file)

    @property
    def files(self) -> AppRoleFiles:
        return role_files(self.folder)["token-vault"]

    @property
    def key_file(self) -> Path:
        return self.folder / "unseal-key"

    async def bootstrap(self) -> None:
        await set_up_sealed_vault(self.at, self.key_file, self.folder)

    @asynccontextmanager
    async def administered(self) -> AsyncIterator[VaultApi]:
        async with self.at.opened() as vault:
            vault.token = await vault.administrator(secret_line(self.key_file))
            yield vault

    def entered(self, **options: float) -> AbstractAsyncContextManager[VaultSecretStore]:
        return open_vault(
            self.server.url,
            role_id_file=self.files.role_id,
            secret_id_file=self.files.secret_id,
            ca_file=self.ca_file,
            tended_every_s=options.get("tended_every_s", 5.0),
        )


@asynccontextmanager
async def operated(tmp_path: Path, *, tls: bool = False) -> AsyncIterator[Operated]:
    """Give a Vault that was bootstrapped, and holds one document."""
    with run_folder() as folder:
        certificate = make_certificate(folder) if tls else None
        server = await prepare_sealed_vault(folder, certificate=certificate)
        async with Supervisor(tmp_path / "logs") as supervisor:
            await supervisor.start(server.spec())
            vault = Operated(server, supervisor, tmp_path, certificate[0] if certificate else None)
            await vault.bootstrap()
            async with vault.entered() as store:
                await store.write(PATH, KEPT, expected_version=0)
            yield vault


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Make an authority of one certificate, which is its own and that of 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Vault of a test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "vault.crt", folder / "vault.key"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


async def test_vault_of_a_private_authority_is_trusted_by_its_file_and_by_nothing_else(
    tmp_path: Path,
) -> None:
    async with operated(tmp_path, tls=True) as vault:
        async with vault.entered() as store:
            assert (await read(store)).text("current") == "kept"
        role_id, secret_id = vault.files.role_id, vault.files.secret_id
        async with open_vault(vault.server.url, role_id_file=role_id, secret_id_file=secret_id) as stranger:
            with pytest.raises(SecretStoreUnavailableError, match="PLUMBLINE_VAULT_CA_FILE"):
                await stranger.read(PATH)
        with pytest.raises(VaultSetupError, match="let PLUMBLINE_VAULT_CA_FILE name its authority"):
            await set_up_sealed_vault(VaultAddress(url=vault.server.url), vault.key_file, tmp_path)


async def read(store: VaultSecretStore) -> SecretDocument:
    found = await store.read(PATH)
    assert found is not None
    return found


async def sealed(vault: Operated, store: VaultSecretStore) -> None:
    async with vault.administered() as api:
        await api.write("sys/seal")


async def stopped(vault: Operated, store: VaultSecretStore) -> None:
    vault.supervisor.kill("vault")


async def revoked(vault: Operated, store: VaultSecretStore) -> None:
    async with vault.administered() as api:
        await api.write("auth/token/revoke", token=store.vault._client.token)


@pytest.mark.parametrize(
    ("trouble", "says"), [(sealed, "Vault is sealed: unseal it"), (stopped, "cannot be reached|sealed")]
)
async def test_store_says_that_vault_is_away_and_serves_as_before_once_it_is_back(
    tmp_path: Path, trouble: Callable[[Operated, VaultSecretStore], Awaitable[None]], says: str
) -> None:
    async with operated(tmp_path) as vault, vault.entered() as store:
        await read(store)
        await trouble(vault, store)
        with pytest.raises(SecretStoreUnavailableError, match=says) as caught:
            await store.read(PATH)
        assert not isinstance(caught.value, SecretStoreRefusedError)
        with pytest.raises(SecretStoreUnavailableError, match=says):
            await store.write(PATH, KEPT, expected_version=1)
        await vault.supervisor.ready("vault")
        await vault.bootstrap()
        assert (await read(store)).version == 1


async def test_revoked_token_is_noticed_and_replaced_within_the_call(tmp_path: Path) -> None:
    async with operated(tmp_path) as vault, vault.entered() as store:
        await read(store)
        await revoked(vault, store)
        assert (await read(store)).text("current") == "kept"


async def test_token_lives_on_by_renewals_and_then_by_entering_anew(tmp_path: Path) -> None:
    async with operated(tmp_path) as vault:
        async with vault.administered() as api:
            await api.write("auth/approle/role/plumbline-token-vault", token_ttl=2, token_max_ttl=5)
        async with vault.entered(tended_every_s=0.1) as store:
            await read(store)
            tokens = [store.vault._client.token]
            for _ in range(80):
                await asyncio.sleep(0.1)
                if store.vault._client.token != tokens[-1]:
                    tokens.append(store.vault._client.token)
                assert (await read(store)).version == 1
        # Eight seconds: by renewals a token outlives its two, and none outlives its five.
        assert 2 <= len(tokens) <= 4


async def test_blocked_audit_is_told_from_other_troubles_and_ends_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plumbline.common.secrets.vault.TIMEOUT_S", 1.0)
    async with operated(tmp_path) as vault:
        pipe = tmp_path / "audit"
        os.mkfifo(pipe)
        draining = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
        async with vault.administered() as api:
            await api.write("sys/audit/only", type="file", options={"file_path": str(pipe)})
        async with vault.entered() as store:
            with pytest.raises(SecretStoreUnavailableError, match="audit devices can be written"):
                await fill_up(store)
            stop = asyncio.Event()
            drain = asyncio.create_task(drained(draining, stop))
            assert (await eventually_read(store)).version == 1
            stop.set()
            await drain
        os.close(draining)


async def fill_up(store: VaultSecretStore) -> None:
    """Read until the audit device is full: nobody reads at the other end of the pipe."""
    while True:
        await read(store)


async def drained(descriptor: int, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            os.read(descriptor, 65_536)
        except BlockingIOError:
            await asyncio.sleep(0.01)


async def eventually_read(store: VaultSecretStore) -> SecretDocument:
    for _ in range(20):
        try:
            return await read(store)
        except SecretStoreUnavailableError:
            continue
    raise AssertionError("the store did not come back")
