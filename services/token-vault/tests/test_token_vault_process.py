"""token-vault as processes of their own: two replicas, one call to the provider, and health for whoever asks."""

import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from plumbline.common.contracts.topics import TOPICS
from plumbline.common.database import COMMON_MIGRATIONS, migrate
from plumbline.common.process import serving
from plumbline.common.secrets.access import access_path, access_token
from plumbline.common.secrets.embedded import migrate_embedded, open_embedded
from plumbline.common.secrets.keyfile import make_key_file
from plumbline.common.testing.waiting import eventually
from plumbline.provision.kafka import Broker, create_topics
from plumbline.stack.processes import ProcessSpec
from plumbline.stack.servers.addresses import ServerAddresses
from plumbline.stack.servers.ports import free_port
from plumbline.stack.supervisor import Supervisor
from plumbline.token_vault.adapters.shelf import SecretShelf
from plumbline.token_vault.importing import GrantsFile, import_grants
from plumbline_sandbox.assembly import Sandbox, fresh

HOST = "127.0.0.1"


@dataclass
class Replicas:
    """Two processes, and what they share."""

    supervisor: Supervisor
    sandbox: Sandbox
    clients: list[httpx.AsyncClient]
    folder: Path
    database_url: str
    account: str

    async def health(self, number: int) -> tuple[int, dict[str, Any]]:
        try:
            answer = await self.clients[number].get("/health")
        except httpx.TransportError:
            return 0, {}
        return answer.status_code, answer.json()

    async def are_well(self) -> bool:
        return all([(await self.health(number))[0] == 200 for number in (0, 1)])

    def calls(self) -> int:
        return sum(1 for _ in self.sandbox.world.journal.since(0, {"token"}))


@pytest.fixture
async def replicas(database_url: str, servers: ServerAddresses, tmp_path: Path) -> AsyncIterator[Replicas]:
    """Start both on one database, with the grant of a company that has just been imported."""
    create_topics(Broker(bootstrap=servers.kafka), TOPICS)
    sandbox, key_file, token_file = fresh(1), tmp_path / "key", tmp_path / "token"
    realm = sandbox.seeded.realms[0]
    account = f"quickbooks/{realm.id}"
    make_key_file(key_file)
    token_file.write_text("operators-only")
    await migrate(database_url, schema="token_vault", packages=[*COMMON_MIGRATIONS, "plumbline.token_vault"])
    await migrate_embedded(database_url)
    app = {"client_id": realm.client_id, "client_secret": realm.client_secret}
    grant = {"app": account, "refresh_token": realm.refresh_token}
    async with open_embedded(database_url, key_file=key_file) as store:
        supplies = GrantsFile.model_validate({"apps": {account: app}, "grants": {account: grant}})
        await import_grants(store, supplies)
    procore = {"account": account, "company_id": "8", "projects": ["6778"]}
    connection = {"procore": procore, "quickbooks": {"realm": realm.id, "app": realm.id}}
    (tmp_path / "connections.yaml").write_text(yaml.safe_dump({"connections": {"lone-star": connection}}))
    ports = [free_port(), free_port()]
    async with (
        serving(sandbox.apps["quickbooks"], host=HOST, port=0) as sandbox_port,
        Supervisor(tmp_path / "logs") as supervisor,
    ):
        shared = {
            "PLUMBLINE_ENV": "test",
            "PLUMBLINE_DATABASE_URL": database_url,
            "PLUMBLINE_SECRETS": "embedded",
            "PLUMBLINE_SECRETS_KEY_FILE": str(key_file),
            "PLUMBLINE_CONFIG_DIR": str(tmp_path),
            "PLUMBLINE_OPERATOR_TOKEN_FILE": str(token_file),
            "PLUMBLINE_KAFKA_BOOTSTRAP": servers.kafka,
            "PLUMBLINE_PROCORE_LOGIN_URL": f"http://{HOST}:{sandbox_port}",
            "PLUMBLINE_PROCORE_URL": f"http://{HOST}:{sandbox_port}",
            "PLUMBLINE_QUICKBOOKS_URL": f"http://{HOST}:{sandbox_port}",
            "PLUMBLINE_QUICKBOOKS_DISCOVERY_URL": f"http://{HOST}:{sandbox_port}/.well-known/openid_configuration",
        }
        for name, port in zip("ab", ports, strict=True):
            own = {"PLUMBLINE_REPLICA": f"token-vault-{name}", "PLUMBLINE_HTTP_PORT": str(port)}
            argv = [sys.executable, "-m", "plumbline.token_vault", "run"]
            await supervisor.start(ProcessSpec(name=f"token-vault-{name}", argv=argv, env=shared | own))
        clients = [httpx.AsyncClient(base_url=f"http://{HOST}:{port}", trust_env=False) for port in ports]
        yield Replicas(supervisor, sandbox, clients, tmp_path, database_url, account)
        for client in clients:
            await client.aclose()
    await sandbox.world.aclose()


@pytest.mark.connected
async def test_two_replicas_renew_once_and_both_tell_of_it(replicas: Replicas) -> None:
    await eventually(replicas.are_well, within_s=60)
    assert replicas.calls() == 1
    for number in (0, 1):
        _, told = await replicas.health(number)
        assert told["status"] == "ok"
        assert told["accounts"][replicas.account]["state"] == "live"
        assert (await replicas.clients[number].get("/status")).status_code == 401
    async with open_embedded(replicas.database_url, key_file=replicas.folder / "key") as store:
        held = await SecretShelf(store).held(replicas.account)
        document = await store.read(access_path(replicas.account))
    assert held is not None
    assert held.refresh_token is not None
    assert document is not None
    lent = access_token(document)
    assert lent is not None
    shown = "".join(path.read_text() for path in (replicas.folder / "logs").rglob("*") if path.is_file())
    shown += str([await replicas.health(number) for number in (0, 1)])
    assert '"event": "work"' in shown
    for secret in (lent.value, held.refresh_token):
        assert secret.get_secret_value() not in shown
