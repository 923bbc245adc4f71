"""What people do in Procore's and QuickBooks' user interfaces, for scenarios and tests.

A person needs no token and meets no limit and no fault, but the same validation as the API.
The journal says `origin: person`.
"""

from typing import Any

from plumbline_sandbox.multipart import Part
from plumbline_sandbox.procore.application_edit import Applications
from plumbline_sandbox.procore.change_orders.doors import PERSON_DOOR
from plumbline_sandbox.procore.change_orders.rules import ChangeOrders
from plumbline_sandbox.procore.change_orders.tree import PACKAGE, Tree
from plumbline_sandbox.procore.compliance import Compliance
from plumbline_sandbox.procore.contract_payments import Payments
from plumbline_sandbox.procore.conventions import not_found
from plumbline_sandbox.procore.papers import KINDS as PAPERS
from plumbline_sandbox.procore.papers import Papers
from plumbline_sandbox.procore.projects import Projects
from plumbline_sandbox.procore.records import Record, Shown, fresh
from plumbline_sandbox.procore.requisition_edit import Editor, Requisitions
from plumbline_sandbox.procore.state import Actor, Row
from plumbline_sandbox.world import World

PDF = "application/pdf"
"""What people attach, unless they say."""

_PLACE = ("company_id", "project_id", "prime_contract_id", "commitment_id")


class ProcorePeople:
    """People in Procore: project managers who bill and review, and accountants who record what was paid."""

    def __init__(self, world: World) -> None:
        self._procore = world.procore
        self._applications = Applications(world.procore)
        self._change_orders = ChangeOrders(world.procore)
        self._compliance = Compliance(world.procore)
        self._payments = Payments(world.procore)
        self._papers = Papers(world.procore)
        self._projects = Projects(world.procore)
        self._requisitions = Requisitions(world.procore)
        self._tree = Tree(world.procore)
        self._actor = Actor("person", world.procore.person)
        self._editor = Editor(self._actor, "")

    def bill(self, body: Row) -> dict[str, Any]:
        """Make a payment application on `prime_contract_id`; give its id."""
        record = self._applications.create(self._contract(body), _rest(body), self._actor, "")
        return {"id": str(record.id)}

    def rebill(self, application_id: int, body: Row) -> dict[str, Any]:
        """Change fields of a payment application, its status among them."""
        self._applications.update(self._application(application_id), body, self._actor, "")
        return {"id": str(application_id)}

    def unbill(self, application_id: int) -> dict[str, Any]:
        """Delete a payment application."""
        self._applications.delete(self._application(application_id), self._actor, "")
        return {"id": str(application_id)}

    def order_change(self, body: Row) -> dict[str, Any]:
        """Make a change order on `prime_contract_id` or `commitment_id`, with `lines`.

        It gives the package's id, and the one among the contract's change orders, if it has one.
        """
        rest = _rest(body)
        lines = rest.pop("lines", [])
        if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
            raise ValueError("lines must be a list of objects")
        contract_id = int(body.get("prime_contract_id") or body.get("commitment_id") or 0)
        contract = _found(self._tree.contract(contract_id))
        record = self._change_orders.create(
            PACKAGE, contract, rest, self._actor, "", PERSON_DOOR, lines=lines
        )
        other_id = record.value and record.value["change_order_id"]
        return {"id": str(record.id), "change_order_id": other_id and str(other_id)}

    def handle_change_order(self, package_id: int, body: Row) -> dict[str, Any]:
        """Change fields of a change order: its status, also for its workflow, or `workflow` itself."""
        self._change_orders.update(self.package(package_id), body, self._actor, "", PERSON_DOOR)
        return {"id": str(package_id)}

    def drop_change_order(self, package_id: int) -> dict[str, Any]:
        """Delete a change order."""
        self._change_orders.delete(self.package(package_id), self._actor, "")
        return {"id": str(package_id)}

    def package(self, package_id: int) -> Record[Row]:
        """Return the package of a change order."""
        package = _found(self._procore.change_orders.truth(package_id))
        if package.value is None or package.value["kind"] != PACKAGE or package.value["deleted_at"]:
            raise not_found("")
        return package

    def set_up(self, project_id: int, body: Row) -> dict[str, Any]:
        """Change fields of a project; or its change order tiers, which cannot be changed after the first of them."""
        if "change_order_tiers" in body:
            return self._set_tiers(project_id, body)
        project = _found(self._procore.projects.truth(project_id))
        self._projects.change(project, body, self._actor, "")
        return {"id": str(project_id)}

    def _set_tiers(self, project_id: int, body: Row) -> dict[str, Any]:
        tiers = body.get("change_order_tiers")
        if set(body) != {"change_order_tiers"} or tiers not in {1, 2, 3}:
            raise ValueError("a project takes change_order_tiers: 1, 2 or 3")
        _found(self._procore.projects.truth(project_id))
        if any(self._procore.change_orders.living_of_project(project_id)):
            raise ValueError("the project has change orders already: their tiers cannot be changed any more")
        self._procore.change_order_tiers[project_id] = tiers
        return {"id": str(project_id), **body}

    def receive(self, body: Row) -> dict[str, Any]:
        """Record a payment on `prime_contract_id` or `commitment_id`; give its id."""
        number = int(body.get("prime_contract_id") or body.get("commitment_id") or 0)
        contract = _found(self._tree.contract(number))
        record = self._payments.create(contract, _rest(body), self._actor, "")
        return {"id": str(record.id)}

    def claim(self, body: Row) -> dict[str, Any]:
        """Make a requisition on `commitment_id`, with `attachments`; give its id and those of its lines."""
        commitment = self._commitment(body)
        values, files = _with_files(_rest(body))
        record = self._requisitions.create(commitment, values, self._editor)
        self._procore.prostore.attach(record.id, self._kept(files, record))
        assert record.value is not None
        return {"id": str(record.id), "items": [str(item.id) for item in record.value.items]}

    def review(self, requisition_id: int, body: Row) -> dict[str, Any]:
        """Change fields and lines of a requisition, its status among them; `attachments` come after those it has."""
        record = self._requisition(requisition_id)
        values, files = _with_files(body)
        self._requisitions.update(record, values, self._editor)
        self._procore.prostore.attach(record.id, self._kept(files, record))
        return {"id": str(requisition_id)}

    def withdraw(self, requisition_id: int) -> dict[str, Any]:
        """Delete a requisition."""
        self._requisitions.delete(self._requisition(requisition_id), self._editor)
        return {"id": str(requisition_id)}

    def paper(self, kind: str, body: Row) -> dict[str, Any]:
        """Make a waiver or a hold of an invoice of `project_id`; give its id."""
        if kind not in PAPERS:
            raise KeyError(kind)
        project = _found(self._procore.projects.truth(int(body.get("project_id", 0))))
        record = self._papers.make(kind, fresh(project), _rest(body), self._actor)
        return {"id": str(record.id)}

    def handle_paper(self, paper_id: int, body: Row) -> dict[str, Any]:
        """Sign, approve, lock or release a paper."""
        self._papers.handle(_found(self._procore.papers.truth(paper_id)), body, self._actor)
        return {"id": str(paper_id)}

    def file(self, body: Row) -> dict[str, Any]:
        """File a compliance document of `commitment_id`, with `attachments`; give its id."""
        commitment = fresh(self._commitment(body))
        values, files = _with_files(_rest(body))
        kept = self._kept(files, commitment)
        record = self._compliance.add(commitment, values, kept, self._actor, "")
        return {"id": str(record.id)}

    def _kept(self, files: list[Part], holder: Record[Any] | Shown[Any]) -> list[int]:
        uploads = self._procore.uploads
        return [uploads.keep(file, holder.company_id, holder.project_id).id for file in files]

    def _commitment(self, body: Row) -> Record[Row]:
        return _found(self._procore.commitments.truth(int(body.get("commitment_id", 0))))

    def _contract(self, body: Row) -> Record[Row]:
        return _found(self._procore.prime_contracts.truth(int(body.get("prime_contract_id", 0))))

    def _requisition(self, requisition_id: int) -> Record[Any]:
        return _found(self._procore.requisitions.truth(requisition_id))

    def _application(self, application_id: int) -> Record[Any]:
        return _found(self._procore.applications.truth(application_id))


def _found(record: Record[Any] | None) -> Record[Any]:
    if record is None:
        raise not_found("")
    return record


def _with_files(body: Row) -> tuple[Row, list[Part]]:
    """Return the fields, and the files among them: `attachments`, each with `name` and hexadecimal `content`."""
    files = [
        Part("attachments[]", bytes.fromhex(file["content"]), file["name"], file.get("content_type", PDF))
        for file in body.get("attachments", [])
    ]
    return {name: value for name, value in body.items() if name != "attachments"}, files


def _rest(body: Row) -> Row:
    return {name: value for name, value in body.items() if name not in _PLACE}
