"""What the mapper needs of the world."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from plumbline.common.contracts.ledger import LedgerCommand
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.verdicts import Effect
from plumbline.mapper.domain.links import Link, Links
from plumbline.mapper.domain.sighting import Sighting
from plumbline.mapper.domain.story import Version
from plumbline.procore.models import (
    ContractPayment,
    PaymentApplication,
    PaymentApplicationSummary,
    PrimeContract,
    Project,
)


class Invoices(Protocol):
    """Procore's owner invoices and what was paid on them, read anew at each call.

    Every method raises the named errors of Procore's client.
    """

    async def payment_application(
        self, connection: str, project_id: int, application_id: int
    ) -> PaymentApplication | None:
        """Read an owner invoice; None where Procore shows none: it is absent or invisible."""

    async def payment_applications(
        self, connection: str, project_id: int, contract_id: int
    ) -> Sequence[PaymentApplicationSummary]:
        """List the owner invoices of a prime contract."""

    async def contract_payment(
        self, connection: str, project_id: int, payment_id: int
    ) -> ContractPayment | None:
        """Read a payment; None where Procore shows none: it is absent or invisible."""

    async def contract_payments(
        self, connection: str, project_id: int, contract_id: int
    ) -> Sequence[ContractPayment]:
        """List the payments on a prime contract."""


class Directory(Protocol):
    """Procore's projects and prime contracts; may be some minutes old.

    Every method raises the named errors of Procore's client.
    """

    async def project(self, connection: str, project_id: int) -> Project:
        """Return a project."""

    async def prime_contract(self, connection: str, project_id: int, contract_id: int) -> PrimeContract:
        """Return a prime contract; its vendor is the owner, who is billed."""


class Records(Protocol):
    """Keeps what was seen and what was published.

    Every method raises `DatabaseUnavailableError` (transient).
    """

    async def last_sighting(self, key: str) -> Sighting | None:
        """Return what was last seen of a record of Procore."""

    async def published(self, source: str, *, realm: str) -> Mapping[str, LedgerCommand]:
        """Return the newest command of each ledger record that was made from a source."""

    async def versions(self, source: str) -> Sequence[Version]:
        """Return every command that was made from a source, oldest first."""

    def keeping(
        self,
        sighting: Sighting,
        *,
        commands: Sequence[LedgerCommand] = (),
        marks: Sequence[Mark] = (),
        traceparent: str | None = None,
    ) -> Effect:
        """Return the effect that keeps a sighting, marks records, and publishes commands.

        It must run under the fence of the sighting's record: that makes the versions, which
        were counted before, the next ones.
        """


class LinkBook(Protocol):
    """Keeps links. Every method raises `DatabaseUnavailableError` (transient)."""

    async def links(self, connection: str, sources: Sequence[str]) -> Links:
        """Return the links of a connection that stand for any of the sources."""

    async def all_links(self, connection: str) -> Sequence[Link]:
        """Return every link of a connection."""

    async def make(self, links: Sequence[Link]) -> None:
        """Keep links, each in place of an older one for the same thing."""

    async def wake(self, links: Sequence[Link]) -> Sequence[str]:
        """Make every record due that may have waited for one of these links; return their keys.

        Call it after `make`, not with it: a record in work may have looked for its link just
        before, and is worked on again; one that is claimed later sees what `make` has kept.
        """


class PartnerTime(Protocol):
    """Time spent in the partner's calls for the record in hand."""

    @property
    def ms(self) -> int:
        """The time so far, in milliseconds."""
