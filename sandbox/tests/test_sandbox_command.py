"""The command: what it says when it cannot start, how it ends, and what it leaves behind."""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

PATIENCE_S = 60


@asynccontextmanager
async def started(
    *options: str, prepare: Callable[[], None] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "plumbline_sandbox", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=prepare,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ended(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    """Wait for the end; give the exit code and what was said on stderr."""
    async with asyncio.timeout(PATIENCE_S):
        _, said = await process.communicate()
    return process.returncode, said.decode()


async def addresses(process: asyncio.subprocess.Process) -> dict[str, Any]:
    assert process.stdout
    async with asyncio.timeout(PATIENCE_S):
        told: dict[str, Any] = json.loads(await process.stdout.readline())
    return told


async def refused(*options: str) -> str:
    """Start in vain; give the one sentence that says why."""
    async with started(*options) as process:
        code, said = await ended(process)
    assert code == 2, said
    assert said.count("\n") == 1, said
    return said


async def test_help_names_every_option() -> None:
    async with started("--help") as process:
        assert process.stdout
        said = (await process.stdout.read()).decode()
        assert (await ended(process))[0] == 0
    assert all(option in said for option in ("--host", "--port", "--seed", "--data DIR", "--faults FILE"))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--nonsense",), "unrecognized arguments: --nonsense"),
        (("--seed", "x"), "argument --seed: invalid int value: 'x'"),
        (("--port", "65530"), "a port from 0 to 65528 is needed"),
    ],
)
async def test_bad_option_is_told(options: tuple[str, ...], sentence: str) -> None:
    async with started(*options) as process:
        code, said = await ended(process)
    assert code == 2
    assert sentence in said.splitlines()[-1]


async def test_taken_port_is_told_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        taken_port = taken.getsockname()[1]
        said = await refused("--port", str(min(taken_port, 65528)))
    assert f"port {taken_port} of 127.0.0.1 is taken" in said
    assert "cannot be listened on" in await refused("--host", "192.0.2.1")


async def test_unusable_data_and_scenarios_are_told_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("{")
    assert f"{file} cannot keep data: File exists" in await refused("--data", str(file))
    assert f"{file} is no JSON" in await refused("--faults", str(file))
    assert "cannot be read: No such file" in await refused("--faults", str(tmp_path / "none"))
    (tmp_path / "sandbox.log").write_text("not ours\n")
    assert "line 1 is broken" in await refused("--data", str(tmp_path))


async def test_second_sandbox_on_the_same_data_is_refused(tmp_path: Path) -> None:
    async with started("--data", str(tmp_path)) as first, started() as beside:
        ports = {(await addresses(one))["procore"]["url"] for one in (first, beside)}
        assert len(ports) == 2
        assert "is in use by another sandbox" in await refused("--data", str(tmp_path))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_signal_ends_it_in_silence_and_the_data_is_there_again(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with started("--data", str(tmp_path), "--seed", "7") as process:
        told = await addresses(process)
        async with httpx.AsyncClient(
            base_url=told["control_url"], trust_env=False, timeout=PATIENCE_S
        ) as control:
            customers = f"/control/quickbooks/{told['quickbooks']['realms'][0]['id']}/Customer"
            await control.post(customers, json={"DisplayName": "Kept"})
            since = (await control.get("/journal")).json()["next"]
            reader = asyncio.create_task(control.get("/journal", params={"since": since, "wait_s": 60}))
            await asyncio.sleep(0.2)  # the page of a person waits for news
            process.send_signal(number)
            assert await ended(process) == (0, "")
            await asyncio.gather(reader, return_exceptions=True)
    async with started("--data", str(tmp_path)) as process:
        assert await addresses(process) == told
        async with httpx.AsyncClient(
            base_url=told["control_url"], trust_env=False, timeout=PATIENCE_S
        ) as control:
            assert "Kept" in [one["DisplayName"] for one in (await control.get(customers)).json()]


async def test_full_disk_ends_it_with_a_sentence_and_all_that_was_answered_is_kept(tmp_path: Path) -> None:
    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    made = []
    async with started("--data", str(tmp_path), prepare=little_room) as process:
        told = await addresses(process)
        customers = f"/control/quickbooks/{told['quickbooks']['realms'][0]['id']}/Customer"
        async with httpx.AsyncClient(
            base_url=told["control_url"], trust_env=False, timeout=PATIENCE_S
        ) as control:
            for number in range(1000):
                body = {"DisplayName": f"Customer {number}", "Notes": "x" * 1000}
                try:
                    answer = await control.post(customers, json=body)
                except httpx.TransportError:
                    break
                if answer.status_code != 201:
                    break
                made.append(body["DisplayName"])
        code, said = await ended(process)
    assert code == 1
    assert "cannot be written any more" in said
    assert said.count("\n") == 1, said
    assert 10 < len(made) < 1000
    async with started("--data", str(tmp_path)) as process:
        control_url = (await addresses(process))["control_url"]
        async with httpx.AsyncClient(base_url=control_url, trust_env=False, timeout=PATIENCE_S) as control:
            names = {one["DisplayName"] for one in (await control.get(customers)).json()}
    assert names >= set(made)
    assert f"Customer {len(made)}" not in names
