"""`quickbooks.events.v1`: something changed in the books. Ids only: QuickBooks' webhooks are hints."""

from plumbline.common.contracts.base import ConnectionName, Contract, Identifier, Moment


class QuickBooksChanged(Contract):
    """An entity of a company was changed, says QuickBooks; the truth is read from its API.

    It may come twice, late and out of order, and our own writes are told of too.
    """

    event_id: Identifier
    """The same in every delivery of one event."""
    connection: ConnectionName
    realm: Identifier
    entity: Identifier
    """QuickBooks' name in lower case, in one word: `invoice`, `billpayment`."""
    entity_id: Identifier
    operation: Identifier
    """`create`, `update`, `delete`, `merge`, `void`, `emailed`, or what Intuit invents next."""
    occurred_at: Moment
    """QuickBooks' own time of the change."""
    deleted_id: Identifier | None = None
    """The entity that a merge took away."""
    payload_form: Identifier
    """`cloudevents`, or `legacy` for the older form."""

    @property
    def key(self) -> str:
        """The Kafka key: realm/entity/id."""
        return f"{self.realm}/{self.entity}/{self.entity_id}"
