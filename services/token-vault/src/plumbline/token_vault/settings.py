"""Settings of token-vault."""

from pydantic import Field

from plumbline.common.settings import ServiceSettings


class Settings(ServiceSettings):
    """What token-vault needs to run, beside what every service needs."""

    procore_login_url: str = Field(description="Procore's login host.")
    procore_url: str = Field(description="Procore's API host, for the one call that proves a new grant.")
    quickbooks_url: str = Field(description="QuickBooks' API host, for the one call that proves a new grant.")
    quickbooks_discovery_url: str = Field(description="Intuit's OpenID discovery document.")
    renewal_deadline_s: float = Field(
        default=30.0, description="When a renewal is over, whatever became of it."
    )
    token_cooldown_s: float = Field(
        default=60.0,
        description="Unit of the pauses before a token that follows a refused one is asked for: none, 1, 5, 15, 30 of them; "
        "refused then as well, the grant is given up.",
    )
    rotation_look_s: float = Field(
        default=10.0, gt=0.0, description="Between looks at a rotation that waits for others."
    )
    replica_heard_s: float = Field(
        default=180.0,
        gt=0.0,
        description="A replica of ingest that has reported nothing for so long has ended: it holds no rotation up. "
        "Three times what ingest is told as PLUMBLINE_SECRETS_LOOK_S.",
    )
    former_accepted_s: float = Field(
        default=86_400.0,
        gt=0.0,
        description="How long the former value of a webhook secret is accepted once nobody should show it any more.",
    )
