"""Messages for the people who run Plumbline: parked records, dead letters, credentials."""

from typing import Literal

from plumbline.common.contracts.base import ConnectionName, Contract, Identifier, Moment, RecordKey


class RecordParked(Contract):
    """`records.parked.v1`: a record waits for a person, or goes on."""

    service: Identifier
    record: RecordKey
    connection: ConnectionName
    change: Literal["parked", "resumed"]
    code: Identifier
    """Stable: `missing-billing-entity`, `invoice-already-exists`, …"""
    reason: str
    """One sentence for a person, saying what to do."""
    amount_cents: int | None = None
    resumes_on: str | None = None
    """What makes it go on by itself, such as `link:customer:88`."""
    at: Moment


class DeadLetter(Contract):
    """`dead-letters.v1`: a message that could not be read, whole, so that it can be read later."""

    service: Identifier
    reason: Identifier
    """Stable code: `not-json`, `not-a-webhook`, `not-this-contract`, …"""
    detail: str
    origin: Identifier
    """The topic, or the HTTP route, it came by."""
    partition: int | None = None
    offset: int | None = None
    key: str | None = None
    headers: dict[str, str]
    body_base64: str
    at: Moment


class RenewCredential(Contract):
    """`credentials.commands.v1`: a partner refused this version of an access token."""

    account: Identifier
    """`procore/<app>` or `quickbooks/<realm>`."""
    refused_version: int
    was_good: bool = False
    """Whether the partner took it before: then its grant is not given up, however often that happens."""
    asked_by: Identifier

    @property
    def key(self) -> str:
        """The Kafka key: the account."""
        return self.account


class SecretsReport(Contract):
    """`credentials.reports.v1`: by which versions of webhook secrets a process goes; versions say nothing of the values."""

    reporter: Identifier
    """A replica of ingest, or a webhook at Procore: `hooks/<connection>/<project>`."""
    says: Literal["accepts", "shows", "saw"]
    """Up to which it accepts, which one the webhook shows, or by which one a notification was signed."""
    versions: dict[Identifier, int]
    """By the name of the credential; 0 where none could be read yet."""
    trouble: str = ""
    """Why newer ones cannot be read, if that is so."""
    at: Moment

    @property
    def key(self) -> str:
        """The Kafka key: who reports."""
        return self.reporter


class CredentialChanged(Contract):
    """`credentials.events.v1`: how a credential fares, each change once."""

    account: Identifier
    """Whose grant it is; of other credentials their name: `webhooks/procore/<connection>`."""
    change: Literal["renewed", "uncertain", "dead", "expiring", "recovered", "rotated", "due"]
    """`rotated` and `due` (a person has to replace it) are said of other credentials than grants."""
    version: int
    expires_at: Moment | None = None
    """When the newest access token ends."""
    ends_at: Moment | None = None
    """When the grant ends, and a person must have connected the account again; or by when they replace what is due."""
    detail: str = ""
    """One sentence for a person; of a dead grant it begins with the cause: `refused`, `answer-lost`, …"""
    at: Moment

    @property
    def key(self) -> str:
        """The Kafka key: the account."""
        return self.account
