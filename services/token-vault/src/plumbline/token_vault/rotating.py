"""Wiring of rotation: every kind's handler, in one register."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from plumbline.common.clock import Clock
from plumbline.common.connections import Connections
from plumbline.common.reconciling.loop import Handler
from plumbline.common.secrets.embedded import EmbeddedSecretStore
from plumbline.common.secrets.keyfile import KeyFile
from plumbline.common.secrets.port import SecretStore
from plumbline.common.secrets.resealing import KeyRotation
from plumbline.token_vault.adapters.rotations import PostgresRotations
from plumbline.token_vault.adapters.secrets import StoredApps, StoredWebhooks
from plumbline.token_vault.policy import Policy
from plumbline.token_vault.ports import Shelf
from plumbline.token_vault.rotation.apps import AppRotation
from plumbline.token_vault.rotation.grants import EagerKeeper, GrantRotation
from plumbline.token_vault.rotation.keys import SealingKey
from plumbline.token_vault.rotation.overlap import Terms
from plumbline.token_vault.rotation.ports import Proof
from plumbline.token_vault.rotation.register import Register, Rows
from plumbline.token_vault.rotation.webhooks import WebhookRotation
from plumbline.token_vault.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What rotation is made of."""

    settings: Settings
    connections: Connections
    policy: Policy
    store: SecretStore
    grants: Shelf
    rotations: PostgresRotations
    keeper: Handler
    eager: EagerKeeper
    proofs: Mapping[str, Proof]
    clock: Clock

    @property
    def look(self) -> timedelta:
        """Between looks at a rotation that waits for others."""
        return timedelta(seconds=self.settings.rotation_look_s)


def register_of(parts: Parts) -> Register:
    """Return the register of all credentials."""
    webhook_shelf, app_shelf = StoredWebhooks(parts.store), StoredApps(parts.store)
    accounts = frozenset(parts.connections.accounts())
    webhooks = WebhookRotation(
        shelf=webhook_shelf,
        rotations=parts.rotations,
        connections=parts.connections,
        policy=parts.policy,
        terms=Terms(
            heard_within=timedelta(seconds=parts.settings.replica_heard_s),
            overlap=timedelta(seconds=parts.settings.former_accepted_s),
        ),
        look=parts.look,
        clock=parts.clock,
    )
    apps = AppRotation(
        shelf=app_shelf,
        grants=parts.grants,
        accounts=accounts,
        rotations=parts.rotations,
        proofs=parts.proofs,
        policy=parts.policy.apps,
        look=parts.look,
        clock=parts.clock,
    )
    grants = GrantRotation(
        keeper=parts.keeper,
        eager=parts.eager,
        grants=parts.grants,
        apps=app_shelf,
        rotations=parts.rotations,
        accounts=accounts,
        policy=parts.policy,
        clock=parts.clock,
    )
    handlers: dict[str, Handler] = {"webhooks": webhooks.converge, "apps": apps.converge}
    kinds: list[Rows] = [grants.rows, apps.rows, webhooks.rows]
    if (key := _sealing_key(parts)) is not None:
        handlers["keys"] = key.converge
        kinds.append(key.rows)
    return Register(
        handlers=handlers,
        grants=grants.converge,
        kinds=kinds,
        apps=app_shelf,
        webhooks=webhook_shelf,
        rotations=parts.rotations,
        accounts_of=apps.accounts_of,
        clock=parts.clock,
    )


def _sealing_key(parts: Parts) -> SealingKey | None:
    store = parts.store
    if not isinstance(store, EmbeddedSecretStore) or not isinstance(store.keys, KeyFile):
        return None
    keys = KeyRotation(store, store.keys)
    return SealingKey(keys, rotations=parts.rotations, policy=parts.policy.keys, clock=parts.clock)
