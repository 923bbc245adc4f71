"""Settings of ingest."""

from pydantic import Field

from plumbline.common.settings import ServiceSettings


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
