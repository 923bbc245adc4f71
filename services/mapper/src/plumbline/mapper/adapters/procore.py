"""Procore, through one client per connection."""

from collections.abc import Sequence

from typing_extensions import override

from plumbline.mapper.ports import Directory, Invoices
from plumbline.procore.connected import Clients, Memory, unless_invisible
from plumbline.procore.models import (
    ContractPayment,
    PaymentApplication,
    PaymentApplicationSummary,
    PrimeContract,
    Project,
)


class ProcoreInvoices(Invoices):
    """Reads owner invoices and payments, each time anew."""

    def __init__(self, clients: Clients) -> None:
        """Read through these clients."""
        self._clients = clients

    @override
    async def payment_application(
        self, connection: str, project_id: int, application_id: int
    ) -> PaymentApplication | None:
        return await unless_invisible(
            self._clients[connection].payment_application(project_id, application_id)
        )

    @override
    async def payment_applications(
        self, connection: str, project_id: int, contract_id: int
    ) -> Sequence[PaymentApplicationSummary]:
        return await self._clients[connection].payment_applications(project_id, contract_id)

    @override
    async def contract_payment(
        self, connection: str, project_id: int, payment_id: int
    ) -> ContractPayment | None:
        return await unless_invisible(self._clients[connection].contract_payment(project_id, payment_id))

    @override
    async def contract_payments(
        self, connection: str, project_id: int, contract_id: int
    ) -> Sequence[ContractPayment]:
        return await self._clients[connection].contract_payments(project_id, contract_id)


class ProcoreDirectory(Directory):
    """Reads projects and contracts, and remembers them for a while."""

    def __init__(self, clients: Clients, *, remembered_s: float) -> None:
        """Read through these clients; an answer counts for `remembered_s` seconds."""
        self._clients = clients
        self._projects = Memory[Project](remembered_s)
        self._contracts = Memory[PrimeContract](remembered_s)

    @override
    async def project(self, connection: str, project_id: int) -> Project:
        client = self._clients[connection]
        return await self._projects.get((connection, project_id), lambda: client.project(project_id))

    @override
    async def prime_contract(self, connection: str, project_id: int, contract_id: int) -> PrimeContract:
        client = self._clients[connection]
        return await self._contracts.get(
            (connection, contract_id), lambda: client.prime_contract(project_id, contract_id)
        )
