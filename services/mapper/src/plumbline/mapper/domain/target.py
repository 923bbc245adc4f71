"""Record keys: what a key of the mapper's work table names."""

from dataclasses import dataclass

from plumbline.common.contracts.procore import CONTRACT_PAYMENTS, PAYMENT_APPLICATIONS
from plumbline.mapper.domain.errors import NotARecordError

OWNED = frozenset({PAYMENT_APPLICATIONS, CONTRACT_PAYMENTS})
"""The resources whose changes the mapper follows; hints about others are counted and dropped."""


@dataclass(frozen=True, slots=True)
class Target:
    """One record of Procore: `company/project/resource/id`."""

    company_id: str
    project_id: str
    resource: str
    resource_id: str

    @classmethod
    def of(cls, key: str) -> "Target":
        """Read a key.

        Raises:
            NotARecordError: permanent; the key is no record of the mapper's.
        """
        parts = key.split("/")
        numbers = [parts[0], *parts[1:2], *parts[3:]]
        if len(parts) != 4 or parts[2] not in OWNED or not all(n.isdecimal() for n in numbers):
            raise NotARecordError(f"{key} names no record that the mapper can read from Procore")
        return cls(*parts)

    @property
    def project(self) -> int:
        """The project's id, as Procore's v1.0 API takes it."""
        return int(self.project_id)

    @property
    def number(self) -> int:
        """The record's id, as Procore's v1.0 API takes it."""
        return int(self.resource_id)

    def application_key(self, application_id: int) -> str:
        """Return the key of an owner invoice of the same project."""
        return f"{self.company_id}/{self.project_id}/{PAYMENT_APPLICATIONS}/{application_id}"

    def ledger_record(self, kind: str) -> str:
        """Return what the ledger calls the invoice, or its payment, made from this record."""
        return f"{kind}/{self.company_id}/{self.project_id}/{self.resource_id}"
