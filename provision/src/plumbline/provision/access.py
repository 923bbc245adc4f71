"""Who may do what in Vault, worked out from the policy files: the table of docs/vault-access.md.

A test asks a real Vault the same of every process, place and capability.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from plumbline.common.secrets.transit import MOUNT as TRANSIT
from plumbline.common.secrets.vault import MOUNT
from plumbline.provision.vault import policies, role_of

CAPABILITIES = ("create", "read", "update", "patch", "delete", "list", "sudo")
"""Everything that a policy can grant (Vault docs, policies)."""

_RULE = re.compile(r'path "([^"]+)" \{\s*capabilities = \[([^\]]*)\]\s*\}')


@dataclass(frozen=True, slots=True)
class Place:
    """A path that stands for all of its kind."""

    path: str
    what: str


_DOCUMENTS = (
    ("apps/procore/any", "client secrets of Procore apps"),
    ("apps/quickbooks/any", "client secrets of Intuit apps"),
    ("grants/procore/any/grant", "Procore grants, refresh tokens among them"),
    ("grants/procore/any/access", "Procore access tokens"),
    ("grants/quickbooks/any/grant", "QuickBooks grants, refresh tokens among them"),
    ("grants/quickbooks/any/access", "QuickBooks access tokens"),
    ("webhooks/procore/any", "bearer values of Procore's webhooks"),
    ("webhooks/quickbooks/any", "Intuit's verifier tokens"),
)

_SEALED = (
    ("datakey/plaintext/documents", "a new key for a paper, in clear and sealed"),
    ("decrypt/documents", "opening the key of a paper"),
    ("rewrap/documents", "sealing the key of a paper anew, after a rotation"),
    ("datakey/plaintext/pii", "a new key for a tax number, in clear and sealed"),
    ("decrypt/pii", "opening the key of a tax number"),
    ("rewrap/pii", "sealing the key of a tax number anew, after a rotation"),
)

PLACES = (
    *(Place(f"{MOUNT}/data/{path}", what) for path, what in _DOCUMENTS),
    *(
        Place(f"{MOUNT}/{verb}/grants/quickbooks/any/grant", what)
        for verb, what in (
            ("metadata", "all versions of a document, and its settings"),
            ("delete", "deleting versions"),
            ("undelete", "bringing deleted versions back"),
            ("destroy", "destroying versions for good"),
        )
    ),
    Place(f"{MOUNT}/metadata/grants/", "the list of accounts"),
    Place(f"{MOUNT}/config", "the settings of the secret engine"),
    *(Place(f"{TRANSIT}/{path}", what) for path, what in _SEALED),
    Place(f"{TRANSIT}/export/encryption-key/documents", "transit keys in clear"),
    Place(f"{TRANSIT}/keys/pii", "transit keys: their settings, and their end"),
    Place("sys/policies/acl/any", "policies"),
    Place("sys/mounts/any", "secret engines"),
    Place("sys/auth/any", "ways in"),
    Place("sys/audit/any", "audit devices"),
    Place("sys/seal", "sealing Vault"),
    Place(f"auth/approle/role/{role_of('token-vault')}", "roles"),
    Place(f"auth/approle/role/{role_of('token-vault')}/secret-id", "new secret ids"),
    Place("auth/token/create", "new tokens"),
    Place("auth/token/accessors", "the list of tokens"),
    Place("identity/entity", "identities"),
    Place("auth/token/renew-self", "its own token's life"),
)
"""Every kind of place that matters: what is granted somewhere, and what nobody is granted."""


def granted(policy: str, path: str) -> frozenset[str]:
    """Return the capabilities that a policy's text gives at a path; none is `deny`."""
    return frozenset(
        capability
        for pattern, rights in _RULE.findall(policy)
        if _matches(pattern, path)
        for capability in re.findall(r'"([a-z]+)"', rights)
    )


def matrix() -> dict[str, dict[str, frozenset[str]]]:
    """Return process → path of each place → capabilities."""
    return {
        name: {place.path: granted(text, place.path) for place in PLACES}
        for name, text in sorted(policies().items())
    }


def as_markdown() -> str:
    """Return the table: places down, processes across."""
    told = matrix()
    lines = [
        f"| at | what is there | {' | '.join(f'`{name}`' for name in told)} |",
        f"|---|---|{'---|' * len(told)}",
    ]
    for place in PLACES:
        cells = (", ".join(c for c in CAPABILITIES if c in told[name][place.path]) or "no" for name in told)
        lines.append(f"| `{place.path}` | {place.what} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _matches(pattern: str, path: str) -> bool:
    """`+` stands for one segment, and `*` at the end for anything (Vault docs, policy syntax)."""
    prefix = pattern.removesuffix("*")
    regex = "/".join("[^/]+" if part == "+" else re.escape(part) for part in prefix.split("/"))
    return re.fullmatch(regex + (".*" if pattern.endswith("*") else ""), path) is not None
