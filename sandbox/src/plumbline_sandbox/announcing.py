"""What a client needs to know of a sandbox: addresses and first credentials."""

from collections.abc import Mapping
from typing import Any

from plumbline_sandbox.quickbooks.webhooks.subscriptions import verifier_token_of
from plumbline_sandbox.seed import Seeded
from plumbline_sandbox.world import World


def announcement(world: World, seeded: Seeded, urls: Mapping[str, str]) -> dict[str, Any]:
    """Return the one JSON line that a sandbox prints at its start.

    Args:
        world: what is served.
        seeded: what the seed made in it.
        urls: where each application is, as the reader reaches it.
    """
    return _vendors(seeded, urls) | _partners(world, urls)


def _vendors(seeded: Seeded, urls: Mapping[str, str]) -> dict[str, Any]:
    quickbooks_url = urls["quickbooks"]
    return {
        "procore": {
            "url": urls["procore"],
            "login_url": urls["procore"],
            "companies": [
                {
                    "id": str(c.company.id),
                    "name": c.company.name,
                    "client_id": c.app.client_id,
                    "client_secret": c.app.client_secret,
                }
                for c in seeded.companies
            ],
        },
        "quickbooks": {
            "url": quickbooks_url,
            "oauth_url": quickbooks_url,
            "discovery_url": f"{quickbooks_url}/.well-known/openid_configuration",
            "realms": [
                {
                    "id": r.id,
                    "name": r.name,
                    "client_id": r.client_id,
                    "client_secret": r.client_secret,
                    "access_token": r.access_token,
                    "refresh_token": r.refresh_token,
                    "verifier_token": verifier_token_of(r.client_id),
                }
                for r in seeded.realms
            ],
        },
        "control_url": urls["control"],
        "journal_url": f"{urls['control']}/journal",
    }


def _partners(world: World, urls: Mapping[str, str]) -> dict[str, Any]:
    slack, jira, payments = world.slack, world.jira, world.payments
    slack_url, lambda_url = urls["slack"], urls["lambda"]
    return {
        "storage": {"url": urls["storage"]},
        "slack": {
            "url": slack_url,
            "api_url": f"{slack_url}/api/",
            "bot_token": slack.bot_token,
            "signing_secret": slack.signing_secret,
            "channels": [
                {"id": c.id, "name": c.name, "webhook_url": f"{slack_url}{c.hook_path}"}
                for c in slack.channels.values()
            ],
        },
        "jira": {
            "url": urls["jira"],
            "email": jira.email,
            "api_token": jira.api_token,
            "projects": list(jira.projects),
        },
        "payments": {
            "url": urls["payments"],
            "organization_id": payments.organization_id,
            "api_key": payments.api_key,
            "webhook_key": payments.webhook_key,
            "internal_account_id": next(iter(payments.internal_accounts)),
        },
        "lambda": {"url": lambda_url, "runtime_api": lambda_url.removeprefix("http://")},
    }
