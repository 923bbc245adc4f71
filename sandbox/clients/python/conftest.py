"""The running sandbox, as its one line of JSON tells it."""

import json
import os

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
def realm(sandbox):
    return sandbox["quickbooks"]["realms"][0]


@pytest.fixture(scope="session")
def company(sandbox):
    return sandbox["procore"]["companies"][0]
