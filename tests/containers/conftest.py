"""The containers that are up, for every test here. `make up` has to have run; see `make test-containers`."""

from __future__ import annotations

import pytest

from plumbline.provision.principals import DESKS, OPERATOR, PRINCIPALS, SCHEMAS, owner_keys
from plumbline.stack.runners.containers import Containers
from tests.containers.running import ROOT, Running


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Running:
    containers = Containers(ROOT)
    keys = tmp_path_factory.mktemp("keys")
    for owner in [DESKS, OPERATOR, *(p.name for p in PRINCIPALS), *map(owner_keys, SCHEMAS)]:
        containers.copy_keys(owner, keys / owner)
    return Running(containers, keys)
