"""What every entity family does alike: writes, versions, reads, and the steps a family fills in."""

from collections.abc import Mapping
from typing import Any, ClassVar

from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.addresses import ADDRESSES, postal
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.query.fields import METADATA_FIELDS, Field
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.store import Family
from plumbline_sandbox.quickbooks.wire import Body

ALWAYS_IGNORED = frozenset({"Id", "SyncToken", "MetaData", "domain", "sparse", "status"})
"""Properties that steer a write or are the service's own; they never reach the stored body as sent."""

CURRENCY = {"value": "USD", "name": "United States Dollar"}
"""Home currency of every seeded company; there is no multicurrency here."""


CALLED = {"Customer": "Names", "Vendor": "Names", "Employee": "Names", "Account": "Accounts", "Item": "Items"}
"""What fault 2500 calls an entity, where a captured answer tells; its own name otherwise."""


class Entity:
    """One entity family. Families state their properties and override the steps they need.

    A write goes: refuse unknown properties (2010), drop read-only ones, merge with the present
    body if sparse, `build`, commit, `committed`. Everything is checked before anything changes.
    """

    family: ClassVar[Family]
    writable: ClassVar[frozenset[str]]
    ignored: ClassVar[frozenset[str]] = frozenset()
    """Read-only and deprecated properties that a client may send and the service does not heed."""
    fields: ClassVar[Mapping[str, Field]]
    """What queries may filter by, without `Id` and `MetaData`, which all have."""
    prints: ClassVar[bool] = False
    """Whether there is a PDF of it."""
    lists_active_only: ClassVar[bool] = False
    """Whether queries leave out inactive ones unless they ask for `Active`."""

    @property
    def name(self) -> str:
        """Name of the entity, such as `Invoice`."""
        return self.family.name

    def query_fields(self) -> Mapping[str, Field]:
        """Return all that queries may filter by."""
        return {**METADATA_FIELDS, **self.fields}

    def read(self, realm: Realm, entity_id: str) -> Body:
        """Return the present body.

        Raises:
            FaultError: 610 for an id that never was or was deleted, 2030 for one that is no number.
        """
        body = realm.get(self.name, entity_id)
        if body is None:
            raise FaultError(errors.not_found() if entity_id.isdigit() else errors.bad_id(entity_id))
        return body

    def render(self, realm: Realm, body: Body) -> Body:
        """Return the body with what is reckoned at the moment of reading."""
        return body

    def find(self, realm: Realm, entity_id: str, asked: Mapping[str, str]) -> Body:
        """Return what a GET means: the entity of this id, unless the family is asked in another way.

        Raises:
            FaultError: The service refuses, or there is none.
        """
        return self.read(realm, entity_id)

    def element(self, realm: Realm, body: Body) -> Body:
        """Return the body as answers hold it: under the entity's name."""
        return {self.name: self.render(realm, body)}

    def write(self, realm: Realm, sent: Body, call: Call) -> Body:
        """Create, or update if an Id is given: wholly, or in part with `"sparse": true`.

        Raises:
            FaultError: The service refuses; nothing was changed.
        """
        wanted = self._wanted(sent)
        if sent.get("Id") in (None, ""):
            return self._build_and_save(realm, None, wanted, call)
        before = self.present(realm, sent)
        if sent.get("sparse") is True:
            kept = {name: value for name, value in before.items() if name in self.writable}
            wanted = without_nulls({**kept, **self._sent_writable(sent)})
        return self._build_and_save(realm, before, wanted, call)

    def delete(self, realm: Realm, sent: Body, call: Call) -> Body:
        """Delete, for the families that can be.

        Raises:
            FaultError: The service refuses.
        """
        raise FaultError(errors.unsupported_operation("delete"))

    def void(self, realm: Realm, sent: Body, call: Call) -> Body:
        """Void, for the families that can be.

        Raises:
            FaultError: The service refuses.
        """
        raise FaultError(errors.unsupported_operation("void"))

    def send(self, realm: Realm, entity_id: str, call: Call) -> Body:
        """Send by e-mail, for the families that can be.

        Raises:
            FaultError: The service refuses.
        """
        raise FaultError(errors.unsupported_operation("send"))

    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Return the checked and completed body (without Id, SyncToken, MetaData).

        Args:
            realm: The company, to be read only.
            wanted: The writable properties as they shall be.
            before: The present body, or None on create.

        Raises:
            FaultError: with all that is wrong.
        """
        raise NotImplementedError

    def admit(self, realm: Realm, before: Body | None, built: Body, call: Call) -> None:
        """Refuse a sound body for what it would do to the rest of the company.

        Raises:
            FaultError: The service refuses.
        """

    def committed(self, realm: Realm, before: Body | None, after: Body, call: Call) -> None:
        """Carry a committed change on to the entities that hang on it. Cannot refuse."""

    def present(self, realm: Realm, sent: Body) -> Body:
        """Return the body a write means.

        Raises:
            FaultError: 2020 without Id or SyncToken, 610 for an unknown id, 5010 for an old token.
        """
        checks = Checks(sent)
        checks.required("Id", "SyncToken")
        checks.done()
        before = self.read(realm, str(sent["Id"]))
        if str(sent["SyncToken"]) != before["SyncToken"]:
            raise FaultError(errors.stale())
        return before

    def _build_and_save(self, realm: Realm, before: Body | None, wanted: Body, call: Call) -> Body:
        built = self.build(realm, wanted, before)
        self.admit(realm, before, built, call)
        return self._save(realm, before, built, "updated" if before else "created", call)

    def _save(self, realm: Realm, before: Body | None, built: Body, change: str, call: Call) -> Body:
        body = built if before is None else {**built, "Id": before["Id"]}
        after = realm.commit(self.name, body, change=change, call=call)
        self.committed(realm, before, after, call)
        return after

    def _wanted(self, sent: Body) -> Body:
        for name in sent:
            if name not in self.writable and name not in self.ignored and name not in ALWAYS_IGNORED:
                raise FaultError(errors.bad_property(name))
        return without_nulls(self._sent_writable(sent))

    def _sent_writable(self, sent: Body) -> Body:
        return {
            name: postal(value) if name in ADDRESSES else value
            for name, value in sent.items()
            if name in self.writable
        }


def deleted(entity: str, entity_id: str) -> Body:
    """Return what a delete answers."""
    return {entity: {"status": "Deleted", "domain": "QBO", "Id": entity_id}}


def named_reference(realm: Realm, entity: str, entity_id: str) -> Body:
    """Return a reference with the name the service fills in."""
    target = realm.get(entity, entity_id) or {}
    name = target.get("DisplayName") or target.get("FullyQualifiedName") or target.get("Name")
    return {"value": entity_id, "name": name}


def check_reference(realm: Realm, checks: Checks, property_name: str, entity: str, what: str) -> str | None:
    """Return the id of a reference to an entity that must exist (2500) and be active (610)."""
    entity_id = checks.reference(property_name)
    if entity_id is None:
        return None
    target = realm.get(entity, entity_id)
    if target is None:
        checks.note(errors.bad_reference(what, entity_id))
        return None
    if target.get("Active") is False:
        checks.note(errors.not_found(property_name))
        return None
    return entity_id


def named_references(realm: Realm, checks: Checks, targets: Mapping[str, str]) -> Body:
    """Return those references that are there with their names; `targets` tells which entity each is to."""
    named = {}
    for name, entity in targets.items():
        entity_id = check_reference(realm, checks, name, entity, CALLED.get(entity, entity))
        if entity_id is not None:
            named[name] = named_reference(realm, entity, entity_id)
    return named


def without_nulls(body: Body) -> Body:
    """Return the properties that have a value; to the service an empty text has none, like null."""
    return {name: value for name, value in body.items() if value is not None and value != ""}


def check_open_books(realm: Realm, checks: Checks, *days: Any) -> None:
    """Note 6210 if any of these ISO dates lies in the closed books; 6200 where no password guards them."""
    closed = realm.settings.closed_until
    if closed and any(day and day <= closed.isoformat() for day in days):
        guarded = realm.settings.closed_with_password
        checks.note(errors.period_locked() if guarded else errors.period_closed())


def voided_note(body: Body) -> str:
    """Return the private note of a voided transaction: "Voided" goes before what is there."""
    note = body.get("PrivateNote", "")
    if note.startswith("Voided"):
        return str(note)
    return f"Voided - {note}" if note else "Voided"
