"""ingest as a process of its own: it takes webhooks, and tells by its health when Kafka is away."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import yaml

from plumbline.common.secrets.embedded import migrate_embedded, open_embedded
from plumbline.common.secrets.keyfile import make_key_file
from plumbline.common.secrets.webhooks import webhook_path
from plumbline.common.testing.waiting import eventually
from plumbline.ingest.testing import (
    APP,
    CONNECTION,
    REALM,
    SECRET,
    V4,
    VERIFIER_TOKEN,
    body,
    cloud_events,
    signed,
)
from plumbline.stack.processes import ProcessSpec
from plumbline.stack.servers.embedded import start_mock_kafka
from plumbline.stack.servers.ports import free_port
from plumbline.stack.supervisor import Supervisor

HOOK = f"/webhooks/procore/{CONNECTION}"


@pytest.fixture
async def kafka(tmp_path: Path) -> AsyncIterator[tuple[Supervisor, str]]:
    """Give a mock cluster that the test may stop."""
    async with Supervisor(tmp_path / "kafka") as supervisor:
        yield supervisor, await start_mock_kafka(supervisor)


@pytest.fixture
async def ingest(
    database_url: str, tmp_path: Path, kafka: tuple[Supervisor, str]
) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of a running ingest that is quick to notice an absence."""
    key_file, token_file, port = tmp_path / "key", tmp_path / "token", free_port()
    token_file.write_text("operators-only")
    make_key_file(key_file)
    await migrate_embedded(database_url)
    async with open_embedded(database_url, key_file=key_file) as store:
        await store.write(webhook_path("procore", CONNECTION), {"current": SECRET}, expected_version=0)
        await store.write(webhook_path("quickbooks", APP), {"current": VERIFIER_TOKEN}, expected_version=0)
    config = {
        "procore": {"account": "procore/a", "company_id": "8", "projects": ["6778"]},
        "quickbooks": {"realm": REALM, "app": APP},
    }
    (tmp_path / "connections.yaml").write_text(yaml.safe_dump({"connections": {CONNECTION: config}}))
    environment = {
        "PLUMBLINE_ENV": "test",
        "PLUMBLINE_REPLICA": "ingest-1",
        "PLUMBLINE_DATABASE_URL": database_url,
        "PLUMBLINE_SECRETS": "embedded",
        "PLUMBLINE_SECRETS_KEY_FILE": str(key_file),
        "PLUMBLINE_CONFIG_DIR": str(tmp_path),
        "PLUMBLINE_OPERATOR_TOKEN_FILE": str(token_file),
        "PLUMBLINE_HTTP_PORT": str(port),
        "PLUMBLINE_PUBLIC_URL": "https://ingest.example",
        "PLUMBLINE_PROCORE_URL": "https://procore.example",
        "PLUMBLINE_KAFKA_BOOTSTRAP": kafka[1],
        "PLUMBLINE_PUBLISH_TIMEOUT_S": "0.3",
        "PLUMBLINE_QUICKBOOKS_PUBLISH_TIMEOUT_S": "0.3",
        "PLUMBLINE_QUICKBOOKS_BODY_BYTES_MAX": "2000",
        "PLUMBLINE_KAFKA_PATIENCE_S": "0.4",
        "PLUMBLINE_BODY_BYTES_MAX": "1000",
    }
    argv = [sys.executable, "-m", "plumbline.ingest", "run"]
    async with (
        Supervisor(tmp_path / "ingest") as supervisor,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        # Without Kafka it would flush in vain for as long as it may.
        await supervisor.start(ProcessSpec(name="ingest", argv=argv, env=environment, grace_s=0.5))
        yield client


async def test_kafka_away_makes_it_unready_and_senders_come_again_while_it_lives(
    ingest: httpx.AsyncClient, kafka: tuple[Supervisor, str]
) -> None:
    async def posted(content: bytes) -> httpx.Response:
        return await ingest.post(HOOK, content=content, headers={"authorization": SECRET})

    async def health(kind: str) -> int:
        return (await ingest.get(f"/health/{kind}")).status_code

    async def unready() -> bool:
        return await health("ready") == 503

    async def notified(content: bytes) -> httpx.Response:
        headers = {"intuit-signature": signed(content)}
        return await ingest.post(f"/webhooks/quickbooks/{APP}", content=content, headers=headers)

    assert (await posted(body(V4))).json() == {"accepted": V4["id"]}
    assert (await notified(cloud_events({}, {}))).json() == {"accepted": 2}
    assert (await notified(b" " * 2001)).status_code == 413
    assert (await posted(b"x" * 1001)).status_code == 413
    assert await health("ready") == 200
    await kafka[0].stop()
    await eventually(unready)
    assert "Kafka has not answered since" in (await ingest.get("/health/ready")).text
    assert await health("live") == 200
    answer = await posted(body(V4))
    assert (answer.status_code, answer.json()["error"]) == (503, "kafka-away")
    assert (await notified(cloud_events({}))).json()["error"] == "kafka-away"
