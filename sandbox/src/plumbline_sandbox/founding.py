"""Founding a QuickBooks company while the sandbox runs, with a client that is connected to it."""

import hashlib
from collections.abc import Mapping
from typing import Any

from plumbline_sandbox.blueprint import CustomerBlueprint, RealmBlueprint
from plumbline_sandbox.quickbooks.webhooks.subscriptions import verifier_token_of
from plumbline_sandbox.world import World


def found_company(world: World, body: Mapping[str, Any]) -> dict[str, Any]:
    """Found a company and return what its client needs to know, and the ids in it.

    Its secrets follow from the sandbox's seed and its id, so that two runs are alike.

    Args:
        world: Where to.
        body: `id`, `name`, and `customers`: e-mail address (or null) by name.

    Raises:
        ValueError: A field is missing, or the id is taken.
    """
    try:
        realm_id, name, customers = str(body["id"]), str(body["name"]), dict(body.get("customers", {}))
    except (KeyError, TypeError) as malformed:
        raise ValueError("a company needs id, name and customers") from malformed
    if realm_id in world.quickbooks.company_names():
        raise ValueError(f"there is a company {realm_id} already")
    client_id, client_secret, access_token, refresh_token = (
        hashlib.sha256(f"{world.seed} {realm_id} {what}".encode()).hexdigest()[:40]
        for what in ("client", "secret", "access", "refresh")
    )
    blueprint = RealmBlueprint(
        id=realm_id,
        name=name,
        client_id=client_id,
        client_secret=client_secret,
        access_token=access_token,
        refresh_token=refresh_token,
        customers=tuple(CustomerBlueprint(customer, email, ()) for customer, email in customers.items()),
    )
    seeded = world.quickbooks.seed(blueprint)
    return {
        "id": realm_id,
        "name": name,
        "client_id": client_id,
        "client_secret": client_secret,
        "access_token": access_token,
        "refresh_token": refresh_token,
        "verifier_token": verifier_token_of(client_id),
        "customers": seeded.customers,
        "vendors": seeded.vendors,
        "items": seeded.items,
        "accounts": seeded.accounts,
    }
