"""Wiring of token-vault: the only place that knows every part."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from plumbline.common.connections import load_connections
from plumbline.common.contracts.operations import RenewCredential
from plumbline.common.contracts.topics import CREDENTIALS_COMMANDS
from plumbline.common.database import transaction
from plumbline.common.http import partner_client
from plumbline.common.reconciling.store import mark
from plumbline.common.secrets.opening import open_secret_store
from plumbline.common.service import Pace, RecordService, record_service
from plumbline.token_vault.adapters.procore import ProcoreProvider
from plumbline.token_vault.adapters.quickbooks import QuickBooksProvider
from plumbline.token_vault.adapters.refusals import PostgresRefusals
from plumbline.token_vault.adapters.shelf import SecretShelf
from plumbline.token_vault.handlers import looks, recording
from plumbline.token_vault.importing import import_grants, read_grants
from plumbline.token_vault.service import SERVICE, Expiries, Keeper
from plumbline.token_vault.settings import Settings


async def run(settings: Settings) -> None:
    """Run token-vault until SIGTERM."""
    connections = load_connections(settings.config_dir)
    async with (
        record_service(SERVICE, settings) as service,
        open_secret_store(settings) as store,
        partner_client(settings.procore_login_url) as procore,
        partner_client("") as quickbooks,
    ):
        deadline_s = settings.renewal_deadline_s
        refusals = PostgresRefusals(service.pool)
        shelf = SecretShelf(store)
        keeper = Keeper(
            shelf=shelf,
            providers={
                "procore": ProcoreProvider(
                    procore, login_url=settings.procore_login_url, clock=service.clock, deadline_s=deadline_s
                ),
                "quickbooks": QuickBooksProvider(
                    quickbooks,
                    discovery_url=settings.quickbooks_discovery_url,
                    clock=service.clock,
                    deadline_s=deadline_s,
                ),
            },
            refusals=refusals,
            clock=service.clock,
        )

        async def tell(account: str) -> Mapping[str, Any] | None:
            held = await shelf.held(account)
            if held is None:
                return None
            until = held.expires_at.isoformat() if held.expires_at else "-"
            return {
                "story": [
                    f"grant of app {held.app}: {held.status}, token version {held.version} until {until}"
                ]
            }

        service.edge.subscribe(CREDENTIALS_COMMANDS, RenewCredential, recording(refusals, service.clock))
        await _look_at(service, connections.accounts())
        pace = Pace(concurrency=8, per_connection=1, lease=timedelta(seconds=deadline_s + 15))
        expiries = Expiries(shelf=shelf, accounts=connections.accounts())
        await service.run(handler=keeper.converge, tell=tell, pace=pace, loops=[expiries.run])


async def _look_at(service: RecordService, accounts: set[str]) -> None:
    async with transaction(service.pool) as connection:
        await mark(connection, looks(accounts), now=service.clock.now())


async def import_file(settings: Settings, path: Path) -> list[str]:
    """Import first grants from a file, and return the accounts that got one."""
    supplies = await asyncio.to_thread(read_grants, path)
    async with open_secret_store(settings) as store:
        return await import_grants(store, supplies)
