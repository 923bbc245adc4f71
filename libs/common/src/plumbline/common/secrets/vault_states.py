"""Why Vault does not serve: which state it is in, and what to do about it, in a sentence.

A failed call says little: Vault answers 500 where no audit device can be written, and nothing where one hangs. So the
sentence comes from `sys/health`, which needs no token and is not audited (Vault docs, System backend, /sys/health).
"""

import hvac
import hvac.exceptions
import requests

HEALTH_TIMEOUT_S = 2.0
"""Longest wait for a connection, and then for the answer's next byte: the call that failed has waited already."""

STATES = {
    200: "up, and fails its callers: see its log, and that one of its audit devices can be written",
    429: "a standby that passes nothing on: let PLUMBLINE_VAULT_URL name the active node, or what stands before the cluster",
    472: "a secondary for disaster recovery: let PLUMBLINE_VAULT_URL name the primary cluster",
    473: "a performance standby: let PLUMBLINE_VAULT_URL name the active node, or what stands before the cluster",
    474: "a standby that does not reach the active node: see to the network between the nodes",
    501: "not initialised: run `plumbline vault bootstrap`, or initialise it (`vault operator init`)",
    503: "sealed: unseal it (`vault operator unseal`, or the job `provision vault` where its key is a file)",
    530: "a node that was removed from its cluster: let PLUMBLINE_VAULT_URL name another",
}
"""What `sys/health` says by its status."""

TRUST = (
    "Vault's certificate is not trusted, or is not for this name: let PLUMBLINE_VAULT_CA_FILE name its authority, and "
    "PLUMBLINE_VAULT_URL the name in it"
)
AWAY = "Vault cannot be reached at {url}: see that it runs, and that this process may reach it"
SILENT = "Vault does not answer at {url}, and not about its health either: see its log, or restart it"
PATIENCE = "Vault asks for patience (429): a rate limit quota of its own is used up"


def told(client: hvac.Client, error: Exception) -> str:
    """Return the sentence about a call that failed; asks Vault for its health, so it blocks for a moment."""
    if isinstance(error, requests.exceptions.SSLError):
        return TRUST
    if isinstance(error, requests.ConnectionError) and not isinstance(error, requests.Timeout):
        return AWAY.format(url=client.url)
    try:
        health = client.adapter.get("/v1/sys/health", raise_exception=False, timeout=HEALTH_TIMEOUT_S)
    except (hvac.exceptions.VaultError, requests.RequestException, ValueError):
        return SILENT.format(url=client.url)
    # hvac gives the document of a 200, and the response of anything else.
    status = health.status_code if isinstance(health, requests.Response) else 200
    if status == 200 and isinstance(error, hvac.exceptions.RateLimitExceeded):
        return PATIENCE
    return f"Vault is {STATES.get(status, f'not well: its health is {status}')}"
