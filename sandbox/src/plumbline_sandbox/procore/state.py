"""Procore's whole state, and the one place where a change becomes a fact."""

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from plumbline_sandbox.clock import Clock
from plumbline_sandbox.faults import Faults
from plumbline_sandbox.journal import Journal
from plumbline_sandbox.procore.g702 import Application
from plumbline_sandbox.procore.grants import Grants, User
from plumbline_sandbox.procore.prostore import Prostore
from plumbline_sandbox.procore.records import Record, Shown, Table
from plumbline_sandbox.procore.requisition import Requisition
from plumbline_sandbox.procore.uploads import Uploads
from plumbline_sandbox.procore.webhooks.delivery import TIMEOUT_S, Deliveries
from plumbline_sandbox.procore.webhooks.hooks import Hooks
from plumbline_sandbox.procore.webhooks.payloads import Event
from plumbline_sandbox.sending import HttpSender
from plumbline_sandbox.storage.state import Storage

FIRST_ID = 562949953508586
"""Where ids start: production ids exceed 32 bits."""

FIRST_HOOK_ID = 43593499
"""Where ids of hooks and triggers start."""

DEFAULT_LAG_MS = 3000
"""How long reads lag behind a change under the `stale-truth` fault, unless it says."""

Row = dict[str, Any]
"""The JSON value of a record of a simple family; never changed in place."""


@dataclass(frozen=True, slots=True)
class Company:
    """A company; `brief_statuses` makes it speak the brief's dialect (`status_code` 4 to 7)."""

    id: int
    name: str
    brief_statuses: bool


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something: `origin` is `api` or `person`; `client_id` is the calling app's."""

    origin: str
    user: User
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of record: its name in the journal, and its webhook resource (None: it has none).

    Lines have the resource of what holds them as `parent`, and tell its id as the fact `parent`.
    """

    entity: str
    resource: str | None
    parent: str | None = None


PROJECT = Family("project", "Projects")
VENDOR = Family("vendor", "Company Vendors")
PROJECT_FOLDER = Family("folder", "Project Folders")
PROJECT_FILE = Family("file", "Project Files")
PROJECT_FILE_VERSION = Family("file_version", "Project File Versions")
COMPANY_FOLDER = Family("folder", "Company Folders")
COMPANY_FILE = Family("file", "Company Files")
COMPANY_INSURANCE = Family("insurance", "Company Insurances")
PROJECT_INSURANCE = Family("insurance", "Project Insurances")
COMPLIANCE = Family("compliance", None)
COMPLIANCE_DOCUMENT = Family("compliance_document", None)
PAPER = Family("paper", None)
TIMESHEET = Family("timesheet", None)
TIMECARD_ENTRY = Family("timecard_entry", "Timecard Entries")
PRIME_CONTRACT = Family("prime_contract", "Prime Contracts")
BILLING_PERIOD = Family("billing_period", None)
PAYMENT_APPLICATION = Family("payment_application", "Payment Applications")
CONTRACT_PAYMENT = Family("contract_payment", "Contract Payments")
WORK_ORDER = Family("work_order_contract", "Work Order Contracts")
WORK_ORDER_LINE = Family(
    "work_order_contract_line_item", "Work Order Contract Line Items", "Work Order Contracts"
)
PURCHASE_ORDER = Family("purchase_order_contract", "Purchase Order Contracts")
PURCHASE_ORDER_LINE = Family(
    "purchase_order_contract_line_item", "Purchase Order Contract Line Items", "Purchase Order Contracts"
)
COMMITMENT_DETAIL = Family("commitment_detail_line_item", None)
REQUISITION = Family("requisition", None)
COMPANY_USER = Family("user", "Company Users")
PROJECT_USER = Family("project_user", "Project Users")
CHANGE_ORDER_PACKAGE = Family("change_order_package", "Change Order Packages")
CHANGE_ORDER_REQUEST = Family("change_order_request", "Change Order Requests")
POTENTIAL_CHANGE_ORDER = Family("potential_change_order", "Potential Change Orders")
POTENTIAL_CHANGE_ORDER_LINE = Family(
    "potential_change_order_line_item", "Potential Change Order Line Items", "Potential Change Orders"
)
CHANGE_ORDER_PACKAGE_LINE = Family("change_order_package_line_item", None)


class Procore:
    """Every company's records, grants and webhooks."""

    def __init__(self, clock: Clock, journal: Journal, faults: Faults, storage: Storage, seed: int) -> None:
        self.clock = clock
        self.journal = journal
        self.faults = faults
        self.rng = random.Random(seed)
        self._last_id = FIRST_ID + seed % 1000
        self.companies: dict[int, Company] = {}
        self.grants = Grants(clock, random.Random(self.rng.random()))
        self.person = User(self.new_id(), "Pat Person", "pat@example.com")
        self.projects: Table[Row] = Table(clock)
        self.vendors: Table[Row] = Table(clock)
        self.prime_contracts: Table[Row] = Table(clock)
        self.billing_periods: Table[Row] = Table(clock)
        self.applications: Table[Application] = Table(clock)
        self.payments: Table[Row] = Table(clock)
        self.prostore = Prostore(storage)
        self.uploads = Uploads(clock, self.prostore, random.Random(seed))
        self.folders: Table[Row] = Table(clock)
        self.files: Table[Row] = Table(clock)
        self.project_vendors: dict[int, set[int]] = {}
        self.people: Table[Row] = Table(clock)
        self.insurances: Table[Row] = Table(clock)
        self.commitments: Table[Row] = Table(clock)
        self.commitment_lines: Table[Row] = Table(clock)
        self.commitment_details: Table[Row] = Table(clock)
        self.requisitions: Table[Requisition] = Table(clock)
        self.wbs_codes: Table[Row] = Table(clock)
        self.compliance: Table[Row] = Table(clock)
        self.compliance_documents: Table[Row] = Table(clock)
        self.papers: Table[Row] = Table(clock)
        self.paying_companies: set[int] = set()
        self.cost_codes: Table[Row] = Table(clock)
        self.timecard_time_types: Table[Row] = Table(clock)
        self.timesheets: Table[Row] = Table(clock)
        self.timecard_entries: Table[Row] = Table(clock)
        self.start_stop_projects: set[int] = set()
        self.users: defaultdict[int, Table[Row]] = defaultdict(lambda: Table(clock))
        """By company: one person may be in several directories."""
        self.project_users: dict[int, set[int]] = {}
        self.change_order_tiers: dict[int, int] = {}
        """By project; one of which nothing was said has `change_orders.tree.DEFAULT_TIERS`."""
        self.change_order_statuses: Table[Row] = Table(clock)
        self.change_orders: Table[Row] = Table(clock)
        """Packages, requests and potential ones: see `change_orders.tree`."""
        self.change_order_lines: Table[Row] = Table(clock)
        self.hooks = Hooks(clock, count(FIRST_HOOK_ID).__next__)
        sender = HttpSender(TIMEOUT_S)
        self.deliveries = Deliveries(clock, journal, faults, sender, self.hooks, random.Random(seed))

    def new_id(self) -> int:
        """Return an id that no record of any kind has."""
        self._last_id += 1
        return self._last_id

    def today(self, project: Shown[Row]) -> date:
        """Return the date it is where a project is; UTC where it has no time zone."""
        return self.clock.now().astimezone(ZoneInfo(project.value.get("tz_name") or "UTC")).date()

    def created(self, family: Family, record: Record[Any], actor: Actor, **facts: Any) -> None:
        """Make a new record a fact: journal, reading lag, webhooks."""
        self._changed(family, record, "create", actor, facts)

    def updated(self, family: Family, record: Record[Any], actor: Actor, **facts: Any) -> None:
        """Make a changed record a fact."""
        self._changed(family, record, "update", actor, facts)

    def deleted(self, family: Family, record: Record[Any], actor: Actor, **facts: Any) -> None:
        """Make a deletion a fact."""
        self._changed(family, record, "delete", actor, facts)

    def _changed(self, family: Family, record: Record[Any], action: str, actor: Actor, facts: Row) -> None:
        self.journal.write(
            "commit",
            provider="procore",
            entity=family.entity,
            id=str(record.id),
            action=f"{action}d",
            company=str(record.company_id),
            project=None if record.project_id is None else str(record.project_id),
            origin=actor.origin,
            **facts,
        )
        self._lag(family, record)
        if family.resource is not None:
            self._announce(family, family.resource, record, action, actor, facts)

    def _lag(self, family: Family, record: Record[Any]) -> None:
        target = {
            "provider": "procore",
            "company": str(record.company_id),
            "project": str(record.project_id),
            "entity": family.entity,
            "id": str(record.id),
        }
        if rule := self.faults.take("stale-truth", target):
            record.lagging_until_s = self.clock.time() + float(rule.args.get("ms", DEFAULT_LAG_MS)) / 1000
        else:
            record.lagging_until_s = 0.0

    def _announce(
        self, family: Family, resource: str, record: Record[Any], action: str, actor: Actor, facts: Row
    ) -> None:
        event = Event(
            resource=resource,
            resource_id=record.id,
            action=action,
            company_id=record.company_id,
            # A project is a record of the company; its events come on company hooks.
            project_id=record.project_id,
            user_id=actor.user.id,
            application_id=actor.client_id,
            at=self.clock.now(),
            related=((int(facts["parent"]), family.parent),) if family.parent else (),
        )
        self.deliveries.announce(event)
