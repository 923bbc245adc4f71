"""Every endpoint of the API in one table."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from plumbline_sandbox.http import Answer
from plumbline_sandbox.procore.call import Call
from plumbline_sandbox.procore.contract_payments import ContractPayments
from plumbline_sandbox.procore.contracts import BillingPeriods, Contracts
from plumbline_sandbox.procore.directory import Directory
from plumbline_sandbox.procore.payment_applications import PaymentApplications
from plumbline_sandbox.procore.state import Procore
from plumbline_sandbox.procore.webhooks.api import Webhooks

ApiHandler = Callable[[Call], Answer]
"""A use case of one endpoint; it answers at once, everything being in memory."""


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint. In the template `{x}` stands for digits; params have those names."""

    method: str
    pattern: re.Pattern[str]
    handler: ApiHandler


def table(procore: Procore) -> list[Route]:
    """Return every endpoint, in the order they are tried."""
    rows = _records(procore)
    for scope in ("/rest/v2.0/companies/{company}", "/rest/v2.0/companies/{company}/projects/{project}"):
        rows += _webhooks(Webhooks(procore), f"{scope}/webhooks")
    return [Route(method, _pattern(template), handler) for method, template, handler in rows]


def _records(procore: Procore) -> list[tuple[str, str, ApiHandler]]:
    directory = Directory(procore)
    contracts = Contracts(procore)
    periods = BillingPeriods(procore)
    applications = PaymentApplications(procore)
    payments = ContractPayments(procore)
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
        ("GET", "/rest/v1.0/contract_payments", payments.list),
        ("POST", "/rest/v1.0/contract_payments", payments.create),
        ("GET", "/rest/v1.0/contract_payments/{id}", payments.show),
        ("PATCH", "/rest/v1.0/contract_payments/{id}", payments.update),
        ("DELETE", "/rest/v1.0/contract_payments/{id}", payments.delete),
        ("GET", "/rest/v1.0/prime_contracts", contracts.list_v1),
        ("GET", "/rest/v1.0/prime_contracts/{id}/line_items", contracts.lines_v1),
        ("GET", "/rest/v1.0/prime_contract/{id}", contracts.show_v1),
        ("PATCH", "/rest/v1.0/prime_contract/{id}", contracts.update_v1),
        ("GET", v2_contracts, contracts.list_v2),
        ("GET", f"{v2_contracts}/{{id}}", contracts.show_v2),
        ("GET", f"{v2_contracts}/{{id}}/line_items", contracts.lines_v2),
        ("GET", "/rest/v1.0/projects/{project}/billing_periods", periods.list),
        ("POST", "/rest/v1.0/projects/{project}/billing_periods", periods.create),
        ("GET", "/rest/v1.0/projects/{project}/billing_periods/{id}", periods.show),
        ("GET", "/rest/v1.0/projects", directory.projects),
        ("GET", "/rest/v1.1/projects", directory.projects),
        ("GET", "/rest/v1.0/projects/{id}", directory.project),
        ("GET", "/rest/v1.0/vendors", directory.vendors),
        ("GET", "/rest/v1.0/vendors/{id}", directory.vendor),
        ("GET", "/rest/v1.0/companies", directory.companies),
        ("GET", "/rest/v1.0/me", directory.me),
    ]


def _webhooks(webhooks: Webhooks, base: str) -> list[tuple[str, str, ApiHandler]]:
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
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>\\d{1,18})", re.escape(template)))
