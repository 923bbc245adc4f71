"""The page at which a consent ends: one answer of a browser, on this machine alone, awaited within a bound."""

from __future__ import annotations

import hmac
import html
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

from typing_extensions import override

LOOK_S = 0.5
"""How often a wait looks at the time, and at Ctrl-C."""

LOOPBACK = ("localhost", "127.0.0.1")
"""Hosts of redirect addresses that lead to this machine."""

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>{title} - Plumbline</title>
<style>
  :root {{ color-scheme: light dark; font: 1.125rem/1.5 system-ui, sans-serif }}
  main {{ max-width: 36rem; margin: 12vh auto; padding: 0 1.5rem }}
  h1 {{ font-size: 1.5rem; line-height: 1.25 }}
</style>
<main>
<h1>{title}</h1>
<p>{sentence}</p>
<p>You can close this page and go back to the terminal.</p>
</main>
</html>
"""
"""What the person sees; it needs no script, and works in the dark and by ear."""


class CallbackError(Exception):
    """What came back is no consent; `code` is stable, the sentence says what to do."""

    def __init__(self, code: str, sentence: str) -> None:
        """Say what is wrong."""
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class Consented:
    """What a consent led back with."""

    code: str
    realm: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page says of the end."""

    title: str
    sentence: str


def read_callback(address: str, *, state: str | None) -> Consented:
    """Read the address at which a browser ended.

    Args:
        address: the whole of it.
        state: what it must bring back; None for links that carry none, whose answer only a person may hand in.

    Raises:
        CallbackError: it is the answer to another request, the person refused, or there is no code in it.
    """
    query = {name: values[0] for name, values in parse_qs(urlsplit(address.strip()).query).items()}
    if state is not None and not hmac.compare_digest(query.get("state", "").encode(), state.encode()):
        raise CallbackError(
            "state-mismatch",
            "This address answers another request than this one: nothing was taken from it. Use the link above, and "
            "the address at which that browser ends.",
        )
    if query.get("error") == "access_denied":
        raise CallbackError(
            "access-denied",
            "Whoever was asked did not agree. Nothing was changed; run the command again when they will.",
        )
    if "error" in query:
        raise CallbackError(
            "consent-refused",
            f"The provider refused to ask ({query['error']}): look at the app's scopes and redirect addresses in its portal.",
        )
    if not query.get("code"):
        raise CallbackError(
            "no-code", "There is no code in this address. Give the whole of it, from http to its end."
        )
    return Consented(query["code"], query.get("realmId"))


Finish = Callable[[str], Shown]
"""Takes the address a browser came to, and says how it ended. Raises `CallbackError` for what is not our answer."""


class Callback(HTTPServer):
    """Listens at a redirect address on this machine until one answer of ours has come."""

    def __init__(self, redirect_uri: str, finish: Finish) -> None:
        """Listen on 127.0.0.1 alone.

        Raises:
            OSError: the port is taken.
        """
        parts = urlsplit(redirect_uri)
        self.path = parts.path or "/"
        self.finish = finish
        self.ended = False
        self.timeout = LOOK_S
        super().__init__(("127.0.0.1", parts.port or 80), _Answering)

    def wait(self, *, within_s: float, tell: Callable[[float], None]) -> bool:
        """Wait for the one answer; say whether it came. `tell` hears the seconds that are left."""
        until = time.monotonic() + within_s
        while not self.ended and (left := until - time.monotonic()) > 0:
            tell(left)
            self.handle_request()
        return self.ended

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of browsers that hang up."""


class _Answering(BaseHTTPRequestHandler):
    server: Callback
    timeout = 5

    def do_GET(self) -> None:
        if urlsplit(self.path).path != self.server.path:
            self.send_error(404)
            return
        try:
            shown, status = self.server.finish(self.path), 200
            self.server.ended = True
        except CallbackError as error:
            # Anybody on this machine can come here: what is not our answer must not end our wait.
            shown, status = Shown("This is not the answer that was waited for", str(error)), 400
        body = PAGE.format(title=html.escape(shown.title), sentence=html.escape(shown.sentence)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: the address carries the code."""


def is_here(redirect_uri: str) -> bool:
    """Say whether a redirect address leads to this machine, so that its answer can be waited for."""
    parts = urlsplit(redirect_uri)
    return parts.scheme == "http" and parts.hostname in LOOPBACK
