"""A real browser, for whoever wants to see the sandbox as people do."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE_MS = 30_000
OPTIONS = [
    "--no-sandbox",  # root may not have one
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def missing() -> str:
    """Return in a sentence what has to be installed first; nothing if all is there."""
    if not CHROMIUM:
        return "no browser: `apt-get install chromium`, or name one by CHROMIUM=path"
    if not find_spec("playwright"):
        return "no driver for the browser: `make test-integration` installs it"
    return ""


@asynccontextmanager
async def browsing(url: str, **context: Any) -> AsyncIterator[Any]:
    """Open an address in a fresh profile; whatever the browser complains of is an error.

    `context` is what Playwright's `new_context` takes.
    """
    complaints: list[str] = []
    async with import_module("playwright.async_api").async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        tab = await (await browser.new_context(**context)).new_page()
        tab.set_default_timeout(PATIENCE_MS)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("console", lambda message: complaints.extend(_complaint(message, tab.url)))
        await tab.goto(url)
        yield tab
        await browser.close()
    assert complaints == []


def _complaint(message: Any, page: str) -> list[str]:
    """Return what the console says, unless it is of the page's own status or of an icon that a JSON answer lacks."""
    about = message.location["url"]
    return [] if about == page or about.endswith("/favicon.ico") else [f"{about} {message.text}"]
