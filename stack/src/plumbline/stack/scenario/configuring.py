"""The demo company's configuration, made from what the sandbox tells."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from plumbline.stack.runners.settings import Partners

DURATIONS = {
    "PLUMBLINE_FIRST_LOOK_S": "1",
    "PLUMBLINE_LAST_LOOK_S": "2.5",
    "PLUMBLINE_CALL_DEADLINE_S": "3",
    "PLUMBLINE_SETTLE_S": "3.5",
    "PLUMBLINE_GATE_WAIT_S": "1",
    "PLUMBLINE_PAYMENT_LOOK_S": "15",
    "PLUMBLINE_INVOICE_LOOK_S": "1",
    "PLUMBLINE_TOKEN_COOLDOWN_S": "2",
}
"""What the demo shortens; it prints them."""

OWN = ("connections.yaml", "sandbox-grants.yaml", "credentials.yaml", "links.csv")
"""What of the shipped configuration a demo has its own of, or does without."""


def connection_name(realm_name: str) -> str:
    """Return what the connection to a QuickBooks company is called."""
    return realm_name.lower().replace(" ", "-")


def partners(sandbox: Mapping[str, Any]) -> Partners:
    """Return the sandbox's addresses."""
    return Partners(
        procore_url=sandbox["procore"]["url"],
        procore_login_url=sandbox["procore"]["login_url"],
        quickbooks_url=sandbox["quickbooks"]["url"],
        quickbooks_discovery_url=sandbox["quickbooks"]["discovery_url"],
    )


def write_configuration(
    folder: Path, *, shipped: Path, sandbox: Mapping[str, Any], seed: Mapping[str, Any]
) -> None:
    """Write `connections.yaml` and `grants.yaml` into a folder; by what else services work is the shipped files."""
    shutil.copytree(shipped, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*OWN))
    folder.chmod(0o700)
    connections = dict(_connections(sandbox, seed))
    _write(folder / "connections.yaml", {"connections": connections})
    _write(folder / "grants.yaml", _grants(sandbox, list(connections)))


def _connections(sandbox: Mapping[str, Any], seed: Mapping[str, Any]) -> list[tuple[str, Any]]:
    found = []
    for realm in sandbox["quickbooks"]["realms"]:
        for company in seed["companies"]:
            projects = [p for p in company["projects"] if p["quickbooks"]["realm"] == realm["id"]]
            if projects:
                found.append((connection_name(realm["name"]), _connection(company, realm, projects)))
    return found


def _connection(company: Mapping[str, Any], realm: Mapping[str, Any], projects: list[Any]) -> dict[str, Any]:
    policies: dict[str, str] = {}
    if company["brief_statuses"]:
        deposit = projects[0]["quickbooks"]["accounts"]["Undeposited Funds"]
        policies = {"payment": "record", "deposit_account_id": deposit}
        if realm["name"].endswith("West"):
            policies["retainage"] = "net"
    elif realm["name"].endswith("South"):
        policies = {"send": "on_approval"}
    return {
        "procore": {
            "account": f"procore/{company['id']}",
            "company_id": company["id"],
            "projects": [p["id"] for p in projects],
        },
        "quickbooks": {"realm": realm["id"], "app": realm["id"]},
        "statuses": "brief" if company["brief_statuses"] else "procore",
        "policies": policies,
    }


def _grants(sandbox: Mapping[str, Any], connections: list[str]) -> dict[str, Any]:
    apps, grants = {}, {}
    for company in sandbox["procore"]["companies"]:
        name = f"procore/{company['id']}"
        apps[name] = {key: company[key] for key in ("client_id", "client_secret")}
        grants[name] = {"app": name}
    for realm in sandbox["quickbooks"]["realms"]:
        name = f"quickbooks/{realm['id']}"
        apps[name] = {key: realm[key] for key in ("client_id", "client_secret", "verifier_token")}
        grants[name] = {"app": name, "refresh_token": realm["refresh_token"]}
    return {"apps": apps, "grants": grants, "webhooks": connections}


def links(seed: Mapping[str, Any], realm_names: Mapping[str, str], *, unlinked: str) -> list[dict[str, str]]:
    """Return the links of every project, but for the customer of the project numbered `unlinked`."""
    made: dict[tuple[str, str, str], dict[str, str]] = {}
    for company in seed["companies"]:
        for project in company["projects"]:
            books = project["quickbooks"]
            connection = connection_name(realm_names[books["realm"]])
            items = books["items"]
            rows = [
                ("item", "default", items["Progress billing"]),
                ("item", "change-order", items["Change order work"]),
                ("item", "retainage", items["Retainage"]),
            ]
            if project["number"] != unlinked:
                rows.append(("customer", f"project:{project['id']}", books["customer_id"]))
            for kind, source, quickbooks_id in rows:
                made[connection, kind, source] = {
                    "connection": connection,
                    "kind": kind,
                    "source": source,
                    "quickbooks_id": quickbooks_id,
                }
    return list(made.values())


def _write(path: Path, document: Any) -> None:
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    path.chmod(0o600)
