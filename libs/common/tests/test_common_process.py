"""The life of a process whose Kafka comes up after it."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from plumbline.common import kafka
from plumbline.common.kafka import PatientBroker
from plumbline.common.operator import operator_app
from plumbline.common.process import Process
from plumbline.common.settings import KafkaSettings, ServiceSettings


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@asynccontextmanager
async def forwarding(port: int, to: str) -> AsyncIterator[None]:
    """Let whoever comes to a port reach an address."""
    host, _, number = to.rpartition(":")

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(host, int(number))
        await asyncio.gather(carry(reader, far_writer), carry(far_reader, writer))

    server = await asyncio.start_server(met, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()


async def said(port: int, want: int) -> str:
    """Wait until the process answers so when asked whether it is ready, and return its words."""
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(20):
        while True:
            with contextlib.suppress(httpx.TransportError):
                answer = await client.get(f"http://127.0.0.1:{port}/health/ready")
                if answer.status_code == want:
                    return answer.text
            await asyncio.sleep(0.05)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> ServiceSettings:
    monkeypatch.setattr(kafka, "START_PAUSE_S", 0.1)
    return ServiceSettings(
        env="test", config_dir=Path(), operator_token_file=Path("token"), http_port=free_port(), replica="one"
    )


async def test_process_that_is_earlier_than_kafka_says_so_and_goes_on(
    mock_kafka: str, settings: ServiceSettings
) -> None:
    kafka_port = free_port()
    broker = PatientBroker(KafkaSettings(bootstrap=f"127.0.0.1:{kafka_port}"), client="one")
    process = Process(settings)
    app = operator_app(service="early", token=SecretStr("token"), ready=process.not_ready, routes=[])
    running = asyncio.create_task(process.run(app=app, broker=broker, loops=[]))
    assert "waiting for Kafka" in await said(settings.http_port, 503)
    async with forwarding(kafka_port, mock_kafka):
        assert await said(settings.http_port, 200) == "ready\n"
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(running, 20)


async def test_process_that_waits_for_kafka_heeds_sigterm(settings: ServiceSettings) -> None:
    broker = PatientBroker(KafkaSettings(bootstrap=f"127.0.0.1:{free_port()}"), client="one")
    process = Process(settings)
    app = operator_app(service="early", token=SecretStr("token"), ready=process.not_ready, routes=[])
    running = asyncio.create_task(process.run(app=app, broker=broker, loops=[]))
    await said(settings.http_port, 503)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(running, 20)
