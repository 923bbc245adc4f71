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
