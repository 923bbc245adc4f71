"""The mapper's settings."""

from datetime import timedelta

from pydantic import Field

from plumbline.common.settings import ServiceSettings


class Settings(ServiceSettings):
    """What the mapper needs beyond what every service needs."""

    procore_url: str = Field(description="Procore's API host, such as https://api.procore.com.")
    procore_deadline_s: float = Field(
        default=15.0, gt=0, description="Longest wait for one answer of Procore."
    )
    first_look_s: float = Field(
        default=15.0, gt=0, description="Pause before a hint without news is looked at a second time."
    )
    last_look_s: float = Field(
        default=90.0, gt=0, description="Pause before the last look; rows of a change order come as late."
    )
    remembered_s: float = Field(
        default=300.0, ge=0, description="How long a project's or a contract's particulars are remembered."
    )
    concurrency: int = Field(default=32, ge=1, description="Records worked at once by this replica.")
    per_connection: int = Field(
        default=16, ge=1, description="Records of one connection worked at once by all replicas."
    )

    @property
    def pauses(self) -> tuple[timedelta, timedelta]:
        """The pauses between looks."""
        return timedelta(seconds=self.first_look_s), timedelta(seconds=self.last_look_s)

    @property
    def lease(self) -> timedelta:
        """Longer than the calls that one record may need."""
        return timedelta(seconds=CALLS_PER_RECORD * self.procore_deadline_s)


CALLS_PER_RECORD = 5
"""An invoice, its contract, its project, its payments, and one to spare for a second page."""
