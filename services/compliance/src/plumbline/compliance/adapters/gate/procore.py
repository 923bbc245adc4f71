"""Subcontractors' invoices in Procore, through one client per connection."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

from typing_extensions import override

from plumbline.compliance.domain.gate.payable import Billed
from plumbline.compliance.gate_ports import Subcontracts
from plumbline.procore import ProcoreClient, ProcoreInvisibleError
from plumbline.procore.subcontracting import BillingPeriodOfProject, Requisition, Vendor

T = TypeVar("T")

MAX_REMEMBERED = 10_000
"""Vendors or projects kept in memory; past this everything is forgotten and read again."""


class ProcoreSubcontracts(Subcontracts):
    """Reads invoices anew each time, for what was seen before is not paid on; remembers the rest for a while."""

    def __init__(self, clients: Mapping[str, ProcoreClient], *, remembered_s: float) -> None:
        """Read through these clients, by the names of their connections.

        Args:
            clients: one for each connection.
            remembered_s: how long a vendor's name and a project's billing periods count: Procore meters calls.
        """
        self._clients = clients
        self._vendors = _Memory[Vendor](remembered_s)
        self._periods = _Memory[Sequence[BillingPeriodOfProject]](remembered_s)

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
        client = self._clients[connection]
        return await self._vendors.get((connection, vendor_id), lambda: client.vendor(vendor_id))

    @override
    async def billing_periods(self, connection: str, project_id: str) -> Sequence[BillingPeriodOfProject]:
        client = self._clients[connection]
        return await self._periods.get((connection, project_id), lambda: client.billing_periods(project_id))


class _Memory(Generic[T]):
    """Answers by connection and id, each with the moment it was given."""

    def __init__(self, remembered_s: float) -> None:
        self._remembered_s = remembered_s
        self._answers: dict[tuple[str, str], tuple[float, T]] = {}

    async def get(self, key: tuple[str, str], read: Callable[[], Awaitable[T]]) -> T:
        found = self._answers.get(key)
        if found is not None and time.monotonic() - found[0] < self._remembered_s:
            return found[1]
        answer = await read()
        if len(self._answers) >= MAX_REMEMBERED:
            self._answers.clear()
        self._answers[key] = (time.monotonic(), answer)
        return answer
