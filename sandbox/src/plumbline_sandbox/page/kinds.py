"""What there is to see: the kinds of record of every company, each a shelf of items.

A new kind of Procore's is a line in `PROCORE`; QuickBooks' families are all shown by themselves.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from plumbline_sandbox.procore.application_edit import STATUSES as INVOICE_STATUSES
from plumbline_sandbox.procore.application_edit import is_approved
from plumbline_sandbox.procore.change_orders.statuses import Statuses
from plumbline_sandbox.procore.change_orders.tree import PACKAGE, Tree
from plumbline_sandbox.procore.g702 import Application, summarize
from plumbline_sandbox.procore.records import Record, Table
from plumbline_sandbox.procore.requisition import APPROVED, Requisition
from plumbline_sandbox.procore.requisition_edit import STATUSES as REQUISITION_STATUSES
from plumbline_sandbox.procore.state import Company, Procore, Row
from plumbline_sandbox.quickbooks.entities.base import Entity
from plumbline_sandbox.quickbooks.entities.registry import ENTITIES
from plumbline_sandbox.quickbooks.realm import Realm
from plumbline_sandbox.world import World

Vendor = Literal["procore", "quickbooks"]
Body = Mapping[str, Any]

Fields = Mapping[str, tuple[str, str | tuple[str, ...]]]
"""Names of properties, with the label of each, and the type of its input or what there is to choose from."""

APPROVE, SEND, VOID, DELETE = "approve", "send", "void", "delete"
ATTACH, DETACH = "attach-workflow", "detach-workflow"
"""What a person can do with a record besides changing it."""

CODES = "4 approved for invoicing, 5 invoice ready, 6 invoice sent, 7 paid"
"""The codes of the brief's dialect."""


@dataclass(frozen=True, slots=True)
class Item:
    """One record as people see it."""

    id: str
    body: Body
    project: str = ""
    """Number and name of its project, if it has one."""
    acts: tuple[str, ...] = ()
    """What can be done with it now."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """All records of one kind in one company, oldest first."""

    vendor: Vendor
    company_id: str
    company: str
    name: str
    """The kind, as paths say it."""
    title: str
    """The kind, as people say it in the plural."""
    items: Callable[[], Iterator[Item]]
    count: Callable[[], int]
    """How many there are, without looking into each."""
    fields: Fields = field(default_factory=dict)
    """What people can change in an item; QuickBooks' families say by themselves what is writable."""

    @property
    def path(self) -> str:
        """Where its page is."""
        return f"/page/{self.vendor}/{self.company_id}/{self.name}"

    def find(self, item_id: str) -> Item:
        """Return the item of this id.

        Raises:
            KeyError: There is none.
        """
        found = next((item for item in self.items() if item.id == item_id), None)
        if found is None:
            raise KeyError(item_id)
        return found


def shelves(world: World, vendor: Vendor, company_id: str) -> dict[str, Shelf]:
    """Return the shelves of one company by their names.

    Raises:
        KeyError: There is no such company.
    """
    if vendor == "quickbooks":
        realm = world.quickbooks.realm(company_id)
        return {family.name: _of_family(realm, family) for family in ENTITIES.values()}
    company = world.procore.companies[int(company_id)]
    return {kind.name: _of_kind(world.procore, company, kind) for kind in PROCORE}


def companies(world: World, vendor: Vendor) -> dict[str, str]:
    """Return the name of each of a vendor's companies by its id."""
    if vendor == "quickbooks":
        return world.quickbooks.company_names()
    return {str(company.id): company.name for company in world.procore.companies.values()}


def _all(table: Callable[[Procore], Table[Any]]) -> Callable[[Procore, int], Iterable[Record[Any]]]:
    """Return what gives a company's records of one table."""
    return lambda procore, company_id: (
        record for record in table(procore).living() if record.company_id == company_id
    )


def _plain(_: Procore, record: Record[Any]) -> Body:
    value: Any = record.value
    return value if isinstance(value, dict) else asdict(value)


def _none(_: Procore, __: Record[Any]) -> tuple[str, ...]:
    return ()


def _nothing(_: Procore, __: Company) -> Fields:
    return {}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of Procore's records: its name in paths, its title for people, and a company's records of it.

    `body` makes plain values of a record's, `acts` says what can be done with it now, and `fields`
    what can be changed in it; `doing` does both.
    """

    name: str
    title: str
    records: Callable[[Procore, int], Iterable[Record[Any]]]
    body: Callable[[Procore, Record[Any]], Body] = _plain
    acts: Callable[[Procore, Record[Any]], tuple[str, ...]] = _none
    fields: Callable[[Procore, Company], Fields] = _nothing


def _owner_invoice(procore: Procore, record: Record[Application]) -> Body:
    assert record.value is not None
    return {**_plain(procore, record), "payment_due": summarize(record.value.lines).current_payment_due}


def _acts_on_owner_invoice(_: Procore, record: Record[Application]) -> tuple[str, ...]:
    return (DELETE,) if record.value and is_approved(record.value) else (APPROVE, DELETE)


def _fields_of_owner_invoice(_: Procore, company: Company) -> Fields:
    return {
        "status": ("Status", INVOICE_STATUSES),
        **({"status_code": (f"Code ({CODES})", "number")} if company.brief_statuses else {}),
        "invoice_number": ("Invoice number", "text"),
        "billing_date": ("Billing date", "date"),
        "period_start": ("Period from", "date"),
        "period_end": ("Period to", "date"),
        "tax": ("Tax", "text"),
    }


def _packages(procore: Procore, company_id: int) -> Iterator[Record[Row]]:
    for record in procore.change_orders.living():
        value = record.value
        if record.company_id == company_id and value and value["kind"] == PACKAGE and not value["deleted_at"]:
            yield record


def _change_order(procore: Procore, record: Record[Row]) -> Body:
    tree = Tree(procore)
    lines = [line.value for line in tree.lines(record)]
    return {**_plain(procore, record), "grand_total": tree.total(record), "lines": lines}


def _acts_on_change_order(procore: Procore, record: Record[Row]) -> tuple[str, ...]:
    approve = () if Tree(procore).standard(record) == "approved" else (APPROVE,)
    return (*approve, DETACH if record.value and record.value["workflow"] else ATTACH, DELETE)


def _fields_of_change_order(procore: Procore, company: Company) -> Fields:
    return {
        "status": ("Status", tuple(Statuses(procore).known(company.id))),
        "executed": ("Executed", ("false", "true")),
        "title": ("Title", "text"),
    }


def _requisition(procore: Procore, record: Record[Requisition]) -> Body:
    assert record.value is not None
    order = procore.commitments.truth(record.value.commitment_id)
    assert order is not None
    assert order.value is not None
    vendor = procore.vendors.truth(order.value["vendor_id"] or 0)
    return {
        **_plain(procore, record),
        "commitment": order.value["number"],
        "vendor": vendor.value if vendor else None,
        "payment_due": summarize(record.value.items).current_payment_due,
    }


def _acts_on_requisition(_: Procore, record: Record[Requisition]) -> tuple[str, ...]:
    return (DELETE,) if record.value and record.value.status in APPROVED else (APPROVE, DELETE)


def _fields_of_requisition(_: Procore, __: Company) -> Fields:
    return {
        "status": ("Status", REQUISITION_STATUSES),
        "invoice_number": ("Invoice number", "text"),
        "requisition_start": ("Period from", "date"),
        "requisition_end": ("Period to", "date"),
        "billing_date": ("Billing date", "date"),
        "payment_date": ("Paid on", "date"),
    }


OWNER_INVOICES = Kind(
    "payment_applications",
    "Owner invoices",
    _all(lambda p: p.applications),
    _owner_invoice,
    _acts_on_owner_invoice,
    _fields_of_owner_invoice,
)
"""What people bill on the page."""

CHANGE_ORDERS = Kind(
    "change_orders",
    "Change orders",
    _packages,
    _change_order,
    _acts_on_change_order,
    _fields_of_change_order,
)
"""The packages; what is in them is shown with them."""

REQUISITIONS = Kind(
    "requisitions",
    "Requisitions",
    _all(lambda p: p.requisitions),
    _requisition,
    _acts_on_requisition,
    _fields_of_requisition,
)
"""What subcontractors bill."""

PROCORE = (
    OWNER_INVOICES,
    REQUISITIONS,
    Kind("contract_payments", "Payments received", _all(lambda p: p.payments)),
    CHANGE_ORDERS,
    Kind("prime_contracts", "Prime contracts", _all(lambda p: p.prime_contracts)),
    Kind("projects", "Projects", _all(lambda p: p.projects)),
    Kind("billing_periods", "Billing periods", _all(lambda p: p.billing_periods)),
    Kind("vendors", "Vendors", _all(lambda p: p.vendors)),
    Kind("users", "Users", lambda p, company_id: p.users[company_id].living()),
    Kind("people", "People", _all(lambda p: p.people)),
    Kind("commitments", "Commitments", _all(lambda p: p.commitments)),
    Kind("compliance", "Compliance", _all(lambda p: p.compliance)),
    Kind("compliance_documents", "Compliance documents", _all(lambda p: p.compliance_documents)),
    Kind("insurances", "Insurances", _all(lambda p: p.insurances)),
    Kind("papers", "Waivers and holds", _all(lambda p: p.papers)),
    Kind("timecard_entries", "Timecard entries", _all(lambda p: p.timecard_entries)),
    Kind("timesheets", "Timesheets", _all(lambda p: p.timesheets)),
    Kind("timecard_time_types", "Time types", _all(lambda p: p.timecard_time_types)),
    Kind("cost_codes", "Cost codes", _all(lambda p: p.cost_codes)),
    Kind("change_order_statuses", "Names of statuses", _all(lambda p: p.change_order_statuses)),
    Kind("folders", "Folders", _all(lambda p: p.folders)),
    Kind("files", "Files", _all(lambda p: p.files)),
)
"""Every kind of Procore's records, in the order in which they are shown."""

COLUMNS: Mapping[Vendor, Mapping[str, str]] = {
    "procore": {
        "Number": "invoice_number|project_number|full_code|number|position",
        "Name": "name|title|time_type|display_name",
        "Project": "",
        "Commitment": "commitment",
        "Vendor": "vendor.name",
        "Kind": "kind",
        "Type": "type",
        "Status": "status|approval_status|compliance_status",
        "Code": "status_code",
        "Date": "billing_date|date",
        "From": "start_date|effective_date|effective_at",
        "To": "end_date|expiration_date|expires_at",
        "Due": "due_date",
        "#Hours": "hours",
        "#Payment due": "payment_due",
        "#Amount": "amount|grand_total|total_claimed_amount",
        "#Tax": "tax",
        "City": "city",
        "State": "state_code",
        "Active": "active|is_active",
    },
    "quickbooks": {
        "Number": "DocNumber|PaymentRefNum",
        "Name": "FullyQualifiedName|DisplayName|Name|CompanyName|FileName",
        "Customer": "CustomerRef.name",
        "Vendor": "VendorRef.name|EntityRef.name",
        "Type": "AccountType|Type|PayType|PaymentType",
        "Date": "TxnDate",
        "Due": "DueDate",
        "#Price": "UnitPrice",
        "#Rate": "RateValue",
        "#Total": "TotalAmt|Amount",
        "#Open": "Balance",
        "#Not applied": "UnappliedAmt",
        "E-mail": "EmailStatus|PrimaryEmailAddr.Address",
        "Active": "Active",
    },
}
"""Headings, and the dotted names of which the first that a record has stands under each.

A table has those columns that some row of it fills. Headings that begin with `#` are of figures.
"""


def _of_kind(procore: Procore, company: Company, kind: Kind) -> Shelf:
    def items() -> Iterator[Item]:
        for record in kind.records(procore, company.id):
            yield Item(
                str(record.id),
                kind.body(procore, record),
                _project(procore, record),
                kind.acts(procore, record),
            )

    def count() -> int:
        return sum(1 for _ in kind.records(procore, company.id))

    fields = kind.fields(procore, company)
    return Shelf("procore", str(company.id), company.name, kind.name, kind.title, items, count, fields)


def _project(procore: Procore, record: Record[Any]) -> str:
    project = procore.projects.truth(record.project_id or 0)
    return str(project.value["display_name"]) if project and project.value else ""


def _of_family(realm: Realm, family: Entity) -> Shelf:
    acts = tuple(
        act for act in (SEND, VOID, DELETE) if getattr(type(family), act) is not getattr(Entity, act)
    )

    def items() -> Iterator[Item]:
        for body in realm.stores[family.name].all():
            yield Item(body["Id"], family.render(realm, body), acts=acts)

    def count() -> int:
        return sum(1 for _ in realm.stores[family.name].all())

    return Shelf("quickbooks", realm.id, realm.name, family.name, family.name, items, count)
