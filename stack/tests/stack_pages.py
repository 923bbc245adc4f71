"""The pages that are made of code: what each service needs, what each alert asks for, and who may do what in Vault.

`python stack/tests/stack_pages.py` writes docs/services.md, docs/alerts.md and docs/vault-access.md.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin
from urllib.parse import urlsplit

import annotated_types
import yaml
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings
from stack_figures import alerts

from plumbline.common.contracts.topics import Topic, as_markdown
from plumbline.common.settings import KafkaSettings, ServiceSettings
from plumbline.compliance.adapters.safe.settings import SafeSettings
from plumbline.compliance.settings import Settings as ComplianceSettings
from plumbline.ingest.settings import Settings as IngestSettings
from plumbline.mapper.settings import Settings as MapperSettings
from plumbline.provision.access import as_markdown as access_table
from plumbline.provision.principals import (
    DESKS,
    OPERATOR,
    PRINCIPALS,
    Principal,
    group_prefix,
    owner_of,
    reads,
    writes,
)
from plumbline.provision.settings import Settings as ProvisionSettings
from plumbline.provision.topics import all_topics
from plumbline.provision.vault import policies
from plumbline.qb_writer.settings import Settings as WriterSettings
from plumbline.stack.runners.settings import Partners
from plumbline.token_vault.settings import Settings as VaultSettings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TOPICS = all_topics(ROOT / "config")

MORE: dict[str, type[BaseSettings]] = {"compliance": SafeSettings}
"""Service → settings of a part of it that has its own."""

SETTINGS: dict[str, type[ServiceSettings]] = {
    "ingest": IngestSettings,
    "mapper": MapperSettings,
    "compliance": ComplianceSettings,
    "qb-writer": WriterSettings,
    "token-vault": VaultSettings,
}
"""Service → its settings."""

_UNITS = {
    "_s": "seconds",
    "_ms": "milliseconds",
    "_bytes_max": "bytes",
    "_file": "file",
    "_dir": "folder",
    "_url": "URL",
}
_TYPES = {
    int: "whole number",
    float: "number",
    str: "text",
    bool: "`true`, `false`",
    Path: "file",
    SecretStr: "text, secret",
}
_BOUNDS = (
    (annotated_types.Gt, "gt", ">"),
    (annotated_types.Ge, "ge", "≥"),
    (annotated_types.Lt, "lt", "<"),
    (annotated_types.Le, "le", "≤"),
)


SERVICES_HEAD = """# What each service needs

Written by `make docs` from the code: settings classes, the register of topics, the tables by which `provision/` gives rights,
and `docker-compose.yml`. How to use it stands in [deploying.md](deploying.md)."""

ALERTS_HEAD = """# Alerts, and what to do first

Written by `make docs` from [deploy/prometheus/rules.yml](../deploy/prometheus/rules.yml). A **page** wakes somebody; a **ticket**
is looked at in working hours. `plumbline …` is the operator's command: [operating.md](operating.md)."""


VAULT_ACCESS_HEAD = """# Who may do what in Vault

Written by `make docs` from the policies in [provision](../provision/src/plumbline/provision/policies). Each process enters by a role of its
own with one policy, Vault's `default` policy is not among them, and what is not granted is refused. A test asks a real Vault the same of
every process, place and capability, and makes the calls. `any` stands for every name.

Nobody here writes policies, roles or secret ids: that is `plumbline vault bootstrap`, run by an operator as an administrator of Vault
([credentials.md](credentials.md#vault))."""


def services_page() -> str:
    """Return docs/services.md."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    parts = [
        SERVICES_HEAD,
        *(part for service in SETTINGS for part in _service(service, compose)),
        "## Settings of every service",
        "Read from the environment. A name that ends in `_FILE` is the path of a file that holds a secret in one line.",
        _settings(ServiceSettings, ServiceSettings.model_fields),
        "## Settings of every service: Kafka",
        _settings(KafkaSettings, KafkaSettings.model_fields),
        "## Settings of the provisioning jobs",
        "`python -m plumbline.provision keys | database | kafka | vault`; each is told what it needs.",
        _settings(ProvisionSettings, ProvisionSettings.model_fields),
        "## Topics",
        f"User `{OPERATOR}`, for people and other teams, reads {_names(reads(OPERATOR, TOPICS))} in groups `{OPERATOR}.…`, and writes none.",
        f"User `{DESKS}`, for the desks of trades, reads {_names(reads(DESKS, TOPICS))} in groups `{DESKS}.…`, and writes {_names(writes(DESKS, TOPICS))}. The regions are those of the routes in `config/rules`.",
        as_markdown(TOPICS),
        "## Networks",
        "The zones of the containers: a connection that is not through one of these is not possible.",
        _networks(compose),
    ]
    return "\n\n".join(parts) + "\n"


def alerts_page() -> str:
    """Return docs/alerts.md."""
    parts = [ALERTS_HEAD]
    for alert in alerts():
        parts += [
            f"## {alert.name}",
            f"**{alert.severity}.** {_plain(alert.summary)}",
            f"First: {_plain(alert.runbook)}",
        ]
    return "\n\n".join(parts) + "\n"


def vault_access_page() -> str:
    """Return docs/vault-access.md."""
    return f"{VAULT_ACCESS_HEAD}\n\n{access_table()}\n"


def _service(service: str, compose: Any) -> Iterator[str]:
    processes = [p for p in PRINCIPALS if p.service == service]
    yield f"## {service}"
    columns = [dict(_facts(process, compose["services"][process.name])) for process in processes]
    rows = [[fact, *(column[fact] for column in columns)] for fact in columns[0]]
    yield _table(["", *(f"`{process.name}`" for process in processes)], rows)
    own = [name for name in SETTINGS[service].model_fields if name not in ServiceSettings.model_fields]
    yield _settings(SETTINGS[service], own)
    if service in MORE:
        yield _settings(MORE[service], MORE[service].model_fields)


def _facts(process: Principal, container: Any) -> Iterator[tuple[str, str]]:
    module = container["command"][0]
    yield "command", f"`python -m {' '.join(container['command'])}`"
    yield "Kafka: user, writes", f"`{process.name}`: {_names(writes(process.name, TOPICS))}"
    yield (
        "Kafka: reads",
        ", ".join(
            f"`{t.name}` in group `{group_prefix(process.name)}{t.name}`" for t in reads(process.name, TOPICS)
        )
        or "none",
    )
    yield "PostgreSQL", _database(process, module)
    yield "Vault: AppRole, policy", f"`plumbline-{process.name}`: {_policy(policies()[process.name])}"
    yield "calls out to", ", ".join(_hosts(process, container)) or "nobody"
    yield "port", ", ".join(_port(port) for port in container["ports"])
    yield "networks", ", ".join(f"`{name}`" for name in container["networks"])


def _database(process: Principal, module: str) -> str:
    if process.schema is None:
        return "none"
    migrate = f"`{owner_of(process.schema)}` runs `python -m {module} migrate`"
    return f"role `{process.schema}` in schema `{process.schema}`: rows only; {migrate}"


def _policy(text: str) -> str:
    paths = re.findall(r'path "([^"]+)" \{\s*capabilities = \[([^\]]*)\]', text)
    return "; ".join(f"{rights.replace(chr(34), '')} `{path}`" for path, rights in paths)


def _hosts(process: Principal, container: Any) -> Iterator[str]:
    if "partners" in container["networks"]:
        fields = SETTINGS[process.service].model_fields
        for variable, url in Partners().env().items():
            if variable.removeprefix("PLUMBLINE_").lower() in fields:
                yield f"`{urlsplit(url).hostname}` (`{variable}`)"


def _port(published: str) -> str:
    by_default = re.sub(r"[$][{][A-Z_]+:-([^}]*)[}]", r"\1", published)
    return f"`{by_default}`"


def _networks(compose: Any) -> str:
    members: dict[str, list[str]] = {name: [] for name in compose["networks"]}
    for service, container in compose["services"].items():
        for network in container.get("networks", ()):
            members[network].append(service)
    rows = [
        [f"`{name}`", *_openness(network), ", ".join(members[name])]
        for name, network in compose["networks"].items()
    ]
    return _table(["network", "members reach each other", "way out of the machine", "members"], rows)


def _openness(network: Any) -> tuple[str, str]:
    options = network.get("driver_opts", {})
    apart = options.get("com.docker.network.bridge.enable_icc") == "false"
    closed = (
        network.get("internal") or options.get("com.docker.network.bridge.enable_ip_masquerade") == "false"
    )
    return "no" if apart else "yes", "no" if closed else "yes"


def _settings(cls: type[BaseSettings], names: Iterable[str]) -> str:
    prefix = cls.model_config["env_prefix"]
    rows = []
    for name in names:
        field = cls.model_fields[name]
        assert field.description, f"{cls.__module__}.{name} has no description"
        rows.append([f"`{prefix}{name.upper()}`", _type(name, field), _default(field), field.description])
    return _table(["setting", "type", "default", "meaning"], rows)


def _type(name: str, field: FieldInfo) -> str:
    kind: Any = field.annotation
    if get_origin(kind) in {Union, UnionType}:
        (kind,) = (option for option in get_args(kind) if option is not type(None))
    if get_origin(kind) is Literal:
        return ", ".join(f"`{option}`" for option in get_args(kind))
    unit = next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), None)
    told = _TYPES[kind] if unit is None or kind is SecretStr else unit
    bounds = [
        f"{sign} {getattr(limit, attribute):g}"
        for limit in field.metadata
        for bound, attribute, sign in _BOUNDS
        if isinstance(limit, bound)
    ]
    return ", ".join([told, *bounds])


def _default(field: FieldInfo) -> str:
    if field.default_factory is socket.gethostname:
        return "the host's name"
    assert field.default_factory is None
    match field.default:
        case value if value is PydanticUndefined:
            return "**needed**"
        case None:
            return "none"
        case bool() as value:
            return f"`{str(value).lower()}`"
        case float() as value:
            return f"`{value:g}`"
        case value:
            return f"`{value}`"


def _names(topics: Iterable[Topic]) -> str:
    return ", ".join(f"`{topic.name}`" for topic in topics)


def _plain(template: str) -> str:
    named = re.sub(r"\{\{ \$labels\.(\w+) \}\}", r"*\1*", template)
    return re.sub(r"^\{\{ \$value \}\}", "Some", named).replace("{{ $value }}", "some")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [list(head), ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


PAGES = {
    DOCS / "services.md": services_page,
    DOCS / "alerts.md": alerts_page,
    DOCS / "vault-access.md": vault_access_page,
}
"""Every page, and what makes it."""

if __name__ == "__main__":
    for path, page in PAGES.items():
        path.write_text(page(), encoding="utf-8")
