"""What the running containers may do, as the engine sees it, and whom each can reach."""

from __future__ import annotations

import pytest

from plumbline.provision.principals import PRINCIPALS
from plumbline.stack.runners.containers import SERVICES
from tests.containers.running import Running, reached, service_of

pytestmark = pytest.mark.containers

SERVERS = {"kafka", "postgres", "vault"}

MEMORY_MAX = dict.fromkeys(("clamav", "freshclam"), 2 << 30)
"""Who holds all signatures of viruses needs more memory than the others."""


def test_nothing_of_ours_is_root_or_writes_or_keeps_a_capability(running: Running) -> None:
    for container in running.inspected():
        if service_of(container) in SERVERS:
            continue
        host = container["HostConfig"]
        assert container["Config"]["User"] == "10001:10001", service_of(container)
        assert host["ReadonlyRootfs"], service_of(container)
        assert not host["CapAdd"], service_of(container)


def test_every_container_is_bounded_and_gains_no_privileges(running: Running) -> None:
    for container in running.inspected():
        host, name = container["HostConfig"], service_of(container)
        assert host["CapDrop"] == ["ALL"], name
        assert "no-new-privileges:true" in host["SecurityOpt"], name
        assert not host["Privileged"], name
        assert 0 < host["Memory"] <= MEMORY_MAX.get(name, 1 << 30), name
        assert 0 < host["NanoCpus"] <= 2_000_000_000, name
        assert host["LogConfig"]["Config"]["max-size"], name
        assert not [m for m in container["Mounts"] if m["Source"] == "/var/run/docker.sock"], name


def test_ports_are_published_on_this_machine_alone(running: Running) -> None:
    published = [
        binding["HostIp"]
        for container in running.inspected()
        for bindings in container["NetworkSettings"]["Ports"].values()
        for binding in bindings or []
    ]
    assert published
    assert set(published) == {"127.0.0.1"}


def test_each_mounts_its_own_keys_and_no_others(running: Running) -> None:
    for container in running.inspected():
        name = service_of(container)
        if name.startswith("provision"):
            continue
        keys = [m for m in container["Mounts"] if m["Destination"].startswith("/keys")]
        assert len(keys) <= 1, name
        for mount in keys:
            owner = name.removesuffix("-migrate") + ("-owner" if name.endswith("-migrate") else "")
            expected = {"sandbox-grants": "token-vault"}.get(name, owner)
            assert mount["Name"].endswith(f"_keys-{expected}"), name
            # Who enters Vault stores what it opens of a delivered secret id (docs/decisions/0010-wrapped-secret-ids.md).
            assert mount["RW"] == (expected in {principal.name for principal in PRINCIPALS}), name


@pytest.mark.parametrize(
    ("service", "reaches"),
    [
        ("ingest", {"kafka:9092", "vault:8200"}),
        ("ingest-hooks", {"kafka:9092", "postgres:5432", "vault:8200", "sandbox:8100"}),
        ("mapper", {"kafka:9092", "postgres:5432", "vault:8200", "sandbox:8100"}),
        ("compliance", {"kafka:9092", "postgres:5432", "vault:8200", "sandbox:8100"}),
        ("qb-writer", {"kafka:9092", "postgres:5432", "vault:8200", "sandbox:8100"}),
        ("token-vault", {"kafka:9092", "postgres:5432", "vault:8200", "sandbox:8100"}),
        ("sandbox", set()),
    ],
)
def test_service_reaches_the_servers_it_uses_and_no_others(
    running: Running, service: str, reaches: set[str]
) -> None:
    everything = ["kafka:9092", "kafka:9094", "postgres:5432", "vault:8200", "sandbox:8100", "sandbox:8102"]
    asked = [address for address in everything if not address.startswith(f"{service}:")]
    assert reached(running, service, asked) - ALSO_REACHED.get(service, set()) == reaches


ALSO_REACHED = {
    # The sandbox and its control API stand on one address, and so do Kafka's two ports: passwords divide them.
    **{name: {"sandbox:8102", "kafka:9094"} for name in SERVICES},
    "ingest": {"sandbox:8100", "sandbox:8102", "kafka:9094"},
}


def test_engine_restarts_services_and_repeats_no_job(running: Running) -> None:
    policies = {service_of(c): c["HostConfig"]["RestartPolicy"]["Name"] for c in running.inspected()}
    assert {policies[name] for name in SERVICES} == {"unless-stopped"}
    jobs = {name for name in policies if name.endswith("-migrate") or name.startswith("provision")}
    assert {policies[name] for name in jobs} == {"no"}
