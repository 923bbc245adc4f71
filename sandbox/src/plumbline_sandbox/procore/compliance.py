"""Compliance of commitments: what a contract must have on paper before its vendor is paid.

Sources: Procore reference, Commitment Compliance, Commitment Compliance Documents, Requisition
Compliance Documents (v2.0, only where Procore Pay is enabled). No webhook tells of any of it.
"""

from collections.abc import Iterable
from typing import Any

from plumbline_sandbox.http import Answer, json_answer
from plumbline_sandbox.procore.call import Call, Endpoint
from plumbline_sandbox.procore.commitment_kinds import BY_TYPE, KINDS
from plumbline_sandbox.procore.conventions import (
    forbidden,
    list_v1,
    list_v2,
    moment,
    not_found,
    of_list,
    part,
    read_object,
)
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.records import Record, Shown, fresh
from plumbline_sandbox.procore.requisition import Requisition
from plumbline_sandbox.procore.state import COMPLIANCE, COMPLIANCE_DOCUMENT, Actor, Procore, Row
from plumbline_sandbox.procore.uploads_api import attach, brought

DOCUMENT_TYPES = ("bond", "license", "master_agreement", "permit", "safety", "w9", "other")
"""Kinds of compliance documents."""

DOCUMENT_STATUSES = ("compliant", "not_compliant")
"""Statuses of a compliance document."""

STATUSES = ("compliant", "not_compliant", "not_required")
"""Statuses of a contract, for its papers and for its insurances."""

NO_PAY = "Procore Pay is not enabled for this company."
"""What a company without Procore Pay is told (status and wording are inferred)."""


class Compliance:
    """The endpoints of a commitment's compliance and its documents."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore

    def show(self, call: Call) -> Answer:
        """`GET .../compliance`: what was set, and what follows from the papers."""
        return json_answer(200, self._compliance(call, self._contract(call)))

    def update(self, call: Call) -> Answer:
        """`PATCH .../compliance`: statuses and notes."""
        contract = self._contract(call)
        body = read_object(call.request)
        fields = Fields(call.path, part(body, "attributes", call.path) or body)
        before = self._set(contract)
        row = {
            **{
                name: fields.choice(name, STATUSES, before[name])
                for name in before
                if name.endswith("status")
            },
            **{name: fields.text(name, before[name]) for name in before if name.endswith("notes")},
            "updated_by_id": call.grant.user.id,
        }
        fields.done()
        record = self._procore.compliance.truth(contract.id)
        if record is None:
            record = self._procore.compliance.insert(
                contract.id, row, company_id=contract.company_id, project_id=contract.project_id
            )
        else:
            self._procore.compliance.change(record, row)
        self._procore.updated(COMPLIANCE, record, call.actor, status=row["compliance_status"])
        return json_answer(200, self._compliance(call, contract), committed=True)

    def documents(self, call: Call) -> Answer:
        """`GET .../compliance_documents`."""
        page, headers = list_v1(call.request, self._documents(self._contract(call).id))
        return of_list(call.path, [self._document(call, row) for row in page], headers)

    def document(self, call: Call) -> Answer:
        """`GET .../compliance_documents/{id}`."""
        return json_answer(200, self._document(call, fresh(self._record(call, self._contract(call).id))))

    def create(self, call: Call) -> Answer:
        """`POST .../compliance_documents`: `{"attributes": {..., "upload_ids": [...]}}`."""
        contract = self._contract(call)
        body = read_object(call.request)
        values = part(body, "attributes", call.path)
        files = brought(self._procore, call, body, values)
        record = self.add(contract, values, files, call.actor, call.path)
        return json_answer(201, self._document(call, fresh(record)), committed=True)

    def add(
        self, contract: Shown[Row], values: Row, files: list[int], actor: Actor, path: str
    ) -> Record[Row]:
        """File a document of a commitment, with the files that are stored already.

        Raises:
            RefusedError: 422, a field is invalid.
        """
        blank: Row = {"name": None, "notes": None, "type": "other", "status": "not_compliant"}
        blank |= {"effective_at": None, "expires_at": None, "send_expiration_notification": False}
        row = _filled({**blank, "holder_id": contract.id}, values, path)
        record = self._procore.compliance_documents.insert(
            self._procore.new_id(), row, company_id=contract.company_id, project_id=contract.project_id
        )
        self._procore.prostore.attach(record.id, files)
        self._procore.created(COMPLIANCE_DOCUMENT, record, actor, status=row["status"])
        return record

    def change(self, call: Call) -> Answer:
        """`PATCH .../compliance_documents/{id}`; `attachment_ids` are those to keep."""
        record = self._record(call, self._contract(call).id)
        assert record.value is not None
        body = read_object(call.request)
        values = part(body, "attributes", call.path)
        row = _filled(record.value, values, call.path)
        if "attachment_ids" in values:
            self._procore.prostore.keep_only(record.id, set(values["attachment_ids"]))
        attach(self._procore, call, body, record.id, values)
        self._procore.compliance_documents.change(record, row)
        self._procore.updated(COMPLIANCE_DOCUMENT, record, call.actor, status=row["status"])
        return json_answer(200, self._document(call, fresh(record)), committed=True)

    def delete(self, call: Call) -> Answer:
        """`DELETE .../compliance_documents/{id}`."""
        record = self._record(call, self._contract(call).id)
        self._procore.compliance_documents.change(record, None)
        self._procore.deleted(COMPLIANCE_DOCUMENT, record, call.actor)
        return Answer(204, committed=True)

    def of_invoice(self, call: Call) -> Answer:
        """`GET /rest/v2.0/companies/{c}/projects/{p}/compliance/invoices/{invoice}/documents`."""
        page, headers = list_v2(call.request, self._documents(self._invoice(call).id))
        return of_list(call.path, [self._document_v2(call, row) for row in page], headers)

    def create_for_invoice(self, call: Call) -> Answer:
        """`POST .../compliance/invoices/{invoice}/documents`: a flat body, with `prostore_file_ids`."""
        invoice = self._invoice(call)
        body = read_object(call.request)
        fields = Fields(call.path, body)
        row: Row = {
            "name": fields.text("name"),
            "notes": fields.text("notes"),
            "type": fields.text("document_type"),
            "status": "not_compliant",
            "effective_at": _told(fields, "effective_at", None),
            "expires_at": _told(fields, "expires_at", None),
            "holder_id": invoice.id,
        }
        fields.done()
        document_id = self._procore.new_id()
        attach(self._procore, call, {}, document_id, body)
        record = self._procore.compliance_documents.insert(
            document_id, row, company_id=invoice.company_id, project_id=invoice.project_id
        )
        self._procore.created(COMPLIANCE_DOCUMENT, record, call.actor, status=row["status"])
        return json_answer(201, {"data": self._document_v2(call, fresh(record))}, committed=True)

    def _invoice(self, call: Call) -> Shown[Requisition]:
        """Return the requisition of the path, where Procore Pay is enabled."""
        project = call.project(self._procore)
        if project.company_id not in self._procore.paying_companies:
            raise forbidden(NO_PAY)
        return call.owned(self._procore.requisitions.shown(call.record_id("invoice")), project)

    def _contract(self, call: Call) -> Shown[Row]:
        project = call.project(self._procore)
        contract = call.owned(self._procore.commitments.shown(call.record_id("contract")), project)
        if BY_TYPE[contract.value["type"]].path != call.path.split("/")[5]:
            raise not_found(call.path)
        return contract

    def _set(self, contract: Shown[Row]) -> Row:
        record = self._procore.compliance.truth(contract.id)
        if record is not None and record.value is not None:
            return record.value
        return {
            "compliance_status": "not_required",
            "compliance_notes": None,
            "insurance_status": "not_required",
            "insurance_notes": None,
            "updated_by_id": None,
        }

    def _compliance(self, call: Call, contract: Shown[Row]) -> dict[str, Any]:
        record = self._procore.compliance.truth(contract.id)
        documents = self._documents(contract.id)
        insurances = [
            row
            for place in (None, contract.project_id)
            for row in self._procore.insurances.shown_of_project(place)
            if row.value["vendor_id"] == contract.value["vendor_id"]
        ]
        return {
            **self._set(contract),
            "updated_at": moment(record.updated_at if record else contract.created_at),
            "derived_insurance_status": _derived(row.value["status"] for row in insurances),
            "insurance_documents": [_insurance(row) for row in insurances],
            "derived_compliance_status": _derived(row.value["status"] for row in documents),
            "compliance_documents": [self._document(call, row) for row in documents],
            "insurance_requirements_not_created": [],
            "compliance_requirements_not_created": [],
        }

    def _documents(self, holder_id: int) -> list[Shown[Row]]:
        rows = (fresh(record) for record in self._procore.compliance_documents.living())
        return [row for row in rows if row.value["holder_id"] == holder_id]

    def _record(self, call: Call, holder_id: int) -> Record[Row]:
        record = self._procore.compliance_documents.truth(call.record_id())
        if record is None or record.value is None or record.value["holder_id"] != holder_id:
            raise not_found(call.path)
        return record

    def _document(self, call: Call, shown: Shown[Row]) -> dict[str, Any]:
        told = {name: value for name, value in shown.value.items() if name != "holder_id"}
        return {
            "id": shown.id,
            **told,
            "created_at": moment(shown.created_at),
            "updated_at": moment(shown.updated_at),
            "attachments": self._procore.prostore.attachments(call.request, shown.id),
        }

    def _document_v2(self, call: Call, shown: Shown[Row]) -> dict[str, Any]:
        told = self._document(call, shown)
        files = told.pop("attachments")
        told["document_type"] = told.pop("type")
        told["id"] = str(shown.id)
        told["compliance_document_prostore_files"] = [
            {"data": {**file, "id": str(file["id"])}} for file in files
        ]
        return told


def _filled(before: Row, values: Row, path: str) -> Row:
    fields = Fields(path, values)
    row = {
        **before,
        **{name: fields.text(name, before[name]) for name in ("name", "notes")},
        "type": fields.choice("type", DOCUMENT_TYPES, before["type"]),
        "status": fields.choice("status", DOCUMENT_STATUSES, before["status"]),
        **{name: _told(fields, name, before[name]) for name in ("effective_at", "expires_at")},
        "send_expiration_notification": fields.flag(
            "send_expiration_notification", default=before["send_expiration_notification"]
        ),
    }
    fields.done()
    return row


def _told(fields: Fields, name: str, before: str | None) -> str | None:
    at = fields.moment(name)
    return before if at is None else moment(at)


def _derived(statuses: Iterable[str]) -> str:
    """Return what follows from the papers; that none of them means not required is inferred."""
    found = set(statuses)
    if not found:
        return "not_required"
    return "compliant" if found == {"compliant"} else "not_compliant"


def _insurance(row: Shown[Row]) -> dict[str, Any]:
    value = row.value
    return {
        "id": row.id,
        "name": value["insurance_provider"],
        "insurance_type": value["insurance_type"],
        "level": "company" if row.project_id is None else "project",
        "status": value["status"],
        "effective_at": _midnight(value["effective_date"]),
        "expires_at": _midnight(value["expiration_date"]),
        "attachments": [],
    }


def _midnight(on: str | None) -> str | None:
    return None if on is None else f"{on}T00:00:00Z"


def endpoints(procore: Procore) -> list[Endpoint]:
    """Return the endpoints of compliance."""
    compliance = Compliance(procore)
    invoice = "/rest/v2.0/companies/{company}/projects/{project}/compliance/invoices/{invoice}/documents"
    rows: list[Endpoint] = [
        (method, f"/rest/v1.0/projects/{{project}}/{kind.path}/{{contract}}/{tail}", handler)
        for kind in KINDS
        for method, tail, handler in (
            ("GET", "compliance", compliance.show),
            ("PATCH", "compliance", compliance.update),
            ("GET", "compliance_documents", compliance.documents),
            ("POST", "compliance_documents", compliance.create),
            ("GET", "compliance_documents/{id}", compliance.document),
            ("PATCH", "compliance_documents/{id}", compliance.change),
            ("DELETE", "compliance_documents/{id}", compliance.delete),
        )
    ]
    return [*rows, ("GET", invoice, compliance.of_invoice), ("POST", invoice, compliance.create_for_invoice)]
