"""A stack that the command can ask: one service whose answers a test gives."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from typer.testing import CliRunner, Result

from plumbline.common.process import serving
from plumbline.stack.cli.main import app


@asynccontextmanager
async def answering(
    folder: Path, service: str, answer: Callable[[Request], Awaitable[Response]]
) -> AsyncIterator[Path]:
    """Have one service answer; gives the state folder of the stack."""
    web = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
    (folder / "token").write_text("let-me-in\n")
    async with serving(web, host="127.0.0.1", port=0) as port:
        services = {service: f"http://127.0.0.1:{port}"}
        known = {"services": services, "operator_token_file": str(folder / "token")}
        (folder / "addresses.json").write_text(json.dumps(known))
        yield folder


async def asked(state: Path, *arguments: str) -> Result:
    """Run the command on a stack."""
    return await asyncio.to_thread(CliRunner().invoke, app, [*arguments, "--state", str(state)])
