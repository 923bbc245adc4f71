"""How fast the sandbox takes invoices: it must never be the bottleneck that it is meant to measure.

The server has one core to itself, the load the others. The rival is a bare Starlette route on the
same server that answers a constant: the ceiling.
"""

import asyncio
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import uvicorn
import uvloop
from rich.progress import track
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.machine import percentile, report
from plumbline_sandbox.commandlog import FILE

CLIENTS = 32
"""Connections that are kept open, each with one request at a time."""

WARMING_S, MEASURED_S = 1.0, 6.0
"""How long the load lasts before, and while it is measured."""

SERVER_CORE = {0}
"""Where the server runs; the load takes the rest."""

TARGET_PER_S = 1500
"""What a campaign of ours may ask for at most."""


def request(host: str, path: str, token: str, body: bytes) -> tuple[bytes, bytes]:
    """Return a request's bytes before and after its request id."""
    head = (
        f"&minorversion=75 HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n"
        f"accept: application/json\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return f"POST {path}?requestid=".encode(), head.encode() + body


async def client(host: str, port: int, parts: tuple[bytes, bytes], name: str, until: float) -> list[float]:
    """Send one request after the other; return how long each took, in milliseconds."""
    reader, writer = await asyncio.open_connection(host, port)
    took: list[float] = []
    number = 0
    while time.perf_counter() < until:
        number += 1
        started = time.perf_counter()
        writer.write(parts[0] + f"{name}-{number}".encode() + parts[1])
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head[:20]:
            raise RuntimeError(head.decode())
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        await reader.readexactly(int(length.partition(b":")[2]))
        took.append((time.perf_counter() - started) * 1000)
    writer.close()
    return took


async def load(
    host: str, port: int, parts: tuple[bytes, bytes], seconds: float, round_name: str
) -> list[float]:
    """Let all clients send for so many seconds."""
    until = time.perf_counter() + seconds
    told = await asyncio.gather(
        *(client(host, port, parts, f"{round_name}-{n}", until) for n in range(CLIENTS))
    )
    return [ms for took in told for ms in took]


def measured(host: str, port: int, parts: tuple[bytes, bytes]) -> tuple[float, list[float]]:
    """Return requests per second, and each one's milliseconds."""
    asyncio.run(load(host, port, parts, WARMING_S, "warm"))
    took = asyncio.run(load(host, port, parts, MEASURED_S, "hot"))
    return len(took) / MEASURED_S, took


@contextmanager
def sandbox(*options: str) -> Iterator[dict[str, object]]:
    """Run a sandbox on its core; give what it says of itself."""
    with subprocess.Popen(
        [sys.executable, "-m", "plumbline_sandbox", *options], stdout=subprocess.PIPE, text=True
    ) as process:
        os.sched_setaffinity(process.pid, SERVER_CORE)
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)


def _constant(listener: socket.socket) -> None:
    os.sched_setaffinity(0, SERVER_CORE)
    answer = JSONResponse({"Invoice": {"Id": "1"}})
    app = Starlette(routes=[Route("/", lambda _: answer, methods=["POST"])])
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    uvloop.run(uvicorn.Server(config).serve(sockets=[listener]))


@contextmanager
def constant() -> Iterator[int]:
    """Run the rival on the same core; give its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = multiprocessing.get_context("fork").Process(target=_constant, args=(listener,), daemon=True)
        process.start()
        yield listener.getsockname()[1]
        process.kill()
        process.join()


def _invoices(told: dict[str, object]) -> tuple[str, int, tuple[bytes, bytes]]:
    quickbooks = told["quickbooks"]
    assert isinstance(quickbooks, dict)
    realm, url = quickbooks["realms"][0], httpx.URL(quickbooks["url"])
    roomy = {"quickbooks": {"per_second": 10**9, "per_minute": 10**9}}
    control = str(told["control_url"])
    httpx.post(f"{control}/control/limits", json=roomy).raise_for_status()
    books = httpx.get(f"{control}/control/seed").json()["companies"][0]["projects"][0]["quickbooks"]
    detail = {"ItemRef": {"value": books["items"]["Services"]}}
    line = {"Amount": 100.25, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    body = {"CustomerRef": {"value": books["customer_id"]}, "Line": [line] * 3}
    path = f"/v3/company/{realm['id']}/invoice"
    assert url.port is not None
    parts = request(url.host, path, realm["access_token"], json.dumps(body).encode())
    return url.host, url.port, parts


def _served(*options: str) -> tuple[float, list[float]]:
    with sandbox(*options) as told:
        return measured(*_invoices(told))


def _ceiling() -> tuple[float, list[float]]:
    with constant() as port:
        return measured("127.0.0.1", port, request("x", "/", "t", b"{}"))


def _kept(data: Path) -> tuple[float, list[float]]:
    return _served("--data", str(data))


def _started_again(data: Path) -> tuple[int, float]:
    """Return how many requests a data directory holds, and the seconds until they are executed again."""
    held = sum(line.count(b'{"asked":') for line in (data / FILE).open("rb"))
    started = time.perf_counter()
    with sandbox("--data", str(data)):
        return held, time.perf_counter() - started


def main() -> None:
    """Measure the sandbox in memory and with a data directory, and the ceiling, in one run."""
    every = os.sched_getaffinity(0)
    os.sched_setaffinity(0, every - SERVER_CORE or every)
    with TemporaryDirectory(prefix="sandbox-bench-") as folder:
        rounds = {
            "sandbox: invoice of three lines, committed, journalled": _served,
            "the same with --data: on file before it is answered": lambda: _kept(Path(folder)),
            "bare Starlette route, a constant": _ceiling,
        }
        rows = []
        for label, run in track(rounds.items(), description="measuring"):
            per_s, took = run()
            rows.append((label, round(per_s), *(f"{percentile(took, p):.1f}" for p in (50, 99))))
        held, seconds = _started_again(Path(folder))
    os.sched_setaffinity(0, every)
    title = f"One server core, {CLIENTS} connections, {MEASURED_S:g} s (target: {TARGET_PER_S} invoices/s)"
    report(
        "sandbox",
        f"{title}\nStarted again with {held} requests on file in {seconds:.1f} s",
        ("", "per second", "p50 ms", "p99 ms"),
        rows,
        started_again={"requests": held, "seconds": round(seconds, 1)},
    )


if __name__ == "__main__":
    main()
