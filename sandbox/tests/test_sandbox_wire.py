"""What a client sees on a real connection when an answer is lost, broken or late."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from plumbline_sandbox.serving import serving


class Sandbox:
    """A served sandbox, and raw connections to its QuickBooks."""

    def __init__(self, addresses: dict[str, Any], control: httpx.AsyncClient) -> None:
        self.control = control
        self.realm = addresses["quickbooks"]["realms"][0]
        self.host, port = addresses["quickbooks"]["url"].removeprefix("http://").split(":")
        self.port = int(port)
        self.writers: list[asyncio.StreamWriter] = []

    async def fault(self, name: str, **args: Any) -> None:
        """Break the books' next request."""
        rule = {"name": name, "match": {"path": "/v3/"}, "times": 1, "args": args}
        (await self.control.post("/control/faults", json=rule)).raise_for_status()

    async def create(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Send a create on a connection of its own."""
        body = json.dumps({"DisplayName": "Someone"}).encode()
        head = (
            f"POST /v3/company/{self.realm['id']}/customer HTTP/1.1\r\nHost: {self.host}\r\n"
            f"Authorization: Bearer {self.realm['access_token']}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        reader, writer = await asyncio.open_connection(self.host, self.port)
        writer.write(head.encode() + body)
        await writer.drain()
        self.writers.append(writer)
        return reader, writer

    async def created(self) -> bool:
        """Tell whether the create took effect."""
        customers = (await self.control.get(f"/control/quickbooks/{self.realm['id']}/Customer")).json()
        return any(c["DisplayName"] == "Someone" for c in customers)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with (
        serving(host="127.0.0.1", port=0, seed_number=1, scenario={}) as addresses,
        httpx.AsyncClient(base_url=addresses["control_url"], trust_env=False) as control,
    ):
        made = Sandbox(addresses, control)
        yield made
        for writer in made.writers:
            writer.close()


@pytest.mark.parametrize(("name", "takes_effect"), [("lose-request", False), ("lose-answer", True)])
async def test_cut_connection_ends_without_a_byte(sandbox: Sandbox, name: str, *, takes_effect: bool) -> None:
    await sandbox.fault(name)
    reader, _ = await sandbox.create()
    with contextlib.suppress(ConnectionResetError):  # the kernel may close softly or hard
        assert await reader.read() == b""
    assert await sandbox.created() is takes_effect


async def test_reset_connection(sandbox: Sandbox) -> None:
    await sandbox.fault("lose-answer", how="reset")
    reader, _ = await sandbox.create()
    with pytest.raises(ConnectionResetError):
        await reader.read()
    assert await sandbox.created()


async def test_half_closed_connection_still_takes_bytes(sandbox: Sandbox) -> None:
    await sandbox.fault("lose-answer", how="half-close")
    reader, writer = await sandbox.create()
    assert await reader.read() == b""
    for line in (b"GET / HTTP/1.1\r\n", b"Still: here\r\n"):
        writer.write(line)
        await writer.drain()
        await asyncio.sleep(0.01)
    error = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    assert error == 0
    assert await sandbox.created()


async def test_one_byte_then_silence(sandbox: Sandbox) -> None:
    await sandbox.fault("lose-answer", how="silence")
    reader, _ = await sandbox.create()
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]) > 1
    assert await reader.readexactly(1) == b"{"
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.2)
    assert await sandbox.created()


async def test_silence_without_an_answer(sandbox: Sandbox) -> None:
    await sandbox.fault("lose-request", how="silence")
    reader, _ = await sandbox.create()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.2)
    assert not await sandbox.created()


async def test_truncated_answer_has_half_of_its_body(sandbox: Sandbox) -> None:
    await sandbox.fault("truncate")
    reader, _ = await sandbox.create()
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    promised = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert len(body) == promised // 2
    assert await sandbox.created()


async def test_client_library_calls_a_silent_sandbox_a_timeout(sandbox: Sandbox) -> None:
    await sandbox.fault("lose-answer", how="silence")
    url = f"http://{sandbox.host}:{sandbox.port}/v3/company/{sandbox.realm['id']}/customer"
    async with httpx.AsyncClient(trust_env=False, timeout=0.3) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post(
                url,
                json={"DisplayName": "Someone"},
                headers={"authorization": f"Bearer {sandbox.realm['access_token']}"},
            )


async def test_scenario_is_in_force_from_the_start() -> None:
    scenario = {"faults": [{"name": "status", "args": {"status": 418}}]}
    async with (
        serving(host="127.0.0.1", port=0, seed_number=1, scenario=scenario) as addresses,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        assert (await client.get(addresses["quickbooks"]["url"])).status_code == 418


async def test_addresses_are_told_again_under_the_name_by_which_the_reader_came() -> None:
    async with (
        serving(host="127.0.0.1", port=0, seed_number=1, scenario={}) as addresses,
        httpx.AsyncClient(base_url=addresses["control_url"], trust_env=False) as control,
    ):
        told = (await control.get("/control/addresses", headers={"host": "sandbox:1"})).json()
    assert told == json.loads(json.dumps(addresses).replace("127.0.0.1", "sandbox"))


async def test_request_whose_sender_died_in_the_middle_never_was(sandbox: Sandbox) -> None:
    body = json.dumps({"DisplayName": "Someone"}).encode()
    head = (
        f"POST /v3/company/{sandbox.realm['id']}/customer?requestid=once HTTP/1.1\r\nHost: {sandbox.host}\r\n"
        f"Authorization: Bearer {sandbox.realm['access_token']}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    _, writer = await asyncio.open_connection(sandbox.host, sandbox.port)
    writer.write(head + body[:-1])
    await writer.drain()
    writer.close()
    told = (await sandbox.control.get("/journal", params={"kind": "request-cut", "wait_s": "5"})).json()
    assert [entry["path"] for entry in told["entries"]] == [f"/v3/company/{sandbox.realm['id']}/customer"]
    assert not await sandbox.created()

    reader, writer = await asyncio.open_connection(sandbox.host, sandbox.port)
    sandbox.writers.append(writer)
    writer.write(head + body)
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    assert await sandbox.created()


async def test_request_whose_body_does_not_come_in_time_is_ended_unread(sandbox: Sandbox) -> None:
    (await sandbox.control.post("/control/limits", json={"quickbooks": {"request_s": 1}})).raise_for_status()
    body = json.dumps({"DisplayName": "Someone"}).encode()
    reader, writer = await asyncio.open_connection(sandbox.host, sandbox.port)
    sandbox.writers.append(writer)
    writer.write(
        f"POST /v3/company/{sandbox.realm['id']}/customer HTTP/1.1\r\nHost: {sandbox.host}\r\n"
        f"Authorization: Bearer {sandbox.realm['access_token']}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    )
    assert (await reader.readline()).startswith(b"HTTP/1.1 504")
    writer.write(body)
    await writer.drain()
    told = (await sandbox.control.get("/journal", params={"kind": "request-cut"})).json()
    assert len(told["entries"]) == 1
    assert not await sandbox.created()
