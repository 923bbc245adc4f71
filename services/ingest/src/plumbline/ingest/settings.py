"""Settings of ingest."""

from pydantic import Field

from plumbline.common.settings import ServiceSettings
from plumbline.ingest.handlers import Limits


class Settings(ServiceSettings):
    """What ingest needs to run, beside what every service needs."""

    public_url: str = Field(description="Where Procore reaches this service, without the path.")
    procore_url: str = Field(description="Base address of the Procore API.")
    webhook_namespace: str = Field(default="plumbline", description="Namespace of our hooks in Procore.")
    call_deadline_s: float = Field(default=20.0, description="How long one call to Procore may take in all.")
    hooks_recheck_s: float = Field(default=900.0, description="Between looks at a subscription.")
    publish_timeout_s: float = Field(
        default=3.0,
        gt=0.0,
        lt=5.0,
        description="How long Kafka may take to store a webhook; Procore hears no answer after 5 s.",
    )
    body_bytes_max: int = Field(
        default=256 * 1024,
        gt=0,
        le=512 * 1024,
        description="Largest webhook taken; as a dead letter it must fit into a message of Kafka's 1 MB.",
    )
    body_timeout_s: float = Field(default=10.0, gt=0.0, description="How long a sender may take for a body.")
    in_flight_max: int = Field(
        default=512, gt=0, description="Webhooks in hand at once; beyond, senders are told to come again."
    )
    kafka_patience_s: float = Field(
        default=10.0, gt=0.0, description="Once Kafka has been silent for so long, the service is not ready."
    )

    @property
    def limits(self) -> Limits:
        """What webhooks may take."""
        return Limits(self.body_bytes_max, self.body_timeout_s, self.in_flight_max)
