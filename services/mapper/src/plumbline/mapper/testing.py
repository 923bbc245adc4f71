"""What tests of the mapper share: builders in Procore's shape, and far sides that only remember."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from typing_extensions import override

from plumbline.common.connections import ConnectionConfig, Connections
from plumbline.common.contracts.ledger import LedgerCommand
from plumbline.common.database import Connection
from plumbline.common.reconciling.marks import Lane, Mark
from plumbline.common.reconciling.store import Claimed
from plumbline.common.reconciling.verdicts import Effect
from plumbline.common.testing.clock import DAWN
from plumbline.mapper.domain.links import Link, LinkKind, Links
from plumbline.mapper.domain.sighting import Sighting
from plumbline.mapper.domain.story import Version
from plumbline.mapper.ports import Directory, Invoices, LinkBook, Records
from plumbline.procore.models import (
    ContractPayment,
    PaymentApplication,
    PaymentApplicationSummary,
    PrimeContract,
    Project,
)

COMPANY, PROJECT, CONTRACT, APPLICATION, OWNER = 4001, 1001, 2001, 7001, 88
"""The ids of the one company, project, prime contract, owner invoice and owner."""

KEY = f"{COMPANY}/{PROJECT}/payment-applications/{APPLICATION}"
"""The work key of that owner invoice."""

REALM = "9130357992222806"
"""The realm of the one connection."""

_RETAINAGE = ("retained_this_period", "released_this_period")


def schedule_row(
    work: str = "1000.00",
    *,
    stored: str = "0.00",
    retained: str = "0.00",
    stored_retained: str = "0.00",
    released: str = "0.00",
    stored_released: str = "0.00",
    code: str | None = "03-300",
    source: str = "contract",
    description: str = "Concrete",
) -> dict[str, Any]:
    """Return a row of the schedule of values as Procore sends it."""
    return {
        "id": 1,
        "type": "payment_application_line_item",
        "item_number": 1,
        "added_from_source": source,
        "description_of_work": description,
        "description_override": None,
        "wbs_code": {"id": 9, "flat_code": code, "description": description} if code else None,
        "scheduled_value": "100000.00",
        "work_completed_this_period": work,
        "materials_presently_stored": stored,
        "work_completed_retainage_retained_this_period": retained,
        "work_completed_retainage_released_this_period": released,
        "materials_stored_retainage_retained_this_period": stored_retained,
        "materials_stored_retainage_released_this_period": stored_released,
    }


def payment_due(rows: Sequence[Mapping[str, Any]]) -> Decimal:
    """Return what rows ask for, added up in `Decimal` without the mapper's own code."""
    signs = {
        "work_completed_this_period": 1,
        "materials_presently_stored": 1,
        "work_completed_retainage_retained_this_period": -1,
        "materials_stored_retainage_retained_this_period": -1,
        "work_completed_retainage_released_this_period": 1,
        "materials_stored_retainage_released_this_period": 1,
    }
    return sum((sign * Decimal(row[name]) for row in rows for name, sign in signs.items()), Decimal(0))


def application(
    *rows: Mapping[str, Any],
    status: str = "approved",
    status_code: int | None = None,
    tax: str | None = "82.50",
    due: str | None = None,
    **others: Any,
) -> PaymentApplication:
    """Return an owner invoice as Procore sends it; it adds up unless `due` says otherwise."""
    schedule = rows or (schedule_row(),)
    body: dict[str, Any] = {
        "id": APPLICATION,
        "invoice_number": "3",
        "number": 3,
        "status": status,
        "billing_date": "2026-02-28",
        "period_start": "2026-02-01",
        "period_end": "2026-02-28",
        "contract": {"id": CONTRACT, "type": "PrimeContract", "title": "Depot Lofts"},
        "g702": {
            "current_payment_due": due or str(payment_due(schedule)),
            "tax_applicable_to_this_payment": tax,
        },
        "g703": schedule,
        **({} if status_code is None else {"status_code": status_code}),
        **others,
    }
    return PaymentApplication.model_validate(body)


def contract_payment(amount: str, *, invoice_number: str | None = "3", **others: Any) -> ContractPayment:
    """Return a payment received on the contract."""
    body = {"id": 501, "amount": amount, "contract_id": CONTRACT, "date": "2026-03-20"}
    return ContractPayment.model_validate({**body, "invoice_number": invoice_number, **others})


def connection(*, statuses: str = "procore", **policies: Any) -> ConnectionConfig:
    """Return the one connection."""
    return ConnectionConfig.model_validate(
        {
            "name": "texas",
            "procore": {"account": "procore/app", "company_id": str(COMPANY), "projects": [str(PROJECT)]},
            "quickbooks": {"realm": REALM},
            "statuses": statuses,
            "policies": policies,
        }
    )


def link(kind: str, source: str, quickbooks_id: str, name: str = "", *, of: str = "texas") -> Link:
    """Return a link."""
    return Link(connection=of, kind=LinkKind(kind), source=source, quickbooks_id=quickbooks_id, name=name)


ALL_LINKS = (
    link("customer", f"vendor:{OWNER}", "58", "Alamo Plaza Partners"),
    link("item", "default", "11", "Progress billing"),
    link("item", "change-order", "12"),
    link("item", "retainage", "14"),
)
"""Links for everything that an ordinary invoice needs."""


def claimed(
    *causes: str, key: str = KEY, deletion_seen: bool = False, generation: int = 1, attempt: int = 0
) -> Claimed:
    """Return a claimed row, due for these causes."""
    return Claimed(
        key=key,
        connection="texas",
        lane=Lane.LIVE,
        generation=generation,
        fence=1,
        attempt=attempt,
        serving_since=DAWN,
        deletion_seen=deletion_seen,
        traceparent=None,
        causes=causes or ("webhook event-1",),
        announced=None,
    )


@dataclass(frozen=True, slots=True)
class Spent:
    """A partner time that stands still."""

    ms: int = 120


@dataclass(slots=True)
class FakeProcore(Invoices, Directory):
    """Procore as tests set it; counts the reads of invoices."""

    applications: dict[int, PaymentApplication] = field(default_factory=dict)
    payments: dict[int, ContractPayment] = field(default_factory=dict)
    contract: dict[str, Any] = field(
        default_factory=lambda: {
            "id": CONTRACT,
            "status": "Approved",
            "number": "PC-7",
            "vendor": {"id": OWNER, "name": "Alamo Plaza Partners"},
        }
    )
    reads: int = 0

    @override
    async def payment_application(
        self, connection: str, project_id: int, application_id: int
    ) -> PaymentApplication | None:
        self.reads += 1
        return self.applications.get(application_id)

    @override
    async def payment_applications(
        self, connection: str, project_id: int, contract_id: int
    ) -> Sequence[PaymentApplicationSummary]:
        rows = [row.model_dump() for row in self.applications.values() if row.contract.id == contract_id]
        return [PaymentApplicationSummary.model_validate(row) for row in rows]

    @override
    async def contract_payment(
        self, connection: str, project_id: int, payment_id: int
    ) -> ContractPayment | None:
        return self.payments.get(payment_id)

    @override
    async def contract_payments(
        self, connection: str, project_id: int, contract_id: int
    ) -> Sequence[ContractPayment]:
        return list(self.payments.values())

    @override
    async def project(self, connection: str, project_id: int) -> Project:
        return Project.model_validate({"id": project_id, "name": "Depot Lofts", "project_number": "TX01"})

    @override
    async def prime_contract(self, connection: str, project_id: int, contract_id: int) -> PrimeContract:
        return PrimeContract.model_validate(self.contract)


@dataclass(slots=True)
class FakeRecords(Records):
    """Keeps records in memory; effects ignore the connection they are given."""

    sightings: dict[str, Sighting] = field(default_factory=dict)
    commands: list[tuple[LedgerCommand, Sighting]] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)

    @override
    async def last_sighting(self, key: str) -> Sighting | None:
        return self.sightings.get(key)

    @override
    async def published(self, source: str, *, realm: str) -> Mapping[str, LedgerCommand]:
        mine = [c for c, _ in self.commands if c.source == source and c.realm == realm]
        return {command.record: command for command in mine}

    @override
    async def versions(self, source: str) -> Sequence[Version]:
        return [Version(c, sighting.seen_at) for c, sighting in self.commands if c.source == source]

    @override
    def keeping(
        self,
        sighting: Sighting,
        *,
        commands: Sequence[LedgerCommand] = (),
        marks: Sequence[Mark] = (),
        traceparent: str | None = None,
    ) -> Effect:
        async def keep(_: Connection) -> None:
            self.sightings[sighting.key] = sighting
            self.commands += [(command, sighting) for command in commands]
            self.marks += marks

        return keep


@dataclass(slots=True)
class FakeLinks(LinkBook):
    """Keeps links in memory; wakes nobody and remembers for whom it was asked to."""

    made: list[Link] = field(default_factory=lambda: list(ALL_LINKS))
    woken_for: list[Link] = field(default_factory=list)

    @override
    async def links(self, connection: str, sources: Sequence[str]) -> Links:
        return Links(connection, [one for one in self.made if one.source in sources])

    @override
    async def all_links(self, connection: str) -> Sequence[Link]:
        return [one for one in self.made if one.connection == connection]

    @override
    async def make(self, links: Sequence[Link]) -> None:
        self.made += links

    @override
    async def wake(self, links: Sequence[Link]) -> Sequence[str]:
        self.woken_for += links
        return [KEY]


def connections(one: ConnectionConfig) -> Connections:
    """Return a configuration of one connection."""
    return Connections({one.name: one})
