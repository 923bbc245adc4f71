"""Every endpoint of the API, by the tool whose permission it needs."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from plumbline_sandbox.http import Answer, Request
from plumbline_sandbox.procore.billing_periods import endpoints as billing_periods
from plumbline_sandbox.procore.call import ApiHandler, Call, Endpoint
from plumbline_sandbox.procore.change_orders.contract_orders import endpoints as contract_orders
from plumbline_sandbox.procore.change_orders.orders import endpoints as change_orders
from plumbline_sandbox.procore.change_orders.potential_lines import endpoints as potential_lines
from plumbline_sandbox.procore.change_orders.statuses import endpoints as change_order_statuses
from plumbline_sandbox.procore.change_orders.tree import COMMITMENT, PRIME
from plumbline_sandbox.procore.commitment_lines_api import endpoints as commitment_lines
from plumbline_sandbox.procore.commitments import endpoints as commitments
from plumbline_sandbox.procore.compliance import endpoints as compliance
from plumbline_sandbox.procore.contract_payments import endpoints as contract_payments
from plumbline_sandbox.procore.contracts import Contracts
from plumbline_sandbox.procore.conventions import forbidden, is_v2, list_v1, list_v2, not_found, of_list
from plumbline_sandbox.procore.directory import Directory
from plumbline_sandbox.procore.document_index import endpoints as document_index
from plumbline_sandbox.procore.documents import endpoints as documents
from plumbline_sandbox.procore.insurances import endpoints as insurances
from plumbline_sandbox.procore.papers import endpoints as papers
from plumbline_sandbox.procore.payment_applications import PaymentApplications
from plumbline_sandbox.procore.projects import endpoints as projects
from plumbline_sandbox.procore.requisition_items_api import endpoints as requisition_items
from plumbline_sandbox.procore.requisitions import associations
from plumbline_sandbox.procore.requisitions import endpoints as requisitions
from plumbline_sandbox.procore.state import Procore
from plumbline_sandbox.procore.timesheets import endpoints as timesheets
from plumbline_sandbox.procore.uploads_api import endpoints as uploads
from plumbline_sandbox.procore.users import endpoints as users
from plumbline_sandbox.procore.vendors import endpoints as vendors
from plumbline_sandbox.procore.webhooks.api import Webhooks
from plumbline_sandbox.procore.webhooks.api_v1 import endpoints as webhooks_v1

OPEN = "open"
"""The tool of endpoints that need no permission, or ask for it themselves."""

WEBHOOKS = "webhooks"
"""The tool of the webhook endpoints: nothing at all is to be had there below `standard`."""


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint; for the template see `Endpoint`."""

    method: str
    template: str
    pattern: re.Pattern[str]
    handler: ApiHandler
    tool: str

    def answer(self, call: Call) -> Answer:
        """Execute the call, or refuse it for want of permission.

        Without any permission a list is empty and a record is not there, as practitioners saw
        with prime contracts; that other tools do alike is inferred.

        Raises:
            RefusedError: 403, the level does not suffice to write; 404, to see a record.
        """
        needed = "read_only" if self.method == "GET" and self.tool != WEBHOOKS else "standard"
        if self.tool == OPEN or call.allows(self.tool, needed):
            return self.handler(call)
        if needed == "standard":
            raise forbidden()
        if self.template.endswith("}"):
            raise not_found(call.path)
        cut = list_v2 if is_v2(call.path) else list_v1
        return of_list(call.path, *cut(call.request, []))


class Routes:
    """The table of endpoints, found by method and path."""

    def __init__(self, procore: Procore) -> None:
        self._routes: dict[tuple[str, int], list[Route]] = {}
        for tool, endpoints in _by_tool(procore):
            for method, template, handler in endpoints:
                route = Route(method, template, _pattern(template), handler, tool)
                self._routes.setdefault((method, template.count("/")), []).append(route)

    def __iter__(self) -> Iterator[Route]:
        return (route for routes in self._routes.values() for route in routes)

    def find(self, request: Request) -> tuple[Route, dict[str, str]] | None:
        """Return the endpoint of a request and the params in its path; None when there is none."""
        for route in self._routes.get((request.method, request.path.count("/")), ()):
            if match := route.pattern.fullmatch(request.path):
                return route, match.groupdict()
        return None


def _by_tool(procore: Procore) -> Iterable[tuple[str, Iterable[Endpoint]]]:
    yield OPEN, _open(procore)
    yield OPEN, projects(procore)
    yield "directory", vendors(procore)
    yield "directory", users(procore)
    yield "directory", insurances(procore)
    yield "prime_contracts", _prime_contracts(procore)
    yield "prime_contracts", contract_orders(procore, PRIME)
    yield "commitments", contract_orders(procore, COMMITMENT)
    yield "change_orders", change_orders(procore)
    yield "change_orders", potential_lines(procore)
    yield "change_orders", change_order_statuses(procore)
    yield OPEN, contract_payments(procore)
    yield "commitments", billing_periods(procore)
    yield "commitments", commitments(procore)
    yield "commitments", commitment_lines(procore)
    yield "commitments", requisitions(procore)
    yield "commitments", requisition_items(procore)
    yield OPEN, associations(procore)
    yield "commitments", compliance(procore)
    yield "commitments", papers(procore)
    yield "documents", documents(procore)
    yield "documents", document_index(procore)
    yield OPEN, uploads(procore)
    yield "timesheets", timesheets(procore)
    yield WEBHOOKS, webhooks_v1(procore)
    for scope in ("/rest/v2.0/companies/{company}", "/rest/v2.0/companies/{company}/projects/{project}"):
        yield WEBHOOKS, _webhooks(Webhooks(procore), f"{scope}/webhooks")


def _open(procore: Procore) -> list[Endpoint]:
    directory = Directory(procore)
    return [
        ("GET", "/rest/v1.0/me", directory.me),
        ("GET", "/rest/v1.0/companies", directory.companies),
    ]


def _prime_contracts(procore: Procore) -> list[Endpoint]:
    contracts = Contracts(procore)
    applications = PaymentApplications(procore)
    v2_contracts = "/rest/v2.0/companies/{company}/projects/{project}/prime_contracts"
    nested = "/rest/v1.0/prime_contracts/{contract}"
    return [
        ("GET", "/rest/v1.0/payment_applications/{id}", applications.show),
        ("GET", "/rest/v1.0/payment_applications", applications.list),
        ("DELETE", "/rest/v1.0/payment_applications/{id}", applications.delete),
        ("GET", f"{nested}/payment_applications", applications.list_of_contract),
        ("POST", f"{nested}/payment_applications", applications.create),
        ("PATCH", f"{nested}/payment_applications/{{id}}", applications.update),
        ("PATCH", f"{nested}/payment_application_line_items/{{id}}", applications.update_line),
        ("GET", "/rest/v1.0/prime_contracts", contracts.list_v1),
        ("GET", "/rest/v1.0/prime_contracts/{id}/line_items", contracts.lines_v1),
        ("GET", "/rest/v1.0/prime_contract/{id}", contracts.show_v1),
        ("PATCH", "/rest/v1.0/prime_contract/{id}", contracts.update_v1),
        ("GET", v2_contracts, contracts.list_v2),
        ("GET", f"{v2_contracts}/{{id}}", contracts.show_v2),
        ("GET", f"{v2_contracts}/{{id}}/line_items", contracts.lines_v2),
    ]


def _webhooks(webhooks: Webhooks, base: str) -> list[Endpoint]:
    hook = f"{base}/hooks/{{hook}}"
    return [
        ("GET", f"{base}/hooks", webhooks.hooks),
        ("POST", f"{base}/hooks", webhooks.create),
        ("GET", hook, webhooks.show),
        ("PATCH", hook, webhooks.update),
        ("DELETE", hook, webhooks.delete),
        ("GET", f"{hook}/triggers", webhooks.triggers),
        ("POST", f"{hook}/triggers", webhooks.add_trigger),
        ("POST", f"{hook}/triggers/bulk", webhooks.add_triggers),
        ("DELETE", f"{hook}/triggers/bulk", webhooks.delete_triggers),
        ("DELETE", f"{hook}/triggers/{{id}}", webhooks.delete_trigger),
        ("GET", f"{hook}/deliveries", webhooks.deliveries),
        ("GET", f"{base}/resources", webhooks.resources),
    ]


def _pattern(template: str) -> re.Pattern[str]:
    digits = re.sub(r"\\{(?!uuid)(\w+)\\}", r"(?P<\1>\\d{1,18})", re.escape(template))
    return re.compile(digits.replace(r"\{uuid\}", "(?P<uuid>[0-9A-Z]{26})"))
