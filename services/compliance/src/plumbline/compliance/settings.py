"""The settings of compliance."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field

from plumbline.compliance.reading_settings import ReadingSettings


class Settings(ReadingSettings):
    """What compliance needs beyond what every service needs, and what reading files of strangers needs."""

    procore_url: str = Field(description="Procore's API host, such as https://api.procore.com.")
    procore_deadline_s: float = Field(
        default=15.0, gt=0, description="Longest wait for one answer of Procore."
    )
    remembered_s: float = Field(
        default=10.0, ge=0, description="How long a project's or a vendor's particulars are remembered."
    )
    sweep_s: float = Field(
        default=900.0,
        gt=0,
        description="Pause between two looks for papers in a Procore project in which something happens; up to four "
        "times as long in a quiet one.",
    )
    requisitions_s: float = Field(
        default=60.0,
        gt=0,
        description="Pause between two looks through the subcontractors' invoices of a Procore project; up to five "
        "times as long where none has changed for hours.",
    )
    procore_folder: str = Field(
        default="Compliance", description="The folder of a project's Documents tool that is for papers."
    )
    inbox_dir: Path | None = Field(
        default=None,
        description="Watched folder, CONNECTION/PROJECT/file.pdf below it; none is watched if left out.",
    )
    inbox_s: float = Field(
        default=5.0, gt=0, description="A file that is the same after this long has stopped growing."
    )
    acknowledge_hours: float = Field(
        default=24.0, gt=0, description="How long a desk may take to acknowledge before that is told."
    )
    concurrency: int = Field(
        default=8, ge=1, description="Papers and payables worked at once by this replica."
    )
    per_connection: int = Field(
        default=4, ge=1, description="Papers and payables of one connection worked at once by all replicas."
    )

    @property
    def remembered(self) -> timedelta:
        """How long a project's or a vendor's particulars are remembered."""
        return timedelta(seconds=self.remembered_s)

    @property
    def lease(self) -> timedelta:
        """Longer than any step between two fenced transactions: a scan, a reading, or a download."""
        slowest = max(self.clamd_deadline_s, self.reader_deadline_s, self.procore_deadline_s)
        return timedelta(seconds=4 * slowest + STORING_S)


STORING_S = 60.0
"""How long putting a paper into the safe may take besides."""
