"""Subcontractors' invoices in Procore, through one client per connection."""

from collections.abc import Sequence

from typing_extensions import override

from plumbline.compliance.domain.gate.payable import Billed
from plumbline.compliance.ports.gate import Subcontracts
from plumbline.procore.connected import Clients, Memory, unless_invisible
from plumbline.procore.subcontracting import BillingPeriodOfProject, Requisition, Vendor


class ProcoreSubcontracts(Subcontracts):
    """Reads invoices anew each time, for what was seen before is not paid on; remembers the rest for a while."""

    def __init__(self, clients: Clients, *, remembered_s: float) -> None:
        """Read through these clients, by the names of their connections.

        Args:
            clients: one for each connection.
            remembered_s: how long a vendor's name and a project's billing periods count: Procore meters calls.
        """
        self._clients = clients
        self._vendors = Memory[Vendor](remembered_s)
        self._periods = Memory[Sequence[BillingPeriodOfProject]](remembered_s)

    @override
    async def requisitions(self, connection: str, project_id: str) -> Sequence[Requisition]:
        return await self._clients[connection].requisitions(project_id)

    @override
    async def requisition(self, connection: str, project_id: str, requisition_id: str) -> Requisition | None:
        return await unless_invisible(self._clients[connection].requisition(project_id, requisition_id))

    @override
    async def shows_commitment(self, connection: str, billed: Billed) -> bool:
        reading = self._clients[connection].commitment(
            billed.project_id, billed.commitment_id, of_type=billed.commitment_type
        )
        return await unless_invisible(reading) is not None

    @override
    async def vendor(self, connection: str, vendor_id: str) -> Vendor | None:
        client = self._clients[connection]
        vendor = self._vendors.get((connection, vendor_id), lambda: client.vendor(vendor_id))
        return await unless_invisible(vendor)

    @override
    async def billing_periods(self, connection: str, project_id: str) -> Sequence[BillingPeriodOfProject]:
        client = self._clients[connection]
        periods = self._periods.get((connection, project_id), lambda: client.billing_periods(project_id))
        return await unless_invisible(periods) or ()
