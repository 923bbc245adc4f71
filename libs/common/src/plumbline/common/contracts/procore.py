"""`procore.events.v1`: something changed in Procore. Ids only: Procore's webhooks are hints."""

from plumbline.common.contracts.base import ConnectionName, Contract, Identifier, Moment

PAYMENT_APPLICATIONS = "payment-applications"
"""Owner invoices, in Procore's words `Payment Applications`."""

CONTRACT_PAYMENTS = "contract-payments"
"""Payments received on a prime contract, in Procore's words `Contract Payments`."""


class ProcoreChanged(Contract):
    """A record was created, updated or deleted, says Procore; the truth is read from its API."""

    event_id: Identifier
    connection: ConnectionName
    company_id: Identifier
    project_id: Identifier | None = None
    resource: Identifier
    """Procore's resource name in kebab case: `payment-applications`."""
    resource_id: Identifier
    reason: Identifier
    """Lower case: `create`, `update`, `delete`, or what Procore invents next."""
    occurred_at: Moment
    """Procore's own time of the change: latency is counted from here."""
    user_id: Identifier | None = None
    payload_version: Identifier

    @property
    def key(self) -> str:
        """The Kafka key and the mapper's record key: company/project/resource/id."""
        return f"{self.company_id}/{self.project_id or '-'}/{self.resource}/{self.resource_id}"
