"""Settings of ingest."""

from pydantic import Field

from plumbline.common.settings import ServiceSettings
from plumbline.ingest.handlers.route import Limits


class Settings(ServiceSettings):
    """What ingest needs to run, beside what every service needs."""

    public_url: str = Field(description="Where the vendors reach this service, without the path.")
    procore_url: str = Field(description="Base address of the Procore API.")
    webhook_namespace: str = Field(default="plumbline", description="Namespace of our hooks in Procore.")
    call_deadline_s: float = Field(default=20.0, description="How long one call to Procore may take in all.")
    hooks_recheck_s: float = Field(default=900.0, description="Between looks at a subscription.")
    secrets_look_s: float = Field(
        default=60.0,
        gt=0.0,
        description="Between looks at the webhook secrets, of which each replica reports what it accepts.",
    )
    publish_timeout_s: float = Field(
        default=3.0,
        gt=0.0,
        lt=5.0,
        description="How long Kafka may take to store a webhook; Procore hears no answer after 5 s.",
    )
    quickbooks_publish_timeout_s: float = Field(
        default=1.5,
        gt=0.0,
        lt=2.0,
        description="The same for a notification of QuickBooks'; Intuit hears no answer after 3 s, and a look at "
        "the secrets may take one of them.",
    )
    body_bytes_max: int = Field(
        default=256 * 1024,
        gt=0,
        le=512 * 1024,
        description="Largest webhook taken; as a dead letter it must fit into a message of Kafka's 1 MB.",
    )
    quickbooks_body_bytes_max: int = Field(
        default=2 * 1024 * 1024,
        gt=0,
        description="Largest notification of QuickBooks' taken. Intuit sends about 1 MB at most, and comes again "
        "with one that is refused before it sends anything else.",
    )
    body_timeout_s: float = Field(default=10.0, gt=0.0, description="How long a sender may take for a body.")
    in_flight_max: int = Field(
        default=512,
        gt=0,
        description="Webhooks of one source in hand at once; beyond, senders are told to come again.",
    )
    kafka_patience_s: float = Field(
        default=10.0, gt=0.0, description="Once Kafka has been silent for so long, the service is not ready."
    )

    @property
    def limits(self) -> Limits:
        """What webhooks of Procore may take."""
        return Limits(self.body_bytes_max, self.body_timeout_s, self.in_flight_max)

    @property
    def quickbooks_limits(self) -> Limits:
        """What notifications of QuickBooks may take. Their sender is known only once the body is read."""
        return Limits(self.quickbooks_body_bytes_max, self.body_timeout_s, self.in_flight_max)
