"""ClamAV in its container, with the two signatures that are shipped for trying: what it finds, and whom it reaches."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from datetime import date

import pytest

from plumbline.stack.scenario.handing_in import labelled
from tests.containers.running import ROOT, Running, docker, reached, service_of

pytestmark = pytest.mark.containers

# In two pieces, or scanners of this folder would find it.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"

MIB = 1 << 20

ZONES = {"kafka": "kafka", "vault": "vault", "sandbox": "partners"}

OUTSIDE = "1.1.1.1:443"

BY_COMPLIANCE = """
import asyncio, sys
from plumbline.compliance.adapters.scanning import Clamd
scan = asyncio.run(Clamd("clamav", 3310, deadline_s=30).scan(sys.stdin.buffer.read()))
print(scan.found, "by", scan.by)
"""


@pytest.fixture(scope="module", autouse=True)
def clamav(running: Running) -> Iterator[None]:
    """Have the scanner beside what is up; it goes again unless it was there before."""
    if running.containers.names("clamav"):
        yield
        return
    compose = ["docker", "compose", "--env-file", "deploy/sandbox.env"]
    built = subprocess.run(
        [*compose, "build", "clamav"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    if built.returncode and "apt-get" in built.stderr:
        pytest.skip("ClamAV's packages are not to be had from Debian; nothing was scanned in a container")
    assert built.returncode == 0, built.stderr
    running.containers.scale("clamav", 1)
    try:
        yield
    finally:
        docker("rm", "--force", *running.containers.names("clamav"))


def scanned(running: Running, content: bytes) -> subprocess.CompletedProcess[str]:
    """Have compliance's own adapter, in compliance's own container, ask about a file."""
    compliance = running.containers.names("compliance")[0]
    done = subprocess.run(
        ["docker", "exec", "--interactive", compliance, "python", "-c", BY_COMPLIANCE],
        input=content,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


async def test_paper_is_clean_and_eicar_is_found_bare_and_inside_of_one(running: Running) -> None:
    paper = await labelled("letter.pdf", "A letter", {"Written on": date(2026, 11, 30)}).pdf()
    assert re.match(r"None by ClamAV \d", scanned(running, paper).stdout)
    assert re.match(r"Eicar-\S+ by ClamAV", scanned(running, EICAR).stdout)
    assert re.match(r"Eicar-Inside\S* by ClamAV", scanned(running, paper + EICAR).stdout)


def test_largest_paper_is_scanned_and_a_larger_file_is_not_clean(running: Running) -> None:
    assert scanned(running, bytes(25 * MIB)).stdout.startswith("None by ClamAV")
    assert "StreamMaxLength" in scanned(running, bytes(27 * MIB)).stderr


def test_scanner_is_shut_in_as_services_are_with_more_memory(running: Running) -> None:
    (told,) = [one for one in running.inspected() if service_of(one) == "clamav"]
    host = told["HostConfig"]
    assert told["Config"]["User"] == "10001:10001"
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert 0 < host["Memory"] <= 2 << 30
    assert not any(told["NetworkSettings"]["Ports"].values())
    assert not [mount for mount in told["Mounts"] if mount["RW"]]


def test_scanner_reaches_nobody_and_only_compliance_reaches_it(running: Running) -> None:
    # By number: what has no name there could be reached all the same.
    others = [("kafka", 9092), ("vault", 8200), ("sandbox", 8100)]
    everybody = [f"{running.address(name, ZONES[name])}:{port}" for name, port in others]
    assert reached(running, "clamav", [*everybody, OUTSIDE]) == set()
    clamav = f"{running.address('clamav', 'scanner')}:3310"
    assert {name for name in ("compliance", "ingest", "mapper") if reached(running, name, [clamav])} == {
        "compliance"
    }
