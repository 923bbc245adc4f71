"""The running sandbox, as its one line of JSON tells it."""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests


@pytest.fixture(scope="session")
def sandbox():
    """Return the sandbox, with limits that let a client hurry."""
    told = json.loads(os.environ["SANDBOX"])
    roomy = {
        "quickbooks": {"per_second": 1000, "per_minute": 100_000},
        "procore": {"spike": 1000, "hourly": 100_000},
    }
    requests.post(told["control_url"] + "/control/limits", json=roomy, timeout=5).raise_for_status()
    return told


@pytest.fixture(scope="session")
def seed(sandbox):
    return requests.get(sandbox["control_url"] + "/control/seed", timeout=5).json()


@pytest.fixture(scope="session")
def realm(sandbox):
    return sandbox["quickbooks"]["realms"][0]


@pytest.fixture(scope="session")
def company(sandbox):
    return sandbox["procore"]["companies"][0]


@pytest.fixture
def endpoint():
    """Take what the sandbox sends; `taken` are headers and body of each request."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            self.server.taken.append((dict(self.headers), body.decode()))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.taken = []
    server.url = f"http://127.0.0.1:{server.server_port}/hook"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
