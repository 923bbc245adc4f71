"""Insurances: of a vendor of the company, of a project, and those of the whole company in one list.

Source: Procore reference, Company Vendor Insurances, Project Insurances, Company Insurances.
What is written as `name` is read as `insurance_provider`.
"""

from typing import Any

from plumbline_sandbox.http import Answer, json_answer
from plumbline_sandbox.procore.call import Call, Endpoint
from plumbline_sandbox.procore.conventions import day, list_v1, not_found, of_list, part, read_object
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.records import Record, Shown, fresh
from plumbline_sandbox.procore.state import COMPANY_INSURANCE, PROJECT_INSURANCE, Family, Procore, Row
from plumbline_sandbox.procore.syncing import UnsyncedError, synced

STATUSES = (
    "compliant",
    "compliant_in_progress",
    "expired",
    "non_compliant",
    "non_compliant_in_progress",
    "undecided",
    "unregistered",
)
"""Statuses of an insurance; a new one is undecided (inferred)."""

TEXTS = (
    "insurance_type",
    "limit",
    "notes",
    "policy_number",
    "additional_insured",
    "division_template",
    "insurance_sets",
    "origin_data",
    "origin_id",
)
"""Fields that are plain text."""

BLANK: Row = {
    **dict.fromkeys(TEXTS),
    "insurance_provider": None,
    "effective_date": None,
    "expiration_date": None,
    "enable_expired_insurance_notifications": True,
    "exempt": False,
    "info_received": False,
    "status": "undecided",
    "vendor_id": None,
}
"""An insurance of which nothing is known."""


class Insurances:
    """The endpoints of insurances."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore

    def listed(self, call: Call) -> Answer:
        """`GET` of a vendor's, a project's or the company's insurances."""
        page, headers = list_v1(call.request, self._scoped(call))
        return of_list(call.path, [insurance_json(row) for row in page], headers)

    def show(self, call: Call) -> Answer:
        """`GET .../insurances/{id}`."""
        shown = next((row for row in self._scoped(call) if row.id == call.record_id()), None)
        if shown is None:
            raise not_found(call.path)
        return json_answer(200, insurance_json(shown))

    def create(self, call: Call) -> Answer:
        """`POST .../insurances`; a project's names its vendor in the body."""
        self._scoped(call)  # the place must be there
        values = part(read_object(call.request), "insurance", call.path)
        fields, row = self._filled(call, BLANK, values)
        fields.done()
        return json_answer(201, insurance_json(fresh(self._insert(call, row))), committed=True)

    def update(self, call: Call) -> Answer:
        """`PATCH .../insurances/{id}`."""
        record = self._truth(call, call.record_id())
        assert record.value is not None
        values = part(read_object(call.request), "insurance", call.path)
        fields, row = self._filled(call, record.value, values)
        fields.done()
        self._replace(call, record, row)
        return json_answer(200, insurance_json(fresh(record)), committed=True)

    def delete(self, call: Call) -> Answer:
        """`DELETE .../insurances/{id}`."""
        record = self._truth(call, call.record_id())
        self._procore.insurances.change(record, None)
        self._procore.deleted(_family(record), record, call.actor)
        return Answer(204, committed=True)

    def sync(self, call: Call) -> Answer:
        """`PATCH .../vendors/{v}/insurances/sync`."""
        return synced(call, read_object(call.request), lambda wish: self._synced(call, wish))

    def _synced(self, call: Call, wish: Row) -> Row:
        mine = self._scoped(call)
        if "id" in wish:
            found = next((row for row in mine if str(row.id) == str(wish["id"])), None)
            if found is None:
                raise UnsyncedError({"id": ["not found"]})
        else:
            origin_id = wish.get("origin_id")
            found = next((row for row in mine if origin_id and row.value["origin_id"] == origin_id), None)
        fields, row = self._filled(call, found.value if found else BLANK, wish)
        if fields.complaints:
            raise UnsyncedError(fields.complaints)
        if found is None:
            return insurance_json(fresh(self._insert(call, row)))
        record = self._truth(call, found.id)
        self._replace(call, record, row)
        return insurance_json(fresh(record))

    def _filled(self, call: Call, before: Row, values: Row) -> tuple[Fields, Row]:
        fields = Fields(call.path, values)
        row = {
            **before,
            **{name: fields.text(name, before[name]) for name in TEXTS},
            **{
                name: fields.flag(name, default=before[name])
                for name in ("enable_expired_insurance_notifications", "exempt", "info_received")
            },
            "insurance_provider": fields.text("name", before["insurance_provider"]),
            "status": fields.choice("status", STATUSES, before["status"]),
        }
        for name in ("effective_date", "expiration_date"):
            row[name] = day(fields.day(name)) or before[name]
        if "vendor" in call.params:
            row["vendor_id"] = call.record_id("vendor")
        else:
            row["vendor_id"] = fields.integer("vendor_id", before["vendor_id"])
            vendor = self._procore.vendors.truth(row["vendor_id"] or 0)
            if vendor is None or call.company is None or vendor.company_id != call.company.id:
                fields.complain("vendor_id", "is invalid")
        return fields, row

    def _insert(self, call: Call, row: Row) -> Record[Row]:
        assert call.company is not None
        project_id = call.project(self._procore).id if "project" in call.params else None
        record = self._procore.insurances.insert(
            self._procore.new_id(), row, company_id=call.company.id, project_id=project_id
        )
        self._procore.created(_family(record), record, call.actor, status=row["status"])
        return record

    def _replace(self, call: Call, record: Record[Row], row: Row) -> None:
        self._procore.insurances.change(record, row)
        self._procore.updated(_family(record), record, call.actor, status=row["status"])

    def _truth(self, call: Call, record_id: int) -> Record[Row]:
        record = self._procore.insurances.truth(record_id)
        if record is None or record_id not in {row.id for row in self._scoped(call)}:
            raise not_found(call.path)
        return record

    def _scoped(self, call: Call) -> list[Shown[Row]]:
        if "project" in call.params:
            return self._procore.insurances.shown_of_project(call.project(self._procore).id)
        company_id = call.company_id()
        rows = self._procore.insurances.shown_of_project(None)
        rows = [row for row in rows if row.company_id == company_id]
        if "vendor" not in call.params:
            return rows
        vendor = self._procore.vendors.truth(call.record_id("vendor"))
        if vendor is None or vendor.company_id != company_id:
            raise not_found(call.path)
        return [row for row in rows if row.value["vendor_id"] == vendor.id]


def insurance_json(shown: Shown[Row]) -> dict[str, Any]:
    """Return an insurance as all three lists show it: without timestamps."""
    return {"id": shown.id, **shown.value}


def _family(record: Record[Row]) -> Family:
    return COMPANY_INSURANCE if record.project_id is None else PROJECT_INSURANCE


def endpoints(procore: Procore) -> list[Endpoint]:
    """Return the endpoints of insurances."""
    insurances = Insurances(procore)
    company = "/rest/v1.0/companies/{company}"
    rows: list[Endpoint] = [
        (method, f"{base}/insurances{tail}", handler)
        for base in (f"{company}/vendors/{{vendor}}", "/rest/v1.0/projects/{project}", company)
        for method, tail, handler in (
            ("GET", "", insurances.listed),
            ("POST", "", insurances.create),
            ("GET", "/{id}", insurances.show),
            ("PATCH", "/{id}", insurances.update),
            ("DELETE", "/{id}", insurances.delete),
        )
    ]
    return [*rows, ("PATCH", f"{company}/vendors/{{vendor}}/insurances/sync", insurances.sync)]
