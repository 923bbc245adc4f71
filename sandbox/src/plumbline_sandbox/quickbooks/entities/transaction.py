"""What the transactions of the purchase side and the journal do alike: dates, numbers, deletion, line ids."""

from collections.abc import Iterable, Iterator
from typing import Any

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors, wire
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import (
    CURRENCY,
    Entity,
    check_open_books,
    check_reference,
    deleted,
    named_reference,
)
from plumbline_sandbox.quickbooks.entities.company import tracked
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.wire import Body

LONGEST_NUMBER = 21
"""Longest DocNumber of every transaction (Intuit)."""

LONGEST_NOTE = 4000
"""Longest PrivateNote of every transaction (Intuit)."""

MOST_CUSTOM_FIELDS = 3
"""Custom fields of a transaction (Intuit, Invoice: "one of, up to three")."""


class Transaction(Entity):
    """A dated transaction that can be deleted, and whose number may be unique within its type."""

    @override
    def admit(self, realm: Realm, before: Body | None, built: Body, call: Call) -> None:
        """Refuse a number that another transaction of the type has (6140), unless waived or unchecked."""
        number, check = built.get("DocNumber"), realm.settings.duplicate_check
        unchecked = not check or "allowduplicatedocnum" in call.include
        if not self.family.register or number is None or unchecked:
            return
        if before and before.get("DocNumber") == number:
            return
        holder = realm.registers[self.family.register].holder(number, but=before["Id"] if before else None)
        if holder is None:
            return
        trouble = errors.duplicate_number(number, holder if realm.settings.duplicate_names_holder else None)
        if check != "warn":
            raise FaultError(trouble)
        call.warnings.append(trouble)

    @override
    def _build_and_save(self, realm: Realm, before: Body | None, wanted: Body, call: Call) -> Body:
        return super()._build_and_save(realm, before, tracked(realm, wanted), call)

    @override
    def delete(self, realm: Realm, sent: Body, call: Call) -> Body:
        """Delete a transaction of an open period that nothing hangs on."""
        before = self.present(realm, sent)
        refuse_closed(realm, before)
        self.refuse_dependents(realm, before)
        realm.delete(self.name, before, call)
        self.removed(realm, before, call)
        return deleted(self.name, before["Id"])

    def refuse_dependents(self, realm: Realm, before: Body) -> None:
        """Refuse to delete what other transactions are linked to.

        Raises:
            FaultError: 800, or another that says why not.
        """

    def removed(self, realm: Realm, before: Body, call: Call) -> None:
        """Carry a deletion on to the entities that hang on it. Cannot refuse."""


def heading(realm: Realm, checks: Checks, before: Body | None) -> Body:
    """Check number, note, custom fields and date; return the properties every transaction has."""
    checks.text("DocNumber", longest=LONGEST_NUMBER)
    checks.text("PrivateNote", longest=LONGEST_NOTE)
    if checks.has("CustomField"):
        _check_custom_fields(checks)
    txn_date = (checks.day("TxnDate") or wire.today(realm.clock.now())).isoformat()
    check_open_books(realm, checks, txn_date, (before or {}).get("TxnDate"))
    return {"TxnDate": txn_date, "CurrencyRef": CURRENCY}


def _check_custom_fields(checks: Checks) -> None:
    """Note 3000 for more than three fields, one without a definition, or one that is no text (inferred)."""
    fields = listed(checks, "CustomField", checks.value("CustomField"))
    if len(fields) > MOST_CUSTOM_FIELDS:
        checks.note(errors.bad_custom_field(f"A transaction has {MOST_CUSTOM_FIELDS} custom fields at most."))
    for field in fields:
        if not isinstance(field.get("DefinitionId"), str) or field.get("Type", "StringType") != "StringType":
            checks.note(errors.bad_custom_field("A custom field has a DefinitionId and the Type StringType."))
        elif not isinstance(field.get("StringValue", ""), str):
            checks.note(errors.bad_custom_field("The StringValue of a custom field is a text."))


def refuse_closed(realm: Realm, body: Body) -> None:
    """Refuse to touch a transaction in the closed books.

    Raises:
        FaultError: 6210.
    """
    checks = Checks(body)
    check_open_books(realm, checks, body["TxnDate"])
    checks.done()


def check_account(realm: Realm, checks: Checks, name: str, kinds: frozenset[str]) -> Body | None:
    """Return the named reference to an account of one of these types; note 2500, 610 or 6430."""
    account_id = check_reference(realm, checks, name, "Account", "Accounts")
    if account_id is None:
        return None
    if (realm.get("Account", account_id) or {})["AccountType"] not in kinds:
        checks.note(errors.wrong_account_type(name))
    return named_reference(realm, "Account", account_id)


def check_party(realm: Realm, checks: Checks, name: str, entity: str) -> Body | None:
    """Return the named reference to a customer, vendor or employee; note 2500 or 610."""
    party_id = check_reference(realm, checks, name, entity, "Names")
    return None if party_id is None else named_reference(realm, entity, party_id)


_CONTROL = {
    "Accounts Receivable": ("Customer", "When you use Accounts Receivable, you must choose a customer"),
    "Accounts Payable": ("Vendor", "When you use Accounts Payable, you must choose a vendor"),
}
"""Account types that need a name, whose name, and the captured words when it is missing."""


def check_control(checks: Checks, account_type: str, party_type: str | None) -> None:
    """Note 6000 for a line on receivables without a customer, or on payables without a vendor."""
    wanted, words = _CONTROL.get(account_type, ("", ""))
    if wanted and not checks.troubles and party_type != wanted:
        checks.note(errors.business(f"{words} in the Name field."))


def take(checks: Checks, inner: Checks) -> None:
    """Note with the whole what was noted of one of its parts."""
    for trouble in inner.troubles:
        checks.note(trouble)


def listed(checks: Checks, name: str, sent: Any) -> list[Body]:
    """Return a property that is a list of objects, or nothing and note 2010."""
    if isinstance(sent, list) and all(isinstance(entry, dict) for entry in sent):
        return sent
    checks.note(errors.bad_property(name))
    return []


class LineIds:
    """Gives lines their ids: one that names a line of the present body keeps its id, others get the next."""

    def __init__(self, before: Body | None, *, first: int = 1) -> None:
        self._known = set(_line_ids((before or {}).get("Line", ())))
        self._last = max((int(line_id) for line_id in self._known), default=first - 1)

    def of(self, sent: Body) -> str:
        """Return the id of this line; an id that is sent twice is kept once."""
        line_id = str(sent.get("Id"))
        if line_id in self._known:
            self._known.remove(line_id)
            return line_id
        self._last += 1
        return str(self._last)


def _line_ids(lines: Iterable[Body]) -> Iterator[str]:
    """Return the ids of lines and of those inside of groups."""
    for line in lines:
        if "Id" in line:
            yield line["Id"]
        if line.get("DetailType") == "GroupLineDetail":
            yield from _line_ids(line["GroupLineDetail"]["Line"])
