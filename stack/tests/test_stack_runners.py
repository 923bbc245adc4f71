"""The two ways of running, with the sandbox as the partners."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from plumbline.stack.runners.services import SERVICES
from plumbline.stack.runners.settings import way_env
from plumbline.stack.runners.state import ADDRESSES_FILE, write_operator_token
from plumbline.stack.runners.ways import Way
from plumbline.stack.up import run_up

SHIPPED = Path(__file__).parents[2] / "config"


@pytest.mark.parametrize("way", ["embedded", pytest.param("native", marks=pytest.mark.connected)])
async def test_stack_comes_up_tells_its_addresses_and_leaves_none(way: Way, tmp_path: Path) -> None:
    console = Console(file=io.StringIO())
    up = asyncio.create_task(run_up(way, state_dir=tmp_path, shipped=SHIPPED, console=console))
    try:
        known = await _addresses(tmp_path / ADDRESSES_FILE, up)
        assert set(known["services"]) == {service.name for service in SERVICES}
        async with httpx.AsyncClient(trust_env=False) as client:
            for url in known["services"].values():
                assert (await client.get(f"{url}/health/ready")).status_code == 200
    finally:
        up.cancel()
        await asyncio.wait({up})
    assert not (tmp_path / ADDRESSES_FILE).exists()


async def _addresses(file: Path, up: asyncio.Task[None]) -> dict[str, Any]:
    """Wait for the file that appears once the stack is up; raises what kept it from coming up."""
    while not (found := await asyncio.to_thread(_read, file)):
        if up.done():
            up.result()
        await asyncio.sleep(0.05)
    return found


def _read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return found


def test_operator_token_is_for_its_owner_only(tmp_path: Path) -> None:
    assert write_operator_token(tmp_path).stat().st_mode & 0o077 == 0


def test_ways_differ_in_the_same_settings() -> None:
    assert way_env("embedded").keys() == way_env("native").keys()
