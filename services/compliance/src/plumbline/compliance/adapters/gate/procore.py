"""Subcontractors' invoices in Procore, through one client per connection."""

from collections.abc import Mapping, Sequence

from typing_extensions import override

from plumbline.compliance.domain.gate.payable import Billed
from plumbline.compliance.gate_ports import Subcontracts
from plumbline.procore import ProcoreClient, ProcoreInvisibleError
from plumbline.procore.subcontracting import BillingPeriodOfProject, Requisition, Vendor


class ProcoreSubcontracts(Subcontracts):
    """Reads everything anew: what was seen before is not paid on."""

    def __init__(self, clients: Mapping[str, ProcoreClient]) -> None:
        """Read through these clients, by the names of their connections."""
        self._clients = clients

    @override
    async def requisitions(self, connection: str, project_id: str) -> Sequence[Requisition]:
        return await self._clients[connection].requisitions(project_id)

    @override
    async def requisition(self, connection: str, project_id: str, requisition_id: str) -> Requisition | None:
        try:
            return await self._clients[connection].requisition(project_id, requisition_id)
        except ProcoreInvisibleError:
            return None

    @override
    async def shows_commitment(self, connection: str, billed: Billed) -> bool:
        try:
            await self._clients[connection].commitment(
                billed.project_id, billed.commitment_id, of_type=billed.commitment_type
            )
        except ProcoreInvisibleError:
            return False
        return True

    @override
    async def vendor(self, connection: str, vendor_id: str) -> Vendor:
        return await self._clients[connection].vendor(vendor_id)

    @override
    async def billing_periods(self, connection: str, project_id: str) -> Sequence[BillingPeriodOfProject]:
        return await self._clients[connection].billing_periods(project_id)
