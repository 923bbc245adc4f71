"""One company: its stores, its numbering, its settings, and the one place that commits."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from plumbline_sandbox.clock import Clock
from plumbline_sandbox.journal import Journal
from plumbline_sandbox.quickbooks import ledger, posting, wire
from plumbline_sandbox.quickbooks.errors import Trouble
from plumbline_sandbox.quickbooks.files import Files
from plumbline_sandbox.quickbooks.general_ledger import GeneralLedger
from plumbline_sandbox.quickbooks.posting import Role
from plumbline_sandbox.quickbooks.requestid import RequestMemory
from plumbline_sandbox.quickbooks.settings import RealmSettings
from plumbline_sandbox.quickbooks.store import Family, Register, Store
from plumbline_sandbox.quickbooks.wire import Body

FIRST_IDS = {"transaction": 100, "name": 50, "item": 10, "account": 30}
"""Ids do not start at 1, so that an id of one family seldom exists in another by accident."""


FIRST_NUMBER = 1001
"""Number of the first form a company numbers itself."""

_NUMBERED = re.compile(r"(.*?)([1-9]\d*)")
"""A number that can be counted on from, behind whatever stands before it."""

Announce = Callable[[str, str, str, str], None]
"""Is told of every change: realm, entity, id, and the change as the journal names it."""


@dataclass(frozen=True, slots=True)
class Call:
    """Who wants something, and in which manner."""

    origin: str = "api"
    """`api`, or `person` for work in the user interface (no token, no limits)."""
    requestid: str = ""
    operation: str = ""
    include: frozenset[str] = frozenset()
    send_to: str = ""
    warnings: list[Trouble] = field(default_factory=list)
    """What the answer warns of, though nothing is refused."""


_TOLD = {"DocNumber": "doc_number", "PrivateNote": "private_note", "Note": "note", "Size": "size_bytes"}
"""What else the journal tells of an entity, if it has it."""


class Realm:
    """One company file. Only `commit` and `delete` change entities; both write the journal."""

    def __init__(
        self,
        *,
        realm_id: str,
        name: str,
        families: Iterable[Family],
        clock: Clock,
        journal: Journal,
        announce: Announce,
    ) -> None:
        self.id = realm_id
        self.name = name
        self.clock = clock
        self.settings = RealmSettings()
        self.stores = {family.name: Store(family) for family in families}
        self.registers: defaultdict[str, Register] = defaultdict(Register)
        self.requests = RequestMemory(clock)
        self.owed: defaultdict[str, Decimal] = defaultdict(Decimal)
        """Open receivable per customer id (without its jobs), open payable per vendor id."""
        self.general_ledger = GeneralLedger()
        self.files = Files(realm_id, clock)
        self._journal = journal
        self._announce = announce
        self._roles: dict[Role, str] = {}
        self._mails: Counter[date] = Counter()
        self._last_ids = dict(FIRST_IDS)
        self._last_numbers = defaultdict[str, int](lambda: FIRST_NUMBER - 1)

    def get(self, entity: str, entity_id: str | None) -> Body | None:
        """Return the present body of an entity, or None."""
        return self.stores[entity].get(entity_id) if entity_id else None

    def next_number(self, register: str = "sales-forms") -> str:
        """Return the next free document number (Intuit, Invoice: DocNumber is filled in if absent)."""
        taken = self.registers[register]
        newest = _NUMBERED.fullmatch(taken.newest) if self.settings.numbers_follow_last else None
        prefix, last = (newest[1], int(newest[2])) if newest else ("", self._last_numbers[register])
        number = next(n for n in count(last + 1) if taken.holder(f"{prefix}{n}") is None)
        if newest is None:
            self._last_numbers[register] = number
        return f"{prefix}{number}"

    def commit(self, entity: str, body: Body, *, change: str, call: Call) -> Body:
        """Store a new or changed entity and return it as stored.

        A body with the Id of an entity replaces it and raises its SyncToken by one; any other gets
        token 0, and an Id unless it brings one of its own. The caller has checked everything: this never refuses.
        """
        store = self.stores[entity]
        before = store.get(body["Id"]) if "Id" in body else None
        stored = self._identified(store.family, body, before)
        self._store(store, stored["Id"], before, stored)
        if change not in posting.UNPOSTED:
            self.general_ledger.post((entity, stored["Id"]), posting.entry(self, entity, stored))
        self._note(entity, stored, change, call)
        return stored

    def delete(self, entity: str, body: Body, call: Call) -> None:
        """Remove an entity; its number becomes free."""
        self._store(self.stores[entity], body["Id"], body, None)
        self.general_ledger.post((entity, body["Id"]), {})
        self._note(entity, body, "deleted", call)

    def mailed(self, entity: str, body: Body, to: str, call: Call) -> None:
        """Write into the journal that the customer got this document by e-mail."""
        facts = {"realm": self.id, "entity": entity, "id": body["Id"], "to": to, "origin": call.origin}
        self._mails[wire.today(self.clock.now())] += 1
        self._journal.write("mail", provider="quickbooks", doc_number=body.get("DocNumber"), **facts)

    def mails_today(self) -> int:
        """Return how many mails the company has sent today."""
        return self._mails[wire.today(self.clock.now())]

    def _identified(self, family: Family, body: Body, before: Body | None) -> Body:
        now = wire.stamp(self.clock.now())
        if before is None:
            entity_id, token, created = body.get("Id") or self._next_id(family.sequence), 0, now
        else:
            entity_id, token = before["Id"], int(before["SyncToken"]) + 1
            created = before["MetaData"]["CreateTime"]
        head = {"domain": "QBO", "sparse": False, "Id": entity_id, "SyncToken": str(token)}
        return {**body, **head, "MetaData": {"CreateTime": created, "LastUpdatedTime": now}}

    def _next_id(self, sequence: str) -> str:
        self._last_ids[sequence] = self._last_ids.get(sequence, 0) + 1
        return str(self._last_ids[sequence])

    def _store(self, store: Store, entity_id: str, before: Body | None, after: Body | None) -> None:
        family = store.family
        if family.name == "Account":
            self._roles.clear()
        store.put(entity_id, after, at_s=self.clock.time(), lag_s=self.settings.index_lag_s)
        if family.register:
            old, new = (family.key(body) if body else None for body in (before, after))
            self.registers[family.register].move((family.name, entity_id), old, new)
        for body, sign in ((before, -1), (after, 1)):
            for owed in ledger.owed(family.name, body, self.account_type) if body else ():
                self.owed[owed.name_id] += sign * owed.amount

    def account_for(self, role: Role) -> str:
        """Return the id of the company's account of this role: the oldest, active ones before others.

        Empty if there is none, which happens to a company that was founded without a chart only.
        """
        if role not in self._roles:
            name, values = posting.ROLES[role]
            fitting = [a for a in self.stores["Account"].all() if a[name] in values]
            fitting.sort(key=lambda account: not account["Active"])
            self._roles[role] = fitting[0]["Id"] if fitting else ""
        return self._roles[role]

    def account_type(self, account_id: str) -> str:
        """Return the type of an account, or an empty text if there is no such account."""
        return str((self.get("Account", account_id) or {}).get("AccountType", ""))

    def _note(self, entity: str, body: Body, change: str, call: Call) -> None:
        facts: dict[str, Any] = {"realm": self.id, "entity": entity, "id": body["Id"]}
        if (total := body.get("TotalAmt")) is not None:
            facts["total_cents"] = wire.cents(total)
        if "Balance" in body and entity == "Invoice":
            facts["balance_cents"] = wire.cents(body["Balance"])
        facts |= {key: body[name] for name, key in _TOLD.items() if name in body}
        self._journal.write(
            "commit",
            provider="quickbooks",
            change=change,
            sync_token=body["SyncToken"],
            requestid=call.requestid,
            origin=call.origin,
            **facts,
        )
        self._announce(self.id, entity, body["Id"], change)
