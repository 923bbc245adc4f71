"""Everything QuickBooks Online holds: companies, grants, and what a person does in the user interface."""

import random
from typing import Any

from plumbline_sandbox.blueprint import RealmBlueprint
from plumbline_sandbox.clock import Clock
from plumbline_sandbox.faults import Faults
from plumbline_sandbox.journal import Journal
from plumbline_sandbox.quickbooks import errors, wire
from plumbline_sandbox.quickbooks.entities.base import Entity
from plumbline_sandbox.quickbooks.entities.registry import ENTITIES
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.oauth import Authority, Client
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.seed import SeededRealm, furnish
from plumbline_sandbox.quickbooks.webhooks.delivery import TIMEOUT_S, Webhooks
from plumbline_sandbox.quickbooks.wire import Body
from plumbline_sandbox.sending import HttpSender


class QuickBooks:
    """The vendor's state in one sandbox."""

    def __init__(self, clock: Clock, journal: Journal, faults: Faults, seed: int) -> None:
        self.authority = authority = Authority(clock, journal)
        sender, rng = HttpSender(TIMEOUT_S), random.Random(seed)
        self.webhooks = Webhooks(clock, journal, faults, sender, authority.connected, rng)
        self._clock = clock
        self._journal = journal
        self._realms: dict[str, Realm] = {}

    def realm(self, realm_id: str) -> Realm:
        """Return a company.

        Raises:
            KeyError: There is none of this id.
        """
        return self._realms[realm_id]

    def company_names(self) -> dict[str, str]:
        """Return the name of every company by its realm id."""
        return {realm.id: realm.name for realm in self._realms.values()}

    def found(self, realm_id: str, name: str) -> Realm:
        """Create an empty company file, without accounts, preferences or anything else."""
        families = (entity.family for entity in ENTITIES.values())
        realm = Realm(
            realm_id=realm_id,
            name=name,
            families=families,
            clock=self._clock,
            journal=self._journal,
            announce=self.webhooks.announce,
        )
        self._realms[realm_id] = realm
        return realm

    def seed(self, blueprint: RealmBlueprint) -> SeededRealm:
        """Create a contractor's company with its first grant; return the ids a scenario needs."""
        realm = self.found(blueprint.id, blueprint.name)
        self.authority.register(Client(blueprint.client_id, blueprint.client_secret))
        self.authority.seed(
            realm=blueprint.id,
            client_id=blueprint.client_id,
            access_token=blueprint.access_token,
            refresh_token=blueprint.refresh_token,
        )
        return furnish(realm, blueprint)

    def person(self, realm_id: str, entity: str, body: Body, operation: str = "") -> Body:
        """Do what a bookkeeper does in the user interface; the journal says `origin: person`.

        Args:
            realm_id: The company.
            entity: Such as `Invoice`, in any case.
            body: Plain JSON. With an Id it changes that entity in part; no SyncToken is needed.
            operation: Empty to create or update; `delete`, `void` or `send` (`sendTo` in the body).

        Raises:
            KeyError: There is no such company or entity.
            FaultError: The same refusals as over the API.
        """
        realm, family = self.realm(realm_id), ENTITIES[entity.lower()]
        sent = wire.parse(wire.dump(body))
        result = _act(realm, family, sent, operation)
        shown: Body = wire.plain(result)
        return shown

    def dump(self, realm_id: str, entity: str) -> list[Body]:
        """Return all present entities of a family, inactive ones too, as plain JSON.

        Raises:
            KeyError: There is no such company or entity.
        """
        realm, family = self.realm(realm_id), ENTITIES[entity.lower()]
        shown: list[Body] = wire.plain(
            [family.render(realm, body) for body in realm.stores[family.name].all()]
        )
        return shown

    def configure(self, realm_id: str, **settings: Any) -> None:
        """Change switches of a company (`RealmSettings`), given as JSON values.

        Raises:
            KeyError: There is no such company.
            ValueError: An unknown switch or a value it does not take.
        """
        realm = self.realm(realm_id)
        realm.settings = realm.settings.changed(**settings)
        self._note("company", settings, realm=realm_id)

    def configure_oauth(self, **settings: Any) -> None:
        """Change switches of the authorization server (`OAuthSettings`).

        Raises:
            ValueError: An unknown switch.
        """
        self.authority.settings = self.authority.settings.changed(**settings)
        self._note("oauth", settings)

    def _note(self, of: str, settings: dict[str, Any], **facts: str) -> None:
        if settings:
            self._journal.write("switch", provider="quickbooks", of=of, settings=settings, **facts)


def _act(realm: Realm, entity: Entity, sent: Body, operation: str) -> Body:
    call = Call(origin="person", send_to=str(sent.pop("sendTo", "")))
    if operation == "send":
        return entity.send(realm, str(sent.get("Id", "")), call)
    if "Id" in sent:
        present = entity.read(realm, str(sent["Id"]))
        sent = {"SyncToken": present["SyncToken"], "sparse": True, **sent}
    match operation:
        case "":
            return entity.render(realm, entity.write(realm, sent, call))
        case "delete":
            return entity.delete(realm, sent, call)
        case "void":
            return entity.void(realm, sent, call)
        case _:
            raise FaultError(errors.unsupported_operation(operation))
