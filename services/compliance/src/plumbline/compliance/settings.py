"""The settings of compliance."""

from datetime import timedelta

from pydantic import Field

from plumbline.common.settings import ServiceSettings


class Settings(ServiceSettings):
    """What compliance needs beyond what every service needs."""

    procore_url: str = Field(description="Procore's API host, such as https://api.procore.com.")
    procore_deadline_s: float = Field(
        default=15.0, gt=0, description="Longest wait for one answer of Procore."
    )
    concurrency: int = Field(
        default=8, ge=1, description="Papers and payables worked at once by this replica."
    )
    per_connection: int = Field(
        default=4, ge=1, description="Papers and payables of one connection worked at once by all replicas."
    )

    @property
    def lease(self) -> timedelta:
        """Longer than reading Procore, scanning, reading and storing one paper may take."""
        return timedelta(seconds=8 * self.procore_deadline_s)
