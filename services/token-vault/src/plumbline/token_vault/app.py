"""Wiring of token-vault: the only place that knows every part."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from plumbline.common.connections import load_connections
from plumbline.common.contracts.operations import RenewCredential, SecretsReport
from plumbline.common.contracts.topics import CREDENTIALS_COMMANDS, CREDENTIALS_REPORTS
from plumbline.common.database import transaction
from plumbline.common.http import partner_client
from plumbline.common.reconciling.loop import Handler
from plumbline.common.reconciling.store import mark
from plumbline.common.secrets.opening import open_secret_store
from plumbline.common.service import Pace, RecordService, record_service
from plumbline.common.shared_clock import SharedClock
from plumbline.token_vault.adapters.codes import PostgresCodes
from plumbline.token_vault.adapters.notices import PostgresNotices
from plumbline.token_vault.adapters.procore import ProcoreProvider
from plumbline.token_vault.adapters.proving import ApiProof
from plumbline.token_vault.adapters.quickbooks import QuickBooksProvider
from plumbline.token_vault.adapters.refusals import PostgresRefusals
from plumbline.token_vault.adapters.rotations import PostgresRotations
from plumbline.token_vault.adapters.secret_proof import procore_proof
from plumbline.token_vault.adapters.shelf import SecretShelf
from plumbline.token_vault.consent_routes import ConsentRoutes
from plumbline.token_vault.consenting import Connecting
from plumbline.token_vault.disconnecting import Disconnecting
from plumbline.token_vault.domain import App
from plumbline.token_vault.handlers import looks, recording, reporting, waking
from plumbline.token_vault.importing import import_grants, read_grants
from plumbline.token_vault.policy import Policy, load_policy
from plumbline.token_vault.ports import Provider, Shelf
from plumbline.token_vault.rotating import Parts, register_of
from plumbline.token_vault.rotation.grants import OfferedShelf, at_once
from plumbline.token_vault.rotation_routes import CredentialRoutes
from plumbline.token_vault.routes import health_route
from plumbline.token_vault.service import SERVICE, Keeper
from plumbline.token_vault.settings import Settings
from plumbline.token_vault.watching import Watch


async def run(settings: Settings) -> None:
    """Run token-vault until SIGTERM."""
    connections = load_connections(settings.config_dir)
    policy = load_policy(settings.config_dir)
    async with (
        _service(settings) as (service, clock),
        open_secret_store(settings) as store,
        partner_client(settings.procore_login_url) as procore,
        partner_client("") as quickbooks,
        _proof(settings) as proof,
    ):
        deadline_s = settings.renewal_deadline_s
        refusals = PostgresRefusals(service.pool)
        shelf = SecretShelf(store)
        providers: Mapping[str, Provider] = {
            "procore": ProcoreProvider(
                procore, login_url=settings.procore_login_url, clock=clock, deadline_s=deadline_s
            ),
            "quickbooks": QuickBooksProvider(
                quickbooks,
                discovery_url=settings.quickbooks_discovery_url,
                clock=clock,
                deadline_s=deadline_s,
            ),
        }
        rotations = PostgresRotations(service.pool, clock=clock, source=SERVICE)

        def keeper(grants: Shelf, policy: Policy) -> Handler:
            return Keeper(
                shelf=grants,
                providers=providers,
                refusals=refusals,
                notices=PostgresNotices(service.pool, clock=clock, source=SERVICE),
                policy=policy,
                clock=clock,
                cooldown=timedelta(seconds=settings.token_cooldown_s),
            ).converge

        def eager(offered: App | None) -> Handler:
            return keeper(shelf if offered is None else OfferedShelf(shelf, offered), at_once(policy))

        login_url = settings.procore_login_url
        register = register_of(
            Parts(
                settings=settings,
                connections=connections,
                policy=policy,
                store=store,
                grants=shelf,
                rotations=rotations,
                keeper=keeper(shelf, policy),
                eager=eager,
                proofs={
                    "procore": procore_proof(procore, login_url=login_url, clock=clock, deadline_s=deadline_s)
                },
                clock=clock,
            )
        )
        watch = Watch(shelf=shelf, accounts=connections.accounts(), policy=policy, clock=clock)

        async def tell(account: str) -> Mapping[str, Any] | None:
            held = await shelf.held(account)
            if held is None:
                return None
            state = held.state(clock.now(), near=policy.grants.near_its_end)
            until, ends = _moment(held.expires_at), _moment(held.ends_at)
            told = [f"grant of app {held.app}: {state}, token version {held.version} until {until}"]
            if held.ends_at is not None:
                told.append(f"it ends on {ends} unless it is used, or the account connected again")
            return {"story": told}

        wake = waking(service.pool, clock)
        connecting = Connecting(
            shelf=shelf,
            providers=providers,
            proof=proof,
            codes=PostgresCodes(service.pool),
            connections=connections,
            wake=wake,
        )
        disconnecting = Disconnecting(shelf=shelf, providers=providers, clock=clock, wake=wake)
        service.edge.subscribe(CREDENTIALS_REPORTS, SecretsReport, reporting(rotations))
        service.edge.subscribe(CREDENTIALS_COMMANDS, RenewCredential, recording(refusals, clock))
        await _look_at(service, connections.accounts())
        pace = Pace(concurrency=8, per_connection=1, lease=timedelta(seconds=deadline_s + 15))
        await service.run(
            handler=register.converge,
            tell=tell,
            pace=pace,
            routes=[
                health_route(watch),
                *CredentialRoutes(register).routes(),
                *ConsentRoutes(connecting, disconnecting).routes(),
            ],
            loops=[clock.run, watch.run, register.run],
        )


@asynccontextmanager
async def _service(settings: Settings) -> AsyncIterator[tuple[RecordService, SharedClock]]:
    """Open the service with the clock that its replicas share: they judge each other's intents by it."""
    async with record_service(SERVICE, settings) as service:
        clock = SharedClock(service.pool)
        await clock.set()
        yield replace(service, clock=clock), clock


@asynccontextmanager
async def _proof(settings: Settings) -> AsyncIterator[ApiProof]:
    async with (
        partner_client(settings.procore_url) as procore,
        partner_client(settings.quickbooks_url) as quickbooks,
    ):
        yield ApiProof(procore=procore, quickbooks=quickbooks)


def _moment(moment: datetime | None) -> str:
    return "-" if moment is None else moment.isoformat()


async def _look_at(service: RecordService, accounts: set[str]) -> None:
    async with transaction(service.pool) as connection:
        await mark(connection, looks(accounts), now=service.clock.now())


async def import_file(settings: Settings, path: Path) -> list[str]:
    """Import first grants from a file, and return the accounts that got one."""
    supplies = await asyncio.to_thread(read_grants, path)
    async with open_secret_store(settings) as store:
        return await import_grants(store, supplies)
