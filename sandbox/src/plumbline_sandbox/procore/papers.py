"""Papers of an invoice that Procore makes and people handle: waivers and holds.

Sources: Procore reference, Lien Waivers, Payments Subtier Waivers, Payment Readiness Manual
Holds. The API only lists them, by invoice; no webhook tells of them.
"""

from typing import Any

from plumbline_sandbox.http import Answer, json_answer
from plumbline_sandbox.multipart import Part
from plumbline_sandbox.procore.call import Call, Endpoint
from plumbline_sandbox.procore.conventions import INTEGER, invalid, moment
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.records import Record, Shown
from plumbline_sandbox.procore.state import PAPER, Actor, Procore, Row

LIEN_WAIVER_TYPES = (
    "conditional_progress",
    "unconditional_progress",
    "conditional_final",
    "unconditional_final",
)
"""Types of a lien waiver."""

LIEN_WAIVER_STATUSES = ("draft", "awaiting_signature", "complete", "cancelled")
"""Statuses of a lien waiver; an older reference says `completed` and knows two only."""

SUBTIER_TYPES = ("conditional", "unconditional")
"""Types of a waiver from below the subcontractor."""

SUBTIER_STATUSES = ("not_submitted", "revise_and_resubmit", "review_pending", "approved")
"""Statuses of such a waiver."""

HOLD_STATUSES = ("applied", "released")
"""Statuses of a hold somebody put on a payment."""

_TYPES = {
    "lien_waiver": LIEN_WAIVER_TYPES,
    "subtier_waiver": SUBTIER_TYPES,
    "manual_hold": ("invoice", "vendor"),
}
_STATUSES = {
    "lien_waiver": LIEN_WAIVER_STATUSES,
    "subtier_waiver": SUBTIER_STATUSES,
    "manual_hold": HOLD_STATUSES,
}
_FIRST_STATUS = {
    "lien_waiver": "awaiting_signature",
    "subtier_waiver": "not_submitted",
    "manual_hold": "applied",
}
KINDS = tuple(_TYPES)
"""The kinds of papers."""


class Papers:
    """What people do with papers, and the lists of them."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore

    def make(self, kind: str, project: Shown[Row], body: Row, actor: Actor) -> Record[Row]:
        """Make a paper of a requisition: `invoice_id`, `type`, and what is not as usual.

        Unless it says, it is its commitment's vendor's.

        Raises:
            RefusedError: 422, a field is invalid.
        """
        types = _TYPES[kind]
        blank: Row = {
            "kind": kind,
            "invoice_id": None,
            "type": types[0],
            "status": _FIRST_STATUS[kind],
            "vendor_id": None,
            "subtier_id": None,
            "description": None,
            "waiver_date": None,
            "reviewer_notes": None,
            "locked": False,
            "created_by": actor.user.name,
        }
        record = self._procore.papers.insert(
            self._procore.new_id(),
            self._filled(blank, body, project.id),
            company_id=project.company_id,
            project_id=project.id,
        )
        self._keep(record, body)
        self._procore.created(PAPER, record, actor, **_facts(record))
        return record

    def handle(self, record: Record[Row], body: Row, actor: Actor) -> None:
        """Change a paper: sign, approve, release; a new `pdf` takes the place of the old."""
        assert record.value is not None
        self._procore.papers.change(record, self._filled(record.value, body, record.project_id))
        self._keep(record, body)
        self._procore.updated(PAPER, record, actor, **_facts(record))

    def lien_waivers(self, call: Call) -> Answer:
        """`GET /rest/v1.0/projects/{p}/lien_waivers?invoice_id=`."""
        rows = self._of_invoice(call, "lien_waiver", "invoice_id")
        return json_answer(200, [self._lien_waiver(call, row) for row in rows])

    def subtier_waivers(self, call: Call) -> Answer:
        """`GET /rest/v1.0/projects/{p}/payments/subtier_waivers?subtier_requisition_id=`: one or several ids."""
        rows = self._of_invoice(call, "subtier_waiver", "subtier_requisition_id")
        wanted = call.request.query.get("waiver_type")
        return json_answer(
            200, [self._subtier_waiver(call, row) for row in rows if wanted in {None, row.value["type"]}]
        )

    def manual_holds(self, call: Call) -> Answer:
        """`GET /rest/v1.0/projects/{p}/payment_readiness/manual_holds?invoice_id=`."""
        rows = self._of_invoice(call, "manual_hold", "invoice_id")
        return json_answer(200, [self._manual_hold(call, row) for row in rows])

    def _of_invoice(self, call: Call, kind: str, name: str) -> list[Shown[Row]]:
        project = call.project(self._procore)
        texts = call.request.query.get(name, "").split(",")
        if not all(INTEGER.fullmatch(text) for text in texts):
            raise invalid(call.path, {name: ["is missing"]}, 400)
        wanted = {int(text) for text in texts}
        rows = self._procore.papers.shown_of_project(project.id)
        return [row for row in rows if row.value["kind"] == kind and row.value["invoice_id"] in wanted]

    def _filled(self, before: Row, body: Row, project_id: int | None) -> Row:
        fields, kind = Fields("", body), before["kind"]
        row = {
            **before,
            "invoice_id": fields.integer("invoice_id", before["invoice_id"]),
            "vendor_id": fields.integer("vendor_id", before["vendor_id"]),
            "subtier_id": fields.integer("subtier_id", before["subtier_id"]),
            "type": fields.choice("type", _TYPES[kind], before["type"]),
            "status": fields.choice("status", _STATUSES[kind], before["status"]),
            "locked": fields.flag("locked", default=before["locked"]),
            **{n: fields.text(n, before[n]) for n in ("description", "waiver_date", "reviewer_notes")},
        }
        invoice = self._procore.requisitions.truth(row["invoice_id"] or 0)
        if row["invoice_id"] is None:
            fields.complain("invoice_id", "can't be blank")
        elif invoice is None or invoice.project_id != project_id:
            fields.complain("invoice_id", "is invalid")
        fields.done()
        return (
            row if row["vendor_id"] is not None else {**row, "vendor_id": self._vendor_id(row["invoice_id"])}
        )

    def _vendor_id(self, requisition_id: int) -> int | None:
        requisition = self._procore.requisitions.truth(requisition_id)
        assert requisition is not None
        assert requisition.value is not None
        contract = self._procore.commitments.truth(requisition.value.commitment_id)
        return None if contract is None or contract.value is None else contract.value["vendor_id"]

    def _keep(self, record: Record[Row], body: Row) -> None:
        if "pdf" not in body:
            return
        try:
            content = bytes.fromhex(body["pdf"])
        except (TypeError, ValueError) as broken:
            raise invalid("", {"pdf": ["is not hexadecimal"]}) from broken
        part = Part("pdf", content, f"{_facts(record)['paper']}-{record.id}.pdf", "application/pdf")
        file = self._procore.uploads.keep(part, record.company_id, record.project_id)
        self._procore.prostore.keep_only(record.id, set())
        self._procore.prostore.attach(record.id, [file.id])

    def _pdf(self, call: Call, row: Shown[Row]) -> dict[str, Any] | None:
        files = self._procore.prostore.attachments(call.request, row.id)
        return files[0] if files else None

    def _lien_waiver(self, call: Call, row: Shown[Row]) -> dict[str, Any]:
        pdf = self._pdf(call, row)
        return {
            **_head(row),
            "invoice_id": row.value["invoice_id"],
            "status": row.value["status"],
            "type": row.value["type"],
            "locked": row.value["locked"],
            "last_unlock_request": None,
            "unlocker": None,
            "waiver_date": row.value["waiver_date"],
            # Empty for everybody who is no contact of the invoice.
            "sign_url": "",
            "iframe_sign_url": "",
            "pdf_url": pdf and pdf["url"],
        }

    def _subtier_waiver(self, call: Call, row: Shown[Row]) -> dict[str, Any]:
        value, pdf = row.value, self._pdf(call, row)
        return {
            "id": row.id,
            "subtier_requisition_id": value["invoice_id"],
            "subtier_id": value["subtier_id"],
            "waiver_type": value["type"],
            "status": value["status"],
            "created_by": value["created_by"],
            "reviewer_notes": value["reviewer_notes"],
            "attachment": pdf,
            **_times(row),
        }

    def _manual_hold(self, call: Call, row: Shown[Row]) -> dict[str, Any]:
        value = row.value
        return {
            **_head(row),
            "status": value["status"],
            "description": value["description"],
            "created_by": value["created_by"],
            "invoice_id": value["invoice_id"],
            "hold_type": value["type"],
            "vendor_id": value["vendor_id"],
            "visible_to_vendor": False,
            "attachments": self._procore.prostore.attachments(call.request, row.id),
            **_times(row),
        }


def _facts(record: Record[Row]) -> dict[str, Any]:
    assert record.value is not None
    value = record.value
    return {
        "paper": value["kind"],
        "invoice": str(value["invoice_id"]),
        "type": value["type"],
        "status": value["status"],
    }


def _head(row: Shown[Row]) -> dict[str, Any]:
    return {"id": row.id, "company_id": row.company_id, "project_id": row.project_id}


def _times(row: Shown[Row]) -> dict[str, str]:
    return {"created_at": moment(row.created_at), "updated_at": moment(row.updated_at)}


def endpoints(procore: Procore) -> list[Endpoint]:
    """Return the endpoints of waivers and holds."""
    papers = Papers(procore)
    project = "/rest/v1.0/projects/{project}"
    return [
        ("GET", f"{project}/lien_waivers", papers.lien_waivers),
        ("GET", f"{project}/payments/subtier_waivers", papers.subtier_waivers),
        ("GET", f"{project}/payment_readiness/manual_holds", papers.manual_holds),
    ]
