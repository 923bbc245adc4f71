"""Making and changing owner invoices, for API callers and persons alike."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from plumbline_sandbox.procore.change_orders.billing import Billing
from plumbline_sandbox.procore.conventions import SYNCED, invalid
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.g702 import Application, Line, completed_and_stored, summarize
from plumbline_sandbox.procore.records import Record
from plumbline_sandbox.procore.state import PAYMENT_APPLICATION, Actor, Procore, Row

STATUSES = ("draft", "under_review", "revise_and_resubmit", "approved")
"""Statuses of an owner invoice: four, and none of them says paid or void."""

SOURCES = ("contract", "change_order")
"""Where a row of the schedule of values comes from."""

APPROVED_CODES = (4, 5, 6, 7)
"""Codes of the brief's dialect from ApprovedForInvoicing onwards."""

DEFAULT_LATE_MS = 3000
"""How late change-order rows appear under the `late-rows` fault, unless it says."""


class Applications:
    """The rules of owner invoices; every method makes its change a fact."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._billing = Billing(procore)

    def create(self, contract: Record[Row], body: Row, actor: Actor, path: str) -> Record[Application]:
        """Add the contract's next application.

        Without `lines` (API callers cannot give any) the schedule of values is added with
        nothing billed on it yet, the rows of approved change orders among it.

        Raises:
            RefusedError: 422, a field is invalid.
        """
        fields = Fields(path, body)
        number = 1 + len(self._records(contract))
        blank = self._blank(contract, number)
        application = self._filled(blank, fields, contract)
        if "lines" in fields:
            application = replace(application, lines=self._read_lines(path, body["lines"]))
        fields.done()
        application = self._with_late_rows(None, application, contract)
        record = self._procore.applications.insert(
            self._procore.new_id(),
            application,
            company_id=contract.company_id,
            project_id=contract.project_id,
        )
        self._procore.created(PAYMENT_APPLICATION, record, actor, **_facts(application))
        return record

    def update(self, record: Record[Application], body: Row, actor: Actor, path: str) -> None:
        """Change the fields that are named; `lines` replaces all rows.

        Raises:
            RefusedError: 422, a field is invalid or the application is owned by an ERP.
        """
        before = self._editable(record, path)
        contract = self._contract(before)
        fields = Fields(path, body)
        application = self._filled(before, fields, contract)
        if "lines" in fields:
            application = replace(application, lines=self._read_lines(path, body["lines"]))
        fields.done()
        self._store(record, self._with_late_rows(before, application, contract), actor)

    def update_line(self, record: Record[Application], line: Line, actor: Actor, path: str) -> None:
        """Replace the row of the same id.

        Raises:
            RefusedError: 422, the application is owned by an ERP.
        """
        before = self._editable(record, path)
        lines = tuple(line if row.id == line.id else row for row in before.lines)
        self._store(record, replace(before, lines=lines), actor)

    def delete(self, record: Record[Application], actor: Actor, path: str) -> None:
        """Delete an application.

        Raises:
            RefusedError: 422, the application is owned by an ERP.
        """
        self._editable(record, path)
        self._procore.applications.change(record, None)
        self._procore.deleted(PAYMENT_APPLICATION, record, actor)

    def renew_rows(self, package: Record[Row], contract: Record[Row], actor: Actor) -> None:
        """Give the rows of a change order to the applications that may still change, or take them away.

        Rows on which something was billed stay.
        """
        applications = self._records(contract)
        for place, record in enumerate(applications):
            value = record.value
            if value is None or is_approved(value) or value.origin_id is not None:
                continue
            rows = self._billing.rows_of(package, contract)
            wanted = {row.source_id for row in rows}
            kept = [line for line in value.lines if line.package_id != package.id or _stays(line, wanted)]
            there = {line.source_id for line in kept}
            done = _done(applications[:place])
            kept += [_following(row, done) for row in rows if row.source_id not in there]
            if tuple(kept) != value.lines:
                self._store(record, replace(value, lines=tuple(kept)), actor)

    def _store(self, record: Record[Application], application: Application, actor: Actor) -> None:
        self._procore.applications.change(record, application)
        self._procore.updated(PAYMENT_APPLICATION, record, actor, **_facts(application))

    def _editable(self, record: Record[Application], path: str) -> Application:
        assert record.value is not None
        if record.value.origin_id is not None:
            raise invalid(path, {"base": [SYNCED]})
        return record.value

    def _contract(self, application: Application) -> Record[Row]:
        contract = self._procore.prime_contracts.truth(application.contract_id)
        assert contract is not None
        return contract

    def _records(self, contract: Record[Row]) -> list[Record[Application]]:
        rows = self._procore.applications.living_of_project(contract.project_id)
        return [row for row in rows if row.value is not None and row.value.contract_id == contract.id]

    def _blank(self, contract: Record[Row], number: int) -> Application:
        """Return a draft for the present month with the schedule of values and nothing billed."""
        today = self._procore.clock.now().date()
        return Application(
            contract_id=contract.id,
            number=number,
            invoice_number=str(number),
            status="draft",
            status_code=None,
            billing_date=today,
            period_id=None,
            period_start=today.replace(day=1),
            period_end=today,
            tax=Decimal("0.00"),
            lines=self._schedule(contract),
        )

    def _schedule(self, contract: Record[Row]) -> tuple[Line, ...]:
        assert contract.value is not None
        percent = Decimal(contract.value["retainage_percent"])
        rows = [self._scheduled(row, percent) for row in contract.value["lines"]]
        done = _done(self._records(contract))
        return tuple(_following(row, done) for row in (*rows, *self._billing.rows(contract)))

    def _scheduled(self, row: Row, percent: Decimal) -> Line:
        return Line(
            id=self._procore.new_id(),
            source_id=row["id"],
            added_from_source="contract",
            description_of_work=row["description"],
            flat_code=row["wbs_code"]["flat_code"],
            scheduled_value=Decimal(row["amount"]),
            previous_work=Decimal("0.00"),
            work_this_period=Decimal("0.00"),
            materials_stored=Decimal("0.00"),
            retainage_percent=percent,
            retainage_released=Decimal("0.00"),
        )

    def _filled(self, base: Application, fields: Fields, contract: Record[Row]) -> Application:
        start = fields.day("period_start", base.period_start) or base.period_start
        end = fields.day("period_end", base.period_end) or base.period_end
        if end < start:
            fields.complain("period_end", "must be on or after period_start")
        return replace(
            base,
            invoice_number=fields.text("invoice_number", base.invoice_number) or base.invoice_number,
            status=fields.choice("status", STATUSES, base.status),
            status_code=self._status_code(base, fields, contract),
            billing_date=fields.day("billing_date") or base.billing_date,
            period_id=fields.integer("commitment_billing_period_id", base.period_id),
            period_start=start,
            period_end=end,
            tax=fields.amount("tax", base.tax),
            origin_id=fields.text("origin_id", base.origin_id),
            origin_data=fields.text("origin_data", base.origin_data),
        )

    def _status_code(self, base: Application, fields: Fields, contract: Record[Row]) -> int | None:
        if self._procore.companies[contract.company_id].brief_statuses:
            return fields.integer("status_code", base.status_code)
        if "status_code" in fields:
            fields.complain("status_code", "is unknown to this company")
        return None

    def _read_lines(self, path: str, lines: Any) -> tuple[Line, ...]:
        if not isinstance(lines, Sequence) or not all(isinstance(line, Mapping) for line in lines):
            raise invalid(path, {"lines": ["is not a list of objects"]})
        return tuple(self._read_line(path, line) for line in lines)

    def _read_line(self, path: str, body: Row) -> Line:
        fields = Fields(path, body)
        line_id = self._procore.new_id()
        line = Line(
            id=line_id,
            source_id=fields.integer("source_id") or line_id,
            added_from_source=fields.choice("added_from_source", SOURCES, "contract"),
            description_of_work=fields.text("description_of_work", "") or "",
            flat_code=fields.text("flat_code", "") or "",
            scheduled_value=fields.amount("scheduled_value"),
            previous_work=fields.amount("work_completed_from_previous_application"),
            work_this_period=fields.amount("work_completed_this_period"),
            materials_stored=fields.amount("materials_presently_stored"),
            retainage_percent=fields.amount("retainage_percent"),
            retainage_released=fields.amount("retainage_released_this_period"),
        )
        fields.done()
        return line

    def _with_late_rows(
        self, before: Application | None, after: Application, contract: Record[Row]
    ) -> Application:
        """Hide change-order rows for a while when the application has just been approved."""
        if not is_approved(after) or (before is not None and is_approved(before)):
            return after
        if not any(line.added_from_source == "change_order" for line in after.lines):
            return after
        target = {
            "provider": "procore",
            "company": str(contract.company_id),
            "project": str(contract.project_id),
            "invoice_number": after.invoice_number,
        }
        rule = self._procore.faults.take("late-rows", target)
        if rule is None:
            return after
        appears_at_s = self._procore.clock.time() + float(rule.args.get("ms", DEFAULT_LATE_MS)) / 1000
        lines = tuple(
            replace(line, appears_at_s=appears_at_s) if line.added_from_source == "change_order" else line
            for line in after.lines
        )
        return replace(after, lines=lines)


def is_approved(application: Application) -> bool:
    """Tell whether an application may be invoiced, in either dialect."""
    return application.status == "approved" or application.status_code in APPROVED_CODES


def _done(earlier: Sequence[Record[Application]]) -> dict[int, Decimal]:
    """Return the work billed until now, by source."""
    lines = earlier[-1].value.lines if earlier and earlier[-1].value else ()
    return {line.source_id: line.previous_work + line.work_this_period for line in lines}


def _following(row: Line, done: Mapping[int, Decimal]) -> Line:
    return replace(row, previous_work=done.get(row.source_id, row.previous_work))


def _stays(line: Line, wanted: Collection[int]) -> bool:
    return line.source_id in wanted or bool(completed_and_stored(line))


def _facts(application: Application) -> dict[str, Any]:
    due = summarize(application.lines).current_payment_due
    return {
        "status": application.status,
        "status_code": application.status_code,
        "total_cents": int((due + application.tax) * 100),
    }
